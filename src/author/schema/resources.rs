//! Resources: routes, fields, envelope, parameters.
//!
//! Refuses unknown keys; whether a path is one only `check` knows.

use serde_json::{Value, json};

use super::{Places, at, entry, is_built, list_of, map_of, needed, one_of, one_or_more};
use crate::policy::diagnostic::say;
use crate::policy::{Charset, Format};

pub(super) fn add(places: &mut Places) {
    routes(places);
    fields(places);
    parameters(places);
    files(places);
    places.add_closed(
        "person",
        vec![
            needed(
                "field",
                at("text"),
                say!(
                    "The field that says whose data a record is",
                    "记录里写明主体的字段"
                ),
            ),
            entry(
                "path",
                at("text"),
                say!(
                    "The path parameter that names the same person",
                    "指明同一主体的路径参数"
                ),
            ),
        ],
    );
    let fields = map_of("field");
    places.add_closed("resource", vec![
        entry("zh", at("text"), say!("The name in Chinese", "中文名")),
        entry("upstream", at("text"), say!(
            "Which upstream of fieldgate.yaml answers; may be left out where there is one",
            "由 fieldgate.yaml 里的哪个后端响应；只有一个时可以不写"
        )),
        needed("at", at("at"), say!(
            "Routes, and where the record stands in the body: `GET /customers/{{id}}: $`; named groups of routes have a grid of their own",
            "路由，以及记录在响应体的哪里：`GET /customers/{{id}}: $`；命名的路由组有自己的权限表"
        )),
        entry("is", at("text"), say!(
            "Take the fields, `keys` and `person` of another resource",
            "采用另一个资源的字段、`keys` 和 `person`"
        )),
        entry("dictionary", at("text"), say!(
            "A CSV file of fields, beside `fields` or in its place",
            "字段目录的 CSV 文件，可与 `fields` 并用或代替它"
        )),
        entry("person", at("person"), say!("Whose data a record is", "记录是谁的数据（主体）")),
        entry("fields", fields, say!(
            "The catalogue, from the record: path, class. A field that is not listed never leaves",
            "字段目录，路径从单条记录算起：路径 → 类别。没登记的字段一律不出网关"
        )),
        entry("envelope", map_of("text"), say!(
            "What may leave outside the records, from the body's root: a class, or `show`",
            "记录以外可以流出的，路径从响应体的根算起：类别，或 `show`"
        )),
        entry("params", map_of("param"), say!(
            "What a request may carry: `path.NAME` and parameters of the query",
            "请求可以带的参数：`path.名字` 和查询参数"
        )),
        entry("unlisted_params", one_of(&["refuse", "pass"]), say!(
            "`pass` lets parameters through that nobody listed; needs `unlisted_params_reason`",
            "`pass` 放行没登记的查询参数；要写 `unlisted_params_reason`"
        )),
        entry("unlisted_params_reason", at("text"), say!("Why, for the auditor", "理由，给审计看")),
        entry("strip_as", one_of(&["strip", "blank"]), say!(
            "`blank`: listed fields that would go are null instead",
            "`blank`：该删除的登记字段改为 null"
        )),
        entry("charset", one_of(&Charset::ALL.map(Charset::word)), say!(
            "What the upstream writes in; callers get UTF-8 unless `answer_charset` says otherwise",
            "后端用的字符集；`answer_charset` 不另说，响应就是 UTF-8"
        )),
        entry("answer_charset", one_of(&["utf-8", "upstream"]), say!(
            "What callers get: UTF-8, or what the upstream writes in",
            "以什么字符集响应：UTF-8，或后端用的"
        )),
        entry("unlisted", one_of(&["strip", "refuse", "show"]), say!(
            "What becomes of fields that are not listed; `show` needs `unlisted_reason`",
            "没登记的字段怎么办；`show` 要写 `unlisted_reason`"
        )),
        entry("unlisted_reason", at("text"), say!("Why, for the auditor", "理由，给审计看")),
        entry("drift", one_of(&["strip", "show"]), say!(
            "`show` lets listed data in another shape leave where `unlisted: show`",
            "`unlisted: show` 时，`show` 放行形状变了的登记数据"
        )),
        entry("keys", one_of(&["exact", "any-case"]), say!(
            "`any-case`: names of members are compared without ASCII case",
            "`any-case`：比较成员名时不分 ASCII 大小写"
        )),
        entry("only", list_of(at("text")), say!(
            "Conditions that must hold for a record to leave",
            "这些条件都成立，记录才能流出"
        )),
        entry("files", list_of(at("file")), say!(
            "Media types that pass unread for named roles, until a day",
            "对列明的角色原样放行的媒体类型，有到期日"
        )),
        entry("on_forbidden", one_of(&["refuse", "strip"]), say!(
            "`strip`: what the caller may not write is left out, instead of refusing; never of a PUT or a JSON Patch",
            "`strip`：调用方无权写的字段去掉后放行，不拒绝；PUT 和 JSON Patch 除外"
        )),
        entry("on_put", one_of(&["refuse", "complete", "merge-hidden"]), say!(
            "Who may PUT: `complete`, who sees and writes the whole record; `merge-hidden` puts back what they do not",
            "谁能 PUT：`complete` 要整条记录都看得到、写得了；`merge-hidden` 把看不到、写不了的补回去"
        )),
        entry("on_masked", one_of(&["refuse", "keep"]), say!(
            "`keep`: a masked value that comes back leaves the stored one as it is, instead of refusing",
            "`keep`：写回来的脱敏值不生效，保留原值，不拒绝"
        )),
        entry("errors", list_of(at("text")), say!(
            "What may leave of the body of an upstream's error, from its root",
            "后端报错时可以流出的内容，路径从错误信息的根算起"
        )),
    ]);
}

