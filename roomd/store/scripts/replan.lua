-- Sets a room's next deadline after a look at it, unless somebody planned another one meanwhile.
--
-- KEYS  the index of deadlines
-- ARGV  1 room   2 the deadline that was seen   3 the next one, or "" for none

local planned = redis.call("ZSCORE", KEYS[1], ARGV[1])
if not planned or tonumber(planned) ~= tonumber(ARGV[2]) then return 0 end
if ARGV[3] == "" then
  redis.call("ZREM", KEYS[1], ARGV[1])
else
  redis.call("ZADD", KEYS[1], ARGV[3], ARGV[1])
end
return 1
