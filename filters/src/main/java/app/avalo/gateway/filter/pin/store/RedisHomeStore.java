package app.avalo.gateway.filter.pin.store;

import app.avalo.gateway.filter.redis.ScriptRunner;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Homes shared by all replicas: one key {@code prefix:home:{group:hash}} each, one script per step.
 * One object per event loop.
 */
public final class RedisHomeStore implements HomeStore {
  private final ScriptRunner scripts;
  private final RecentHomes recent;
  private final Ticker ticker;
  private final String prefix;

  /**
   * A store.
   *
   * @param prefix of every key, see {@link app.avalo.gateway.config.StateConfig.Redis#prefix()}
   */
  public RedisHomeStore(ScriptRunner scripts, RecentHomes recent, Ticker ticker, String prefix) {
    this.scripts = scripts;
    this.recent = recent;
    this.ticker = ticker;
    this.prefix = prefix + ":home:{";
  }

  @Override
  public int known(PinKey key, Duration ttl) {
    int region = recent.region(key);
    if (region != UNKNOWN && recent.needsRenewal(key, ttl)) {
      claim(key, region, ttl); // whoever asks next gets what it says; a failure changes nothing
    }
    return region;
  }

  @Override
  public Future<@Nullable Home> find(PinKey key) {
    return scripts
        .run(HomeScripts.FIND, keys(key), List.of())
        .map(
            answer -> {
              Home found = answer == null ? null : Home.parse(answer.toString());
              if (found != null) {
                recent.saw(key, found);
              }
              return found;
            });
  }

  @Override
  public Future<Home> claim(PinKey key, int region, Duration ttl) {
    String value = new Home(region, ticker.epochMillis()).text();
    return scripts
        .run(HomeScripts.CLAIM, keys(key), List.of(value, Long.toString(ttl.toMillis())))
        .map(answer -> held(key, answer));
  }

  private Home held(PinKey key, @Nullable Response value) {
    Home held = value == null ? null : Home.parse(value.toString());
    if (held == null) {
      throw new StoreUnavailable("a home that nobody can read");
    }
    recent.saw(key, held);
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
              HomeScripts.PAGE,
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
        PinKey key = key(name.substring(prefix.length(), name.length() - 1));
        Home home = Home.parse(page.get(i + 1).toString());
        if (key != null && home != null) {
          entries.add(new Entry(key, home));
        }
      }
      return entries;
    }
  }

  /** The key behind {@code group:hex}, or null. */
  private static @Nullable PinKey key(String text) {
    int colon = text.length() - 33;
    if (colon < 1 || text.charAt(colon) != ':') {
      return null;
    }
    for (int i = colon + 1; i < text.length(); i++) {
      if (!HexFormat.isHexDigit(text.charAt(i))) {
        return null;
      }
    }
    return new PinKey(
        text.substring(0, colon),
        HexFormat.fromHexDigitsToLong(text, colon + 1, colon + 17),
        HexFormat.fromHexDigitsToLong(text, colon + 17, colon + 33));
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
