-- Commits what commands led to in one room, or in several: of each room all of it, or nothing.
--
-- KEYS  of each room: meta, events, commands, older_commands and bell, then those of the parts that it writes to
-- ARGV  1 most commits in a log   2 longest chat   3 longest audit   4 ms for which command ids are remembered
--       5 the run of Redis that the rooms are to be known whole under
--       then of each room how many KEYS and how many arguments are its own, and these arguments:
--       1 epoch and 2 rev that the first decision was made on ("0", "0" for a room that is not there yet)
--       3 rev and 4 room time, in ms, that the last commit leaves the room at
--       5 how many commits   6 how many command ids
--       then the part that each further key is, by its number in `kinds`
--       then the commits, JSON, in order: their revs end with the last one's
--       then the ids, two each: the id, and the rev to know it by ("" for one that only must not be known)
--       then the writes, four each: op, part, field, value   (value "" where unused)
--            hset hdel zadd zrem   as Redis has them
--            xadd                  the value, as the entry of the commit whose rev the field is
--            xdel                  the entry whose id the field is
--            del                   the whole key
-- Returns of each room {"OK", rev} | {"STALE", rev} (decide again) |
--         {"SEEN", rev} (one of the commands took effect before, at rev) |
--         {"LIFE", rev} (Redis has restarted since the room was last looked at) |
--         {"FULL", rev} (20,000 reactions are kept already) | {"BEHIND", rev} (the log is full of what is not archived) |
--         {"ERROR", why}
--
-- Redis does not undo what a script wrote before it failed, so all that could fail of a room is found before its first
-- write: reading a key also says whether it is of the right type, and appending to the log comes first of the writes.

-- What each part is, numbered as in store/keys.py. The log, the command ids and the bell are this script's own.
local kinds = { [1] = "hash", [2] = "hash", [3] = "hash", [4] = "zset", [6] = "stream", [10] = "hash", [11] = "hash",
                [12] = "hash", [13] = "hash", [14] = "hash", [15] = "stream", [16] = "hash" }
local written = { hset = "hash", hdel = "hash", zadd = "zset", zrem = "zset", xadd = "stream", xdel = "stream", del = "" }
local longest = { [6] = ARGV[2], [15] = ARGV[3] }
local META, REACTIONS, OWN_KEYS, OWN_ARGS, MOST_IDS, FIRST = 1, 14, 5, 6, 400, 6
local match, call, run = string.match, redis.call, ARGV[5]

local function malformed(what)
  error({ err = "ROOMD malformed " .. what })
end

-- Redis reads numbers its own way: neither nan nor inf nor hexadecimal, which Lua would let pass.
local function number(text)
  return text and match(text, "^%-?%d+%.?%d*[eE]?[%+%-]?%d*$") and math.abs(tonumber(text) or 1/0) < 1/0
end

local function count(text)
  return text and match(text, "^%d+$") and tonumber(text)
end

local function read(command, key, ...)
  local found = redis.pcall(command, key, ...)
  if type(found) == "table" and found.err then malformed("key: " .. key .. ": " .. found.err) end
  return found
end

local log_most, remember = count(ARGV[1]), number(ARGV[4]) and tonumber(ARGV[4])
if not log_most or not count(ARGV[2]) or not count(ARGV[3]) or not remember then
  return redis.error_reply("ROOMD malformed number")
end

