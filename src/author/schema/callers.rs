//! Roles, conditions and contracts.
//!
//! Refuses unknown keys; which of them go together only `check` knows.

use serde_json::{Value, json};

use super::{Entry, Places, at, entry, list_of, map_of, needed, one_of, one_or_more};
use crate::policy::diagnostic::say;

pub(super) fn add(places: &mut Places) {
    let claim = || one_or_more(at("text"));
    places.add_closed("alternative", matcher(claim()));
    let mut role = matcher(claim());
    role.extend([
        entry(
            "any",
            json!({ "type": "array", "items": at("alternative"), "minItems": 1 }),
            say!(
                "Alternatives, one of which must hold",
                "几种身份，具备一种即可"
            ),
        ),
        entry(
            "extends",
            at("text"),
            say!(
                "Take the cells and exceptions of another role where there are none of its own",
                "自己没写的格子和例外，沿用另一个角色的"
            ),
        ),
        entry(
            "contract",
            one_of(&["required"]),
            say!(
                "Without a contract in force the role sees nothing",
                "没有生效的合同就什么也看不到"
            ),
        ),
    ]);
    places.add_closed("role", role);
    conditions(places);
    contracts(places);
}

fn matcher(claim: Value) -> Vec<Entry> {
    vec![
        entry(
            "jwt",
            at("text"),
            say!("An issuer of fieldgate.yaml", "fieldgate.yaml 里的签发者"),
        ),
        entry(
            "claim",
            claim,
            say!(
                "The claim: dots walk into objects, a list takes names with dots",
                "声明：点号进入对象；名字里有点号的写成列表"
            ),
        ),
        entry(
            "has",
            at("text"),
            say!(
                "One whole element of the claim's list, or its whole text",
                "声明列表里的一个元素，或整个文本"
            ),
        ),
        entry(
            "is",
            at("text"),
            say!("The claim's whole text", "声明的整个文本"),
        ),
        entry(
            "same_as",
            one_of(&["person"]),
            say!(
                "The claim names the person whose data it is",
                "声明就是数据的主体本人"
            ),
        ),
        entry(
            "mtls",
            at("text"),
            say!("An authority of fieldgate.yaml", "fieldgate.yaml 里的 CA"),
        ),
        entry(
            "san",
            at("text"),
            say!(
                "The URI or DNS name in the certificate, exactly",
                "证书里的 URI 或 DNS 名，逐字比较"
            ),
        ),
        entry(
            "api_key",
            at("text"),
            say!(
                "An API key of fieldgate.yaml",
                "fieldgate.yaml 里的 API Key"
            ),
        ),
    ]
}

