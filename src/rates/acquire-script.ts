// `RateTable.ask` as a script of the Redis server, on the server's clock. Times are milliseconds with fractions.
//
// KEYS 1 a hash: the state; 2 a sorted set: ids of grants by when they stop to count; 3 a hash: what each grant holds.
// ARGV 1 rules (SECOND_MS … LOOK_AT) · 2 rates · 3 what is wanted · 4 priority · 5 lateMs and heldMs · 6 returned · 7 rejoins ·
// 8 the time, or nothing for the server's own · 9 ids of grants that were answered, each with its lateMs. Groups are written with spaces between their numbers.

export const acquireScript = `
local function numbers(text)
  local list = {}
  for word in string.gmatch(text, '%S+') do list[#list + 1] = tonumber(word) end
  return list
end
local function text(number) return string.format('%.17g', number) end

local rules = numbers(ARGV[1])
local SECOND, GATHER, BURST, LEAST, RESERVE, RETURN, FORGET, LOOK =
  rules[1], rules[2], rules[3], rules[4], rules[5], rules[6], rules[7], rules[8]
local REQUEST_BURST, BACKFILL_REQUESTS, BACKFILL_LEAST, BACKFILL_SECONDS = rules[9], rules[10], rules[11], rules[12]
local ASK_AGAIN = rules[13]
local rate = numbers(ARGV[2])
local wanted = numbers(ARGV[3])
local wantedEvents, wantedBytes, leastBytes = wanted[1], wanted[2], wanted[3]
local live = ARGV[4] == 'live'
local lateMs, heldMs = unpack(numbers(ARGV[5]))
local now = tonumber(ARGV[8])
if now == nil then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
end

local EVENTS, REQUESTS, BYTES = 1, 2, 3
local read = redis.call('HMGET', KEYS[1], 'open', 'filled', 'te', 'tr', 'tb', 'ue', 'ur', 'ub', 'live', 'grants', 'seen',
  'backfill', 'kept')
local open, filled, liveWaits = tonumber(read[1]), tonumber(read[2]), tonumber(read[9])
local tokens = { tonumber(read[3]), tonumber(read[4]), tonumber(read[5]) }
local used = { tonumber(read[6]), tonumber(read[7]), tonumber(read[8]) }
local grants, seen = tonumber(read[10]), tonumber(read[11])
local backfillAt, kept = tonumber(read[12]) or 0, tonumber(read[13]) or 0

local function answer(...)
  redis.call('HSET', KEYS[1], 'open', text(open), 'filled', text(filled), 'te', text(tokens[1]), 'tr', text(tokens[2]),
    'tb', text(tokens[3]), 'ue', text(used[1]), 'ur', text(used[2]), 'ub', text(used[3]), 'live', text(liveWaits),
    'grants', text(grants), 'seen', text(now), 'backfill', text(backfillAt), 'kept', text(kept))
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, FORGET) end
  return { ... }
end

if open == nil then
  open, filled, tokens, used, liveWaits, grants = now + GATHER, now, { 0, 0, 0 }, { 0, 0, 0 }, 0, 0
  backfillAt, kept = 0, 0
  redis.call('DEL', KEYS[2], KEYS[3])
elseif ARGV[7] == '1' or now - seen >= SECOND then
  open = math.max(open, now + GATHER)
end
if now < open then return answer('gather', text(open - now)) end
if now < open + SECOND then return answer('wait', text(open + SECOND - now)) end

local function cap(one) return math.max(1, math.floor(rate[one])) end
local function leftForLive(one)
  if rate[one] == math.huge then return 0 end
  return math.floor(cap(one) * RESERVE + 0.5)
end
local mostKept = cap(REQUESTS) * BACKFILL_REQUESTS >= 1 and 1 or 0
local function reserve(one)
  if live then return one == REQUESTS and kept or 0 end
  return one == REQUESTS and 0 or leftForLive(one)
end
local function grantOf(id)
  local grant = redis.call('HGET', KEYS[3], id)
  if not grant then return nil end
  local list = numbers(grant)
  list[3] = list[3] or 0
  return list
end

local answered = numbers(ARGV[9])
for i = 1, #answered, 2 do
  local id = text(answered[i])
  local grant = grantOf(id)
  if grant then
    redis.call('ZINCRBY', KEYS[2], text(answered[i + 1] - grant[3]), id)
    redis.call('HSET', KEYS[3], id, text(grant[1]) .. ' ' .. text(grant[2]) .. ' 0')
  end
end

local gone = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', text(now))
for _, id in ipairs(gone) do
  local grant = grantOf(id)
  if grant then
    used[EVENTS] = used[EVENTS] - grant[1]
    used[REQUESTS] = used[REQUESTS] - 1
    used[BYTES] = used[BYTES] - grant[2]
    redis.call('HDEL', KEYS[3], id)
  end
  redis.call('ZREM', KEYS[2], id)
end

if ARGV[6] ~= '' then
  local back = numbers(ARGV[6])
  local id = text(back[1])
  local grant = grantOf(id)
  if grant then
    local events, bytes = math.min(back[2], grant[1]), math.min(back[3], grant[2])
    used[EVENTS] = used[EVENTS] - events
    used[BYTES] = used[BYTES] - bytes
    tokens[EVENTS] = tokens[EVENTS] + events
    tokens[BYTES] = tokens[BYTES] + bytes
    redis.call('HSET', KEYS[3], id, text(grant[1] - events) .. ' ' .. text(grant[2] - bytes) .. ' ' .. text(grant[3]))
    redis.call('ZADD', KEYS[2], text(tonumber(redis.call('ZSCORE', KEYS[2], id)) - back[4]), id)
  end
end

local unit = { 1 + leftForLive(EVENTS), 1 + mostKept, leastBytes + leftForLive(BYTES) }
local passed = now - filled
for one = 1, 3 do
  if rate[one] == math.huge then
    tokens[one] = 0
  else
    local burst = math.min(cap(one), math.max(unit[one], rate[one] * (one == REQUESTS and REQUEST_BURST or BURST)))
    local second = one == REQUESTS and SECOND + 2 * lateMs or 1000
    tokens[one] = math.min(burst, tokens[one] + passed / second * rate[one])
  end
end
if not live then backfillAt = now end
if now - backfillAt < SECOND and rate[REQUESTS] ~= math.huge then
  kept = math.min(mostKept, kept + passed / 1000 * rate[REQUESTS] * BACKFILL_REQUESTS)
else
  kept = 0
end
filled = now

if not live and now < liveWaits then return answer('wait', text(liveWaits - now)) end

local perRequest = live and 0 or BACKFILL_LEAST / rate[REQUESTS]
local seconds = math.max(LEAST, math.min(perRequest, BACKFILL_SECONDS))
local least = { math.min(wantedEvents, math.max(1, math.floor(rate[EVENTS] * seconds))), 1, leastBytes }
local waits = { 0, 0, 0 }
for one = 1, 3 do
  if rate[one] ~= math.huge then
    local missing = least[one] + reserve(one) - tokens[one]
    if missing > 1e-9 then waits[one] = missing / rate[one] * 1000 end
    local over = used[one] + least[one] + reserve(one) - cap(one)
    if over > 1e-9 then
      local log = redis.call('ZRANGE', KEYS[2], 0, LOOK - 1, 'WITHSCORES')
      for i = 1, #log, 2 do
        if over <= 1e-9 then break end
        local grant = grantOf(log[i])
        over = over - (one == EVENTS and grant[1] or one == BYTES and grant[2] or 1)
        local passes = tonumber(log[i + 1]) - grant[3] - now
        waits[one] = math.max(waits[one], passes > 0 and passes or ASK_AGAIN)
      end
    end
  end
end
local wait = math.max(waits[EVENTS], waits[REQUESTS], waits[BYTES])
if wait > 0 then
  if live and math.max(waits[EVENTS], waits[BYTES]) > 0 then liveWaits = now + wait + RETURN end
  return answer('wait', text(wait))
end

local function room(one)
  if rate[one] == math.huge then return math.huge end
  return math.min(tokens[one], cap(one) - used[one]) - reserve(one)
end
local events = math.min(wantedEvents, math.floor(room(EVENTS) + 1e-9))
local part = leastBytes + math.ceil((wantedBytes - leastBytes) * (events / wantedEvents))
local bytes = math.min(part, math.floor(room(BYTES) + 1e-9))
grants = grants + 1
local id = text(grants)
redis.call('ZADD', KEYS[2], text(now + SECOND + lateMs + heldMs), id)
redis.call('HSET', KEYS[3], id, text(events) .. ' ' .. text(bytes) .. ' ' .. text(heldMs))
used[EVENTS] = used[EVENTS] + events
used[REQUESTS] = used[REQUESTS] + 1
used[BYTES] = used[BYTES] + bytes
tokens[EVENTS] = tokens[EVENTS] - events
tokens[REQUESTS] = tokens[REQUESTS] - 1
tokens[BYTES] = tokens[BYTES] - bytes
if live then liveWaits = 0 else kept = math.max(0, kept - 1) end
return answer('granted', id, text(events), text(bytes))
`;

/** `RateTable.alive`. KEYS the states; ARGV 1 SECOND_MS · 2 GATHER_MS · 3 the time, or nothing. */
export const aliveScript = `
local second, gather, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if now == nil then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
end
for _, key in ipairs(KEYS) do
  local read = redis.call('HMGET', key, 'open', 'seen')
  if read[1] then
    local open = tonumber(read[1])
    if now - tonumber(read[2]) >= second then open = math.max(open, now + gather) end
    redis.call('HSET', key, 'open', string.format('%.17g', open), 'seen', string.format('%.17g', now))
  end
end
`;
