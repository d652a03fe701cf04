package app.avalo.gateway.filter.pin.store;

import app.avalo.gateway.filter.pin.store.Binding.Cause;
import app.avalo.gateway.filter.redis.ScriptRunner;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pins shared by all replicas: one key {@code prefix:pin:{group:hash}} each, one script per step.
 * One object per event loop.
 *
 * <p>Redis may lose its last writes in a failover. A counter lower than this process has seen is
 * therefore not believed but repaired on sight.
 */
public final class RedisPinStore implements PinStore {
  private final ScriptRunner scripts;
  private final RecentPins recent;
  private final Ticker ticker;
  private final String prefix;

  /**
   * A store.
   *
   * @param prefix of every key, see {@link app.avalo.gateway.config.StateConfig.Redis#prefix()}
   */
  public RedisPinStore(ScriptRunner scripts, RecentPins recent, Ticker ticker, String prefix) {
    this.scripts = scripts;
    this.recent = recent;
    this.ticker = ticker;
    this.prefix = prefix + ":pin:{";
  }

  @Override
  public @Nullable Binding known(PinKey key) {
    return recent.highest(key);
  }

  @Override
  public void remember(PinKey key, Binding binding) {
    recent.remember(key, binding);
  }

  @Override
  public Future<@Nullable Binding> read(PinKey key, Duration ttl) {
    Binding fresh = recent.fresh(key);
    if (fresh != null) {
      return Future.succeededFuture(fresh);
    }
    long asked = ticker.nanos();
    return scripts
        .run(PinScripts.READ, keys(key), List.of(Long.toString(ttl.toMillis())))
        .compose(answer -> believed(key, answer, asked, ttl));
  }

  private Future<@Nullable Binding> believed(
      PinKey key, @Nullable Response answer, long askedNanos, Duration ttl) {
    Binding found = answer == null ? null : PinValue.read(answer.toString());
    Binding seen = recent.highest(key);
    if (seen != null && (found == null || found.counter() < seen.counter())) {
      return ttl.isZero() ? Future.succeededFuture(seen) : claim(key, seen, ttl).map(held -> held);
    }
    if (found != null) {
      recent.saw(key, found, askedNanos);
    }
    return Future.succeededFuture(found);
  }

  @Override
  public Future<Binding> claim(PinKey key, Binding proposal, Duration ttl) {
    long asked = ticker.nanos();
    List<String> arguments =
        List.of(
            Long.toString(proposal.counter()),
            PinValue.write(proposal),
            Long.toString(ttl.toMillis()));
    return scripts
        .run(PinScripts.CLAIM, keys(key), arguments)
        .map(answer -> held(key, answer, asked));
  }

  @Override
  public Future<Outcome> move(PinKey key, Binding seen, int to, Cause cause, Duration ttl) {
    long asked = ticker.nanos();
    List<String> arguments =
        List.of(
            Long.toString(seen.counter()),
            Integer.toString(seen.region()),
            Integer.toString(seen.home()),
            Integer.toString(to),
            Long.toString(Math.max(0, ticker.epochMillis())),
            cause.name(),
            Long.toString(ttl.toMillis()));
    return scripts
        .run(PinScripts.MOVE, keys(key), arguments)
        .map(
            answer -> new Outcome(answer.get(0).toInteger() == 1, held(key, answer.get(1), asked)));
  }

  private Binding held(PinKey key, @Nullable Response value, long askedNanos) {
    Binding held = value == null ? null : PinValue.read(value.toString());
    if (held == null) {
      throw new StoreUnavailable("a pin that nobody can read");
    }
    recent.saw(key, held, askedNanos);
    return held;
  }

  private List<String> keys(PinKey key) {
    return List.of(prefix + key + "}");
  }

  /** In a cluster this sees one node only: a script cannot leave its node. */
  @Override
  public Scan scan() {
    return new Pages();
  }

  /** The walk of one caller; its cursor is written by the loop that asks. */
  private final class Pages implements Scan {
    private String cursor = "0";
    private boolean over;

    @Override
    public Future<@Nullable List<Entry>> next(int limit) {
      if (over) {
        return Future.succeededFuture(null);
      }
      return scripts
          .run(
              PinScripts.PAGE,
              List.of(prefix + "scan}"),
              List.of(cursor, escaped(prefix) + "*}", Integer.toString(limit)))
          .map(this::entries);
    }

    private List<Entry> entries(Response page) {
      cursor = page.get(0).toString();
      over = cursor.equals("0");
      List<Entry> entries = new ArrayList<>();
      for (int i = 1; i + 1 < page.size(); i += 2) {
        String name = page.get(i).toString();
        PinKey key = PinValue.key(name.substring(prefix.length(), name.length() - 1));
        Binding binding = PinValue.read(page.get(i + 1).toString());
        if (key != null && binding != null) {
          entries.add(new Entry(key, binding));
        }
      }
      return entries;
    }
  }

  /** The prefix as a pattern that matches only itself. */
  private static String escaped(String text) {
    StringBuilder pattern = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\' || c == '^') {
        pattern.append('\\');
      }
      pattern.append(c);
    }
    return pattern.toString();
  }
}
