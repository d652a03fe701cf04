package app.avalo.gateway.config.unit;

import java.math.BigDecimal;

/**
 * An exact amount of one currency. Never floating point: sums of costs must equal the ledger.
 *
 * @param micros millionths of the currency's unit, may be negative in corrections
 * @param currency ISO 4217 code, three capital letters
 */
public record Money(long micros, String currency) {
  /** Micro-units in one unit of currency. */
  public static final long MICROS = 1_000_000;

  public Money {
    if (!isCode(currency)) {
      throw new IllegalArgumentException(currency + " (expected a currency such as PLN)");
    }
  }

  private static boolean isCode(String currency) {
    return currency.length() == 3 && currency.chars().allMatch(c -> c >= 'A' && c <= 'Z');
  }

  /** The amount in whole units with as many decimals as it needs: {@code 0.02 PLN}. */
  @Override
  public String toString() {
    return BigDecimal.valueOf(micros, 6).stripTrailingZeros().toPlainString() + " " + currency;
  }
}
