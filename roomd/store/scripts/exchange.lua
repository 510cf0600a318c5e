-- Fields of a hash with other contents. ARGV: field, text before, text after, and so on. What is gone meanwhile, or says
-- something else, stays as it is.
local changed = 0
for n = 1, #ARGV, 3 do
    if redis.call('HGET', KEYS[1], ARGV[n]) == ARGV[n + 1] then
        redis.call('HSET', KEYS[1], ARGV[n], ARGV[n + 2])
        changed = changed + 1
    end
end
return changed
