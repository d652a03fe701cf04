import app.avalo.gateway.config.LimitConfig;
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
import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.time.Ticker;
import io.netty.channel.EventLoop;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * How long an exact decision takes on one event loop, over loopback to a real Redis as it comes,
 * from when the filter has the request until it lets it pass or not: all of what a request waits
 * longer. The loop has the transport of a gateway. Either the same clients come back every other
 * second, so Redis has their buckets; or each is a stranger, so Redis makes as many buckets as it
 * forgets, which it does ten times a second while whoever calls waits.
 */
final class Latency {
  private static final int KEYS = 10_000;

  /** Seconds of strangers before the first are met again: by then Redis has forgotten them. */
  private static final int STRANGE_SECONDS = 12;

  /** That count; and that are tried, should the host take processors away. */
  private static final int SECONDS = 15;

  private static final int MOST_SECONDS = 60;

  /** Of a second's two or more thousand, up to which it counts as ours: what can be told from none. */
  private static final long STOLEN_MILLIS = 10;

  private static final Script NOTHING = Script.of("nothing", "return 1");
  private static boolean missed;

  private final Loop loop = new Loop();
  private final RedisServer server = RedisServer.start();
  private final RedisLink link;
  private final LimitFilter[] filters = new LimitFilter[1 + STRANGE_SECONDS];
  private final Exchange[] exchanges;
  private int second;

  private Latency(int keys) {
    link = loop.link(server, Duration.ofMillis(20));
    for (int i = 0; i < filters.length; i++) {
      filters[i] = new LimitFilter(new Limits(Ticker.SYSTEM, 1), link, "t" + i);
    }
    LimitConfig limit =
        Policies.named("wide")
            .key(KeyPart.USER)
            .of(Policies.per(1_000_000, Duration.ofSeconds(1), 1_000_000))
            .build();
    Plan plan = Policies.plan(limit);
    exchanges = new Exchange[keys];
    for (int i = 0; i < keys; i++) {
      exchanges[i] = Exchanges.on(plan).user("user" + i).live();
    }
  }

  /** Decides one request, and says on the loop how many nanoseconds it took. */
  private void decide(int key, LongConsumer decided) {
    decide(filters[0], key, decided);
  }

  /** The same for somebody else of the same name: the names of buckets begin with the second. */
  private void decideStrange(int key, LongConsumer decided) {
    decide(filters[1 + second % STRANGE_SECONDS], key, decided);
  }

  private void decide(LimitFilter filter, int key, LongConsumer decided) {
    long asked = System.nanoTime();
    filter.request(
        exchanges[key],
        new Next() {
          @Override
          public void proceed(Exchange exchange) {
            decided.accept(System.nanoTime() - asked);
            exchange.limits(List.of()); // as if it were over, or collections would carry it on
          }

          @Override
          public void reply(Exchange exchange, Reply.Local reply) {
            proceed(exchange);
          }
        });
  }

  /** A call of Redis that decides nothing: what the machine takes for the round trip alone. */
  private void call(int key, LongConsumer called) {
    long asked = System.nanoTime();
    link.run(NOTHING, List.of("t:" + key), List.of())
        .onComplete(answer -> called.accept(System.nanoTime() - asked));
  }

  private interface Question {
    void ask(int key, LongConsumer answered);
  }

  /**
   * A second of questions about many keys at a steady pace, whatever became of those before. The
   * loop itself asks, between what it reads: a thread that wakes it would want a processor beside
   * it and Redis, and be measured with them.
   */
  private long[] paced(int perSecond, Question question) throws InterruptedException {
    long[] took = new long[perSecond];
    CountDownLatch open = new CountDownLatch(perSecond);
    loop.run(() -> new Pace(question, took, open).run());
    open.await();
    return took;
  }

  /** Asks what is due in each turn of the loop. */
  private final class Pace implements Runnable {
    private final EventLoop eventLoop = ((ContextInternal) Vertx.currentContext()).nettyEventLoop();
    private final long start = System.nanoTime();
    private final Question question;
    private final long[] took;
    private final CountDownLatch open;
    private int asked;

    Pace(Question question, long[] took, CountDownLatch open) {
      this.question = question;
      this.took = took;
      this.open = open;
    }

    @Override
    public void run() {
      while (asked < took.length && dueInNanos() <= 0) {
        int at = asked++;
        question.ask(
            at * 7919 % KEYS,
            nanos -> {
              took[at] = nanos;
              open.countDown();
            });
      }
      if (asked < took.length) {
        eventLoop.schedule(this, dueInNanos(), TimeUnit.NANOSECONDS);
      }
    }

