package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig.Bandwidth;
import java.math.BigInteger;

/** A token bucket in unbounded whole numbers, written from the definition: the referee. */
final class Oracle {
  private final BigInteger perNano; // one token is `period` parts; `count` parts come per nano
  private final BigInteger token;
  private final BigInteger capacity;
  private BigInteger level;
  private long at;

  Oracle(Bandwidth bandwidth, long nowNanos) {
    perNano = BigInteger.valueOf(bandwidth.rate().count());
    token = BigInteger.valueOf(bandwidth.rate().period().toNanos());
    capacity = token.multiply(BigInteger.valueOf(bandwidth.burst()));
    level = capacity;
    at = nowNanos;
  }

  private void refill(long nowNanos) {
    level = level.add(perNano.multiply(BigInteger.valueOf(nowNanos - at))).min(capacity);
    at = nowNanos;
  }

  boolean take(long tokens, long nowNanos) {
    refill(nowNanos);
    BigInteger cost = token.multiply(BigInteger.valueOf(tokens));
    if (level.compareTo(cost) < 0) {
      return false;
    }
    level = level.subtract(cost);
    return true;
  }

  void giveBack(long tokens, long nowNanos) {
    refill(nowNanos);
    level = level.add(token.multiply(BigInteger.valueOf(tokens))).min(capacity);
  }

  long remaining() {
    return level.divide(token).longValueExact();
  }

  /** Nanoseconds until so many tokens are there, rounded up. */
  long nanosUntil(long tokens) {
    BigInteger missing = token.multiply(BigInteger.valueOf(tokens)).subtract(level);
    if (missing.signum() <= 0) {
      return 0;
    }
    BigInteger[] parts = missing.divideAndRemainder(perNano);
    return parts[0].longValueExact() + (parts[1].signum() > 0 ? 1 : 0);
  }
}
