//! `roles:`, who a caller is to the rules.
//!
//! Refuses matchers without a value (`jwt` without `has`, `is` or `same_as`, `mtls` without `san`), alternatives of which
//! only some are tied to a person, and roles that extend each other in a circle.

use std::collections::BTreeMap;

use super::{Findings, Places};
use crate::policy::Place;
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::rules::{ClaimTest, JwtMatcher, Matcher, MtlsMatcher, Role, RoleId};
use crate::policy::source::{Entries, Key, Kind, Node, Span, check_name};

/// The keys of a matcher, which alternatives have too.
const MATCHER: [&str; 8] = [
    "jwt", "claim", "has", "is", "same_as", "mtls", "san", "api_key",
];
/// The keys that say what else a role is.
const OWN: [&str; 3] = ["any", "extends", "contract"];
const LATER: [&str; 5] = ["all", "limits", "never_with", "zh", "networks"];

/// All roles, in the order of their names.
pub(super) fn all(document: &Document, places: &mut Places, findings: &mut Findings) -> Vec<Role> {
    let names = document.section("roles").enumerate();
    let ids: BTreeMap<&str, RoleId> = names
        .map(|(at, (key, _))| (key.text.as_str(), RoleId(at)))
        .collect();
    let mut extended: Vec<Option<Span>> = Vec::new();
    let mut roles: Vec<Role> = Vec::new();
    for (key, node) in document.section("roles") {
        places.roles.push(key.span.clone());
        roles.push(role(key, node, &ids, findings));
        let entry = node.as_map(Text::none()).ok();
        let entry = entry.and_then(|entries| entries.get("extends"));
        extended.push(entry.map(|node| node.span.clone()));
    }
    refuse_circles(&mut roles, &extended, findings);
    let required: Vec<bool> = (0..roles.len())
        .map(|at| inherits_contract(&roles, RoleId(at)))
        .collect();
    for (role, required) in roles.iter_mut().zip(required) {
        role.contract = required;
    }
    roles
}

fn role(key: &Key, node: &Node, ids: &BTreeMap<&str, RoleId>, findings: &mut Findings) -> Role {
    findings.keep(check_name(say!("a role", "角色"), &key.text, &key.span));
    let mut role = Role {
        name: key.text.clone(),
        place: Place::of(&key.span),
        matchers: Vec::new(),
        extends: None,
        contract: false,
    };
    let Some(entries) = findings.keep(node.as_map(say!("a role", "角色"))) else {
        return role;
    };
    let known: Vec<&str> = MATCHER.iter().chain(&OWN).copied().collect();
    let mistakes = entries.check_keys(say!("a role", "角色"), &known, &LATER);
    if !mistakes.is_empty() {
        // What is missing may be what is misspelled.
        findings.extend(mistakes);
        return role;
    }
    if let Some(node) = entries.get("extends") {
        role.extends = findings.keep(extended_role(node, ids));
    }
    if let Some(node) = entries.get("contract") {
        // A word that is not known counts, so that its contracts are not mistakes as well.
        role.contract = true;
        findings.keep(required(node));
    }
    role.matchers = matchers(key, entries, findings);
    role
}

/// `contract: required`, which has no opposite: what another role demands cannot be undone.
fn required(node: &Node) -> Result<(), Diagnostic> {
    if node.as_str(say!("`contract`"))? == "required" {
        return Ok(());
    }
    let message = say!(
        "`contract` on a role can only be `required`",
        "角色上的 `contract` 只能是 `required`"
    );
    let help = say!(
        "write `contract: required`, or remove the key; what a role has by `extends` cannot be undone",
        "写 `contract: required`，或者删掉这个键；继承来的要求不能取消"
    );
    Err(Diagnostic::error(code::FG2082, message)
        .at(&node.span)
        .help(help))
}

/// Whether a role, or one that it extends, needs a contract.
fn inherits_contract(roles: &[Role], role: RoleId) -> bool {
    let parent = |id: &RoleId| roles.get(id.0)?.extends;
    let mut line = std::iter::successors(Some(role), parent);
    line.any(|id| roles.get(id.0).is_some_and(|role| role.contract))
}

/// The role `extends` names.
fn extended_role(node: &Node, ids: &BTreeMap<&str, RoleId>) -> Result<RoleId, Diagnostic> {
    let name = node.as_str(say!("`extends`"))?;
    ids.get(name).copied().ok_or_else(|| {
        let message = say!("there is no role {}", "没有 {} 这个角色", quoted(name));
        Diagnostic::error(code::FG2002, message)
            .at(&node.span)
            .suggest(name, ids.keys().copied())
    })
}

/// Roles that extend each other have no cells to begin with. What is wrong is cut, so that it is told once.
fn refuse_circles(roles: &mut [Role], places: &[Option<Span>], findings: &mut Findings) {
    for at in 0..roles.len() {
        let mut circle = Vec::new();
        let mut next = Some(RoleId(at));
        while let Some(id) = next.filter(|id| !circle.contains(id)) {
            circle.push(id);
            next = roles.get(id.0).and_then(|role| role.extends);
        }
        if next != Some(RoleId(at)) {
            continue;
        }
        let names: Vec<&Role> = circle.iter().filter_map(|id| roles.get(id.0)).collect();
        let message = say!(
            "the roles {} extend each other in a circle",
            "角色 {} 互相继承，绕成了圈",
            Text::list(names.iter().map(|role| quoted(&role.name)))
        );
        let spans = circle.iter().filter_map(|id| places.get(id.0)?.as_ref());
        let mistake = Diagnostic::error(code::FG2080, message)
            .help(say!("remove one `extends`", "删掉其中一处 `extends`"));
        findings.add(spans.fold(mistake, Diagnostic::at));
        for id in circle {
            if let Some(role) = roles.get_mut(id.0) {
                role.extends = None;
            }
        }
    }
}

