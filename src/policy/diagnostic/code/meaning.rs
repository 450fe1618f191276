//! `FG20xx`: what rules say, as far as it makes no sense or two senses.

use super::codes;

codes! {
    /// What validation refuses.
    MEANING:
    FG2001 {
        en: "there is no such class",
            "a field of an unknown class would belong to nobody's row",
            "declare it, or take the one suggested";
        zh: "没有这个类别",
            "类别不存在，字段就不归任何一行管",
            "声明它，或者用建议的类别";
        Lines("      id: basik", "      id: basic")
    }
    FG2002 {
        en: "there is no such role",
            "a row of an unknown role would open nothing to anybody, silently",
            "declare it, or take the one suggested";
        zh: "没有这个角色",
            "角色不存在，这一行就悄悄对谁都不起作用",
            "声明它，或者用建议的角色";
        Lines("    tellr: { basic: show, contact: mask }", "    teller: { basic: show, contact: mask }")
    }
    FG2003 {
        en: "there is no such resource or group",
            "rows of what does not exist would open nothing, silently",
            "declare it, or take the one suggested";
        zh: "没有这个资源或路由组",
            "写给不存在的资源的行，不起任何作用也没人知道",
            "声明它，或者用建议的名字";
        Lines("  customer/lists:", "  customer/list:")
    }
    FG2004 {
        en: "there is no such mask",
            "a field must not be masked by something else than was meant",
            "take the one suggested; `docs/masks.md` lists the built-in ones";
        zh: "没有这种脱敏方式",
            "不能用别的方式代替本来想用的方式",
            "用建议的方式；内置方式见 `docs/masks.md`";
        Lines("      name: { class: basic, mask: cn-nam }", "      name: { class: basic, mask: cn-name }")
    }
    FG2005 {
        en: "not an outcome",
            "outcomes are a closed list",
            "`show`, `token`, `token:NAME`, `mask`, `mask:NAME`, `blank`, `strip`";
        zh: "不是处理方式",
            "处理方式是一份封闭的清单",
            "写 `show`（明文）、`token`（假名）、`mask`（脱敏）、`blank`（置空）、`strip`（删除），或 `token:名字`、`mask:名字`";
        Lines("    self: { basic: show, contact: visible }", "    self: { basic: show, contact: show }")
    }
    FG2006 {
        en: "a number outside its bounds",
            "it could not be what was meant",
            "see the message";
        zh: "数字超出范围",
            "不可能是想写的值",
            "看报错信息";
        Lines("  basic: { level: 200, zh: 基本信息 }", "  basic: { level: 2, zh: 基本信息 }")
    }
    FG2007 {
        en: "a reserved name: an outcome as a class, a built-in mask as a declared one",
            "the same word would mean two things in a row",
            "choose another";
        zh: "保留的名字：类别叫处理方式的名字，或自定义脱敏方式与内置的重名",
            "同一个词在一行里就有了两个意思",
            "换个名字";
        Lines("masks:\n  cn-id: { keep: { first: 1, last: 1 } }", "masks:")
    }
    FG2008 {
        en: "a reason, name or other sentence is empty",
            "an auditor reads it",
            "say something";
        zh: "理由、名字等说明是空的",
            "这是写给审计看的",
            "写点什么";
        Lines("  - { field: customer.name, role: acme, do: show, reason: \"\" }", "  - { field: customer.name, role: acme, do: show, reason: agreed }")
    }
    FG2009 {
        en: "a word the key does not take (`unlisted: hide`)",
            "the words are a closed list",
            "see the message";
        zh: "键不接受这个词（如 `unlisted: hide`）",
            "可选的词是一份封闭的清单",
            "看报错信息";
        Lines("    unlisted: hide", "    unlisted: strip")
    }
    FG2010 {
        en: "not a route, or not in canonical form",
            "requests are compared in canonical form, so a route in another form would never be taken",
            "`GET /customers/{id}`; others than unreserved characters as `%XX`";
        zh: "不是路由，或不是规范形式",
            "请求按规范形式比较，写成别的形式永远匹配不上",
            "写成 `GET /customers/{id}` 这样；非保留字符以外的字符写作 `%XX`";
        Lines("        GET /customers/: $.items[*]", "        GET /customers: $.items[*]")
    }
    FG2011 {
        en: "two routes take the same requests",
            "it would be left to chance which rules apply",
            "keep one; parameter names make no difference, GET answers HEAD too";
        zh: "两条路由会接到同样的请求",
            "用哪套规则就全凭运气了",
            "只留一条；参数叫什么名字没有区别，GET 也管 HEAD";
        Lines("        GET /customers: $.items[*]\n        GET /customers/{id:text}: $", "        GET /customers: $.items[*]")
    }
    FG2012 {
        en: "a path parameter is not mapped",
            "whoever may search by a field learns something of it, so it must be said which field it is",
            "`path.id: FIELD`, or `path.id: free` if it names no data";
        zh: "路径参数没有登记",
            "能按某字段查，就能探知它的值，所以必须写明对应哪个字段",
            "写 `path.id: 字段`；不指向数据的写 `path.id: free`";
        Lines("    params:\n      page: { whole: 1..100 }", "    params:\n      path.id: id\n      page: { whole: 1..100 }")
    }
    FG2013 {
        en: "a parameter of no route, or mapped to a field that is not catalogued",
            "the mapping would guard nothing",
            "take the one suggested";
        zh: "没有哪条路由有这个参数，或它对应的字段不在目录里",
            "这条登记就什么也管不到",
            "用建议的名字";
        Lines("      path.id: idd", "      path.id: id")
    }
    FG2014 {
        en: "not one of `whole`, `one_of`, `free`, `names` or fields, or values that make no sense",
            "what a parameter may hold must be closed before a request is passed on",
            "`{ whole: 1..100 }`, `{ one_of: [a, b] }`, `free`, `names`, or the fields it searches";
        zh: "不是 `whole`、`one_of`、`free`、`names` 或字段，或取值不成立",
            "参数能取什么值，必须先限定再放行",
            "写 `{ whole: 1..100 }`、`{ one_of: [a, b] }`、`free`、`names`，或它查的字段";
        Lines("      page: { whole: 100..1 }", "      page: { whole: 1..100 }")
    }
    FG2015 {
        en: "`free` for a name that usually chooses fields or rows (`sort`, `q`, `filter`, `fields`, `expand`) without a reason",
            "sorting or filtering by a hidden field tells its value",
            "`{ free: true, reason: ... }`";
        zh: "`sort`、`q`、`filter`、`fields`、`expand` 这类通常用来挑字段、挑记录的参数写了 `free`，却没写理由",
            "按隐藏字段排序或过滤，就能推出它的值",
            "写 `{ free: true, reason: ... }`";
        Lines("      path.id: id\n      sort: free", "      path.id: id")
    }
    FG2020 {
        en: "the same path is listed twice",
            "`id` and `$.id` are one path",
            "keep one";
        zh: "同一路径登记了两次",
            "`id` 和 `$.id` 是同一个路径",
            "只留一个";
        Lines("      id: basic\n      $.id: basic", "      id: basic")
    }
    FG2021 {
        en: "two entries can meet one node, neither spells out more, and class or mask differ",
            "it would be left to chance which class the value has",
            "write out more in one of them";
        zh: "两个条目可能碰到同一个值，谁也不比谁具体，而类别或脱敏方式不同",
            "这个值算哪个类别就全凭运气了",
            "把其中一个写得更具体";
        Lines("      id: basic\n      phones[0:2].number: basic", "      id: basic")
    }
    FG2022 {
        en: "a field without class, a mask twice, `names` on a path with `..`",
            "every listed field needs one class",
            "see the message";
        zh: "字段没有类别、脱敏方式列了两次，或带 `..` 的路径写了 `names`",
            "登记的字段都要有一个类别",
            "看报错信息";
        Lines("      name: { mask: cn-name }", "      name: { class: basic, mask: cn-name }")
    }
    FG2023 {
        en: "an envelope entry could meet a record",
            "inside a record only `fields` speak, so that nothing is opened past them",
            "list it under `fields`";
        zh: "`envelope` 条目可能碰到记录",
            "记录以内只由 `fields` 说了算，不能从旁边放开",
            "写到 `fields` 里";
        Lines("      $.items[*].name: show", "      $.total: show")
    }
    FG2024 {
        en: "the person's field is not one catalogued value",
            "a record has one person, and its field must be found in every record",
            "name one field without `[*]`, slices or `..`";
        zh: "主体字段不是目录里的单个值",
            "一条记录只有一个主体，每条记录都要能找到它",
            "写一个不带 `[*]`、切片、`..` 的字段";
        Lines("    person: { field: phones, path: id }", "    person: { field: id, path: id }")
    }
    FG2025 {
        en: "the person's path parameter stands in no route",
            "nobody could ever be the person",
            "take the one suggested";
        zh: "主体的路径参数不在任何路由里",
            "那就没有人能是主体本人",
            "用建议的参数";
        Lines("    person: { field: id, path: number }", "    person: { field: id, path: id }")
    }
    FG2030 {
        en: "a role's matcher without a value, or with several",
            "a matcher without a value would match anybody",
            "`jwt` with `claim` and one of `has`, `is`, `same_as`; `mtls` with `san`; `api_key`";
        zh: "角色的匹配条件没有取值，或取值不止一个",
            "没有取值的匹配条件，谁都能匹配上",
            "`jwt` 配 `claim` 和 `has`、`is`、`same_as` 之一；`mtls` 配 `san`；`api_key`";
        Lines("  acme: { mtls: partner-ca }", "  acme: { mtls: partner-ca, san: \"spiffe://acme.example\" }")
    }
    FG2040 {
        en: "an exception or ceiling names no catalogued path and no container above one",
            "it would bind nothing, and be believed to",
            "`customer.accounts[*].card_no`";
        zh: "例外或上限所写的，既不是目录里的路径，也不在哪个路径之上",
            "它管不到任何字段，却让人以为管到了",
            "写成 `customer.accounts[*].card_no` 这样";
        Lines("  - { field: customer.phone, to: everyone, at_most: mask, reason: never in clear }", "  - { field: \"customer.phones[*].number\", to: everyone, at_most: mask, reason: never in clear }")
    }
    FG2041 {
        en: "an exception for a role without a row",
            "no exception opens anything for a role without a row",
            "give it a row";
        zh: "给没有行的角色写了例外",
            "没有行的角色，例外也打不开任何字段",
            "给它写上行";
        Lines(
            "    teller: { basic: mask }\nexceptions:\n  - { field: customer.name, role: acme, do: show, reason: agreed }",
            "    acme: { basic: mask }\nexceptions:\n  - { field: customer.name, role: acme, do: show, reason: agreed }"
        )
    }
    FG2042 {
        en: "`until` on an exception that opens nothing, or not every row and field it changes",
            "when it ended, something would open by itself",
            "remove it";
        zh: "例外没有放开任何字段，或没有放开它改动的每一行每个字段，却写了 `until`",
            "到期之后反而会有字段自动放开",
            "删掉它";
        Lines("  - { field: customer.name, role: acme, do: strip, reason: agreed, until: 2027-01-01 }", "  - { field: customer.name, role: acme, do: show, reason: agreed }")
    }
    FG2043 {
        en: "two exceptions for one field and role",
            "it would be left to chance which one counts",
            "keep one";
        zh: "同一字段、同一角色有两条例外",
            "算哪一条就全凭运气了",
            "只留一条";
        Lines("exceptions:\n  - { field: customer.name, role: acme, do: token, reason: again }", "exceptions:")
    }
    FG2044 {
        en: "a ceiling over none or several of `field`, `class`, `level`, or without `to`",
            "a ceiling must say what it covers and whom it binds",
            "see the message";
        zh: "上限没写或写了不止一个 `field`、`class`、`level`，或 `to` 不对",
            "上限必须写明管什么、管谁",
            "看报错信息";
        Lines("  - { field: \"customer.phones[*].number\", class: contact, to: everyone, at_most: mask, reason: never in clear }", "  - { field: \"customer.phones[*].number\", to: everyone, at_most: mask, reason: never in clear }")
    }
    FG2045 {
        en: "not a moment",
            "without an offset a time means another moment on another server",
            "`2026-06-01T10:00:00+08:00`; `until` also takes a day, which ends in UTC";
        zh: "不是时刻",
            "没有时区偏移的时间，在别的服务器上就是另一个时刻",
            "写 `2026-06-01T10:00:00+08:00`；`until` 也可以写日期，到 UTC 当天结束为止";
        Lines("tests_at: 2026-06-01 10:00", "tests_at: 2026-06-01T10:00:00+08:00")
    }
    FG2046 {
        en: "`unlisted: show` without `unlisted_reason`, or the reason alone",
            "opening everything that is not listed must be answered for",
            "write both";
        zh: "`unlisted: show` 没有配 `unlisted_reason`，或只写了理由",
            "放开一切没登记的字段，必须有人说明为什么",
            "两个都写";
        Lines("    unlisted: strip\n    unlisted_reason: public data", "    unlisted: strip")
    }
    FG2047 {
        en: "`unlisted: show` where a role with `same_as: person` has a row, or a row has a gate and records are not the whole body",
            "what leaves beside the records is checked for nobody's person and by no gate",
            "list the fields, or remove the row";
        zh: "写了 `unlisted: show`，又有 `same_as: person` 的角色的行，或者有带 `only` 的行而记录不是整个响应体",
            "记录以外流出的内容，没有核对过主体，也没有经过 `only`",
            "把字段登记进目录，或者删掉这一行";
        Lines("    unlisted: show\n    unlisted_reason: public data", "    unlisted: strip")
    }
    FG2048 {
        en: "an exception for a container that is also above fields written otherwise (`accounts[*]` above `accounts[0].no`)",
            "whoever reads the exception would take them for covered",
            "write an exception for each field";
        zh: "例外所写的容器，下面还有写法不同的字段（`accounts[*]` 之下有 `accounts[0].no`）",
            "读例外的人会以为那些字段也管到了",
            "给每个字段各写一条例外";
        Lines(
            "  - { field: \"customer.phones[*]\", role: acme, do: show, reason: agreed }",
            "  - { field: customer.name, role: acme, do: show, reason: agreed }"
        )
    }
    FG2050 {
        en: "a declared mask without a form, with several, or with values that make none",
            "a mask that hides nothing would be believed to hide something",
            "see `docs/masks.md`";
        zh: "自定义脱敏方式没写形式、写了不止一种，或取值不成立",
            "什么也不遮的脱敏方式，会让人以为遮住了",
            "见 `docs/masks.md`";
        Lines("  staff-no: { keep: { first: 2, last: 1 }, round: 10 }", "  staff-no: { keep: { first: 2, last: 1 } }")
    }
    FG2080 {
        en: "roles that extend each other in a circle",
            "none of them has cells to begin with",
            "remove one `extends`";
        zh: "角色互相继承，绕成了圈",
            "谁都没有可继承的内容",
            "删掉其中一处 `extends`";
        Lines(
            "  acme: { mtls: partner-ca, san: \"spiffe://acme.example\", extends: other }\n  other: { mtls: partner-ca, san: \"spiffe://other.example\", extends: acme }",
            "  acme: { mtls: partner-ca, san: \"spiffe://acme.example\" }"
        )
    }
    FG2081 {
        en: "alternatives of a role, only some of which are tied to a person",
            "whoever holds it by the others would see everybody's records under the same row",
            "write two roles";
        zh: "角色的几种身份里，只有一部分认主体本人",
            "凭另外几种具备它的人，用同一行就能看到所有人的记录",
            "拆成两个角色";
        Lines(
            "  self: { any: [{ jwt: app-idp, claim: customer_id, same_as: person }, { jwt: staff-idp, claim: roles, has: self }] }",
            "  self: { jwt: app-idp, claim: customer_id, same_as: person }"
        )
    }
    FG2082 {
        en: "`contract` on a role that is not `required`",
            "a role either needs a contract or has none; what it has by `extends` cannot be undone",
            "`contract: required`, or remove it";
        zh: "角色上的 `contract` 不是 `required`",
            "角色要么必须有合同，要么不涉及合同；继承来的要求不能取消",
            "写 `contract: required`，或者删掉它";
        Lines(
            "  globex: { mtls: partner-ca, san: \"spiffe://globex.example\", contract: optional }",
            "  globex: { mtls: partner-ca, san: \"spiffe://globex.example\", contract: required }"
        )
    }
    FG2083 {
        en: "a contract for a role that does not say `contract: required`",
            "the role would be held without it, whatever the contract says",
            "add `contract: required` to the role";
        zh: "合同的角色没写 `contract: required`",
            "没有合同也照样能用这个角色，合同就白写了",
            "给角色写上 `contract: required`";
        Lines("    role: acme", "    role: globex")
    }
    FG2084 {
        en: "a day or time zone of a contract that does not exist",
            "a contract runs for whole days in its zone",
            "`2026-12-31`, `Asia/Shanghai`";
        zh: "合同里的日期或时区不存在",
            "合同按所写时区的整天计算",
            "写 `2026-12-31`、`Asia/Shanghai`";
        Lines("    from: 2020-13-01", "    from: 2020-01-01")
    }
    FG2085 {
        en: "what is no network in `networks`",
            "bits beyond the prefix would be read in two ways",
            "`203.0.113.0/24`, `2001:db8::/32`, or one address";
        zh: "`networks` 里写的不是网段",
            "前缀之外还有非零位，读法就不唯一",
            "写 `203.0.113.0/24`、`2001:db8::/32`，或一个地址";
        Lines("    networks: [127.0.0.1/8]\n    from: 2020-01-01", "    from: 2020-01-01")
    }
    FG2086 {
        en: "a contract that ends before it begins",
            "it would never be in force",
            "`from` is the first day and `until` the last";
        zh: "合同还没开始就结束了",
            "它永远不会生效",
            "`from` 写第一天，`until` 写最后一天";
        Lines("    until: 2019-12-31", "    until: 2999-12-31")
    }
    FG2087 {
        en: "`tokens_as` names no older contract of the same role",
            "pseudonyms shared with another partner would let both join what they know",
            "name the contract this one follows, or remove the key";
        zh: "`tokens_as` 写的不是同一角色更早的合同",
            "和别的合作方共用假名，双方就能把数据对起来",
            "写这份合同所接续的那一份，或者删掉这个键";
        Lines("    tokens_as: HT-1\n    from: 2020-01-01", "    from: 2020-01-01")
    }
    FG2088 {
        en: "`unlisted: show` where a contract role has a row",
            "a partner gets what the contract lists, and nothing beside it",
            "list the fields, or remove the row";
        zh: "写了 `unlisted: show`，又有合同角色的行",
            "合作方只能得到合同列出的内容",
            "把字段登记进目录，或者删掉这一行";
        Lines("    unlisted: show\n    unlisted_reason: public data", "    unlisted: refuse")
    }
    FG2089 {
        en: "a purpose that cannot be sent in a header, or a way to declare it that there is none of",
            "the caller's header is compared with it byte by byte",
            "ASCII letters, digits and `-`, `_`, `.`, `:`, `/`; `declare: header` or `declare: fixed`";
        zh: "用途没法放进请求首部，或声明方式不存在",
            "它要和调用方发来的首部逐字节比较",
            "用 ASCII 字母、数字和 `-`、`_`、`.`、`:`、`/`；写 `declare: header` 或 `declare: fixed`";
        Lines("    purpose: loyalty points", "    purpose: loyalty-points")
    }
    FG2090 {
        en: "two contracts of one role with the same purpose on the same day, or `declare: fixed` beside another contract",
            "a call runs under exactly one contract: the one whose purpose it declares",
            "give each its own purpose, its own days or its own role";
        zh: "同一角色的两份合同在同一天用途相同，或 `declare: fixed` 之外还有合同",
            "一次调用只归入一份合同：声明了其用途的那一份",
            "让用途或起止日期错开，或各用各的角色";
        Lines("  HT-2: { role: globex, purpose: loyalty-points, from: 2024-01-01, until: 2024-12-31, zone: UTC, items: { customer: { basic: mask } } }\n  HT-1:\n", "  HT-1:\n")
    }
    FG2130 {
        en: "a parameter is mapped to a path with `..`",
            "such a path closes what others open and says nothing of what stands there, so nobody knew what is searched",
            "name the fields it searches";
        zh: "参数对应的路径带 `..`",
            "这种路径只收紧别的条目，说不清那里是什么，也就不知道查的是什么",
            "写明它查的是哪些字段";
        Lines("      $..secret: contact\n    envelope:\n      $.total: show\n    params:\n      code: $..secret", "    envelope:\n      $.total: show\n    params:")
    }
    FG2131 {
        en: "`unlisted_params: pass` without `unlisted_params_reason`, or the reason alone",
            "a parameter nobody listed may search, sort or choose by hidden fields, so somebody must answer for it",
            "write both";
        zh: "`unlisted_params: pass` 没有配 `unlisted_params_reason`，或只写了理由",
            "没登记的参数可能按隐藏字段查询、排序、挑选，必须有人说明为什么放行",
            "两个都写";
        Lines("    unlisted_params: pass\n    unlisted: strip", "    unlisted: strip")
    }
    FG2132 {
        en: "`find` by what is no parameter, or by one that searches no field (`free`, `whole`, `one_of`, `names`)",
            "a person is looked up by one value of one field, which must be known",
            "map the parameter to the field it searches: `phone: phones[*].number`";
        zh: "`find` 写的不是参数，或这个参数不对应字段（`free`、`whole`、`one_of`、`names`）",
            "查找靠的是某个字段的一个确切值，必须知道是哪个字段",
            "把参数对应到它查的字段：`phone: phones[*].number`";
        Lines("find:\n  customer: { teller: [page] }", "find:\n  customer: { teller: [path.id] }")
    }
    FG2133 {
        en: "`find` for a role without a row in the group",
            "a role without a row gets no answer, so it would find nothing",
            "write the row under `read`, or remove the role here";
        zh: "`find` 里的角色在这个路由组没有行",
            "没有行的角色得不到响应，也就什么都查不到",
            "在 `read` 里写上这一行，或在这里删掉这个角色";
        Lines("find:\n  customer: { acme: [path.id] }", "find:\n  customer: { teller: [path.id] }")
    }
    FG2134 {
        en: "`is` names no resource, or one that itself is another's shape, or stands beside `fields`, `dictionary` or `keys`",
            "two catalogues of the same records would drift apart",
            "name the resource that lists the fields, and list none here";
        zh: "`is` 写的资源不存在，或它自己用的也是别的资源的形状，或旁边还写了 `fields`、`dictionary`、`keys`",
            "同样的记录有两份目录，迟早会对不上",
            "写登记了字段的那个资源，这里不再登记";
        Lines("resources:\n  archive:\n    at: { GET /archive: $ }\n    is: custommer\n    params: {}\n  customer:", "resources:\n  customer:")
    }
    FG2135 {
        en: "`like` names no grid",
            "the group would have no rows, silently",
            "declare it under `grids`, or take the one suggested";
        zh: "`like` 引用的权限表不存在",
            "这个路由组就悄悄没有了行",
            "在 `grids` 里声明它，或者用建议的名字";
        Lines("  customer/list:\n    like: common", "  customer/list:")
    }
    FG2136 {
        en: "a table of fields that cannot be read",
            "the fields in it would be listed nowhere",
            "name a file below the rules directory";
        zh: "字段表格读不了",
            "表格里的字段就等于没有登记",
            "写规则目录下的文件";
        Lines("    dictionary: fields.csv\n    envelope:", "    envelope:")
    }
    FG2137 {
        en: "`send` or `body` on a route without a body, or a path of `send` twice, with `..`, slices or unions, or more than a name of a form",
            "every leaf of a body must be known to search this and nothing else",
            "`send: { filter.phone: phones[*].number, size: { whole: 1..100 } }` on a POST that says `does: read`";
        zh: "没有请求体的路由写了 `send` 或 `body`，或 `send` 里的路径重复、带 `..`、切片或并列，或表单里写的不是名字",
            "请求体里的每个值查的是什么，必须说得清清楚楚",
            "在写了 `does: read` 的 POST 路由上写 `send: { filter.phone: phones[*].number, size: { whole: 1..100 } }`";
        Lines("        GET /customers: { record: \"$.items[*]\", send: { id: id } }", "        GET /customers: $.items[*]")
    }
    FG2138 {
        en: "`written_by` without a role, with one twice, or on a path with `..`",
            "a field that decides who sees what may be written by roles that are named, and by nobody else",
            "list the roles: `written_by: [self]`; leave it out, and nobody writes the field";
        zh: "`written_by` 没写角色、角色写了两次，或写在带 `..` 的路径上",
            "决定谁看到什么的字段，只有写明的角色才能改",
            "列出角色：`written_by: [self]`；不写就是谁也不能改";
        Lines("      id: { class: basic, written_by: [] }", "      id: basic")
    }
}
