package app.avalo.gateway.filter.beacon;

import app.avalo.gateway.config.PinConfig;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.latency.LatencyModel;
import app.avalo.gateway.filter.latency.LatencyModel.Trust;
import app.avalo.gateway.filter.latency.Vantage;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Invites clients to measure and lets the model learn from those reports that can be true: signed
 * here, for this client, in time, once, one an hour and client, and no faster than light. What
 * their connections show is judged here too, so that both together are one vote. One per process;
 * safe from every thread.
 */
public final class Beacons {
  /** How long an invitation holds. */
  public static final int LIFETIME_SECONDS = 600;

  /** Longer than any path; who reports more had another trouble. */
  private static final float MOST_MILLIS = 5000;

  private static final int VOTE_SECONDS = 3600;

  /** One connection of a prefix is heard in so long: a path does not change faster. */
  private static final int CONNECTION_SECONDS = 600;

  private static final String PURPOSE = "avalo beacon 1";

  /** Room for so many, in powers of two times eight. */
  private static final int ROWS = 13;

  private final LatencyModel model;
  private final Ticker ticker;
  private final SecureRandom random = new SecureRandom();
  private final byte[] fallback = new byte[32];
  private final OncePer used = new OncePer(ROWS);
  private final OncePer clients = new OncePer(ROWS);
  private final OncePer votes = new OncePer(ROWS); // of prefixes, by region
  private final OncePer heard = new OncePer(ROWS); // connections of prefixes, by region
  private final AtomicLongArray counts = new AtomicLongArray(Verdict.values().length);
  private final AtomicLongArray connections = new AtomicLongArray(Verdict.values().length);

  public Beacons(LatencyModel model, Ticker ticker) {
    this.model = model;
    this.ticker = ticker;
    random.nextBytes(fallback);
  }

  /** What became of a report. */
  public enum Verdict {
    ACCEPTED("learned"),
    MALFORMED("The report is not of the form that getRouting describes."),
    FORGED("The invitation was not signed here, or for another client."),
    EXPIRED("The invitation is too old."),
    REPLAYED("The invitation was used already."),
    TOO_OFTEN("This client has reported within the hour."),
    IMPOSSIBLE("No path is as fast or as slow as reported.");

    private final String detail;

    Verdict(String detail) {
      this.detail = detail;
    }

    /** One sentence for the client. */
    public String detail() {
      return detail;
    }

    public String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * What a client says it measured.
   *
   * @param client its address
   * @param invitation as it was given
   * @param millis fastest of some round trips to each region
   */
  public record Report(IpAddress client, String invitation, Map<Region, Float> millis) {}

  /** How many reports ended so, since the start. */
  public long count(Verdict verdict) {
    return counts.get(verdict.ordinal());
  }

  /** How often a connection's round trip was judged so, since the start. */
  public long connections(Verdict verdict) {
    return connections.get(verdict.ordinal());
  }

  /**
   * An invitation to measure, as text.
   *
   * @param keys of the pins, newest first; beacons are signed with keys derived from them
   */
  public String invite(PinConfig keys, IpAddress client, List<Region> candidates) {
    int keyId = keys.keys().isEmpty() ? 0 : keys.keys().get(0).id();
    int[] indices = candidates.stream().mapToInt(region -> region.config().index()).toArray();
    return new Invitation(
            keyId, nowSeconds() + LIFETIME_SECONDS, random.nextLong(), client, indices)
        .text(signer(keys));
  }

  /**
   * Judges a report, and learns from it if it is good; never fails.
   *
   * @param votes of the calling loop
   * @param from the client that reports
   */
  public Future<Verdict> report(Votes votes, PinConfig keys, Vantage from, Report report) {
    Verdict verdict = judge(keys, from, report);
    if (verdict != Verdict.ACCEPTED) {
      return Future.succeededFuture(counted(verdict));
    }
    return votes
        .isFirst(voter(report.client()), VOTE_SECONDS)
        .map(first -> counted(first ? accepted(from, report) : Verdict.TOO_OFTEN));
  }

  private Verdict accepted(Vantage from, Report report) {
    report.millis().forEach((region, time) -> learn(from, region.ordinal(), time));
    return Verdict.ACCEPTED;
  }

  private Verdict counted(Verdict verdict) {
    counts.incrementAndGet(verdict.ordinal());
    return verdict;
  }

