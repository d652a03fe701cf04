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
local call, argv, floor, min, max, format = redis.call, ARGV, math.floor, math.min, math.max, string.format
local wanted, least, owed = tonumber(argv[3]), tonumber(argv[4]), tonumber(argv[5])
local now
if argv[1] == '' then
  local time = call('TIME')
  now = time[1] * 1000000 + time[2]
else
  now = tonumber(argv[1])
end

local bands, shape = (#argv - 5) / 6, argv[11]
for i = 2, bands do shape = shape .. ':' .. argv[5 + 6 * i] end

local state, then_, held, from = call('GET', KEYS[1]), now, {}, nil
if state then
  -- The short way for one band that was there before, as it is with nearly all.
  local at, level, size, periods = string.match(state, '^2:(%d+):(%-?%d+):(%d+)/(%d+)$')
  if periods == shape then
    then_, held[1], held[2] = tonumber(at), tonumber(level), tonumber(size)
  elseif string.sub(state, 1, 2) == '2:' then
    held, periods = parted(string.sub(state, 3))
    then_ = table.remove(held, 1)
    if table.concat(periods, ':') ~= shape then
      local own = {}
      for i = 1, bands do own[i] = argv[5 + 6 * i] end
      from = origins(periods, own)
    end
  else
    level, size, at = string.match(state, '^1:(%-?%d+):(%d+):(%d+)$')
    if level then then_, held[1], held[2] = tonumber(at), tonumber(level), tonumber(size) end
  end
end
-- A clock that steps back, as after a failover, gives nothing and takes nothing.
if now < then_ then now = then_ end

local granted, answer = wanted, {0}
for i = 1, bands do
  local unit, refill, capacity = tonumber(argv[6 * i]), tonumber(argv[1 + 6 * i]), tonumber(argv[2 + 6 * i])
  local level, band = capacity, from and from[i] or i
  local before, size = held[2 * band - 1], held[2 * band]
  if before and size then
    -- After a change of the policy as full as before.
    if size ~= capacity then before = floor(before / size * capacity) end
    level = before + (now - then_) * refill
  end
  -- Whoever has lost this bucket's past hears of it from those who remember.
  local missing = argv[3 + 6 * i]
  if missing ~= '' then level = min(level, capacity - tonumber(missing)) end
  level = max(min(capacity, level - owed * unit), -floor(capacity / 10))
  answer[i + 1] = level
  if wanted > 0 then
    granted = min(granted, floor((level - tonumber(argv[4 + 6 * i])) / unit))
  end
end
if wanted > 0 and granted < least then granted = 0 end

if argv[2] ~= '1' and (granted ~= 0 or owed ~= 0) then
  -- Twice the time to full, and so long that who is at work keeps the key: Redis forgets expired
  -- ones some hundred at a time, and whoever calls then waits for milliseconds.
  local full, longest, text = true, 10000, ''
  for i = 1, bands do
    local unit, refill, capacity = argv[6 * i], argv[1 + 6 * i], tonumber(argv[2 + 6 * i])
    local level = min(capacity, answer[i + 1] - granted * unit)
    answer[i + 1] = level
    if level < capacity then
      full = false
      longest = max(longest, math.ceil(2 * (capacity - level) / refill / 1000))
    end
    text = format('%s:%d:%s', text, level, argv[2 + 6 * i])
  end
  if full then
    call('DEL', KEYS[1])
  else
    call('SET', KEYS[1], format('2:%d%s/%s', now, text, shape), 'PX', format('%d', longest))
  end
end
answer[1] = granted
return answer
