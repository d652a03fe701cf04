package app.avalo.gateway.forward.choice;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WaitingTest {
  @Test
  void a_thousand_of_all_loops_wait_and_nobody_else() {
    Waiting one = new Waiting(4);
    for (int i = 0; i < 250; i++) {
      assertThat(one.enter()).isTrue();
    }
    assertThat(one.enter()).isFalse();
    assertThat(one.count()).isEqualTo(250);
    one.leave();
    assertThat(one.enter()).isTrue();
  }
}