-- The rev that one of the command ids is known by; otherwise since when ids are noted in `commands`. What was noted in the
-- time before that is in `older`, so that ids are forgotten all at once, and each is known for long enough.
local function known(commands, older, first, beyond)
  local names = {}
  for i = first, beyond - 1, 2 do
    names[#names + 1] = ARGV[i]
  end
  if #names == 0 then return nil, nil end
  for _, seen in ipairs(read("HMGET", older, unpack(names))) do
    if seen then return seen end
  end
  names[#names + 1] = "since"
  local found = read("HMGET", commands, unpack(names))
  for n = 1, #names - 1 do
    if found[n] then return found[n] end
  end
  for i = first + 1, beyond - 1, 2 do
    if ARGV[i] ~= "" and not count(ARGV[i]) then malformed("number") end
  end
  local since = found[#names]
  if since and not number(since) then malformed("time: " .. commands) end
  return nil, since
end

-- Raises what is wrong with the writes; whether the reactions would be too many.
local function checked(keys, first, stop)
  local reactions, tops, looked = 0, {}, { [META] = true }
  for i = first, stop, 4 do
    local op, part, field, value = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 3]
    local kind, key = written[op], keys[part]
    if not kind or not key or kind ~= "" and kinds[part] ~= kind then malformed("write: " .. op) end
    if op == "xadd" then
      local rev = count(field)
      if not rev then malformed("id: " .. field) end
      if not tops[part] then
        -- A stream takes no entry whose id is not beyond its last one's. (To ask for what is beyond brings nothing here;
        -- the last entry itself would come with all that it says.)
        local beyond = read("XRANGE", key, field, "+", "COUNT", 1)[1]
        if beyond then malformed("rev: " .. key .. " is at " .. beyond[1]) end
      elseif tops[part] >= rev then
        malformed("id: " .. field)
      end
      tops[part] = rev
    elseif op == "xdel" and not match(field, "^%d+%-?%d*$") then
      malformed("id: " .. field)
    elseif op == "zadd" and not number(value) then
      malformed("rank: " .. value)
    end
    if not looked[part] and not tops[part] and op ~= "del" then
      local found = read("TYPE", key).ok
      if found ~= kinds[part] and found ~= "none" then malformed("key: " .. key .. " holds a " .. found) end
      looked[part] = true
    end
    if op == "hset" and part == REACTIONS and call("HEXISTS", key, field) == 0 then
      -- Reactions are the one part that no rule counts.
      reactions = reactions + 1
    end
  end
  return reactions > 0 and call("HLEN", keys[REACTIONS]) + reactions > 20000
end

-- Neighbours of the same hash go together. Answers where the writes go on.
local function hset(key, part, pairs_of, i, stop)
  while i <= stop and ARGV[i] == "hset" and ARGV[i + 1] == part and #pairs_of < 200 do
    pairs_of[#pairs_of + 1] = ARGV[i + 2]
    pairs_of[#pairs_of + 1] = ARGV[i + 3]
    i = i + 4
  end
  call("HSET", key, unpack(pairs_of))
  return i
end

-- `numbered` is what every commit changes in meta, which is written together with whatever else it changes there first.
local function write(keys, numbered, first, stop)
  local i = hset(keys[META], "1", numbered, first, stop)
  while i <= stop do
    local op, part, field, value = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
    local key = keys[tonumber(part)]
    if op == "hset" then
      i = hset(key, part, {}, i, stop) - 4
    elseif op == "hdel" then
      call("HDEL", key, field)
    elseif op == "zadd" then
      call("ZADD", key, value, field)
    elseif op == "zrem" then
      call("ZREM", key, field)
    elseif op == "xadd" then
      call("XADD", key, "MAXLEN", "~", longest[tonumber(part)], field .. "-0", "m", value)
    elseif op == "xdel" then
      call("XDEL", key, field)
    else
      call("DEL", key)
    end
    i = i + 4
  end
end

local function remembered(commands, older, first, beyond, at, since)
  local revs = {}
  for i = first, beyond - 1, 2 do
    if ARGV[i + 1] ~= "" then
      revs[#revs + 1] = ARGV[i]
      revs[#revs + 1] = ARGV[i + 1]
    end
  end
  if #revs == 0 then return end
  if since and at - since > remember then
    -- To rename over a hash would free it on the spot, however many ids are in it.
    call("UNLINK", older)
    call("RENAME", commands, older)
    since = nil
  end
  if not since then
    revs[#revs + 1] = "since"
    revs[#revs + 1] = at
  end
  call("HSET", commands, unpack(revs))
end

-- `k` is the first of the room's keys, `a` of its arguments, of which `stop` is the last.
local function commit(k, own_keys, a, stop)
  local meta, events, commands, older, bell = KEYS[k], KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4]
  local last, commits, ids, at = count(ARGV[a + 2]), count(ARGV[a + 4]), count(ARGV[a + 5]), ARGV[a + 3]
  if not last or not commits or not ids or not number(at) then malformed("number") end
  local parts = a + OWN_ARGS
  local first = parts + own_keys - OWN_KEYS
  local first_id = first + commits
  local first_write = first_id + 2 * ids
  if commits < 1 or last < commits or stop + 1 < first_write or (stop + 1 - first_write) % 4 ~= 0 or ids > MOST_IDS then
    malformed("call")
  end
  local keys = { meta }
  for n = 0, own_keys - OWN_KEYS - 1 do
    local part = tonumber(ARGV[parts + n])
    if not part or not kinds[part] then malformed("part: " .. ARGV[parts + n]) end
    keys[part] = KEYS[k + OWN_KEYS + n]
  end

  local now = read("HMGET", meta, "epoch", "rev", "life")
  local seen, since = known(commands, older, first_id, first_write)
  if seen then return { "SEEN", seen } end
  if (now[1] or "0") ~= ARGV[a] or (now[2] or "0") ~= ARGV[a + 1] then return { "STALE", now[2] or "0" } end
  if now[1] and (now[3] or "") ~= run then return { "LIFE", now[2] } end
  if read("XLEN", events) + commits > log_most then return { "BEHIND", now[2] or "0" } end
  if checked(keys, first_write, stop) then return { "FULL", now[2] } end

  for n = 1, commits do
    local done = redis.pcall("XADD", events, string.format("%.0f-0", last - commits + n), "c", ARGV[first + n - 1])
    if type(done) == "table" and done.err then malformed("rev: " .. events .. ": " .. done.err) end
  end
  local numbered = { "rev", ARGV[a + 2], "last_activity", at }
  if not now[1] then numbered[5], numbered[6] = "life", run end
  write(keys, numbered, first_write, stop)
  remembered(commands, older, first_id, first_write, at, since)
  call("PUBLISH", bell, commits == 1 and ARGV[first] or "[" .. table.concat(ARGV, ",", first, first_id - 1) .. "]")
  return { "OK", ARGV[a + 2] }
end

-- Where each room's keys and arguments begin is certain before anything is written.
local rooms, k, a = {}, 1, FIRST
while a <= #ARGV do
  local own_keys, own_args = count(ARGV[a]), count(ARGV[a + 1])
  if not own_keys or not own_args or own_keys < OWN_KEYS or own_args < OWN_ARGS + own_keys - OWN_KEYS then
    return redis.error_reply("ROOMD malformed call")
  end
  rooms[#rooms + 1] = { k, own_keys, a + 2, a + 1 + own_args }
  k, a = k + own_keys, a + 2 + own_args
end
if k ~= #KEYS + 1 or a ~= #ARGV + 1 then return redis.error_reply("ROOMD malformed call") end

local answers = {}
for n, room in ipairs(rooms) do
  -- What is wrong with one room is no other's business.
  local fine, answer = pcall(commit, unpack(room))
  answers[n] = fine and answer or { "ERROR", type(answer) == "table" and answer.err or tostring(answer) }
end
return answers
