package app.avalo.gateway.filter.pin.store;

import app.avalo.gateway.filter.redis.Script;

/**
 * The steps that happen inside Redis. A value is {@code region|sinceMillis}; one that does not look
 * so counts as absent, here as in {@link Home}.
 */
final class HomeScripts {
  private static final String FOUND =
      """
      local v = redis.call('GET', KEYS[1])
      if v and (#v > 24 or not string.match(v, '^%d+|%d+$')) then v = false end
      """;

  static final Script FIND = Script.of("home-find", FOUND + "return v\n");

  /** ARGV: value, ttl in ms. */
  static final Script CLAIM =
      Script.of(
          "home-claim",
          FOUND
              + """
              if v then
                redis.call('PEXPIRE', KEYS[1], ARGV[2])
                return v
              end
              redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
              return ARGV[1]
              """);

  /**
   * One page of all homes of this node. ARGV: cursor, key pattern, about how many keys. KEYS[1]
   * only names the node. Answers the next cursor, then key and value by turns.
   */
  static final Script PAGE =
      Script.of(
          "home-page",
          """
          local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
          local out = {page[1]}
          for _, key in ipairs(page[2]) do
            if redis.call('TYPE', key)['ok'] == 'string' then
              local v = redis.call('GET', key)
              if v and #v <= 24 then
                out[#out + 1] = key
                out[#out + 1] = v
              end
            end
          end
          return out
          """);

  private HomeScripts() {}
}
