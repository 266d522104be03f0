-- Owns the requests of one run of wrk: a file of lines `method target token body`, in turn, and
-- the figures of the run as one line of JSON. `%n` in a body stands for a number used once.

local lines = {}
local at = 0
local run = ''

local function headers(token, body)
  local made = {}
  if token ~= '-' then made['authorization'] = 'Bearer ' .. token end
  if body ~= '' then
    local json = 'application/json'
    made['content-type'] = json
  end
  return made
end

function init(args)
  run = args[2]
  for line in io.lines(args[1]) do
    local method, target, token, body = line:match('^(%S+) (%S+) (%S+) ?(.*)$')
    lines[#lines + 1] = {
      method = method, target = target, headers = headers(token, body), body = body,
      numbered = body:find('%n', 1, true) ~= nil,
      made = nil,
    }
  end
end

function request()
  at = at + 1
  local line = lines[at % #lines + 1]
  if line.numbered then
    local body = line.body:gsub('%%n', run .. '-' .. at)
    return wrk.format(line.method, line.target, line.headers, body)
  end
  if not line.made then
    line.made = wrk.format(line.method, line.target, line.headers, line.body ~= '' and line.body or nil)
  end
  return line.made
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"durationUs":%d,"p50Us":%d,"p99Us":%d,"failed":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
