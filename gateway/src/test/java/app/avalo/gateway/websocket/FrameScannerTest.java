package app.avalo.gateway.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class FrameScannerTest {
  private static final int[] OPCODES = {0, 1, 2, 9, 10};

  private static Buffer frame(Random random, int opcode) {
    int[] lengths = {0, 1, 125, 126, 127, 65_535, 65_536, random.nextInt(2000)};
    int length = lengths[random.nextInt(lengths.length)];
    boolean masked = random.nextBoolean();
    Buffer frame = Buffer.buffer().appendByte((byte) (0x80 | opcode));
    int mask = masked ? 0x80 : 0;
    if (length < 126) {
      frame.appendByte((byte) (mask | length));
    } else if (length < 65_536) {
      frame.appendByte((byte) (mask | 126)).appendUnsignedShort(length);
    } else {
      frame.appendByte((byte) (mask | 127)).appendLong(length);
    }
    byte[] rest = new byte[length + (masked ? 4 : 0)];
    random.nextBytes(rest);
    return frame.appendBytes(rest);
  }

  @Property(tries = 200)
  void messages_and_boundaries_do_not_depend_on_how_the_bytes_are_split(@ForAll long seed) {
    Random random = new Random(seed);
    Buffer all = Buffer.buffer();
    java.util.Set<Integer> boundaries = new java.util.HashSet<>();
    boundaries.add(0);
    int messages = 0;
    for (int i = 0; i < 12; i++) {
      int opcode = OPCODES[random.nextInt(OPCODES.length)];
      messages += opcode == 1 || opcode == 2 ? 1 : 0;
      all.appendBuffer(frame(random, opcode));
      boundaries.add(all.length());
    }
    FrameScanner scanner = new FrameScanner();
    int counted = 0;
    for (int at = 0; at < all.length(); ) {
      int most = random.nextInt(4) == 0 ? 70_000 : 5;
      int end = Math.min(all.length(), at + 1 + random.nextInt(most));
      counted += scanner.scan(all.slice(at, end));
      at = end;
      assertThat(scanner.isAtBoundary()).as("at " + at).isEqualTo(boundaries.contains(at));
    }
    assertThat(counted).isEqualTo(messages);
    assertThat(scanner.isClosing()).isFalse();
  }

  private static Buffer bare(int first, int length) {
    Buffer frame = Buffer.buffer().appendByte((byte) first).appendByte((byte) 126);
    return frame.appendUnsignedShort(length).appendBytes(new byte[length]);
  }

  @Test
  void frames_that_carry_next_to_nothing_count_as_messages_and_those_of_a_large_one_do_not() {
    FrameScanner scanner = new FrameScanner();
    assertThat(scanner.scan(bare(0x01, 0))).as("begins").isEqualTo(1);
    assertThat(scanner.scan(bare(0x00, 0))).as("goes on with nothing").isEqualTo(1);
    assertThat(scanner.scan(bare(0x00, 1023))).as("with little").isEqualTo(1);
    assertThat(scanner.scan(bare(0x00, 1024))).as("with more").isZero();
    assertThat(scanner.scan(bare(0x80, 3))).as("ends").isZero();
  }

  @Test
  void control_frames_are_counted_by_themselves() {
    FrameScanner scanner = new FrameScanner();
    Buffer pings = Buffer.buffer();
    for (int i = 0; i < 5; i++) {
      pings.appendBuffer(bare(i % 2 == 0 ? 0x89 : 0x8a, 0));
    }
    assertThat(scanner.scan(pings)).isZero();
    assertThat(scanner.controls()).isEqualTo(5);
    scanner.scan(bare(0x82, 9));
    assertThat(scanner.controls()).isZero();
    scanner.scan(CloseFrame.RESTART.toClient());
    assertThat(scanner.controls()).as("a close").isZero();
    scanner.scan(CloseFrame.RESTART.toClient());
    assertThat(scanner.controls()).as("a second close").isEqualTo(1);
  }

  @Test
  void a_close_frame_is_noticed() {
    FrameScanner scanner = new FrameScanner();
    scanner.scan(CloseFrame.RESTART.toClient());
    assertThat(scanner.isClosing()).isTrue();
    assertThat(scanner.isAtBoundary()).isTrue();
  }

  @Test
  void the_gateways_own_close_frames_say_their_code() {
    assertThat(CloseFrame.POLICY.toClient().getBytes()).containsExactly(0x88, 2, 3, 0xf0);
    assertThat(CloseFrame.RESTART.toServer().getBytes())
        .containsExactly(0x88, 0x82, 0, 0, 0, 0, 3, 0xf4);
  }

  @Test
  void an_absurd_length_is_followed_without_harm() {
    FrameScanner scanner = new FrameScanner();
    Buffer head = Buffer.buffer().appendByte((byte) 0x82).appendByte((byte) 127).appendLong(-1);
    assertThat(scanner.scan(head)).isEqualTo(1);
    assertThat(scanner.scan(Buffer.buffer(new byte[10]))).as("fragments of nothing").isEqualTo(5);
  }
}
