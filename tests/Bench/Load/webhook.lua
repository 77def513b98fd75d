-- Webhooks of GitHub, 20 kB each: a workflow run that ended, with the repository and the workflow as GitHub sends them along. Argument: milliseconds between two of a connection.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local counter, pause = 0, nil
function init(args)
  pause = tonumber(args[1] or "0")
  local urls = {}
  for i = 1, 230 do
    urls[i] = string.format('"member_%d_url":"https://api.github.com/repos/acme/web/a-path-of-usual-length/%d{/sha}"', i, i)
  end
  repository = '{"id":5,"name":"web","full_name":"acme/web","html_url":"https://github.com/acme/web",' .. table.concat(urls, ",") .. "}"
end

function delay()
  return pause
end

function request()
  counter = counter + 1
  local id = (number + 1) * 1000000000 + counter
  local body = string.format('{"action":"completed","workflow_run":{"id":%d,"name":"ci","run_attempt":1,"head_branch":"feature/log-in-%d","head_sha":"%040d","status":"completed","conclusion":"success",'
    .. '"event":"push","created_at":"2026-03-03T08:01:00Z","run_started_at":"2026-03-03T08:01:00Z","updated_at":"2026-03-03T08:09:00Z","pull_requests":[],"actor":{"login":"bob","id":7},'
    .. '"head_commit":{"id":"x","message":"Log in\\n\\nFixes #%d"}},"workflow":{"name":"ci"},"sender":{"login":"bob","id":7},"repository":%s}', id, counter % 100, id, counter % 500, repository)
  return wrk.format("POST", "/github", { ["Content-Type"] = "application/json", ["X-GitHub-Event"] = "workflow_run", ["X-GitHub-Delivery"] = tostring(id) }, body)
end
