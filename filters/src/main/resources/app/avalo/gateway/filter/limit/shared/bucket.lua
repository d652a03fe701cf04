-- One token bucket of one or more bands. No state means full. All numbers are whole and below 2^53,
-- so Lua's doubles are exact. State, version first:
--   2:<micros>:<level>:<capacity>:<level>:<capacity>.../<period>:<period>...
-- Levels and capacities in units, the time of all of them in microseconds since 1970, periods in
-- microseconds. What callers have let pass without asking takes a level below zero, by a tenth of the
-- capacity at most. Releases before wrote no periods, and of one band 1:<level>:<capacity>:<micros>;
-- they read this.
--
-- KEYS[1] bucket
-- ARGV[1] time in microseconds, for tests; empty: the clock of Redis, the only one for all replicas
-- ARGV[2] '1' only looks
-- ARGV[3] tokens wanted; below zero: given back      ARGV[4] fewest tokens that are of any use
-- ARGV[5] tokens that the caller has let pass without asking, while it could not; below zero: that it
--   could not give back
-- ARGV[6...] for each band: units of a token, units that come back per microsecond, capacity in
--   units, units that the caller knows to be missing (empty when this state may be believed), units
--   that have to stay there for others, and period in microseconds
-- Returns {tokens granted, level of each band...}.
local wanted, least, owed = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local now
if ARGV[1] == '' then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
else
  now = tonumber(ARGV[1])
end

local state, then_, held, periods = redis.call('GET', KEYS[1]), now, {}, {}
if state then
  local level, size, at = string.match(state, '^1:(%-?%d+):(%d+):(%d+)$')
  if level then
    then_, held = tonumber(at), {tonumber(level), tonumber(size)}
  elseif string.sub(state, 1, 2) == '2:' then
    held, periods = parted(string.sub(state, 3))
    then_ = table.remove(held, 1)
  end
end
-- A clock that steps back, as after a failover, gives nothing and takes nothing.
if now < then_ then now = then_ end

local bands, granted, own = (#ARGV - 5) / 6, wanted, {}
for i = 1, bands do own[i] = ARGV[5 + 6 * i] end
local from, levels, fullest = origins(periods, own), {}, true
for i = 1, bands do
  local unit, refill = tonumber(ARGV[6 * i]), tonumber(ARGV[1 + 6 * i])
  local capacity, level = tonumber(ARGV[2 + 6 * i]), nil
  local before, size = held[2 * from[i] - 1], held[2 * from[i]]
  if before and size then
    -- After a change of the policy as full as before.
    if size ~= capacity then before = math.floor(before / size * capacity) end
    level = before + (now - then_) * refill
  end
  level = level or capacity
  -- Whoever has lost this bucket's past hears of it from those who remember.
  local missing = ARGV[3 + 6 * i]
  if missing ~= '' then level = math.min(level, capacity - tonumber(missing)) end
  level = math.min(capacity, level - owed * unit)
  level = math.max(level, -math.floor(capacity / 10))
  levels[i] = level
  if wanted > 0 then
    granted = math.min(granted, math.floor((level - tonumber(ARGV[4 + 6 * i])) / unit))
  end
end
if wanted > 0 and granted < least then granted = 0 end

if ARGV[2] ~= '1' and (granted ~= 0 or owed ~= 0) then
  -- Twice the time to full, and so long that who is at work keeps the key: Redis forgets expired
  -- ones some hundred at a time, and whoever calls then waits for milliseconds.
  local longest, text = 10000, {}
  for i = 1, bands do
    local unit, refill, capacity = tonumber(ARGV[6 * i]), tonumber(ARGV[1 + 6 * i]), tonumber(ARGV[2 + 6 * i])
    levels[i] = math.min(capacity, levels[i] - granted * unit)
    fullest = fullest and levels[i] == capacity
    longest = math.max(longest, math.ceil(2 * (capacity - levels[i]) / refill / 1000))
    text[i] = string.format('%d:%d', levels[i], capacity)
  end
  if fullest then
    redis.call('DEL', KEYS[1])
  else
    local value = string.format('2:%d:%s/%s', now, table.concat(text, ':'), table.concat(own, ':'))
    redis.call('SET', KEYS[1], value, 'PX', string.format('%d', longest))
  end
end
table.insert(levels, 1, granted)
return levels
