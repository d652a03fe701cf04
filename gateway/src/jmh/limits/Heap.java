import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.CompactBuckets;
import app.avalo.gateway.filter.limit.bucket.Reading;
import app.avalo.gateway.filter.limit.bucket.Room;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.time.Ticker;
import java.time.Duration;
import java.util.Locale;

/** What the buckets of a million clients take of the heap. */
final class Heap {
  private static final int CLIENTS = 1_000_000;
  private static final double MUST_MIB = 100;

  private Heap() {}

  public static void main(String[] arguments) {
    LimitConfig limit =
        Policies.named("clients")
            .key(KeyPart.ADDRESS)
            .of(Policies.per(100, Duration.ofDays(1), 100))
            .build();
    Shape shape = Shape.of(limit.allowance());
    long before = used();
    CompactBuckets table = new CompactBuckets(shape, Ticker.SYSTEM, new Room(1L << 30));
    Reading reading = new Reading();
    for (int i = 0; i < CLIENTS; i++) {
      BucketKey key = BucketKey.parse(limit, "", "a=" + IpAddress.v4(0x0a000000 + i));
      table.take(key, shape, 1, reading);
    }
    double mib = (used() - before) / 1024.0 / 1024;
    boolean good = mib <= MUST_MIB && table.size() == CLIENTS;
    System.out.printf(
        Locale.ROOT, "%-46s %.1f MiB of heap, %d kept  %s%n",
        "a million clients", mib, table.size(), good ? "ok" : "MISSED");
    System.exit(good ? 0 : 1);
  }

  private static long used() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
