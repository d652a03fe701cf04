-- One token bucket. State is "1:<level>:<capacity>:<micros>": version, units in the bucket, units
-- that fitted, and the time of both in microseconds since 1970. No state means full.
-- All numbers are whole and below 2^53, so Lua's doubles are exact.
--
-- KEYS[1] bucket
-- ARGV[1] capacity in units   ARGV[2] units that come back per microsecond
-- ARGV[3] units to take; below zero: to give back   ARGV[4] '1' only looks
-- ARGV[5] time in microseconds, for tests; empty: the clock of Redis, the only one for all replicas
-- Returns {allowed, level, micros until allowed, micros until full}.
local capacity, refill, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now
if ARGV[5] == '' then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000000 + tonumber(time[2])
else
  now = tonumber(ARGV[5])
end

local level = capacity
local state = redis.call('GET', KEYS[1])
if state then
  local l, c, t = string.match(state, '^1:(%d+):(%d+):(%d+)$')
  if l then
    level, c, t = tonumber(l), tonumber(c), tonumber(t)
    if c ~= capacity then
      -- The policy changed: as full as before.
      level = math.floor(level / c * capacity)
    end
    if now > t then
      level = level + (now - t) * refill
    else
      -- A clock that steps back, as after a failover, gives nothing and takes nothing.
      now = t
    end
    if level > capacity then level = capacity end
  end
end

local allowed = level >= cost and 1 or 0
local wait = 0
if allowed == 0 then
  -- Not written: the same follows from the old state, and refusals stay cheap.
  wait = math.ceil((cost - level) / refill)
elseif ARGV[4] ~= '1' then
  level = level - cost
  if level >= capacity then
    level = capacity
    redis.call('DEL', KEYS[1])
  else
    -- Twice the time to full, at least a second.
    local ttl = math.max(1000, math.ceil(2 * (capacity - level) / refill / 1000))
    redis.call('SET', KEYS[1], string.format('1:%.0f:%.0f:%.0f', level, capacity, now), 'PX', string.format('%.0f', ttl))
  end
end
return {allowed, level, wait, math.ceil((capacity - level) / refill)}
