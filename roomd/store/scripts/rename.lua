-- Entries of a stream with other contents, at their places. ARGV: the field, then id, text before, text after, and so on.
-- An entry that is gone meanwhile, or says something else, stays as it is.
local now = {}
for n = 2, #ARGV, 3 do
    now[ARGV[n]] = {ARGV[n + 1], ARGV[n + 2]}
end
local entries = redis.call('XRANGE', KEYS[1], '-', '+')
if #entries == 0 then
    return 0
end
redis.call('DEL', KEYS[1])
for _, entry in ipairs(entries) do
    local id, fields = entry[1], entry[2]
    local change = now[id]
    for n = 1, #fields, 2 do
        if change and fields[n] == ARGV[1] and fields[n + 1] == change[1] then
            fields[n + 1] = change[2]
        end
    end
    redis.call('XADD', KEYS[1], id, unpack(fields))
end
return #entries
