package app.avalo.gateway.config.bind;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.config.LimitConfig.Cost;
import app.avalo.gateway.config.LimitConfig.Daily;
import app.avalo.gateway.config.LimitConfig.Event;
import app.avalo.gateway.config.LimitConfig.Follow;
import app.avalo.gateway.config.LimitConfig.Grain;
import app.avalo.gateway.config.LimitConfig.Hours;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.LimitConfig.Mode;
import app.avalo.gateway.config.LimitConfig.OnStoreDown;
import app.avalo.gateway.config.LimitConfig.Season;
import app.avalo.gateway.config.LimitConfig.TimeOut;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.section.Section;
import app.avalo.gateway.config.unit.Rate;
import app.avalo.gateway.config.yaml.Node;
import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Binds limits: what an allowance is, for whom, and when it is another. */
final class LimitBinder {
  private static final String NO_RATE = "nothing, since there is no rate";

  private LimitBinder() {}

  static LimitConfig limit(String name, Section limit) {
    Cost price = cost(limit);
    int cost = price.most();
    Map<String, Allowance> tiers = new LinkedHashMap<>();
    limit.entries(
        "tiers",
        (tier, section) -> {
          Allowance allowance = allowance(section, cost);
          if (allowance != null) {
            tiers.put(tier, allowance);
          } else {
            section.fault("rate", "missing (expected a rate, or rates)");
          }
        });
    Allowance allowance = allowance(limit, cost);
    if (allowance == null) {
      limit.unexpected("burst", NO_RATE);
      if (limit.entries("tiers").isEmpty()) {
        limit.fault("rate", "missing (expected a rate, or tiers with rates)");
      }
    }
    List<KeyPart> key =
        limit.has("key")
            ? limit.values("key", text -> Section.wordOf(text, KeyPart.class), "a key part")
            : List.of(KeyPart.CALLER);
    Mode mode = limit.word("mode", Mode.EXACT, Mode.class);
    if (mode == Mode.LOCAL) {
      limit.unexpected("onStoreDown", "nothing, since mode local needs no store");
    }
    return new LimitConfig(
        name,
        key,
        grain(limit, key),
        allowance,
        ConfigBinder.ordered(tiers),
        mode,
        limit.word("onStoreDown", OnStoreDown.LOCAL_SHARE, OnStoreDown.class),
        limit.flag("shadow", false),
        price,
        limit.flag("fields", true),
        schedule(limit),
        follow(limit),
        timeOut(limit),
        reserve(limit, leastBurst(allowance, tiers.values()), cost));
  }

