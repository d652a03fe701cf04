package app.avalo.gateway.filter.limit.bucket;

import app.avalo.gateway.config.LimitConfig.Bandwidth;
import java.time.Duration;

/**
 * A bandwidth in whole units, so that no store ever rounds: {@code unitsPerMicro} units come back
 * each microsecond and a token is {@code unitsPerToken} of them. The fraction rate / period is
 * reduced, hence 100/min is 1 unit per microsecond and 600,000 units per token.
 *
 * <p>Lua counts in doubles, exact up to 2^53. Where a full bucket would exceed 2^52 units (a large
 * prime rate per month), the time per token is rounded up to a microsecond instead: at most that
 * much slower, never faster.
 *
 * @param capacity tokens, at least 1
 * @param unitsPerToken at least 1
 * @param unitsPerMicro at least 1
 * @param periodMicros of the rate, by which it is known when others come or go
 */
public record Band(long capacity, long unitsPerToken, long unitsPerMicro, long periodMicros) {
  private static final long EXACT = 1L << 52;

  static Band of(Bandwidth bandwidth) {
    long micros = Math.max(1, ceilDiv(bandwidth.rate().period().toNanos(), 1000));
    long count = bandwidth.rate().count();
    long common = common(micros, count);
    long perToken = micros / common;
    long perMicro = count / common;
    if (bandwidth.burst() > EXACT / perToken) {
      perToken = ceilDiv(micros, count);
      perMicro = 1;
    }
    return new Band(Math.min(bandwidth.burst(), EXACT / perToken), perToken, perMicro, micros);
  }

  /** Units of a full bucket. */
  public long capacityUnits() {
    return capacity * unitsPerToken;
  }

  /** Until so many units are there, rounded up. */
  public long micros(long units) {
    // Most rates are one unit a microsecond, and a division takes as long as all else here.
    return units <= 0 ? 0 : unitsPerMicro == 1 ? units : ceilDiv(units, unitsPerMicro);
  }

  /** Whole tokens that come back in some time. */
  public long tokens(long micros) {
    return micros * unitsPerMicro / unitsPerToken;
  }

  /** What is left of missing units after some time. */
  long missingLater(long missing, long micros) {
    // Compared first: the product could overflow.
    return missing <= 0 || micros >= micros(missing) ? 0 : missing - micros * unitsPerMicro;
  }

  /** Units missing when it is full to the same share as another in which so many are missing. */
  long asFull(Band other, long missing) {
    long before = other.capacityUnits();
    long capacity = capacityUnits();
    // Doubles, as in the script.
    return missing <= 0 || before == capacity
        ? missing
        : capacity - (long) Math.floor((double) (before - missing) / before * capacity);
  }

  /** From empty to full. */
  long microsToFull() {
    return micros(capacityUnits());
  }

  /** How far two periods are apart, as a ratio; 1 when they are the same. */
  double ratio(Band other) {
    double own = periodMicros;
    return Math.max(own / other.periodMicros, other.periodMicros / own);
  }

  /**
   * The same bucket as Bucket4j sees it; its nanosecond arithmetic on these values is exact.
   *
   * @param id under which a later configuration finds it again
   */
  io.github.bucket4j.Bandwidth bucket4j(String id) {
    return io.github.bucket4j.Bandwidth.builder()
        .capacity(capacity)
        .refillGreedy(unitsPerMicro, Duration.ofNanos(1000 * unitsPerToken))
        .id(id)
        .build();
  }

  /** Greatest common divisor, by Euclid. */
  private static long common(long a, long b) {
    return b == 0 ? a : common(b, a % b);
  }

  /** For a positive dividend. */
  private static long ceilDiv(long dividend, long divisor) {
    return (dividend - 1) / divisor + 1;
  }
}
