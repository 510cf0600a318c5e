-- Commits one command's events to a room: all of it, or nothing.
--
-- KEYS  meta, members, entries, order, events, chat, commands, command_times, bell (as in store/keys.py)
-- ARGV  1 epoch and 2 rev that the decision was made on ("0", "0" for a room that is not there yet)
--       3 rev of this commit   4 the sender's command id, or ""   5 room time in ms   6 the commit, JSON
--       7 chat line, JSON, or ""   8 longest log   9 longest chat   10 ms for which command ids are remembered
--       11.. writes: op, index into KEYS, field, value   (op: hset hdel zadd zrem; value "" where unused)
-- Returns {"OK", rev} | {"STALE", rev} (decide again) | {"SEEN", rev} (this command took effect before, at rev)
--
-- Redis does not undo what a script wrote before it failed, so every write is checked before the first one is made.

local meta = KEYS[1]
local now = tonumber(ARGV[5])

if ARGV[4] ~= "" then
  local seen = redis.call("HGET", KEYS[7], ARGV[4])
  if seen then return {"SEEN", seen} end
end

local at = redis.call("HMGET", meta, "epoch", "rev")
if (at[1] or "0") ~= ARGV[1] or (at[2] or "0") ~= ARGV[2] then
  return {"STALE", at[2] or "0"}
end

local arity = { hset = "hash", hdel = "hash", zadd = "zset", zrem = "zset" }
for i = 11, #ARGV, 4 do
  local kind = arity[ARGV[i]]
  local index = tonumber(ARGV[i + 1])
  if not kind or not index or not KEYS[index] or ARGV[i + 3] == nil then
    return redis.error_reply("ROOMD malformed write " .. tostring(ARGV[i]))
  end
  if ARGV[i] == "zadd" and not tonumber(ARGV[i + 3]) then
    return redis.error_reply("ROOMD rank is not a number")
  end
end

for i = 11, #ARGV, 4 do
  local op, key, field, value = ARGV[i], KEYS[tonumber(ARGV[i + 1])], ARGV[i + 2], ARGV[i + 3]
  if op == "hset" then
    redis.call("HSET", key, field, value)
  elseif op == "hdel" then
    redis.call("HDEL", key, field)
  elseif op == "zadd" then
    redis.call("ZADD", key, value, field)
  else
    redis.call("ZREM", key, field)
  end
end

redis.call("XADD", KEYS[5], "MAXLEN", "~", ARGV[8], ARGV[3] .. "-0", "c", ARGV[6])
if ARGV[7] ~= "" then
  redis.call("XADD", KEYS[6], "MAXLEN", "~", ARGV[9], ARGV[3] .. "-0", "m", ARGV[7])
end
if ARGV[4] ~= "" then
  redis.call("HSET", KEYS[7], ARGV[4], ARGV[3])
  redis.call("ZADD", KEYS[8], now, ARGV[4])
  local old = redis.call("ZRANGEBYSCORE", KEYS[8], "-inf", now - tonumber(ARGV[10]), "LIMIT", 0, 16)
  if #old > 0 then
    redis.call("HDEL", KEYS[7], unpack(old))
    redis.call("ZREM", KEYS[8], unpack(old))
  end
end
redis.call("PUBLISH", KEYS[9], ARGV[6])
return {"OK", ARGV[3]}
