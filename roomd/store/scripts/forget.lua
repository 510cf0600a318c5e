-- Removes a room, if it is still at the number at which that was decided.
--
-- KEYS  as in store/keys.py, sixteen of them
-- ARGV  1 epoch   2 rev
-- Returns whether it went.

local at = redis.call("HMGET", KEYS[1], "epoch", "rev")
if at[1] ~= ARGV[1] or at[2] ~= ARGV[2] then return 0 end
for i, key in ipairs(KEYS) do
  if i ~= 9 then redis.call("UNLINK", key) end
end
return 1
