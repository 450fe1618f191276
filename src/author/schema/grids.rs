//! Classes, masks, outcomes, grids, exceptions and ceilings.
//!
//! Refuses outcomes that are none; whether a mask or a class exists only `check` knows.

use serde_json::json;

use super::{Places, at, entry, is_built, list_of, map_of, needed, one_of};
use crate::policy::diagnostic::say;

pub(super) fn add(places: &mut Places) {
    outcome(places);
    masks(places);
    places.add_closed(
        "class",
        vec![
            entry(
                "level",
                json!({ "type": "integer", "minimum": 1, "maximum": 100 }),
                say!(
                    "How sensitive, for ceilings by level; 100 where it is not said",
                    "敏感级别，供按级别设上限；不写就是 100"
                ),
            ),
            entry("zh", at("text"), say!("The name in Chinese", "中文名")),
            entry(
                "sensitive",
                json!({ "type": "boolean" }),
                say!("Sensitive data: lints look harder", "敏感数据：检查时更严"),
            ),
        ],
    );
    rows(places);
    places.add_closed(
        "exception",
        vec![
            needed(
                "field",
                at("text"),
                say!(
                    "`RESOURCE.PATH` as catalogued, or a container above such paths",
                    "`资源.路径`，照目录写；也可以写这些路径上层的容器"
                ),
            ),
            needed("role", at("text"), say!("The role it is for", "给哪个角色")),
            needed(
                "do",
                at("outcome"),
                say!("The outcome instead of the class's", "代替类别的处理方式"),
            ),
            needed(
                "reason",
                at("text"),
                say!("Why, for the auditor", "理由，给审计看"),
            ),
            entry(
                "until",
                at("text"),
                say!(
                    "A date or a moment after which it ends; only where it opens",
                    "到期的日期或时刻；只有放开的例外能写"
                ),
            ),
        ],
    );
    places.add_closed(
        "ceiling",
        vec![
            entry(
                "field",
                at("text"),
                say!("The field it is over", "管哪个字段"),
            ),
            entry("class", at("text"), say!("Or the class", "或管哪个类别")),
            entry(
                "level",
                json!({ "type": "integer", "minimum": 1, "maximum": 100 }),
                say!(
                    "Or all classes of this level and above",
                    "或管这个级别及以上的类别"
                ),
            ),
            needed(
                "to",
                json!({ "anyOf": [{ "type": "string" }, list_of(at("text"))] }),
                say!(
                    "`everyone`, `contracts`, or a list of roles",
                    "`everyone`、`contracts`，或角色列表"
                ),
            ),
            needed(
                "at_most",
                at("outcome"),
                say!("The most that is seen", "最多看到什么程度"),
            ),
            entry(
                "except",
                list_of(at("text")),
                say!("Contracts it does not bind", "不受它限制的合同"),
            ),
            needed(
                "reason",
                at("text"),
                say!("Why, for the auditor", "理由，给审计看"),
            ),
        ],
    );
}

fn outcome(places: &mut Places) {
    let plain = r"(show|token(:[^ ]+)?|mask(:[^ ]+)?|blank|strip)";
    let condition = match is_built("outcome", "if") {
        true => format!("( if [^ ]+( else {plain})?)?"),
        false => String::new(),
    };
    let about = places.said(&say!(
        "From most open to most closed: show (as it came), token (a pseudonym), mask (`mask:NAME`), blank (null), strip (removed)",
        "从最开放到最封闭：show 明文、token 假名、mask 脱敏（可写 `mask:名字`）、blank 置空、strip 删除"
    ));
    let words = ["show", "token", "mask", "blank", "strip"];
    // The words first: editors offer them.
    let any = json!([{ "enum": words }, { "pattern": format!("^{plain}{condition}$") }]);
    places.add(
        "outcome",
        json!({ "type": "string", "anyOf": any, "description": about }),
    );
}

fn masks(places: &mut Places) {
    let number = || json!({ "type": "number" });
    places.add_closed(
        "mask",
        vec![
            entry(
                "keep",
                at("keep"),
                say!("Keep so many characters at either end", "两端各留几个字符"),
            ),
            entry(
                "char",
                at("text"),
                say!(
                    "What stands for each hidden character, of `keep`",
                    "`keep` 里每个隐藏字符的替代"
                ),
            ),
            entry(
                "round",
                number(),
                say!(
                    "Round numbers toward zero to multiples of this",
                    "数字向零取整到它的倍数"
                ),
            ),
            entry(
                "bucket",
                list_of(number()),
                say!(
                    "The largest of these bounds that is not above",
                    "不大于取值的最大分档下界"
                ),
            ),
            entry(
                "truncate",
                json!({ "type": "integer", "minimum": 1 }),
                say!(
                    "The first characters of a longer text",
                    "较长的文本只留前几个字符"
                ),
            ),
            entry(
                "replace",
                json!({ "type": ["string", "number", "boolean"] }),
                say!("One constant for all", "一律换成这个常量"),
            ),
            entry(
                "date",
                one_of(&["year", "month", "day"]),
                say!("Keep a date up to this", "日期保留到哪一级"),
            ),
            entry(
                "format",
                at("text"),
                say!(
                    "How the date is written, of `date`: yyyy-MM-dd",
                    "`date` 的日期格式：yyyy-MM-dd"
                ),
            ),
        ],
    );
    let count = || json!({ "type": "integer", "minimum": 0 });
    places.add_closed(
        "keep",
        vec![
            entry(
                "first",
                count(),
                say!("Characters at the beginning", "开头留几个"),
            ),
            entry("last", count(), say!("Characters at the end", "末尾留几个")),
        ],
    );
}

/// The rows of a group, and of a grid: roles are names of one's own beside the keys.
fn rows(places: &mut Places) {
    let only = || {
        entry(
            "only",
            list_of(at("text")),
            say!(
                "Conditions that must hold for a record to leave",
                "这些条件都成立，记录才能流出"
            ),
        )
    };
    let mut row = places.closed("row", vec![only()]);
    let mut rows = places.closed(
        "rows",
        vec![
            only(),
            entry(
                "like",
                at("text"),
                say!(
                    "Take the rows of this grid; rows of one's own take their place",
                    "采用这张共用表的行；自己写的行优先"
                ),
            ),
        ],
    );
    for (schema, names) in [(&mut row, "outcome"), (&mut rows, "row")] {
        if let Some(schema) = schema.as_object_mut() {
            schema.insert(String::from("additionalProperties"), at(names));
        }
    }
    places.add("row", row);
    places.add("rows", rows);
    places.add("grid", map_of("row"));
    places.add(
        "written",
        json!({ "type": "object", "additionalProperties": list_of(at("text")) }),
    );
}
