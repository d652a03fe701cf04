package app.avalo.gateway.filter.identity.jose;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * Base64url without padding (RFC 7515, 2), one spelling for each value. The JDK's decoder also
 * takes padding and stray low bits, with which one token would have many forms.
 */
final class Base64Url {
  private static final String ALPHABET =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

  private Base64Url() {}

  static byte[] decode(String text) throws MalformedException {
    int rest = text.length() & 3;
    if (rest != 0) {
      int strayBits = rest == 2 ? 0b1111 : 0b11;
      int last = ALPHABET.indexOf(text.charAt(text.length() - 1));
      if (rest == 1 || last < 0 || (last & strayBits) != 0) {
        throw new MalformedException("not base64url");
      }
    }
    if (text.indexOf('=') >= 0) {
      throw new MalformedException("not base64url");
    }
    try {
      return Base64.getUrlDecoder().decode(text.getBytes(StandardCharsets.ISO_8859_1));
    } catch (IllegalArgumentException strangeCharacter) {
      throw new MalformedException("not base64url");
    }
  }
}
