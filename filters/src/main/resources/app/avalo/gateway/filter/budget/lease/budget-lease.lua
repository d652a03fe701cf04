-- Takes one replica's statement of a budget's period, leases it a slice, returns the sums.
--
-- KEYS[1]  hash of the budget and period. All amounts in micro-units, below 2^53.
--   charged     sum over replicas of max(granted, spent), plus corrections; <= amount but for floors
--   spent       sum over replicas of spent, plus corrections
--   raised      added to the configured amount by operators
--   q:R g:R s:R last sequence, granted and spent of replica R
--   v:S, v:S:R  spent of service S, by all replicas and by replica R
--   o:K         the replica whose task it is to tell operators of K
--   settling    milliseconds until which nothing is granted, after this hash was lost
-- ARGV     replica, sequence, keep, want, spent, keys to tell (comma-separated), amount, expire at, then service, spent ...
-- Returns  granted, spent, raised, those of the keys that this replica tells, then spent of each
--          service by all
--
-- A statement holds sums, not differences: replayed, late or lost ones change nothing that the
-- next does not put right. A replica lowers its own lease before it says so here, so what Redis
-- counts as granted is never less than what replicas may spend.
local key, replica = KEYS[1], ARGV[1]
local sequence, keep, want = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local stated, amount = tonumber(ARGV[5]), tonumber(ARGV[7])
local function text(n) return string.format('%.0f', n) end

local now = redis.call('TIME')
now = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
local had = redis.call('HMGET', key, 'charged', 'spent', 'raised', 'settling',
  'q:' .. replica, 'g:' .. replica, 's:' .. replica)
local charged, spent = tonumber(had[1] or 0), tonumber(had[2] or 0)
local raised, settling = tonumber(had[3] or 0), tonumber(had[4] or 0)
local last = tonumber(had[5] or -1)
local granted, mine = tonumber(had[6] or 0), tonumber(had[7] or 0)

if sequence > last then
  if not had[1] and (keep > 0 or stated > 0) then
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
    granted = math.min(want, held + room)
    charged = charged - held + granted
  end
  redis.call('HSET', key, 'charged', text(charged), 'spent', text(spent),
    'q:' .. replica, text(sequence), 'g:' .. replica, text(granted), 's:' .. replica, text(mine))
  for i = 9, #ARGV, 2 do
    local field = 'v:' .. ARGV[i]
    local old = tonumber(redis.call('HGET', key, field .. ':' .. replica) or 0)
    local new = tonumber(ARGV[i + 1])
    if new > old then
      redis.call('HSET', key, field .. ':' .. replica, text(new))
      redis.call('HINCRBY', key, field, text(new - old))
    end
  end
  for k in string.gmatch(ARGV[6], '[^,]+') do redis.call('HSETNX', key, 'o:' .. k, replica) end
  redis.call('PEXPIREAT', key, ARGV[8])
end

local ours = {}
for k in string.gmatch(ARGV[6], '[^,]+') do
  if redis.call('HGET', key, 'o:' .. k) == replica then ours[#ours + 1] = k end
end
local answer = {text(granted), text(spent), text(raised), table.concat(ours, ',')}
for i = 9, #ARGV, 2 do
  answer[#answer + 1] = redis.call('HGET', key, 'v:' .. ARGV[i]) or '0'
end
return answer
