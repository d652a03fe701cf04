-- Takes an operator's order of a budget's period: freeze or free, until a time; 0 lifts it.
--
-- KEYS[1]  hash of the budget and period, see budget-lease.lua; w:ORDER holds who and why
-- ARGV     order, milliseconds since 1970, who and why, expire at
-- Returns  1
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2], 'w:' .. ARGV[1], ARGV[3])
redis.call('PEXPIREAT', KEYS[1], ARGV[4])
return 1
