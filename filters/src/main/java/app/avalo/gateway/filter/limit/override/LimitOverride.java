package app.avalo.gateway.filter.limit.override;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.unit.Rate;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Other rates for one caller of one policy.
 *
 * @param policy by name
 * @param subject {@code u=<user>} or {@code k=<API key>}
 * @param allowance in place of the tier's
 * @param by who ordered it
 * @param reason why
 * @param untilEpochMillis when it ends
 */
public record LimitOverride(
    String policy,
    String subject,
    Allowance allowance,
    String by,
    String reason,
    long untilEpochMillis) {
  private static final int LONGEST_SUBJECT = 256;

  /** Whether a text names somebody. */
  public static boolean isSubject(String text) {
    return text.length() > 2
        && text.length() <= LONGEST_SUBJECT
        && (text.startsWith("u=") || text.startsWith("k="));
  }

  /**
   * Whether a policy keeps a bucket for the subject alone; one that others share has the rates of
   * all.
   */
  public static boolean fits(LimitConfig policy, String subject) {
    KeyPart own = subject.startsWith("u=") ? KeyPart.USER : KeyPart.API_KEY;
    return policy.key().contains(own) || policy.key().contains(KeyPart.CALLER);
  }

  /**
   * Rates as in {@code 10/s, 500/min}; of each the burst is its count.
   *
   * @return null when the text is none
   */
  public static @Nullable Allowance rates(String text) {
    List<Bandwidth> bandwidths = new ArrayList<>();
    for (String each : text.split(",", -1)) {
      Rate rate = Rate.parse(each.trim());
      boolean known =
          rate != null
              && bandwidths.stream().anyMatch(other -> other.rate().period().equals(rate.period()));
      if (rate == null || known || bandwidths.size() == Allowance.MOST) {
        return null;
      }
      bandwidths.add(new Bandwidth(rate, rate.count()));
    }
    bandwidths.sort(Comparator.comparing(bandwidth -> bandwidth.rate().period()));
    return new Allowance(List.copyOf(bandwidths));
  }

  /**
   * One rate with a burst of its own, or as {@link #rates(String)}.
   *
   * @param burst 0 for the count of the rate
   * @return null when the text is none, or more than one with a burst
   */
  public static @Nullable Allowance rates(String text, int burst) {
    Allowance usual = rates(text);
    if (usual == null || burst == 0) {
      return usual;
    }
    return usual.bandwidths().size() > 1
        ? null
        : new Allowance(List.of(new Bandwidth(usual.bandwidths().get(0).rate(), burst)));
  }

  /** Of the only rate, where it is not its count; 0 otherwise. Releases before know none. */
  private int burst() {
    Bandwidth first = allowance.bandwidths().get(0);
    return first.burst() == first.rate().count() ? 0 : (int) first.burst();
  }

  JsonObject toJson() {
    JsonArray rates = new JsonArray();
    for (Bandwidth bandwidth : allowance.bandwidths()) {
      rates.add(bandwidth.rate().toString());
    }
    JsonObject json =
        new JsonObject().put("policy", policy).put("subject", subject).put("rates", rates);
    if (burst() > 0) {
      json.put("burst", burst());
    }
    return json.put("by", by).put("reason", reason).put("untilEpochMillis", untilEpochMillis);
  }

  /**
   * What {@link #toJson} wrote.
   *
   * @throws RuntimeException when it is something else
   */
  static LimitOverride of(JsonObject json) {
    Allowance allowance =
        rates(
            String.join(",", json.getJsonArray("rates").stream().map(String::valueOf).toList()),
            json.getInteger("burst", 0));
    if (allowance == null || !isSubject(json.getString("subject"))) {
      throw new IllegalArgumentException("not an override: " + json.encode());
    }
    return new LimitOverride(
        json.getString("policy"),
        json.getString("subject"),
        allowance,
        json.getString("by"),
        json.getString("reason"),
        json.getLong("untilEpochMillis"));
  }
}
