package app.avalo.gateway.filter.budget.view;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Locale;

/**
 * Something operators are told of a budget, once.
 *
 * @param kind what it is about
 * @param key by which it is told once in a period
 */
public record Notice(Kind kind, String key) {
  /** What a notice is about. */
  public enum Kind {
    /** The level of this name is reached. */
    ALERT,
    THROTTLE,
    CRITICAL,
    EXHAUSTED,
    /** The period will cost more than its amount if nobody is slowed; as likely as not. */
    FORECAST,
    /** A fifth more is spent than the usual course of a period spends until now. */
    OVER_PLAN,
    /** An hour cost far more than such an hour does; once a day. */
    ANOMALY;

    /** As it is written: {@code over-plan}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  public static Notice of(Kind kind) {
    return new Notice(kind, kind.label());
  }

  public static Notice of(Level level) {
    return of(Kind.valueOf(level.name()));
  }

  /** One that may come again the next day. */
  public static Notice daily(Kind kind, long epochMillis) {
    LocalDate day = Instant.ofEpochMilli(epochMillis).atOffset(ZoneOffset.UTC).toLocalDate();
    return new Notice(kind, kind.label() + '@' + day);
  }

  /** The level it tells of, or that of nothing. */
  public int level() {
    return kind.compareTo(Kind.EXHAUSTED) <= 0 ? Level.valueOf(kind.name()).ordinal() : 0;
  }

  /** The notice of this key. */
  public static Notice ofKey(String key) {
    int at = key.indexOf('@');
    String label = at < 0 ? key : key.substring(0, at);
    return new Notice(Kind.valueOf(label.toUpperCase(Locale.ROOT).replace('-', '_')), key);
  }
}
