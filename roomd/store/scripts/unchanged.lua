-- Notes that a command was carried out and changed nothing. Sent again later, when it would, it still is the same one.
--
-- KEYS  the room's 1 meta, 2 commands, 3 command_times
-- ARGV  1 epoch and 2 rev that the decision was made on   3 the sender's command id   4 room time in ms
--       5 ms for which command ids are remembered
-- Returns {epoch, rev} that the room is at, and the rev at which the command took effect before, if it did.

local at = redis.call("HMGET", KEYS[1], "epoch", "rev")
local seen = redis.call("HGET", KEYS[2], ARGV[3])
if not seen and at[1] == ARGV[1] and at[2] == ARGV[2] then
  redis.call("HSET", KEYS[2], ARGV[3], ARGV[2])
  redis.call("ZADD", KEYS[3], ARGV[4], ARGV[3])
  local old = redis.call("ZRANGEBYSCORE", KEYS[3], "-inf", ARGV[4] - ARGV[5], "LIMIT", 0, 16)
  if #old > 0 then
    redis.call("HDEL", KEYS[2], unpack(old))
    redis.call("ZREM", KEYS[3], unpack(old))
  end
end
return { at, seen }
