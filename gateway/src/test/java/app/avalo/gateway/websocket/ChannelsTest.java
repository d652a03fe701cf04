package app.avalo.gateway.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChannelsTest {
  private static final String GRAPHQL = "graphql-transport-ws";

  private static Channels channels(String protocol, int most) {
    return Objects.requireNonNull(Channels.of(protocol, null, most));
  }

  private static FrameScanner reading(@Nullable Channels channels) {
    return new FrameScanner(MessageStart.ofClient(channels));
  }

  private static Buffer frame(int first, String text, int mask) {
    byte[] payload = text.getBytes(StandardCharsets.UTF_8);
    Buffer frame = Buffer.buffer().appendByte((byte) first);
    int masked = mask == 0 ? 0 : 0x80;
    if (payload.length < 126) {
      frame.appendByte((byte) (masked | payload.length));
    } else {
      frame.appendByte((byte) (masked | 126)).appendUnsignedShort(payload.length);
    }
    if (mask != 0) {
      frame.appendInt(mask);
    }
    for (int i = 0; i < payload.length; i++) {
      frame.appendByte((byte) (payload[i] ^ mask >>> (3 - (i & 3)) * 8));
    }
    return frame;
  }

  private static Buffer text(String text) {
    return frame(0x81, text, 0x12345678);
  }

  private static String subscribe(String id) {
    return "SUBSCRIBE\nid:" + id + "\ndestination:/room/" + id + "\n\n\0";
  }

  @Test
  void oneMoreThanMayBeOpenIsTooMany() {
    Channels channels = channels("v12.stomp", 2);
    FrameScanner client = reading(channels);
    client.scan(text(subscribe("1")));
    client.scan(text(subscribe("2")));
    client.scan(text(subscribe("2")));
    assertThat(channels.isFull()).as("the same twice is one").isFalse();

    client.scan(text(subscribe("3")));

    assertThat(channels.isFull()).isTrue();
  }

  @Test
  void aChannelThatIsLeftMakesRoomAndOneThatNeverWasDoesNot() {
    Channels channels = channels("v11.stomp", 1);
    FrameScanner client = reading(channels);
    client.scan(text(subscribe("1")));
    client.scan(text("UNSUBSCRIBE\nid:1\n\n\0"));
    client.scan(text(subscribe("2")));
    assertThat(channels.isFull()).isFalse();

    client.scan(text("UNSUBSCRIBE\nid:9\n\n\0"));
    client.scan(text(subscribe("3")));

    assertThat(channels.isFull()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "graphql-transport-ws | subscribe | complete",
        "graphql-ws | start | stop",
      })
  void subscriptionsOfGraphqlAreChannels(String protocol, String opens, String closes) {
    Channels channels = channels(protocol, 1);
    FrameScanner client = reading(channels);
    client.scan(text("{\"type\":\"connection_init\"}"));
    client.scan(text("{\"id\":\"a\",\"type\":\"" + opens + "\",\"payload\":{\"query\":\"{x}\"}}"));
    client.scan(text("{\"id\":\"a\",\"type\":\"" + closes + "\"}"));
    client.scan(text("{\"payload\":{\"id\":7},\"type\":\"" + opens + "\",\"id\":\"b\"}"));
    assertThat(channels.isFull()).isFalse();

    client.scan(text("{\"type\":\"" + opens + "\",\"id\":\"c\",\"payload\":" + "9".repeat(900)));

    assertThat(channels.isFull()).isTrue();
  }

  @Test
  void theServiceEndsChannelsAsWell() {
    Channels channels = channels(GRAPHQL, 1);
    FrameScanner client = reading(channels);
    FrameScanner server = new FrameScanner(MessageStart.ofService(channels));
    client.scan(text("{\"id\":\"a\",\"type\":\"subscribe\"}"));
    server.scan(frame(0x81, "{\"id\":\"a\",\"type\":\"complete\"}", 0));

    client.scan(text("{\"id\":\"b\",\"type\":\"subscribe\"}"));

    assertThat(channels.isFull()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "v12.stomp | '\n\r\nSUBSCRIBE\nid:b\n\n\0'",
        "v12.stomp | 'SUBSCRIBE\nx:LONG\nid:b\n\n\0'",
        "v12.stomp | 'LONG\nid:b\n\n\0'",
        "graphql-transport-ws | '{\"payload\":{\"query\":\"LONG\"},\"type\":\"subscribe\",\"id\":\"b\"}'",
        "graphql-transport-ws | '{\"type\":\"subscribe\",\"payload\":{\"query\":\"LONG\"},\"id\":\"b\"}'",
        "graphql-transport-ws | '{\"type\":\"ping\",\"type\":\"subscribe\",\"id\":\"b\"}'",
        "graphql-transport-ws | '{\"type\":\"LONG\",\"type\":\"subscribe\",\"id\":\"b\"}'",
      })
  void howASubscriptionIsWrittenMakesNoRoom(String protocol, String message) {
    Channels channels = channels(protocol, 2);
    FrameScanner client = reading(channels);
    for (int i = 0; i < 3; i++) {
      assertThat(channels.isFull()).as("%s are open", i).isFalse();
      String text = message.replace("LONG", "x".repeat(600));
      client.scan(text(text.replace("id:b", "id:" + i).replace("\"b\"", "\"" + i + "\"")));
    }

    assertThat(channels.isFull()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "v12.stomp | 'UNSUBSCRIBE\nx:LONG\nid:1\n\n\0'",
        "graphql-transport-ws | '{\"type\":\"complete\",\"id\":\"1\",\"payload\":\"LONG\",\"type\":\"subscribe\"}'",
      })
  void whatIsTooLongToBeReadMakesNoRoom(String protocol, String message) {
    Channels channels = channels(protocol, 1);
    FrameScanner client = reading(channels);
    String opens =
        protocol.equals(GRAPHQL) ? "{\"type\":\"subscribe\",\"id\":\"N\"}" : subscribe("N");
    client.scan(text(opens.replace("N", "1")));

    client.scan(text(message.replace("LONG", "x".repeat(600))));
    client.scan(text(opens.replace("N", "2")));

    assertThat(channels.isFull()).isTrue();
  }

  @Test
  void whatTheServiceSaysOpensNothing() {
    Channels channels = channels(GRAPHQL, 1);
    FrameScanner server = new FrameScanner(MessageStart.ofService(channels));
    for (int i = 0; i < 3; i++) {
      server.scan(frame(0x81, "{\"payload\":\"" + "x".repeat(600) + "\",\"id\":\"" + i + "\"}", 0));
      server.scan(frame(0x81, "{\"type\":\"subscribe\",\"id\":\"" + i + "\"}", 0));
    }

    assertThat(channels.isFull()).isFalse();
  }

  @Test
  void longMessagesThatSayWhatTheyAreOpenNothing() {
    Channels channels = channels(GRAPHQL, 1);
    FrameScanner client = reading(channels);
    for (int i = 0; i < 3; i++) {
      client.scan(text("{\"type\":\"connection_init\",\"payload\":\"" + "x".repeat(600) + "\"}"));
    }

    assertThat(channels.isFull()).isFalse();
  }

  @Property(tries = 200)
  void howMessagesAreSplitChangesNothing(@ForAll long seed) {
    Random random = new Random(seed);
    Buffer all = Buffer.buffer();
    for (int i = 0; i < 3; i++) {
      String whole = subscribe("" + i);
      int cut = random.nextInt(whole.length());
      all.appendBuffer(frame(0x01, whole.substring(0, cut), random.nextInt()));
      all.appendBuffer(frame(0x89, "SUBSCRIBE\nid:ping\n", random.nextInt()));
      all.appendBuffer(frame(0x80, whole.substring(cut), random.nextInt()));
    }
    Channels two = channels("v12.stomp", 2);
    Channels three = channels("v12.stomp", 3);
    FrameScanner ofTwo = reading(two);
    FrameScanner ofThree = reading(three);
    for (int at = 0; at < all.length(); ) {
      int end = Math.min(all.length(), at + 1 + random.nextInt(9));
      ofTwo.scan(all.slice(at, end));
      ofThree.scan(all.slice(at, end));
      at = end;
    }

    assertThat(two.isFull()).isTrue();
    assertThat(three.isFull()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "null", "[]", "{", "{\"type\":{}}", "\0\1\2", "SUBSCRIBE"})
  void whatIsNoneOfItsMessagesIsNoChannel(String message) {
    Channels channels = channels(GRAPHQL, 1);
    FrameScanner client = reading(channels);
    client.scan(text("{\"id\":\"a\",\"type\":\"subscribe\"}"));

    client.scan(text(message));

    assertThat(channels.isFull()).isFalse();
  }

  @Test
  void nothingIsCountedWhereNothingCanBeSeen() {
    assertThat(Channels.of("v12.stomp", null, 0)).isNull();
    assertThat(Channels.of(null, null, 1)).isNull();
    assertThat(Channels.of("mqtt", null, 1)).isNull();
    assertThat(Channels.of("v12.stomp", "permessage-deflate", 1)).isNull();
  }
}
