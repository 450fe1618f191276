//! Names that do not exist, values that make no sense, entries that contradict each other.

use super::*;
use crate::policy::diagnostic::Lang;
use crate::policy::{ClaimTest, Covers, ParamRule, Unlisted};

#[test]
fn names_that_do_not_exist_are_answered_with_the_nearest() {
    refuses(
        "id: basic",
        "id: basik",
        &[
            "rules.yaml:15:11: error[FG2001]: there is no class `basik`",
            "mean `basic`?",
        ],
    );
    refuses(
        "    teller: { basic: show }\n",
        "    tellr: { basic: show }\n",
        &["FG2002", "`tellr`", "mean `teller`?"],
    );
    refuses(
        "  customer/list:\n",
        "  customer/lists:\n",
        &["FG2003", "mean `customer/list`?"],
    );
    refuses("cn-phone", "cn-phon", &["FG2004", "mean `cn-phone`?"]);
    refuses(
        "secret: mask }",
        "secret: mask:cn-phones }",
        &["FG2004", "mean `cn-phone`?"],
    );
    refuses(
        "secret: mask }",
        "secret: masked }",
        &["rules.yaml:30:36: error[FG2005]", "mean `mask`?"],
    );
    refuses(
        "secret: mask }",
        "secrets: mask }",
        &["FG2001", "mean `secret`?"],
    );
    refuses(
        "    as: teller",
        "    as: telle",
        &["FG2002", "mean `teller`?"],
    );
}

#[test]
fn n02_unknown_keys_are_refused_everywhere() {
    for (from, to) in [
        ("masks:", "maks:\n  x: 1\nmasks:"),
        ("level: 2,", "level: 2, levle: 3,"),
        ("    envelope:", "    envelop: 1\n    envelope:"),
        ("path: id }", "path: id, pth: x }"),
        ("name: { class: basic,", "name: { class: basic, clas: x,"),
        ("page: { whole: 1..10", "page: { whole: 1..10, wholes: 1"),
        ("acme: { mtls:", "acme: { mlts: x, mtls:"),
        ("do: show,", "do: show, doo: x,"),
        ("at_most: mask,", "at_most: mask, at_least: x,"),
        ("    as: teller\n", "    as: teller\n    az: x\n"),
        ("keep: { first: 2,", "keep: { first: 2, frist: 1,"),
    ] {
        refuses(from, to, &["FG1021", "unknown key", "help:"]);
    }
}

#[test]
fn n06_look_alike_letters_in_names_are_named() {
    let admin = "roles:\n  \u{430}dmin: { mtls: ca, san: x }\n";
    refuses(
        "roles:\n",
        admin,
        &["rules.yaml:25:3: error[FG1025]", "U+0430", "Cyrillic"],
    );
}

#[test]
fn classes() {
    refuses("level: 2,", "level: 0,", &["FG2006", "1 to 100"]);
    refuses("level: 2,", "level: high,", &["FG1020", "`high`"]);
    refuses("sensitive: true", "sensitive: \"true\"", &["FG1020"]);
    refuses(
        "  secret: {",
        "  show: { level: 1 }\n  secret: {",
        &["FG2007", "`show`"],
    );
    assert_eq!(
        loads("{ level: 2, zh: 基本信息 }", "{}").rules.classes[0].level,
        100
    );
}

#[test]
fn routes() {
    let route = "GET /customers: $.items[*]";
    for (to, part) in [
        ("GET customers: $", "begins with `/`"),
        ("GET /customers/: $", "empty segment"),
        ("GET /a/../b: $", "dot segments"),
        ("GET /a/%2e%2E: $", "dot segments"),
        ("GET /客户: $", "write `%E5%AE%A2%E6%88%B7`"),
        ("GET /a%2fb: $", "write `a%2Fb`"),
        ("GET /a%41: $", "write `aA`"),
        ("GET /a%zz: $", "two hexadecimal digits"),
        ("GET /a;b: $", "write `a%3Bb`"),
        ("GET /x{id}: $", "one whole segment"),
        ("GET /x?page=1: $", "query parameters"),
        ("GET /x/{id:hex}: $", "`{id:int}`"),
        ("GET /x/{id}/{id}: $", "stands twice"),
        (
            "FETCH /x: $",
            "begins with GET, HEAD, POST, PUT, PATCH or DELETE",
        ),
        ("GET: $", "a method and a path"),
    ] {
        refuses(route, to, &["FG2010", part, "rules.yaml:12:"]);
    }
    refuses(
        route,
        "GET /other: $..items",
        &["FG3002", "no place of a record"],
    );
    refuses(route, "GET /other: $.items[0:2]", &["FG3002"]);
    refuses(route, "GET /other: $['a','b']", &["FG3002"]);
    refuses(route, "GET /other: $.items[", &["FG3001"]);
}

