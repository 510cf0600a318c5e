-- Notes that a room was found whole under this run of Redis.
--
-- KEYS  1 the room's meta
-- ARGV  1 epoch and 2 rev that were found   3 the run
-- Returns whether the room is still there at that number.

local at = redis.call("HMGET", KEYS[1], "epoch", "rev")
if at[1] ~= ARGV[1] or at[2] ~= ARGV[2] then return 0 end
redis.call("HSET", KEYS[1], "life", ARGV[3])
return 1
