package app.avalo.gateway.filter.limit.bucket;

import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import java.math.BigInteger;
import java.util.List;

/** A token bucket in unbounded whole numbers, written from the definition: the referee. */
public final class Oracle {
  private final List<Part> parts;

  public Oracle(Allowance allowance, long nowNanos) {
    parts =
        allowance.bandwidths().stream().map(bandwidth -> new Part(bandwidth, nowNanos)).toList();
  }

  private static final class Part {
    final BigInteger perNano; // one token is `period` parts; `count` parts come per nano
    final BigInteger token;
    final BigInteger capacity;
    BigInteger level;
    long at;

    Part(Bandwidth bandwidth, long nowNanos) {
      perNano = BigInteger.valueOf(bandwidth.rate().count());
      token = BigInteger.valueOf(bandwidth.rate().period().toNanos());
      capacity = token.multiply(BigInteger.valueOf(bandwidth.burst()));
      level = capacity;
      at = nowNanos;
    }

    void refill(long nowNanos) {
      level = level.add(perNano.multiply(BigInteger.valueOf(nowNanos - at))).min(capacity);
      at = nowNanos;
    }

    BigInteger cost(long tokens) {
      return token.multiply(BigInteger.valueOf(tokens));
    }

    long nanosUntil(long tokens) {
      BigInteger missing = cost(tokens).subtract(level);
      if (missing.signum() <= 0) {
        return 0;
      }
      BigInteger[] parts = missing.divideAndRemainder(perNano);
      return parts[0].longValueExact() + (parts[1].signum() > 0 ? 1 : 0);
    }
  }

  public boolean take(long tokens, long nowNanos) {
    parts.forEach(part -> part.refill(nowNanos));
    if (parts.stream().anyMatch(part -> part.level.compareTo(part.cost(tokens)) < 0)) {
      return false;
    }
    parts.forEach(part -> part.level = part.level.subtract(part.cost(tokens)));
    return true;
  }

  public void giveBack(long tokens, long nowNanos) {
    for (Part part : parts) {
      part.refill(nowNanos);
      part.level = part.level.add(part.cost(tokens)).min(part.capacity);
    }
  }

  /** Whole tokens in the emptiest band. */
  public long remaining() {
    return parts.stream()
        .mapToLong(part -> part.level.divide(part.token).longValueExact())
        .min()
        .orElse(0);
  }

  /** Nanoseconds until so many tokens are in every band, rounded up. */
  public long nanosUntil(long tokens) {
    return parts.stream().mapToLong(part -> part.nanosUntil(tokens)).max().orElse(0);
  }
}
