-- Takes an operator's order of a budget's period: freeze or free, until a time; 0 lifts it.
--
-- KEYS[1]  hash of the budget and period, see budget-lease.lua; w:ORDER holds who and why
-- ARGV     order, milliseconds since 1970, who and why, expire at, when the period begins
-- Returns  1, or 0 when it is over before that and the hash has nothing that it would replace
if tonumber(ARGV[2]) <= tonumber(ARGV[5]) and redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2], 'w:' .. ARGV[1], ARGV[3])
redis.call('PEXPIREAT', KEYS[1], ARGV[4])
return 1
