package app.avalo.gateway.bench;

import app.avalo.gateway.filter.latency.LatencyModel;
import app.avalo.gateway.filter.latency.LatencyModel.Trust;
import app.avalo.gateway.filter.latency.Ranking;
import app.avalo.gateway.filter.latency.Vantage;
import app.avalo.gateway.filter.latency.World;
import app.avalo.gateway.filter.time.Ticker;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The cost of one decision about eight regions in a warm model, the callers of all cities in turn:
 * three levels of each region, the order, and the region kept. The aim is 300 ns without garbage.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RankingBenchmark {
  private static final int[] FALLBACK = {0, 1, 2, 3, 4, 5, 6, 7};

  private final LatencyModel model = new LatencyModel(12, Ticker.SYSTEM);
  private final Ranking ranking = new Ranking(model);
  private Vantage[] callers = {};
  private int turn;

  @Setup
  public void learn() {
    World world = World.named(1);
    callers = world.cities().stream().map(world::vantage).toArray(Vantage[]::new);
    for (World.City city : world.cities()) {
      for (int region = 0; region < 8; region++) {
        float millis = (float) city.trueMillis()[region];
        model.sample(world.vantage(city), region, millis, Trust.REPORTED);
      }
    }
  }

  @Benchmark
  public int decide() {
    turn = turn + 1 < callers.length ? turn + 1 : 0;
    return ranking.rank(callers[turn], 0xff, FALLBACK, 3, Ranking.Margin.PLAIN).get(0);
  }
}