#[test]
fn n05_routes_that_take_the_same_requests_are_refused() {
    let both = ["this one", "and this one"];
    for second in [
        "GET /customers/{customer}",
        "GET /customers/{id:int}",
        "HEAD /customers/{id}",
    ] {
        let rules = changed("GET /customers: $.items[*]", &format!("{second}: $"))
            .replace("path.id: id", "path.id: id\n      path.customer: id");
        let rules = match second.contains("{customer}") {
            true => rules,
            false => rules.replace("\n      path.customer: id", ""),
        };
        let found = load_rules(&rules).unwrap_err();
        assert_eq!(found.len(), 1, "{}", lines(&found));
        assert_eq!(found[0].code.id, "FG2011");
        assert_eq!(
            found[0]
                .labels
                .iter()
                .map(|label| label.text.get(Lang::En))
                .collect::<Vec<_>>(),
            both
        );
    }
    loads(
        "GET /customers: $.items[*]",
        "GET /customers: $.items[*]\n        GET /customers/top: $",
    );
}

#[test]
fn path_parameters_are_all_mapped() {
    refuses(
        "      path.id: id\n",
        "",
        &["rules.yaml:10:7: error[FG2012]", "`path.id: FIELD`"],
    );
    refuses(
        "path.id: id",
        "path.id: id\n      path.nr: id",
        &["FG2013", "`nr`"],
    );
    refuses("path.id: id", "path.id: nam", &["FG2013", "mean `name`?"]);
}

#[test]
fn parameters() {
    refuses("1..10 }", "10..1 }", &["FG2014", "`10..1`"]);
    refuses("1..10 }", "1-10 }", &["FG2014"]);
    refuses("1..10 }", "01..10 }", &["FG2014"]);
    refuses(
        "{ whole: 1..10 }",
        "{ one_of: [a, a] }",
        &["FG2014", "twice"],
    );
    refuses("{ whole: 1..10 }", "{ one_of: [] }", &["FG2014"]);
    refuses(
        "{ whole: 1..10 }",
        "{ whole: 1..10, one_of: [a] }",
        &["FG2014", "one of"],
    );
    refuses("{ whole: 1..10 }", "{ free: false }", &["FG2014"]);
    for name in [
        "sort", "q", "filter", "fields", "expand", "order_by", "$select",
    ] {
        refuses(
            "page: { whole: 1..10 }",
            &format!("{name}: free"),
            &["FG2015", "reason"],
        );
        loads(
            "page: { whole: 1..10 }",
            &format!("{name}: {{ free: true, reason: names no data }}"),
        );
    }
    let loaded = loads("page: { whole: 1..10 }", "trace: free");
    assert!(matches!(
        loaded.rules.resources[0].params[1].rule,
        ParamRule::Free
    ));
    refuses("page: {", "\"a b\": {", &["FG2013"]);
}

#[test]
fn paths_listed_twice_or_tied_are_refused() {
    refuses("id: basic\n", "id: basic\n      $.id: basic\n", &["FG2020"]);
    refuses(
        "id: basic\n",
        "id: basic\n      $['id']: secret\n",
        &["FG2020"],
    );
    refuses(
        "notes[*].text: secret",
        "notes[*].text: secret\n      notes[0:2].text: basic",
        &["FG2021"],
    );
    refuses(
        "name: {",
        "$.*.x: basic\n      a.*: secret\n      name: {",
        &["FG2021"],
    );
    loads(
        "notes[*].text: secret",
        "notes[*].text: secret\n      notes[0].text: basic",
    );
    loads(
        "notes[*].text: secret",
        "notes[*].text: secret\n      notes[0:2].text: secret",
    );
    loads(
        "notes[*].text: secret",
        "notes[*].text: secret\n      ..text: basic",
    );
    let any_case = changed("    envelope:", "    keys: any-case\n    envelope:")
        .replace("id: basic\n", "id: basic\n      ID: secret\n");
    refuses_rules(&any_case, &["FG2021"]);
}

