package app.avalo.gateway.filter.pin.store;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One line of the log: {@code length(4) crc32c(4) high(8) low(8) home(2) since(8) expires(8)
 * group(UTF-8)}, big-endian; length and checksum are of what follows them.
 *
 * @param key whose
 * @param home where
 * @param expiresMillis wall clock
 */
record HomeRecord(PinKey key, Home home, long expiresMillis) {
  private static final int FRAME = 8;
  private static final int FIXED = 34;
  private static final int LONGEST_GROUP = 512;

  /** More than any record takes. */
  static final int LONGEST = FRAME + FIXED + LONGEST_GROUP;

  /** Appends this record; the buffer has {@link #LONGEST} bytes left. */
  void writeTo(ByteBuffer out) {
    byte[] group = key.group().getBytes(StandardCharsets.UTF_8);
    if (group.length > LONGEST_GROUP) {
      throw new IllegalArgumentException("group name of " + group.length + " bytes");
    }
    int start = out.position();
    out.position(start + FRAME);
    out.putLong(key.high()).putLong(key.low());
    out.putShort((short) home.region()).putLong(home.sinceMillis());
    out.putLong(expiresMillis).put(group);
    out.putInt(start, FIXED + group.length);
    out.putInt(start + 4, checksum(out, start + FRAME, FIXED + group.length));
  }

  /** The record at the position, which moves behind it; null and unmoved if there is none. */
  static @Nullable HomeRecord readFrom(ByteBuffer in) {
    if (in.remaining() < FRAME + FIXED) {
      return null;
    }
    int start = in.position();
    int length = in.getInt(start);
    if (length < FIXED
        || length > FIXED + LONGEST_GROUP
        || in.remaining() < FRAME + length
        || in.getInt(start + 4) != checksum(in, start + FRAME, length)) {
      return null;
    }
    in.position(start + FRAME);
    long high = in.getLong();
    long low = in.getLong();
    int home = in.getShort() & Epoch.MAX_REGION;
    long since = in.getLong();
    long expires = in.getLong();
    byte[] group = new byte[length - FIXED];
    in.get(group);
    return new HomeRecord(
        new PinKey(new String(group, StandardCharsets.UTF_8).intern(), high, low),
        new Home(home, since),
        expires);
  }

  private static int checksum(ByteBuffer of, int at, int length) {
    CRC32C checksum = new CRC32C();
    checksum.update(of.duplicate().limit(at + length).position(at));
    return (int) checksum.getValue();
  }
}
