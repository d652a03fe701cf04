-- Takes down what a request of an id cost, and tells what the id was charged before.
--
-- KEYS[1]  hash of a few ids: id -> the most that a request of it cost in micro-units, seconds since
--          1970 when that was
-- ARGV     id, micro-units, seconds for which an id is remembered, most ids in the hash; beyond
--          these the oldest makes room
-- Returns  micro-units charged before, 0 for the first
local key, id, micros, kept = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now = tonumber(redis.call('TIME')[1])
local known = redis.call('HGET', key, id)
local before = 0
if known then
  local paid, at = known:match('^(%d+) (%d+)$')
  if now - tonumber(at) < kept then before = tonumber(paid) end
end
if micros <= before then return before end
if not known and redis.call('HLEN', key) >= tonumber(ARGV[4]) then
  local all, oldest, since = redis.call('HGETALL', key), nil, nil
  for i = 1, #all, 2 do
    local at = tonumber(all[i + 1]:match(' (%d+)$'))
    if not since or at < since then oldest, since = all[i], at end
  end
  redis.call('HDEL', key, oldest)
end
redis.call('HSET', key, id, ARGV[2] .. ' ' .. now)
redis.call('EXPIRE', key, kept)
return before