#[test]
fn catalogue_entries_say_something() {
    refuses(
        "{ class: secret, mask: cn-phone }",
        "{ mask: cn-phone }",
        &["FG2022", "no class"],
    );
    refuses("{ class: secret, mask: cn-phone }", "{}", &["FG2022"]);
    refuses(
        "{ class: secret, mask: cn-phone }",
        "{ class: secret, mask: [] }",
        &["FG2022"],
    );
    refuses(
        "mask: cn-phone }",
        "mask: [cn-phone, cn-phone] }",
        &["FG2022", "twice"],
    );
    refuses(
        "notes[*].text: secret",
        "..x: { names: secret }",
        &["FG2022", "`..`"],
    );
    refuses("notes[*].text: secret", "notes..: secret", &["FG3001"]);
    for path in [
        "notes[-1].text",
        "notes[-2:].text",
        "notes[::-1].text",
        "notes[?@.kind=='x'].text",
        "notes[?@.kind!='x' && !(@.a[0].b<=1 || @.c)].text",
        "$..[?@.secret==true]",
    ] {
        let loaded = loads("notes[*].text:", &format!("{path}:"));
        let fields = &loaded.rules.resources[0].fields;
        let path = crate::path::parse(path).unwrap();
        assert!(fields.iter().any(|field| field.path == path), "{path:?}");
    }
    for (path, code) in [
        ("notes[2:1].text", "FG3003"),
        ("notes[-1:-2].text", "FG3003"),
        ("notes[?length(@.kind)==1].text", "FG3004"),
        ("notes[?@.kind==$.kind].text", "FG3004"),
        ("notes[?@.kind==@.other].text", "FG3004"),
        ("notes[?@.*].text", "FG3004"),
        ("notes[?@.n==0.12345678901234567].text", "FG3004"),
    ] {
        let written = format!("{path}:");
        refuses("notes[*].text:", &written, &[code, "rules.yaml:18:7"]);
    }
    refuses(
        "notes[*].text: secret",
        "notes[0].text: secret\n      notes[-1].text: basic",
        &["FG2021"],
    );
    loads(
        "notes[*].text: secret",
        "notes[?@.a==1].text: secret\n      notes[?@.b==1].text: basic",
    );
    refuses(
        "notes[*].text: secret",
        "n\u{43e}tes: secret",
        &["FG1025", "U+043E", "$['\\u043e']"],
    );
    let loaded = loads(
        "notes[*].text: secret",
        "balances: { names: basic }\n      balances[*]: secret",
    );
    assert!(
        loaded.rules.resources[0]
            .fields
            .iter()
            .any(|field| field.names.is_some() && field.class.is_none())
    );
}

#[test]
fn an_envelope_that_another_route_needs_is_answered_with_a_resource_of_its_own() {
    let at =
        "      GET /customers/{id}: $.data\n      list:\n        GET /customers: $.data.rows[*]\n";
    let before = "      GET /customers/{id}: $\n      list:\n        GET /customers: $.items[*]\n";
    let text = changed(before, at).replace("$.total: show", "$.data.total: show");
    refuses_rules(
        &text,
        &[
            "FG2023",
            "on `GET /customers` it lies outside of the record, where `fields` do not speak",
            "`is: RESOURCE`",
        ],
    );
    refuses(
        "$.total: show",
        "$.items: show",
        &["FG2023", "list it there"],
    );
}

#[test]
fn envelopes_stay_outside_of_records() {
    for path in ["$.items", "$.items[*].id", "$.items[0]", "$.*", "$..total"] {
        refuses(
            "$.total: show",
            &format!("{path}: show"),
            &["FG2023", "GET /customers"],
        );
    }
    refuses(
        "      $.total: show",
        "      $.items.total: show",
        &[
            "FG2023",
            "$.items is where the records are",
            "`$.items.items[*]`",
        ],
    );
    refuses("$.total: show", "$.total: mask", &["FG2001"]);
    refuses("$.total: show", "$.total: { class: basic }", &["FG1020"]);
    loads("$.total: show", "$.total: secret");
}

#[test]
fn the_person_is_one_catalogued_field_and_a_parameter() {
    refuses("person: { field: id,", "person: { field: nr,", &["FG2024"]);
    refuses(
        "person: { field: id,",
        "person: { field: \"phones[*].number\",",
        &["FG2024", "one person"],
    );
    refuses("path: id }", "path: nr }", &["FG2025"]);
    refuses(
        "person: { field: id, path: id }",
        "person: { path: id }",
        &["FG1023", "`field:`"],
    );
}

