-- Takes down that a request of an id begins, if it is the first, and tells what the id has paid.
--
-- KEYS[1]  hash of a few ids, see budget-receipt.lua
-- ARGV     id, micro-units held, seconds for which an id is remembered, most fields in the hash, call
-- Returns  micro-units of its dearest request that ended
--
-- What is held for the first may turn out to be more than it costs, so others hold no less for that.
local key, id, kept = KEYS[1], ARGV[1], tonumber(ARGV[3])
local now = tonumber(redis.call('TIME')[1])
local had = redis.call('HMGET', key, id, '+' .. id)
local paid, at = (had[1] or ''):match('^(%d+) (%d+)$')
local call, _, since = (had[2] or ''):match('^(%x+) (%d+) (%d+)$')
if not (paid and now - tonumber(at) < kept) then paid = nil end
if not (call and now - tonumber(since) < kept) then call = nil end
if paid or call then return tonumber(paid or 0) end
if not had[2] and redis.call('HLEN', key) >= tonumber(ARGV[4]) then
  local all, oldest, since = redis.call('HGETALL', key), nil, nil
  for i = 1, #all, 2 do
    local at = tonumber(all[i + 1]:match(' (%d+)$'))
    if not since or at < since then oldest, since = all[i], at end
  end
  redis.call('HDEL', key, oldest, (oldest:gsub('^%+', ''))) -- what was left to a call goes with it
end
redis.call('HSET', key, '+' .. id, ARGV[5] .. ' ' .. ARGV[2] .. ' ' .. now)
redis.call('EXPIRE', key, kept)
return 0
