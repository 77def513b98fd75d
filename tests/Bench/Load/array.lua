-- Arrays of 500 events.
-- The load shares its cores with the server, so a request is put together of parts that are made once.
local item = '{"eventId":"EVENT","action":"start","run":{"type":"pipeline","namespace":"default","id":"RUN"},"occurredAt":"2026-03-02T12:00:00.123456Z","actor":"alice","tags":{"deployment.environment.name":"production","host.name":"ci-runner-3","os.type":"linux","service":"api","source":"gcloud","user.name":"alice"}}'
local threads, count = 0, 0
local parts = {}
function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end
function init(args)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  local ms = os.time() * 1000
  local event = string.format("%08x-%04x-7%03x-9%03x-", math.floor(ms / 65536), ms % 65536, number, os.time() % 4096)
  local run = number .. "-"
  -- Both ids of an event end in the same 12 digits: every second part.
  local one = item:gsub("EVENT", event .. ("x"):rep(12)):gsub("RUN", run .. ("x"):rep(12))
  local text = wrk.format(nil, nil, nil, "[" .. one .. ("," .. one):rep(499) .. "]")
  for part in (text .. ("x"):rep(12)):gmatch("(.-)" .. ("x"):rep(12)) do
    parts[#parts + 1] = part
    parts[#parts + 1] = ""
  end
  parts[#parts] = nil
end
function request()
  for i = 2, 2000, 4 do
    count = count + 1
    local id = string.format("%012x", count)
    parts[i], parts[i + 2] = id, id
  end
  return table.concat(parts)
end
