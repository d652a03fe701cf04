package app.avalo.gateway.config;

import app.avalo.gateway.config.unit.Money;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Money that services may cost in a period.
 *
 * @param name as in the YAML key
 * @param amount per period
 * @param period default {@link Period#MONTH}, in UTC
 * @param services whose requests are charged to it
 * @param routes names of single routes charged to it
 * @param cost what a request costs, unless one of the prices says otherwise
 * @param prices of some routes or methods; the first that fits counts
 * @param alertAt share of the amount at which operators are told; default 0.7
 * @param throttleAt share from which services that are not critical are slowed; default 0.8
 * @param criticalAt share from which critical services are slowed; default 0.9
 * @param mode how the money is spread over the period; default {@link Mode#THRESHOLDS}
 * @param outageAllowance share of the amount that each replica may spend beyond its lease while the
 *     shared store cannot be reached; default 0.01, 0 refuses
 * @param leaseExpiry silence after which what a replica has leased counts as spent until it states
 *     the truth; default 5 min
 * @param floors services that are never refused for money: panic button, wallet
 * @param cheaper by service, the one that serves in its place before it is refused
 * @param abuse when a single user is throttled, or null
 * @param per what has the amount for itself, each value one; null when all share it
 */
public record BudgetConfig(
    String name,
    Money amount,
    Period period,
    List<String> services,
    List<String> routes,
    Cost cost,
    List<Price> prices,
    double alertAt,
    double throttleAt,
    double criticalAt,
    Mode mode,
    double outageAllowance,
    Duration leaseExpiry,
    List<String> floors,
    Map<String, String> cheaper,
    @Nullable Abuse abuse,
    @Nullable Per per) {

  /** Before the value in the name of a purse; no budget's own name has it. */
  private static final char AT = '@';

  /**
   * What has an amount of its own.
   *
   * @param claim of tokens that {@link Scope#CLAIM} means, or null
   */
  public record Per(Scope scope, @Nullable String claim) {}

  /** By what callers are told apart. */
  public enum Scope {
    USER,
    API_KEY,
    TIER,
    /** A claim of the token, such as a tenant. */
    CLAIM
  }

  /** The purse of one value: the whole amount, under a name of its own. */
  public BudgetConfig purse(String value) {
    return new BudgetConfig(
        name + AT + value,
        amount,
        period,
        services,
        routes,
        cost,
        prices,
        1,
        1,
        1,
        Mode.THRESHOLDS,
        outageAllowance,
        leaseExpiry,
        floors,
        Map.of(),
        null,
        null);
  }

  /** Whether it is the purse of one value. */
  public boolean single() {
    return name.indexOf(AT) >= 0;
  }

  /** Whether monthly reports tell of it: all share an amount of a month. */
  public boolean monthly() {
    return period == Period.MONTH && per == null;
  }

  /** The name in the YAML, of a purse too. */
  public String title() {
    return single() ? name.substring(0, name.indexOf(AT)) : name;
  }

  /**
   * When a user who spends far more than others is throttled, and for how long.
   *
   * @param over times what others spend in the same hour on average; default 20
   * @param least micro-units in an hour below which nobody is throttled
   * @param pause for which the user is refused; default 1 h
   */
  public record Abuse(int over, long least, Duration pause) {}

  /** Length of a budget's period. */
  public enum Period {
    DAY,
    MONTH
  }

  /** How the money is spread over the period. */
  public enum Mode {
    /** Nobody is slowed below {@code throttleAt}; what is left then has to last to the end. */
    THRESHOLDS,
    /**
     * What critical services will need to the end is set aside as soon as the forecast passes the
     * amount; the others share the rest.
     */
    PACED
  }

  /** What a request by this route and method costs. */
  public Cost cost(String route, String method) {
    for (Price price : prices) {
      if (price.fits(route, method)) {
        return price.cost();
      }
    }
    return cost;
  }

  /**
   * What some requests cost.
   *
   * @param routes by name; empty is any
   * @param methods as sent; empty is any
   * @param cost of those requests, in place of the budget's own
   */
  public record Price(List<String> routes, List<String> methods, Cost cost) {
    private boolean fits(String route, String method) {
      return (routes.isEmpty() || routes.contains(route))
          && (methods.isEmpty() || methods.contains(method));
    }
  }

  /**
   * Price list. The upper bound of a request is reserved before it is forwarded, the true cost
   * settled after.
   *
   * @param perRequest micro-units
   * @param perMebibyteIn micro-units per MiB of request body
   * @param perMebibyteOut micro-units per MiB of response body
   * @param perSecond micro-units per second from the first byte of the answer to its end
   * @param header response header or trailer with the cost in units of the currency ({@code
   *     0.0125}), or null
   * @param perThousand micro-units per thousand of what a response header or trailer counts
   * @param reserve micro-units held while a request runs, at least the usual cost
   * @param slice micro-units by which the hold grows while an answer flows
   * @param idempotencyKey request header with an id of which the service does the work once, so
   *     that a request sent again costs nothing more; or null
   */
  public record Cost(
      long perRequest,
      long perMebibyteIn,
      long perMebibyteOut,
      long perSecond,
      @Nullable String header,
      Map<String, Long> perThousand,
      long reserve,
      long slice,
      @Nullable String idempotencyKey) {

    /** Whether the service says after the request what it cost, or how much it was. */
    public boolean told() {
      return header != null || !perThousand.isEmpty();
    }

    /** Whether a request costs more the longer it flows. */
    public boolean flows() {
      return perMebibyteIn > 0 || perMebibyteOut > 0 || perSecond > 0;
    }
  }

  /**
   * Something that money is spent for: a chat, a call, a zloty earned. Counted by the month, so
   * that reports tell what each of them costs.
   *
   * @param name as in the YAML key
   * @param routes whose successful answers count, by name; none counts what operators report alone
   * @param methods as sent; default any
   * @param header response header with the amount, {@code 12.50}; null counts one for each answer
   * @param budgets by name, whose spending reports divide by it; none means all
   * @param account under which it is kept
   */
  public record Unit(
      String name,
      List<String> routes,
      List<String> methods,
      @Nullable String header,
      List<String> budgets,
      BudgetConfig account) {

    /** Before the names of units among those of budgets. */
    public static final String PREFIX = ":";

    /** Counts have no currency. */
    private static final String NONE = "XXX";

    /** Far more than anybody counts, and exact in a script of Redis. */
    private static final long ENDLESS = 1L << 50;

    /** A unit that all spending is divided by. */
    public static Unit of(
        String name, List<String> routes, List<String> methods, @Nullable String header) {
      return of(name, routes, methods, header, List.of());
    }

    public static Unit of(
        String name,
        List<String> routes,
        List<String> methods,
        @Nullable String header,
        List<String> budgets) {
      BudgetConfig.Cost nothing = new BudgetConfig.Cost(0, 0, 0, 0, null, Map.of(), 0, 1, null);
      BudgetConfig account =
          new BudgetConfig(
              PREFIX + name,
              new Money(ENDLESS, NONE),
              BudgetConfig.Period.MONTH,
              List.of(),
              List.of(),
              nothing,
              List.of(),
              1,
              1,
              1,
              BudgetConfig.Mode.THRESHOLDS,
              0,
              Duration.ofMinutes(5),
              List.of(),
              Map.of(),
              null,
              null);
      return new Unit(name, routes, methods, header, budgets, account);
    }

    /** Whether a successful answer by this route and method counts. */
    public boolean counts(String route, String method) {
      return routes.contains(route) && (methods.isEmpty() || methods.contains(method));
    }
  }
}
