package app.avalo.gateway.forward.choice;

import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.config.plan.Target;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Pinned;
import app.avalo.gateway.region.Standing;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Joins preference, pin and health: where does this exchange go next? The live path and {@code
 * explain} ask the same questions here.
 *
 * <ul>
 *   <li>Not pinned: the first region of the preference that is in service and welcomes the caller,
 *       or of several about as good the one that suits the caller; else the first that asks to be
 *       left, else the first that is only suspected, else any that nobody has put out of service as
 *       a whole; regions already tried excepted.
 *   <li>Pinned: the region that the map names, while that is in service and, for what may change
 *       something, while the map lets it be written to; else the exchange waits until the map says
 *       otherwise. Who owns a user is never decided here.
 * </ul>
 */
public final class RegionChoice {
  private RegionChoice() {}

  /** What to do next. */
  enum Verdict {
    GO,
    /** The pinned region is in doubt, or the user is about to move: ask again soon. */
    WAIT,
    /** The map does not let the user be written to, and waiting did not help. */
    CLOSED,
    NONE
  }

  /**
   * An answer.
   *
   * @param verdict what to do
   * @param destination where to, null for all but GO
   */
  record Choice(Verdict verdict, @Nullable Destination destination) {
    static final Choice WAIT = new Choice(Verdict.WAIT, null);
    static final Choice CLOSED = new Choice(Verdict.CLOSED, null);
    static final Choice NONE = new Choice(Verdict.NONE, null);
  }

  /**
   * The next step of an exchange.
   *
   * @param tried bit per region ordinal that this exchange has tried
   * @param patient whether a pinned exchange may still wait for its region
   */
  static Choice next(
      Exchange exchange, Destinations destinations, long tried, boolean patient, long nowNanos) {
    Target target = Objects.requireNonNull(exchange.target());
    Pinned pin = exchange.pin();
    if (pin == null) {
      return go(best(exchange, destinations, tried));
    }
    return pinned(
        pin, destinations.of(target.service(), pin.region()), exchange, patient, nowNanos);
  }

  private static Choice pinned(
      Pinned pin, @Nullable Destination own, Exchange exchange, boolean patient, long nowNanos) {
    RegionPreference preference = Objects.requireNonNull(exchange.preference());
    boolean open = !pin.writes() || pin.mayWrite(nowNanos);
    if (own == null || preference.indexOf(pin.region()) < 0) {
      return patient ? Choice.WAIT : Choice.NONE; // he is on his way to where he may be
    }
    Standing standing = own.standing();
    if (standing.compareTo(Standing.SUSPECT) < 0) {
      return open ? go(own) : patient ? Choice.WAIT : Choice.CLOSED;
    }
    if (patient && own.isUndecided(standing, nowNanos)) {
      return Choice.WAIT;
    }
    if (!open) {
      return Choice.CLOSED;
    }
    return go(standing == Standing.SUSPECT || own.isLastResort() ? own : null);
  }

  private static Choice go(@Nullable Destination destination) {
    return destination == null ? Choice.NONE : new Choice(Verdict.GO, destination);
  }

  /** The best there is: in service, else suspected, else the last resort. */
  private static @Nullable Destination best(
      Exchange exchange, Destinations destinations, long tried) {
    Destination good = inService(exchange, destinations, tried);
    if (good != null) {
      return good;
    }
    for (Region region : Objects.requireNonNull(exchange.preference())) {
      Destination destination = untried(exchange, region, destinations, tried);
      if (destination != null && destination.isLastResort()) {
        return destination;
      }
    }
    return null;
  }

  private static @Nullable Destination untried(
      Exchange exchange, Region region, Destinations destinations, long tried) {
    return (tried & bit(region.ordinal())) == 0
        ? destinations.of(Objects.requireNonNull(exchange.target()).service(), region)
        : null;
  }

