//! `tests:`, the rule set's own proof.
//!
//! Refuses tests that assert nothing, `as:` of a role that is tied to a person, fixtures outside the
//! rules directory, and `set:` at places the fixture does not have.

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderName, HeaderValue, Method};

use super::scalars::{moment, path, sentence, within};
use super::values::{json, object, patch};

use super::{Findings, Names, requests, unfailing};
use crate::model::Reason;
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::load::Fixtures;
use crate::policy::rules::{Role, RoleId, Test, TestCaller};
use crate::policy::source::{Entries, Kind, Node};

const KNOWN: [&str; 21] = [
    "name",
    "as",
    "caller",
    "peer",
    "headers",
    "now",
    "call",
    "body",
    "body_type",
    "stored",
    "stored_etag",
    "reply",
    "set",
    "reply_status",
    "reply_media",
    "expect",
    "absent",
    "never",
    "expect_status",
    "expect_reason",
    "expect_refused",
];
const LATER: [&str; 1] = ["purpose"];
const ASSERTIONS: [&str; 6] = [
    "expect",
    "absent",
    "never",
    "expect_status",
    "expect_reason",
    "expect_refused",
];
/// Reasons of refusals that are not built yet.
const LATER_REASONS: [&str; 2] = ["quota-calls", "quota-records"];

/// All tests, files in the order of their names.
pub(super) fn all(
    document: &Document,
    names: &Names,
    roles: &[Role],
    fixtures: &Fixtures,
    findings: &mut Findings,
) -> Vec<Test> {
    let tests_at = document.tests_at();
    let tests_at = tests_at.and_then(|node| findings.keep(moment(node, say!("`tests_at`"))));
    let context = Context {
        names,
        roles,
        fixtures,
        tests_at,
    };
    let tests = document.list("tests").iter();
    tests
        .filter_map(|node| context.test(node, findings))
        .collect()
}

struct Context<'a> {
    names: &'a Names,
    roles: &'a [Role],
    fixtures: &'a Fixtures,
    tests_at: Option<i64>,
}