const ROUTE: &str = "^[A-Z]+ /";

fn routes(places: &mut Places) {
    let place = || json!({ "type": "string" });
    let route = match is_built("route", "record") {
        true => json!({ "anyOf": [place(), at("long-route")] }),
        false => place(),
    };
    if is_built("route", "record") {
        long_route(places);
    }
    places.add("route", route);
    let mut group = places.closed(
        "group",
        vec![entry(
            "only",
            list_of(at("text")),
            say!(
                "Conditions that must hold for a record to leave",
                "这些条件都成立，记录才能流出"
            ),
        )],
    );
    if let Some(group) = group.as_object_mut() {
        group.insert(
            String::from("patternProperties"),
            json!({ ROUTE: at("route") }),
        );
    }
    places.add("group", group);
    places.add(
        "at",
        json!({
            "type": "object",
            "minProperties": 1,
            "patternProperties": { ROUTE: at("route") },
            "additionalProperties": at("group"),
        }),
    );
}

fn files(places: &mut Places) {
    places.add_closed(
        "file",
        vec![
            needed(
                "media",
                list_of(at("text")),
                say!(
                    "Media types, such as `application/pdf`; never JSON, and nothing a browser runs",
                    "媒体类型，如 `application/pdf`；不能是 JSON，也不能是浏览器会执行的"
                ),
            ),
            needed(
                "roles",
                list_of(at("text")),
                say!("The roles they pass for", "对哪些角色放行"),
            ),
            needed(
                "owner",
                at("text"),
                say!("Who answers for it", "谁负责"),
            ),
            needed(
                "reason",
                at("text"),
                say!("Why, for the auditor", "理由，给审计看"),
            ),
            needed(
                "until",
                at("text"),
                say!(
                    "A date or a moment after which nothing passes",
                    "到期的日期或时刻，此后不再放行"
                ),
            ),
        ],
    );
}