#[test]
fn words_of_resources() {
    let with = |line: &str| {
        let with = changed("    envelope:", &format!("    {line}\n    envelope:"));
        with.replace("same_as: person", "is: boss")
    };
    refuses_rules(&with("unlisted: hide"), &["FG2009", "`hide`"]);
    refuses_rules(&with("unlisted: show"), &["FG2046", "reason"]);
    refuses_rules(&with("unlisted_reason: x"), &["FG2046"]);
    refuses_rules(
        &with("unlisted: show\n    unlisted_reason: \" \""),
        &["FG2008"],
    );
    refuses_rules(&with("drift: open"), &["FG2009"]);
    refuses_rules(&with("keys: folded"), &["FG2009"]);
    let loaded = load_rules(&with(
        "unlisted: show\n    unlisted_reason: legacy\n    drift: show",
    ))
    .unwrap();
    assert_eq!(
        loaded.rules.resources[0].unlisted,
        Unlisted::Show {
            reason: String::from("legacy")
        }
    );
    assert!(loaded.rules.resources[0].drift_show);
}

#[test]
fn matchers_without_a_value_are_refused() {
    let teller = "{ jwt: staff, claim: roles, has: teller }";
    for (to, part) in [
        ("{ jwt: staff, claim: roles }", "`has`, `is` or `same_as`"),
        ("{ jwt: staff, has: teller }", "`claim`"),
        ("{ claim: roles, has: teller }", "`jwt: ISSUER`"),
        ("{ mtls: ca }", "`san`"),
        ("{ san: x }", "`mtls: AUTHORITY`"),
        ("{ mtls: ca, san: \"*.example\" }", "compared exactly"),
        ("{ jwt: staff, claim: roles, has: a, is: b }", "one of"),
        ("{ jwt: staff, claim: roles, has: \"\" }", "empty"),
        ("{ jwt: staff, claim: a..b, has: x }", "empty name"),
        (
            "{ jwt: staff, claim: roles, same_as: field }",
            "same_as: person",
        ),
        ("{}", "who holds it"),
    ] {
        refuses(teller, to, &["FG2030", part]);
    }
    let loaded = loads(
        teller,
        "{ jwt: staff, claim: [https://x/roles, a.b], is: x }",
    );
    let jwt = loaded.rules.roles[2].matchers[0].jwt.as_ref().unwrap();
    assert_eq!(jwt.claim, ["https://x/roles", "a.b"]);
    assert_eq!(jwt.test, ClaimTest::Is(String::from("x")));
}

#[test]
fn exceptions() {
    refuses(
        "field: customer.name",
        "field: customer.nam",
        &["FG2040", "mean `customer.name`?"],
    );
    refuses(
        "field: customer.name",
        "field: custmer.name",
        &["FG2003", "mean `customer`?"],
    );
    refuses(
        "field: customer.name",
        "field: customer",
        &["FG2040", "`customer.FIELD`"],
    );
    refuses(" reason: agreed,", "", &["FG1023", "`reason:`"]);
    refuses("reason: agreed", "reason: \"\"", &["FG2008", "has to know"]);
    refuses(
        "cn-phone }",
        "phone }",
        &["FG2004", "did you mean `cn-phone`?"],
    );
    refuses(
        "do: show, reason: agreed, until",
        "do: strip, reason: agreed, until",
        &["FG2042"],
    );
    refuses("until: 2027-01-01", "until: soon", &["FG2045", "offset"]);
    refuses(
        "    acme: { basic: mask }\n",
        "",
        &["FG2041", "without a row"],
    );
    let second = "until: 2027-01-01 }\n  - { field: customer.$, role: acme, do: strip, reason: x }";
    refuses("until: 2027-01-01 }", second, &["FG2043"]);
    let loaded = loads(
        "customer.name, role: acme",
        "\"customer.phones[*]\", role: acme",
    );
    assert_eq!(loaded.rules.exceptions[0].fields.len(), 1);
    let loaded = loads("customer.name, role: acme", "customer.phones, role: acme");
    assert_eq!(
        loaded.rules.exceptions[0].fields.len(),
        1,
        "all below a container"
    );
}

#[test]
fn until_is_refused_where_the_end_of_an_exception_would_open_another_row_or_field() {
    let other_row = changed(
        "  customer/list:\n",
        "    acme: { basic: show }\n  customer/list:\n",
    )
    .replace("role: acme, do: show", "role: acme, do: token");
    refuses_rules(&other_row, &["FG2042"]);
    let rules = changed(
        "acme: { basic: mask }",
        "acme: { basic: strip, secret: show }",
    );
    let names = rules
        .replace(
            "      id: basic\n",
            "      id: basic\n      balances: { names: secret }\n",
        )
        .replace(
            "customer.name, role: acme, do: show",
            "customer.balances, role: acme, do: mask",
        );
    refuses_rules(&names, &["FG2042"]);
    let container = rules
        .replace(
            "notes[*].text: secret",
            "notes[*].text: secret\n      notes[*].kind: basic",
        )
        .replace(
            "customer.name, role: acme, do: show",
            "customer.notes, role: acme, do: mask",
        );
    refuses_rules(&container, &["FG2042"]);
}

