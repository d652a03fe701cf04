package app.avalo.gateway.filter.budget.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The latest lines of a ledger in mapped memory, so that what a process said before it was killed
 * is not lost, although nobody waits for a disk: the kernel keeps the pages. A ring; lines that
 * were overwritten in part fail their checksum. Its owner lets one thread write at a time.
 */
final class Pad {
  private static final int BYTES = 1 << 20;

  /** Of earlier releases. */
  private static final int MOST_BYTES = 4 << 20;

  private final MappedByteBuffer memory;

  private Pad(MappedByteBuffer memory) {
    this.memory = memory;
  }

  /**
   * What a pad holds beyond a book, in order.
   *
   * @param after sequence of the last line that is known already
   */
  static List<Entry.Line> read(Path file, long after) throws IOException {
    List<Entry.Line> lines = new ArrayList<>();
    if (Files.exists(file) && Files.size(file) <= MOST_BYTES) {
      String text = Files.readString(file, StandardCharsets.ISO_8859_1);
      int from = 0;
      for (int to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
        byte[] bytes = text.substring(from, to).getBytes(StandardCharsets.ISO_8859_1);
        Entry.Line line = Entry.decode(new String(bytes, StandardCharsets.UTF_8));
        if (line != null && line.sequence() > after) {
          lines.add(line);
        }
        from = to + 1;
      }
      lines.sort(Comparator.comparingLong(Entry.Line::sequence));
    }
    return lines;
  }

  /** An empty pad. Its space is taken at once: a mapped hole on a full disk kills the process. */
  static Pad start(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      ByteBuffer zeros = ByteBuffer.allocate(BYTES);
      while (zeros.hasRemaining()) {
        channel.write(zeros);
      }
      return new Pad(channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES).load());
    }
  }

  /** Takes a line that stands in these bytes. */
  void put(byte[] bytes, int from, int length) {
    if (length > memory.remaining()) {
      // What stood behind here ends in the middle of a line from now on.
      memory.rewind();
    }
    if (length <= memory.remaining()) {
      memory.put(bytes, from, length);
    }
  }
}
