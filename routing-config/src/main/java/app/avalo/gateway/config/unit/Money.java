package app.avalo.gateway.config.unit;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

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

  /** A positive amount as text, {@code 0.02 PLN}, or null if it is not one. */
  public static @Nullable Money parse(String text) {
    int space = text.indexOf(' ');
    if (space < 1 || space > 20 || !isCode(text.substring(space + 1))) {
      return null;
    }
    String number = text.substring(0, space);
    int point = number.indexOf('.');
    String whole = point < 0 ? number : number.substring(0, point);
    String fraction = point < 0 ? "0" : number.substring(point + 1);
    if (!isDigits(whole) || whole.length() > 12 || !isDigits(fraction) || fraction.length() > 6) {
      return null;
    }
    long micros = new BigDecimal(whole + "." + fraction).movePointRight(6).longValueExact();
    return new Money(micros, text.substring(space + 1));
  }

  private static boolean isDigits(String text) {
    return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
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
