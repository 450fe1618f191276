//! `tests:`, the rule set's own proof.
//!
//! Refuses tests that assert nothing, `as:` of a role that is tied to a person, fixtures outside the
//! rules directory, and `set:` at places the fixture does not have.

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderName, HeaderValue, Method};

use super::scalars::{moment, path, sentence, within};
use super::values::{json, object, patch};
use super::{Findings, Names};
use crate::model::Reason;
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Diagnostic, quoted};
use crate::policy::load::Fixtures;
use crate::policy::rules::{Role, RoleId, Test, TestCaller};
use crate::policy::source::{Entries, Kind, Node};

const KNOWN: [&str; 15] = [
    "name",
    "as",
    "caller",
    "peer",
    "headers",
    "now",
    "call",
    "reply",
    "set",
    "reply_status",
    "expect",
    "absent",
    "never",
    "expect_status",
    "expect_reason",
];
const LATER: [&str; 3] = ["body", "expect_refused", "purpose"];
const ASSERTIONS: [&str; 5] = [
    "expect",
    "absent",
    "never",
    "expect_status",
    "expect_reason",
];
/// Reasons of refusals that are not built yet.
const LATER_REASONS: [&str; 19] = [
    "duplicate-key",
    "empty-write",
    "contract-suspended",
    "contract-not-started",
    "contract-expired",
    "wrong-purpose",
    "wrong-network",
    "no-contract",
    "field-not-writable",
    "would-erase",
    "put-would-erase",
    "person-mismatch",
    "ambiguous-position",
    "blocked",
    "masked-value-written-back",
    "no-validator",
    "media-type",
    "quota-calls",
    "quota-records",
];

