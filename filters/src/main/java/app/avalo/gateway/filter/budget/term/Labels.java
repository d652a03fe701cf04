package app.avalo.gateway.filter.budget.term;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Under what a cost is summed up besides its service.
 *
 * @param tier of the caller, or empty
 * @param day {@code day:28}
 * @param region that served it, or empty
 * @param text all of them as a ledger writes them, {@code tier:vip|day:28|region:eu}
 */
public record Labels(String tier, String day, String region, String text) {
  private static final String SEPARATOR = "\\|";

  static Labels of(String tier, String day, String region) {
    String text =
        (tier.isEmpty() ? "" : "tier:" + tier + '|')
            + day
            + (region.isEmpty() ? "" : "|region:" + region);
    return new Labels(tier, day, region, text);
  }

  private boolean is(String tier, String day, String region) {
    return this.tier.equals(tier) && this.region.equals(region) && this.day.equals(day);
  }

  /** Of callers of one tier too many. */
  Labels ofOthers() {
    return of("other", day, region);
  }

  String[] each() {
    return text.split(SEPARATOR);
  }

  /** Of the text, which keeps its own: settlements look sums up by it. */
  @Override
  public int hashCode() {
    return text.hashCode();
  }

  /** Those used lately, as most settlements have some of few. Safe from every thread. */
  public static final class Recent {
    private static final int PLACES = 64;

    private final AtomicReferenceArray<Labels> places = new AtomicReferenceArray<>(PLACES);
    private Labels last = Labels.of("", "", ""); // of whichever thread: they never change

    public Labels of(String tier, String day, @Nullable String served) {
      String region = served == null ? "" : served;
      Labels same = last;
      if (!same.is(tier, day, region)) {
        same = kept(tier, day, region);
        last = same;
      }
      return same;
    }

    private Labels kept(String tier, String day, String region) {
      int hash = 31 * tier.hashCode() + region.hashCode();
      int place = (hash ^ hash >>> 16) & PLACES - 1;
      Labels known = places.getPlain(place);
      if (known == null || !known.is(tier, day, region)) {
        known = Labels.of(tier, day, region);
        places.set(place, known);
      }
      return known;
    }
  }
}
