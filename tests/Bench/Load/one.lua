-- One event a request, each with an id of its own in order of time, as vscli sends them.
-- The load shares its cores with the server, so a request is put together of parts that are made once.
local body = '{"eventId":"EVENT","action":"start","run":{"type":"pipeline","namespace":"default","id":"RUN"},"occurredAt":"2026-03-02T12:00:00.123456Z","actor":"alice","tags":{"deployment.environment.name":"production","host.name":"ci-runner-3","os.type":"linux","service":"api","source":"gcloud","user.name":"alice"}}'
local threads, count = 0, 0
local head, middle, tail
function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end
function init(args)
  local pause = tonumber(args[1]) or 0
  -- wrk keeps a timer for each request of a script with a delay, be it 0.
  if pause > 0 then
    function delay() return pause end
  end
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  if args[2] then wrk.headers["Authorization"] = "Bearer " .. args[2] end
  -- 48 bits of time, then what tells threads and runs of the tool apart.
  local ms = os.time() * 1000
  local event = string.format("%08x-%04x-7%03x-8%03x-", math.floor(ms / 65536), ms % 65536, number, os.time() % 4096)
  local run = number .. "-"
  -- Both ids end in the same 12 digits.
  local text = wrk.format(nil, nil, nil, body:gsub("EVENT", event .. ("x"):rep(12)):gsub("RUN", run .. ("x"):rep(12)))
  head, middle, tail = text:match("^(.-)" .. ("x"):rep(12) .. "(.-)" .. ("x"):rep(12) .. "(.*)$")
end
function request()
  count = count + 1
  local id = string.format("%012x", count)
  return head .. id .. middle .. id .. tail
end
