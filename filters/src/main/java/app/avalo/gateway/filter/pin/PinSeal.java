package app.avalo.gateway.filter.pin;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs what services are told of a pin: {@code key id.} and the unpadded base64url of the first 16
 * bytes of HMAC-SHA256 over cell, epoch, what is left of the lease (or {@code stale}), its end (or
 * nothing) and request id, each followed by a line feed. Services get the key {@code
 * HMAC-SHA256(secret, "avalo pins")}, with which nobody can make a cookie. Confined to one event
 * loop.
 */
final class PinSeal {
  private static final String PURPOSE = "avalo pins";
  private static final int SIGNATURE = 16;

  private final String id;
  private final Mac signer;
  private final byte[] signature = new byte[32];

  PinSeal(PinKeys.Key key) {
    this.id = key.id() + ".";
    byte[] derived = signer(key.bytes()).doFinal(PURPOSE.getBytes(StandardCharsets.US_ASCII));
    this.signer = signer(derived);
  }

  private static Mac signer(byte[] key) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac;
    } catch (GeneralSecurityException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  String of(String cell, String epoch, String lease, String requestId) {
    String signed = cell + '\n' + epoch + '\n' + lease + '\n' + requestId + '\n';
    signer.update(signed.getBytes(StandardCharsets.UTF_8));
    try {
      signer.doFinal(signature, 0);
    } catch (GeneralSecurityException bufferTooShort) {
      throw new IllegalStateException(bufferTooShort);
    }
    byte[] kept = Arrays.copyOf(signature, SIGNATURE);
    return id + Base64.getUrlEncoder().withoutPadding().encodeToString(kept);
  }
}
