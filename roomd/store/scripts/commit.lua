-- Commits what several commands in a row led to: all of it, or nothing.
--
-- KEYS  as in store/keys.py: meta, members, entries, order, events, chat, commands, command_times, bell, pending, bans,
--       requests, ups, reactions, audit, acts
-- ARGV  1 epoch and 2 rev that the first decision was made on ("0", "0" for a room that is not there yet)
--       3 rev of the last commit   4 room time in ms   5 most commits in the log   6 longest chat   7 longest audit
--       8 ms for which command ids are remembered   9 the run of Redis that the room is to be known whole under
--       10 how many commits   11 how many command ids
--       12.. the commits, JSON, in order: their revs end with the last one's
--       then the ids, two each: the id, and the rev to know it by ("" for one that only must not be known)
--       then the writes, four each: op, index into KEYS, field, value   (value "" where unused)
--            hset hdel zadd zrem   as Redis has them
--            xadd                  the value, as the entry of the commit whose rev the field is
--            xdel                  the entry whose id the field is
--            del                   the whole key
-- Returns {"OK", rev} | {"STALE", rev} (decide again) | {"SEEN", rev} (one of the commands took effect before, at rev) |
--         {"LIFE", rev} (Redis has restarted since the room was last looked at) |
--         {"FULL", rev} (20,000 reactions are kept already) | {"BEHIND", rev} (the log is full of what is not archived)
--
-- Redis does not undo what a script wrote before it failed, so all that could fail is checked before the first write.

local meta = KEYS[1]
local kinds = { "hash", "hash", "hash", "zset", "stream", "stream", "hash", "zset", "channel",
                "hash", "hash", "hash", "hash", "hash", "stream", "hash" }
local written = { hset = "hash", hdel = "hash", zadd = "zset", zrem = "zset", xadd = "stream", xdel = "stream", del = "" }
-- The log, the command ids and the bell are this script's own.
local own = { [5] = true, [7] = true, [8] = true, [9] = true }
local longest = { [6] = ARGV[6], [15] = ARGV[7] }

local function malformed(what)
  return redis.error_reply("ROOMD malformed " .. what)
end

-- Redis reads numbers its own way: neither nan nor inf nor hexadecimal, which Lua would let pass.
local function number(text)
  return text and string.match(text, "^%-?%d+%.?%d*[eE]?[%+%-]?%d*$") and math.abs(tonumber(text) or 1/0) < 1/0
end

local function count(text)
  return text and string.match(text, "^%d+$") and tonumber(text)
end

if #KEYS ~= 16 or #ARGV < 12 then return malformed("call") end
for _, i in ipairs({ 3, 5, 6, 7, 10, 11 }) do
  if not count(ARGV[i]) then return malformed("number") end
end
if not number(ARGV[4]) or not number(ARGV[8]) then return malformed("number") end
local commits, ids, last = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[3])
local first_id, first_write = 12 + commits, 12 + commits + 2 * ids
if commits < 1 or last < commits or #ARGV + 1 < first_write or (#ARGV + 1 - first_write) % 4 ~= 0 then
  return malformed("call")
end

-- Keys of what is written are looked at before; others are none of this commit's business.
local looked = {}
local function holds(i)
  if looked[i] then return true end
  local found = redis.call("TYPE", KEYS[i]).ok
  looked[i] = found == kinds[i] or found == "none"
  return looked[i]
end
for _, i in ipairs({ 1, 5, 7, 8 }) do
  if not holds(i) then return malformed("key: " .. KEYS[i] .. " holds something else") end
end

for i = first_id, first_write - 1, 2 do
  local seen = redis.call("HGET", KEYS[7], ARGV[i])
  if seen then return {"SEEN", seen} end
  if ARGV[i + 1] ~= "" and not count(ARGV[i + 1]) then return malformed("number") end
end

local at = redis.call("HMGET", meta, "epoch", "rev", "life")
if (at[1] or "0") ~= ARGV[1] or (at[2] or "0") ~= ARGV[2] then
  return {"STALE", at[2] or "0"}
