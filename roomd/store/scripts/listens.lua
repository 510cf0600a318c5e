-- Adds entries to a stream, each once.
-- KEYS: the stream, and for each entry the key that says it is there. ARGV: entries kept, seconds the keys last, entries.
for n = 2, #KEYS do
    if redis.call('SET', KEYS[n], '', 'NX', 'EX', ARGV[2]) then
        redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'n', ARGV[n + 1])
    end
end
