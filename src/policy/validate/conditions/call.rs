//! Conditions on the call: claims, headers, purpose, network, factors, hours.
//!
//! Refuses a claim without its issuer, hours without their zone, headers that are nobody's to believe, and networks and
//! windows that are none.

use http::HeaderName;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};

use super::{Written, list, literal, literals, one_or_more};
use crate::policy::condition::{ClaimCondition, ClaimIs, Hours, Mfa, Question, clock};
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::source::{Kind, Node};
use crate::policy::validate::roles::{claim_path, credential_name};
use crate::policy::validate::scalars::{self, sentence};

/// They hold credentials, which no rule compares.
const CREDENTIALS: [HeaderName; 4] = [
    AUTHORIZATION,
    COOKIE,
    PROXY_AUTHORIZATION,
    HeaderName::from_static("x-api-key"),
];

pub(super) fn claim(asked: &Written<'_>, node: &Node) -> Result<Question, Diagnostic> {
    asked.only(&["jwt", "has", "is", "in"])?;
    let claim = claim_path(node)?;
    let issuer = match asked.get("jwt") {
        Some(issuer) => credential_name(issuer, say!("`jwt`"))?,
        None => {
            let message = say!(
                "`claim` does not say whose: another issuer's claim of that name means something else",
                "`claim` 没写是谁签发的：别的签发者也可能有同名声明，意思不同"
            );
            return Err(Diagnostic::error(code::FG2061, message)
                .at(&asked.subject.span)
                .help(say!(
                    "write `jwt: ISSUER` beside it",
                    "旁边写上 `jwt: 签发者`"
                )));
        }
    };
    let is = match asked.test(&["has", "is", "in"])? {
        ("has", node) => ClaimIs::Has(sentence(node, say!("`has`"))?),
        ("in", node) => ClaimIs::OneOf(literals(node)?),
        (_, node) => ClaimIs::OneOf(vec![literal(node, say!("`is`"))?]),
    };
    Ok(Question::Claim(ClaimCondition { issuer, claim, is }))
}

pub(super) fn header(asked: &Written<'_>, node: &Node) -> Result<Question, Diagnostic> {
    asked.only(&["is", "in"])?;
    let text = node.as_str(say!("`header`"))?;
    let wrong = |message: Text, help: Text| {
        Diagnostic::error(code::FG2067, message)
            .at(&node.span)
            .help(help)
    };
    let name = HeaderName::from_bytes(text.as_bytes())
        .ok()
        .filter(|name| !name.as_str().contains('_'));
    let Some(name) = name else {
        let message = say!(
            "{} is no header a front can set",
            "{} 不是前置网关能设置的首部",
            quoted(text)
        );
        let help = say!(
            "header names have letters, digits and `-`; those with `_` are dropped",
            "首部名由字母、数字和 `-` 组成；带 `_` 的会被丢弃"
        );
        return Err(wrong(message, help));
    };
    if CREDENTIALS.contains(&name) {
        let message = say!(
            "`{name}` holds a credential, which no condition reads",
            "`{name}` 里是凭证，条件不读它"
        );
        let help = say!(
            "ask for a claim: `jwt: ISSUER`, `claim: NAME`",
            "改问声明：`jwt: 签发者`、`claim: 名字`"
        );
        return Err(wrong(message, help));
    }
    if name == "fieldgate-purpose" {
        let message = say!(
            "what a caller declares is asked with `purpose`",
            "调用方申报的目的用 `purpose` 来问"
        );
        let help = say!("write `purpose: NAME`", "写 `purpose: 目的`");
        return Err(wrong(message, help));
    }
    let values = match asked.test(&["is", "in"])? {
        ("in", node) => list(node, say!("`in`"), header_value)?,
        (_, node) => vec![header_value(node)?],
    };
    Ok(Question::Header(name, values))
}

fn header_value(node: &Node) -> Result<String, Diagnostic> {
    let text = sentence(node, say!("a header's value", "首部的值"))?;
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if plain && text.trim() == text {
        return Ok(text);
    }
    let message = say!(
        "{} is no value a header can have",
        "{} 不可能是首部的值",
        quoted(&text)
    );
    Err(Diagnostic::error(code::FG2064, message)
        .at(&node.span)
        .help(say!(
            "a header holds visible ASCII characters, without blanks at either end",
            "首部的值是可见的 ASCII 字符，两端没有空格"
        )))
}

