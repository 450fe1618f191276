//! `FG206x`: conditions, and where they are used.

use super::codes;

codes! {
    /// What conditions refuse.
    CONDITIONS:
    FG2060 {
        en: "there is no such condition",
            "a cell or gate under an unknown condition would stay closed, silently",
            "declare it under `conditions`, or take the one suggested";
        zh: "没有这个条件",
            "条件不存在，格子或门槛就悄悄地一直关着",
            "在 `conditions` 里声明它，或者用建议的条件";
        Lines("    teller: { basic: show if daytime, contact: mask }", "    teller: { basic: show, contact: mask }")
    }
    FG2061 {
        en: "a condition that asks nothing, or two things, or does not say of whom",
            "each condition asks one thing, so that it can be explained, tested and drawn in a table",
            "one question for each condition; `all` and `any` join them";
        zh: "条件什么也没问、问了两件事，或没写问谁的",
            "一个条件只问一件事，才能解释、测试、画成表格",
            "一个条件一个问题；用 `all`、`any` 合并";
        Lines("conditions:\n  daytime: { hours: 08:00-18:00 }", "conditions:\n  daytime: { hours: 08:00-18:00, zone: Asia/Shanghai }")
    }
    FG2062 {
        en: "conditions that are made of themselves",
            "nobody could say whether they hold",
            "let `all`, `any` and `not` end in questions";
        zh: "条件绕回了自己",
            "谁也说不出它成不成立",
            "让 `all`、`any`、`not` 最终落到具体的问题上";
        Lines("conditions:\n  a: { not: b }\n  b: { all: [a] }", "conditions:\n  a: { not: b }\n  b: { mfa: true }")
    }
    FG2063 {
        en: "`not` of `exists`, or `exists: false`",
            "it would hold where a field is missing, so that leaving a field out opens",
            "`is: empty`, which says that a field may be missing";
        zh: "对 `exists` 取 `not`，或写了 `exists: false`",
            "字段缺失时反而成立：少发一个字段就放开了",
            "写 `is: empty`，明说字段可以没有";
        Lines(
            "conditions:\n  known: { field: name, exists: true }\n  unknown: { not: known }",
            "conditions:\n  unknown: { field: name, is: empty }"
        )
    }
    FG2064 {
        en: "a value nothing can be compared with: a date, age, number, network, zone or window of hours that is none, or an empty list",
            "the condition would never hold, or hold where nobody meant it",
            "see the message";
        zh: "无法比较的值：写错的日期、年龄、数字、网段、时区或时段，或空列表",
            "条件会永远不成立，或在没想到的时候成立",
            "看报错信息";
        Lines("conditions:\n  branch: { network: 10.1.2.3/8 }", "conditions:\n  branch: { network: 10.0.0.0/8 }")
    }
    FG2065 {
        en: "a condition on something the resource does not have: a field that is not in the catalogue or may be several values, or a path parameter of no route",
            "a field that is never there decides the same for every record, and a typing mistake looks just so",
            "name one catalogued field; list it under `fields` if it is not";
        zh: "条件问的东西资源里没有：不在字段目录里或可能有多个值的字段，或没有路由带的路径参数",
            "永远不存在的字段对每条记录的判断都一样，而写错的字段正是这样",
            "写一个登记过的字段；没登记就先登记到 `fields`";
        Lines(
            "conditions:\n  grown: { field: $, exists: true }",
            "conditions:\n  grown: { field: name, exists: true }"
        )
    }
    FG2066 {
        en: "`purpose` asked of a role without a contract",
            "only a contract says which purposes count; anybody else may declare any",
            "use it in rows of roles with `contract: required`";
        zh: "对没有合同的角色问 `purpose`",
            "只有合同写明哪些目的算数；别人可以随便申报",
            "只用在 `contract: required` 的角色的行里";
        Lines(
            "    acme: { basic: mask if loyalty }\nconditions: { loyalty: { purpose: loyalty } }\nexceptions:",
            "    acme: { basic: mask }\nexceptions:"
        )
    }
    FG2067 {
        en: "a header no trusted front can set",
            "a caller can send any header, and credentials are compared by nobody",
            "name a header that your front sets and that `front` in the settings lists";
        zh: "可信的前置网关不可能设置的首部",
            "调用方什么首部都能发；凭证则不许拿来比较",
            "写前置网关设置的、并在配置的 `front` 里列出的首部";
        Lines(
            "conditions:\n  channel: { header: Authorization, is: branch }",
            "conditions:\n  channel: { header: X-Channel, is: branch }"
        )
    }
    FG2068 {
        en: "a condition where none can stand",
            "a ceiling binds whoever it names, always",
            "the outcome alone";
        zh: "不能写条件的地方写了条件",
            "上限对它管的人始终有效",
            "只写处理方式";
        Lines(
            "  - { field: \"customer.phones[*].number\", to: everyone, at_most: mask if daytime, reason: never in clear }",
            "  - { field: \"customer.phones[*].number\", to: everyone, at_most: mask, reason: never in clear }"
        )
    }
}
