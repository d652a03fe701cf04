-- Tells all sums of a budget's period, as of its reports.
--
-- KEYS[1]  hash of the budget and period, see budget-lease.lua
-- Returns  name, sum ...: spent, raised, and v:LABEL by all replicas
local all, sums = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #all, 2 do
  local label = string.match(all[i], '^v:(.+)$')
  -- v:SERVICE:REPLICA is of earlier releases.
  local kind = label and string.match(label, '^(%a+):[^:]+$')
  if label and not string.find(label, ':', 1, true) or kind == 'region' or kind == 'tier'
      or kind == 'day' or all[i] == 'spent' or all[i] == 'raised' then
    sums[#sums + 1] = all[i]
    sums[#sums + 1] = all[i + 1]
  end
end
return sums
