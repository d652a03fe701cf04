package app.avalo.gateway.filter.pin;

import java.util.concurrent.atomic.LongAdder;

/** What happened to pins since the start; one for all loops, read by the metrics. */
public final class PinCounters {
  private final LongAdder[] counts = new LongAdder[Event.values().length];

  /** Everything worth a counter, with its metric label. */
  public enum Event {
    /** A cookie was good. */
    COOKIE_ACCEPTED,
    /** Not the form of a cookie of ours: characters, length or contents. */
    COOKIE_MALFORMED,
    /** Written by an older or newer gateway. */
    COOKIE_VERSION,
    /** Signed with a key that is not configured. */
    COOKIE_UNKNOWN_KEY,
    /** Signed wrongly: forged or damaged. */
    COOKIE_FORGED,
    COOKIE_EXPIRED,
    /** Good, but another caller's; also seen at each log-in and log-out. */
    COOKIE_FOREIGN,
    COOKIE_SET,
    /** The home of a known user was asked for; it is given where there is none. */
    BOUND,
    /** A user was found where he may not be served, and is moved. */
    MOVED,
    /** A cookie or a service knew a higher epoch than the map. */
    WITNESSED,
    /** The store did not answer. */
    STORE_DOWN,
    /** A request was refused because the store did not answer. */
    REFUSED;

    private final String label = name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');

    public String label() {
      return label;
    }
  }

  public PinCounters() {
    for (int i = 0; i < counts.length; i++) {
      counts[i] = new LongAdder();
    }
  }

  public long count(Event event) {
    return counts[event.ordinal()].sum();
  }

  void add(Event event) {
    counts[event.ordinal()].increment();
  }
}
