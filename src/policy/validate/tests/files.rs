//! `files:` of a resource: what may pass unread, and for whom it is refused.

use super::{lines, load_rules, refuses_rules};

const RULES: &str = r#"fieldgate: 1
classes:
  basic: { level: 1 }
  secret: { level: 4 }
resources:
  letter:
    at:
      GET /letters/{id}: $
      feed:
        GET /feed: { record: $, format: ndjson }
    fields: { id: basic, text: secret }
    params: { path.id: id }
    files:
      - { media: [application/pdf, image/jpeg], roles: [clerk], owner: archive, reason: they are scanned, until: 2999-12-31 }
roles:
  clerk: { jwt: staff, claim: roles, has: clerk }
  chief: { jwt: staff, claim: roles, has: chief }
  self: { jwt: app, claim: customer_id, same_as: person }
  acme: { mtls: partners, san: "spiffe://acme", contract: required }
conditions:
  new: { field: id, is: "1" }
read:
  letter:
    clerk: { basic: show, secret: strip }
    chief: { basic: show, secret: show, only: [new] }
  letter/feed:
    clerk: { basic: show }
    acme: { basic: show }
contracts:
  HT: { role: acme, purpose: p, owner: o, from: 2026-01-01, until: 2999-12-31, zone: Asia/Shanghai, items: { letter/feed: { basic: show } } }
"#;

fn changed(from: &str, to: &str) -> String {
    assert!(RULES.contains(from), "the rule set has no {from:?}");
    RULES.replacen(from, to, 1)
}

#[test]
fn files_name_types_and_roles_and_who_answers_until_when() {
    let rules = load_rules(RULES)
        .unwrap_or_else(|found| panic!("{}", lines(&found)))
        .rules;
    let [file] = &rules.resources[0].files[..] else {
        panic!("one entry");
    };
    assert_eq!(file.media, ["application/pdf", "image/jpeg"]);
    assert_eq!(
        (file.owner.as_str(), file.reason.as_str()),
        ("archive", "they are scanned")
    );
    assert_eq!(file.place.to_string(), "rules.yaml:14");
    let takes: Vec<bool> = rules.resources[0]
        .groups
        .iter()
        .map(|group| group.routes[0].takes_files())
        .collect();
    assert_eq!(takes, [true, false]);
}

#[test]
fn an_entry_without_one_of_its_parts_is_refused() {
    for (part, key) in [
        ("media: [application/pdf, image/jpeg], ", "`media:`"),
        ("roles: [clerk], ", "`roles:`"),
        ("owner: archive, ", "`owner:`"),
        ("reason: they are scanned, ", "`reason:`"),
        (", until: 2999-12-31", "`until:`"),
    ] {
        refuses_rules(&changed(part, ""), &["FG1023", key]);
    }
    refuses_rules(&changed("owner: archive", "owner: \" \""), &["FG2008"]);
    refuses_rules(
        &changed("until: 2999-12-31 }\nroles", "until: soon }\nroles"),
        &["FG2045"],
    );
    refuses_rules(&changed("roles: [clerk]", "roles: [clark]"), &["FG2002"]);
    refuses_rules(
        &changed("roles: [clerk]", "roles: []"),
        &["FG2205", "names nothing"],
    );
    refuses_rules(
        &changed("roles: [clerk]", "roles: [clerk, clerk]"),
        &["FG2205", "twice"],
    );
    refuses_rules(
        &changed("owner: archive", "owner: archive, to: x"),
        &["FG1021"],
    );
}

#[test]
fn c02_what_is_json_or_runs_in_a_browser_never_passes_unread() {
    for media in [
        "\"*/*\"",
        "\"application/*\"",
        "\"*\"",
        "pdf",
        "Application/PDF",
        "application/",
        "/pdf",
        "application/pdf/x",
        "\"application/pdf; q=1\"",
        "application/json",
        "application/hal+json",
        "text/json",
        "application/x-ndjson",
        "application/jsonl",
        "application/json-seq",
        "application/geo+json-seq",
        "text/event-stream",
        "text/html",
        "application/xhtml+xml",
        "image/svg+xml",
        "application/xml",
        "text/xml",
        "application/rss+xml",
        "text/javascript",
        "application/javascript",
        "application/x-javascript",
        "text/css",
        "application/wasm",
        "multipart/mixed",
        "multipart/byteranges",
        "message/http",
        "application/vnd.old.json",
    ] {
        let rules = changed("[application/pdf, image/jpeg]", &format!("[{media}]"));
        refuses_rules(&rules, &["FG2205"]);
    }
    for media in [
        "text/csv",
        "text/plain",
        "application/octet-stream",
        "application/vnd.ms-excel",
        "application/zip",
    ] {
        let rules = changed("[application/pdf, image/jpeg]", &format!("[{media}]"));
        assert!(load_rules(&rules).is_ok(), "{media}");
    }
}

#[test]
fn whoever_is_judged_by_the_record_is_given_no_file() {
    let given = |role: &str| changed("roles: [clerk]", &format!("roles: [clerk, {role}]"));
    refuses_rules(&given("acme"), &["FG2206", "no contract names files"]);
    refuses_rules(&given("chief"), &["FG2206", "behind a gate"]);
    let person = given("self")
        .replace(
            "    fields: {",
            "    person: { field: id, path: id }\n    fields: {",
        )
        .replace("    chief: {", "    self: { basic: show }\n    chief: {");
    refuses_rules(&person, &["FG2206", "one person's records"]);
    let without = changed("    clerk: { basic: show, secret: strip }\n", "");
    refuses_rules(&without, &["FG2206", "no row"]);
    for ceiling in [
        "{ field: letter.text, to: everyone, at_most: mask, reason: r }",
        "{ class: secret, to: everyone, at_most: mask, reason: r }",
        "{ level: 4, to: [chief], at_most: mask, reason: r }",
        "{ level: 1, to: everyone, except: [contracts], at_most: mask, reason: r }",
    ] {
        let rules = format!("{RULES}ceilings:\n  - {ceiling}\n");
        refuses_rules(&rules, &["FG2206", "the ceiling at rules.yaml"]);
    }
    let rules =
        format!("{RULES}ceilings:\n  - {{ level: 1, to: contracts, at_most: mask, reason: r }}\n");
    assert!(
        load_rules(&rules).is_ok(),
        "who holds a contract role holds no other"
    );
}

#[test]
fn files_where_no_route_could_bring_one_are_refused() {
    for route in [
        "GET /letters/{id}: { record: $, format: sse }",
        "HEAD /letters/{id}: $",
    ] {
        let rules = changed("GET /letters/{id}: $", route);
        refuses_rules(&rules, &["FG2207"]);
    }
}

#[test]
fn files_that_have_ended_or_soon_will_are_told() {
    let day = 24 * 60 * 60;
    let soon = |days: i64| {
        let now = jiff::Timestamp::now().as_second();
        jiff::Timestamp::from_second(now + days * day)
            .unwrap()
            .to_string()
    };
    for (until, part) in [
        ("2020-12-31", "have not passed since 2020-12-31"),
        (&*soon(29), "pass until"),
        (&*soon(31), ""),
        ("2999-12-31", ""),
    ] {
        let rules = RULES.replace(
            "until: 2999-12-31 }\nroles",
            &format!("until: {until} }}\nroles"),
        );
        let loaded = load_rules(&rules).unwrap_or_else(|found| panic!("{}", lines(&found)));
        let told = lines(&loaded.warnings);
        assert_eq!(told.contains("FG2208"), !part.is_empty(), "{told}");
        assert!(told.contains(part), "{told}");
    }
}
