-- One flag a request, for contexts in turn, as OpenFeature's clients ask.
local counter = 0
function request()
  counter = counter + 1
  local body = string.format('{"context":{"targetingKey":"user-%d","country":"%s","plan":"pro"}}', counter % 9973, counter % 2 == 0 and "DE" or "FR")
  return wrk.format("POST", "/projects/bench/environments/production/ofrep/v1/evaluate/flags/country",
    { ["Authorization"] = "Bearer " .. os.getenv("CFG_BENCH_TOKEN"), ["Content-Type"] = "application/json" }, body)
end
function response(status) if status ~= 200 then wrk.thread:stop() end end
