package app.avalo.gateway.observe.source;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.filter.pin.PinAdmin;
import app.avalo.gateway.filter.pin.cell.PinMap;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.keep.Keepers;
import app.avalo.gateway.observe.MetricSources;
import app.avalo.gateway.observe.MetricSources.Sample;
import app.avalo.gateway.observe.SourceMetric;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What the maps of pins say, for metrics: as this gateway has them when it is asked. */
public final class PinSources {
  private final Keepers keepers;
  private final Supplier<Plan> plan;
  private final Ticker ticker;

  public PinSources(Keepers keepers, Supplier<Plan> plan, Ticker ticker) {
    this.keepers = keepers;
    this.plan = plan;
    this.ticker = ticker;
  }

  public void connect(MetricSources sources) {
    sources.set(SourceMetric.PIN_LEASE, this::leases);
    sources.set(SourceMetric.PIN_CELLS, this::cells);
    sources.set(SourceMetric.PIN_MOVING, this::moving);
    sources.set(SourceMetric.PIN_PHASE, this::phases);
  }

  private List<Sample> leases() {
    List<Sample> samples = new ArrayList<>();
    for (String group : PinAdmin.groups(plan.get())) {
      double left = keepers.of(group).view().leaseNanos(ticker.nanos()) / 1e9;
      samples.add(Sample.of(left, group));
    }
    return samples;
  }

  private List<Sample> cells() {
    List<Sample> samples = new ArrayList<>();
    for (String group : PinAdmin.groups(plan.get())) {
      Map<Integer, Integer> counts = new HashMap<>();
      map(group).each(homes(), (key, owner) -> counts.merge(owner.region(), 1, Integer::sum));
      for (Region region : plan.get().regions()) {
        int cells = counts.getOrDefault(region.config().index(), 0);
        samples.add(Sample.of(cells, group, region.name()));
      }
    }
    return samples;
  }

  private List<Sample> moving() {
    List<Sample> samples = new ArrayList<>();
    for (String group : PinAdmin.groups(plan.get())) {
      int[] moving = new int[1];
      map(group).each(homes(), (key, owner) -> moving[0] += owner.moving() ? 1 : 0);
      samples.add(Sample.of(moving[0], group));
    }
    return samples;
  }

  private List<Sample> phases() {
    List<Sample> samples = new ArrayList<>();
    for (String group : PinAdmin.groups(plan.get())) {
      for (Region region : plan.get().regions()) {
        int phase = map(group).region(region.config().index()).phase().ordinal();
        samples.add(Sample.of(phase, group, region.name()));
      }
    }
    return samples;
  }

  private PinMap map(String group) {
    return keepers.of(group).view().map();
  }

  private List<Integer> homes() {
    return plan.get().regions().stream().map(region -> region.config().index()).toList();
  }
}
