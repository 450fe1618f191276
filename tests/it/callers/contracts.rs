//! Contracts, sentence by sentence: which one an exchange runs under, when, and what it leaves of the grid.

use super::{Desk, Request, load, refuses, told};

const ACME: &str = "{ mtls: ca, san: acme }";
const LOYALTY: (&str, &str) = ("Fieldgate-Purpose", "loyalty-points");
const SURVEY: (&str, &str) = ("Fieldgate-Purpose", "survey");

const ROLES: &str = "roles:
  acme: { mtls: ca, san: acme, contract: required }
  staff: { jwt: idp, claim: roles, has: staff }
read:
  customer:
    acme: { basic: show, contact: mask, secret: show }
    staff: { basic: show, contact: show, secret: show }
  customer/list: { acme: { basic: mask } }
";

/// A contract of `acme` for a whole year in Shanghai, with these lines besides.
fn contract(name: &str, year: u16, purpose: &str, more: &str) -> String {
    format!(
        "  {name}:
    role: acme
    purpose: {purpose}
    from: {year}-01-01
    until: {year}-12-31
    zone: Asia/Shanghai
    items: {{ customer: {{ basic: show, contact: show }} }}
{more}"
    )
}

fn rules(contracts: &[String]) -> String {
    format!("{ROLES}contracts:\n{}", contracts.concat())
}

/// The usual contract.
fn year(more: &str) -> String {
    rules(&[contract("HT-2026", 2026, "loyalty-points", more)])
}

fn asked<'a>(headers: &'a [(&'a str, &'a str)]) -> Request<'a> {
    Request {
        headers,
        ..Request::new(ACME, "GET /me")
    }
}

const SEEN: &str = r#"{"id":"1","name":"张三丰","phone":"138****8000"}"#;

/// "A role that says `contract: required` is refused without one in force (`no-contract`); a contract on a role without the
/// word is an error."
#[test]
fn a_role_that_says_contract_required_is_refused_without_one() {
    let desk = Desk::new(ROLES);
    assert_eq!(desk.gives(ACME, "GET /me"), Err("no-contract"));
    let desk = Desk::new(&year(""));
    assert_eq!(desk.answers(&asked(&[LOYALTY])).as_deref(), Ok(SEEN));
    let on_staff = year("").replace("role: acme", "role: staff");
    refuses(&on_staff, &["FG2083", "`staff`", "contract: required"]);
}

/// "`contract: required` is [inherited], and cannot be undone."
#[test]
fn what_extends_a_contract_role_is_one_and_cannot_undo_it() {
    let child = "  child: { mtls: ca, san: child, extends: acme }\n";
    let grandchild = "  grandchild: { mtls: ca, san: grandchild, extends: child }\n";
    let rules = year("").replacen("  staff:", &format!("{child}{grandchild}  staff:"), 1);
    let desk = Desk::new(&rules);
    for san in ["child", "grandchild"] {
        let caller = format!("{{ mtls: ca, san: {san} }}");
        let request = Request {
            caller: &caller,
            ..asked(&[LOYALTY])
        };
        assert_eq!(desk.answers(&request), Err("no-contract"), "{san}");
    }
    for word in ["none", "optional", "\"false\""] {
        let undone = rules.replace("extends: acme", &format!("extends: acme, contract: {word}"));
        refuses(&undone, &["FG2082", "cannot be undone"]);
    }
}

/// "`from`, `until`: whole days in `zone`", and "timed ends are right at the second", also for decisions made before.
#[test]
fn a_contract_runs_for_whole_days_in_its_zone_to_the_second() {
    let desk = Desk::new(&year(""));
    let at = |now: &str| {
        desk.answers(&Request {
            now,
            ..asked(&[LOYALTY])
        })
    };
    for _ in 0..2 {
        assert_eq!(at("2025-12-31T23:59:59+08:00"), Err("contract-not-started"));
        assert!(at("2026-01-01T00:00:00+08:00").is_ok());
        assert!(at("2025-12-31T16:00:00Z").is_ok(), "the same moment");
        assert!(at("2026-12-31T23:59:59+08:00").is_ok());
        assert_eq!(at("2027-01-01T00:00:00+08:00"), Err("contract-expired"));
        assert_eq!(at("2026-12-31T16:00:00Z"), Err("contract-expired"));
    }
    let summer = year("")
        .replace("Asia/Shanghai", "Europe/Berlin")
        .replace("2026-12-31", "2026-07-31");
    let desk = Desk::new(&summer);
    let at = |now: &str| {
        desk.answers(&Request {
            now,
            ..asked(&[LOYALTY])
        })
    };
    assert!(at("2026-07-31T21:59:59Z").is_ok(), "summer time counts");
    assert_eq!(at("2026-07-31T22:00:00Z"), Err("contract-expired"));
}

