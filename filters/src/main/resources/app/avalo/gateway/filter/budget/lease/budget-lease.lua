-- Takes one replica's statement of a budget's period, leases it a slice, returns the sums.
--
-- KEYS[1]  hash of the budget and period. All amounts in micro-units, below 2^53.
--   charged     sum over replicas of max(granted, spent), plus corrections; <= amount but for floors
--   spent       sum over replicas of spent, plus corrections
--   raised      added to the configured amount by operators
--   q:R g:R s:R last sequence, granted and spent of replica R
--   v:L, u:L|R  spent under label L, by all replicas and by replica R; a label is a service, or
--               region:REGION, tier:TIER, day:DAY
--   p:K         the replica whose task it is to tell operators of K; when it has been silent for too
--               long before it said that they have it, the task is that of the next that asks
--   names       services of which v:L is known, comma-separated
--   o:K         the replica that told operators of K; final
--   replicas    names of those that stated lately, comma-separated
--   t:R         milliseconds of the last statement of replica R
--   x:R         what replica R had leased and not stated when it had been silent for too long: it
--               counts as spent (service "(expired)") until R states the truth, if it ever does
--   swept live  milliseconds of the last look for silent replicas, and how many there were besides
--   freeze free milliseconds since 1970 until which an operator's order holds
--   settling    milliseconds until which nothing is granted, after this hash was lost
-- ARGV     replica, sequence, keep, want, spent, keys to tell (comma-separated), amount, expire at,
--          milliseconds of silence after which a lease is charged, need, used, least, keys that
--          this replica told (comma-separated), 1 if it had been told of this hash or has spent of
--          an earlier process, then service, spent ...
-- Returns  granted, spent, raised, those of the keys that this replica tells, until when frozen and
--          free, this replica's part of what nobody holds, the most it has stated, its last sequence,
--          those of the keys that others told, names, then spent of each service by all and the most that
--          this replica has stated of it
--
-- A statement holds sums, not differences: replayed, late or lost ones change nothing that the
-- next does not put right. A replica lowers its own lease before it says so here, so what Redis
-- counts as granted is never less than what replicas may spend. When a correction charged what was
-- leased already, a replica is told to hold less, and counts as holding all of it until it says that
-- it does. What nobody uses is shared: a replica holds no more than its part of it ahead, but at
-- least what one request needs if there is that much. Parts that pay for none are left to be put together.
local key, replica = KEYS[1], ARGV[1]
local sequence, keep, want = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local stated, amount, need = tonumber(ARGV[5]), tonumber(ARGV[7]), tonumber(ARGV[10])
local used = tonumber(ARGV[11])
local function text(n) return string.format('%.0f', n) end

local now = redis.call('TIME')
now = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
local had = redis.call('HMGET', key, 'charged', 'spent', 'raised', 'settling',
  'q:' .. replica, 'g:' .. replica, 's:' .. replica, 'x:' .. replica, 'replicas', 'swept', 'freeze', 'free', 'live', 'names')
