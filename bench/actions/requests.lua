-- Owns the requests of the action benchmark: each places an order of its own, under its own key.

local token, run, path, products = '', '', '', {}
local at = 0

function init(args)
  token, run, path = args[1], args[2], args[4]
  for line in io.lines(args[3]) do products[#products + 1] = line end
end

function request()
  at = at + 1
  local number = run .. '-' .. at
  return wrk.format('POST', path, {
    ['authorization'] = 'Bearer ' .. token,
    ['content-type'] = 'application/json',
    ['idempotency-key'] = number,
  }, '{"number":"' .. number .. '","product":"' .. products[(at * 7919) % #products + 1]
    .. '","quantity":1}')
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"durationUs":%d,"p50Us":%d,"p99Us":%d,"failed":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
