package app.avalo.gateway.filter.beacon;

import app.avalo.gateway.config.unit.IpAddress;
import java.nio.ByteBuffer;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * What a client may report: to which regions it was sent, until when. Unpadded base64url of
 *
 * <pre>
 * version(1)=1 key id(1) expires, seconds(4) id(8) client address(16) n(1)
 * n times: region index(2)
 * HMAC-SHA256 of all before, first 16 bytes
 * </pre>
 *
 * big-endian.
 *
 * @param keyId of the key that signs it
 * @param expiresSeconds since 1970
 * @param id random
 * @param client who may use it
 * @param candidates indices of regions
 */
record Invitation(int keyId, int expiresSeconds, long id, IpAddress client, int[] candidates) {
  private static final int VERSION = 1;
  private static final int HEAD = 31;
  private static final int SIGNATURE = 16;
  private static final int MOST_CANDIDATES = 8;
  private static final int MOST_CHARS = (HEAD + 2 * MOST_CANDIDATES + SIGNATURE) * 4 / 3 + 2;

  /** Signs bytes. */
  interface Signer {
    /** The signature of the first bytes by a key, or null without that key. */
    byte @Nullable [] sign(int keyId, byte[] bytes, int length);
  }

  /** The text that a client sends back. */
  String text(Signer signer) {
    ByteBuffer bytes = ByteBuffer.allocate(HEAD + 2 * candidates.length + SIGNATURE);
    bytes.put((byte) VERSION).put((byte) keyId).putInt(expiresSeconds).putLong(id);
    bytes.putLong(client.high()).putLong(client.low()).put((byte) candidates.length);
    for (int candidate : candidates) {
      bytes.putShort((short) candidate);
    }
    byte[] signature = signer.sign(keyId, bytes.array(), bytes.position());
    if (signature == null) {
      throw new IllegalStateException("no key " + keyId);
    }
    bytes.put(signature, 0, SIGNATURE);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
  }

  /** What a text says, or null if nobody with one of the keys wrote it. */
  static @Nullable Invitation read(String text, Signer signer) {
    if (text.length() > MOST_CHARS) {
      return null;
    }
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(text);
    } catch (IllegalArgumentException noBase64) {
      return null;
    }
    int signed = bytes.length - SIGNATURE;
    if (signed < HEAD || bytes[0] != VERSION || signed != HEAD + 2 * (bytes[HEAD - 1] & 0xff)) {
      return null;
    }
    byte[] signature = signer.sign(bytes[1] & 0xff, bytes, signed);
    if (signature == null || !isSigned(bytes, signed, signature)) {
      return null;
    }
    ByteBuffer view = ByteBuffer.wrap(bytes);
    int[] candidates = new int[bytes[HEAD - 1] & 0xff];
    for (int i = 0; i < candidates.length; i++) {
      candidates[i] = view.getShort(HEAD + 2 * i) & 0xffff;
    }
    return new Invitation(
        bytes[1] & 0xff,
        view.getInt(2),
        view.getLong(6),
        new IpAddress(view.getLong(14), view.getLong(22)),
        candidates);
  }

  /** In a time that does not tell how much of a forgery was right. */
  private static boolean isSigned(byte[] bytes, int at, byte[] signature) {
    int difference = 0;
    for (int i = 0; i < SIGNATURE; i++) {
      difference |= bytes[at + i] ^ signature[i];
    }
    return difference == 0;
  }

  boolean names(int regionIndex) {
    for (int candidate : candidates) {
      if (candidate == regionIndex) {
        return true;
      }
    }
    return false;
  }
}
