package app.avalo.gateway.filter.pin.store;

import app.avalo.gateway.filter.time.Ticker;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What this process has seen of a remote store: saves reads for a second, and remembers for ten
 * minutes so that a store which lost a write is noticed. One for all loops; safe from every thread.
 */
public final class RecentPins {
  private static final int MOST = 100_000;
  private static final Duration KEPT = Duration.ofMinutes(10);
  private static final long FRESH_NANOS = Duration.ofSeconds(1).toNanos();

  private final Ticker ticker;
  private final Cache<PinKey, Seen> seen;

  private record Seen(Binding binding, long readNanos) {}

  public RecentPins(Ticker ticker) {
    this.ticker = ticker;
    this.seen =
        Caffeine.newBuilder()
            .maximumSize(MOST)
            .expireAfterWrite(KEPT)
            .ticker(ticker::nanos)
            .executor(Runnable::run)
            .build();
  }

  /** The highest binding seen, or null. */
  @Nullable Binding highest(PinKey key) {
    Seen found = seen.getIfPresent(key);
    return found == null ? null : found.binding();
  }

  /** The binding if the store said so within the last second, or null. */
  @Nullable Binding fresh(PinKey key) {
    Seen found = seen.getIfPresent(key);
    return found == null || ticker.nanos() - found.readNanos() >= FRESH_NANOS
        ? null
        : found.binding();
  }

  /**
   * The store said so. A lower counter than one seen before changes nothing, not even the age.
   *
   * @param askedNanos when the store was asked: the answer is that old
   */
  void saw(PinKey key, Binding binding, long askedNanos) {
    seen.asMap()
        .merge(
            key,
            new Seen(binding, askedNanos),
            (old, now) ->
                now.binding().counter() < old.binding().counter()
                        || now.binding().equals(old.binding())
                            && now.readNanos() - old.readNanos() < 0
                    ? old
                    : now);
  }

  /** Decided here while the store was away: counts as seen, never as fresh. */
  void remember(PinKey key, Binding binding) {
    saw(key, binding, ticker.nanos() - FRESH_NANOS);
  }
}
