package app.avalo.gateway.config;

import app.avalo.gateway.config.unit.Money;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Money that services may cost in a period.
 *
 * @param name as in the YAML key
 * @param amount per period
 * @param period default {@link Period#MONTH}, in UTC
 * @param services whose requests are charged to it
 * @param routes names of single routes charged to it
 * @param cost what a request costs
 * @param alertAt share of the amount at which operators are told; default 0.7
 * @param throttleAt share from which services that are not critical are slowed; default 0.8
 * @param criticalAt share from which critical services are slowed; default 0.9
 * @param mode how the money is spread over the period; default {@link Mode#THRESHOLDS}
 * @param outageAllowance share of the amount that each replica may spend beyond its lease while the
 *     shared store cannot be reached; default 0.01, 0 refuses
 * @param floors services that are never refused for money: panic button, wallet
 */
public record BudgetConfig(
    String name,
    Money amount,
    Period period,
    List<String> services,
    List<String> routes,
    Cost cost,
    double alertAt,
    double throttleAt,
    double criticalAt,
    Mode mode,
    double outageAllowance,
    List<String> floors) {

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

  /**
   * Price list. The upper bound of a request is reserved before it is forwarded, the true cost
   * settled after.
   *
   * @param perRequest micro-units
   * @param perMebibyteIn micro-units per MiB of request body
   * @param perMebibyteOut micro-units per MiB of response body
   * @param header response header with the cost in units of the currency ({@code 0.0125}), or null
   * @param reserve micro-units held while a request runs, at least the usual cost
   */
  public record Cost(
      long perRequest,
      long perMebibyteIn,
      long perMebibyteOut,
      @Nullable String header,
      long reserve) {}
}
