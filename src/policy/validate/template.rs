//! The segments of a route's path.
//!
//! Refuses segments that no canonical target has, and parameters of a kind nobody knows.

use super::routes::bad_route;
use crate::policy::diagnostic::{Diagnostic, quoted, say};
use crate::policy::rules::{ParamKind, TemplateSegment};
use crate::policy::source::{Key, check_name};

pub(super) fn template(key: &Key, path: &str) -> Result<Vec<TemplateSegment>, Diagnostic> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err(bad_route(
            key,
            say!(
                "the path of a route begins with `/`",
                "路由的路径以 `/` 开头"
            ),
        ));
    };
    if rest.contains(['?', '#']) {
        return Err(bad_route(
            key,
            say!(
                "a route is a path alone; query parameters stand under `params`",
                "路由只写路径；查询参数写在 `params` 里"
            ),
        ));
    }
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let mut segments: Vec<TemplateSegment> = Vec::new();
    for text in rest.split('/') {
        let segment = segment(key, text)?;
        let twice = matches!(&segment, TemplateSegment::Param { name, .. }
            if segments.iter().any(|seen| matches!(seen,
                TemplateSegment::Param { name: other, .. } if other == name)));
        if twice {
            return Err(bad_route(
                key,
                say!(
                    "a parameter's name stands twice in this route",
                    "这条路由里有两个同名参数"
                ),
            ));
        }
        segments.push(segment);
    }
    Ok(segments)
}

fn segment(key: &Key, text: &str) -> Result<TemplateSegment, Diagnostic> {
    let inner = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    let Some(inner) = inner else {
        if text.contains(['{', '}']) {
            return Err(bad_route(
                key,
                say!(
                    "a parameter is one whole segment, as in `/customers/{{id}}`",
                    "参数要占一整段，如 `/customers/{{id}}`"
                ),
            ));
        }
        return literal(key, text);
    };
    let (name, kind) = match inner.split_once(':') {
        None => (inner, ParamKind::Plain),
        Some((name, "int")) => (name, ParamKind::Int),
        Some((name, "uuid")) => (name, ParamKind::Uuid),
        Some((name, "text")) => (name, ParamKind::Text),
        Some(_) => {
            return Err(bad_route(
                key,
                say!(
                    "a parameter is `{{id}}`, `{{id:int}}`, `{{id:uuid}}` or `{{id:text}}`",
                    "参数写作 `{{id}}`、`{{id:int}}`、`{{id:uuid}}` 或 `{{id:text}}`"
                ),
            ));
        }
    };
    check_name(say!("a path parameter", "路径参数"), name, &key.span)?;
    Ok(TemplateSegment::Param {
        name: name.to_owned(),
        kind,
    })
}

fn literal(key: &Key, text: &str) -> Result<TemplateSegment, Diagnostic> {
    if text.is_empty() {
        return Err(bad_route(
            key,
            say!(
                "a route has no empty segment, so none at its end either",
                "路由没有空段，末尾也不能有"
            ),
        ));
    }
    let Some(decoded) = percent_decoded(text) else {
        return Err(bad_route(
            key,
            say!(
                "a `%` is followed by two hexadecimal digits of UTF-8",
                "`%` 后面要跟两位十六进制，合起来是 UTF-8"
            ),
        ));
    };
    if decoded == "." || decoded == ".." || decoded.contains('\0') {
        return Err(bad_route(
            key,
            say!("a route has no dot segments", "路由里没有 `.` 和 `..` 段"),
        ));
    }
    let canonical = percent_encoded(&decoded);
    match canonical == text {
        true => Ok(TemplateSegment::Literal(canonical)),
        false => Err(bad_route(
            key,
            say!(
                "requests are compared in canonical form",
                "请求按规范形式比较"
            ),
        )
        .help(say!(
            "write `{canonical}` instead of {}",
            "把 {} 写成 `{canonical}`",
            quoted(text)
        ))),
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = tail;
            continue;
        }
        let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = tail.get(2..)?;
    }
    String::from_utf8(bytes).ok()
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            true => encoded.push(char::from(byte)),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
