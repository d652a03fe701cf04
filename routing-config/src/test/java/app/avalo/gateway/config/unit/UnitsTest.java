package app.avalo.gateway.config.unit;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UnitsTest {
  @Property
  void aVersionFourAddressIsReadAsTheJdkReadsIt(@ForAll @Size(4) byte[] bytes) throws Exception {
    InetAddress jdk = InetAddress.getByAddress(bytes);

    IpAddress address = IpAddress.parse(jdk.getHostAddress());

    assertThat(address).isEqualTo(IpAddress.of(bytes)).hasToString(jdk.getHostAddress());
    assertThat(address.bytes()).isEqualTo(bytes);
  }

  @Property
  void aVersionSixAddressIsReadAsTheJdkReadsIt(@ForAll @Size(16) byte[] bytes) throws Exception {
    InetAddress jdk = InetAddress.getByAddress(bytes);

    IpAddress address = IpAddress.parse(jdk.getHostAddress());

    assertThat(address).isEqualTo(IpAddress.of(bytes)).hasToString(jdk.getHostAddress());
  }

  @Property
  void aGapStandsForZeros(
      @ForAll @Size(16) byte[] bytes,
      @ForAll @IntRange(max = 7) int from,
      @ForAll @IntRange(min = 1, max = 8) int length)
      throws UnknownHostException {
    int to = Math.min(8, from + length);
    StringBuilder text = new StringBuilder();
    for (int group = 0; group < 8; group++) {
      if (group >= from && group < to) {
        bytes[2 * group] = 0;
        bytes[2 * group + 1] = 0;
        text.append(group == from ? "::" : "");
      } else {
        int value = (bytes[2 * group] & 0xff) << 8 | (bytes[2 * group + 1] & 0xff);
        boolean first = text.length() == 0 || text.charAt(text.length() - 1) == ':';
        text.append(first ? "" : ":").append(Integer.toHexString(value));
      }
    }

    assertThat(IpAddress.parse(text.toString())).as(text.toString()).isEqualTo(IpAddress.of(bytes));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        ":::",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.-4",
        "::1::",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "12345::",
        "::g",
        "fe80::1%eth0",
        "[::1]",
        ":1::",
        "1:2:3:4:5:6:7:",
        "::1.2.3",
        "1:2:3:4:5:6:7:1.2.3.4",
        "1.2.3.4 "
      })
  void whatIsNoAddressIsRefused(String text) {
    assertThat(IpAddress.parse(text)).isNull();
  }

  @Property
  void anyTextIsAnAddressOrNot(@ForAll String text) {
    IpAddress.parse(text);
    Cidr.parse(text);
    HostPort.parse(text);
    Money.parse(text);
    Rate.parse(text);
    Durations.parse(text);
    Sizes.parse(text);
  }

  @Property
  void aBlockHoldsWhatSharesItsPrefix(
      @ForAll @Size(4) byte[] network,
      @ForAll @Size(4) byte[] other,
      @ForAll @IntRange(max = 32) int bits)
      throws UnknownHostException {
    Cidr block = Cidr.parse(InetAddress.getByAddress(network).getHostAddress() + "/" + bits);

    boolean shared = true;
    for (int i = 0; i < bits; i++) {
      shared &= bit(network, i) == bit(other, i);
    }
    assertThat(block.contains(IpAddress.of(other))).isEqualTo(shared);
    assertThat(block.contains(IpAddress.of(network))).isTrue();
    assertThat(Cidr.parse(block.toString())).isEqualTo(block);
  }

  @Property
  void aVersionSixBlockReadsBack(
      @ForAll @Size(16) byte[] network, @ForAll @IntRange(max = 128) int bits)
      throws UnknownHostException {
    network[0] |= 0x20;
    Cidr block = Cidr.parse(InetAddress.getByAddress(network).getHostAddress() + "/" + bits);

    assertThat(Cidr.parse(block.toString())).isEqualTo(block);
    assertThat(block.contains(IpAddress.of(network))).isTrue();
  }

  private static int bit(byte[] bytes, int at) {
    return bytes[at / 8] >> (7 - at % 8) & 1;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "::/129", "a/8", "/8", "::/-1"})
  void whatIsNoBlockIsRefused(String text) {
    assertThat(Cidr.parse(text)).isNull();
  }

  @Property
  void moneyReadsBack(@ForAll @LongRange(max = 999_999_999_999_999L) long micros) {
    Money money = new Money(micros, "PLN");

    assertThat(Money.parse(money.toString())).isEqualTo(money);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"5", "5 pln", "-5 PLN", "5  PLN", "0.0000001 PLN", ".5 PLN", "1e3 PLN", "1. PLN"})
  void whatIsNoMoneyIsRefused(String text) {
    assertThat(Money.parse(text)).isNull();
  }

  @Property
  void aDurationReadsBack(@ForAll @LongRange(max = 9_999_999_999L) long millis) {
    Duration span = Duration.ofMillis(millis);

    assertThat(Durations.parse(Durations.format(span))).isEqualTo(span);
  }

  @Property
  void aRateReadsBack(
      @ForAll @LongRange(min = 1, max = 1_000_000) long count,
      @ForAll @LongRange(min = 1, max = 100_000_000) long millis) {
    Rate rate = new Rate(count, Duration.ofMillis(millis));

    assertThat(Rate.parse(rate.toString())).isEqualTo(rate);
  }

  @ParameterizedTest
  @CsvSource({"100/min,100/min", "10/1s,10/s", "5/10s,5/10s", "3/1500ms,3/1500ms", "7/24h,7/d"})
  void aRateIsWrittenShort(String text, String written) {
    assertThat(Rate.parse(text)).hasToString(written);
  }

  @Property
  void aSizeReadsBack(@ForAll @LongRange(max = 999_999_999) long bytes) {
    assertThat(Sizes.parse(Sizes.format(bytes))).isEqualTo(bytes);
    assertThat(Sizes.parse(bytes + "KiB")).isEqualTo(bytes * 1024);
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:80", "[::1]:9090", "chat.internal:0", "a:65535"})
  void anAddressWithPortReadsBack(String text) {
    assertThat(HostPort.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":80",
        "a",
        "a:",
        "a:65536",
        "a:-1",
        "::1:80",
        "[a]:80",
        "a b:80",
        "1.2.3:80",
        "a..b:1",
        "a/b:80"
      })
  void whatIsNoAddressWithPortIsRefused(String text) {
    assertThat(HostPort.parse(text)).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"open-sesame"})
  void aSecretIsNeverPrinted(String value) {
    assertThat(new Secret(value)).hasToString("***");
  }
}
