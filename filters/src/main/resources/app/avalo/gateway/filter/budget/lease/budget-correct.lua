-- Corrects the money spent, or the amount of a period, once per id.
--
-- KEYS[1]  hash of the budget and period, see budget-lease.lua; c:ID holds the correction itself
-- KEYS[2]  and on: of periods close to it, in which the id may have been seen
-- ARGV     id, 'spent' or 'raised', micro-units, who and why, configured amount, end of the period,
--          expire at, service
-- Returns  1 when done, 0 when the id was seen before, -1 when a sum would fall below zero or be
--          more than doubles tell apart, -2 when the period is over and nothing is known of it
local key, id, field, micros = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
for i = 1, #KEYS do
  if redis.call('HEXISTS', KEYS[i], 'c:' .. id) == 1 then return 0 end
end
if redis.call('EXISTS', key) == 0 and tonumber(redis.call('TIME')[1]) * 1000 >= tonumber(ARGV[6]) then
  return -2
end
local sum = tonumber(redis.call('HGET', key, field) or 0) + micros
local least = field == 'raised' and -tonumber(ARGV[5]) or 0
if sum < least or sum + tonumber(ARGV[5]) > 2 ^ 53 then return -1 end
redis.call('HSET', key, 'c:' .. id, field .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
redis.call('HINCRBY', key, field, ARGV[3])
if field == 'spent' then redis.call('HINCRBY', key, 'charged', ARGV[3]) end
if ARGV[8] ~= '' then
  redis.call('HINCRBY', key, 'v:' .. ARGV[8], ARGV[3])
  local names = redis.call('HGET', key, 'names')
  if names and not (',' .. names .. ','):find(',' .. ARGV[8] .. ',', 1, true) then
    redis.call('HSET', key, 'names', names == '' and ARGV[8] or names .. ',' .. ARGV[8])
  end
end
redis.call('PEXPIREAT', key, ARGV[7])
return 1