fn conditions(places: &mut Places) {
    let names = || list_of(at("text"));
    places.add_closed(
        "condition",
        vec![
            entry(
                "field",
                at("text"),
                say!("Asks a field of the record", "问记录的一个字段"),
            ),
            entry(
                "claim",
                one_or_more(at("text")),
                say!(
                    "Asks a claim of the issuer `jwt`",
                    "问 `jwt` 签发者的一个声明"
                ),
            ),
            entry(
                "header",
                at("text"),
                say!(
                    "Asks a header that a trusted front sets",
                    "问可信前置网关设置的首部"
                ),
            ),
            entry(
                "purpose",
                one_or_more(at("text")),
                say!("The purpose the caller declares", "调用方申报的目的"),
            ),
            entry(
                "network",
                one_or_more(at("text")),
                say!(
                    "Networks the caller calls from: 10.0.0.0/8",
                    "调用方所在网段：10.0.0.0/8"
                ),
            ),
            entry(
                "mfa",
                json!({ "anyOf": [{ "const": true }, at("mfa")] }),
                say!("Several factors proved who calls", "调用方经过多因素认证"),
            ),
            entry(
                "hours",
                at("text"),
                say!(
                    "A window of the day, in `zone`: 08:00-18:00",
                    "一天中的时段，按 `zone`：08:00-18:00"
                ),
            ),
            entry(
                "all",
                names(),
                say!("All of these conditions", "这些条件都成立"),
            ),
            entry(
                "any",
                names(),
                say!("One of these conditions", "这些条件成立一个"),
            ),
            entry(
                "not",
                at("text"),
                say!("The opposite of a condition", "某个条件不成立"),
            ),
            entry(
                "is",
                at("text"),
                say!(
                    "It is this; `empty`: absent, null or \"\"",
                    "等于它；`empty`：没有、null 或 \"\""
                ),
            ),
            entry("in", names(), say!("It is one of these", "是其中之一")),
            entry(
                "has",
                at("text"),
                say!("The claim's list has it", "声明列表里有它"),
            ),
            entry(
                "exists",
                json!({ "type": "boolean" }),
                say!("The field is there", "有这个字段"),
            ),
            entry("before", at("text"), say!("It lies before this", "早于它")),
            entry("after", at("text"), say!("It lies after this", "晚于它")),
            entry(
                "younger_than",
                at("text"),
                say!("It is not as old as this: 18y, 90d", "不到这么久：18y、90d"),
            ),
            entry(
                "same_as",
                at("text"),
                say!(
                    "It equals `claim.NAME` or `path.NAME` of the call",
                    "等于调用的 `claim.名字` 或 `path.名字`"
                ),
            ),
            entry("or", one_of(&["empty"]), say!("Or it is empty", "或者为空")),
            entry("jwt", at("text"), say!("Whose claim it is", "谁签发的声明")),
            entry(
                "zone",
                at("text"),
                say!(
                    "On whose clocks: Asia/Shanghai",
                    "哪里的时间：Asia/Shanghai"
                ),
            ),
        ],
    );
    places.add_closed(
        "mfa",
        vec![
            entry(
                "amr",
                one_or_more(at("text")),
                say!(
                    "Methods that must be among those used",
                    "必须用过的认证方法"
                ),
            ),
            entry(
                "acr",
                one_or_more(at("text")),
                say!(
                    "Classes of assurance, as the issuer means them",
                    "签发者定义的认证等级"
                ),
            ),
        ],
    );
}

fn contracts(places: &mut Places) {
    places.add_closed(
        "contract",
        vec![
            needed(
                "role",
                at("text"),
                say!("The role that calls under it", "按它调用的角色"),
            ),
            entry(
                "partner",
                at("partner"),
                say!("Who the partner is", "合作方是谁"),
            ),
            entry(
                "owner",
                at("text"),
                say!("Who answers for it inside", "内部谁负责"),
            ),
            needed(
                "purpose",
                at("text"),
                say!("For what; the caller declares it", "什么目的；由调用方申报"),
            ),
            entry(
                "declare",
                one_of(&["header", "fixed"]),
                say!(
                    "`fixed`: the purpose need not be declared, where there is one contract",
                    "`fixed`：只有一份合同时不用申报目的"
                ),
            ),
            entry("from", at("text"), say!("The first day", "起始日")),
            entry(
                "until",
                at("text"),
                say!("The last day", "截止日（含当天）"),
            ),
            entry(
                "zone",
                at("text"),
                say!(
                    "The time zone of its days: Asia/Shanghai",
                    "日期按哪个时区：Asia/Shanghai"
                ),
            ),
            entry(
                "warn_days",
                json!({ "type": "integer", "minimum": 0 }),
                say!(
                    "Days before the end on which `check` warns",
                    "到期前多少天起提醒"
                ),
            ),
            entry(
                "networks",
                list_of(at("text")),
                say!("Where calls come from", "从哪些网段调用"),
            ),
            needed(
                "items",
                map_of("row"),
                say!(
                    "The annex, a ceiling over the grid: what it does not name is removed",
                    "合同附件，是权限表之上的上限：没写的就是删除"
                ),
            ),
            entry(
                "suspended",
                at("suspended"),
                say!("Suspended: nobody calls under it", "已暂停：不能按它调用"),
            ),
            entry(
                "tokens_as",
                at("text"),
                say!(
                    "Go on with the pseudonyms of an older contract",
                    "沿用旧合同的假名"
                ),
            ),
        ],
    );
    places.add_closed(
        "partner",
        vec![
            needed("name", at("text"), say!("The name", "名称")),
            entry("contact", at("text"), say!("Whom to write to", "联系方式")),
        ],
    );
    places.add_closed(
        "suspended",
        vec![
            needed("since", at("text"), say!("Since when", "从什么时候起")),
            needed("by", at("text"), say!("By whom", "谁暂停的")),
            needed("reason", at("text"), say!("Why", "为什么")),
        ],
    );
}
