//! `FG3xxx`: paths that cannot be matched while bytes stream, nor on an element that is held. `FG50xx`: the tests of a rule set.

use super::codes;

codes! {
    /// What cannot be matched.
    STREAMING:
    FG3001 {
        en: "not a JSONPath (RFC 9535)",
            "a path is matched exactly or refused, never silently matching nothing",
            "names, `[*]`, indexes, slices, unions, filters, `..`";
        zh: "不是 JSONPath（RFC 9535）",
            "路径要么准确匹配，要么拒绝加载，绝不悄悄匹配不到",
            "用名字、`[*]`、下标、切片、并集、过滤条件、`..`";
        Lines("      phones[].number: contact", "      phones[*].number: { class: contact, mask: cn-phone }")
    }
    FG3002 {
        en: "the place of a record is more than names, indexes and `[*]`",
            "it must be clear at every byte whether a record has begun",
            "`$.data.items[*]`";
        zh: "记录的位置用了名字、下标、`[*]` 以外的写法",
            "读到每个字节都要清楚记录是否已经开始",
            "写成 `$.data.items[*]` 这样";
        Lines("        GET /customers: $..items", "        GET /customers: $.items[*]")
    }
    FG3003 {
        en: "a slice that selects nothing, whatever the array",
            "a path is matched exactly or refused, never silently matching nothing",
            "the start before the end: `[0:2]`, `[-2:]`, `[::-1]`";
        zh: "切片在任何数组里都选不中元素",
            "路径要么准确匹配，要么拒绝加载，绝不悄悄匹配不到",
            "起点写在终点之前：`[0:2]`、`[-2:]`、`[::-1]`";
        Lines("      phones[2:1].number: contact", "      phones[*].number: { class: contact, mask: cn-phone }")
    }
    FG3004 {
        en: "a filter that cannot be judged on one element alone",
            "an element is held until its filter is decided, and nothing else is at hand then",
            "compare `@.name` or `@.list[0].name` with a literal, or ask whether it is there; join with `&&`, `||`, `!`";
        zh: "过滤条件不能只凭一个元素判断",
            "元素要扣住，到条件判明为止，那时手里没有别的数据",
            "拿 `@.name`、`@.list[0].name` 与字面值比较，或只写它表示存在；可用 `&&`、`||`、`!` 连接";
        Lines("      phones[?length(@.number)==11].number: contact", "      phones[*].number: { class: contact, mask: cn-phone }")
    }
}

codes! {
    /// What is wrong with a test.
    TESTS:
    FG5001 {
        en: "a test without one of `as` and `caller`, or `as` of a role tied to a person",
            "a test must say who calls; a role tied to a person needs the person",
            "`caller: { jwt: ISSUER, claims: {..} }`";
        zh: "测试没有写 `as` 或 `caller` 之一，或 `as` 写了认主体本人的角色",
            "测试必须写明谁在调用；认主体本人的角色还要写明主体",
            "写 `caller: { jwt: 签发者, claims: {..} }`";
        Lines("    as: self", "    as: teller")
    }
    FG5002 {
        en: "a fixture cannot be read, or is not below the rules directory",
            "a test without its answer proves nothing",
            "take the name suggested";
        zh: "样例文件读不了，或不在规则目录下",
            "没有响应的测试什么也证明不了",
            "用建议的文件名";
        Lines("    reply: fixtures/won.json", "    reply: fixtures/one.json")
    }
    FG5003 {
        en: "`set` without `reply`, on a fixture that is not JSON, or at a place it does not have",
            "a patch that changes nothing would make the test say something else than it seems to",
            "name one member or element";
        zh: "`set` 没有配 `reply`、样例文件不是 JSON，或没有那个位置",
            "什么也没改的 `set` 会让测试名不副实",
            "写明一个成员或元素";
        Lines("    reply: fixtures/one.json\n    set: { contacts.phone: x }", "    reply: fixtures/one.json")
    }
    FG5004 {
        en: "a test asserts nothing",
            "it would pass whatever happens",
            "`expect`, `absent`, `never`, `expect_status`, `expect_reason`, `expect_refused`";
        zh: "测试什么也没断言",
            "无论结果如何它都会通过",
            "写上 `expect`、`absent`、`never`、`expect_status`、`expect_reason`、`expect_refused`";
        Lines("    reply: fixtures/one.json\n", "    reply: fixtures/one.json\n    expect: { name: 张三 }\n")
    }
    FG5005 {
        en: "not a call",
            "a call is what goes over the wire: a method and a target",
            "`GET /customers/1001?page=1`";
        zh: "不是一次调用",
            "调用就是线上实际发出的方法和目标",
            "写成 `GET /customers/1001?page=1`";
        Lines("    call: customers/1", "    call: GET /customers/1")
    }
    FG5006 {
        en: "not an IP address, or not a header",
            "the proxy could never see such a request",
            "see the message";
        zh: "不是 IP 地址，或不是合法的首部",
            "代理不可能收到这样的请求",
            "看报错信息";
        Lines("    as: teller\n    peer: localhost", "    as: teller")
    }
    FG5007 {
        en: "there is no such reason",
            "reasons are a closed list",
            "`docs/reasons.md` lists them";
        zh: "没有这个拒绝原因",
            "拒绝原因是一份封闭的清单",
            "见 `docs/reasons.md`";
        Lines("    expect: { name: 张三 }\n    expect_reason: no-rows", "    expect: { name: 张三 }")
    }
    FG5008 {
        en: "a number JSON cannot hold",
            "it would become infinite, and equal to nothing",
            "quote it";
        zh: "JSON 装不下的数字",
            "它会变成无穷大，和什么都不相等",
            "加上引号";
        Lines("    expect: { name: 1e999 }", "    expect: { name: 张三 }")
    }
    FG5060 {
        en: "`body_type` that is no media type, or without a body",
            "no client could send it",
            "`body_type: application/json-patch+json`; without it a body is `application/json`";
        zh: "`body_type` 不是媒体类型，或没有请求体",
            "没有客户端能发出这样的请求",
            "写 `body_type: application/json-patch+json`；不写就是 `application/json`";
        Lines("    body: {}\n    body_type: json\n    reply: fixtures/list.json", "    reply: fixtures/list.json")
    }
    FG5061 {
        en: "`stored_etag` that is no validator, or without `stored`",
            "an upstream that answers so could not be asked to write only what is still the same",
            "the validator with its quotes: `stored_etag: '\"v1\"'`";
        zh: "`stored_etag` 不是版本标识，或没有 `stored`",
            "后端这样回答，就没法要求它只在没变过时才写",
            "连引号一起写：`stored_etag: '\"v1\"'`";
        Lines("    stored: fixtures/one.json\n    stored_etag: v1\n    reply: fixtures/list.json", "    reply: fixtures/list.json")
    }
    FG5062 {
        en: "`expect_refused` that names nothing, or one name twice",
            "it would pass whatever is refused",
            "the names that the refusal tells, `[*]` for indexes: `expect_refused: [\"accounts[*].balance\"]`";
        zh: "`expect_refused` 什么也没写，或名字重复",
            "拒绝了什么它都会通过",
            "写上拒绝时告知的名字，下标写 `[*]`：`expect_refused: [\"accounts[*].balance\"]`";
        Lines("    reply: fixtures/one.json\n    expect_refused: []", "    reply: fixtures/one.json")
    }
}
