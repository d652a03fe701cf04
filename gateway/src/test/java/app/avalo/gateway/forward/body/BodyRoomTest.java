package app.avalo.gateway.forward.body;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What one loop holds of bodies at once. */
class BodyRoomTest {
  private final BodyRoom room = new BodyRoom(100);

  @Test
  void nobody_gets_more_than_is_left() {
    assertThat(room.take(60)).isTrue();

    assertThat(room.take(41)).isFalse();
    assertThat(room.take(40)).isTrue();
    assertThat(room.taken()).isEqualTo(100);
  }

  @Test
  void what_is_given_back_can_be_taken_again() {
    room.take(100);

    room.give(30);

    assertThat(room.take(31)).isFalse();
    assertThat(room.take(30)).isTrue();
  }

  @Test
  void all_loops_of_a_machine_leave_most_of_its_heap_alone() {
    BodyRoom own = BodyRoom.ofHeap();

    int fair = (int) Math.min(64 << 20, Runtime.getRuntime().maxMemory() / 16);
    assertThat(own.take(fair)).isTrue();
    assertThat(own.take(1)).isFalse();
  }
}