end
if at[1] and (at[3] or "") ~= ARGV[9] then return {"LIFE", at[2]} end
if redis.call("XLEN", KEYS[5]) + commits > tonumber(ARGV[5]) then return {"BEHIND", at[2] or "0"} end

local reactions, streams = 0, { [5] = last - commits + 1 }
for i = first_write, #ARGV, 4 do
  local op, index, field, value = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 3]
  local kind = written[op]
  if not kind or not index or own[index] or not kinds[index] then return malformed("write: " .. op) end
  if kind ~= "" and kinds[index] ~= kind then return malformed("write: " .. op) end
  if not holds(index) then return malformed("key: " .. KEYS[index] .. " holds something else") end
  if op == "xadd" then
    if not count(field) or not longest[index] then return malformed("id: " .. field) end
    if streams[index] and index ~= 5 and streams[index] > tonumber(field) then return malformed("id: " .. field) end
    streams[index] = streams[index] or tonumber(field)
  elseif op == "xdel" and not string.match(field, "^%d+%-?%d*$") then
    return malformed("id: " .. field)
  elseif op == "zadd" and not number(value) then
    return malformed("rank: " .. value)
  elseif op == "hset" and index == 14 and redis.call("HEXISTS", KEYS[14], field) == 0 then
    -- Reactions are the one part that no rule counts.
    reactions = reactions + 1
  end
end
if reactions > 0 and redis.call("HLEN", KEYS[14]) + reactions > 20000 then return {"FULL", at[2]} end
-- A stream takes no entry whose id is not beyond its last one's.
for index, first in pairs(streams) do
  local top = redis.call("XREVRANGE", KEYS[index], "+", "-", "COUNT", 1)[1]
  if top and tonumber(string.match(top[1], "^%d+")) >= first then
    return malformed("rev: " .. KEYS[index] .. " is at " .. top[1])
  end
end

local i = first_write
while i <= #ARGV do
  local op, index, field, value = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local key = KEYS[tonumber(index)]
  if op == "hset" then
    -- Neighbours of the same key go together.
    local pairs_of = { field, value }
    while ARGV[i + 4] == "hset" and ARGV[i + 5] == index and #pairs_of < 200 do
      i = i + 4
      pairs_of[#pairs_of + 1] = ARGV[i + 2]
      pairs_of[#pairs_of + 1] = ARGV[i + 3]
    end
    redis.call("HSET", key, unpack(pairs_of))
  elseif op == "hdel" then
    redis.call("HDEL", key, field)
  elseif op == "zadd" then
    redis.call("ZADD", key, value, field)
  elseif op == "zrem" then
    redis.call("ZREM", key, field)
  elseif op == "xadd" then
    redis.call("XADD", key, "MAXLEN", "~", longest[tonumber(index)], field .. "-0", "m", value)
  elseif op == "xdel" then
    redis.call("XDEL", key, field)
  else
    redis.call("DEL", key)
  end
  i = i + 4
end

if not at[1] then redis.call("HSET", meta, "life", ARGV[9]) end
for n = 1, commits do
  redis.call("XADD", KEYS[5], string.format("%.0f-0", last - commits + n), "c", ARGV[11 + n])
end
local known = false
for n = first_id, first_write - 1, 2 do
  if ARGV[n + 1] ~= "" then
    known = true
    redis.call("HSET", KEYS[7], ARGV[n], ARGV[n + 1])
    redis.call("ZADD", KEYS[8], ARGV[4], ARGV[n])
  end
end
if known then
  local old = redis.call("ZRANGEBYSCORE", KEYS[8], "-inf", ARGV[4] - ARGV[8], "LIMIT", 0, 16 * ids)
  if #old > 0 then
    redis.call("HDEL", KEYS[7], unpack(old))
    redis.call("ZREM", KEYS[8], unpack(old))
  end
end
local rung = commits == 1 and ARGV[12] or "[" .. table.concat(ARGV, ",", 12, 11 + commits) .. "]"
redis.call("PUBLISH", KEYS[9], rung)
return {"OK", ARGV[3]}
