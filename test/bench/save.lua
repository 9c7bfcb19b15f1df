-- wrk saves the sessions of SESSIONS in turn, each with the ETag of its last answer.
local ids, etags, count = {}, {}, 0
local token, body = os.getenv("TOKEN"), os.getenv("BODY")

function init()
  for line in io.lines(os.getenv("SESSIONS")) do
    local id, etag = line:match("(%S+) (%S+)")
    ids[#ids + 1] = id
    etags[id] = etag
  end
end

function request()
  count = count + 1
  local id = ids[count % #ids + 1]
  return wrk.format("POST", os.getenv("TARGET"), {
    ["Authorization"] = "Bearer " .. token,
    ["If-Match"] = '"' .. etags[id] .. '"',
    ["Session-Device"] = os.getenv("DEVICE"),
  }, (body:gsub("UNIQUE", id, 1):gsub("4711", math.random(2 ^ 31) + 10000, 1)))
end

function response(status, headers, text)
  local id = text:match('"id":"([^"]+)"')
  local etag = (headers["etag"] or ""):match('"([^"]+)"')
  if id and etag then
    etags[id] = etag
  end
end

function done(summary, latency)
  io.stdout:write(string.format("FIGURES %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), summary.errors.status))
end
