-- Removes a room whose history is older than a given epoch, and tells every process to look at it anew.
--
-- KEYS  as in store/keys.py, sixteen of them
-- ARGV  1 epoch
-- Returns the code of the room that went, JSON; nothing where there was none, or a later history of it.

local at = redis.call("HMGET", KEYS[1], "epoch", "code")
local gone = at[1] and tonumber(at[1]) < tonumber(ARGV[1])
if gone then
  for i, key in ipairs(KEYS) do
    if i ~= 9 then redis.call("UNLINK", key) end
  end
end
-- Nothing was committed: a bell without a commit says no more than "look".
redis.call("PUBLISH", KEYS[9], "")
return gone and at[2]
