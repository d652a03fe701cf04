import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.limit.LimitFilter;
import app.avalo.gateway.filter.limit.Limits;
import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.Ticker;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;

/**
 * What a million clients of one limit take of the heap, through the filter of one event loop: a
 * bucket each (local); over a real Redis what it has said of each (exact), and the lease of each as
 * well (leased); and once Redis is gone, a share each besides.
 */
final class Heap {
  private static final int CLIENTS = 1_000_000;
  private static final int AT_ONCE = 256;
  private static final int REPLICAS = 4;
  private static final double MUST_MIB = 100;
  private static boolean missed;

  private Heap() {}

  public static void main(String[] arguments) throws InterruptedException {
    Bandwidth day = Policies.per(100, Duration.ofDays(1), 100);
    Bandwidth hour = Policies.per(50, Duration.ofHours(1), 50);
    rows("local: buckets", clients(day).local().build());
    rows("local: of three rates", clients(Policies.perMinute(20), hour, day).local().build());
    rows("exact: notes", clients(day).build());
    rows("leased: notes and leases", clients(day).leased().build());
    System.exit(missed ? 1 : 0);
  }

  private static Policies clients(Bandwidth... rates) {
    return Policies.named("clients").key(KeyPart.ADDRESS).of(rates);
  }

  private static void rows(String mode, LimitConfig limit) throws InterruptedException {
    try (Loop loop = new Loop();
        RedisServer redis = RedisServer.start()) {
      RedisLink link = loop.link(redis, Duration.ofSeconds(1));
      Plan plan = Policies.plan(limit);
      long before = used();
      Limits limits = new Limits(Ticker.SYSTEM, REPLICAS);
      LimitFilter filter = new LimitFilter(limits, link, "t");
      new Crowd(loop, filter, plan).meet();
      print("a million clients, " + mode, used() - before, limits, CLIENTS);
      if (limit.mode() != LimitConfig.Mode.LOCAL) {
        redis.kill();
        loop.until(Duration.ofSeconds(5), () -> !link.isUp());
        new Crowd(loop, filter, plan).meet();
        print("the same when Redis is gone, and shares", used() - before, limits, 2 * CLIENTS);
      }
    }
  }

  private static void print(String what, long bytes, Limits limits, long kept) {
    double mib = bytes / 1024.0 / 1024;
    boolean good = mib <= MUST_MIB && limits.localBuckets() == kept;
    missed |= !good;
    System.out.printf(
        Locale.ROOT, "%-46s %.1f MiB of heap, %d in tables  %s%n",
        what, mib, limits.localBuckets(), good ? "ok" : "MISSED");
  }

  /** All clients, each with one request, some of them at once. */
  private static final class Crowd implements Next {
    private final Loop loop;
    private final LimitFilter filter;
    private final Plan plan;
    private final CountDownLatch open = new CountDownLatch(CLIENTS);
    private int started; // on the loop

    Crowd(Loop loop, LimitFilter filter, Plan plan) {
      this.loop = loop;
      this.filter = filter;
      this.plan = plan;
    }

    void meet() throws InterruptedException {
      for (int i = 0; i < AT_ONCE; i++) {
        loop.run(this::next);
      }
      open.await();
    }

    private void next() {
      if (started < CLIENTS) {
        int at = started++;
        String address = "10." + (at >> 16) + "." + (at >> 8 & 255) + "." + (at & 255);
        filter.request(Exchanges.on(plan).client(address).live(), this);
      }
    }

    @Override
    public void proceed(Exchange exchange) {
      open.countDown();
      loop.run(this::next);
    }

    @Override
    public void reply(Exchange exchange, Reply.Local reply) {
      proceed(exchange);
    }
  }

  private static long used() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