/// What a caller must present: the role's own keys, and one of `any` beside them.
fn matchers(key: &Key, entries: Entries<'_>, findings: &mut Findings) -> Vec<Matcher> {
    let before = findings.0.len();
    let own = matcher(key, entries, findings);
    let Some(any) = entries.get("any") else {
        if own == Matcher::default() && findings.0.len() == before {
            findings.add(nobody(key));
        }
        return vec![own];
    };
    let what = say!("an alternative of `any`", "`any` 里的一种");
    let mut found = Vec::new();
    let items = findings.keep(any.as_list(say!("`any`")));
    if items.is_some_and(<[Node]>::is_empty) {
        findings.add(nobody(key));
    }
    for item in items.unwrap_or_default() {
        let Some(entries) = findings.keep(item.as_map(what.clone())) else {
            continue;
        };
        let mistakes = entries.check_keys(what.clone(), &MATCHER, &[]);
        if !mistakes.is_empty() {
            findings.extend(mistakes);
            continue;
        }
        let place = Key {
            text: key.text.clone(),
            span: item.span.clone(),
        };
        let before = findings.0.len();
        let alternative = matcher(&place, entries, findings);
        if findings.0.len() > before {
            continue;
        }
        if alternative == Matcher::default() {
            findings.add(nobody(&place));
        } else {
            found.extend(findings.keep(both(&own, alternative, &item.span)));
        }
    }
    let tied = found.iter().filter(|one| one.same_as_person()).count();
    if tied > 0 && tied < found.len() {
        let message = say!(
            "only some alternatives of {} are tied to a person",
            "角色 {} 的几种身份里，只有一部分认主体本人",
            quoted(&key.text)
        );
        let help = say!(
            "write two roles: who holds one by `same_as: person` sees their own records only",
            "拆成两个角色：凭 `same_as: person` 具备角色的人只能看自己的记录"
        );
        findings.add(
            Diagnostic::error(code::FG2081, message)
                .at(&any.span)
                .help(help),
        );
    }
    found
}

/// What the role and one of its alternatives ask for together.
fn both(own: &Matcher, alternative: Matcher, place: &Span) -> Result<Matcher, Diagnostic> {
    let twice = [
        ("jwt", own.jwt.is_some() && alternative.jwt.is_some()),
        ("mtls", own.mtls.is_some() && alternative.mtls.is_some()),
        (
            "api_key",
            own.api_key.is_some() && alternative.api_key.is_some(),
        ),
    ];
    if let Some((name, _)) = twice.iter().find(|(_, twice)| *twice) {
        let message = say!(
            "`{name}` stands beside `any` and in it",
            "`{name}` 在 `any` 里外各写了一次"
        );
        let help = say!(
            "what stands beside `any` holds for each alternative: write it in one place",
            "`any` 旁边写的条件对每一种都有效：只写一处"
        );
        return Err(Diagnostic::error(code::FG2030, message)
            .at(place)
            .help(help));
    }
    let own = own.clone();
    Ok(Matcher {
        jwt: own.jwt.or(alternative.jwt),
        mtls: own.mtls.or(alternative.mtls),
        api_key: own.api_key.or(alternative.api_key),
    })
}

fn nobody(key: &Key) -> Diagnostic {
    let message = say!(
        "the role {} says nothing about who holds it",
        "角色 {} 没写谁具备它",
        quoted(&key.text)
    );
    let help = say!(
        "write `jwt:` with `claim:`, `mtls:` with `san:`, or `api_key:`",
        "写 `jwt:` 加 `claim:`、`mtls:` 加 `san:`，或 `api_key:`"
    );
    Diagnostic::error(code::FG2030, message)
        .at(&key.span)
        .help(help)
}

fn matcher(key: &Key, entries: Entries<'_>, findings: &mut Findings) -> Matcher {
    let api_key = entries.get("api_key");
    let values = ["has", "is"].iter().filter_map(|name| entries.get(name));
    findings.extend(values.filter_map(several_in_one));
    Matcher {
        jwt: findings.keep(jwt(key, entries)).flatten(),
        mtls: findings.keep(mtls(key, entries)).flatten(),
        api_key: api_key.and_then(|node| findings.keep(credential_name(node, say!("`api_key`")))),
    }
}

/// One value is compared whole: what looks like several is one that nobody has.
pub(super) fn several_in_one(node: &Node) -> Option<Diagnostic> {
    let text = node.scalar()?;
    let comma = text.chars().find(|c| matches!(c, '、' | '，' | '；'))?;
    let message = say!(
        "{} is one value with `{comma}` in it: nothing is split",
        "{} 是一个值，里面的 `{comma}` 不会拆开",
        quoted(text)
    );
    let help = say!(
        "for one of several write `any: [..]` with an alternative for each",
        "几个里有一个就行的，写 `any: [..]`，每个值一种"
    );
    let lint = Diagnostic::warning(code::FG2166, message).help(help);
    Some(lint.at(&node.span))
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
pub(super) fn claim_path(node: &Node) -> Result<Vec<String>, Diagnostic> {
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
pub(super) fn credential_name(node: &Node, what: Text) -> Result<String, Diagnostic> {
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