  private static long leastBurst(@Nullable Allowance own, Collection<Allowance> tiers) {
    return Stream.concat(Stream.ofNullable(own), tiers.stream())
        .flatMap(each -> each.bandwidths().stream())
        .mapToLong(Bandwidth::burst)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  /** Whoever comes after another leaves at least as much. */
  private static Map<Priority, Integer> reserve(Section limit, long burst, int cost) {
    Section reserve = limit.section("reserve");
    Map<Priority, Integer> percents = new EnumMap<>(Priority.class);
    Priority above = Priority.CRITICAL;
    int least = 0;
    for (Priority each : List.of(Priority.HIGH, Priority.NORMAL, Priority.LOW)) {
      String key = each.name().toLowerCase(Locale.ROOT);
      int percent = (int) Math.ceil(100 * reserve.share(key, least / 100.0) - 1e-9);
      if (percent < least) {
        String higher = above.name().toLowerCase(Locale.ROOT);
        reserve.unexpected(key, "at least as much as " + higher + " leaves, " + least + "%");
      } else if (burst - burst / 100.0 * percent < cost) {
        reserve.unexpected(key, "less, so that a request can be paid beside it");
      } else if (percent > 0) {
        percents.put(each, percent);
      }
      above = each;
      least = Math.max(least, percent);
    }
    return Collections.unmodifiableMap(percents);
  }

  private static Grain grain(Section limit, List<KeyPart> key) {
    if (key.contains(KeyPart.HEADER) && !limit.has("header")) {
      limit.fault("header", "missing (expected a header's name, since key has header)");
    }
    if (!key.contains(KeyPart.HEADER)) {
      limit.unexpected("header", "nothing, since key has no header");
    }
    if (key.contains(KeyPart.CLAIM) && !limit.has("claim")) {
      limit.fault("claim", "missing (expected a claim's name, since key has claim)");
    }
    if (!key.contains(KeyPart.CLAIM)) {
      limit.unexpected("claim", "nothing, since key has no claim");
    }
    if (!key.contains(KeyPart.ADDRESS) && !key.contains(KeyPart.CALLER)) {
      limit.unexpected("prefix", "nothing, since key has no address");
    }
    Section prefix = limit.section("prefix");
    return new Grain(
        limit.textOrNull("header"),
        limit.textOrNull("claim"),
        prefix.whole("v4", Grain.DEFAULT.v4Bits()),
        prefix.whole("v6", Grain.DEFAULT.v6Bits()));
  }

  /** A number, or a mapping of numbers. */
  private static Cost cost(Section limit) {
    if (!(limit.node("cost") instanceof Node.Mapping)) {
      int tokens = limit.whole("cost", 1);
      if (tokens < 1 || tokens > Cost.MOST) {
        limit.unexpected("cost", "a whole number from 1 to 1000000, or a mapping");
      }
      return new Cost(tokens, Map.of(), 0, null);
    }
    Section cost = limit.section("cost");
    Map<String, Integer> methods = new LinkedHashMap<>();
    Section byMethod = cost.section("methods");
    for (String method : cost.entries("methods").keySet()) {
      methods.put(method, byMethod.whole(method, 1));
    }
    return new Cost(
        cost.whole("base", 1),
        ConfigBinder.ordered(methods),
        cost.whole("perMebibyte", 0),
        cost.textOrNull("header"));
  }

  /** From {@code rate} and {@code burst}, or from {@code rates}; null when neither is there. */
  private static @Nullable Allowance allowance(Section section, int cost) {
    if (section.has("rate")) {
      section.unexpected("rates", "nothing, since there is a rate");
      return new Allowance(List.of(bandwidth(section, cost)));
    }
    if (!section.has("rates")) {
      return null;
    }
    section.unexpected("burst", NO_RATE);
    return several(section, cost);
  }

  private static Allowance several(Section section, int cost) {
    List<Bandwidth> bandwidths = new ArrayList<>();
    for (Node item : section.list("rates")) {
      Bandwidth next = item(item, section, cost);
      Duration period = next.rate().period();
      if (bandwidths.stream().anyMatch(other -> other.rate().period().equals(period))) {
        section.faults().unexpected(item, "another period than those before");
      }
      bandwidths.add(next);
    }
    bandwidths.sort(Comparator.comparing(bandwidth -> bandwidth.rate().period()));
    return new Allowance(List.copyOf(bandwidths));
  }

  private static Bandwidth item(Node item, Section section, int cost) {
    if (item instanceof Node.Mapping) {
      return bandwidth(Section.of(item, section.faults()), cost);
    }
    Rate rate = Section.scalar(item, Rate::parse, Section.RATE, section.faults());
    if (rate == null) {
      return new Bandwidth(new Rate(1, Duration.ofSeconds(1)), 1);
    }
    if (rate.count() < cost) {
      section.faults().unexpected(item, leastBurst(cost));
    }
    return new Bandwidth(rate, rate.count());
  }

  private static Bandwidth bandwidth(Section section, int cost) {
    Rate rate = section.rate("rate", "1/s");
    long burst = section.whole("burst", (int) Math.min(rate.count(), Integer.MAX_VALUE));
    if (burst < cost) {
      section.unexpected(section.has("burst") ? "burst" : "rate", leastBurst(cost));
    }
    return new Bandwidth(rate, burst);
  }

  private static String leastBurst(int cost) {
    return "a burst of at least the cost of one request, " + cost;
  }

  private static List<Season> schedule(Section limit) {
    List<Season> seasons = new ArrayList<>();
    for (Section season : limit.sections("schedule")) {
      seasons.add(new Season(hours(season), season.whole("percent", 100)));
    }
    return List.copyOf(seasons);
  }

  private static Hours hours(Section season) {
    boolean daily = season.has("from") && season.has("to");
    if (daily == (season.has("start") && season.has("end"))) {
      season.fault("no time (expected from and to, or start and end)");
    }
    if (!daily) {
      return event(season);
    }
    season.unexpected("start", "nothing, since there is a time of day");
    season.unexpected("end", "nothing, since there is a time of day");
    LocalTime from =
        season.value("from", LocalTime.MIN, to(LocalTime::parse), "a time such as 22:00");
    LocalTime to = season.value("to", LocalTime.MAX, to(LocalTime::parse), "a time such as 06:00");
    if (from.equals(to)) {
      season.unexpected("to", "another time than from");
    }
    List<DayOfWeek> days =
        season.values(
            "days", text -> Section.wordOf(text, DayOfWeek.class), "a day such as monday");
    ZoneId zone =
        season.<ZoneId>value(
            "zone", ZoneOffset.UTC, to(ZoneId::of), "a time zone such as Europe/Berlin");
    return new Daily(
        from,
        to,
        ConfigBinder.orderedSet(days.isEmpty() ? List.of(DayOfWeek.values()) : days),
        zone);
  }

  private static Event event(Section season) {
    season.unexpected("days", "nothing, since there is no time of day");
    season.unexpected("zone", "nothing, since there is no time of day");
    String expected = "an instant such as 2026-12-24T18:00:00Z";
    OffsetDateTime start =
        season.value("start", OffsetDateTime.MIN, to(OffsetDateTime::parse), expected);
    OffsetDateTime end =
        season.value("end", OffsetDateTime.MAX, to(OffsetDateTime::parse), expected);
    if (!start.isBefore(end)) {
      season.unexpected("end", "later than start");
    }
    return new Event(start, end);
  }

  private static <T> Function<String, @Nullable T> to(Function<String, ? extends T> parse) {
    return text -> {
      try {
        return parse.apply(text);
      } catch (DateTimeException other) {
        return null;
      }
    };
  }

  private static @Nullable Follow follow(Section limit) {
    if (!limit.has("follow")) {
      return null;
    }
    Section follow = limit.section("follow");
    if (!follow.has("latency") && !follow.has("errors")) {
      follow.fault("no target (expected latency or errors)");
    }
    return new Follow(
        follow.durationOrNull("latency"),
        follow.share("errors", 1),
        Math.max(1, (int) Math.round(100 * follow.share("least", 0.1))));
  }

  private static @Nullable TimeOut timeOut(Section limit) {
    if (!limit.has("timeOut")) {
      return null;
    }
    Section timeOut = limit.section("timeOut");
    Duration first = timeOut.duration("first", "1min");
    Duration most = timeOut.duration("most", "1h");
    if (first.compareTo(most) > 0) {
      timeOut.unexpected(timeOut.has("first") ? "first" : "most", "first at most as long as most");
    }
    return new TimeOut(timeOut.whole("after", 1), timeOut.duration("within", "1min"), first, most);
  }
}
