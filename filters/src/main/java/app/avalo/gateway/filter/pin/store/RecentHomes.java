package app.avalo.gateway.filter.pin.store;

import app.avalo.gateway.filter.time.Ticker;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What this process has seen of a remote store. Homes never change, so that what was seen once
 * needs no second look, only renewal. One for all loops; safe from every thread.
 */
public final class RecentHomes {
  private static final int MOST = 200_000;

  private final Ticker ticker;
  private final Cache<PinKey, Seen> seen;

  private record Seen(int region, long atNanos) {}

  public RecentHomes(Ticker ticker) {
    this.ticker = ticker;
    this.seen = Caffeine.newBuilder().maximumSize(MOST).executor(Runnable::run).build();
  }

  /** Region index, or {@link HomeStore#UNKNOWN}. */
  int region(PinKey key) {
    Seen found = seen.getIfPresent(key);
    return found == null ? HomeStore.UNKNOWN : found.region();
  }

  /** Whether half of a life is over since the store last said so; true once in that time. */
  boolean needsRenewal(PinKey key, Duration ttl) {
    @Nullable Seen found = ttl.isZero() ? null : seen.getIfPresent(key);
    long nowNanos = ticker.nanos();
    return found != null
        && nowNanos - found.atNanos() >= ttl.toNanos() / 2
        && seen.asMap().replace(key, found, new Seen(found.region(), nowNanos));
  }

  void saw(PinKey key, Home home) {
    seen.put(key, new Seen(home.region(), ticker.nanos()));
  }
}
