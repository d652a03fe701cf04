package app.avalo.gateway.filter.time;

/** Reads time; safe from every thread. */
public interface Ticker {
  /** The machine's clocks. */
  Ticker SYSTEM = new SystemTicker();

  /** Monotonic nanoseconds from an arbitrary origin; for spans. */
  long nanos();

  /** Wall-clock milliseconds since 1970 UTC; for cookies, tokens, periods and logs. */
  long epochMillis();
}
