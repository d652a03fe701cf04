-- What both kinds of buckets keep of their bands: it stands before their scripts.

-- The numbers before a slash, and the periods behind it, which stay text.
local function parted(text)
  local numbers, periods, slash = {}, {}, string.find(text, '/', 1, true) or #text + 1
  for number in string.gmatch(string.sub(text, 1, slash - 1), '%-?%d+') do
    numbers[#numbers + 1] = tonumber(number)
  end
  for period in string.gmatch(string.sub(text, slash + 1), '%d+') do
    periods[#periods + 1] = period
  end
  return numbers, periods
end

-- Of others the one whose period is nearest, as a ratio; of two the later, which is the longer.
local function nearest(period, others)
  local best, at = math.huge, 0
  for i = 1, #others do
    local ratio = math.max(period / others[i], others[i] / period)
    if ratio <= best then best, at = ratio, i end
  end
  return at
end

-- For each band the one that it goes on from, which has no nearer one either; 0 for a band that is
-- new and starts full. By place when it is not known how long those were.
local function origins(periods, own)
  local from = {}
  for i = 1, #own do
    if #periods == 0 or periods[i] == own[i] then
      from[i] = i
    else
      local at = nearest(own[i], periods)
      from[i] = nearest(periods[at], own) == i and at or 0
    end
  end
  return from
end