pub(super) fn purpose(asked: &Written<'_>, node: &Node) -> Result<Question, Diagnostic> {
    asked.only(&[])?;
    one_or_more(node, say!("`purpose`"), |node| {
        sentence(node, say!("`purpose`"))
    })
    .map(Question::Purpose)
}

pub(super) fn network(asked: &Written<'_>, node: &Node) -> Result<Question, Diagnostic> {
    asked.only(&[])?;
    let one = |node: &Node| scalars::network(node, code::FG2064);
    one_or_more(node, say!("`network`"), one).map(Question::Network)
}

/// `mfa: true`, or which methods and classes count.
pub(super) fn mfa(asked: &Written<'_>, node: &Node) -> Result<Question, Diagnostic> {
    asked.only(&["jwt"])?;
    let issuer = asked.get("jwt");
    let issuer = issuer.map(|node| credential_name(node, say!("`jwt`")));
    let issuer = issuer.transpose()?;
    let Kind::Map(_) = &node.kind else {
        if !node.as_bool(say!("`mfa`"))? {
            let message = say!("`mfa: false` asks nothing", "`mfa: false` 什么也没问");
            return Err(Diagnostic::error(code::FG2061, message)
                .at(&node.span)
                .help(say!(
                    "write `mfa: true`, and `not` of it",
                    "写 `mfa: true`，再用 `not`"
                )));
        }
        let amr = vec![String::from("mfa")];
        let acr = Vec::new();
        return Ok(Question::Mfa(Mfa { issuer, amr, acr }));
    };
    let entries = node.as_map(say!("`mfa`"))?;
    let unknown = entries.check_keys(say!("`mfa`"), &["amr", "acr"], &[]);
    if let Some(mistake) = unknown.into_iter().next() {
        return Err(mistake);
    }
    let values = |key: &str| match entries.get(key) {
        Some(node) => one_or_more(node, say!("`{key}`"; same), |node| {
            sentence(node, say!("`{key}`"; same))
        }),
        None => Ok(Vec::new()),
    };
    let (amr, acr) = (values("amr")?, values("acr")?);
    let mistake = |message: Text, help: Text| {
        Err(Diagnostic::error(code::FG2061, message)
            .at(&node.span)
            .help(help))
    };
    if amr.is_empty() && acr.is_empty() {
        return mistake(
            say!("`mfa` asks nothing", "`mfa` 什么也没问"),
            say!(
                "write `amr: [mfa, hwk]`, or `acr:` with `jwt: ISSUER` beside `mfa`",
                "写 `amr: [mfa, hwk]`，或写 `acr:` 并在 `mfa` 旁边写 `jwt: 签发者`"
            ),
        );
    }
    if !acr.is_empty() && issuer.is_none() {
        return mistake(
            say!(
                "`acr` means what its issuer says it means",
                "`acr` 的含义由签发者定"
            ),
            say!(
                "write `jwt: ISSUER` beside `mfa`",
                "在 `mfa` 旁边写 `jwt: 签发者`"
            ),
        );
    }
    Ok(Question::Mfa(Mfa { issuer, amr, acr }))
}

/// `hours: 08:00-18:00`, with its zone.
pub(super) fn hours(asked: &Written<'_>, node: &Node) -> Result<Question, Diagnostic> {
    asked.only(&["zone"])?;
    let text = node.as_str(say!("`hours`"))?;
    let window = text
        .split_once('-')
        .and_then(|(from, until)| Some((clock(from.trim())?, clock(until.trim())?)))
        .filter(|(from, until)| from != until && *from < 24 * 60);
    let Some((from, until)) = window else {
        let message = say!("{} is no window of hours", "{} 不是时段", quoted(text));
        return Err(Diagnostic::error(code::FG2064, message)
            .at(&node.span)
            .help(say!(
                "write `08:00-18:00`; `22:00-06:00` lies over midnight",
                "写 `08:00-18:00`；`22:00-06:00` 跨过午夜"
            )));
    };
    match asked.zone()? {
        Some(zone) => Ok(Question::Hours(Hours { from, until, zone })),
        None => {
            let message = say!(
                "`hours` does not say on whose clocks",
                "`hours` 没写是哪里的时间"
            );
            Err(Diagnostic::error(code::FG2061, message)
                .at(&asked.subject.span)
                .help(say!(
                    "write `zone: Asia/Shanghai` beside it",
                    "旁边写上 `zone: Asia/Shanghai`"
                )))
        }
    }
}
