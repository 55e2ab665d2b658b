-- Fields to filter on for the evidence that portzero writes (`-w`, `--report x.pcapng`): portzero.verdict and the like, made of the
-- comment that each of its packets has.
--
--   wireshark -X lua_script:portzero.lua evidence.pcapng
--   tshark -X lua_script:portzero.lua -r evidence.pcapng -Y 'portzero.verdict == "accepted"'
--
-- For good: copy it to the folder that Wireshark's Help > About > Folders calls "Personal Lua Plugins".

local portzero = Proto("portzero", "portzero")

local fields = {
  verdict = ProtoField.string("portzero.verdict", "Verdict", base.ASCII, "What became of the exchange: accepted, refused, silent ..."),
  state = ProtoField.string("portzero.state", "State", base.ASCII, "nmap's word for the port"),
  reason = ProtoField.string("portzero.reason", "Reason", base.ASCII, "nmap's word for why"),
  answered_by = ProtoField.string("portzero.answered_by", "Answered by", base.ASCII, "Who sent the answer"),
  role = ProtoField.string("portzero.role", "Role", base.ASCII, "probe or answer; neither for what followed"),
  open = ProtoField.bool("portzero.open", "Open", base.NONE, nil, 0, "The exchange had not settled when the frame was written"),
  rule = ProtoField.string("portzero.rule", "Rule", base.ASCII, "A rule that fired"),
  severity = ProtoField.string("portzero.severity", "Severity", base.ASCII, "Of a finding that is about no single exchange"),
  message = ProtoField.string("portzero.message", "Message", base.ASCII, "Of a finding that is about no single exchange"),
  frame = ProtoField.uint32("portzero.frame", "Frame in the capture", base.DEC, nil, 0, "Its number in the capture that it was taken from"),
}
portzero.fields = fields

local comment = Field.new("frame.comment")

-- "8, the opening segment: accepted by 10.0.0.2 (open, syn-ack); syn-to-port-zero, port-zero-accepted"
local function add_exchange(tree, text)
  local number, role, verdict, rest, words, rules = text:match("^(%d+)(,? ?[%l ]*): ([%l-]+)(.-) %(([%l|-]+,? ?[%l-]*)%); (.+)$")
  if not number then return false end
  tree:add(fields.frame, tonumber(number)):set_generated()
  tree:add(fields.verdict, verdict):set_generated()
  local state, reason = words:match("^([%l|-]+),? ?([%l-]*)$")
  tree:add(fields.state, state):set_generated()
  if reason ~= "" then tree:add(fields.reason, reason):set_generated() end
  local by = rest:match("^ by ([%x:.]+)$")
  if by then tree:add(fields.answered_by, by):set_generated() end
  if rest == " so far" then tree:add(fields.open, true):set_generated() end
  if role == ", the opening segment" then tree:add(fields.role, "probe"):set_generated() end
  if role == ", the answer" then tree:add(fields.role, "answer"):set_generated() end
  for rule in rules:gmatch("[^, ]+") do tree:add(fields.rule, rule):set_generated() end
  tree:append_text(": " .. verdict .. rest .. " (" .. words .. ")")
  return true
end

-- "9: info udp-port-zero: a UDP datagram ..."
local function add_finding(tree, text)
  local number, severity, rule, message = text:match("^(%d+): (%l+) ([%w-]+): (.*)$")
  if not number then return false end
  tree:add(fields.frame, tonumber(number)):set_generated()
  tree:add(fields.severity, severity):set_generated()
  tree:add(fields.rule, rule):set_generated()
  tree:add(fields.message, message):set_generated()
  tree:append_text(": " .. message)
  return true
end

function portzero.dissector(_, _, root)
  for _, info in ipairs({ comment() }) do
    for line in tostring(info.value):gmatch("[^\r\n]+") do
      local text = line:match("^portzero: frame (.*)$")
      if text then
        local tree = root:add(portzero):set_generated()
        if not (add_exchange(tree, text) or add_finding(tree, text)) then tree:append_text(": " .. text) end
      end
    end
  end
end

register_postdissector(portzero)