#[test]
fn ceilings() {
    refuses(
        "field: customer.phones,",
        "field: customer.phone,",
        &["FG2040"],
    );
    refuses("field: customer.phones,", "", &["FG2044"]);
    refuses(
        "field: customer.phones,",
        "level: 3, class: basic,",
        &["FG2044"],
    );
    refuses("to: everyone", "to: [telle]", &["FG2002"]);
    refuses("to: everyone", "to: []", &["FG2044"]);
    refuses("to: everyone", "to: all", &["FG2044"]);
    refuses(", reason: never in clear", "", &["FG1023"]);
    refuses("at_most: mask, ", "", &["FG1023", "`at_most:`"]);
    let loaded = loads(
        "field: customer.phones, to: everyone",
        "level: 4, to: [teller, acme]",
    );
    assert!(matches!(loaded.rules.ceilings[0].covers, Covers::Level(4)));
}

#[test]
fn declared_masks() {
    let form = "{ keep: { first: 2, last: 1 }, char: \"x\" }";
    for to in [
        "{ round: 1000 }",
        "{ bucket: [0, 18, 65] }",
        "{ truncate: 10 }",
        "{ replace: 0 }",
        "{ replace: \"-\" }",
        "{ date: year, format: yyyy-MM-dd }",
        "{ keep: { last: 4 } }",
    ] {
        loads(form, to);
    }
    for to in [
        "{}",
        "{ round: 1000, truncate: 10 }",
        "{ round: x }",
        "{ bucket: [18, 0] }",
        "{ truncate: 0 }",
        "{ round: 10, char: \"#\" }",
        "{ date: year, format: nonsense }",
    ] {
        refuses(form, to, &["FG2050", "rules.yaml:6:"]);
    }
    refuses(form, "{ date: year }", &["FG1023", "`format:`"]);
    refuses(
        "  staff-no: {",
        "  cn-id: { round: 10 }\n  staff-no: {",
        &["FG2007", "built-in"],
    );
}

#[test]
fn tests_of_the_rule_set() {
    let test = "    as: teller\n    call: GET /customers/1\n";
    refuses(
        "    as: teller",
        "    as: self",
        &["FG5001", "tied to a person", "`caller:"],
    );
    refuses(test, "    call: GET /customers/1\n", &["FG5001"]);
    refuses(
        "    expect: { name: 张三 }\n",
        "",
        &["FG5004", "asserts nothing"],
    );
    refuses("GET /customers/1\n", "/customers/1\n", &["FG5005"]);
    refuses(
        "reply: one.json",
        "reply: on.json",
        &["FG5002", "mean `one.json`?"],
    );
    refuses("reply: one.json", "reply: ../one.json", &["FG5002", "`..`"]);
    refuses("reply: one.json", "reply: /etc/passwd", &["FG5002"]);
    refuses("reply: one.json\n", "set: { id: x }\n", &["FG5003"]);
    refuses(
        "reply: one.json\n",
        "reply: one.json\n    set: { a.b.c: x }\n",
        &["FG5003", "`a.b.c`"],
    );
    refuses("expect_status: 200", "expect_status: 20", &["FG2006"]);
    refuses(
        "expect_status: 200",
        "expect_reason: no-rol",
        &["FG5007", "mean `no-role`?"],
    );
    refuses(
        "expect_status: 200",
        "peer: localhost\n    expect_status: 200",
        &["FG5006"],
    );
    refuses(
        "expect_status: 200",
        "headers: { \"a b\": x }\n    expect_status: 200",
        &["FG5006"],
    );
    refuses(
        "expect_status: 200",
        "now: 2026-06-01\n    expect_status: 200",
        &["FG2045"],
    );
    refuses(
        "expect_status: 200",
        "absent: [\"a[\"]\n    expect_status: 200",
        &["FG3001"],
    );
    let set = "reply: one.json\n    set: { id: \"2\", phones[0].number: 7 }\n";
    refuses(
        "reply: one.json\n",
        set,
        &["FG1009", "\"phones[0].number\""],
    );
    let set = "reply: one.json\n    set: { id: \"2\", \"phones[0].number\": 7 }\n";
    let reply = loads("reply: one.json\n", set).rules.tests[0]
        .reply
        .clone()
        .unwrap();
    let reply: serde_json::Value = serde_json::from_slice(&reply).unwrap();
    assert_eq!(reply["id"], "2");
    assert_eq!(reply["phones"][0]["number"], 7);
}

