//! `FG21xx`: what loads, and yet is probably not what was meant.

use super::codes;

codes! {
    /// What is noticed, and fails under `--deny lints` alone.
    LINTS:
    FG2101 {
        en: "no field has this class",
            "a class nobody uses is often a field that was listed under another",
            "give a field the class, or remove it";
        zh: "没有字段属于这个类别",
            "没人用的类别，往往是字段登记到了别的类别下",
            "把字段归入它，或者删掉它";
        Lines("classes:\n  unused: { level: 5 }", "classes:")
    }
    FG2102 {
        en: "a resource or group without a row, or a row without a route",
            "without a row nobody may read it; without a route nobody can ask",
            "write the row under `read`, or the route under `at`";
        zh: "资源或路由组没有行，或有行却没有路由",
            "没有行就谁也读不到，没有路由就没法请求",
            "在 `read` 里补上行，或在 `at` 里补上路由";
        Lines("      archive:\n        GET /archive: $.items[*]\n      list:", "      list:")
    }
    FG2103 {
        en: "a role without a row",
            "whoever holds it may read nothing",
            "write a row for it under `read`, or remove it";
        zh: "角色没有行",
            "具备它的人什么也读不到",
            "在 `read` 里给它写上行，或者删掉它";
        Lines("roles:\n  idle: { jwt: staff-idp, claim: roles, has: idle }", "roles:")
    }
    FG2104 {
        en: "no test",
            "tests say what each role sees, and stay true when the rules change",
            "write `tests:`";
        zh: "没有测试",
            "测试写明每个角色看到什么，改规则时就有据可查",
            "写上 `tests:`";
        Told("a rule set without `tests:`", "没有 `tests:` 的规则集")
    }
    FG2105 {
        en: "`unlisted: show`",
            "every field the upstream adds one day will leave without anybody having classed it",
            "list the fields";
        zh: "写了 `unlisted: show`",
            "后端哪天新增的字段，没人分类就流出去了",
            "把字段登记进目录";
        Lines("resources:\n  memo:\n    at: { GET /memo: $ }\n    fields: { text: basic }\n    unlisted: show\n    unlisted_reason: public data\n  customer:", "resources:\n  customer:")
    }
    FG2106 {
        en: "`whole`",
            "everything the upstream adds below that place has the class at once",
            "list the fields below it, if they are known";
        zh: "写了 `whole`",
            "后端在那个位置下新增的一切，立刻都算这个类别",
            "下面的字段若已知，逐个登记";
        Lines("      id: basic\n      address: { class: contact, whole: true }", "      id: basic")
    }
    FG2107 {
        en: "a path that matches nothing in any fixture",
            "a misspelled path lets nothing through, and nobody notices until it is missed",
            "spell it as the upstream does, or extend a fixture";
        zh: "路径在所有样例文件里都匹配不到",
            "拼错的路径什么也放不出来，要等到有人缺数据才发现",
            "和后端的拼写保持一致，或者补充样例文件";
        Lines("      id: basic\n      nmae: basic", "      id: basic")
    }
    FG2108 {
        en: "a fixture holds what looks like an ID, mobile or card number in a field that is shown to a role, is of no `sensitive` class and lists no mask",
            "it may have been given the wrong class",
            "give it a class of its own, or a mask";
        zh: "样例里某字段的值像身份证号、手机号或银行卡号，却对某角色是明文，类别没标 `sensitive`，也没写脱敏方式",
            "类别可能定错了",
            "给它单独定类别，或者写上脱敏方式";
        Lines("      phones[*].number: basic", "      phones[*].number: { class: contact, mask: cn-phone }")
    }
    FG2109 {
        en: "fields that rebuild a masked one: `cn-id` beside `cn-address` and a birth date",
            "district and birth date give most digits of an ID number",
            "strip one of the three for these roles";
        zh: "几个字段合起来能还原脱敏的字段：`cn-id` 旁边有 `cn-address` 和出生日期",
            "区县加出生日期就是身份证号的大部分数字",
            "对这些角色，三者中删掉一个";
        Lines("      id: basic\n      id_card: { class: contact, mask: cn-id }\n      address: { class: contact, mask: cn-address }\n      born: { class: contact, mask: year-only }", "      id: basic")
    }
    FG2110 {
        en: "a row of a `same_as: person` role where no route names a person: nobody can hold it",
            "the role compares a claim with a path parameter, and there is none",
            "remove the row, name the person in the route, or give the row a gate: `only` with a condition `same_as: claim.NAME`";
        zh: "`same_as: person` 的角色在没有主体参数的路由上有行：没有人能具备它",
            "这个角色要拿声明和路径参数比较，而这里没有参数",
            "删掉这一行，在路由里写上主体参数，或者给这一行写 `only`，条件用 `same_as: claim.声明`";
        Lines("  customer/list:\n    self: { basic: show }", "  customer/list:")
    }
    FG2111 {
        en: "a ceiling above every class's level",
            "it binds nothing",
            "lower its `level`";
        zh: "上限的级别高于所有类别",
            "它管不到任何字段",
            "把 `level` 调低";
        Lines("ceilings:\n  - { level: 9, to: everyone, at_most: mask, reason: top secrets }", "ceilings:")
    }
    FG2220 {
        en: "two roles that the same credentials give",
            "who holds one holds both, and gets the more open of both rows",
            "correct the value of one, or make one role of them";
        zh: "两个角色的匹配条件一模一样",
            "具备一个就具备另一个，两行里更开放的格子生效",
            "改正其中一个的取值，或者并成一个角色";
        Lines("  other: { jwt: staff-idp, claim: roles, has: teller }\n  teller: { jwt: staff-idp, claim: roles, has: teller }", "  teller: { jwt: staff-idp, claim: roles, has: teller }")
    }
    FG2221 {
        en: "a path parameter is `free` though a field has its name",
            "`free` says that it names no data: whoever may call the route may try every value",
            "map it to the field: `path.id: id`";
        zh: "路径参数写了 `free`，却有同名的字段",
            "`free` 是说它不指向数据：能调用这个路由的人，什么值都可以试",
            "对应到字段：`path.id: id`";
        Lines("      path.id: free", "      path.id: id")
    }
    FG2120 {
        en: "nothing uses this condition",
            "a condition nobody asks is often one that a cell should name",
            "write `show if NAME` in a cell or `only: [NAME]`, or remove it";
        zh: "条件没有用到",
            "没人问的条件，往往是某个格子漏写了",
            "在格子里写 `show if 名字` 或写 `only: [名字]`，或者删掉它";
        Lines("conditions:\n  daytime: { hours: 08:00-18:00, zone: Asia/Shanghai }", "conditions: {}")
    }
    FG2121 {
        en: "a condition on a field the caller cannot see",
            "what the caller gets tells one bit of it for each record",
            "show the field, or be content with that";
        zh: "条件问的字段，调用方看不到",
            "从得到的结果能看出这个字段的一点信息：每条记录一个是或否",
            "把字段放开，或者接受这一点";
        Lines(
            "    acme: { basic: mask if reached }\nconditions: { reached: { field: \"$['e mail']\", exists: true } }\nexceptions:",
            "    acme: { basic: mask }\nexceptions:"
        )
    }
    FG2122 {
        en: "a cell that opens where a field is missing",
            "`exists` does not hold where the field is left out, and the outcome after `else` is the more open one",
            "`is: empty`, which says that a field may be missing, or turn the cell round";
        zh: "字段缺失时反而放开的格子",
            "字段没有时 `exists` 不成立，而 `else` 后面的处理方式更开放",
            "写 `is: empty`，明说字段可以没有；或者把格子反过来写";
        Lines(
            "    acme: { basic: strip if named else mask }\nconditions: { named: { field: name, exists: true } }\nexceptions:",
            "    acme: { basic: mask }\nexceptions:"
        )
    }
    FG2123 {
        en: "a condition that changes nothing: both outcomes are the same",
            "one of the two is often not what was meant",
            "the outcome alone, or another one after `else`";
        zh: "条件不起作用：两个处理方式相同",
            "其中一个往往写错了",
            "只写处理方式，或把 `else` 后面换一个";
        Lines(
            "    acme: { basic: mask if strong else mask }\nconditions: { strong: { mfa: true } }\nexceptions:",
            "    acme: { basic: mask }\nexceptions:"
        )
    }
    FG2150 {
        en: "`unlisted_params: pass`",
            "a parameter nobody looked at may search, sort or choose by hidden fields",
            "list the parameters that are needed";
        zh: "写了 `unlisted_params: pass`",
            "没人看过的参数，可能按隐藏字段查询、排序、挑选",
            "把用得到的参数登记出来";
        Lines("    unlisted_params: pass\n    unlisted_params_reason: a report tool\n    unlisted: strip", "    unlisted: strip")
    }
    FG2124 {
        en: "a contract role sees a sensitive class in clear",
            "what a partner holds in clear is out of our hands",
            "`token` or `mask`, in the row or in the contract's `items`";
        zh: "合同角色能看到敏感类别的明文",
            "合作方手里的明文，我们再也管不到",
            "在行里或合同的 `items` 里写 `token` 或 `mask`";
        Lines("      customer: { basic: mask, contact: show }", "      customer: { basic: mask, contact: mask }")
    }
    FG2125 {
        en: "a contract role reads a list",
            "a list can be taken whole",
            "a single record, where that is enough";
        zh: "合同角色能读列表",
            "列表可以整个拿走",
            "够用的话，只开放单条查询";
        Lines("    globex: { basic: mask }\n    acme: { basic: show }\ncontracts:", "    acme: { basic: show }\ncontracts:")
    }
    FG2126 {
        en: "a contract has ended, or ends within `warn_days`",
            "from then on its calls are refused",
            "write the contract that follows it, or remove it";
        zh: "合同已到期，或在 `warn_days` 天内到期",
            "到期后的调用一律被拒绝",
            "写上续签的合同，或者删掉它";
        Lines("    until: 2020-12-31", "    until: 2999-12-31")
    }
    FG2127 {
        en: "a contract role without a contract, or a contract that names what its role has no row for",
            "the one is always refused, the other opens nothing: `items` only closes",
            "write the contract, or the row";
        zh: "合同角色没有合同，或合同写了角色没有行的资源",
            "前者总是被拒绝，后者什么也打不开：`items` 只能收紧",
            "写上合同，或者写上行";
        Lines("      customer/list: { basic: mask }\n      customer: { basic: mask, contact: mask }", "      customer: { basic: mask, contact: mask }")
    }
    FG2160 {
        en: "a pseudonym of what has few values",
            "whoever counts how often each pseudonym comes knows which value it stands for: a date, a code, a sex",
            "`mask` or `strip`";
        zh: "取值很少的字段用了假名",
            "日期、代码、性别这类值，数一数每个假名出现的次数，就知道它代表哪个值",
            "用 `mask` 或 `strip`";
        Lines(
            "    acme: { basic: token }\nconditions: { vip: { field: name, is: VIP } }\nexceptions:",
            "    acme: { basic: mask }\nexceptions:"
        )
    }
    FG2161 {
        en: "`mask:NAME` where no field of the class lists that mask",
            "each field keeps its own mask, so the name changes nothing",
            "list it under `mask:` of a field, or write `mask` alone";
        zh: "`mask:名字`，而该类别没有字段登记这种脱敏方式",
            "每个字段仍用自己的脱敏方式，写了名字也没有作用",
            "在字段的 `mask:` 里登记它，或者只写 `mask`";
        Lines("    acme: { basic: mask:last4 }", "    acme: { basic: mask }")
    }
    FG2162 {
        en: "an entry of `absent` or `never` that stands nowhere in the fixture",
            "the test holds whatever the rules do: it may be misspelled",
            "spell it as the upstream does, or extend the fixture";
        zh: "`absent`、`never` 里写的东西，样例文件里本来就没有",
            "规则怎么改这条断言都成立：多半是拼错了",
            "和后端的拼写保持一致，或者补充样例文件";
        Lines("    expect: { name: 张三 }\n    absent: [staf]", "    expect: { name: 张三 }")
    }
    FG2163 {
        en: "a total in the envelope beside a gate",
            "`only` keeps records back, and the upstream's total counts them all the same: the difference tells how many are hidden",
            "remove the entry, or give it a class: rows behind a gate on records do not show that";
        zh: "有 `only` 的地方，`envelope` 里又放出了总数",
            "`only` 扣下的记录，后端的总数照样算在内，差多少就是藏了多少",
            "删掉这一项，或者给它定个类别：带 `only` 的行看不到它";
        Lines(
            "    acme: { basic: mask, only: [vip] }\nconditions: { vip: { field: name, is: VIP } }\nexceptions:",
            "    acme: { basic: mask }\nexceptions:"
        )
    }
    FG2164 {
        en: "a cell or exception of a contract role that every contract of the role strips",
            "it looks as if the partner got it; `items` closes what it does not name",
            "name the class in `items`, or remove it from the row";
        zh: "合同角色的格子或例外放开了，每份合同的 `items` 却都删掉",
            "看上去合作方能拿到，其实 `items` 没写的一律删除",
            "在 `items` 里写上这个类别，或者从行里删掉";
        Lines("      customer: { basic: mask }", "      customer: { basic: mask, contact: mask }")
    }
    FG2165 {
        en: "`at` leads to nothing in any fixture of the route",
            "then every answer passes empty, and nobody notices until data are missed",
            "the place of the record as the upstream writes it";
        zh: "`at` 在这条路由的所有样例文件里都没有对应的位置",
            "这样每个响应里都没有记录，要等到有人缺数据才发现",
            "照后端的写法写记录的位置";
        Lines("      GET /customers/{id}: $.data", "      GET /customers/{id}: $")
    }
    FG2166 {
        en: "`、`, `，` or `；` inside `has` or `is` of a role",
            "one value is compared whole and nothing is split, so nobody holds the role",
            "`any: [..]` with an alternative for each value";
        zh: "角色的 `has`、`is` 里写了 `、`、`，` 或 `；`",
            "值要整个相等，不会拆开，所以没有人能具备这个角色",
            "写 `any: [..]`，每个值一种";
        Lines("  teller: { jwt: staff-idp, claim: roles, has: teller、clerk }", "  teller: { jwt: staff-idp, claim: roles, has: teller }")
    }
    FG2151 {
        en: "no group is `like` this grid",
            "its rows open nothing, though it looks as if they did",
            "write `like:` under `read`, or remove the grid";
        zh: "没有路由组用 `like` 引用这张权限表",
            "它的行什么也不放开，看上去却像放开了",
            "在 `read` 里写 `like:`，或者删掉它";
        Lines("grids:\n  common: { teller: { basic: show } }\nread:", "read:")
    }
}
