package app.avalo.gateway.filter.latency;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a model has learned, on disk, so that a restart is warm. Blocks; for worker threads.
 *
 * <pre>
 * "AVLT" version(4)=2 pairs(4)
 * per pair: key(8) facts(8) n(1) n times: sample(4)
 * CRC-32 of all before(4)
 * </pre>
 *
 * big-endian. A file that is damaged or of another version is logged and teaches nothing.
 */
public final class LatencyFile {
  private static final Logger LOG = LoggerFactory.getLogger(LatencyFile.class);
  private static final int MAGIC = 0x41564c54;
  private static final int VERSION = 2;
  private static final int HEAD = 12;
  private static final int MOST_BYTES_A_PAIR = 17 + 4 * SampleTable.DEPTH;

  private final LatencyModel model;
  private final Path file;
  private long written = -1; // version of the model that the file holds

  public LatencyFile(LatencyModel model, Path directory) {
    this.model = model;
    this.file = directory.resolve("latency");
  }

  /** Teaches the model what the file says; nothing without one. */
  public synchronized void read() {
    try {
      if (Files.exists(file)) {
        long most = HEAD + 4L + (long) MOST_BYTES_A_PAIR * model.capacity();
        if (Files.size(file) > most) {
          throw new IOException(Files.size(file) + " bytes (expected at most " + most + ")");
        }
        parse(Files.readAllBytes(file));
        model.changed();
        written = model.version();
      }
    } catch (IOException | RuntimeException unusable) {
      LOG.atWarn()
          .addKeyValue("file", file)
          .addKeyValue("error", unusable.getMessage())
          .log("learned latencies not usable, beginning anew");
    }
  }

  private void parse(byte[] bytes) throws IOException {
    CRC32 sum = new CRC32();
    sum.update(bytes, 0, Math.max(0, bytes.length - 4));
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    DataInputStream end =
        new DataInputStream(new ByteArrayInputStream(bytes, Math.max(0, bytes.length - 4), 4));
    if (bytes.length < HEAD + 4 || in.readInt() != MAGIC || in.readInt() != VERSION) {
      throw new IOException("not a file of version " + VERSION);
    }
    if (end.readInt() != (int) sum.getValue()) {
      throw new IOException("checksum wrong");
    }
    float[] samples = new float[SampleTable.DEPTH];
    for (int pairs = in.readInt(); pairs > 0; pairs--) {
      long key = in.readLong();
      long facts = in.readLong();
      int count = in.readUnsignedByte();
      for (int i = 0; i < count; i++) {
        samples[i] = in.readFloat();
      }
      model.table().merge(key, facts, samples);
    }
  }

  /** Writes what changed since the last time; the old file stays until the new one is whole. */
  public synchronized void write() {
    long version = model.version();
    if (version == written) {
      return;
    }
    Path next = file.resolveSibling(file.getFileName() + ".next");
    try {
      Files.write(next, bytes());
      try {
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException simplerFileSystem) {
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
      }
      written = version;
    } catch (IOException failed) {
      LOG.atWarn()
          .addKeyValue("file", file)
          .addKeyValue("error", failed.toString())
          .log("learned latencies not written");
    }
  }

  private byte[] bytes() throws IOException {
    ByteArrayOutputStream pairs = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(pairs);
    int[] count = {0};
    try {
      model
          .table()
          .forEach(
              (key, facts, samples) -> {
                count[0]++;
                write(out, key, facts, samples);
              });
    } catch (UncheckedIOException impossible) {
      throw impossible.getCause();
    }
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    DataOutputStream head = new DataOutputStream(file);
    head.writeInt(MAGIC);
    head.writeInt(VERSION);
    head.writeInt(count[0]);
    pairs.writeTo(head);
    CRC32 sum = new CRC32();
    sum.update(file.toByteArray());
    head.writeInt((int) sum.getValue());
    return file.toByteArray();
  }

  private static void write(DataOutputStream out, long key, long facts, float[] samples) {
    try {
      out.writeLong(key);
      out.writeLong(facts);
      int count = SampleTable.count(facts);
      out.writeByte(count);
      for (int i = 0; i < count; i++) {
        out.writeFloat(samples[i]);
      }
    } catch (IOException toMemory) {
      throw new UncheckedIOException(toMemory);
    }
  }
}
