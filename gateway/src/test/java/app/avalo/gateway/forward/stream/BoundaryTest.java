package app.avalo.gateway.forward.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Places where a stream may end, however it is cut into chunks. */
class BoundaryTest {
  private static boolean endsWell(Boundary boundary, String... chunks) {
    for (String chunk : chunks) {
      boundary.pass(Buffer.buffer(chunk.replace('|', '\n').replace('<', '\r')));
    }
    return boundary.isAt();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "data: a||", "data: a<|<|", "data: a<<", "data: a||:c||", "||"})
  void anEventIsOverBehindAnEmptyLine(String stream) {
    assertThat(endsWell(new EventBoundary(), stream)).isTrue();
    assertThat(endsWell(new EventBoundary(), stream.split(""))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"d", "data: a|", "data: a<|", "data: a||d", "data: a<|<", "a|<|"})
  void withinAnEventItIsNot(String stream) {
    assertThat(endsWell(new EventBoundary(), stream)).isFalse();
    assertThat(endsWell(new EventBoundary(), stream.split(""))).isFalse();
  }

  @Test
  void anEventUnderWayIsFollowedToItsEndAndNoFurther() {
    EventBoundary boundary = new EventBoundary();
    boundary.pass(Buffer.buffer("data: a\n"));

    int passed = boundary.passToNext(Buffer.buffer("data: b\n\ndata: c\n\n"));

    assertThat(passed).isEqualTo("data: b\n\n".length());
    assertThat(boundary.isAt()).isTrue();
  }

  @Test
  void messagesAreFollowedHoweverTheyAreCut() {
    Buffer stream = Buffer.buffer();
    boolean[] ends = new boolean[4000];
    SplittableRandom random = new SplittableRandom(5);
    ends[0] = true;
    while (stream.length() < 3000) {
      int length = random.nextInt(300);
      stream.appendByte((byte) 0).appendInt(length).appendBytes(new byte[length]);
      ends[stream.length()] = true;
    }
    for (int round = 0; round < 200; round++) {
      MessageBoundary boundary = new MessageBoundary();
      int at = 0;
      while (at < stream.length()) {
        int size = Math.min(stream.length() - at, 1 + random.nextInt(400));
        boundary.pass(stream.getBuffer(at, at + size));
        at += size;
        assertThat(boundary.isAt()).as("at %d", at).isEqualTo(ends[at]);
      }
    }
  }

  @Test
  void aMessageUnderWayIsFollowedToItsEnd() {
    MessageBoundary boundary = new MessageBoundary();
    boundary.pass(Buffer.buffer(new byte[] {0, 0, 0}));

    int passed = boundary.passToNext(Buffer.buffer(new byte[] {0, 2, 7, 7, 0, 0, 0}));

    assertThat(passed).isEqualTo(4);
    assertThat(boundary.isAt()).isTrue();
  }
}