impl Context<'_> {
    fn test(&self, node: &Node, findings: &mut Findings) -> Option<Test> {
        let entries = findings.keep(node.as_map(say!("a test", "测试")))?;
        findings.extend(entries.check_keys(say!("a test", "测试"), &KNOWN, &LATER));
        let name = findings.keep(entries.require("name", say!("a test", "测试"), &node.span));
        let name = name.and_then(|name| findings.keep(sentence(name, say!("`name`"))));
        let who = findings.keep(self.who(node, entries));
        let call = findings.keep(entries.require("call", say!("a test", "测试"), &node.span));
        let call = call.and_then(|call| findings.keep(call_line(call)));
        if ASSERTIONS.iter().all(|key| entries.get(key).is_none()) {
            let message = say!("this test asserts nothing", "这条测试什么也没断言");
            let help = say!(
                "write one of `expect`, `absent`, `never`, `expect_status`, `expect_reason`, `expect_refused`",
                "写上 `expect`、`absent`、`never`、`expect_status`、`expect_reason`、`expect_refused` 之一"
            );
            findings.add(
                Diagnostic::error(code::FG5004, message)
                    .at(&node.span)
                    .help(help),
            );
        }
        let peer = entries
            .get("peer")
            .and_then(|node| findings.keep(peer(node)));
        let now = entries
            .get("now")
            .and_then(|node| findings.keep(moment(node, say!("`now`"))));
        let status = |key: &str, findings: &mut Findings| {
            let node = entries.get(key)?;
            let number = findings.keep(within(node, say!("`{key}`"; same), 100..=599))?;
            u16::try_from(number).ok()
        };
        let reply = self.reply(entries, findings);
        if let Some(reply) = &reply {
            findings.extend(unfailing::assertions(entries, reply));
        }
        let sent = requests::body(entries, findings);
        Some(Test {
            peer: peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            headers: headers(entries, findings),
            now: now.or(self.tests_at),
            reply,
            reply_status: status("reply_status", findings).unwrap_or(200),
            reply_media: entries
                .get("reply_media")
                .and_then(|node| findings.keep(requests::media(node, "reply_media"))),
            body: sent.bytes,
            body_type: sent.media,
            stored: entries
                .get("stored")
                .and_then(|node| findings.keep(self.fixture(node))),
            stored_etag: requests::etag(entries, findings),
            expect_refused: requests::refused(entries, findings),
            expect: expectations(entries, findings),
            absent: texts(entries, "absent", findings),
            never: texts(entries, "never", findings),
            expect_status: status("expect_status", findings),
            expect_reason: entries
                .get("expect_reason")
                .and_then(|node| findings.keep(expected_reason(node))),
            place: place_of(node),
            name: name?,
            who: who?,
            call: call?,
        })
    }

    fn who(&self, test: &Node, entries: Entries<'_>) -> Result<TestCaller, Diagnostic> {
        match (entries.get("as"), entries.get("caller")) {
            (Some(roles), None) => self.roles(roles).map(TestCaller::Roles),
            (None, Some(caller)) => credentials(caller),
            _ => Err(Diagnostic::error(
                code::FG5001,
                say!(
                    "a test has one of `as` and `caller`",
                    "一条测试要写 `as` 或 `caller`，二者只写一个"
                ),
            )
            .at(&test.span)
            .help(say!(
                "`as: ROLE` skips matchers; `caller: {{ jwt: .., claims: .. }}` does not",
                "`as: 角色` 跳过身份匹配；`caller: {{ jwt: .., claims: .. }}` 不跳过"
            ))),
        }
    }

    fn roles(&self, node: &Node) -> Result<Vec<RoleId>, Diagnostic> {
        let mut roles = Vec::new();
        let listed: Vec<(&str, &Node)> = match &node.kind {
            Kind::Scalar { text, .. } => text.split(',').map(|name| (name.trim(), node)).collect(),
            _ => {
                let items = node.as_list(say!("`as`"))?.iter();
                items
                    .map(|item| Ok((item.as_str(say!("a role", "角色"))?, item)))
                    .collect::<Result<_, _>>()?
            }
        };
        for (name, node) in listed {
            let role = self.names.role_named(name, &node.span)?;
            if self.roles.get(role.0).is_some_and(Role::same_as_person) {
                let message = say!(
                    "{} is tied to a person, so `as` cannot stand for it",
                    "{} 认的是主体本人，不能用 `as` 代替",
                    quoted(name)
                );
                let help = say!(
                    "write `caller: {{ jwt: ISSUER, claims: {{ CLAIM: \"1001\" }} }}`",
                    "写 `caller: {{ jwt: 签发者, claims: {{ 声明: \"1001\" }} }}`"
                );
                return Err(Diagnostic::error(code::FG5001, message)
                    .at(&node.span)
                    .help(help));
            }
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        let is_contract = |role: &RoleId| self.roles.get(role.0).is_some_and(|role| role.contract);
        if roles.len() > 1 && roles.iter().any(is_contract) {
            let message = say!(
                "who holds a contract role holds no other",
                "具备合同角色的人不会再有别的角色"
            );
            return Err(Diagnostic::error(code::FG5001, message)
                .at(&node.span)
                .help(say!("name that role alone", "只写这一个角色")));
        }
        match roles.is_empty() {
            false => Ok(roles),
            true => Err(Diagnostic::error(
                code::FG5001,
                say!("`as` names no role", "`as` 没有写角色"),
            )
            .at(&node.span)),
        }
    }

    fn reply(&self, entries: Entries<'_>, findings: &mut Findings) -> Option<Vec<u8>> {
        let Some(node) = entries.get("reply") else {
            if let Some((key, _)) = entries.entry("set") {
                let message = say!(
                    "`set` patches `reply`, and there is none",
                    "`set` 是改 `reply` 的，而这里没有 `reply`"
                );
                findings.add(Diagnostic::error(code::FG5003, message).at(&key.span));
            }
            return None;
        };
        let bytes = findings.keep(self.fixture(node))?;
        match entries.get("set") {
            Some(set) => findings.keep(patch(&bytes, node, set)),
            None => Some(bytes),
        }
    }

    fn fixture(&self, node: &Node) -> Result<Vec<u8>, Diagnostic> {
        let name = node.as_str(say!("`reply`"))?;
        let mistake = |why: Text| {
            let message = say!("the fixture {} cannot be read: {why}", "样例文件 {} 读不了：{why}", quoted(name); why);
            Diagnostic::error(code::FG5002, message).at(&node.span)
        };
        let strange = |part: &str| part.is_empty() || part.starts_with('.');
        if name.contains('\\') || name.split('/').any(strange) {
            return Err(mistake(say!(
                "it must be a path below the rules directory, without `..`",
                "必须是规则目录下的路径，不能有 `..`"
            )));
        }
        self.fixtures
            .read(name)
            .map_err(|why| mistake(why).suggest(name, self.fixtures.names()))
    }
}

/// `file:line`, for the report.
fn place_of(node: &Node) -> String {
    format!("{}:{}", node.span.file.name, node.span.line_column().0)
}

/// The `caller:` of a test.
pub(in crate::policy) fn credentials(node: &Node) -> Result<TestCaller, Diagnostic> {
    let entries = node.as_map(say!("`caller`"))?;
    let known = ["jwt", "claims", "mtls", "san", "api_key"];
    if let Some(mistake) = entries
        .check_keys(say!("`caller`"), &known, &[])
        .into_iter()
        .next()
    {
        return Err(mistake);
    }
    let text = |key: &str| -> Result<Option<String>, Diagnostic> {
        let node = entries.get(key);
        node.map(|node| sentence(node, say!("`{key}`"; same)))
            .transpose()
    };
    let alone = |key: &str, other: &str| {
        let message = say!(
            "`{key}` in `caller` needs `{other}` beside it",
            "`caller` 里写了 `{key}`，就要同时写 `{other}`"
        );
        Diagnostic::error(code::FG5001, message).at(&node.span)
    };
    let claims = entries.get("claims").map(object).transpose()?;
    let jwt = match (text("jwt")?, claims) {
        (Some(issuer), claims) => Some((issuer, claims.unwrap_or_default())),
        (None, Some(_)) => return Err(alone("claims", "jwt")),
        (None, None) => None,
    };
    let mtls = match (text("mtls")?, text("san")?) {
        (Some(authority), Some(san)) => Some((authority, san)),
        (Some(_), None) => return Err(alone("mtls", "san")),
        (None, Some(_)) => return Err(alone("san", "mtls")),
        (None, None) => None,
    };
    let api_key = text("api_key")?;
    Ok(TestCaller::Credentials { jwt, mtls, api_key })
}

