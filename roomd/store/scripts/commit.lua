-- Commits one command's events to a room: all of it, or nothing.
--
-- KEYS  as in store/keys.py: meta, members, entries, order, events, chat, commands, command_times, bell, pending, bans,
--       requests, ups, reactions, audit, acts
-- ARGV  1 epoch and 2 rev that the decision was made on ("0", "0" for a room that is not there yet)
--       3 rev of this commit   4 the sender's command id, or ""   5 room time in ms   6 the commit, JSON
--       7 chat line, JSON, or ""   8 most commits in the log   9 longest chat
--       10 ms for which command ids are remembered   11 the run of Redis that the room is to be known whole under
--       12.. writes: op, index into KEYS, field, value   (value "" where unused)
--            hset hdel zadd zrem   as Redis has them
--            xadd                  the value, as an entry of this commit's number; the field is the longest that it grows
--            xdel                  the entry whose id the field is
--            del                   the whole key
-- Returns {"OK", rev} | {"STALE", rev} (decide again) | {"SEEN", rev} (this command took effect before, at rev) |
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

local function malformed(what)
  return redis.error_reply("ROOMD malformed " .. what)
end

-- Redis reads numbers its own way: neither nan nor inf nor hexadecimal, which Lua would let pass.
local function number(text)
  return text and string.match(text, "^%-?%d+%.?%d*[eE]?[%+%-]?%d*$") and math.abs(tonumber(text) or 1/0) < 1/0
end

local function count(text)
  return text and string.match(text, "^%d+$")
end

if #KEYS ~= 16 or #ARGV < 11 then return malformed("call") end
if not count(ARGV[3]) or not number(ARGV[5]) or not count(ARGV[8]) or not count(ARGV[9]) or not number(ARGV[10]) then
  return malformed("number")
end
for i, kind in ipairs(kinds) do
  local found = redis.call("TYPE", KEYS[i]).ok
  if found ~= kind and found ~= "none" then return malformed("key: " .. KEYS[i] .. " holds a " .. found) end
end

if ARGV[4] ~= "" then
  local seen = redis.call("HGET", KEYS[7], ARGV[4])
  if seen then return {"SEEN", seen} end
end

local at = redis.call("HMGET", meta, "epoch", "rev", "life")
if (at[1] or "0") ~= ARGV[1] or (at[2] or "0") ~= ARGV[2] then
  return {"STALE", at[2] or "0"}
end
if at[1] and (at[3] or "") ~= ARGV[11] then return {"LIFE", at[2]} end
if redis.call("XLEN", KEYS[5]) >= tonumber(ARGV[8]) then return {"BEHIND", at[2] or "0"} end

for i = 12, #ARGV, 4 do
  local kind = written[ARGV[i]]
  local index = tonumber(ARGV[i + 1])
  if not kind or ARGV[i + 3] == nil or not index or own[index] or not kinds[index] then
    return malformed("write: " .. ARGV[i])
  end
  if kind ~= "" and kinds[index] ~= kind then return malformed("write: " .. ARGV[i]) end
  if kind == "stream" and not string.match(ARGV[i + 2], "^%d+%-?%d*$") then return malformed("id: " .. ARGV[i + 2]) end
  -- Reactions are the one part that no rule counts.
  if index == 14 and ARGV[i] == "hset" and redis.call("HLEN", KEYS[14]) >= 20000
    and redis.call("HEXISTS", KEYS[14], ARGV[i + 2]) == 0 then
    return {"FULL", at[2]}
  end
  if ARGV[i] == "zadd" and not number(ARGV[i + 3]) then return malformed("rank: " .. ARGV[i + 3]) end
end
-- A stream takes no entry whose id is not beyond its last one's.
for _, key in ipairs({ KEYS[5], KEYS[15], ARGV[7] ~= "" and KEYS[6] or nil }) do
  local last = redis.call("XREVRANGE", key, "+", "-", "COUNT", 1)[1]
  if last and tonumber(string.match(last[1], "^%d+")) >= tonumber(ARGV[3]) then
    return malformed("rev: " .. key .. " is at " .. last[1])
  end
end

for i = 12, #ARGV, 4 do
  local op, key, field, value = ARGV[i], KEYS[tonumber(ARGV[i + 1])], ARGV[i + 2], ARGV[i + 3]
  if op == "hset" then
    redis.call("HSET", key, field, value)
  elseif op == "hdel" then
    redis.call("HDEL", key, field)
  elseif op == "zadd" then
    redis.call("ZADD", key, value, field)
  elseif op == "zrem" then
    redis.call("ZREM", key, field)
  elseif op == "xadd" then
    redis.call("XADD", key, "MAXLEN", "~", field, ARGV[3] .. "-0", "m", value)
  elseif op == "xdel" then
    redis.call("XDEL", key, field)
  else
    redis.call("DEL", key)
  end
end

if not at[1] then redis.call("HSET", meta, "life", ARGV[11]) end
redis.call("XADD", KEYS[5], ARGV[3] .. "-0", "c", ARGV[6])
if ARGV[7] ~= "" then
  redis.call("XADD", KEYS[6], "MAXLEN", "~", ARGV[9], ARGV[3] .. "-0", "m", ARGV[7])
end
if ARGV[4] ~= "" then
  redis.call("HSET", KEYS[7], ARGV[4], ARGV[3])
  redis.call("ZADD", KEYS[8], ARGV[5], ARGV[4])
  local old = redis.call("ZRANGEBYSCORE", KEYS[8], "-inf", ARGV[5] - ARGV[10], "LIMIT", 0, 16)
  if #old > 0 then
    redis.call("HDEL", KEYS[7], unpack(old))
    redis.call("ZREM", KEYS[8], unpack(old))
  end
end
redis.call("PUBLISH", KEYS[9], ARGV[6])
return {"OK", ARGV[3]}