    private long dueInNanos() {
      return start + asked * 1_000_000_000L / took.length - System.nanoTime();
    }
  }

  /**
   * Seconds of questions: all of them, and those in which the machine had its processors. What the
   * host of a virtual machine gives to others meanwhile stops loop and Redis for milliseconds each
   * time; that is in the figure of all, and what must be holds for the others. The second in the
   * middle shows whether one that stood still made the figure.
   */
  private final class Seconds {
    private final Question question;
    private final List<long[]> all = new ArrayList<>();
    private final List<long[]> own = new ArrayList<>();

    Seconds(Question question) {
      this.question = question;
    }

    void next() throws InterruptedException {
      long before = Processors.stolenMillis();
      long[] took = paced(10_000, question);
      all.add(took);
      if (Processors.stolenMillis() - before <= STOLEN_MILLIS) {
        own.add(took);
      }
    }

    boolean enough() {
      return own.size() == SECONDS || all.size() == MOST_SECONDS;
    }

    void print(String what, double mustMillis) {
      if (own.size() < SECONDS / 3) {
        missed = true;
        System.out.printf("%-46s UNKNOWN: the host took processors away%n", what);
      } else {
        Latency.print(what + ", " + own.size() + " s", together(own), mustMillis);
        Latency.print("  its median second", median(own), Double.MAX_VALUE);
      }
      Latency.print("  of all " + all.size() + " s", together(all), Double.MAX_VALUE);
    }
  }

  /** Seconds of decisions and of mere calls in turn, so that both meet the same neighbours. */
  private void compare() throws InterruptedException {
    Seconds decisions = new Seconds(this::decide);
    Seconds calls = new Seconds(this::call);
    while (!decisions.enough()) {
      decisions.next();
      calls.next();
    }
    decisions.print("exact, 10,000/s, 10,000 keys", 1.5);
    calls.print("a call that decides nothing", Double.MAX_VALUE);
  }

  /** Nothing but strangers, when as many are forgotten as come. */
  private void strangers() throws InterruptedException {
    Seconds decisions = new Seconds(this::decideStrange);
    for (int i = 0; i < STRANGE_SECONDS; i++) {
      paced(10_000, this::decideStrange);
      second++;
    }
    while (!decisions.enough()) {
      decisions.next();
      second++;
    }
    decisions.print("exact, 10,000/s, each a new key", 1.5);
  }

  private static long[] together(List<long[]> seconds) {
    return seconds.stream().flatMapToLong(Arrays::stream).toArray();
  }

  private static long[] median(List<long[]> seconds) {
    seconds.forEach(Arrays::sort);
    return seconds.stream()
        .sorted(Comparator.comparingLong(second -> second[second.length / 100 * 99]))
        .toList()
        .get(seconds.size() / 2);
  }

  /** So many requests for one key at any time, each followed by the next. */
  private long[] crowd(int width, int count) throws InterruptedException {
    long[] took = new long[count];
    CountDownLatch open = new CountDownLatch(count);
    int[] started = {0};
    Runnable[] next = new Runnable[1];
    next[0] =
        () -> {
          int at = started[0]++;
          if (at < count) {
            decide(
                0,
                nanos -> {
                  took[at] = nanos;
                  open.countDown();
                  loop.run(next[0]);
                });
          }
        };
    loop.run(
        () -> {
          for (int i = 0; i < width; i++) {
            next[0].run();
          }
        });
    open.await();
    return took;
  }

  private static void print(String what, long[] took, double mustMillis) {
    Arrays.sort(took);
    double p99 = took[took.length / 100 * 99] / 1e6;
    boolean good = p99 <= mustMillis;
    missed |= !good;
    System.out.printf(
        Locale.ROOT,
        "%-46s p50 %.3f   p99 %.3f   p99.9 %.3f ms  %s%n",
        what,
        took[took.length / 2] / 1e6,
        p99,
        took[(int) (took.length * 0.999)] / 1e6,
        mustMillis == Double.MAX_VALUE ? "" : good ? "ok" : "MISSED");
  }

  private void close() {
    loop.close();
    server.close();
  }

  public static void main(String[] arguments) throws InterruptedException {
    Latency many = new Latency(KEYS);
    for (int i = 0; i < 15; i++) { // a cold machine compiles
      many.paced(10_000, many::decide);
      many.paced(10_000, many::call);
    }
    many.compare();
    many.strangers();
    many.close();
    Latency one = new Latency(1);
    one.crowd(400, 1_000_000);
    print("exact, 400 at once, one key", one.crowd(400, 1_000_000), 10);
    one.close();
    System.exit(missed ? 1 : 0);
  }
}