  /**
   * The first in service that welcomes the caller, or of several as good as that the one which
   * suits the caller; else one that does not, else one that drains, else one that is suspected.
   */
  private static @Nullable Destination inService(
      Exchange exchange, Destinations destinations, long tried) {
    RegionPreference preference = Objects.requireNonNull(exchange.preference());
    Destination near = null;
    int nearEnd = 0;
    Destination unwelcome = null;
    Destination leaving = null;
    Destination suspected = null;
    for (int i = 0; i < preference.size(); i++) {
      if (near != null && i >= nearEnd) {
        return near;
      }
      Destination destination = untried(exchange, preference.get(i), destinations, tried);
      Standing standing = destination == null ? Standing.OUT : destination.standing();
      if (destination == null || standing == Standing.OUT) {
        continue;
      }
      if (standing == Standing.SUSPECT) {
        suspected = suspected == null ? destination : suspected;
      } else if (standing == Standing.DRAINING) {
        leaving = leaving == null ? destination : leaving;
      } else if (!destination.welcomes(exchange, lossMillis(preference, i))) {
        unwelcome = unwelcome == null ? destination : unwelcome;
      } else if (near == null) {
        near = destination;
        nearEnd = preference.nearEnd(i);
      } else {
        near = ofTwo(near, destination, exchange);
      }
    }
    if (near != null) {
      return near;
    }
    return unwelcome != null ? unwelcome : leaving != null ? leaving : suspected;
  }

  /** What the caller loses by the next region; NaN where nobody knows. */
  private static double lossMillis(RegionPreference preference, int position) {
    return position + 1 < preference.size()
        ? preference.costMillis(position + 1) - preference.costMillis(position)
        : Double.POSITIVE_INFINITY;
  }

  /**
   * Of two that cost about the same: always the same one for a caller, unless it has clearly more
   * to do.
   */
  private static Destination ofTwo(Destination one, Destination other, Exchange exchange) {
    boolean swap = other.suits(exchange) > one.suits(exchange);
    Destination own = swap ? other : one;
    Destination next = swap ? one : other;
    return own.isClearlyBusierThan(next) ? next : own;
  }

  /** The same for a service in two regions of the plan. */
  public static Region better(
      Exchange exchange, Service service, Region one, Region other, Destinations destinations) {
    Destination first = destinations.of(service, one);
    Destination second = destinations.of(service, other);
    return first == null || second == null ? one : ofTwo(first, second, exchange).region();
  }

  /** The best region other than those tried that could take the exchange, or null. */
  static @Nullable Destination other(Exchange exchange, Destinations destinations, long tried) {
    return best(exchange, destinations, tried);
  }

  static long bit(int ordinal) {
    return 1L << ordinal;
  }

  /** Adds the standing of each preferred region and the final choice to an explanation. */
  public static void explain(Exchange exchange, Destinations destinations) {
    Target target = Objects.requireNonNull(exchange.target());
    Map<String, Object> facts = new LinkedHashMap<>();
    RegionPreference preference = Objects.requireNonNull(exchange.preference());
    for (int i = 0; i < preference.size(); i++) {
      Destination destination = destinations.of(target.service(), preference.get(i));
      String state = destination == null ? "absent" : label(destination.standing());
      boolean near = preference.nearCount() > 1 && i < preference.nearCount();
      facts.put(preference.get(i).name(), near ? state + ", about as good as the best" : state);
    }
    Choice choice = next(exchange, destinations, 0, true, exchange.startNanos());
    Destination chosen = choice.destination();
    String verdict =
        switch (choice.verdict()) {
          case GO -> chosen + instead(exchange, chosen, destinations);
          case WAIT -> "waits until the pinned region is well or the user has moved";
          case CLOSED -> "no region may be written to for this user now";
          case NONE -> "no region in service";
        };
    Objects.requireNonNull(exchange.explanation()).add("region", verdict, facts);
    if (chosen != null) {
      exchange.attempt(chosen.region());
    }
  }

  /** Why the first region of the preference is not the one chosen; nothing if it is. */
  private static String instead(
      Exchange exchange, @Nullable Destination chosen, Destinations destinations) {
    RegionPreference preference = Objects.requireNonNull(exchange.preference());
    Service service = Objects.requireNonNull(exchange.target()).service();
    Destination first = destinations.of(service, preference.get(0));
    if (exchange.pin() != null || chosen == null || first == null || chosen == first) {
      return "";
    }
    String why =
        first.standing() == Standing.IN_SERVICE
            ? first.reserve(exchange, lossMillis(preference, 0))
            : "is " + label(first.standing());
    if (why == null) {
      boolean own = chosen.suits(exchange) > first.suits(exchange);
      why = "is about as good, but " + (own ? "not this caller's of the two" : "clearly busier");
    }
    return ", not " + first + ", which " + why;
  }

  private static String label(Standing standing) {
    return standing.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
  }
}
