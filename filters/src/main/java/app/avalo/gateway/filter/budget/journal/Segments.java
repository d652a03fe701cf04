package app.avalo.gateway.filter.budget.journal;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The numbered files of a ledger. Each begins with a snapshot of everything before it, so the
 * newest whole one is enough; the one before stays as a second copy. The newest grows, until what
 * was added since its snapshot is worth another. Used by one thread.
 */
final class Segments {
  private static final Logger LOG = LoggerFactory.getLogger(FileJournal.class);
  private static final String PREFIX = "budget-ledger.";

  /** A line longer than this is no line of ours; keeps a foreign file from filling the memory. */
  private static final int LONGEST_LINE = 16 << 10;

  /** A file is replaced when so much was added to it, and as much as its snapshot has. */
  private static final long ROTATE_BYTES = 8L << 20;

  private final Path directory;
  private long number;
  private @Nullable FileChannel channel; // of the newest file; null after a fault
  private long began; // bytes of its snapshot

  Segments(Path directory) {
    this.directory = directory;
  }

  /** Adds up what is on disk, as far as it is whole. */
  Book recover() throws IOException {
    List<Path> files = list();
    List<Path> later = new ArrayList<>();
    Book book = null;
    for (int i = files.size() - 1; i >= 0 && book == null; i--) {
      book = read(files.get(i));
      if (book == null) {
        later.add(0, files.get(i));
      }
    }
    // What follows a broken snapshot still counts: the file before it ends where it begins.
    Book base = book == null ? new Book() : book;
    for (Path file : later) {
      replay(file, base);
      Path aside = file.resolveSibling(file.getFileName() + ".corrupt");
      Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
      LOG.error("budget ledger damaged, last good state kept; set aside: file={}", aside);
    }
    return base;
  }

  private List<Path> list() throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, PREFIX + "*")) {
      for (Path file : found) {
        long at = number(file);
        if (at >= 0) {
          files.add(file);
          number = Math.max(number, at);
        }
      }
    }
    Collections.sort(files);
    return files;
  }

  private static long number(Path file) {
    String digits = file.getFileName().toString().substring(PREFIX.length());
    boolean ours = digits.length() == 10 && digits.chars().allMatch(c -> c >= '0' && c <= '9');
    return ours ? Long.parseLong(digits) : -1;
  }

  private Path file(long at) {
    return directory.resolve(PREFIX + String.format(java.util.Locale.ROOT, "%010d", at));
  }

  /** The book of a file whose snapshot is whole, or null. */
  private static @Nullable Book read(Path file) throws IOException {
    Book book = new Book();
    int damaged = 0;
    try (BufferedReader lines = open(file)) {
      if (!snapshot(lines, book)) {
        return null;
      }
      damaged = rest(lines, book);
    }
    if (damaged > 0) {
      LOG.warn("budget ledger has damaged lines, skipped: file={} lines={}", file, damaged);
    }
    return book;
  }

  private static boolean snapshot(BufferedReader lines, Book book) throws IOException {
    long read = 0;
    for (String line = next(lines); line != null; line = next(lines)) {
      Entry.Line entry = Entry.decode(line);
      if (entry == null) {
        return false;
      }
      if (entry.entry().kind() == Entry.Kind.END) {
        book.apply(entry);
        return entry.entry().micros() == read;
      }
      book.apply(entry.entry()); // all of a snapshot have the place at which it was made
      read++;
    }
    return false;
  }

  private static int rest(BufferedReader lines, Book book) throws IOException {
    int damaged = 0;
    for (String line = next(lines); line != null; line = next(lines)) {
      Entry.Line entry = Entry.decode(line);
      if (entry == null) {
        damaged++;
      } else {
        book.apply(entry);
      }
    }
    return damaged;
  }

  /** Applies what comes after a snapshot that is itself damaged. */
  private static void replay(Path file, Book book) throws IOException {
    try (BufferedReader lines = open(file)) {
      String line = next(lines);
      while (line != null) {
        Entry.Line entry = Entry.decode(line);
        if (entry != null && entry.entry().kind() == Entry.Kind.END) {
          rest(lines, book);
          return;
        }
        line = next(lines);
      }
    }
  }

  /** Bytes as Latin-1 keep damaged input readable; {@link #next} turns them into UTF-8. */
  private static BufferedReader open(Path file) throws IOException {
    return new BufferedReader(
        new InputStreamReader(Files.newInputStream(file), StandardCharsets.ISO_8859_1));
  }

  private static @Nullable String next(BufferedReader from) throws IOException {
    StringBuilder line = new StringBuilder(128);
    int read = from.read();
    if (read < 0) {
      return null;
    }
    while (read >= 0 && read != '\n') {
      if (line.length() < LONGEST_LINE) {
        line.append((char) read);
      }
      read = from.read();
    }
    return new String(
        line.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  /** Whether the newest file can be added to; otherwise the next addition writes all anew. */
  boolean isOpen() {
    return channel != null;
  }

  /**
   * Puts lines on disk.
   *
   * @param book what they and all before them add up to
   * @return whether it had to write the book anew, because of a fault before
   */
  boolean append(Text lines, Book book) throws IOException {
    FileChannel open = channel;
    if (open == null) {
      start(book);
      return true;
    }
    if (lines.length() > 0) {
      write(open, lines);
      open.force(false);
      if (open.position() - began > Math.max(ROTATE_BYTES, began)) {
        start(book);
        open.close();
      }
    }
    return false;
  }

  /** Starts the next file with this book; it counts only once it is whole and on disk. */
  void start(Book book) throws IOException {
    Path next = file(number + 1);
    Path draft = next.resolveSibling(next.getFileName() + ".draft");
    Text text = new Text();
    for (Entry entry : book.snapshot()) {
      entry.writeTo(text, book.sequence());
    }
    FileChannel opened =
        FileChannel.open(
            draft,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    try {
      write(opened, text);
      opened.force(true);
      Files.move(draft, next, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | RuntimeException | Error failed) {
      opened.close();
      throw failed;
    }
    forceDirectory();
    number++;
    channel = opened;
    began = text.length();
    forget(file(number - 2));
  }

  /** One file too many does no harm. */
  private static void forget(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException failed) {
      LOG.warn("old budget ledger not deleted: cause={}", failed.toString());
    }
  }

  /** Adds no more to the newest file, which may end in half a line. */
  void close() {
    FileChannel open = channel;
    channel = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException failed) {
        LOG.debug("budget ledger not closed: {}", failed.toString());
      }
    }
  }

  /** Makes the new name itself durable; file systems that cannot open a directory need not. */
  private void forceDirectory() {
    try (FileChannel opened = FileChannel.open(directory, StandardOpenOption.READ)) {
      opened.force(true);
    } catch (IOException unsupported) {
      LOG.debug("directory not forced: {}", unsupported.toString());
    }
  }

  private static void write(FileChannel channel, Text text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.bytes(), 0, text.length());
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