/// "Refusals in this order: `contract-suspended`, `contract-not-started`, `contract-expired`, `wrong-network`,
/// `wrong-purpose`."
#[test]
fn refusals_come_in_the_order_suspended_not_started_expired_network_purpose() {
    let networks = "    networks: [203.0.113.0/24, 2001:db8::/32]\n";
    let suspended = "    suspended: { since: 2026-05-01, by: dpo, reason: an incident }\n";
    let (open, closed) = (
        Desk::new(&year(networks)),
        Desk::new(&year(&format!("{networks}{suspended}"))),
    );
    let ask = |desk: &Desk, now: &str, peer: &str, headers: &[(&str, &str)]| {
        let request = Request {
            now,
            peer,
            headers,
            ..Request::new(ACME, "GET /me")
        };
        desk.answers(&request).map(|_| ())
    };
    let (before, within, after) = (
        "2025-06-01T00:00:00Z",
        "2026-06-01T00:00:00Z",
        "2027-06-01T00:00:00Z",
    );
    let (here, there) = ("203.0.113.9", "203.0.114.9");
    for now in [before, within, after] {
        for peer in [here, there] {
            for headers in [&[][..], &[LOYALTY]] {
                let reason = ask(&closed, now, peer, headers).unwrap_err();
                assert_eq!(reason, "contract-suspended", "{now} {peer}");
            }
        }
    }
    assert_eq!(ask(&open, before, there, &[]), Err("contract-not-started"));
    assert_eq!(ask(&open, after, there, &[]), Err("contract-expired"));
    assert_eq!(ask(&open, within, there, &[]), Err("wrong-network"));
    assert_eq!(ask(&open, within, here, &[]), Err("wrong-purpose"));
    assert_eq!(ask(&open, within, here, &[SURVEY]), Err("wrong-purpose"));
    assert_eq!(ask(&open, within, here, &[LOYALTY]), Ok(()));
    assert_eq!(ask(&open, within, "2001:db8::9", &[LOYALTY]), Ok(()));
    let mapped = ask(&open, within, "::ffff:203.0.113.9", &[LOYALTY]);
    assert_eq!(mapped, Ok(()), "the same address");
}

/// "`purpose`: the caller sends `Fieldgate-Purpose: ..`": exactly that, once.
#[test]
fn a_purpose_is_compared_exactly_and_declared_once() {
    let desk = Desk::new(&year(""));
    for headers in [
        &[("Fieldgate-Purpose", "Loyalty-points")][..],
        &[("Fieldgate-Purpose", "loyalty-points, survey")],
        &[("Fieldgate-Purpose", "")],
        &[LOYALTY, LOYALTY],
        &[LOYALTY, SURVEY],
    ] {
        let refused = desk.answers(&asked(headers));
        assert_eq!(refused, Err("wrong-purpose"), "{headers:?}");
    }
}

/// "`declare: header`, or `fixed`: no header needed, one contract only".
#[test]
fn a_fixed_purpose_needs_no_header_and_is_the_only_contract() {
    let desk = Desk::new(&year("    declare: fixed\n"));
    assert_eq!(desk.answers(&asked(&[])).as_deref(), Ok(SEEN));
    assert_eq!(desk.answers(&asked(&[LOYALTY])).as_deref(), Ok(SEEN));
    assert_eq!(desk.answers(&asked(&[SURVEY])), Err("wrong-purpose"));
    let two = rules(&[
        contract("A", 2026, "loyalty-points", "    declare: fixed\n"),
        contract("B", 2027, "survey", ""),
    ]);
    refuses(&two, &["FG2090", "`declare: fixed`"]);
}

