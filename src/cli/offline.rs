//! What the commands share that need no network: rules and settings to a stage, and callers without a network.
//!
//! Refuses rules that do not load, or need a token key that the settings lack (exit 3), settings that cannot be used, and headers that would say what `--as`,
//! `--caller` or standard input say (exit 2).

use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, TRANSFER_ENCODING,
};
use http::{HeaderName, HeaderValue, Method, StatusCode};

use super::{Failure, RULES, USAGE, lang};
use crate::config;
use crate::mask::token::TokenMaster;
use crate::model::{ApiKeyCredential, Caller, CertificateCredential, JwtCredential};
use crate::pipeline::rehearsal::{Stage, StoredReply, Who};
use crate::policy::condition;
use crate::policy::diagnostic::{Diagnostic, Style, Text, code, quoted, render, say};
use crate::policy::store::Policy;
use crate::policy::{self, Role, RoleId, RuleSet, TestCaller, call_parts, load_caller};

/// Why there is no stage.
#[derive(Debug)]
pub(super) enum NoStage {
    /// The rules do not load.
    Rules(Vec<Diagnostic>),
    /// The settings cannot be used, or lack what the rules need.
    Other(Failure),
}

impl From<NoStage> for Failure {
    fn from(none: NoStage) -> Failure {
        match none {
            NoStage::Rules(mistakes) => refused(RULES, &mistakes),
            NoStage::Other(failure) => failure,
        }
    }
}

/// Loads the rules below `dir`. Limits and token key come from `-c`; without it, the key is the published test key.
///
/// # Errors
///
/// See [`NoStage`].
pub(super) fn stage(dir: &Path, settings: Option<&Path>) -> Result<Stage, NoStage> {
    let rules = policy::load(dir).map_err(NoStage::Rules)?.rules;
    let Some(file) = settings else {
        let policy = Policy::new(1, rules, TokenMaster::test_key());
        return Ok(Stage::new(policy, config::Limits::default()));
    };
    let settings =
        config::load(file).map_err(|mistakes| NoStage::Other(refused(USAGE, &mistakes)))?;
    let tokens = match settings.tokens {
        Some(tokens) => TokenMaster::new(tokens.key),
        None if rules.uses_tokens() => {
            let message = say!(
                "the rules use the outcome `token`; add `tokens: {{ key: file:... }}` to the settings",
                "规则里用了假名 `token`：在配置里写上 `tokens: {{ key: file:... }}`"
            );
            return Err(NoStage::Other(Failure::new(RULES, message.get(lang()))));
        }
        None => TokenMaster::test_key(),
    };
    let front = settings.front;
    let known = front.as_ref().map_or(&[][..], |front| &front.headers);
    let unknown = condition::headers(&rules.conditions).find(|name| !known.contains(name));
    if let Some(name) = unknown {
        let message = say!(
            "a condition reads the header `{name}`, which nobody we trust sets; add it to `front.headers` in the settings",
            "有条件读首部 `{name}`，而没有可信的前置网关设置它：在配置的 `front.headers` 里写上"
        );
        return Err(NoStage::Other(Failure::new(RULES, message.get(lang()))));
    }
    let stage = Stage::new(Policy::new(1, rules, tokens), settings.limits);
    Ok(stage.behind(front))
}

/// Mistakes in files, as they are shown.
pub(super) fn refused(exit: u8, mistakes: &[Diagnostic]) -> Failure {
    Failure {
        exit,
        text: render(mistakes, lang(), Style::of_stderr()),
    }
}

/// Who calls. Credentials stand for verified ones; nothing is known of their bytes.
pub(super) fn who(caller: TestCaller, peer: IpAddr) -> Who {
    match caller {
        TestCaller::Roles(roles) => Who::Holder(roles),
        TestCaller::Credentials { jwt, mtls, api_key } => Who::Caller(Caller {
            jwt: jwt.map(|(issuer, claims)| {
                Arc::new(JwtCredential {
                    issuer: issuer.into(),
                    claims,
                    sha256: "".into(),
                    expires: i64::MAX,
                })
            }),
            certificate: mtls.map(|(authority, san)| {
                Arc::new(CertificateCredential {
                    authority: authority.into(),
                    sans: vec![san],
                    sha256: "".into(),
                })
            }),
            api_key: api_key.map(|name| {
                Arc::new(ApiKeyCredential {
                    name: name.into(),
                    sha256: "".into(),
                })
            }),
            peer,
        }),
    }
}

/// The media type of a body of which nobody says another.
pub(super) const JSON: &str = "application/json";

/// The header with this media type of a body, unless it says another.
pub(super) fn with_media_type(mut headers: HeaderMap, media: Option<&str>) -> HeaderMap {
    let media = media.and_then(|media| HeaderValue::from_str(media).ok());
    if let Some(media) = media.filter(|_| !headers.contains_key(CONTENT_TYPE)) {
        headers.insert(CONTENT_TYPE, media);
    }
    headers
}

/// What the upstream answers where the stored record is read before a write: this, and where it has one its validator.
pub(super) fn stored(status: StatusCode, body: Bytes, etag: Option<&str>) -> StoredReply {
    let mut headers = HeaderMap::new();
    if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
        headers.insert(ETAG, etag);
    }
    StoredReply {
        status,
        headers,
        body,
    }
}

