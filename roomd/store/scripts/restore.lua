-- Puts a whole room in the place of what is there of it, with the commit that begins its new epoch.
--
-- KEYS  as in store/keys.py, sixteen of them
-- ARGV  1 epoch and 2 rev that the room is at now ("0", "0" when there is nothing)   3 rev of the commit
--       4 the commit, JSON   5 the run of Redis   6.. writes: op, index into KEYS, field, value
--            hset zadd   as Redis has them
--            xadd        the value, as the entry whose id the field is
-- Returns {"OK", rev} | {"STALE", rev}: the room is not at that number (any more)

local at = redis.call("HMGET", KEYS[1], "epoch", "rev")
if (at[1] or "0") ~= ARGV[1] or (at[2] or "0") ~= ARGV[2] then
  return {"STALE", at[2] or "0"}
end
if #KEYS ~= 16 or #ARGV % 4 ~= 1 then return redis.error_reply("ROOMD malformed call") end
for i = 6, #ARGV, 4 do
  if ARGV[i] ~= "hset" and ARGV[i] ~= "zadd" and ARGV[i] ~= "xadd" then
    return redis.error_reply("ROOMD malformed write: " .. ARGV[i])
  end
  if ARGV[i] == "zadd" and not tonumber(ARGV[i + 3]) then
    return redis.error_reply("ROOMD malformed rank: " .. ARGV[i + 3])
  end
end

-- The ninth is the bell, a channel.
for i, key in ipairs(KEYS) do
  if i ~= 9 then redis.call("DEL", key) end
end
for i = 6, #ARGV, 4 do
  local key, field, value = KEYS[tonumber(ARGV[i + 1])], ARGV[i + 2], ARGV[i + 3]
  if ARGV[i] == "hset" then
    redis.call("HSET", key, field, value)
  elseif ARGV[i] == "zadd" then
    redis.call("ZADD", key, value, field)
  else
    redis.call("XADD", key, field, "m", value)
  end
end
redis.call("HSET", KEYS[1], "life", ARGV[5])
redis.call("XADD", KEYS[5], ARGV[3] .. "-0", "c", ARGV[4])
redis.call("PUBLISH", KEYS[9], ARGV[4])
return {"OK", ARGV[3]}
