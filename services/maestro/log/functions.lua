#!lua name=maestro_v1
-- How is one write to a run carried out, all or nothing? Every function checks each key and argument before its first
-- write, since Lua does not roll back. A later version of this file only adds: clients of an older one go on working.
--
-- The server asks for each command in here whether the caller may use it. So that nobody can send the same command by
-- itself, a server with walls knows those that write by names which stand in its own copy of this file alone.
local VERSION = 2
local GROUP = 'g'
local CHUNK = 4000 -- Lua's stack holds about 8,000 values
local NEVER = '18446744073709551615-0'

local XADD, HSET, HSETNX, HDEL, ZADD, ZREM, RENAME = 'XADD', 'HSET', 'HSETNX', 'HDEL', 'ZADD', 'ZREM', 'RENAME'

-- The ends of a write's sections in its flat arguments (see layout in redis_store.py).
local FIRST = 10

local function is_count(n)
  return n and n >= 0 and n == math.floor(n)
end

local function bad(what)
  return redis.error_reply('ERR maestro_v1: ' .. what)
end

-- HMGET of args[from .. from + count - 1], in one call where they are few.
local function hmget(key, args, from, count)
  if count <= CHUNK then
    return redis.call('HMGET', key, unpack(args, from, from + count - 1))
  end
  local values = {}
  for start = from, from + count - 1, CHUNK do
    local last = math.min(start + CHUNK, from + count) - 1
    for _, value in ipairs(redis.call('HMGET', key, unpack(args, start, last))) do
      values[#values + 1] = value
    end
  end
  return values
end

-- HSET of a flat list of fields and values; returns how many fields are new.
local function hset(key, flat)
  if #flat <= CHUNK then
    return redis.call(HSET, key, unpack(flat))
  end
  local new = 0
  for start = 1, #flat, CHUNK do
    new = new + redis.call(HSET, key, unpack(flat, start, math.min(start + CHUNK - 1, #flat)))
  end
  return new
end

local function acknowledge(key, ids)
  for start = 1, #ids, CHUNK do
    local last = math.min(start + CHUNK - 1, #ids)
    redis.call('XACK', key, GROUP, unpack(ids, start, last))
    redis.call('XDEL', key, unpack(ids, start, last))
  end
end

-- Is the message in work, and with this consumer (nil: with anyone)? A queue without its group has nothing in work.
local function pending(key, id, consumer)
  local found
  if consumer then
    found = redis.pcall('XPENDING', key, GROUP, id, id, 1, consumer)
  else
    found = redis.pcall('XPENDING', key, GROUP, id, id, 1)
  end
  if found.err then
    if string.find(found.err, 'NOGROUP', 1, true) then
      return false
    end
    error(found)
  end
  return #found > 0
end

-- A stream takes a new entry unless the key holds something else (an error) or its last id is the last there is.
local function takes_entries(key)
  return #redis.call('XRANGE', key, NEVER, '+', 'COUNT', 1) == 0
end

-- Do the keys belong to this run, and else to queues? Whoever may write to one run shall not write across others.
local function named(keys, run)
  local tag = string.match(keys[1] or '', '^({[^{}:]+}:)run:')
  if not tag or not string.find(run or '', '^[a-z0-9][a-z0-9-]*$') then
    return false
  end
  local own = tag .. 'run:' .. run .. ':'
  if keys[1] ~= own .. 'log' or keys[2] ~= own .. 'head' or keys[3] ~= own .. 'dd' or keys[4] ~= own .. 'blob'
    or keys[5] ~= tag .. 'timers' or keys[6] ~= tag .. 'timers:d' then
    return false
  end
  for i = 7, #keys do
    if string.sub(keys[i], 1, #tag + 2) ~= tag .. 'q:' and string.sub(keys[i], 1, #tag + 4) ~= tag .. 'dlq:' then
      return false
    end
  end
  return true
end

-- Where each section of the arguments begins, or what is wrong with them.
local function layout(keys, args, extra)
  local n = {}
  for i = 3, 9 do
    local count = tonumber(args[i])
    if not is_count(count) then
      return nil, 'argument ' .. i .. ' is no count'
    end
    n[i] = count
  end
  local at = { notes = FIRST, n_notes = n[3], n_ids = n[4], n_sends = n[5], n_timers = n[6], n_unset = n[7],
    n_blobs = n[8], n_acks = n[9] }
  at.ids = at.notes + 2 * at.n_notes
  at.sends = at.ids + at.n_ids
  at.timers = at.sends + 2 * at.n_sends
  at.unset = at.timers + 4 * at.n_timers
  at.blobs = at.unset + at.n_unset
  at.acks = at.blobs + 2 * at.n_blobs
  local ids = 0
  for i = 1, at.n_notes do
    local count = tonumber(args[at.notes + 2 * i - 1])
    if not is_count(count) then
      return nil, 'note ' .. i .. ' does not say how many ids it takes'
    end
    ids = ids + count
  end
  if ids ~= at.n_ids then
    return nil, 'the notes do not take the ids that are given'
  end
  for i = 0, at.n_sends - 1 do
    if not keys[tonumber(args[at.sends + 2 * i])] then
      return nil, 'a command names no queue'
    end
  end
  for i = 0, at.n_timers - 1 do
    if not tonumber(args[at.timers + 4 * i + 1]) then
      return nil, 'timer ' .. tostring(args[at.timers + 4 * i]) .. ' has no time'
    end
  end
  local p = at.acks
  at.handled = {}
  for _ = 1, at.n_acks do
    local queue, consumer, count = keys[tonumber(args[p])], args[p + 1], tonumber(args[p + 2])
    if not queue or not consumer or not is_count(count) or count == 0 or not args[p + 2 + count] then
      return nil, 'an acknowledgement is cut short'
    end
    at.handled[#at.handled + 1] = { queue = queue, consumer = consumer, ids = { unpack(args, p + 3, p + 2 + count) } }
    p = p + 3 + count
  end
  if p + extra - 1 ~= #args then
    return nil, 'expected ' .. (p + extra - 1) .. ' arguments, got ' .. #args
  end
  at.extra = p
  if args[2] ~= '' and not is_count(tonumber(args[2])) then
    return nil, 'the expected sequence number is no number'
  end
  return at
end

-- The run's last seq and how many ids it has taken; nil where they must be made again from the log.
local function position(log, head, dd, blob)
  local known = redis.call('HMGET', head, 'seq', 'ids')
  local seq, ids = tonumber(known[1]), tonumber(known[2])
  local entries, taken = redis.call('XLEN', log), redis.call('HLEN', dd)
  if seq and ids then
    if entries == seq and taken == ids then
      return seq, ids
    end
  elseif entries == 0 and taken == 0 and redis.call('XLEN', blob) == 0 then
    return 0, 0
  end
  return nil
end

-- Are the entries that took the ids of a write these very notes?
local function same(log, args, at, taken)
  local first = 1
  for i = 0, at.n_notes - 1 do
    local count = tonumber(args[at.notes + 2 * i + 1])
    local id = '0-' .. tostring(taken[first])
    local entry = redis.call('XRANGE', log, id, id)[1]
    if not entry or entry[2][2] ~= args[at.notes + 2 * i] then
      return 0
    end
    first = first + count
  end
  return 1
end

-- What is taken already, or nil where nothing is.
local function duplicate(log, args, at, taken)
  local reply, count = { 'D', 0, 0 }, 0
  for i = 1, at.n_ids do
    if taken[i] then
      reply[#reply + 1] = args[at.ids + i - 1]
      reply[#reply + 1] = tonumber(taken[i])
      count = count + 1
    end
  end
  if count == 0 then
    return nil
  end
  if count == at.n_ids then
    reply[2], reply[3] = 1, same(log, args, at, taken)
    for _, ack in ipairs(at.handled) do
      local mine = {}
      for _, id in ipairs(ack.ids) do
        if pending(ack.queue, id, ack.consumer) then
          mine[#mine + 1] = id
        end
      end
      acknowledge(ack.queue, mine)
    end
  end
  return reply
end

local function lost(at)
  local reply
  for _, ack in ipairs(at.handled) do
    for _, id in ipairs(ack.ids) do
      if not pending(ack.queue, id, ack.consumer) then
        reply = reply or { 'L' }
        reply[#reply + 1] = id
      end
    end
  end
  return reply
end

-- Can all that the write touches be written? Returns what cannot.
local function blocked(keys, args, at)
  for i = 0, at.n_sends - 1 do
    local queue = keys[tonumber(args[at.sends + 2 * i])]
    if i == 0 or args[at.sends + 2 * i] ~= args[at.sends + 2 * i - 2] then
      if not takes_entries(queue) then
        return queue
      end
    end
  end
  if at.n_blobs > 0 and not takes_entries(keys[4]) then
    return keys[4]
  end
  if at.n_timers + at.n_unset > 0 then
    redis.call('ZCARD', keys[5])
    redis.call('HLEN', keys[6])
  end
  return nil
end

local function keep_blobs(keys, args, at, index)
  local fields = {}
  for i = 0, at.n_blobs - 1 do
    fields[i + 1] = 'blob:' .. args[at.blobs + 2 * i]
  end
  local kept = {}
  for i, id in ipairs(hmget(keys[3], fields, 1, at.n_blobs)) do
    if not id and not kept[fields[i]] then
      local p = at.blobs + 2 * i - 2
      index[#index + 1] = fields[i]
      index[#index + 1] = redis.call(XADD, keys[4], '*', 's', args[p], 'b', args[p + 1])
      kept[fields[i]] = true
    end
  end
end

local function set_timers(keys, args, at)
  local run = args[1] .. '/'
  for i = at.unset, at.unset + at.n_unset - 1 do
    redis.call(ZREM, keys[5], run .. args[i])
    redis.call(HDEL, keys[6], run .. args[i])
  end
  for p = at.timers, at.timers + 4 * at.n_timers - 1, 4 do
    redis.call(ZADD, keys[5], args[p + 1], run .. args[p])
    redis.call(HSET, keys[6], run .. args[p], args[p + 2] .. '\n' .. args[p + 3])
  end
end

-- The notes, one entry each; nil where the log's last id is in the way (nothing was written then).
local function add_notes(log, args, at, seq, index)
  local id = at.ids
  for p = at.notes, at.notes + 2 * at.n_notes - 1, 2 do
    seq = seq + 1
    local added = redis.pcall(XADD, log, '0-' .. seq, 'n', args[p])
    if type(added) == 'table' and added.err then
      return nil
    end
    local place = tostring(seq)
    for i = id, id + tonumber(args[p + 1]) - 1 do
      index[#index + 1] = args[i]
      index[#index + 1] = place
    end
    id = id + tonumber(args[p + 1])
  end
  return seq
end

-- keys: log, head, dd, blob, timers, timers:d, then queues. `letter` does its part between the checks and the end.
local function write(keys, args, extra, letter)
  if not named(keys, args[1]) then
    return bad('these are not the keys of one run and of queues')
  end
  local at, wrong = layout(keys, args, extra)
  if not at then
    return bad(wrong)
  end
  local log, head, dd = keys[1], keys[2], keys[3]
  local seq, ids = position(log, head, dd, keys[4])
  if not seq then
    return { 'R' }
  end
  if at.n_ids > 0 then
    local reply = duplicate(log, args, at, hmget(dd, args, at.ids, at.n_ids))
    if reply then
      if letter and reply[2] == 1 then
        letter.acknowledge(at)
      end
      return reply
    end
  end
  local reply = lost(at) or (letter and letter.lost(at))
  if reply then
    return reply
  end
  if args[2] ~= '' and tonumber(args[2]) ~= seq then
    return { 'C', seq }
  end
  local full = blocked(keys, args, at) or (letter and letter.blocked(at))
  if full then
    return { 'F', full }
  end

  local index = {}
  if at.n_notes > 0 then
    seq = add_notes(log, args, at, seq, index)
    if not seq then
      return { 'R' }
    end
  end
  if at.n_blobs > 0 then
    keep_blobs(keys, args, at, index)
  end
  if #index > 0 then
    redis.call(HSET, head, 'seq', seq, 'ids', ids + hset(dd, index))
  end
  for p = at.sends, at.sends + 2 * at.n_sends - 1, 2 do
    redis.call(XADD, keys[tonumber(args[p])], '*', '__data__', args[p + 1])
  end
  if at.n_timers + at.n_unset > 0 then
    set_timers(keys, args, at)
  end
  for _, ack in ipairs(at.handled) do
    acknowledge(ack.queue, ack.ids)
  end
  if letter then
    letter.move(at)
  end
  return { 'A', seq }
end

local function append(keys, args)
  if args[9] ~= '0' then
    return bad('append acknowledges nothing; call complete')
  end
  return write(keys, args, 0)
end

local function complete(keys, args)
  return write(keys, args, 0)
end

-- After the write's own arguments: the index of the queue and of its dead-letter queue, id, role, message, reason,
-- deliveries.
local function dead_letter(keys, args)
  local function parts(at)
    local p = at.extra
    return keys[tonumber(args[p])], keys[tonumber(args[p + 1])], args[p + 2]
  end
  local base = #args - 7
  if base < 9 or not keys[tonumber(args[base + 1])] or not keys[tonumber(args[base + 2])] then
    return bad('the letter names no queue')
  end
  return write(keys, args, 7, {
    lost = function(at)
      local queue, _, id = parts(at)
      if not pending(queue, id) then
        return { 'L', id }
      end
    end,
    blocked = function(at)
      local _, dlq = parts(at)
      if not takes_entries(dlq) then
        return dlq
      end
    end,
    acknowledge = function(at)
      local queue, _, id = parts(at)
      if pending(queue, id) then
        acknowledge(queue, { id })
      end
    end,
    move = function(at)
      local queue, dlq, id = parts(at)
      local p = at.extra
      redis.call(XADD, dlq, '*', 'id', id, 'role', args[p + 3], 'message', args[p + 4], 'reason', args[p + 5],
        'deliveries', args[p + 6])
      acknowledge(queue, { id })
    end,
  })
end

-- keys: timers, timers:d; args: now in ms ('' for the server's clock), how many at most. A timer leaves in the same
-- call that queues its command; where the queue is broken it is tried again a minute later, so that it stops no other.
-- Returns how many fired and when the next is due (-1: never).
local function fire(keys, args)
  local now = tonumber(args[1])
  if not now then
    local time = redis.call('TIME')
    now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  end
  local prefix = string.sub(keys[1], 1, -7) .. 'q:'
  local fired = 0
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', keys[1], '-inf', now, 'LIMIT', 0, tonumber(args[2]))) do
    local data = redis.call('HGET', keys[2], id)
    local cut = data and string.find(data, '\n', 1, true)
    local queue = cut and prefix .. string.sub(data, 1, cut - 1)
    local added = queue and redis.pcall(XADD, queue, '*', '__data__', string.sub(data, cut + 1))
    if type(added) == 'table' and added.err then
      redis.call(ZADD, keys[1], now + 60000, id)
    else
      redis.call(ZREM, keys[1], id)
      redis.call(HDEL, keys[2], id)
    end
    fired = fired + 1
  end
  local next_one = redis.call('ZRANGE', keys[1], 0, 0, 'WITHSCORES')
  return { fired, next_one[2] and tonumber(next_one[2]) or -1 }
end

-- keys: queue; args: consumer, how long idle (ms), how many at most. Takes over what others left: id, times handed
-- out, message, ...
local function reclaim(keys, args)
  local queue, consumer, wanted, cursor = keys[1], args[1], tonumber(args[3]), '0-0'
  local taken = {}
  repeat
    local reply = redis.call('XAUTOCLAIM', queue, GROUP, consumer, args[2], cursor, 'COUNT', wanted - #taken / 3)
    cursor = reply[1]
    for _, entry in ipairs(reply[2]) do
      local count = redis.call('XPENDING', queue, GROUP, entry[1], entry[1], 1, consumer)[1][4]
      local message = ''
      for i = 1, #entry[2], 2 do
        if entry[2][i] == '__data__' then
          message = entry[2][i + 1]
        end
      end
      taken[#taken + 1] = entry[1]
      taken[#taken + 1] = count
      taken[#taken + 1] = message
    end
  until cursor == '0-0' or #taken >= wanted * 3
  return taken
end

-- keys: queue; args: consumer, ids. Marks messages as in work just now and returns those that are this consumer's.
local function touch(keys, args)
  local mine = {}
  for i = 2, #args do
    if pending(keys[1], args[i], args[1]) then
      mine[#mine + 1] = args[i]
    end
  end
  for start = 1, #mine, CHUNK do
    local ids = { unpack(mine, start, math.min(start + CHUNK - 1, #mine)) }
    ids[#ids + 1] = 'JUSTID'
    redis.call('XCLAIM', keys[1], GROUP, args[1], 0, unpack(ids))
  end
  return mine
end

-- keys: queue; args: consumer, how many at most, idle (ms), mode, ids. Gives back what the consumer holds: those listed,
-- which were not begun ('unbegun'), or everything but that the listed were begun ('all but'). What was not begun is not
-- counted as delivered.
local function give_back(keys, args)
  local listed, given = {}, 0
  for i = 5, #args do
    listed[args[i]] = true
  end
  for _, p in ipairs(redis.call('XPENDING', keys[1], GROUP, '-', '+', args[2], args[1])) do
    local id, count, is_listed = p[1], p[4], listed[p[1]] == true
    if is_listed == (args[4] == 'unbegun') then
      count = math.max(count - 1, 0)
    end
    if is_listed or args[4] == 'all but' then
      redis.call('XCLAIM', keys[1], GROUP, args[1], 0, id, 'IDLE', args[3], 'RETRYCOUNT', count, 'JUSTID')
      given = given + 1
    end
  end
  return given
end

-- keys: queue; args: consumer. Forgets a consumer that holds nothing.
local function forget(keys, args)
  if #redis.call('XPENDING', keys[1], GROUP, '-', '+', 1, args[1]) > 0 then
    return 0
  end
  redis.call('XGROUP', 'DELCONSUMER', keys[1], GROUP, args[1])
  return 1
end

-- keys: queue. The names of its consumers; none where it has no group.
local function consumers(keys)
  local rows, names = redis.pcall('XINFO', 'CONSUMERS', keys[1], GROUP), {}
  if rows.err then
    return names
  end
  for _, row in ipairs(rows) do
    for i = 1, #row, 2 do
      if row[i] == 'name' then
        names[#names + 1] = row[i + 1]
      end
    end
  end
  return names
end

-- keys: queue; args: how many at most, idle (ms), consumers that are dead. Frees for others what they held.
local function free(keys, args)
  local freed = 0
  for i = 3, #args do
    for _, p in ipairs(redis.call('XPENDING', keys[1], GROUP, '-', '+', args[1], args[i])) do
      redis.call('XCLAIM', keys[1], GROUP, args[i], 0, p[1], 'IDLE', args[2], 'RETRYCOUNT', p[4], 'JUSTID')
      freed = freed + 1
    end
  end
  return freed
end

-- keys: any. What stands at each.
local function kinds(keys)
  local found = {}
  for i, key in ipairs(keys) do
    found[i] = redis.call('TYPE', key).ok
  end
  return found
end

local function starts_with(text, start)
  return string.sub(text or '', 1, #start) == start
end

-- keys: a run's index being made (`<dd>:<token>`); args: id, seq, id, seq, ... The first to take an id keeps it.
local function restore_ids(keys, args)
  if #args % 2 ~= 0 then
    return bad('ids and numbers do not pair up')
  end
  if not string.find(keys[1], ':dd:%x+$') then
    return bad('that is no index being made')
  end
  for i = 1, #args, 2 do
    redis.call(HSETNX, keys[1], args[i], args[i + 1])
  end
  redis.call('PEXPIRE', keys[1], 600000)
  return redis.status_reply('OK')
end

-- keys: log, its copy being made (`<log>:<token>`); args: first and last seq to copy.
local function restore_entries(keys, args)
  if not starts_with(keys[2], keys[1] .. ':') or not string.find(keys[2], ':log:%x+$') then
    return bad('that is no copy of this log')
  end
  for _, entry in ipairs(redis.call('XRANGE', keys[1], '0-' .. args[1], '0-' .. args[2])) do
    redis.call(XADD, keys[2], entry[1], unpack(entry[2]))
  end
  redis.call('PEXPIRE', keys[2], 600000)
  return redis.status_reply('OK')
end

local function replace(made, key)
  if redis.call('EXISTS', made) == 1 then
    redis.call(RENAME, made, key)
    redis.call('PERSIST', key)
  elseif redis.call('EXISTS', key) == 1 then
    redis.call(RENAME, key, made)
    redis.call('PEXPIRE', made, 1)
  end
end

-- Is a made log all of the log but its junk? Whoever makes an index again must not cut a log off.
local function is_whole(log, made, seq)
  local last = redis.call('XREVRANGE', made, '+', '-', 'COUNT', 1)[1]
  local following = '0-' .. (seq + 1)
  return redis.call('XLEN', made) == seq and (last and last[1] or '0-0') == '0-' .. seq
    and #redis.call('XRANGE', log, following, following) == 0
end

-- keys: log, head, dd, junk, the made dd, the made log; args: last seq, the log's last id and length when it was read,
-- '1' where the made log takes the log's place, then ids of junk to put aside. '0' where the log has moved on since.
local function restore(keys, args)
  local last = redis.call('XREVRANGE', keys[1], '+', '-', 'COUNT', 1)[1]
  local seq, copied = tonumber(args[1]), args[4] == '1'
  local run = string.match(keys[1], '^(.*:)log$')
  if not run or not is_count(seq) or keys[2] ~= run .. 'head' or keys[3] ~= run .. 'dd' or keys[4] ~= run .. 'junk'
    or not starts_with(keys[5], keys[3] .. ':') or not starts_with(keys[6], keys[1] .. ':') then
    return bad('these are not the keys of one run')
  end
  if redis.call('XLEN', keys[1]) ~= tonumber(args[3]) or (last and last[1] or '0-0') ~= args[2] then
    redis.call('PEXPIRE', keys[5], 1)
    redis.call('PEXPIRE', keys[6], 1)
    return 0
  end
  if not (copied and is_whole(keys[1], keys[6], seq)) and (copied or redis.call('XLEN', keys[1]) ~= seq) then
    return bad('entries of the log would be lost')
  end
  if copied and #args > 4 and not takes_entries(keys[4]) then
    return bad(keys[4] .. ' is full')
  end
  for i = 5, copied and #args or 4 do
    local entry = redis.call('XRANGE', keys[1], args[i], args[i])[1]
    if entry then
      redis.call(XADD, keys[4], '*', 'id', args[i], unpack(entry[2]))
    end
  end
  if copied then
    replace(keys[6], keys[1])
  end
  replace(keys[5], keys[3])
  redis.call(HSET, keys[2], 'seq', args[1], 'ids', redis.call('HLEN', keys[3]))
  return 1
end

local function version()
  return VERSION
end

redis.register_function('maestro_v1_append', append)
redis.register_function('maestro_v1_complete', complete)
redis.register_function('maestro_v1_dead_letter', dead_letter)
redis.register_function('maestro_v1_fire', fire)
redis.register_function('maestro_v1_reclaim', reclaim)
redis.register_function('maestro_v1_touch', touch)
redis.register_function('maestro_v1_give_back', give_back)
redis.register_function('maestro_v1_forget', forget)
redis.register_function('maestro_v1_free', free)
redis.register_function('maestro_v1_restore_ids', restore_ids)
redis.register_function('maestro_v1_restore_entries', restore_entries)
redis.register_function('maestro_v1_restore', restore)
redis.register_function{ function_name = 'maestro_v1_consumers', callback = consumers, flags = { 'no-writes' } }
redis.register_function{ function_name = 'maestro_v1_kinds', callback = kinds, flags = { 'no-writes' } }
redis.register_function{ function_name = 'maestro_v1_version', callback = version, flags = { 'no-writes' } }
