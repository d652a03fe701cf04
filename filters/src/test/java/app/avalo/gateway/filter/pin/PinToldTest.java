package app.avalo.gateway.filter.pin;

import static app.avalo.gateway.filter.pin.PinFixture.WALLET;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.Pinned;
import app.avalo.gateway.filter.pin.store.Epoch;
import io.vertx.core.MultiMap;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/** What services are told of a pin, and how they check it. */
class PinToldTest {
  private final PinFixture gateway = new PinFixture();
  private final PinFixture.Client alice = gateway.new Client("alice");

  @Test
  void serviceIsToldCellEpochAndWhatIsLeftOfTheLeaseUnderASignature() {
    Pinned pin = alice.writes(WALLET, "us", "eu");
    MultiMap told = gateway.told(pin);
    assertThat(told.get("X-Pin-Group")).isEqualTo("wallet");
    assertThat(told.get("X-Pin-Region")).isEqualTo("us");
    assertThat(told.get("X-Pin-Cell")).matches("1:\\d{1,3}");
    assertThat(told.get("X-Pin-Epoch")).isEqualTo(Long.toString(Epoch.of(1, 1)));
    long left = Long.parseLong(told.get("X-Pin-Deadline-Ms"));
    assertThat(left).isBetween(600L, 900L);
    assertThat(Long.parseLong(told.get("X-Pin-Until")))
        .isEqualTo(gateway.time.epochMillis() + left);
    assertThat(told.get("X-Pin-Signature"))
        .isEqualTo("1." + signature(told, "0123456789abcdef0123456789abcdef", "id-1"));
  }

  /** As a service would check it, by the words of the documentation. */
  private static String signature(MultiMap told, String secret, String requestId) {
    byte[] key = hmac(secret.getBytes(UTF_8), "avalo pins");
    String signed =
        told.get("X-Pin-Cell")
            + "\n"
            + told.get("X-Pin-Epoch")
            + "\n"
            + told.get("X-Pin-Deadline-Ms")
            + "\n"
            + told.get("X-Pin-Until")
            + "\n"
            + requestId
            + "\n";
    byte[] first16 = Arrays.copyOf(hmac(key, signed), 16);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(first16);
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(text.getBytes(UTF_8));
    } catch (GeneralSecurityException everyJdkHasIt) {
      throw new AssertionError(everyJdkHasIt);
    }
  }
}
