package app.avalo.gateway.filter.pin.cell;

import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The register in Redis, shared by all replicas: five keys {@code prefix:cells:{group}:x} that live
 * for ever. {@code i} id and version, {@code f} fields, {@code z} their versions, {@code b} the
 * board, {@code h} the notes. An incarnation is one run of one Redis process with one set of keys:
 * it ends with a restart, a failover to another node, and when the keys are emptied.
 */
public final class RedisMapStore implements MapStore {
  private static final String OPEN =
      """
      local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or ''
      local born = redis.call('HGET', KEYS[1], 'born')
      if not born then
        local time = redis.call('TIME')
        born = time[1] .. '.' .. time[2]
        redis.call('HSET', KEYS[1], 'born', born)
      end
      local life = run .. '-' .. born
      local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '1')
      """;

  /** ARGV: gateway, word, incarnation and version known, most gateways. */
  private static final Script BEAT =
      Script.of(
          "cells-beat",
          OPEN
              + """
              local time = redis.call('TIME')
              redis.call('HSET', KEYS[4], ARGV[1], time[1] .. '|' .. ARGV[2])
              local board = redis.call('HGETALL', KEYS[4])
              while #board / 2 > tonumber(ARGV[5]) do
                local oldest
                local since
                for i = 2, #board, 2 do
                  local at = tonumber(string.match(board[i], '^(%d+)|'))
                  if board[i - 1] ~= ARGV[1] and (not since or at < since) then
                    oldest = board[i - 1]
                    since = at
                  end
                end
                redis.call('HDEL', KEYS[4], oldest)
                board = redis.call('HGETALL', KEYS[4])
              end
              local known = tonumber(ARGV[4])
              local whole = ARGV[3] ~= life or known > version
              local fields = {}
              if whole then
                fields = redis.call('HGETALL', KEYS[2])
              elseif known < version then
                for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. ARGV[4], '+inf')) do
                  fields[#fields + 1] = name
                  fields[#fields + 1] = redis.call('HGET', KEYS[2], name)
                end
              end
              return {life, string.format('%.0f', version), whole and 1 or 0, fields, board}
              """);

  /** ARGV: incarnation and version expected, version next, note, most notes, names and texts. */
  private static final Script COMMIT =
      Script.of(
          "cells-commit",
          OPEN
              + """
              local next = tonumber(ARGV[3])
              if ARGV[1] ~= life or tonumber(ARGV[2]) ~= version or next <= version then
                return 0
              end
              redis.call('HSET', KEYS[1], 'version', ARGV[3])
              for i = 6, #ARGV, 2 do
                redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
                redis.call('ZADD', KEYS[3], ARGV[3], ARGV[i])
              end
              redis.call('LPUSH', KEYS[5], ARGV[4])
              redis.call('LTRIM', KEYS[5], 0, tonumber(ARGV[5]) - 1)
              return 1
              """);

  /** ARGV: how many. */
  private static final Script HISTORY =
      Script.of("cells-history", "return redis.call('LRANGE', KEYS[5], 0, tonumber(ARGV[1]) - 1)");

  private final ScriptRunner scripts;
  private final List<String> keys;

  /**
   * The register of one group.
   *
   * @param prefix of every key, see {@link app.avalo.gateway.config.StateConfig.Redis#prefix()}
   */
  public RedisMapStore(ScriptRunner scripts, String prefix, String group) {
    this.scripts = scripts;
    String tag = prefix + ":cells:{" + group + "}:";
    this.keys = List.of(tag + "i", tag + "f", tag + "z", tag + "b", tag + "h");
  }

  @Override
  public void beat(String gateway, String word, Stamp known, Consumer<@Nullable Reading> answer) {
    List<String> arguments =
        List.of(
            gateway,
            word,
            known.incarnation(),
            Long.toString(known.version()),
            Integer.toString(MOST_GATEWAYS));
    scripts
        .run(BEAT, keys, arguments)
        .onComplete(
            (response, failure) -> answer.accept(response == null ? null : reading(response)));
  }

  private static Reading reading(Response response) {
    Stamp stamp = new Stamp(response.get(0).toString(), response.get(1).toLong());
    Map<String, String> board = new HashMap<>();
    Response words = response.get(4);
    for (int i = 0; i + 1 < words.size(); i += 2) {
      String word = words.get(i + 1).toString();
      board.put(words.get(i).toString(), word.substring(word.indexOf('|') + 1));
    }
    Response lines = response.get(3);
    Map<String, String> fields = new HashMap<>();
    for (int i = 0; i + 1 < lines.size(); i += 2) {
      fields.put(lines.get(i).toString(), lines.get(i + 1).toString());
    }
    return new Reading(stamp, response.get(2).toInteger() == 1, fields, board);
  }

  @Override
  public void commit(
      Stamp expected,
      long version,
      Map<String, String> fields,
      String note,
      Consumer<Outcome> answer) {
    List<String> arguments = new ArrayList<>();
    arguments.add(expected.incarnation());
    arguments.add(Long.toString(expected.version()));
    arguments.add(Long.toString(version));
    arguments.add(note);
    arguments.add(Integer.toString(Register.MOST_NOTES));
    fields.forEach(
        (name, text) -> {
          arguments.add(name);
          arguments.add(text);
        });
    scripts
        .run(COMMIT, keys, arguments)
        .onComplete((done, failure) -> answer.accept(outcome(done)));
  }

  private static Outcome outcome(@Nullable Response done) {
    if (done == null) {
      return Outcome.UNKNOWN;
    }
    return done.toInteger() == 1 ? Outcome.DONE : Outcome.CONFLICT;
  }

  @Override
  public void history(int limit, Consumer<@Nullable List<String>> answer) {
    scripts
        .run(HISTORY, keys, List.of(Integer.toString(limit)))
        .onComplete((notes, failure) -> answer.accept(notes == null ? null : texts(notes)));
  }

  private static List<String> texts(Response notes) {
    List<String> texts = new ArrayList<>();
    for (Response note : notes) {
      texts.add(note.toString());
    }
    return texts;
  }
}