/// The request's header, or what is wrong with it.
pub(super) fn headers(lines: &[(String, String)]) -> Result<HeaderMap, Text> {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let wrong = || {
            let line = quoted(&format!("{name}: {value}"));
            say!("{line} is no HTTP header", "{line} 不是合法的 HTTP 首部")
        };
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let value = HeaderValue::from_str(value).map_err(|_| wrong())?;
        if name == AUTHORIZATION || name.as_str() == "x-api-key" {
            return Err(say!(
                "the header `{name}` is not read here: say who calls by roles or as a caller",
                "这里不读 `{name}` 首部：用角色或 `caller` 写明谁在调用"
            ));
        }
        if name == CONTENT_LENGTH || name == TRANSFER_ENCODING {
            return Err(say!(
                "the header `{name}` frames a body; what there is of one says its length itself",
                "`{name}` 首部说的是请求体怎么分界；这里的请求体自己就有长度"
            ));
        }
        headers.append(name, value);
    }
    Ok(headers)
}

/// Who calls: what `--as` or `--caller` says.
pub(super) fn caller(
    rules: &RuleSet,
    roles: Option<&str>,
    caller: Option<&str>,
    peer: IpAddr,
) -> Result<Who, Failure> {
    let caller = match (roles, caller) {
        (_, Some(text)) => {
            load_caller("--caller", text).map_err(|mistakes| refused(USAGE, &mistakes))?
        }
        (roles, None) => {
            let names = roles.unwrap_or_default().split(',');
            let roles = names.map(|name| holder(rules, name.trim()));
            let roles: Vec<RoleId> = roles.collect::<Result<_, _>>()?;
            only_one(&roles, rules)?;
            TestCaller::Roles(roles)
        }
    };
    Ok(who(caller, peer))
}

/// A contract role is never merged.
fn only_one(roles: &[RoleId], rules: &RuleSet) -> Result<(), Failure> {
    let held = roles.iter().filter_map(|role| rules.roles.get(role.0));
    let others = |one: &RoleId| roles.iter().any(|other| other != one);
    let mut partners = held.filter(|role| role.contract);
    match partners.next() {
        Some(role) if roles.iter().any(others) => {
            let role = quoted(&role.name);
            let message = say!(
                "who holds the contract role {role} holds no other; name it alone",
                "具备合同角色 {role} 的调用方没有别的角色：单独写它"
            );
            Err(Failure::usage(message.get(lang())))
        }
        _ => Ok(()),
    }
}

/// A role by its name.
pub(super) fn role(rules: &RuleSet, name: &str) -> Result<RoleId, Failure> {
    let Some(at) = rules.roles.iter().position(|role| role.name == name) else {
        let known = rules.roles.iter().map(|role| role.name.as_str());
        let mistake = Diagnostic::error(
            code::FG2002,
            say!("there is no role {}", "没有 {} 这个角色", quoted(name)),
        );
        return Err(refused(USAGE, &[mistake.suggest(name, known)]));
    };
    Ok(RoleId(at))
}

/// A role that `--as` may stand for.
fn holder(rules: &RuleSet, name: &str) -> Result<RoleId, Failure> {
    let id = role(rules, name)?;
    if rules.roles.get(id.0).is_some_and(Role::same_as_person) {
        let name = quoted(name);
        let message = say!(
            "the role {name} is tied to a person, so `--as` cannot stand for it; \
             write --caller '{{ jwt: ISSUER, claims: {{ CLAIM: \"1001\" }} }}'",
            "角色 {name} 要核对是不是本人，不能用 `--as` 代替；\
             写 --caller '{{ jwt: 签发者, claims: {{ 声明: \"1001\" }} }}'"
        );
        return Err(Failure::usage(message.get(lang())));
    }
    Ok(id)
}

/// Method and target of `--call`.
pub(super) fn call(text: &str) -> Result<(Method, String), String> {
    let parts = call_parts(text).map(|(method, target)| (method, target.to_owned()));
    parts.ok_or_else(|| {
        told(say!(
            "write method and target as they go over the wire: 'GET /customers/1001'; letters beyond ASCII as %XX",
            "写方法和路径，和网络上传的一样：'GET /customers/1001'；汉字写成 %XX"
        ))
    })
}

/// A line of `--header`.
pub(super) fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) => Ok((name.to_owned(), value.trim_matches([' ', '\t']).to_owned())),
        None => Err(told(say!(
            "write it as 'Name: value'",
            "写成 'Name: value'"
        ))),
    }
}

/// A moment of `--now`.
pub(super) fn moment(text: &str) -> Result<i64, String> {
    let parsed = text.parse::<jiff::Timestamp>();
    parsed.map(jiff::Timestamp::as_second).map_err(|_| {
        told(say!(
            "write a moment with its offset: 2026-06-01T10:00:00+08:00",
            "写带时区偏移的时刻：2026-06-01T10:00:00+08:00"
        ))
    })
}

/// The bytes of `--body` and `--stored`.
pub(super) fn body(file: &Path) -> Result<Bytes, Failure> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) => Err(Failure::usage(unreadable(file, &error).get(lang()))),
    }
}

/// What is wrong with an argument.
fn told(wrong: Text) -> String {
    wrong.get(lang()).to_owned()
}

/// Why a file cannot be read.
pub(super) fn unreadable(file: &Path, error: &std::io::Error) -> Text {
    let name = quoted(&file.display().to_string());
    let why = match error.kind() {
        ErrorKind::NotFound => say!("there is no such file", "没有这个文件"),
        ErrorKind::PermissionDenied => say!("it may not be read", "没有权限读"),
        ErrorKind::IsADirectory => say!("it is a directory", "这是目录，不是文件"),
        _ => {
            let error = error.to_string();
            say!("{error}", "{error}")
        }
    };
    say!("cannot read {name}: {why}", "读不了 {name}：{why}"; why)
}
