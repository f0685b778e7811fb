-- Durable changes: three operations each, on keys of this thread, so that none is without effect.
local counter = 0
local thread = 0
function setup(t) thread = thread + 1; t:set("id", thread) end
function request()
  counter = counter + 1
  local v = id .. "." .. counter
  local slot = (counter % 97)
  local body = string.format(
    '{"message":"bench","operations":[' ..
    '{"op":"put","kind":"setting","environment":"base","key":"bench.t%d.a%d","value":"%s"},' ..
    '{"op":"put","kind":"setting","environment":"base","key":"bench.t%d.b%d","value":"%s"},' ..
    '{"op":"put","kind":"setting","environment":"production","key":"bench.t%d.c%d","value":"%s"}]}',
    id, slot, v, id, slot, v, id, slot, v)
  return wrk.format("POST", "/api/v1/projects/bench/changes",
    { ["Authorization"] = "Bearer " .. os.getenv("CFG_BENCH_TOKEN"), ["Content-Type"] = "application/json" }, body)
end
function response(status) if status ~= 201 then wrk.thread:stop() end end
