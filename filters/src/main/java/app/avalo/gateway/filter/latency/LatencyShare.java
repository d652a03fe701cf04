package app.avalo.gateway.filter.latency;

import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What replicas learn, through one stream in Redis: each adds the pairs that changed and takes over
 * those of the others that are newer than its own. One object per process, on one event loop.
 *
 * <p>An entry is the pair in hexadecimal: key(8) facts(8) n times sample(4). The stream keeps the
 * newest {@value #KEPT} entries, for a week since the last; what is lost is measured again.
 */
public final class LatencyShare {
  private static final Logger LOG = LoggerFactory.getLogger(LatencyShare.class);
  private static final int KEPT = 50_000;
  private static final int PAGE = 500;
  private static final int MOST_SENT = 500;
  private static final int HEAD = 16;

  /**
   * ARGV: id of the last entry seen, page, entries kept, entries to add. Answers ids and entries by
   * turns.
   */
  private static final Script EXCHANGE =
      Script.of(
          "latency-exchange",
          """
          local news = redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])
          for i = 4, #ARGV do
            redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', 'p', ARGV[i])
          end
          redis.call('PEXPIRE', KEYS[1], 604800000)
          local out = {}
          for _, entry in ipairs(news) do
            out[#out + 1] = entry[1]
            out[#out + 1] = entry[2][2]
          end
          return out
          """);

  private final LatencyModel model;
  private final ScriptRunner redis;
  private final String key;
  private final Map<Long, Long> known = new HashMap<>(); // key to facts that the stream has
  private String seen = "0-0";
  private int sinceMinute;
  private int walks;

  /**
   * A share.
   *
   * @param prefix of keys in Redis
   */
  public LatencyShare(LatencyModel model, ScriptRunner redis, String prefix) {
    this.model = model;
    this.redis = redis;
    this.key = prefix + ":latency2:{all}";
  }

  /** Gives and takes once; without Redis nothing happens, and the next time makes up for it. */
  public Future<Void> exchange() {
    if (!redis.isUp()) {
      return Future.succeededFuture();
    }
    int now = model.minute();
    List<String> arguments = new ArrayList<>();
    arguments.add(seen);
    arguments.add(Integer.toString(PAGE));
    arguments.add(Integer.toString(KEPT));
    Map<Long, Long> sent = changed(arguments);
    return redis
        .run(EXCHANGE, List.of(key), arguments)
        .compose(
            answer -> {
              sinceMinute = now;
              known.keySet().retainAll(sent.keySet());
              known.putAll(sent);
              take(answer);
              return answer.size() == 2 * PAGE ? exchange() : Future.succeededFuture();
            },
            unavailable -> Future.succeededFuture());
  }

  /**
   * Adds what the stream does not have yet; at most so many, from another place of the table each
   * time, so that where there is more no pair is always left out.
   */
  private Map<Long, Long> changed(List<String> arguments) {
    Map<Long, Long> sent = new HashMap<>();
    long turn = walks++ * 0x9e37_79b9L & 0xffff_ffffL; // golden ratio: far from all before
    model
        .table()
        .forEach(
            (int) (turn * model.capacity() >>> 32),
            (pair, facts, samples) -> {
              if (SampleTable.minute(facts) >= sinceMinute && sent.size() < MOST_SENT) {
                Long before = known.get(pair);
                sent.put(pair, facts);
                if (before == null || before != facts) {
                  arguments.add(entry(pair, facts, samples));
                }
              }
            });
    return sent;
  }

  private void take(Response answer) {
    boolean learned = false;
    for (int i = 0; i + 1 < answer.size(); i += 2) {
      seen = answer.get(i).toString();
      learned |= merge(answer.get(i + 1).toString());
    }
    if (learned) {
      model.changed();
    }
  }

  private static String entry(long pair, long facts, float[] samples) {
    ByteBuffer bytes = ByteBuffer.allocate(HEAD + 4 * SampleTable.count(facts));
    bytes.putLong(pair).putLong(facts);
    for (int i = 0; i < SampleTable.count(facts); i++) {
      bytes.putFloat(samples[i]);
    }
    return HexFormat.of().formatHex(bytes.array());
  }

  private boolean merge(String text) {
    ByteBuffer bytes = parsed(text);
    if (bytes == null) {
      LOG.atWarn().addKeyValue("key", key).log("an entry that nobody can read");
      return false;
    }
    long pair = bytes.getLong();
    long facts = bytes.getLong();
    float[] samples = new float[SampleTable.DEPTH];
    for (int i = 0; i < SampleTable.count(facts); i++) {
      samples[i] = bytes.getFloat();
    }
    known.put(pair, facts);
    return model.table().merge(pair, facts, samples);
  }

  private static @Nullable ByteBuffer parsed(String text) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(text));
      if (bytes.capacity() < HEAD || bytes.getLong(0) == 0) {
        return null;
      }
      int count = SampleTable.count(bytes.getLong(8));
      boolean whole = count >= 1 && count <= SampleTable.DEPTH;
      return whole && bytes.capacity() == HEAD + 4 * count ? bytes : null;
    } catch (IllegalArgumentException noHexadecimal) {
      return null;
    }
  }
}