fn long_route(places: &mut Places) {
    places.add_closed(
        "bounds",
        vec![needed(
            "whole",
            json!({ "type": "string", "pattern": r"^[0-9]+\.\.[0-9]+$" }),
            say!(
                "A whole number within bounds: 1..100",
                "范围内的整数：1..100"
            ),
        )],
    );
    places.add_closed(
        "long-route",
        vec![
            needed(
                "record",
                at("text"),
                say!("Where the record stands in the body", "记录在响应体的哪里"),
            ),
            entry(
                "does",
                one_of(&["read", "create", "update", "delete"]),
                say!(
                    "What the route does, where its method does not say",
                    "路由做什么（方法看不出时）"
                ),
            ),
            entry(
                "format",
                one_of(&Format::ALL.map(Format::word)),
                say!(
                    "How documents stand in the answer's body: one (`json`), or several, governed one by one as they come",
                    "响应体里文档的写法：一个（`json`），或多个，来一个治理一个"
                ),
            ),
            entry(
                "media",
                at("text"),
                say!(
                    "The wrong media type under which the upstream sends JSON: `text/html`",
                    "后端把 JSON 错标成的媒体类型：`text/html`"
                ),
            ),
            entry(
                "events",
                list_of(at("text")),
                say!(
                    "Names of server-sent events that leave; all others go",
                    "可以流出的事件名；其余的删除"
                ),
            ),
            entry(
                "ids",
                at("bounds"),
                say!(
                    "Ids of server-sent events that leave; all others go",
                    "可以流出的事件 id；其余的删除"
                ),
            ),
            entry(
                "retry",
                at("bounds"),
                say!(
                    "Milliseconds that server-sent events may tell to wait; all others go",
                    "事件可以要求的重连等待毫秒数；其余的删除"
                ),
            ),
            entry(
                "body",
                one_of(&["json", "form"]),
                say!("How bodies are written", "请求体的格式"),
            ),
            entry(
                "send",
                map_of("param"),
                say!(
                    "The leaves of a reading request's body, mapped as parameters are",
                    "查询请求体里的每一项，写法同参数"
                ),
            ),
        ],
    );
}

fn fields(places: &mut Places) {
    let long = places.closed("long-field", vec![
        entry("class", at("text"), say!("The class", "类别")),
        entry("mask", one_or_more(at("text")), say!(
            "The mask of the outcome `mask`; of several the first is its own, others can be asked for",
            "脱敏方式；列多个时第一个是默认，其余可以点名用"
        )),
        entry("whole", json!({ "type": "boolean" }), say!(
            "The class covers everything below, objects too",
            "类别管下面的一切，包括对象"
        )),
        entry("names", at("text"), say!(
            "The class of the names of members below, where names are data",
            "成员名本身是数据时，成员名的类别"
        )),
        entry("zh", at("text"), say!("The name in Chinese", "中文名")),
        entry("written_by", list_of(at("text")), say!(
            "Roles that may write it, where it decides who sees what",
            "它决定谁看什么时，哪些角色可以写它"
        )),
        entry("write", one_of(&["never"]), say!(
            "`never`: nobody writes it, whatever its class",
            "`never`：不管属于什么类别，谁也不能写"
        )),
    ]);
    places.add("long-field", long);
    places.add(
        "field",
        json!({ "anyOf": [{ "type": "string" }, at("long-field")] }),
    );
}

fn parameters(places: &mut Places) {
    let long = places.closed(
        "long-param",
        vec![
            entry(
                "whole",
                json!({ "type": "string", "pattern": r"^-?[0-9]+\.\.-?[0-9]+$" }),
                say!(
                    "A whole number within bounds: 1..100",
                    "范围内的整数：1..100"
                ),
            ),
            entry(
                "one_of",
                list_of(at("text")),
                say!("One of these words", "这些词之一"),
            ),
            entry(
                "free",
                json!({ "const": true }),
                say!(
                    "Anything: it names no data; usual names of filters need a `reason`",
                    "任意：它不指向数据；常见的筛选参数要写 `reason`"
                ),
            ),
            entry(
                "reason",
                at("text"),
                say!("Why, for the auditor", "理由，给审计看"),
            ),
            entry(
                "field",
                at("text"),
                say!("The field it searches", "它查的字段"),
            ),
            entry(
                "fields",
                list_of(at("text")),
                say!("The fields it searches", "它查的几个字段"),
            ),
            entry(
                "names",
                json!({ "const": true }),
                say!(
                    "It holds names of fields, parted by commas",
                    "它的值是字段名，用逗号分隔"
                ),
            ),
            entry(
                "methods",
                json!({ "type": "array", "items": at("text"), "minItems": 1 }),
                say!(
                    "The methods it belongs to: [PATCH]; else all routes that read",
                    "它属于哪些方法：[PATCH]；不写就是所有只读的路由"
                ),
            ),
        ],
    );
    places.add("long-param", long);
    let short: Value = one_or_more(at("text"));
    places.add("param", json!({ "anyOf": [short, at("long-param")] }));
}
