package app.avalo.gateway.region.recovery;

import app.avalo.gateway.filter.time.Ticker;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures each {@link Recovery}. One is over when nothing of the service touched the lost region
 * for three seconds while another served it, or when it is back. Control loop only, reading
 * excepted.
 */
public final class Recoveries {
  /** Without a touch for so long, nobody is left there. */
  static final Duration QUIET = Duration.ofSeconds(3);

  static final int KEPT = 50;
  private static final Logger LOG = LoggerFactory.getLogger(Recoveries.class);

  private final Ticker ticker;
  private final Scene scene;
  private final Map<Where, Open> open = new LinkedHashMap<>();
  private final Deque<Recovery> ended = new ArrayDeque<>();
  private final Map<String, Counts> counts = new ConcurrentHashMap<>();
  private Consumer<Recovery> late = recovery -> {};
  private volatile List<Recovery> snapshot = List.of(); // control loop

  /** What can be seen of a service in a region. */
  public interface Scene {
    /** When an attempt of the service last succeeded or failed in the region. */
    long touchedNanos(String service, String region);

    /** Whether another region serves the service without a doubt. */
    boolean isServedElsewhere(String service, String region);

    /** Whether the service has its region and an endpoint there again, or is no longer there. */
    boolean isBack(String service, String region);
  }

  /**
   * A service that has just lost a region.
   *
   * @param evidenceNanos when the first evidence began
   * @param verdictNanos when its requests began to go elsewhere
   * @param objective how long it may take, or null
   */
  public record Loss(
      String service,
      String region,
      long evidenceNanos,
      long verdictNanos,
      @Nullable Duration objective) {}

  private record Where(String service, String region) {}

  private static final class Open {
    final Loss loss;
    final long beganEpochMillis;
    long servedElsewhereNanos;
    boolean late; // and told

    Open(Loss loss, long beganEpochMillis) {
      this.loss = loss;
      this.beganEpochMillis = beganEpochMillis;
      this.servedElsewhereNanos = loss.evidenceNanos();
    }
  }

  /**
   * Recoveries of one service.
   *
   * @param inTime that are over, within the objective or without one
   * @param late whose objective has passed, over or not
   */
  public record Counts(LongAdder inTime, LongAdder late) {
    /** Of a service that has not lost any region yet. */
    public static Counts none(String service) {
      return new Counts(new LongAdder(), new LongAdder());
    }
  }

  public Recoveries(Ticker ticker, Scene scene) {
    this.ticker = ticker;
    this.scene = scene;
  }

  /** Begins to measure; what is being measured already goes on. */
  public void began(Loss loss) {
    long ago = (ticker.nanos() - loss.evidenceNanos()) / 1_000_000;
    open.putIfAbsent(
        new Where(loss.service(), loss.region()), new Open(loss, ticker.epochMillis() - ago));
  }

  /** Looks at those that are not over. */
  public void tick() {
    if (open.isEmpty()) {
      return;
    }
    long now = ticker.nanos();
    for (Open each : List.copyOf(open.values())) {
      Loss loss = each.loss;
      boolean back = scene.isBack(loss.service(), loss.region());
      boolean elsewhere = scene.isServedElsewhere(loss.service(), loss.region());
      if (!elsewhere) {
        each.servedElsewhereNanos = now;
      }
      if (!each.late && measured(each, false).isLate()) {
        late(each);
      }
      if (back || elsewhere && now - endNanos(each) >= QUIET.toNanos()) {
        open.remove(new Where(loss.service(), loss.region()));
        end(each);
      }
    }
    List<Recovery> all = new ArrayList<>(ended);
    open.values().forEach(each -> all.add(measured(each, false)));
    snapshot = List.copyOf(all);
  }

  private long endNanos(Open each) {
    Loss loss = each.loss;
    long touched = scene.touchedNanos(loss.service(), loss.region());
    long end = loss.verdictNanos();
    end = touched - end > 0 ? touched : end;
    return each.servedElsewhereNanos - end > 0 ? each.servedElsewhereNanos : end;
  }

  private Recovery measured(Open each, boolean over) {
    Loss loss = each.loss;
    Duration objective = loss.objective();
    return new Recovery(
        loss.service(),
        loss.region(),
        each.beganEpochMillis,
        Math.max(0, endNanos(each) - loss.evidenceNanos()) / 1_000_000,
        objective == null ? null : (Long) objective.toMillis(),
        over);
  }

  /** Told as soon as it is so: there may be time to help. */
  private void late(Open each) {
    Loss loss = each.loss;
    each.late = true;
    counts(loss.service()).late().increment();
    Recovery recovery = measured(each, false);
    LOG.atWarn()
        .addKeyValue("service", loss.service())
        .addKeyValue("region", loss.region())
        .addKeyValue("objectiveMillis", recovery.objectiveMillis())
        .log("service is not out of a lost region in time");
    late.accept(recovery);
  }

  /** Hears of each that is late, once, as soon as it is; set before the first loss. */
  public void onLate(Consumer<Recovery> listener) {
    late = listener;
  }

  private Counts counts(String service) {
    return counts.computeIfAbsent(service, Counts::none);
  }

  private void end(Open each) {
    Recovery recovery = measured(each, true);
    if (!each.late) {
      counts(recovery.service()).inTime().increment();
    }
    if (ended.size() == KEPT) {
      ended.removeFirst();
    }
    ended.addLast(recovery);
    (recovery.isLate() ? LOG.atWarn() : LOG.atInfo())
        .addKeyValue("service", recovery.service())
        .addKeyValue("region", recovery.region())
        .addKeyValue("millis", recovery.millis())
        .addKeyValue("objectiveMillis", recovery.objectiveMillis())
        .log("service recovered from a lost region");
  }

  /** The last fifty and those that are not over, oldest first; any thread. */
  public List<Recovery> all() {
    return snapshot;
  }

  /** By service; any thread. */
  public Map<String, Counts> counts() {
    return counts;
  }
}