fn call_line(node: &Node) -> Result<String, Diagnostic> {
    let text = node.as_str(say!("`call`"))?;
    match call_parts(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(Diagnostic::error(
            code::FG5005,
            say!("{} is no call", "{} 不是一次调用", quoted(text)),
        )
        .at(&node.span)
        .help(say!(
            "write method and target: `GET /customers/1001?page=1`",
            "写方法和目标：`GET /customers/1001?page=1`"
        ))),
    }
}

/// Method and target of a call (`GET /customers/1001?page=1`), where they can go over the wire.
pub fn call_parts(text: &str) -> Option<(Method, &str)> {
    let (method, target) = text.split_once(' ')?;
    let fits = target.starts_with('/') && target.bytes().all(|byte| byte.is_ascii_graphic());
    Method::from_bytes(method.as_bytes())
        .ok()
        .filter(|_| fits)
        .map(|method| (method, target))
}

fn peer(node: &Node) -> Result<IpAddr, Diagnostic> {
    let text = node.as_str(say!("`peer`"))?;
    let not_one = |_| {
        let message = say!(
            "`peer` must be an IP address, found {}",
            "`peer` 必须是 IP 地址，这里是 {}",
            quoted(text)
        );
        Diagnostic::error(code::FG5006, message).at(&node.span)
    };
    Ok(text.parse::<IpAddr>().map_err(not_one)?.to_canonical())
}

fn headers(entries: Entries<'_>, findings: &mut Findings) -> Vec<(String, String)> {
    let Some(node) = entries.get("headers") else {
        return Vec::new();
    };
    let Some(entries) = findings.keep(node.as_map(say!("`headers`"))) else {
        return Vec::new();
    };
    let mut headers = Vec::new();
    for (key, value) in entries.iter() {
        let Some(text) = findings.keep(value.as_str(say!("a header", "请求首部"))) else {
            continue;
        };
        let fits = HeaderName::from_bytes(key.text.as_bytes()).is_ok()
            && HeaderValue::from_str(text).is_ok();
        match fits {
            true => headers.push((key.text.clone(), text.to_owned())),
            false => {
                let message = say!(
                    "{} is no HTTP header",
                    "{} 不是合法的 HTTP 首部",
                    quoted(&key.text)
                );
                findings.add(Diagnostic::error(code::FG5006, message).at(&key.span));
            }
        }
    }
    headers
}

fn expectations(entries: Entries<'_>, findings: &mut Findings) -> Vec<(String, serde_json::Value)> {
    let Some(node) = entries.get("expect") else {
        return Vec::new();
    };
    let Some(entries) = findings.keep(node.as_map(say!("`expect`"))) else {
        return Vec::new();
    };
    let mut expected = Vec::new();
    for (key, value) in entries.iter() {
        let path = findings.keep(path(&key.text, &key.span));
        let value = findings.keep(json(value));
        if let (Some(_), Some(value)) = (path, value) {
            expected.push((key.text.clone(), value));
        }
    }
    expected
}

/// A list of texts; those of `absent` are paths.
fn texts(entries: Entries<'_>, key: &str, findings: &mut Findings) -> Vec<String> {
    let Some(node) = entries.get(key) else {
        return Vec::new();
    };
    let what = say!("`{key}`"; same);
    let mut texts = Vec::new();
    for item in findings
        .keep(node.as_list(what.clone()))
        .unwrap_or_default()
    {
        let text = findings.keep(sentence(item, what.clone()));
        if key == "absent"
            && let Some(text) = &text
        {
            findings.keep(path(text, &item.span));
        }
        texts.extend(text);
    }
    texts
}

fn expected_reason(node: &Node) -> Result<String, Diagnostic> {
    let text = node.as_str(say!("`expect_reason`"))?;
    if Reason::ALL.iter().any(|reason| reason.code() == text) {
        return Ok(text.to_owned());
    }
    if LATER_REASONS.contains(&text) {
        let message = say!(
            "the reason {} is not supported yet",
            "拒绝原因 {} 暂不支持",
            quoted(text)
        );
        let help = say!(
            "no refusal of this version has it: remove the test",
            "本版本不会以它拒绝请求：请删掉这条测试"
        );
        return Err(Diagnostic::error(code::FG1022, message)
            .at(&node.span)
            .help(help));
    }
    Err(Diagnostic::error(
        code::FG5007,
        say!(
            "there is no reason {}",
            "没有 {} 这个拒绝原因",
            quoted(text)
        ),
    )
    .at(&node.span)
    .suggest(text, Reason::ALL.iter().map(|reason| reason.code())))
}
