//! A caller who writes, and the legacy API that keeps one customer.

use serde_json::Value;

use super::upstream::{Asked, Part, Upstream, with};
use super::{Answer, Caller, Http1, Http2, Rig, Setup, Version};

pub const RULES: &str = include_str!("writing.yaml");
/// What is stored.
pub const STORED: &str = r#"{"id":"1001","name":"张三","phones":[{"number":"13800138000"}],"email":"zhang@example.com","id_card":"11010519491231002X","accounts":[{"card_no":"6222021234567890128","balance":10.50}],"reading":{"topics":["go"]},"consent":{"marketing":false},"score":7}"#;
const JSON: &str = "Content-Type: application/json";

/// Answers reading with what is stored and writing with what a legacy API would.
pub fn legacy(asked: &Asked<'_>) -> Vec<Part> {
    match asked.method() {
        "GET" => with(&format!("200 OK\r\n{JSON}\r\nETag: \"v1\""), STORED),
        "DELETE" => vec![super::raw("HTTP/1.1 204 No Content\r\n\r\n")],
        "POST" => with(
            &format!("201 Created\r\n{JSON}\r\nLocation: /customers/1002\r\nX-Secret: forged"),
            STORED,
        ),
        _ => with(&format!("200 OK\r\n{JSON}"), STORED),
    }
}

pub async fn rig(upstream: &Upstream) -> Rig {
    Setup::new(upstream.address()).rules(RULES).start().await
}

/// One request with a body.
pub async fn write(
    rig: &Rig,
    version: Version,
    caller: &Caller,
    (method, target): (&str, &str),
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    match version {
        Version::Http2 => {
            let client = Http2::connect(&rig.door, caller).await;
            client.ask_sending(method, target, headers, body).await
        }
        Version::Http1 => {
            let mut client = Http1::connect(&rig.door, caller).await;
            let length = body.len().to_string();
            let framing = [headers, &[("content-length", length.as_str())]].concat();
            client.send(method, target, &framing).await;
            client.write(body).await;
            client.answer().await
        }
    }
}

/// The same with a body of JSON.
pub async fn json(
    rig: &Rig,
    version: Version,
    caller: &Caller,
    call: (&str, &str),
    body: &str,
) -> Answer {
    let headers = [("content-type", "application/json")];
    write(rig, version, caller, call, &headers, body.as_bytes()).await
}

/// The names a refused write was told.
pub fn refused(answer: &Answer) -> Vec<String> {
    let problem = answer.json();
    let names = problem["refused"].as_array().cloned().unwrap_or_default();
    let text = |name: &Value| name.as_str().unwrap().to_owned();
    names.iter().map(text).collect()
}