local charged, spent = tonumber(had[1] or 0), tonumber(had[2] or 0)
local raised, settling = tonumber(had[3] or 0), tonumber(had[4] or 0)
local last = tonumber(had[5] or -1)
local granted, mine = tonumber(had[6] or 0), tonumber(had[7] or 0)
local live, names = tonumber(had[13] or 0), had[14]
if not names then
  -- An earlier release kept no list of them.
  local known = {}
  for _, field in ipairs(redis.call('HKEYS', key)) do known[#known + 1] = field:match('^v:([^:()]+)$') end
  names = table.concat(known, ',')
end
local function name(label)
  if label ~= '' and not label:find('[:()]') and not (',' .. names .. ','):find(',' .. label .. ',', 1, true) then
    names = names == '' and label or names .. ',' .. label
  end
end

local function expired(by)
  spent = spent + by
  redis.call('HINCRBY', key, 'v:(expired)', text(by))
end

if sequence > last then
  if had[8] then
    expired(-tonumber(had[8]))
    redis.call('HDEL', key, 'x:' .. replica)
  end
  local replicas = had[9] or ''
  if not string.find(',' .. replicas .. ',', ',' .. replica .. ',', 1, true) then
    replicas = replicas == '' and replica or replicas .. ',' .. replica
    live = live + 1
    redis.call('HSET', key, 'replicas', replicas, 'live', text(live))
  end
  if now - tonumber(had[10] or 0) > tonumber(ARGV[9]) / 10 then
    local heard = {}
    for other in string.gmatch(replicas, '[^,]+') do
      local of = redis.call('HMGET', key, 't:' .. other, 'g:' .. other, 's:' .. other, 'x:' .. other)
      local unstated = tonumber(of[2] or 0) - tonumber(of[3] or 0)
      local silent = other ~= replica and of[1] and now - tonumber(of[1]) > tonumber(ARGV[9])
      if silent and not of[4] and unstated > 0 then
        redis.call('HSET', key, 'x:' .. other, text(unstated))
        expired(unstated)
      end
      -- Whose lease is charged is looked at again once it speaks.
      if not silent then heard[#heard + 1] = other end
    end
    live = #heard
    redis.call('HSET', key, 'swept', text(now), 'live', text(live), 'replicas', table.concat(heard, ','))
  end
  if not had[1] and ARGV[14] == '1' and (keep > 0 or stated > 0) then
    -- Redis lost this hash: let the other replicas state theirs before more is granted.
    settling = now + 3000
    redis.call('HSET', key, 'settling', text(settling))
  end
  local before = math.max(granted, mine)
  if last < 0 then granted = keep else granted = math.min(granted, keep) end
  local newly = math.max(mine, stated) - mine
  mine = mine + newly
  spent = spent + newly
  local held = math.max(granted, mine)
  charged = charged - before + held
  local room = amount + raised - charged
  if want > held and room > 0 and now >= settling then
    local busy = math.max(used, mine)
    local ahead = held - math.min(held, busy)
    local most = busy + math.floor((room + ahead) / math.max(1, live))
    if need - held <= room then most = math.max(most, need) end
    local part = math.min(want, most)
    if part > held and part >= tonumber(ARGV[12]) then granted = part else granted = held end
    charged = charged - held + granted
  end
  redis.call('HSET', key, 'charged', text(charged), 'spent', text(spent),
    't:' .. replica, text(now), 'q:' .. replica, text(sequence), 'g:' .. replica, text(granted), 's:' .. replica, text(mine))
  for i = 15, #ARGV, 2 do
    local field = 'v:' .. ARGV[i]
    local own = 'u:' .. ARGV[i] .. '|' .. replica
    -- Until 1.0 it was called v:SERVICE:REPLICA.
    local old = tonumber(redis.call('HGET', key, own)
      or redis.call('HGET', key, field .. ':' .. replica) or 0)
    local new = tonumber(ARGV[i + 1])
    if new > old then
      redis.call('HSET', key, own, text(new))
      redis.call('HINCRBY', key, field, text(new - old))
      name(ARGV[i])
    end
  end
  if names ~= had[14] then redis.call('HSET', key, 'names', names) end
  for k in string.gmatch(ARGV[6], '[^,]+') do
    local who = redis.call('HGET', key, 'p:' .. k)
    local heard = who and tonumber(redis.call('HGET', key, 't:' .. who) or 0)
    if (not who or now - heard > tonumber(ARGV[9])) and redis.call('HEXISTS', key, 'o:' .. k) == 0 then
      redis.call('HSET', key, 'p:' .. k, replica)
    end
  end
  redis.call('PEXPIREAT', key, ARGV[8])
end

local room = amount + raised - charged
local part = math.max(0, math.floor(room / math.max(1, live)))
if room < 0 then granted = math.max(mine, granted + room) end

for k in string.gmatch(ARGV[13], '[^,]+') do
  redis.call('HSETNX', key, 'o:' .. k, replica)
  redis.call('HDEL', key, 'p:' .. k)
end
local ours, theirs = {}, {}
for k in string.gmatch(ARGV[6], '[^,]+') do
  local told = redis.call('HGET', key, 'o:' .. k)
  if told and told ~= replica then theirs[#theirs + 1] = k
  elseif told or redis.call('HGET', key, 'p:' .. k) == replica then ours[#ours + 1] = k end
end
local answer = {text(granted), text(spent), text(raised), table.concat(ours, ','),
  had[11] or '0', had[12] or '0', text(part), text(mine),
  text(math.max(last, sequence)), table.concat(theirs, ','), names}
for i = 15, #ARGV, 2 do
  local of = redis.call('HMGET', key, 'v:' .. ARGV[i], 'u:' .. ARGV[i] .. '|' .. replica)
  answer[#answer + 1] = of[1] or '0'
  answer[#answer + 1] = of[2] or '0'
end
return answer
