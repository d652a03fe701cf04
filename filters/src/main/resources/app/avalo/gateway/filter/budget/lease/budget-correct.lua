-- Corrects the money spent, or the amount of this period, once per id.
--
-- KEYS[1]  hash of the budget and period, see budget-lease.lua; c:ID holds the correction itself
-- ARGV     id, 'spent' or 'raised', micro-units, who and why, configured amount, expire at, service
-- Returns  1 when done, 0 when the id was seen before, -1 when a sum would fall below zero
local key, id, field, micros = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
if redis.call('HEXISTS', key, 'c:' .. id) == 1 then return 0 end
local sum = tonumber(redis.call('HGET', key, field) or 0) + micros
local least = field == 'raised' and -tonumber(ARGV[5]) or 0
if sum < least then return -1 end
redis.call('HSET', key, 'c:' .. id, field .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
redis.call('HINCRBY', key, field, ARGV[3])
if field == 'spent' then redis.call('HINCRBY', key, 'charged', ARGV[3]) end
if ARGV[7] ~= '' then redis.call('HINCRBY', key, 'v:' .. ARGV[7], ARGV[3]) end
redis.call('PEXPIREAT', key, ARGV[6])
return 1
