package app.avalo.gateway.filter.redis;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RefusalsTest {
  private final VirtualTime time = new VirtualTime();
  private final Refusals refusals = new Refusals(time);

  private int told(int calls, String script, String error) {
    int told = 0;
    for (int i = 0; i < calls; i++) {
      told += refusals.untold(script, error + " key " + i) >= 0 ? 1 : 0;
    }
    return told;
  }

  @Test
  void ofAThousandAlikeOneIsToldAndLaterHowManyWereNot() {
    assertThat(told(1000, "bucket", "NOREPLICAS")).isEqualTo(1);
    assertThat(told(1000, "bucket", "OOM")).as("another error").isEqualTo(1);
    assertThat(told(1000, "lease", "OOM")).as("another script").isEqualTo(1);

    time.advance(Duration.ofSeconds(10));

    assertThat(refusals.untold("bucket", "NOREPLICAS again")).isEqualTo(999);
    assertThat(refusals.untold("bucket", "NOREPLICAS again")).isEqualTo(-1);
  }

  @Test
  void errorsOfAllKindsFillNoMemory() {
    for (int i = 0; i < 100_000; i++) {
      refusals.untold("script", "E" + i);
    }

    assertThat(refusals.kinds()).isLessThanOrEqualTo(100);
  }
}