/// "One exchange runs under exactly one contract: of those of the role, the one whose purpose is declared".
#[test]
fn of_several_contracts_of_a_role_the_one_whose_purpose_is_declared_counts() {
    let survey = contract("B", 2026, "survey", "").replace("contact: show", "contact: strip");
    let two = rules(&[contract("A", 2026, "loyalty-points", ""), survey]);
    let desk = Desk::new(&two);
    assert_eq!(desk.answers(&asked(&[LOYALTY])).as_deref(), Ok(SEEN));
    let less = r#"{"id":"1","name":"张三丰"}"#;
    assert_eq!(desk.answers(&asked(&[SURVEY])).as_deref(), Ok(less));
    assert_eq!(desk.answers(&asked(&[])), Err("wrong-purpose"));
    let ended = two.replacen("2026-12-31", "2026-01-31", 1);
    let desk = Desk::new(&ended);
    assert_eq!(desk.answers(&asked(&[LOYALTY])), Err("contract-expired"));
    assert!(desk.answers(&asked(&[SURVEY])).is_ok());
    assert_eq!(
        desk.answers(&asked(&[])),
        Err("wrong-purpose"),
        "another is in force"
    );
}

/// A contract that goes on where another ended has the same purpose and its own days; two on one day would both count.
#[test]
fn contracts_may_follow_each_other_for_one_purpose_and_not_overlap() {
    let renewed = rules(&[
        contract("A", 2026, "loyalty-points", ""),
        contract("B", 2027, "loyalty-points", "").replace("basic: show", "basic: mask"),
    ]);
    let desk = Desk::new(&renewed);
    let at = |now: &str| {
        desk.answers(&Request {
            now,
            ..asked(&[LOYALTY])
        })
    };
    assert_eq!(at("2026-12-31T23:59:59+08:00").as_deref(), Ok(SEEN));
    assert!(at("2027-01-01T00:00:00+08:00").unwrap().contains("张**"));
    assert_eq!(at("2028-01-01T00:00:00+08:00"), Err("contract-expired"));
    assert_eq!(at("2025-01-01T00:00:00+08:00"), Err("contract-not-started"));
    let overlapping = renewed.replace("2027-01-01", "2026-12-31");
    refuses(
        &overlapping,
        &["FG2090", "the same purpose on the same day"],
    );
}