  /**
   * Judges the round trip of a client's own connection, and learns from it if it is good. A client
   * may delay what it acknowledges or do it too early, so it is believed like a report. But where
   * it is again and again faster than light the client is not where the map has it.
   *
   * @param here ordinal of the region in which the connection ends
   */
  public Verdict connected(Vantage from, int here, float millis) {
    Verdict verdict = judge(from, here, millis);
    if (verdict == Verdict.ACCEPTED) {
      learn(from, here, millis);
    }
    connections.incrementAndGet(verdict.ordinal());
    return verdict;
  }

  private Verdict judge(Vantage from, int here, float millis) {
    int now = nowSeconds();
    if (!isTime(millis)) {
      return Verdict.IMPOSSIBLE;
    }
    if (!heard.first(from.pair(here), now, now + CONNECTION_SECONDS)) {
      return Verdict.TOO_OFTEN;
    }
    boolean misplaced = model.isMisplaced(from);
    if (isFasterThanLight(from, here, millis)) {
      model.outran(from);
      return misplaced ? Verdict.ACCEPTED : Verdict.IMPOSSIBLE;
    }
    return Verdict.ACCEPTED;
  }

  private void learn(Vantage from, int ordinal, float millis) {
    int now = nowSeconds();
    boolean news = votes.first(from.pair(ordinal), now, now + VOTE_SECONDS);
    model.sample(from, ordinal, millis, news ? Trust.REPORTED : Trust.REPORTED_AGAIN);
  }

  /** A report that nobody could read. */
  public Verdict malformed() {
    return counted(Verdict.MALFORMED);
  }

  private Verdict judge(PinConfig keys, Vantage from, Report report) {
    int now = nowSeconds();
    IpAddress client = report.client();
    Map<Region, Float> millis = report.millis();
    Invitation invitation = Invitation.read(report.invitation(), signer(keys));
    if (invitation == null || !invitation.client().equals(client)) {
      return Verdict.FORGED;
    }
    if (invitation.expiresSeconds() <= now) {
      return Verdict.EXPIRED;
    }
    if (millis.isEmpty()) {
      return Verdict.MALFORMED;
    }
    for (Map.Entry<Region, Float> each : millis.entrySet()) {
      if (!invitation.names(each.getKey().config().index())) {
        return Verdict.FORGED;
      }
      if (isImpossible(from, each.getKey().ordinal(), each.getValue())) {
        return Verdict.IMPOSSIBLE;
      }
    }
    if (!used.first(invitation.id(), now, invitation.expiresSeconds())) {
      return Verdict.REPLAYED;
    }
    return clients.first(voter(client), now, now + VOTE_SECONDS)
        ? Verdict.ACCEPTED
        : Verdict.TOO_OFTEN;
  }

  private boolean isImpossible(Vantage from, int ordinal, float millis) {
    return !isTime(millis) || isFasterThanLight(from, ordinal, millis) && !model.isMisplaced(from);
  }

  /** Written so that what is no number fails. */
  private static boolean isTime(float millis) {
    return millis > 0 && millis <= MOST_MILLIS;
  }

  /** Never where the position is unknown. */
  private static boolean isFasterThanLight(Vantage from, int ordinal, float millis) {
    return millis < from.floorMillis(ordinal) * LatencyModel.FLOOR_SHARE;
  }

  /** An IPv4 address, or the /64 that one household has. */
  private static long voter(IpAddress client) {
    return client.isV4() ? client.low() : client.high();
  }

  private int nowSeconds() {
    return (int) (ticker.epochMillis() / 1000);
  }

  private Invitation.Signer signer(PinConfig keys) {
    return (keyId, bytes, length) -> {
      byte[] secret = secret(keys, keyId);
      if (secret == null) {
        return null;
      }
      byte[] derived = hmac(secret, PURPOSE.getBytes(StandardCharsets.US_ASCII), PURPOSE.length());
      return hmac(derived, bytes, length);
    };
  }

  private byte @Nullable [] secret(PinConfig keys, int keyId) {
    for (PinConfig.Key key : keys.keys()) {
      if (key.id() == keyId) {
        return key.secret().reveal().getBytes(StandardCharsets.UTF_8);
      }
    }
    return keys.keys().isEmpty() && keyId == 0 ? fallback : null;
  }

  private static byte[] hmac(byte[] key, byte[] bytes, int length) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      mac.update(bytes, 0, length);
      return mac.doFinal();
    } catch (GeneralSecurityException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}
