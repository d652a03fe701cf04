package app.avalo.gateway.filter.time;

/** The machine's clocks: the one place that reads them. */
@AllowedHere("everything else asks a Ticker")
final class SystemTicker implements Ticker {
  @Override
  public long nanos() {
    return System.nanoTime();
  }

  @Override
  public long epochMillis() {
    return System.currentTimeMillis();
  }
}
