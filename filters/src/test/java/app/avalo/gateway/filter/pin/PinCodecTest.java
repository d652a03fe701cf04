package app.avalo.gateway.filter.pin;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.pin.PinCookie.Tenure;
import app.avalo.gateway.filter.pin.PinCounters.Event;
import app.avalo.gateway.filter.pin.PinIdentity.Kind;
import app.avalo.gateway.filter.pin.store.Epoch;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class PinCodecTest {
  private static final PinKeys.Key OLD = key(7, "0123456789abcdef0123456789abcdef");
  private static final PinKeys.Key NEW = key(8, "fedcba9876543210fedcba9876543210");

  /** Made from the documented layout by another program. */
  private static final String GOLDEN =
      "AgcAAQIDBAUGBwgJCgsMDQ4PEGtJ0gACokv5qwAAAAAAAAADAAKPL72sAAEAAAAAAAEAAYHRjFxJ1xnlAsZxhQWioHw";

  private final PinCounters counters = new PinCounters();
  private final PinCodec codec = new PinCodec(List.of(OLD), counters);

  private static PinKeys.Key key(int id, String secret) {
    return new PinKeys.Key(id, secret.getBytes(StandardCharsets.US_ASCII));
  }

  private static Tenure carried(long counter, int region, int home) {
    return new Tenure(home, Epoch.of(counter, region));
  }

  private static PinCookie golden() {
    PinIdentity session = new PinIdentity(Kind.SESSION, 0x0102030405060708L, 0x090a0b0c0d0e0f10L);
    PinCookie chat = PinCookie.with(null, session, "chat", carried(3, 2, 0), 1);
    return PinCookie.with(chat, session, "wallet", carried(1, 1, 1), 1_800_000_000L);
  }

  private static PinCookie read(PinCodec codec, String value) {
    return codec.decode(value, 0, value.length());
  }

  private static void assertSame(PinCookie actual, PinCookie expected) {
    assertThat(actual).isNotNull();
    assertThat(actual.identity()).isEqualTo(expected.identity());
    assertThat(actual.expiresSeconds()).isEqualTo(expected.expiresSeconds());
    assertThat(actual.groups()).isEqualTo(expected.groups());
    assertThat(actual.tenures()).isEqualTo(expected.tenures());
  }

  @Test
  void bytesStayWhatTheyWere() {
    assertThat(codec.encode(golden())).isEqualTo(GOLDEN);
    assertSame(read(codec, GOLDEN), golden());
  }

  @Test
  void identityOfAUserStaysWhatItWas() {
    assertThat(PinIdentity.user("alice").key("chat"))
        .hasToString("chat:395fced32ca1987666678d466cdf9b8a");
    assertThat(PinIdentity.apiKey("alice")).isNotEqualTo(PinIdentity.user("alice"));
  }

  @Property(tries = 300)
  void whatWasWrittenIsRead(
      @ForAll Kind kind,
      @ForAll long high,
      @ForAll long low,
      @ForAll @LongRange(min = 0, max = 0xFFFFFFFFL) long expires,
      @ForAll @Size(max = 20) List<@LongRange(min = 1, max = Epoch.MAX_COUNTER) Long> counters,
      @ForAll @IntRange(max = Epoch.MAX_REGION) int region) {
    PinCookie cookie = null;
    PinIdentity identity = new PinIdentity(kind, high, low);
    for (int i = 0; i < counters.size(); i++) {
      cookie =
          PinCookie.with(cookie, identity, "g" + i, carried(counters.get(i), region, i), expires);
    }
    if (cookie != null) {
      assertThat(cookie.groups()).hasSizeLessThanOrEqualTo(PinCookie.MOST_GROUPS);
      assertSame(read(codec, codec.encode(cookie)), cookie);
    }
  }

  @Test
  void anyChangedBitIsRefused() {
    byte[] good = Base64.getUrlDecoder().decode(GOLDEN);
    for (int bit = 0; bit < good.length * 8; bit++) {
      byte[] bad = good.clone();
      bad[bit / 8] ^= (byte) (1 << bit % 8);
      String value = Base64.getUrlEncoder().withoutPadding().encodeToString(bad);
      assertThat(read(codec, value)).as("bit %d", bit).isNull();
    }
  }

  @Test
  void anyChangedCharacterIsRefused() {
    for (int at = 0; at < GOLDEN.length(); at++) {
      for (char c = 0; c < 256; c++) {
        if (c != GOLDEN.charAt(at)) {
          String bad = GOLDEN.substring(0, at) + c + GOLDEN.substring(at + 1);
          assertThat(read(codec, bad)).as("%d at %d", (int) c, at).isNull();
        }
      }
    }
  }

  @Property(tries = 2000)
  void randomCharactersAreRefusedAndNeverThrow(
      @ForAll @Size(max = 400) List<@IntRange(max = 0xFFFF) Integer> characters) {
    StringBuilder text = new StringBuilder();
    characters.forEach(c -> text.append((char) (int) c));
    assertThat(read(codec, text.toString())).isNull();
  }

  @Property(tries = 2000)
  void randomBytesAreRefusedAndNeverThrow(@ForAll @Size(max = 300) byte[] bytes) {
    String text = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    assertThat(read(codec, text)).isNull();
  }

  @Property(tries = 1000)
  void signedNonsenseNeverThrows(@ForAll @Size(min = 22, max = 248) byte[] contents)
      throws Exception {
    byte[] head = new byte[contents.length + 2];
    head[0] = 2;
    head[1] = 7;
    System.arraycopy(contents, 0, head, 2, contents.length);
    javax.crypto.Mac mac = javax.crypto.Mac.getInstance("HmacSHA256");
    mac.init(new javax.crypto.spec.SecretKeySpec(OLD.bytes(), "HmacSHA256"));
    byte[] all = java.util.Arrays.copyOf(head, head.length + 16);
    System.arraycopy(mac.doFinal(head), 0, all, head.length, 16);
    PinCookie cookie = read(codec, Base64.getUrlEncoder().withoutPadding().encodeToString(all));
    assertThat(cookie == null || cookie.groups().length <= PinCookie.MOST_GROUPS).isTrue();
  }

  @Test
  void olderKeyVerifiesAndTheNewestSigns() {
    PinCodec rotated = new PinCodec(List.of(NEW, OLD), counters);
    assertSame(read(rotated, GOLDEN), golden());
    String renewed = rotated.encode(golden());
    assertThat(Base64.getUrlDecoder().decode(renewed)[1]).isEqualTo((byte) 8);
    assertThat(read(codec, renewed)).isNull();
    assertThat(counters.count(Event.COOKIE_UNKNOWN_KEY)).isEqualTo(1);
  }

  @Test
  void refusalsAreCountedByReason() {
    byte[] other = Base64.getUrlDecoder().decode(GOLDEN);
    other[0] = 1;
    assertThat(read(codec, Base64.getUrlEncoder().withoutPadding().encodeToString(other))).isNull();
    assertThat(read(codec, GOLDEN.substring(0, 90) + "A")).isNull();
    assertThat(read(codec, "short")).isNull();
    PinCodec impostor = new PinCodec(List.of(key(7, "another secret, same number.....")), counters);
    assertThat(read(impostor, GOLDEN)).isNull();
    assertThat(counters.count(Event.COOKIE_VERSION)).isEqualTo(1);
    assertThat(counters.count(Event.COOKIE_MALFORMED)).isEqualTo(1);
    assertThat(counters.count(Event.COOKIE_FORGED)).isEqualTo(2);
  }
}
