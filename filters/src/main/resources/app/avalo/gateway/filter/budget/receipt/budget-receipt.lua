-- Takes down what a request of an id cost, and tells what the id was charged before.
--
-- KEYS[1]    hash of the day: id -> the most that a request of it cost, micro-units
-- KEYS[2..3] of the day before and the next one
-- ARGV       id, micro-units, most ids of a day, when the day's hash expires
-- Returns    micro-units charged before, 0 for the first; -1 when there is no place for the id
local id, micros = ARGV[1], tonumber(ARGV[2])
local before = 0
for i = 1, #KEYS do
  before = math.max(before, tonumber(redis.call('HGET', KEYS[i], id) or 0))
end
if micros <= before then return before end
local ids = redis.call('HLEN', KEYS[1])
if ids >= tonumber(ARGV[3]) and redis.call('HEXISTS', KEYS[1], id) == 0 then
  return before > 0 and before or -1
end
redis.call('HSET', KEYS[1], id, ARGV[2])
if ids == 0 then redis.call('PEXPIREAT', KEYS[1], ARGV[4]) end
return before
