-- What `rules-12` says of a customer, the way it is done with nginx today: gather the body, decode it, edit the tables,
-- encode them. It names what to take away, so what it does not know passes: less work than the closed rules do.

local cjson = require "cjson"
local sub, rep, find, gsub, byte = string.sub, string.rep, string.find, string.gsub, string.byte

local function cn_name(name)
  local first = byte(name) or 0
  if first < 0xE0 then
    return "***"
  end
  local _, hidden = gsub(sub(name, 4), "[%z\1-\127\194-\244][\128-\191]*", "")
  return sub(name, 1, 3) .. rep("*", hidden)
end

local function cn_phone(number)
  if not find(number, "^1%d%d%d%d%d%d%d%d%d%d$") then
    return "***"
  end
  return sub(number, 1, 3) .. "****" .. sub(number, -4)
end

local function email(address)
  local at = find(address, "@", 1, true)
  if not at or at == 1 then
    return "***"
  end
  return (at == 2 and "" or sub(address, 1, 1)) .. "***" .. sub(address, at)
end

local function cn_id(number)
  if not find(number, "^%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d[%dXx]$") then
    return "***"
  end
  return sub(number, 1, 1) .. "****************" .. sub(number, -1)
end

local function mask(customer)
  customer.name = cn_name(customer.name)
  customer.email = email(customer.email)
  customer.id_card = cn_id(customer.id_card)
  for _, phone in ipairs(customer.phones) do
    phone.number = cn_phone(phone.number)
  end
  customer.birth_date = nil
  customer.accounts = nil
  customer.internal_score = nil
  customer.consent = nil
end

local ctx = ngx.ctx
local parts = ctx.parts
if not parts then
  parts = {}
  ctx.parts = parts
end
parts[#parts + 1] = ngx.arg[1]
if not ngx.arg[2] then
  ngx.arg[1] = nil
  return
end
local body = cjson.decode(table.concat(parts))
ctx.parts = nil
if body.items then
  for _, customer in ipairs(body.items) do
    mask(customer)
  end
else
  mask(body)
end
ngx.arg[1] = cjson.encode(body)
