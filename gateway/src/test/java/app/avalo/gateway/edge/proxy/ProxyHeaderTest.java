package app.avalo.gateway.edge.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.edge.proxy.ProxyHeader.Kind;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** PROXY headers of both versions, good and bad, whole and in parts. */
class ProxyHeaderTest {
  private static final String V2 = "0d0a0d0a000d0a515549540a";

  private static ByteBuf hex(String hex) {
    return Unpooled.wrappedBuffer(HexFormat.of().parseHex(hex.replace(" ", "")));
  }

  private static ByteBuf text(String text) {
    return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
  }

  @ParameterizedTest
  @CsvSource({
    "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443, 192.0.2.7, 56324",
    "PROXY TCP4 192.0.2.7 198.51.100.1 0 65535, 192.0.2.7, 0",
    "PROXY TCP6 2001:db8::7 2001:db8::1 1 2, 2001:db8::7, 1",
  })
  void version_1_names_the_client_and_leaves_what_follows(String line, String address, int port) {
    ByteBuf in = text(line + "\r\nGET / HTTP/1.1\r\n");

    ProxyHeader header = ProxyHeader.read(in);

    assertThat(header.kind()).isEqualTo(Kind.PROXIED);
    assertThat(header.source()).isEqualTo(IpAddress.parse(address));
    assertThat(header.port()).isEqualTo(port);
    assertThat(in.toString(StandardCharsets.ISO_8859_1)).startsWith("GET / ");
  }

  @Test
  void version_1_may_know_no_client() {
    ByteBuf in = text("PROXY UNKNOWN ffff:f...f:ffff 1 2 x\r\nGET");

    assertThat(ProxyHeader.read(in).kind()).isEqualTo(Kind.LOCAL);
    assertThat(in.readableBytes()).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n",
        "PROXY TCP4  192.0.2.7 198.51.100.1 1 2\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 1 2\n",
        "PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n",
        "PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n",
        "PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 01 2\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 65536 2\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 -1 2\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 +1 2\r\n",
        "PROXY TCP4 localhost 198.51.100.1 1 2\r\n",
        "PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n",
        "PROXY tcp4 192.0.2.7 198.51.100.1 1 2\r\n",
        "PROXY \r\n",
      })
  void version_1_is_read_strictly(String line) {
    ByteBuf in = text(line);

    assertThat(ProxyHeader.read(in).kind()).isEqualTo(Kind.MALFORMED);
    assertThat(in.readerIndex()).isZero();
  }

  @Test
  void version_1_ends_within_107_bytes() {
    assertThat(ProxyHeader.read(text("PROXY UNKNOWN" + " ".repeat(93))).kind())
        .isEqualTo(Kind.INCOMPLETE);
    assertThat(ProxyHeader.read(text("PROXY UNKNOWN" + " ".repeat(94))).kind())
        .isEqualTo(Kind.MALFORMED);
  }

  @Test
  void version_2_names_clients_of_both_families() {
    ProxyHeader four = ProxyHeader.read(hex(V2 + "2111000c c0000207 c6336401 dc04 01bb"));
    ProxyHeader six =
        ProxyHeader.read(
            hex(
                V2
                    + "21210024 20010db8000000000000000000000007"
                    + "20010db8000000000000000000000001 dc04 01bb"));

    assertThat(four.source()).hasToString("192.0.2.7");
    assertThat(four.port()).isEqualTo(56324);
    assertThat(six.source()).isEqualTo(IpAddress.parse("2001:db8::7"));
    assertThat(six.port()).isEqualTo(56324);
  }

  @Test
  void version_2_may_carry_tlvs_which_are_passed_over() {
    ByteBuf in = hex(V2 + "21110014 c0000207 c6336401 dc04 01bb 01 0002 6832 ee 0000 474554");

    assertThat(ProxyHeader.read(in).kind()).isEqualTo(Kind.PROXIED);
    assertThat(in.toString(StandardCharsets.US_ASCII)).isEqualTo("GET");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "20000000", // LOCAL
        "20110003 ffffff", // LOCAL, what follows has no meaning
        "21000000", // PROXY, unspecified
        "21000004 01 0001 00", // unspecified with a TLV
      })
  void version_2_may_know_no_client(String rest) {
    ByteBuf in = hex(V2 + rest);

    assertThat(ProxyHeader.read(in).kind()).isEqualTo(Kind.LOCAL);
    assertThat(in.readableBytes()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1111000c c0000207 c6336401 dc04 01bb", // version 1 in binary
        "2211000c c0000207 c6336401 dc04 01bb", // no such command
        "2112000c c0000207 c6336401 dc04 01bb", // datagrams
        "2141000c c0000207 c6336401 dc04 01bb", // no such family
        "2111000b c0000207 c6336401 dc04 01", // shorter than its addresses
        "2121000c c0000207 c6336401 dc04 01bb", // IPv6 with four bytes
        "2111000e c0000207 c6336401 dc04 01bb 0100", // half a TLV
        "2111000f c0000207 c6336401 dc04 01bb 010001", // a TLV beyond the end
        "21111001", // larger than 4 KiB
      })
  void version_2_is_read_strictly(String rest) {
    ByteBuf in = hex(V2 + rest);

    assertThat(ProxyHeader.read(in).kind()).isEqualTo(Kind.MALFORMED);
    assertThat(in.readerIndex()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"GET / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n", "PROPFIND / HTTP/1.1\r\n", "\u0016"})
  void other_protocols_are_left_alone(String bytes) {
    ByteBuf in = text(bytes);

    assertThat(ProxyHeader.read(in).kind()).isEqualTo(Kind.ABSENT);
    assertThat(in.readerIndex()).isZero();
  }

  @Test
  void a_header_in_parts_is_waited_for_byte_by_byte() {
    ByteBuf one = text("PROXY TCP4 192.0.2.7 198.51.100.1 1 2\r\n");
    ByteBuf two = hex(V2 + "2111000c c0000207 c6336401 dc04 01bb");
    for (ByteBuf whole : new ByteBuf[] {one, two}) {
      for (int length = 0; length < whole.readableBytes(); length++) {
        assertThat(ProxyHeader.read(whole.slice(0, length)).kind()).isEqualTo(Kind.INCOMPLETE);
      }
      assertThat(ProxyHeader.read(whole).kind()).isEqualTo(Kind.PROXIED);
    }
  }

  @Property
  void no_bytes_break_the_reader(@ForAll byte[] tail, @ForAll boolean binary) {
    ByteBuf in =
        Unpooled.wrappedBuffer(binary ? hex(V2) : text("PROXY "), Unpooled.wrappedBuffer(tail));
    int length = in.readableBytes();

    Kind kind = ProxyHeader.read(in).kind();

    boolean consumed = kind == Kind.LOCAL || kind == Kind.PROXIED;
    assertThat(in.readableBytes() < length).isEqualTo(consumed);
  }
}
