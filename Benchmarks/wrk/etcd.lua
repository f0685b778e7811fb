-- etcd's put through its JSON gateway; keys and values are base64.
local counter = 0
local thread = 0
function setup(t) thread = thread + 1; t:set("id", thread) end
local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local function base64(s)
  local out = {}
  for i = 1, #s, 3 do
    local a, b, c = s:byte(i, i + 2)
    local n = a * 65536 + (b or 0) * 256 + (c or 0)
    for j = 0, 3 do
      local d = math.floor(n / 64 ^ (3 - j)) % 64
      out[#out + 1] = (j == 2 and not b or j == 3 and not c) and "=" or alphabet:sub(d + 1, d + 1)
    end
  end
  return table.concat(out)
end
function request()
  counter = counter + 1
  local body = string.format('{"key":"%s","value":"%s"}', base64("bench/" .. id .. "/" .. (counter % 97)), base64("value " .. counter))
  return wrk.format("POST", "/v3/kv/put", { ["Content-Type"] = "application/json" }, body)
end
