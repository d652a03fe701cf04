package app.avalo.gateway.filter.geo;

import app.avalo.gateway.config.unit.IpAddress;
import com.maxmind.db.DatabaseRecord;
import com.maxmind.db.Metadata;
import com.maxmind.db.Reader;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One MaxMind file, held in memory and tried before it is trusted. Immutable and safe from every
 * thread.
 *
 * @param <T> what is decoded of a record
 */
final class MaxMindFile<T> {
  /** Networks of each family read before a file is trusted: from the start, and at random. */
  private static final int TRIALS = 2_000;

  /** One in so many records may be corrupt: a few bad ones must not cost a whole file. */
  private static final int TOLERATED = 10;

  /** 2000::/3 holds every IPv6 address in use. */
  private static final long GLOBAL_V6 = 1L << 61;

  private final Reader reader;
  private final Class<T> record;
  private final boolean v4Only;
  private final String type;
  private final long buildEpochSeconds;

  private MaxMindFile(Reader reader, Class<T> record) {
    this.reader = reader;
    this.record = record;
    // Read here, inside the guard of open(): any field of a corrupt file may be missing.
    this.v4Only = reader.getMetadata().ipVersion() == 4;
    this.type = Objects.requireNonNull(reader.getMetadata().databaseType(), "database_type");
    this.buildEpochSeconds = reader.getMetadata().buildEpoch().longValue();
  }

  /**
   * Reads and checks a file; blocks.
   *
   * @param kinds one of which its type has to name
   * @param expected the same in words
   * @throws IOException if it cannot be read or is not a usable database of these kinds
   */
  static <T> MaxMindFile<T> open(Path file, Class<T> record, List<String> kinds, String expected)
      throws IOException {
    long bytes = Files.size(file);
    long ceiling = Runtime.getRuntime().maxMemory() / 3;
    if (bytes > ceiling) {
      // While it is swapped, two are in memory.
      throw new IOException(
          (bytes >> 20) + " MiB (expected at most a third of the heap, " + (ceiling >> 20) + ")");
    }
    try {
      MaxMindFile<T> opened =
          new MaxMindFile<>(new Reader(file.toFile(), Reader.FileMode.MEMORY), record);
      opened.check(bytes, kinds, expected);
      return opened;
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError corrupt) {
      // Sizes and pointers in a corrupt file can ask for any amount of heap or depth.
      throw new IOException("corrupt: " + corrupt, corrupt);
    }
  }

  private void check(long fileBytes, List<String> kinds, String expected) throws IOException {
    Metadata metadata = reader.getMetadata();
    if (kinds.stream().noneMatch(type::contains)) {
      throw new IOException("type " + type + " (expected " + expected + ")");
    }
    long nodes = metadata.nodeCount();
    if (nodes < 1 || nodes > fileBytes || nodes * metadata.recordSize() / 4 + 16 > fileBytes) {
      throw new IOException(nodes + " nodes (expected no more than the file holds)");
    }
    Trial trial = new Trial();
    trial.walk(IpAddress.v4(0));
    trial.sample(false);
    if (!v4Only) {
      trial.walk(new IpAddress(GLOBAL_V6, 0));
      trial.sample(true);
    }
    if (trial.failures * TOLERATED > trial.records) {
      throw new IOException(
          trial.failures + " of " + trial.records + " records corrupt (expected fewer than 10 %)");
    }
  }

  /** Reads part of the file before it is put to use. Bounded, also where the tree has a cycle. */
  private final class Trial {
    int records;
    int failures;
    private long random = 0x9e37_79b9_7f4a_7c15L;

    /** One network after the other, so that sparse files are seen whole. */
    void walk(IpAddress from) {
      IpAddress at = from;
      for (int i = 0; i < TRIALS && at != null; i++) {
        at = after(at, read(at));
      }
    }

    /** All over one address family, so that large files are seen at both ends. */
    void sample(boolean v6) {
      for (int i = 0; i < TRIALS; i++) {
        random = random * 6_364_136_223_846_793_005L + 1_442_695_040_888_963_407L;
        read(
            v6
                ? new IpAddress(GLOBAL_V6 | random >>> 3, random)
                : IpAddress.v4((int) (random >>> 32)));
      }
    }

    /** Prefix length of the network around an address, whether or not it has a record. */
    private int read(IpAddress address) {
      int bits = address.isV4() ? 24 : 32;
      try {
        DatabaseRecord<T> found =
            reader.getRecord(InetAddress.getByAddress(address.bytes()), record);
        bits = found.network().prefixLength();
        records += found.data() == null ? 0 : 1;
      } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError corrupt) {
        records++;
        failures++;
      }
      return bits;
    }

    private @Nullable IpAddress after(IpAddress address, int bits) {
      if (address.isV4()) {
        long next = (address.low() & 0xffff_ffffL) + (1L << Math.max(0, 32 - bits));
        return next > 0xffff_ffffL ? null : IpAddress.v4((int) next);
      }
      if (bits > 64) {
        long low = address.low() + (1L << 128 - bits);
        return new IpAddress(low == 0 ? address.high() + 1 : address.high(), low);
      }
      long high = address.high() + (1L << 64 - Math.max(1, bits));
      return high < address.high() || high >>> 61 != GLOBAL_V6 >>> 61
          ? null
          : new IpAddress(high, 0);
    }
  }

  /** What the file calls itself, for example {@code GeoLite2-City}. */
  String type() {
    return type;
  }

  /** When it was made, seconds since 1970. */
  long buildEpochSeconds() {
    return buildEpochSeconds;
  }

  /**
   * The record of an address, or null where there is none.
   *
   * @throws IOException if the record is corrupt; nothing else is ever thrown
   */
  @Nullable T get(IpAddress address) throws IOException {
    if (v4Only && !address.isV4()) {
      return null;
    }
    try {
      return reader.get(InetAddress.getByAddress(address.bytes()), record);
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError corrupt) {
      throw new IOException(corrupt.toString(), corrupt);
    }
  }
}
