-- One event a request, each with an id of its own in order of time, as vscli sends them.
local body = '{"eventId":"%s","action":"start","run":{"type":"pipeline","namespace":"default","id":"%s"},"occurredAt":"2026-03-02T12:00:00.123456Z","actor":"alice","tags":{"deployment.environment.name":"production","host.name":"ci-runner-3","os.type":"linux","service":"api","source":"gcloud","user.name":"alice"}}'
local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end
function init(args)
  count = 0
  pause = tonumber(args[1]) or 0
  -- 48 bits of time, then what tells threads and runs of the tool apart.
  local ms = os.time() * 1000
  prefix = string.format("%08x-%04x-7%03x-8%03x-", math.floor(ms / 65536), ms % 65536, number, os.time() % 4096)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  if args[2] then wrk.headers["Authorization"] = "Bearer " .. args[2] end
end
function delay()
  return pause
end
function request()
  count = count + 1
  local tail = string.format("%012x", count)
  return wrk.format(nil, nil, nil, string.format(body, prefix .. tail, number .. "-" .. tail))
end
