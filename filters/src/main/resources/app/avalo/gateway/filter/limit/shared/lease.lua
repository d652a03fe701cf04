-- One token bucket from which replicas take tokens ahead of their requests. A part H of every burst
-- is kept out of the bucket, and at most H tokens are out unspent at any time; so no window admits
-- more than burst and refill (the proof is in the rationale of this module). No state means full.
-- All numbers are whole and below 2^53, so Lua's doubles are exact. A hash:
--   t            microseconds since 1970, the time of all levels
--   b            <level>:<capacity> of each band in units, joined by colons, then after a slash the
--                period of each in microseconds; what replicas have let pass without asking takes a
--                level below zero, by a tenth of the capacity at most
--   s            until when tokens are promised to replicas that were refused, microseconds
--   l            likewise to those who leave a part to others
--   o:<replica>  <tokens it holds unspent>:<when it said so, microseconds>:<tokens per second that
--                its requests want>:<sequence of that call>
--
-- KEYS[1] bucket
-- ARGV[1] time in microseconds, for tests; empty: the clock of Redis, the only one for all replicas
-- ARGV[2] replica; empty: only looks
-- ARGV[3] tokens it holds and keeps             ARGV[4] tokens it brings back
-- ARGV[5] tokens its waiting requests need now  ARGV[6] those of the cheapest of them
-- ARGV[7] tokens it would like to hold beside   ARGV[8] fewest that are worth a call; 0: any
-- ARGV[9] H                                     ARGV[10] microseconds after which it forgets a lease
-- ARGV[11] tokens that it has let pass without asking, while it could not
-- ARGV[12] tokens per second that its requests want
-- ARGV[13] sequence: a call that arrives behind a later one of its replica, as from a connection that
--   was given up, changes nothing, or it would overwrite what that one holds
-- ARGV[14...] for each band: units of a token, units that come back per microsecond, capacity
--   without H in units, units that the caller knows to be missing (empty when this state may be
--   believed), units that have to stay there for others, and period in microseconds
-- Returns {granted now, granted to hold, microseconds until asking again makes sense, replicas that
-- asked lately, what all of them want per second, level of each band...}.
local replica = ARGV[2]
local kept, returned = tonumber(ARGV[3]), tonumber(ARGV[4])
local need, least = tonumber(ARGV[5]), tonumber(ARGV[6])
local ahead, worth = tonumber(ARGV[7]), tonumber(ARGV[8])
local most, lifetime, owed = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local demand = tonumber(ARGV[12])
local now
if ARGV[1] == '' then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000000 + tonumber(time[2])
else
  now = tonumber(ARGV[1])
end

local promised = 's'
for i = 18, #ARGV, 6 do if ARGV[i] ~= '0' then promised = 'l' end end
local then_, slot, held, periods, out, live, silent, late = now, 0, {}, {}, 0, 1, {}, false
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local name, value = fields[i], fields[i + 1]
  if name == 't' then
    then_ = tonumber(value)
  elseif name == promised then
    slot = tonumber(value)
  elseif name == 'b' then
    held, periods = parted(value)
  elseif name == 'o:' .. replica then
    late = tonumber(string.match(value, ':(%d+)$')) >= tonumber(ARGV[13])
  elseif string.sub(name, 1, 2) == 'o:' then
    local unspent, seen, wants = string.match(value, '^(%d+):(%d+):(%d+):')
    if now - tonumber(seen) > lifetime then
      silent[#silent + 1] = name
    else
      out, live = out + tonumber(unspent), live + 1
      demand = demand + tonumber(wants)
    end
  end
end
-- A clock that steps back, as after a failover, gives nothing and takes nothing.
if now < then_ then now = then_ end

if late then need, ahead, returned, owed = 0, 0, 0, 0 end

local bands, free, own = (#ARGV - 13) / 6, math.huge, {}
for i = 1, bands do own[i] = ARGV[13 + 6 * i] end
local from, levels, unit, refill, capacity = origins(periods, own), {}, {}, {}, {}
for i = 1, bands do
  unit[i], refill[i] = tonumber(ARGV[8 + 6 * i]), tonumber(ARGV[9 + 6 * i])
  capacity[i] = tonumber(ARGV[10 + 6 * i])
  local level, before, size = nil, held[2 * from[i] - 1], held[2 * from[i]]
  if before and size then
    -- After a change of the policy as full as before.
    if size ~= capacity[i] then before = math.floor(before / size * capacity[i]) end
    level = before + (now - then_) * refill[i] + returned * unit[i]
  end
  level = level or capacity[i]
  -- Whoever has lost this bucket's past hears of it from those who remember.
  local missing = ARGV[11 + 6 * i]
  if missing ~= '' then level = math.min(level, capacity[i] - tonumber(missing)) end
  level = math.min(capacity[i], level - owed * unit[i])
  level = math.max(level, -math.floor(capacity[i] / 10))
  levels[i] = level
  free = math.min(free, math.max(0, math.floor((level - tonumber(ARGV[12 + 6 * i])) / unit[i])))
end

local spent, lent, retry = 0, 0, 0
local available = math.min(free, need + ahead)
-- Whoever waits has what is there; a lease is made of enough only.
if available >= least then spent = math.min(need, available) end
if available >= math.min(need + ahead, worth) then
  lent = math.max(0, math.min(ahead, available - spent, most - out - kept))
end
if free - spent - lent < worth then
  -- Each replica in its turn, so that the next tokens make one lease and not many bits. A turn is
  -- never far: a second later, the least that a client is told to wait, none is left.
  local turn = 0
  for i = 1, bands do turn = math.max(turn, math.ceil(worth * unit[i] / refill[i])) end
  slot = math.min(math.max(slot, now) + turn, now + 400000)
  retry = slot - now
end

if replica ~= '' and not late then
  local longest, text = 1000, {}
  for i = 1, bands do
    levels[i] = levels[i] - (spent + lent) * unit[i]
    longest = math.max(longest, math.ceil(2 * (capacity[i] - levels[i]) / refill[i] / 1000))
    text[i] = string.format('%.0f:%.0f', levels[i], capacity[i])
  end
  for _, name in ipairs(silent) do redis.call('HDEL', KEYS[1], name) end
  redis.call('HSET', KEYS[1], 't', string.format('%.0f', now), 'b', table.concat(text, ':') .. '/' .. table.concat(own, ':'),
    promised, string.format('%.0f', slot), 'o:' .. replica, string.format('%.0f:%.0f:%s:%s', kept + lent, now, ARGV[12], ARGV[13]))
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', longest))
end
local answer = {spent, lent, retry, live, demand}
for i = 1, bands do answer[5 + i] = levels[i] end
return answer
