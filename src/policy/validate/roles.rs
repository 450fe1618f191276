//! `roles:`, who a caller is to the rules.
//!
//! Refuses matchers without a value: `jwt` without `has`, `is` or `same_as`, `mtls` without `san`.

use super::{Findings, Places};
use crate::policy::Place;
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::rules::{ClaimTest, JwtMatcher, MtlsMatcher, Role};
use crate::policy::source::{Entries, Key, Kind, Node, check_name};

const KNOWN: [&str; 7] = ["jwt", "claim", "has", "is", "same_as", "mtls", "san"];
const LATER: [&str; 9] = [
    "any",
    "all",
    "api_key",
    "extends",
    "contract",
    "limits",
    "never_with",
    "zh",
    "networks",
];

/// All roles, in the order of their names.
pub(super) fn all(document: &Document, places: &mut Places, findings: &mut Findings) -> Vec<Role> {
    document
        .section("roles")
        .map(|(key, node)| {
            places.roles.push(key.span.clone());
            role(key, node, findings)
        })
        .collect()
}

fn role(key: &Key, node: &Node, findings: &mut Findings) -> Role {
    findings.keep(check_name(say!("a role", "角色"), &key.text, &key.span));
    let name = key.text.clone();
    let empty = Role {
        name: name.clone(),
        place: Place::of(&key.span),
        jwt: None,
        mtls: None,
    };
    let Some(entries) = findings.keep(node.as_map(say!("a role", "角色"))) else {
        return empty;
    };
    let mistakes = entries.check_keys(say!("a role", "角色"), &KNOWN, &LATER);
    if !mistakes.is_empty() {
        // What is missing may be what is misspelled.
        findings.extend(mistakes);
        return empty;
    }
    if entries.is_empty() {
        let message = say!(
            "the role {} says nothing about who holds it",
            "角色 {} 没写谁具备它",
            quoted(&name)
        );
        let help = say!(
            "write `jwt:` with `claim:`, or `mtls:` with `san:`",
            "写 `jwt:` 加 `claim:`，或 `mtls:` 加 `san:`"
        );
        findings.add(
            Diagnostic::error(code::FG2030, message)
                .at(&key.span)
                .help(help),
        );
    }
    let jwt = findings.keep(jwt(key, entries)).flatten();
    let mtls = findings.keep(mtls(key, entries)).flatten();
    Role { jwt, mtls, ..empty }
}

fn jwt(key: &Key, entries: Entries<'_>) -> Result<Option<JwtMatcher>, Diagnostic> {
    const TESTS: [&str; 3] = ["has", "is", "same_as"];
    let Some(issuer) = entries.get("jwt") else {
        return match ["claim", "has", "is", "same_as"]
            .iter()
            .find_map(|k| entries.entry(k))
        {
            Some((alone, _)) => Err(needs(
                alone,
                &alone.text,
                say!("`jwt: ISSUER`", "`jwt: 签发者`"),
            )),
            None => Ok(None),
        };
    };
    let claim = match entries.get("claim") {
        Some(claim) => claim_path(claim)?,
        None => return Err(needs(key, "jwt", say!("`claim`"))),
    };
    let found: Vec<(&str, &Node)> = TESTS
        .iter()
        .filter_map(|test| Some((*test, entries.get(test)?)))
        .collect();
    let test = match found.as_slice() {
        [("has", value)] => ClaimTest::Has(word(value, say!("`has`"))?),
        [("is", value)] => ClaimTest::Is(word(value, say!("`is`"))?),
        [(_, value)] => same_as(value)?,
        [] => {
            return Err(needs(
                key,
                "jwt",
                say!("`has`, `is` or `same_as`", "`has`、`is`、`same_as` 之一"),
            ));
        }
        [_, (_, second), ..] => {
            let message = say!(
                "a role has one of `has`, `is` and `same_as`",
                "角色只能写 `has`、`is`、`same_as` 中的一个"
            );
            return Err(Diagnostic::error(code::FG2030, message).at(&second.span));
        }
    };
    let issuer = credential_name(issuer, say!("`jwt`"))?;
    Ok(Some(JwtMatcher {
        issuer,
        claim,
        test,
    }))
}

fn mtls(key: &Key, entries: Entries<'_>) -> Result<Option<MtlsMatcher>, Diagnostic> {
    let Some(authority) = entries.get("mtls") else {
        return match entries.entry("san") {
            Some((alone, _)) => Err(needs(alone, "san", say!("`mtls: AUTHORITY`", "`mtls: CA`"))),
            None => Ok(None),
        };
    };
    let Some(san) = entries.get("san") else {
        return Err(needs(key, "mtls", say!("`san`")));
    };
    let text = word(san, say!("`san`"))?;
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains('*') {
        let message = say!(
            "{} cannot be the whole name in a certificate",
            "{} 不可能是证书里的完整名字",
            quoted(&text)
        );
        let help = say!(
            "write one URI or DNS name as it stands in the certificate; it is compared exactly",
            "照证书原样写一个 URI 或 DNS 名；逐字比较"
        );
        return Err(Diagnostic::error(code::FG2030, message)
            .at(&san.span)
            .help(help));
    }
    let authority = credential_name(authority, say!("`mtls`"))?;
    Ok(Some(MtlsMatcher {
        authority,
        san: text,
    }))
}

/// `realm_access.roles` walks objects; a list takes names with dots.
fn claim_path(node: &Node) -> Result<Vec<String>, Diagnostic> {
    let names: Vec<String> = match &node.kind {
        Kind::Scalar { text, .. } => text.split('.').map(str::to_owned).collect(),
        _ => node
            .as_list(say!("`claim`"))?
            .iter()
            .map(|item| {
                item.as_str(say!("a claim's name", "声明名"))
                    .map(str::to_owned)
            })
            .collect::<Result<_, _>>()?,
    };
    match names.is_empty() || names.iter().any(String::is_empty) {
        false => Ok(names),
        true => Err(Diagnostic::error(
            code::FG2030,
            say!("`claim` has an empty name in it", "`claim` 里有空的名字"),
        )
        .at(&node.span)),
    }
}

fn same_as(node: &Node) -> Result<ClaimTest, Diagnostic> {
    match node.as_str(say!("`same_as`"))? {
        "person" => Ok(ClaimTest::SameAsPerson),
        other => Err(Diagnostic::error(
            code::FG2030,
            say!(
                "{} is nothing to compare with",
                "不能和 {} 比较",
                quoted(other)
            ),
        )
        .at(&node.span)
        .help(say!("write `same_as: person`", "写 `same_as: person`"))),
    }
}

/// The name of an issuer or authority in `fieldgate.yaml`.
fn credential_name(node: &Node, what: Text) -> Result<String, Diagnostic> {
    let name = node.as_str(what.clone())?;
    check_name(what, name, &node.span)?;
    Ok(name.to_owned())
}

fn word(node: &Node, what: Text) -> Result<String, Diagnostic> {
    let text = node.as_str(what.clone())?;
    match text.is_empty() {
        false => Ok(text.to_owned()),
        true => Err(Diagnostic::error(
            code::FG2030,
            say!("{what} must not be empty", "{what}不能为空"; what),
        )
        .at(&node.span)),
    }
}

fn needs(key: &Key, what: &str, other: Text) -> Diagnostic {
    Diagnostic::error(
        code::FG2030,
        say!("`{what}` in a role needs {other} beside it", "角色里写了 `{what}`，就要同时写 {other}"; other),
    )
    .at(&key.span)
    .help(say!("a matcher without a value would match anybody", "没有取值的匹配条件，谁都能匹配上"))
}