#[test]
fn callers_of_tests() {
    let caller = |text: &str| changed("    as: teller", &format!("    caller: {text}"));
    for text in ["{ claims: { a: 1 } }", "{ mtls: ca }", "{ san: x }"] {
        refuses_rules(&caller(text), &["FG5001", "beside it"]);
    }
    for text in [
        "{}",
        "{ jwt: app }",
        "{ api_key: x }",
        "{ jwt: app, claims: { nr: 1, r: [a] }, mtls: ca, san: x }",
    ] {
        load_rules(&caller(text)).unwrap_or_else(|found| panic!("{}", lines(&found)));
    }
}

#[test]
fn the_version_is_said_once_and_known() {
    refuses(
        "fieldgate: 1\n",
        "",
        &["FG1026", "begin with `fieldgate: 1`"],
    );
    refuses("fieldgate: 1\n", "fieldgate: 2\n", &["FG1026", "version 2"]);
}

#[test]
fn n05_the_same_key_in_two_files_shows_both() {
    let files: [(&str, &[u8]); 2] = [
        ("a.yaml", b"fieldgate: 1\nclasses: { basic: {} }\n"),
        ("b.yaml", b"classes: { basic: {} }\n"),
    ];
    let found = load_texts(&files).unwrap_err();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code.id, "FG1027");
    let places: Vec<String> = found[0]
        .labels
        .iter()
        .map(|label| label.span.place())
        .collect();
    assert_eq!(places, ["b.yaml:1:12", "a.yaml:2:12"]);
}

#[test]
fn an_exception_for_a_container_that_is_spelled_in_two_ways_is_refused() {
    let two_ways = RULES
        .replace(
            "notes[*].text: secret",
            "notes[*].text: secret\n      phones[0].kind: basic",
        )
        .replace(
            "customer.name, role: acme",
            "\"customer.phones[*]\", role: acme",
        );
    let mistakes = load_rules(&two_ways).unwrap_err();
    let said = mistakes
        .iter()
        .map(Diagnostic::line)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        said.contains("FG2048") && said.contains("`phones[0].kind`"),
        "{said}"
    );
}

#[test]
fn unlisted_show_is_refused_where_a_role_may_see_one_person_only() {
    let shown = "    unlisted: show\n    unlisted_reason: a test\n    params:\n";
    let place = "rules.yaml:33:5: error[FG2047]";
    refuses(
        "    params:\n",
        shown,
        &[place, "`self`", "`unlisted: show`"],
    );
    let alone = RULES
        .replace("    self: { basic: show, secret: show }\n", "")
        .replace("    params:\n", shown);
    assert!(load_rules(&alone).is_ok());
}

#[test]
fn unlisted_show_is_refused_where_a_gate_would_not_see_what_leaves() {
    let rules = |at: &str, only: &str, unlisted: &str| {
        format!(
            "fieldgate: 1\nclasses: {{ plain: {{ level: 1 }} }}\n\
             resources:\n  r:\n    at: {{ {at} }}\n    fields: {{ id: plain, branch: plain }}\n{unlisted}\
             roles: {{ some: {{ jwt: i, claim: c, has: x }} }}\n\
             conditions: {{ mine: {{ field: branch, is: A }} }}\n\
             read: {{ r: {{ {only}some: {{ plain: show }} }} }}\n"
        )
    };
    let shown = "    unlisted: show\n    unlisted_reason: a test\n";
    let (list, one) = ("GET /r: \"$.items[*]\"", "GET /r: $");
    let refused = load_rules(&rules(list, "only: [mine], ", shown)).unwrap_err();
    let lines: Vec<String> = refused.iter().map(Diagnostic::line).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("FG2047") && lines[0].contains("`only`"),
        "{lines:?}"
    );
    for (at, only, unlisted) in [
        (one, "only: [mine], ", shown),
        (list, "", shown),
        (list, "only: [mine], ", ""),
    ] {
        assert!(
            load_rules(&rules(at, only, unlisted)).is_ok(),
            "{at} {only}"
        );
    }
}
