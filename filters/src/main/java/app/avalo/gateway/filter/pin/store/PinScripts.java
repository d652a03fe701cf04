package app.avalo.gateway.filter.pin.store;

import app.avalo.gateway.filter.redis.Script;

/**
 * The steps that happen inside Redis. A value is {@code counter|region|home|sinceMillis|CAUSE}; one
 * that does not look so counts as absent, here as in {@link PinValue}. Numbers stay below 2^53, the
 * most that Lua counts exactly.
 */
final class PinScripts {
  private static final String PARSE =
      """
      local function parse(v)
        if not v or #v > 80 then return nil end
        local c, r, h = string.match(v, '^(%d+)|(%d+)|(%d+)|%d+|%u+$')
        if not c or #c > 15 or #r > 5 or #h > 5 then return nil end
        return tonumber(c), tonumber(r), h
      end
      local v = redis.call('GET', KEYS[1])
      local c, r, h = parse(v)
      """;

  /** ARGV: ttl in ms or 0. The lifetime is renewed only when half of it is gone. */
  static final Script READ =
      Script.of(
          "pin-read",
          PARSE
              + """
              if not c then return false end
              local ttl = tonumber(ARGV[1])
              if ttl > 0 and redis.call('PTTL', KEYS[1]) < ttl / 2 then
                redis.call('PEXPIRE', KEYS[1], ARGV[1])
              end
              return v
              """);

  /** ARGV: counter, value, ttl in ms. */
  static final Script CLAIM =
      Script.of(
          "pin-claim",
          PARSE
              + """
              if c and c >= tonumber(ARGV[1]) then
                redis.call('PEXPIRE', KEYS[1], ARGV[3])
                return v
              end
              redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
              return ARGV[2]
              """);

  /** ARGV: counter and region seen, home, region to, now in ms, cause, ttl in ms. */
  static final Script MOVE =
      Script.of(
          "pin-move",
          PARSE
              + """
              local seen = tonumber(ARGV[1])
              if c and (c > seen or (c == seen and r ~= tonumber(ARGV[2]))) then
                return {0, v}
              end
              local counter = math.max(c or 0, seen) + 1
              v = string.format('%.0f|%s|%s|%s|%s', counter, ARGV[4], h or ARGV[3], ARGV[5], ARGV[6])
              redis.call('SET', KEYS[1], v, 'PX', ARGV[7])
              return {1, v}
              """);

  /**
   * One page of all pins of this node. ARGV: cursor, key pattern, about how many keys. KEYS[1] only
   * names the node. Answers the next cursor, then key and value by turns.
   */
  static final Script PAGE =
      Script.of(
          "pin-page",
          """
          local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
          local out = {page[1]}
          for _, key in ipairs(page[2]) do
            if redis.call('TYPE', key)['ok'] == 'string' then
              local v = redis.call('GET', key)
              if v and #v <= 80 then
                out[#out + 1] = key
                out[#out + 1] = v
              end
            end
          end
          return out
          """);

  private PinScripts() {}
}