/// All tests, files in the order of their names.
pub(super) fn all(
    document: &Document,
    names: &Names,
    roles: &[Role],
    fixtures: &Fixtures,
    findings: &mut Findings,
) -> Vec<Test> {
    let tests_at = document.tests_at();
    let tests_at = tests_at.and_then(|node| findings.keep(moment(node, "`tests_at`")));
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
        let entries = findings.keep(node.as_map("a test"))?;
        findings.extend(entries.check_keys("a test", &KNOWN, &LATER));
        let name = findings.keep(entries.require("name", "a test", &node.span));
        let name = name.and_then(|name| findings.keep(sentence(name, "`name`")));
        let who = findings.keep(self.who(node, entries));
        let call = findings.keep(entries.require("call", "a test", &node.span));
        let call = call.and_then(|call| findings.keep(call_line(call)));
        if ASSERTIONS.iter().all(|key| entries.get(key).is_none()) {
            let message = "this test asserts nothing";
            let help = "write one of `expect`, `absent`, `never`, `expect_status`, `expect_reason`";
            findings.add(
                Diagnostic::error("FG5004", message)
                    .at(&node.span)
                    .help(help),
            );
        }
        let peer = entries
            .get("peer")
            .and_then(|node| findings.keep(peer(node)));
        let now = entries
            .get("now")
            .and_then(|node| findings.keep(moment(node, "`now`")));
        let status = |key: &str, findings: &mut Findings| {
            let node = entries.get(key)?;
            let number = findings.keep(within(node, &format!("`{key}`"), 100..=599))?;
            u16::try_from(number).ok()
        };
        Some(Test {
            peer: peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            headers: headers(entries, findings),
            now: now.or(self.tests_at),
            reply: self.reply(entries, findings),
            reply_status: status("reply_status", findings).unwrap_or(200),
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
            _ => Err(
                Diagnostic::error("FG5001", "a test has one of `as` and `caller`")
                    .at(&test.span)
                    .help("`as: ROLE` skips matchers; `caller: { jwt: .., claims: .. }` does not"),
            ),
        }
    }

    fn roles(&self, node: &Node) -> Result<Vec<RoleId>, Diagnostic> {
        let mut roles = Vec::new();
        let listed: Vec<(&str, &Node)> = match &node.kind {
            Kind::Scalar { text, .. } => text.split(',').map(|name| (name.trim(), node)).collect(),
            _ => {
                let items = node.as_list("`as`")?.iter();
                items
                    .map(|item| Ok((item.as_str("a role")?, item)))
                    .collect::<Result<_, _>>()?
            }
        };
        for (name, node) in listed {
            let role = self.names.role_named(name, &node.span)?;
            if self.roles.get(role.0).is_some_and(Role::same_as_person) {
                let message = format!(
                    "{} is tied to a person, so `as` cannot stand for it",
                    quoted(name)
                );
                let help = "write `caller: { jwt: ISSUER, claims: { CLAIM: \"1001\" } }`";
                return Err(Diagnostic::error("FG5001", message)
                    .at(&node.span)
                    .help(help));
            }
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        match roles.is_empty() {
            false => Ok(roles),
            true => Err(Diagnostic::error("FG5001", "`as` names no role").at(&node.span)),
        }
    }

    fn reply(&self, entries: Entries<'_>, findings: &mut Findings) -> Option<Vec<u8>> {
        let Some(node) = entries.get("reply") else {
            if let Some((key, _)) = entries.entry("set") {
                let message = "`set` patches `reply`, and there is none";
                findings.add(Diagnostic::error("FG5003", message).at(&key.span));
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
        let name = node.as_str("`reply`")?;
        let mistake = |why: &str| {
            let message = format!("the fixture {} cannot be read: {why}", quoted(name));
            Diagnostic::error("FG5002", message).at(&node.span)
        };
        let strange = |part: &str| part.is_empty() || part.starts_with('.');
        if name.contains('\\') || name.split('/').any(strange) {
            return Err(mistake(
                "it must be a path below the rules directory, without `..`",
            ));
        }
        self.fixtures
            .read(name)
            .map_err(|why| mistake(&why).suggest(name, self.fixtures.names()))
    }
}

/// `file:line`, for the report.
fn place_of(node: &Node) -> String {
    format!("{}:{}", node.span.file.name, node.span.line_column().0)
}

/// The `caller:` of a test.
pub(in crate::policy) fn credentials(node: &Node) -> Result<TestCaller, Diagnostic> {
    let entries = node.as_map("`caller`")?;
    let known = ["jwt", "claims", "mtls", "san"];
    if let Some(mistake) = entries
        .check_keys("`caller`", &known, &["api_key"])
        .into_iter()
        .next()
    {
        return Err(mistake);
    }
    let text = |key: &str| -> Result<Option<String>, Diagnostic> {
        let node = entries.get(key);
        node.map(|node| sentence(node, &format!("`{key}`")))
            .transpose()
    };
    let alone = |key: &str, other: &str| {
        let message = format!("`{key}` in `caller` needs `{other}` beside it");
        Diagnostic::error("FG5001", message).at(&node.span)
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
    Ok(TestCaller::Credentials { jwt, mtls })
}

fn call_line(node: &Node) -> Result<String, Diagnostic> {
    let text = node.as_str("`call`")?;
    match call_parts(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(
            Diagnostic::error("FG5005", format!("{} is no call", quoted(text)))
                .at(&node.span)
                .help("write method and target: `GET /customers/1001?page=1`"),
        ),
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
    let text = node.as_str("`peer`")?;
    let not_one = |_| {
        let message = format!("`peer` must be an IP address, found {}", quoted(text));
        Diagnostic::error("FG5006", message).at(&node.span)
    };
    Ok(text.parse::<IpAddr>().map_err(not_one)?.to_canonical())
}

fn headers(entries: Entries<'_>, findings: &mut Findings) -> Vec<(String, String)> {
    let Some(node) = entries.get("headers") else {
        return Vec::new();
    };
    let Some(entries) = findings.keep(node.as_map("`headers`")) else {
        return Vec::new();
    };
    let mut headers = Vec::new();
    for (key, value) in entries.iter() {
        let Some(text) = findings.keep(value.as_str("a header")) else {
            continue;
        };
        let fits = HeaderName::from_bytes(key.text.as_bytes()).is_ok()
            && HeaderValue::from_str(text).is_ok();
        match fits {
            true => headers.push((key.text.clone(), text.to_owned())),
            false => {
                let message = format!("{} is no HTTP header", quoted(&key.text));
                findings.add(Diagnostic::error("FG5006", message).at(&key.span));
            }
        }
    }
    headers
}

fn expectations(entries: Entries<'_>, findings: &mut Findings) -> Vec<(String, serde_json::Value)> {
    let Some(node) = entries.get("expect") else {
        return Vec::new();
    };
    let Some(entries) = findings.keep(node.as_map("`expect`")) else {
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
    let what = format!("`{key}`");
    let mut texts = Vec::new();
    for item in findings.keep(node.as_list(&what)).unwrap_or_default() {
        let text = findings.keep(sentence(item, &what));
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
    let text = node.as_str("`expect_reason`")?;
    if Reason::ALL.iter().any(|reason| reason.code() == text) {
        return Ok(text.to_owned());
    }
    if LATER_REASONS.contains(&text) {
        let message = format!("the reason {} is not supported yet", quoted(text));
        let help = "no refusal of this version has it: remove the test";
        return Err(Diagnostic::error("FG1022", message)
            .at(&node.span)
            .help(help));
    }
    Err(
        Diagnostic::error("FG5007", format!("there is no reason {}", quoted(text)))
            .at(&node.span)
            .suggest(text, Reason::ALL.iter().map(|reason| reason.code())),
    )
}
