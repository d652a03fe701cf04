package app.avalo.gateway.filter.pin;

import app.avalo.gateway.filter.pin.PinCookie.Tenure;
import app.avalo.gateway.filter.pin.PinCounters.Event;
import app.avalo.gateway.filter.pin.PinIdentity.Kind;
import app.avalo.gateway.filter.pin.store.Epoch;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Cookie values to bytes and back. Unpadded base64url of
 *
 * <pre>
 * version(1)=2 key id(1) kind(1) identity(16) expires, seconds(4) n(1)
 * n times: group hash(4) home region index(2) epoch(8)
 * HMAC-SHA256 of all before, first 16 bytes
 * </pre>
 *
 * big-endian. One spelling per value: every other is refused. Confined to one event loop, whose
 * buffers and signers it reuses.
 */
final class PinCodec {
  static final int VERSION = 2;
  private static final int HEAD = 24;
  private static final int ENTRY = 14;
  private static final int SIGNATURE = 16;
  private static final int LONGEST = HEAD + PinCookie.MOST_GROUPS * ENTRY + SIGNATURE;

  /** Characters of the shortest value. */
  static final int FEWEST_CHARS = (HEAD + SIGNATURE) * 4 / 3;

  /** Characters of the longest value. */
  static final int MOST_CHARS = (LONGEST * 4 + 2) / 3;

  private static final Kind[] KINDS = Kind.values();
  private static final byte[] SIX_BITS = new byte[128];

  static {
    Arrays.fill(SIX_BITS, (byte) -1);
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (int i = 0; i < alphabet.length(); i++) {
      SIX_BITS[alphabet.charAt(i)] = (byte) i;
    }
  }

  private final @Nullable Mac[] signers = new Mac[256];
  private final int newestKey;
  private final PinCounters counters;
  private final byte[] bytes = new byte[LONGEST];
  private final ByteBuffer view = ByteBuffer.wrap(bytes);
  private final byte[] signature = new byte[32];
  private final ByteBuffer signatureView = ByteBuffer.wrap(signature);

  /**
   * A codec.
   *
   * @param keys newest first; it signs, all verify
   */
  PinCodec(List<PinKeys.Key> keys, PinCounters counters) {
    this.counters = counters;
    this.newestKey = keys.get(0).id();
    for (PinKeys.Key key : keys) {
      signers[key.id()] = signer(key.bytes());
    }
  }

  private static Mac signer(byte[] key) {
    try {
      Mac signer = Mac.getInstance("HmacSHA256");
      signer.init(new SecretKeySpec(key, "HmacSHA256"));
      return signer;
    } catch (GeneralSecurityException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  String encode(PinCookie cookie) {
    PinIdentity identity = cookie.identity();
    view.clear();
    view.put((byte) VERSION).put((byte) newestKey).put((byte) identity.kind().ordinal());
    view.putLong(identity.high()).putLong(identity.low());
    view.putInt((int) cookie.expiresSeconds()).put((byte) cookie.groups().length);
    for (int i = 0; i < cookie.groups().length; i++) {
      Tenure tenure = cookie.tenures()[i];
      view.putInt(cookie.groups()[i]).putShort((short) tenure.home()).putLong(tenure.epoch());
    }
    int length = view.position();
    Mac signer = signers[newestKey];
    if (signer == null) {
      throw new IllegalStateException("no key " + newestKey);
    }
    sign(signer, length);
    view.put(signature, 0, SIGNATURE);
    byte[] value = Arrays.copyOf(bytes, length + SIGNATURE);
    return new String(
        Base64.getUrlEncoder().withoutPadding().encode(value), StandardCharsets.ISO_8859_1);
  }

  /** What the characters say, whoever's and however old; null, and counted, if that is nothing. */
  @Nullable PinCookie decode(String text, int start, int end) {
    int length = toBytes(text, start, end) - SIGNATURE;
    if (length < HEAD) {
      return refused(Event.COOKIE_MALFORMED);
    }
    if (bytes[0] != VERSION) {
      return refused(Event.COOKIE_VERSION);
    }
    Mac signer = signers[bytes[1] & 0xFF];
    if (signer == null) {
      return refused(Event.COOKIE_UNKNOWN_KEY);
    }
    sign(signer, length);
    // two words in one go: the time does not tell how much of a forgery was right
    long difference =
        (view.getLong(length) ^ signatureView.getLong(0))
            | (view.getLong(length + 8) ^ signatureView.getLong(8));
    if (difference != 0) {
      return refused(Event.COOKIE_FORGED);
    }
    PinCookie cookie = parsed(length);
    return cookie == null ? refused(Event.COOKIE_MALFORMED) : cookie;
  }

  /** The same of characters that {@link #decode} found good before; does not verify them again. */
  @Nullable PinCookie parse(String text, int start, int end) {
    int length = toBytes(text, start, end) - SIGNATURE;
    return length < HEAD ? refused(Event.COOKIE_MALFORMED) : parsed(length);
  }

  /**
   * Only values that were signed come here; what is checked still is what another version meant.
   */
  private @Nullable PinCookie parsed(int length) {
    int kind = bytes[2];
    int count = bytes[23];
    if (kind < 0
        || kind >= KINDS.length
        || count < 0
        || count > PinCookie.MOST_GROUPS
        || length != HEAD + count * ENTRY) {
      return null;
    }
    PinIdentity identity = new PinIdentity(KINDS[kind], view.getLong(3), view.getLong(11));
    int[] groups = new int[count];
    Tenure[] tenures = new Tenure[count];
    for (int i = 0; i < count; i++) {
      int at = HEAD + i * ENTRY;
      long epoch = view.getLong(at + 6);
      if (Epoch.counter(epoch) < 1 || epoch < 0) {
        return null;
      }
      groups[i] = view.getInt(at);
      tenures[i] = new Tenure(view.getShort(at + 4) & Epoch.MAX_REGION, epoch);
    }
    return new PinCookie(identity, view.getInt(19) & 0xFFFF_FFFFL, groups, tenures);
  }

  private @Nullable PinCookie refused(Event why) {
    counters.add(why);
    return null;
  }

  private void sign(Mac signer, int length) {
    try {
      signer.update(bytes, 0, length);
      signer.doFinal(signature, 0);
    } catch (GeneralSecurityException bufferTooShort) {
      throw new IllegalStateException(bufferTooShort);
    }
  }

  /** Decodes into the buffer; gives the number of bytes, or -1 for anything not canonical. */
  private int toBytes(String text, int start, int end) {
    int chars = end - start;
    if (chars < FEWEST_CHARS || chars > MOST_CHARS || chars % 4 == 1) {
      return -1;
    }
    int held = 0;
    int bits = 0;
    int out = 0;
    for (int i = start; i < end; i++) {
      char c = text.charAt(i);
      int six = c < 128 ? SIX_BITS[c] : -1;
      if (six < 0) {
        return -1;
      }
      held = held << 6 | six;
      bits += 6;
      if (bits >= 8) {
        bits -= 8;
        bytes[out++] = (byte) (held >>> bits);
      }
    }
    return (held & (1 << bits) - 1) == 0 ? out : -1;
  }
}