/// "The outcome is the more closed of the role's (exceptions and ceilings included) and `items`."; "what it does not name is
/// strip".
#[test]
fn the_outcome_is_the_more_closed_of_the_roles_and_the_annex() {
    let given = |items: &str, sections: &str| {
        let rules = year("").replace("basic: show, contact: show }", &format!("{items} }}"));
        Desk::new(&format!("{rules}{sections}"))
            .answers(&asked(&[LOYALTY]))
            .unwrap()
    };
    assert_eq!(given("basic: show", ""), r#"{"id":"1","name":"张三丰"}"#);
    assert_eq!(
        given("basic: mask, contact: show, secret: blank", ""),
        r#"{"id":"***","name":"张**","phone":"138****8000","card":null}"#
    );
    let token = given("basic: strip, contact: show, secret: token", "");
    assert!(token.contains(r#""card":"tok_"#), "{token}");
    assert_eq!(
        given("basic: strip, contact: token", ""),
        r#"{"phone":"138****8000"}"#,
        "a mask is more closed than a token"
    );
    let exception = "exceptions: [{ field: customer.phone, role: acme, do: show, reason: r }]\n";
    assert_eq!(
        given("contact: show", exception),
        r#"{"phone":"13800138000"}"#
    );
    assert_eq!(
        given("contact: mask", exception),
        r#"{"phone":"138****8000"}"#
    );
    let ceiling = "ceilings: [{ class: basic, to: everyone, at_most: mask, reason: r }]\n";
    assert_eq!(
        given("basic: show", ceiling),
        r#"{"id":"***","name":"张**"}"#
    );
}

/// "where two different masks or token keys tie, here, .. or in `items`, the value is `\"***\"` (a bare `mask` there accepts
/// any mask)."
#[test]
fn masks_and_tokens_that_tie_with_the_annex_are_stars() {
    let given = |cell: &str, item: &str| {
        let rules = year("")
            .replace("contact: mask,", &format!("contact: {cell},"))
            .replace(
                "basic: show, contact: show }",
                &format!("contact: {item} }}"),
            );
        Desk::new(&rules).answers(&asked(&[LOYALTY])).unwrap()
    };
    assert_eq!(given("mask", "mask:last4"), r#"{"phone":"***"}"#);
    assert_eq!(given("mask:last4", "mask"), r#"{"phone":"*******8000"}"#);
    assert_eq!(given("token:x", "token:y"), r#"{"phone":"***"}"#);
    assert_eq!(given("token:x", "token:x"), given("show", "token:x"));
    assert_eq!(
        given("token", "token"),
        given("show", "token"),
        "one contract, one key"
    );
}

/// A group of routes the annex does not name is refused before anything is read: not even the envelope leaves.
#[test]
fn a_group_the_annex_does_not_name_has_no_row() {
    let desk = Desk::new(&year(""));
    let list = Request {
        call: "GET /customers",
        ..asked(&[LOYALTY])
    };
    assert_eq!(desk.answers(&list), Err("no-row"));
    let named = year("").replace("items: {", "items: { customer/list: { basic: show },");
    let list = Desk::new(&named).answers(&list).unwrap();
    assert!(
        list.starts_with(r#"{"total":2,"items":[{"id":"***""#),
        "{list}"
    );
}

/// "The key is separated by class, catalogued path and contract"; "a contract may go on with an older one's (`tokens_as:`)".
#[test]
fn pseudonyms_are_the_contracts_own_unless_it_goes_on_with_an_older_ones() {
    let row = ROLES.replace("contact: mask,", "contact: token,");
    let two = |more: &str| {
        let contracts = [
            contract("A", 2026, "loyalty-points", ""),
            contract("B", 2027, "loyalty-points", more),
            contract("C", 2028, "loyalty-points", "    tokens_as: B\n"),
        ];
        Desk::new(&format!("{row}contracts:\n{}", contracts.concat()))
    };
    let at = |desk: &Desk, now: &str| {
        let request = Request {
            now,
            ..asked(&[LOYALTY])
        };
        desk.answers(&request).unwrap()
    };
    let (a, b, c) = (
        "2026-06-01T00:00:00Z",
        "2027-06-01T00:00:00Z",
        "2028-06-01T00:00:00Z",
    );
    let apart = two("");
    assert!(at(&apart, a).contains("tok_"));
    assert_ne!(at(&apart, a), at(&apart, b));
    assert_eq!(at(&apart, b), at(&apart, c));
    let joined = two("    tokens_as: A\n");
    assert_eq!(at(&joined, a), at(&joined, b));
    assert_eq!(at(&joined, a), at(&joined, c), "of the oldest");
    assert_eq!(at(&apart, a), at(&joined, a));

    let with = |more: &str| rules(&[contract("A", 2026, "loyalty-points", more)]);
    refuses(&with("    tokens_as: Z\n"), &["FG2087", "`Z`"]);
    refuses(&with("    tokens_as: A\n"), &["FG2087", "older"]);
    let younger = rules(&[
        contract("A", 2026, "loyalty-points", "    tokens_as: B\n"),
        contract("B", 2027, "loyalty-points", ""),
    ]);
    refuses(&younger, &["FG2087", "`B`"]);
}

/// A role of the same name as a contract has another key.
#[test]
fn no_role_shares_a_contracts_pseudonyms_whatever_it_is_called() {
    let rules = "roles:
  acme: { mtls: ca, san: acme, contract: required }
  HT: { jwt: idp, claim: roles, has: staff }
read: { customer: { acme: { contact: token }, HT: { contact: token } } }
contracts:
  HT: { role: acme, purpose: p, declare: fixed, from: 2026-01-01, until: 2026-12-31, zone: UTC, items: { customer: { contact: token } } }
";
    let desk = Desk::new(rules);
    let partner = desk.gives(ACME, "GET /me").unwrap();
    let staff = desk.gives("{ jwt: idp, claims: { roles: staff } }", "GET /me");
    assert!(partner.contains("tok_"));
    assert_ne!(Ok(partner), staff);
}

/// "**A contract role is never merged**: a caller who holds one holds no other."
#[test]
fn a_contract_role_is_never_merged_and_two_of_them_are_none() {
    let rules = year("").replace(
        "staff: { jwt: idp, claim: roles, has: staff }",
        "staff: { mtls: ca, san: acme }",
    );
    let desk = Desk::new(&rules);
    assert_eq!(
        desk.answers(&asked(&[LOYALTY])).as_deref(),
        Ok(SEEN),
        "not what staff sees"
    );
    assert_eq!(
        desk.answers(&asked(&[])),
        Err("wrong-purpose"),
        "nor staff's way in"
    );
    let two = rules.replace("san: acme }", "san: acme, contract: required }");
    let desk = Desk::new(&two);
    assert_eq!(desk.answers(&asked(&[LOYALTY])), Err("no-role"));
    let test = "tests:\n  - { name: t, as: 'acme, staff', call: GET /me, expect_status: 200 }\n";
    refuses(
        &format!("{}{test}", year("")),
        &["FG5001", "holds no other"],
    );
}

/// "Ceilings (.. `to: everyone | contracts | [roles]`; .. `except: [contracts]` ..)".
#[test]
fn ceilings_bind_contracts_alone_or_everyone_but_them() {
    let with = |to: &str| {
        let ceiling = format!("{{ class: contact, {to}, at_most: strip, reason: r }}");
        let clear = year("").replace("contact: mask,", "contact: show,");
        format!("{clear}ceilings: [{ceiling}]\n")
    };
    let staff = "{ jwt: idp, claims: { roles: staff } }";
    let sees = |to: &str| {
        let desk = Desk::new(&with(to));
        let phone = |body: Result<String, &str>| body.unwrap().contains("phone");
        (
            phone(desk.answers(&asked(&[LOYALTY]))),
            phone(desk.gives(staff, "GET /me")),
        )
    };
    assert_eq!(sees("to: everyone"), (false, false));
    assert_eq!(sees("to: contracts"), (false, true));
    assert_eq!(sees("to: everyone, except: [contracts]"), (true, false));
    assert_eq!(
        sees("to: [acme, staff], except: [contracts]"),
        (true, false)
    );
    for to in [
        "to: contracts, except: [contracts]",
        "to: everyone, except: [acme]",
        "to: everyone, except: []",
        "to: partners",
    ] {
        refuses(&with(to), &["FG2044"]);
    }
}

/// "An unlisted parameter is 400 `unlisted-parameter` (`unlisted_params: pass` needs a reason, never for contract roles)".
#[test]
fn unlisted_parameters_never_pass_for_contract_roles() {
    let passing = format!(
        "    unlisted_params: pass\n    unlisted_params_reason: r\n{}",
        year("")
    );
    let desk = Desk::new(&passing);
    let staff = "{ jwt: idp, claims: { roles: staff } }";
    assert!(desk.gives(staff, "GET /me?x=1").is_ok());
    let partner = Request {
        call: "GET /me?x=1",
        ..asked(&[LOYALTY])
    };
    assert_eq!(desk.answers(&partner), Err("unlisted-parameter"));
}

/// "**`unlisted: show`** .. is refused where a contract role has a row."
#[test]
fn unlisted_show_is_refused_where_a_contract_role_has_a_row() {
    let open = "    unlisted: show\n    unlisted_reason: r\n";
    refuses(&format!("{open}{}", year("")), &["FG2088", "`acme`"]);
    let child = "  child: { mtls: ca, san: child, extends: staff, contract: required }\n";
    let inherited = format!("{open}{ROLES}")
        .replacen("  staff:", &format!("{child}  staff:"), 1)
        .replace(
            "    acme: { basic: show, contact: mask, secret: show }\n",
            "",
        )
        .replace("  customer/list: { acme: { basic: mask } }\n", "");
    refuses(&inherited, &["FG2088", "`child`"]);
}

/// What a contract must say, and what is not built.
#[test]
fn a_contract_says_for_whom_for_what_and_for_how_long() {
    for key in ["role", "purpose", "from", "until", "zone", "items"] {
        let rules = year("");
        let lines: Vec<&str> = rules.lines().collect();
        let start = format!("    {key}: ");
        let at = lines
            .iter()
            .rposition(|line| line.starts_with(&start))
            .unwrap();
        let without = [&lines[..at], &lines[at + 1..]].concat().join("\n") + "\n";
        refuses(&without, &["FG1023", &format!("`{key}:`")]);
    }
    for (from, to, parts) in [
        ("role: acme", "role: acm", ["FG2002", "`acme`"]),
        (
            "purpose: loyalty-points",
            "purpose: 积分",
            ["FG2089", "Fieldgate-Purpose"],
        ),
        ("2026-12-31", "2026-12-32", ["FG2084", "`2026-12-32`"]),
        (
            "2026-12-31",
            "2026-12-31T10:00:00Z",
            ["FG2084", "whole days"],
        ),
        ("2026-12-31", "2025-12-31", ["FG2086", "before it begins"]),
        ("Asia/Shanghai", "Asia/Peking", ["FG2084", "time zone"]),
        (
            "items: { customer",
            "items: { custmer",
            ["FG2003", "`custmer`"],
        ),
        (
            "items: { customer: { basic",
            "items: { customer: { basics",
            ["FG2001", "`basics`"],
        ),
        (
            "    items",
            "    networks: [203.0.113.9/24]\n    items",
            ["FG2085", "`203.0.113.0/24`"],
        ),
        (
            "    items",
            "    networks: []\n    items",
            ["FG2085", "anywhere"],
        ),
        (
            "    items",
            "    declare: query\n    items",
            ["FG2089", "`header`"],
        ),
        (
            "    items",
            "    limits: { calls: 600/min }\n    items",
            ["FG1022", "`limits`"],
        ),
        (
            "    items",
            "    warn_days: -1\n    items",
            ["FG2006", "`warn_days`"],
        ),
        (
            "    items",
            "    partner: { contact: x }\n    items",
            ["FG1023", "`name:`"],
        ),
        (
            "    items",
            "    suspended: { by: x, reason: z }\n    items",
            ["FG1023", "`since:`"],
        ),
        (
            "    items",
            "    suspended: { since: soon, by: x, reason: z }\n    items",
            ["FG2084", "`soon`"],
        ),
        (
            "    items",
            "    colour: red\n    items",
            ["FG1021", "`colour`"],
        ),
    ] {
        refuses(&year("").replacen(from, to, 1), &parts);
    }
    let whole = year(
        "    owner: retail\n    partner: { name: Acme, contact: dpo@acme.example }\n    warn_days: 10\n",
    );
    let contract = &load(&whole).unwrap().rules.contracts[0];
    assert_eq!(contract.owner.as_deref(), Some("retail"));
    assert_eq!(contract.partner.as_ref().unwrap().name, "Acme");
    assert_eq!(contract.warn_days, 10);
}

/// Lints: "`show` of a `sensitive` class to a contract role; a contract role on a list; contract ended or within
/// `warn_days`"; "age is never an error, only a warning".
#[test]
fn lints_warn_of_what_partners_see_and_of_contracts_that_end() {
    let tomorrow = jiff::Zoned::now().date().tomorrow().unwrap();
    let soon = year("    warn_days: 30\n").replace("2026-12-31", &tomorrow.to_string());
    let far = year("").replace("2026-12-31", "2999-12-31");
    let past = year("").replace("2026", "2019");
    for rules in [&soon, &far, &past] {
        assert!(load(rules).is_ok(), "age is never an error");
    }
    assert!(told(&past).contains("FG2126") && told(&past).contains("ended on 2019-12-31"));
    assert!(told(&soon).contains("FG2126") && told(&soon).contains("ends on"));
    assert!(!told(&far).contains("FG2126"), "{}", told(&far));
    let renewed = rules(&[
        contract("A", 2019, "loyalty-points", ""),
        contract("B", 2020, "loyalty-points", "").replace("2020-12-31", "2999-12-31"),
    ]);
    assert!(
        !told(&renewed).contains("FG2126"),
        "another goes on with it"
    );

    assert!(told(&far).contains("FG2125") && told(&far).contains("`customer/list`"));
    assert!(
        !told(&far).contains("FG2124"),
        "the annex strips what the row shows"
    );
    let clear = far.replace("contact: show }", "contact: show, secret: show }");
    assert!(told(&clear).contains("FG2124") && told(&clear).contains("`secret`"));
    assert!(told(ROLES).contains("FG2127"), "no contract");
    let nothing = far.replace("  customer/list: { acme: { basic: mask } }\n", "");
    let nothing = nothing.replace("items: {", "items: { customer/list: { basic: show },");
    assert!(told(&nothing).contains("FG2127"), "{}", told(&nothing));
}
