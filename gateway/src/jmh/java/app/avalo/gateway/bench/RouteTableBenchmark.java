package app.avalo.gateway.bench;

import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.RouteConfig.PathMatch;
import app.avalo.gateway.config.RouteConfig.PathMatch.Kind;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.plan.PathNormalizer;
import app.avalo.gateway.config.plan.RequestView;
import app.avalo.gateway.config.plan.Route;
import app.avalo.gateway.config.plan.RouteTable;
import app.avalo.gateway.config.unit.AddressRule;
import app.avalo.gateway.config.unit.IpAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The cost of finding the last of many routes; the aim is 400 ns at 10,000, without garbage. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RouteTableBenchmark {
  @Param({"1", "1000", "10000"})
  public int routes;

  @Param({"EXACT", "TEMPLATE", "PREFIX"})
  public Kind kind;

  private RouteTable table = RouteTable.compile(List.of());
  private RequestView request = new Request("/");

  /** Builds the table and a request for its last route. */
  @Setup
  public void setUp() {
    List<Route> all = new ArrayList<>();
    for (int i = 0; i < routes; i++) {
      String variable = kind == Kind.TEMPLATE ? "{user}" : "me";
      all.add(route(i, new PathMatch(kind, "/v1/team" + i % 50 + "/" + variable + "/posts" + i)));
    }
    int last = routes - 1;
    String path = "/v1/team" + last % 50 + "/me/posts" + last;
    table = RouteTable.compile(all);
    request = new Request(kind == Kind.PREFIX ? path + "/7/likes" : path);
    if (table.match(request) != all.get(last)) {
      throw new IllegalStateException("not the last route");
    }
  }

  /** Route of the request. */
  @Benchmark
  public @Nullable Route match() {
    return table.match(request);
  }

  /** Normal form of a clean path. */
  @Benchmark
  public @Nullable String normalize() {
    return PathNormalizer.normalize(request.path());
  }

  private static Route route(int ordinal, PathMatch path) {
    Duration second = Duration.ofSeconds(1);
    RouteConfig config =
        new RouteConfig(
            "route" + ordinal,
            new RouteConfig.Match(
                List.of("*.avalo.app"), path, List.of("GET"), List.of(), List.of(), List.of()),
            new RouteConfig.Respond(204, "text/plain", ""),
            new RouteConfig.Access(RouteConfig.Need.OPTIONAL, List.of(), List.of(), List.of()),
            List.of(),
            null,
            new RouteConfig.Rewrite(null, null, null),
            RouteConfig.HeaderEdits.NONE,
            RouteConfig.HeaderEdits.NONE,
            null,
            0,
            new ServiceConfig.Timeouts(second, second, second, second, second),
            new ServiceConfig.Retry(1, Set.of(), Set.of(), false, false, false));
    AddressRule all = AddressRule.of(List.of(), List.of());
    return new Route(ordinal, config, List.of(), List.of(), List.of(), 0, null, all);
  }

  private record Request(String path) implements RequestView {
    private static final IpAddress CLIENT = IpAddress.v4(0x7f000001);

    @Override
    public String method() {
      return "GET";
    }

    @Override
    public String host() {
      return "api.avalo.app";
    }

    @Override
    public @Nullable String header(String name) {
      return null;
    }

    @Override
    public @Nullable String query(String name) {
      return null;
    }

    @Override
    public IpAddress client() {
      return CLIENT;
    }
  }
}
