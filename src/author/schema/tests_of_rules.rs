//! The tests of a rule set.
//!
//! Refuses unknown keys, and statuses that are none.

use serde_json::json;

use super::{Places, at, entry, list_of, map_of, needed, one_or_more};
use crate::policy::diagnostic::say;

pub(super) fn add(places: &mut Places) {
    let status = || json!({ "type": "integer", "minimum": 100, "maximum": 599 });
    places.add_closed(
        "test",
        vec![
            needed(
                "name",
                at("text"),
                say!("What is promised, as a sentence", "承诺什么，写成一句话"),
            ),
            entry(
                "as",
                one_or_more(at("text")),
                say!(
                    "Roles the caller holds, matchers skipped",
                    "调用方的角色，跳过身份匹配"
                ),
            ),
            entry(
                "caller",
                at("caller"),
                say!(
                    "Credentials, which go through the matchers",
                    "调用方的凭证，经过身份匹配"
                ),
            ),
            entry(
                "peer",
                at("text"),
                say!("The caller's address", "调用方的地址"),
            ),
            entry(
                "headers",
                map_of("text"),
                say!("Headers of the request", "请求首部"),
            ),
            entry(
                "now",
                at("text"),
                say!(
                    "The moment of the call: 2026-06-01T10:00:00+08:00",
                    "调用的时刻：2026-06-01T10:00:00+08:00"
                ),
            ),
            needed(
                "call",
                at("text"),
                say!(
                    "Method and target: GET /customers/1001",
                    "方法和目标：GET /customers/1001"
                ),
            ),
            entry(
                "body",
                json!({}),
                say!("The request's body, sent as JSON", "请求体，按 JSON 发出"),
            ),
            entry(
                "body_type",
                at("text"),
                say!(
                    "The body's media type, where it is not application/json; a text is then sent as it is",
                    "请求体的媒体类型（不是 application/json 时写）；这时文本原样发出"
                ),
            ),
            entry(
                "stored",
                at("text"),
                say!(
                    "The fixture the stored record is read from before a write",
                    "写之前读到的已存记录的样例文件"
                ),
            ),
            entry(
                "stored_etag",
                at("text"),
                say!(
                    "The validator the upstream gives of it, with its quotes",
                    "后端给它的版本标识（ETag），连引号一起写"
                ),
            ),
            entry(
                "reply",
                at("text"),
                say!(
                    "The fixture the upstream answers with",
                    "后端响应的样例文件"
                ),
            ),
            entry(
                "set",
                json!({ "type": "object" }),
                say!(
                    "Changes to the fixture: path, value",
                    "对样例文件的改动：路径 → 值"
                ),
            ),
            entry(
                "reply_status",
                status(),
                say!(
                    "The upstream's status, else 200",
                    "后端的状态码，不写就是 200"
                ),
            ),
            entry(
                "reply_media",
                at("text"),
                say!(
                    "The media type of the upstream's answer, where it is not what the route declares: a file",
                    "后端响应的媒体类型，和路由写的不同时才写：文件"
                ),
            ),
            entry(
                "expect",
                json!({ "type": "object" }),
                say!(
                    "What the caller gets, from the body's root; `masked` is a mask or a pseudonym",
                    "调用方应得到什么，路径从响应体的根算起；`masked` 指脱敏或假名"
                ),
            ),
            entry(
                "absent",
                list_of(at("text")),
                say!("Paths that must not be there", "不能出现的路径"),
            ),
            entry(
                "never",
                list_of(at("text")),
                say!(
                    "Texts that must occur nowhere in the answer",
                    "响应里任何地方都不能出现的文本"
                ),
            ),
            entry(
                "expect_status",
                status(),
                say!("The caller's status", "调用方得到的状态码"),
            ),
            entry(
                "expect_reason",
                at("text"),
                say!("The reason of the refusal", "拒绝原因"),
            ),
            entry(
                "expect_refused",
                json!({ "type": "array", "items": at("text"), "minItems": 1 }),
                say!(
                    "The names a refused write is told, `[*]` for indexes",
                    "拒绝写入时告知的字段名，下标写 `[*]`"
                ),
            ),
        ],
    );
    places.add_closed(
        "caller",
        vec![
            entry(
                "jwt",
                at("text"),
                say!("The issuer of a token", "令牌的签发者"),
            ),
            entry(
                "claims",
                json!({ "type": "object" }),
                say!("The token's claims", "令牌的声明"),
            ),
            entry(
                "mtls",
                at("text"),
                say!("The authority of a certificate", "证书的 CA"),
            ),
            entry(
                "san",
                at("text"),
                say!("The name in the certificate", "证书里的名字"),
            ),
            entry(
                "api_key",
                at("text"),
                say!("The API key by its name", "API Key 的名字"),
            ),
        ],
    );
}
