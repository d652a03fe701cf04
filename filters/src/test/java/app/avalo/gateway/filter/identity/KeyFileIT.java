package app.avalo.gateway.filter.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.filter.identity.jose.KeySet;
import app.avalo.gateway.filter.identity.jose.Tokens;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyFileIT {
  private final Vertx vertx = Vertx.vertx();
  @TempDir Path directory;

  @AfterEach
  void stop() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private KeySet load(Path file) throws Exception {
    return new KeyFileLoader(vertx, file)
        .load()
        .toCompletionStage()
        .toCompletableFuture()
        .get(10, TimeUnit.SECONDS);
  }

  @Test
  void aChangedFileGivesOtherKeysAndAnUnchangedOneEqualKeys() throws Exception {
    Path file = directory.resolve("key.pem");
    Files.writeString(file, Tokens.pem(Tokens.RSA.getPublic()));
    KeySet first = load(file);
    assertThat(load(file)).isEqualTo(first);

    Files.writeString(file, Tokens.pem(Tokens.OTHER_RSA.getPublic()));

    assertThat(load(file)).isNotEqualTo(first);
  }

  @Test
  void aMissingOrHugeFileFailsTheLoad() throws Exception {
    Path huge = directory.resolve("huge.pem");
    Files.writeString(huge, "x".repeat(70_000));

    assertThatThrownBy(() -> load(directory.resolve("none.pem")))
        .hasRootCauseInstanceOf(java.nio.file.NoSuchFileException.class);
    assertThatThrownBy(() -> load(huge)).hasRootCauseMessage("more than 65536 bytes");
  }
}
