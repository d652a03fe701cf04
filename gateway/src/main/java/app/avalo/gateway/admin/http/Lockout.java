package app.avalo.gateway.admin.http;

import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.time.Ticker;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Shuts an address out for a while after too many wrong credentials. Remembers the addresses that
 * failed last, a bounded number; one host has a /64 of IPv6 to itself, so the lower half of its
 * address does not count. One event loop.
 */
final class Lockout {
  static final int FAILURES = 10;
  static final Duration WINDOW = Duration.ofSeconds(60);
  static final int ADDRESSES = 4096;

  private final Ticker ticker;
  private final Map<IpAddress, Failures> failed = new LinkedHashMap<>(64, 0.75f, true);

  /**
   * Wrong credentials of one address.
   *
   * @param count in this window
   * @param sinceNanos when the window began
   */
  private record Failures(int count, long sinceNanos) {}

  Lockout(Ticker ticker) {
    this.ticker = ticker;
  }

  /** Seconds until the address may try again, or 0. */
  long secondsLeft(IpAddress address) {
    Failures known = failed.get(network(address));
    if (known == null || known.count() < FAILURES) {
      return 0;
    }
    long left = WINDOW.toNanos() - (ticker.nanos() - known.sinceNanos());
    return Math.max(0, (left + 999_999_999) / 1_000_000_000);
  }

  /** Notes a wrong credential. */
  void failed(IpAddress address) {
    long now = ticker.nanos();
    failed.merge(
        network(address),
        new Failures(1, now),
        (known, first) ->
            now - known.sinceNanos() > WINDOW.toNanos()
                ? first
                : new Failures(known.count() + 1, known.sinceNanos()));
    if (failed.size() > ADDRESSES) {
      failed.remove(failed.keySet().iterator().next());
    }
  }

  private static IpAddress network(IpAddress address) {
    return address.isV4() ? address : new IpAddress(address.high(), 0);
  }
}
