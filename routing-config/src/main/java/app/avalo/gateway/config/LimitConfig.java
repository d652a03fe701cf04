package app.avalo.gateway.config;

import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.unit.Rate;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A token bucket policy: one bucket per value of its key.
 *
 * @param name as in the YAML key; sent to clients in {@code RateLimit-Policy}
 * @param key parts of the bucket's key, at least one
 * @param grain how fine the parts are
 * @param allowance for callers whose tier has none of its own, or null when they are not limited
 * @param tiers by tier name
 * @param mode who shares the bucket, and how; default {@link Mode#EXACT}
 * @param onStoreDown what holds when Redis does not answer; default {@link OnStoreDown#LOCAL_SHARE}
 * @param shadow counts and reports but never refuses; default false
 * @param cost tokens of one request; default 1
 * @param fields whether answers carry {@code RateLimit} fields of it; default true
 * @param schedule times with other rates, the first that holds counts; default none
 * @param follow what makes it stricter by itself, or null
 * @param timeOut what repeated refusals lead to, or null
 * @param reserve percent of every burst that requests of a priority leave to those of higher
 *     priority; default none
 */
public record LimitConfig(
    String name,
    List<KeyPart> key,
    Grain grain,
    @Nullable Allowance allowance,
    Map<String, Allowance> tiers,
    Mode mode,
    OnStoreDown onStoreDown,
    boolean shadow,
    Cost cost,
    boolean fields,
    List<Season> schedule,
    @Nullable Follow follow,
    @Nullable TimeOut timeOut,
    Map<Priority, Integer> reserve) {

  /** Whether its rates never change while it is the same. */
  public boolean steady() {
    return schedule.isEmpty() && follow == null;
  }

  /** What the callers of a tier may use, or null when the policy does not limit them. */
  public @Nullable Allowance allowance(String tier) {
    Allowance own = tiers.get(tier);
    return own != null ? own : allowance;
  }

  /**
   * How fine the parts of a key are.
   *
   * @param header the one that {@link KeyPart#HEADER} means, or null
   * @param claim the one that {@link KeyPart#CLAIM} means, or null
   * @param v4Bits of an IPv4 address that count; default 32
   * @param v6Bits of an IPv6 address that count; default 64, as one host has a /64 to itself
   */
  public record Grain(@Nullable String header, @Nullable String claim, int v4Bits, int v6Bits) {
    public static final Grain DEFAULT = new Grain(null, null, 32, 64);
  }

  /** What has a bucket of its own, in words: {@code caller + route}. */
  public String partition() {
    StringBuilder text = new StringBuilder();
    for (KeyPart part : key) {
      text.append(text.isEmpty() ? "" : " + ");
      text.append(part.name().toLowerCase(Locale.ROOT).replace('_', '-'));
    }
    return text.toString();
  }

  /**
   * Tokens of one request.
   *
   * @param base of methods that have none of their own; default 1
   * @param methods by method
   * @param perMebibyte beside, for each begun MiB of the body; one that announces no length counts
   *     as one MiB until its end is known; default 0
   * @param header of the service's answer, or trailer, with what it cost after all, or null; the
   *     difference to what was taken is settled then
   */
  public record Cost(
      int base, Map<String, Integer> methods, int perMebibyte, @Nullable String header) {
    /** The most that anything costs. */
    public static final int MOST = 1_000_000;

    private static final long MEBIBYTE = 1L << 20;

    /**
     * Of one request.
     *
     * @param bodyBytes as announced; 0 without a body, below zero when unknown
     */
    public long of(String method, long bodyBytes) {
      Integer own = methods.get(method);
      long begun = bodyBytes < 0 ? 1 : (bodyBytes + MEBIBYTE - 1) / MEBIBYTE;
      return (own == null ? base : own) + perMebibyte * begun;
    }

    /** Whether every request costs the base, as far as it is known before the answer. */
    public boolean flat() {
      return methods.isEmpty() && perMebibyte == 0;
    }

    /** The most that a request without a body costs. */
    public int most() {
      return methods.values().stream().reduce(base, Math::max);
    }
  }

  /**
   * What one caller may use: a request needs its tokens in every bandwidth.
   *
   * @param bandwidths at least 1 and at most {@link #MOST}, shortest period first, each period once
   */
  public record Allowance(List<Bandwidth> bandwidths) {
    /** Second, minute, hour and day. */
    public static final int MOST = 4;

    /**
     * A part of it or more.
     *
     * @param percent of all rates and bursts
     * @param cost of a request, which a full bucket can pay
     */
    public Allowance scaled(int percent, long cost) {
      return new Allowance(
          bandwidths.stream()
              .map(
                  whole ->
                      new Bandwidth(
                          new Rate(
                              Math.max(1, whole.rate().count() * percent / 100),
                              whole.rate().period()),
                          Math.max(cost, whole.burst() * percent / 100)))
              .toList());
    }

    /** With so many tokens less in every burst. */
    public Allowance without(long tokens) {
      return new Allowance(
          bandwidths.stream()
              .map(whole -> new Bandwidth(whole.rate(), whole.burst() - tokens))
              .toList());
    }
  }

  /**
   * Refill and capacity.
   *
   * @param rate tokens that come back per period, evenly
   * @param burst capacity of the bucket; default the rate's count
   */
  public record Bandwidth(Rate rate, long burst) {}

  /** What a key is made of. */
  public enum KeyPart {
    /** Client address, as far as {@link Grain} goes. */
    ADDRESS,
    /** The known user; a caller without one has no bucket. */
    USER,
    /** Name of the API key; a caller without one has no bucket. */
    API_KEY,
    /** User, else API key, else address: every caller has exactly one. */
    CALLER,
    /** The caller's tier, so that its callers share a bucket. */
    TIER,
    ROUTE,
    SERVICE,
    METHOD,
    /** Value of a header as it was received; none counts as one. */
    HEADER,
    /** Value of a claim of the caller's token; a caller without it has no bucket. */
    CLAIM,
    /** ISO country of the caller's place. */
    COUNTRY
  }

  /** Who shares a bucket, and at which price. */
  public enum Mode {
    /** Nobody: each process has its own. */
    LOCAL,
    /** All replicas; Redis is asked for every request. This process when no Redis is configured. */
    EXACT,
    /** All replicas; they take tokens from Redis ahead of the requests. Likewise without Redis. */
    LEASED
  }

  /** Behaviour of a limit that replicas share while its store is away. */
  public enum OnStoreDown {
    /** Each replica has its share of the limit. */
    LOCAL_SHARE,
    /** Everybody passes. */
    OPEN,
    /** Nobody passes. */
    CLOSED
  }

  /**
   * A time with other rates.
   *
   * @param when it is
   * @param percent of all rates and bursts then, 1 to 1000
   */
  public record Season(Hours when, int percent) {}

  /** When a season is. */
  public sealed interface Hours permits Daily, Event {
    boolean include(OffsetDateTime now);
  }

  /**
   * From one time of day to another, over midnight if that is earlier.
   *
   * @param days on which it begins; not empty
   */
  public record Daily(LocalTime from, LocalTime to, Set<DayOfWeek> days, ZoneId zone)
      implements Hours {
    @Override
    public boolean include(OffsetDateTime now) {
      LocalDateTime local = now.atZoneSameInstant(zone).toLocalDateTime();
      LocalTime time = local.toLocalTime();
      if (from.isBefore(to)) {
        return days.contains(local.getDayOfWeek()) && !time.isBefore(from) && time.isBefore(to);
      }
      return days.contains(local.getDayOfWeek()) && !time.isBefore(from)
          || days.contains(local.getDayOfWeek().minus(1)) && time.isBefore(to);
    }
  }

  /** Once, from an instant to another one. */
  public record Event(OffsetDateTime start, OffsetDateTime end) implements Hours {
    @Override
    public boolean include(OffsetDateTime now) {
      return !now.isBefore(start) && now.isBefore(end);
    }
  }

  /**
   * Becomes stricter while the services that it lets requests through to miss their target, and
   * recovers slowly.
   *
   * @param latency until an answer begins, from when all of the request was sent on, that one in
   *     twenty may exceed, or null
   * @param errors share of answers that may be failures, 0 to 1; default 1
   * @param leastPercent of all rates and bursts; default 10
   */
  public record Follow(@Nullable Duration latency, double errors, int leastPercent) {}

  /**
   * Shuts out who comes back before the time that it was told, each time twice as long.
   *
   * @param after so many times
   * @param within this time; default 1 min
   * @param first time-out; default 1 min
   * @param most time-out; default 1 h; so long after the last one it is forgotten
   */
  public record TimeOut(int after, Duration within, Duration first, Duration most) {}
}
