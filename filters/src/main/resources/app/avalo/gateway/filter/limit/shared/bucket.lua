-- Token buckets of one shape, one after another: each of one or more bands. No state means full. All
-- numbers are whole and below 2^53, so Lua's doubles are exact. State, version first:
--   2:<micros>:<level>:<capacity>:<level>:<capacity>.../<period>:<period>...
-- Levels and capacities in units, the time of all of them in microseconds since 1970, periods in
-- microseconds. What callers have let pass without asking takes a level below zero, by a tenth of the
-- capacity at most. Releases before wrote no periods, and of one band 1:<level>:<capacity>:<micros>;
-- they read this.
--
-- KEYS    buckets; one may be there twice. In a cluster only one, else as many as are asked about at once
-- ARGV[1] time in microseconds, for tests; empty: the clock of Redis, the only one for all replicas
-- ARGV[2] '1' only looks
-- ARGV[3] number of bands, and for each of them: units of a token, units that come back per
--   microsecond, capacity in units, units that have to stay there for others, period in microseconds
-- then, unless one token is wanted of each, for each bucket a word: empty for one token; else, between
-- colons,
--   tokens wanted; below zero: given back
--   fewest tokens that are of any use
--   tokens that the caller has let pass without asking, while it could not; below zero: that it could
--     not give back
--   for each band units that the caller knows to be missing (not there when this state may be believed)
-- Returns one text, of each bucket: tokens granted, level of each band; blanks between all.
local call, argv, floor, min, max, format = redis.call, ARGV, math.floor, math.min, math.max, string.format
local now, looks, bands = nil, argv[2] == '1', tonumber(argv[3])
if argv[1] == '' then
  local time = call('TIME')
  now = time[1] * 1000000 + time[2]
else
  now = tonumber(argv[1])
end

local unit, refill, capacity, left, own, at = {}, {}, {}, {}, {}, 3
for i = 1, bands do
  unit[i], refill[i], capacity[i] = tonumber(argv[at + 1]), tonumber(argv[at + 2]), tonumber(argv[at + 3])
  left[i], own[i] = tonumber(argv[at + 4]), argv[at + 5]
  at = at + 5
end
local shape = table.concat(own, ':')

-- When it was, level and capacity of each band then, and which of them each band goes on from; nil for
-- what nobody can read.
local function parse(state)
  -- The short way for one band that was there before, as it is with nearly all.
  local when, level, size, periods = string.match(state, '^2:(%d+):(%-?%d+):(%d+)/(%d+)$')
  if periods == shape then return tonumber(when), { tonumber(level), tonumber(size) } end
  if string.sub(state, 1, 2) == '2:' then
    local held
    held, periods = parted(string.sub(state, 3))
    when = table.remove(held, 1)
    return when, held, table.concat(periods, ':') ~= shape and origins(periods, own) or nil
  end
  level, size, when = string.match(state, '^1:(%-?%d+):(%d+):(%d+)$')
  if level then return tonumber(when), { tonumber(level), tonumber(size) } end
end

local answer, level, word = {}, {}, nil
for key = 1, #KEYS do
  local wanted, least, owed, known = 1, 1, 0, nil
  word = argv[at + key]
  if word and word ~= '' then
    known = parted(word)
    wanted, least, owed = known[1], known[2], known[3]
  end
  -- Of another type is what nobody can read either, and must not fail the other buckets.
  local state, then_, held, from = redis.pcall('GET', KEYS[key]), nil, nil, nil
  if type(state) == 'string' then then_, held, from = parse(state) end
  if not then_ then then_, held = now, {} end
  -- A clock that steps back, as after a failover, gives nothing and takes nothing.
  local at_ = max(now, then_)

  local granted = wanted
  for i = 1, bands do
    local units, band = capacity[i], from and from[i] or i
    local before, size = held[2 * band - 1], held[2 * band]
    if before and size then
      -- After a change of the policy as full as before.
      if size ~= capacity[i] then before = floor(before / size * capacity[i]) end
      units = before + (at_ - then_) * refill[i]
    end
    -- Whoever has lost this bucket's past hears of it from those who remember.
    if known and known[3 + i] then units = min(units, capacity[i] - known[3 + i]) end
    units = max(min(capacity[i], units - owed * unit[i]), -floor(capacity[i] / 10))
    level[i] = units
    if wanted > 0 then granted = min(granted, floor((units - left[i]) / unit[i])) end
  end
  if wanted > 0 and granted < least then granted = 0 end

  if not looks and (granted ~= 0 or owed ~= 0) then
    -- Twice the time to full, and so long that who is at work keeps the key: Redis forgets expired
    -- ones some hundred at a time, and whoever calls then waits for milliseconds.
    local full, longest, text = true, 10000, ''
    for i = 1, bands do
      local units = min(capacity[i], level[i] - granted * unit[i])
      level[i] = units
      if units < capacity[i] then
        full = false
        longest = max(longest, math.ceil(2 * (capacity[i] - units) / refill[i] / 1000))
      end
      text = format('%s:%d:%d', text, units, capacity[i])
    end
    if full then
      call('DEL', KEYS[key])
    else
      call('SET', KEYS[key], format('2:%d%s/%s', at_, text, shape), 'PX', format('%d', longest))
    end
  end
  local said = format('%d', granted)
  for i = 1, bands do said = format('%s %d', said, level[i]) end
  answer[key] = said
end
return table.concat(answer, ' ')
