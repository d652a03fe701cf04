package app.avalo.gateway.filter.pin.cell;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The register of a gateway that runs alone, in memory and, when there is a file, on disk: written
 * anew beside the old one at each commit, synced and put in its place before anybody is told.
 * Confined to one event loop.
 */
public final class LocalMapStore implements MapStore {
  private static final Logger LOG = LoggerFactory.getLogger(LocalMapStore.class);
  private static final String MAGIC = "AVCELLS1";

  private final Register register = new Register(UUID.randomUUID().toString());
  private final @Nullable Path file;
  private final Executor disk;
  private final Executor loop;

  private LocalMapStore(@Nullable Path file, Executor disk, Executor loop) {
    this.file = file;
    this.disk = disk;
    this.loop = loop;
  }

  /** A register that ends with the process. */
  public static LocalMapStore inMemory() {
    return new LocalMapStore(null, Runnable::run, Runnable::run);
  }

  /**
   * A register that lives on in a file, read here. Blocks.
   *
   * @param disk one thread that may block
   * @param loop where commits are answered
   * @throws IOException if the file is there and cannot be read
   */
  public static LocalMapStore open(Path file, Executor disk, Executor loop) throws IOException {
    LocalMapStore store = new LocalMapStore(file, disk, loop);
    if (Files.exists(file)) {
      store.restore(Files.readAllLines(file, StandardCharsets.UTF_8), file);
    }
    return store;
  }

  private void restore(List<String> lines, Path from) throws IOException {
    if (lines.isEmpty() || !lines.get(0).equals(MAGIC)) {
      throw new IOException(from + ": not a map of cells; move it away to begin with an empty one");
    }
    for (String line : lines.subList(1, lines.size())) {
      String[] parts = line.split(" ", 3);
      try {
        if (parts[0].equals("n")) {
          register.restoreNote(line.substring(2));
        } else if (parts.length == 3) {
          register.restore(parts[1], parts[2], Long.parseLong(parts[0]));
        }
      } catch (NumberFormatException | StringIndexOutOfBoundsException damaged) {
        throw new IOException(from + ": damaged at '" + line + "'", damaged);
      }
    }
  }

  @Override
  public void beat(String gateway, String word, Stamp known, Consumer<@Nullable Reading> answer) {
    answer.accept(register.beat(gateway, word, known));
  }

  @Override
  public void commit(
      Stamp expected,
      long version,
      Map<String, String> fields,
      String note,
      Consumer<Outcome> answer) {
    Outcome outcome = register.commit(expected, version, fields, note);
    Path to = file;
    if (outcome != Outcome.DONE || to == null) {
      answer.accept(outcome);
      return;
    }
    byte[] content = content();
    disk.execute(
        () -> {
          Outcome written = write(to, content) ? Outcome.DONE : Outcome.UNKNOWN;
          loop.execute(() -> answer.accept(written));
        });
  }

  private byte[] content() {
    StringBuilder text = new StringBuilder(MAGIC).append('\n');
    register.each(
        (name, field, version) ->
            text.append(version).append(' ').append(name).append(' ').append(field).append('\n'));
    for (String note : register.history(Register.MOST_NOTES)) {
      text.append("n ").append(note.replace('\n', ' ')).append('\n');
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static boolean write(Path file, byte[] content) {
    Path beside = file.resolveSibling(file.getFileName() + ".new");
    try (FileChannel channel =
        FileChannel.open(
            beside,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return true;
    } catch (IOException failure) {
      LOG.atError()
          .addKeyValue("file", file)
          .addKeyValue("reason", failure.toString())
          .log("map of cells not written to disk, kept in memory");
      return false;
    }
  }

  @Override
  public boolean isShared() {
    return false;
  }

  @Override
  public void history(int limit, Consumer<@Nullable List<String>> answer) {
    answer.accept(register.history(limit));
  }
}
