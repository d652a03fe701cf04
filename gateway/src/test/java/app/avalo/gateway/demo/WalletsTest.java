package app.avalo.gateway.demo;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.demo.Wallets.Answer;
import app.avalo.gateway.demo.Wallets.Verdict;
import app.avalo.gateway.demo.Wallets.Write;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the reference of a fence lets through; the user paid 5.00 in eu and 1.00 in us. */
class WalletsTest {
  private static final long EU = 1L << 16;
  private static final long US = 3L << 16 | 1;

  private final Wallets wallets = new Wallets();

  @BeforeEach
  void move() {
    wallets.write("maria", new Write(EU, "eu", 500, "one", () -> false));
    wallets.write("maria", new Write(US, "us", 100, "two", () -> false));
  }

  @Test
  void aWriteUnderALowerEpochIsRefusedWithTheHighest() {
    Answer answer = wallets.write("maria", new Write(EU, "eu", 100, "three", () -> false));

    assertThat(answer).isEqualTo(new Answer(Verdict.STALE, 600, US));
    assertThat(wallets.balance("maria")).isEqualTo(600);
    assertThat(wallets.history("maria"))
        .isEqualTo("1 in eu under 65536\n1 in us under 196609\n1 refused\n");
  }

  @Test
  void aWriteWhoseLeaseHasEndedIsRefused() {
    Answer answer = wallets.write("maria", new Write(US, "us", 100, "three", () -> true));

    assertThat(answer.verdict()).isEqualTo(Verdict.LATE);
    assertThat(wallets.balance("maria")).isEqualTo(600);
  }

  @Test
  void aRepeatedWriteIsAnsweredAsTheFirstTimeWhereverItComes() {
    Answer answer = wallets.write("maria", new Write(EU, "eu", 500, "one", () -> true));

    assertThat(answer).isEqualTo(new Answer(Verdict.REPEATED, 500, US));
    assertThat(wallets.balance("maria")).isEqualTo(600);
  }

  @Test
  void writesWithoutAKeyAreAllBooked() {
    wallets.write("maria", new Write(US, "us", 100, "", () -> false));
    wallets.write("maria", new Write(US, "us", 100, "", () -> false));

    assertThat(wallets.balance("maria")).isEqualTo(800);
  }
}
