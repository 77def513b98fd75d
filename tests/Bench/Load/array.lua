-- Arrays of 500 events.
local item = '{"eventId":"%s","action":"start","run":{"type":"pipeline","namespace":"default","id":"%s"},"occurredAt":"2026-03-02T12:00:00.123456Z","actor":"alice","tags":{"deployment.environment.name":"production","host.name":"ci-runner-3","os.type":"linux","service":"api","source":"gcloud","user.name":"alice"}}'
local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end
function init(args)
  count = 0
  local ms = os.time() * 1000
  prefix = string.format("%08x-%04x-7%03x-9%03x-", math.floor(ms / 65536), ms % 65536, number, os.time() % 4096)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end
function request()
  local items = {}
  for i = 1, 500 do
    count = count + 1
    local tail = string.format("%012x", count)
    items[i] = string.format(item, prefix .. tail, number .. "-" .. tail)
  end
  return wrk.format(nil, nil, nil, "[" .. table.concat(items, ",") .. "]")
end
