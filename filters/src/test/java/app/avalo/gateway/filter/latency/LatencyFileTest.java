package app.avalo.gateway.filter.latency;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.latency.LatencyModel.Trust;
import app.avalo.gateway.filter.time.VirtualTime;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LatencyFileTest {
  @TempDir Path directory;
  private final VirtualTime time = new VirtualTime();
  private final World world = World.named(1);
  private final Vantage from = world.vantage(world.cities().get(0));

  private LatencyModel taught() {
    LatencyModel model = new LatencyModel(4, time);
    for (int i = 0; i < 12; i++) {
      model.sample(from, i % 8, 30 + i, Trust.REPORTED);
    }
    return model;
  }

  private LatencyModel read() {
    LatencyModel model = new LatencyModel(4, time);
    new LatencyFile(model, directory).read();
    return model;
  }

  private static float[] costs(LatencyModel model, Vantage from) {
    float[] millis = new float[8];
    model.estimate(from, millis);
    return millis;
  }

  @Test
  void aRestartKnowsWhatWasKnown() {
    LatencyModel before = taught();
    new LatencyFile(before, directory).write();
    LatencyModel after = read();
    assertThat(costs(after, from)).containsExactly(costs(before, from));
    assertThat(after.pairs()).isEqualTo(before.pairs());
  }

  @Test
  void nothingIsWrittenWhileNothingIsLearned() throws IOException {
    LatencyFile file = new LatencyFile(taught(), directory);
    file.write();
    Files.delete(directory.resolve("latency"));
    file.write();
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void aFileLargerThanAnyThatIsWrittenIsNotRead() throws IOException {
    try (RandomAccessFile file =
        new RandomAccessFile(directory.resolve("latency").toFile(), "rw")) {
      file.setLength(3L << 30); // more than fits into an array; takes no room on the disk
    }
    assertThat(read().pairs()).isZero();
  }

  @Test
  void aDamagedFileTeachesNothing() throws IOException {
    new LatencyFile(taught(), directory).write();
    Path file = directory.resolve("latency");
    byte[] whole = Files.readAllBytes(file);
    for (int at = 0; at < whole.length; at += 3) {
      byte[] damaged = whole.clone();
      damaged[at] ^= 0x55;
      Files.write(file, damaged);
      assertThat(read().pairs()).as("byte %d", at).isZero();
    }
    for (int length = 0; length < whole.length; length += 7) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThat(read().pairs()).as("first %d bytes", length).isZero();
    }
    Files.write(file, new byte[1 << 20]);
    assertThat(read().pairs()).isZero();
  }
}
