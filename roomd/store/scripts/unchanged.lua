-- Notes that a command was carried out and changed nothing. Sent again later, when it would, it still is the same one.
--
-- KEYS  the room's 1 meta, 2 commands, 3 older_commands
-- ARGV  1 epoch and 2 rev that the decision was made on   3 the sender's command id   4 room time in ms
--       5 ms for which command ids are remembered
-- Returns {epoch, rev} that the room is at, and the rev at which the command took effect before, if it did.

local at = redis.call("HMGET", KEYS[1], "epoch", "rev")
local seen = redis.call("HGET", KEYS[2], ARGV[3]) or redis.call("HGET", KEYS[3], ARGV[3])
if not seen and at[1] == ARGV[1] and at[2] == ARGV[2] then
  -- As commit.lua notes ids.
  local since = redis.call("HGET", KEYS[2], "since")
  if since and ARGV[4] - since > tonumber(ARGV[5]) then
    redis.call("UNLINK", KEYS[3])
    redis.call("RENAME", KEYS[2], KEYS[3])
    since = nil
  end
  redis.call("HSET", KEYS[2], ARGV[3], ARGV[2], "since", since or ARGV[4])
end
return { at, seen }
