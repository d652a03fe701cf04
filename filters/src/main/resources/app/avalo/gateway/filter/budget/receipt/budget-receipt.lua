-- Takes down what a request of an id cost, and tells what of it the id was not charged yet.
--
-- KEYS[1]  hash of a few ids
--   ID     the most that a request of it cost in micro-units, seconds since 1970 when that was
--   +ID    while its first request is under way, or for ever if its gateway was killed: the call,
--          micro-units held for it, seconds since 1970 when it began
-- ARGV     id, micro-units, seconds for which an id is remembered, most fields in the hash, beyond
--          which the oldest makes room, call
-- Returns  micro-units to charge, 1 if it is not the first of its id
--
-- All requests of an id together pay the most that one of them cost. While the first is under way,
-- others leave to it what is held for it: it pays that when it ends, or its gateway dies and what is
-- held is charged. Nothing here is added up, so what is said twice or late changes nothing.
local key, id, micros, kept = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now = tonumber(redis.call('TIME')[1])
local had = redis.call('HMGET', key, id, '+' .. id)
local paid, at = (had[1] or ''):match('^(%d+) (%d+)$')
local call, held, since = (had[2] or ''):match('^(%x+) (%d+) (%d+)$')
local before = paid and now - tonumber(at) < kept and tonumber(paid) or 0
held = call and now - tonumber(since) < kept and tonumber(held) or 0
local first = call == ARGV[5]
local most = math.max(before, micros)
local charged = math.max(0, before - held)
local due = first and most or math.max(0, most - held)
if first then redis.call('HDEL', key, '+' .. id) end
if most > before then
  if not had[1] and redis.call('HLEN', key) >= tonumber(ARGV[4]) then
    local all, oldest, since = redis.call('HGETALL', key), nil, nil
    for i = 1, #all, 2 do
      local at = tonumber(all[i + 1]:match(' (%d+)$'))
      if all[i] ~= '+' .. id and (not since or at < since) then oldest, since = all[i], at end
    end
    redis.call('HDEL', key, oldest, (oldest:gsub('^%+', ''))) -- what was left to a call goes with it
  end
  redis.call('HSET', key, id, string.format('%.0f', most) .. ' ' .. now)
  redis.call('EXPIRE', key, kept)
end
return {due - charged, not first and (before > 0 or held > 0) and 1 or 0}
