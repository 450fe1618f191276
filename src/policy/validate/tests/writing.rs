//! "Writing" as far as rule files say it: rights, what stands against them when files load, and the tests that prove them.

use super::{Diagnostic, Loaded, lines, load_texts};
use crate::policy::store::{Policy, RouteId};
use crate::policy::{
    BodyForm, Does, FieldId, GroupId, OnForbidden, OnMasked, OnPut, ResourceId, RoleId, RuleSet,
};

/// A rule set with every kind of request that writes.
const RULES: &str = r#"fieldgate: 1
classes:
  basic: { level: 2 }
  contact: { level: 3 }
  origin: { level: 4 }
resources:
  customer:
    at:
      GET /customers/{id}: $
      PATCH /customers/{id}: $
      DELETE /customers/{id}: $
      new:
        POST /customers: $.data
    person: { field: id, path: id }
    fields:
      id: basic
      name: { class: basic, mask: cn-name }
      branch: basic
      phones[*].number: { class: contact, mask: cn-phone }
      email: { class: contact, mask: email }
      birth_date: { class: origin, mask: year-only }
      consent: { class: contact, written_by: [self] }
    params:
      path.id: id
roles:
  teller: { jwt: staff, claim: roles, has: teller }
  manager: { jwt: staff, claim: roles, has: manager }
  self: { jwt: app, claim: customer_id, same_as: person }
read:
  customer:
    teller: { basic: show, contact: mask, origin: mask }
    manager: { basic: show, contact: show, origin: show }
    self: { basic: show, contact: show }
  customer/new:
    manager: { basic: show, contact: show }
create:
  customer/new:
    manager: [basic, contact]
update:
  customer:
    teller: [contact]
    manager: [basic, contact]
    self: [contact]
delete:
  customer: [manager]
tests:
  - { name: nobody, as: teller, call: PATCH /customers/1, body: { branch: x }, expect_refused: [branch] }
"#;

const ONE: &str = r#"{"id":"1","name":"张三"}"#;

fn load(text: &str) -> Result<Loaded, Vec<Diagnostic>> {
    load_texts(&[
        ("rules.yaml", text.as_bytes()),
        ("one.json", ONE.as_bytes()),
    ])
}

#[track_caller]
fn changed(pairs: &[(&str, &str)]) -> String {
    let mut text = RULES.to_owned();
    for (from, to) in pairs {
        assert!(text.contains(from), "the rule set has no {from:?}");
        text = text.replacen(from, to, 1);
    }
    text
}

#[track_caller]
fn loaded(pairs: &[(&str, &str)]) -> Loaded {
    load(&changed(pairs)).unwrap_or_else(|found| panic!("{}", lines(&found)))
}

/// Asserts exactly one mistake, which holds all parts.
#[track_caller]
fn refuses(pairs: &[(&str, &str)], parts: &[&str]) {
    let found = load(&changed(pairs)).expect_err("must not load");
    let shown = lines(&found);
    assert_eq!(found.len(), 1, "one mistake is reported once:\n{shown}");
    for part in parts {
        assert!(shown.contains(part), "{part:?} is missing in:\n{shown}");
    }
}

#[track_caller]
fn notices(pairs: &[(&str, &str)], parts: &[&str]) {
    let shown = lines(&loaded(pairs).warnings);
    for part in parts {
        assert!(shown.contains(part), "{part:?} is missing in:\n{shown}");
    }
}

/// What a role may write of `customer`, by the fields' names.
fn writes(rules: &RuleSet, role: &str, does: Does) -> Vec<String> {
    let role = rules.roles.iter().position(|one| one.name == role).unwrap();
    let customer = &rules.resources[0];
    let place = (ResourceId(0), GroupId(usize::from(does == Does::Create)));
    let fields = customer.fields.iter();
    let may = fields.filter(|field| rules.may_write(place, RoleId(role), does, None, field));
    may.map(|field| field.text.clone()).collect()
}

#[test]
fn rights_are_read_and_deeds_follow_from_methods() {
    let found = loaded(&[]);
    assert_eq!(lines(&found.warnings), "");
    let rules = found.rules;
    let customer = &rules.resources[0];
    let deed = |group: usize, text: &str| {
        let routes = &customer.groups[group].routes;
        let route = routes.iter().find(|route| route.text == text).unwrap();
        (route.does, route.stored)
    };
    let get = Some((GroupId(0), 1));
    assert_eq!(customer.groups[0].routes[1].text, "GET /customers/{id}");
    assert_eq!(deed(0, "GET /customers/{id}"), (Does::Read, None));
    assert_eq!(deed(0, "PATCH /customers/{id}"), (Does::Update, get));
    assert_eq!(deed(0, "DELETE /customers/{id}"), (Does::Delete, get));
    assert_eq!(deed(1, "POST /customers"), (Does::Create, None));
    assert_eq!(
        writes(&rules, "teller", Does::Update),
        ["email", "phones[*].number"]
    );
    assert_eq!(
        writes(&rules, "manager", Does::Update),
        ["branch", "email", "name", "phones[*].number"],
        "nobody writes the person's field"
    );
    assert_eq!(
        writes(&rules, "self", Does::Update),
        ["consent", "email", "phones[*].number"],
        "the one its entry lists writes what decides"
    );
    assert_eq!(writes(&rules, "teller", Does::Create), [""; 0]);
    assert!(rules.rights[&(ResourceId(0), GroupId(0), RoleId(0))].delete);
}

#[test]
fn write_never_is_nobody_whatever_the_class() {
    let email = "email: { class: contact, mask: email }";
    let never = "email: { class: contact, mask: email, write: never }";
    let rules = loaded(&[(email, never)]).rules;
    assert_eq!(writes(&rules, "teller", Does::Update), ["phones[*].number"]);
    refuses(
        &[(email, "email: { class: contact, write: sometimes }")],
        &["FG2009", "`write` cannot be `sometimes`", "`write: never`"],
    );
}

/// "A field that a condition, a filter or `person` reads decides who sees what."
#[test]
fn what_a_condition_or_a_filter_reads_is_written_by_those_its_entry_lists_alone() {
    let gate = (
        "    teller: { basic: show,",
        "    teller: { only: [ours], basic: show,",
    );
    let ours = (
        "tests:\n",
        "conditions: { ours: { field: branch, same_as: claim.branch } }\ntests:\n",
    );
    let rules = loaded(&[gate, ours]).rules;
    assert_eq!(
        writes(&rules, "manager", Does::Update),
        ["email", "name", "phones[*].number"],
        "a gate of another role reads it"
    );
    let rules = loaded(&[
        gate,
        ours,
        (
            "branch: basic",
            "branch: { class: basic, written_by: [manager, teller] }",
        ),
    ])
    .rules;
    assert!(writes(&rules, "manager", Does::Update).contains(&String::from("branch")));
    assert!(
        !writes(&rules, "teller", Does::Update).contains(&String::from("branch")),
        "a writer needs the class in its row all the same"
    );
    let filtered = (
        "      phones[*].number: { class: contact, mask: cn-phone }",
        "      phones[?@.kind=='home'].number: { class: contact, mask: cn-phone }\n      phones[*].kind: contact",
    );
    let rules = loaded(&[filtered]).rules;
    assert_eq!(
        writes(&rules, "teller", Does::Update),
        ["email", "phones[?@.kind=='home'].number"],
        "a filter reads `kind`"
    );
}

#[test]
fn extends_copies_rights_and_the_gate_they_stand_behind() {
    let rules = loaded(&[
        ("  self: { jwt: app", "  clerk: { jwt: staff, claim: roles, has: clerk, extends: manager }\n  self: { jwt: app"),
        ("    manager: { basic: show, contact: show, origin: show }", "    manager: { only: [ours], basic: show, contact: show, origin: show }"),
        ("    self: [contact]", "    self: [contact]\n    clerk: [origin]"),
        ("tests:\n", "conditions: { ours: { field: branch, same_as: claim.branch } }\ntests:\n"),
    ])
    .rules;
    assert_eq!(
        writes(&rules, "clerk", Does::Update),
        ["birth_date", "email", "name", "phones[*].number"],
        "classes it does not name itself are copied"
    );
    let clerk = rules
        .roles
        .iter()
        .position(|role| role.name == "clerk")
        .unwrap();
    let rights = &rules.rights[&(ResourceId(0), GroupId(0), RoleId(clerk))];
    assert!(rights.delete);
    assert_eq!(rights.only.len(), 1, "behind the manager's gate");
}

#[test]
fn names_in_rights_exist_and_stand_there_once() {
    refuses(
        &[("    teller: [contact]", "    tellr: [contact]")],
        &["FG2002", "`teller`"],
    );
    refuses(
        &[("    teller: [contact]", "    teller: [contct]")],
        &["FG2001", "`contact`"],
    );
    refuses(
        &[("update:\n  customer:", "update:\n  custmer:")],
        &["FG2003"],
    );
    refuses(
        &[("  customer: [manager]", "  customer: [boss]")],
        &["FG2002"],
    );
    refuses(
        &[("    teller: [contact]", "    teller: [contact, contact]")],
        &["FG2180", "`contact` is named twice"],
    );
    refuses(
        &[("  customer: [manager]", "  customer: []")],
        &["FG2180", "names nothing"],
    );
    refuses(
        &[("    self: [contact]", "    self: []")],
        &["FG2180", "names nothing"],
    );
    refuses(&[("    self: [contact]", "    self: contact")], &["list"]);
}

/// "Where a gate or `same_as: person` applies, [...] a resource without that GET does not load."
#[test]
fn what_could_not_be_judged_before_it_is_changed_does_not_load() {
    let no_get = (
        "      GET /customers/{id}: $\n",
        "      GET /people/{id}: $\n",
    );
    let found = load(&changed(&[no_get])).unwrap_err();
    assert!(
        lines(&found).contains(
            "only the person's own record is for `self`, so `PATCH /customers/{id}` needs a `GET`"
        ),
        "{}",
        lines(&found)
    );
    assert_eq!(found[0].code.id, "FG2181");
    // Nobody deletes but the manager, whose row has no gate.
    assert_eq!(found.len(), 1, "{}", lines(&found));
    let no_self = ("    self: [contact]\n", "");
    loaded(&[no_get, no_self, ("written_by: [self]", "zh: 同意")]);
    refuses(
        &[
            no_get,
            no_self,
            ("    teller: { basic", "    teller: { only: [ours], basic"),
            (
                "tests:\n",
                "conditions: { ours: { field: branch, is: x } }\ntests:\n",
            ),
        ],
        &["FG2181", "`teller`", "gate"],
    );
    // What the call itself answers needs no record.
    loaded(&[
        no_get,
        no_self,
        ("    teller: { basic", "    teller: { only: [ours], basic"),
        (
            "tests:\n",
            "conditions: { ours: { network: [10.0.0.0/8] } }\ntests:\n",
        ),
    ]);
    // A list of records is no stored record.
    refuses(
        &[(
            "      GET /customers/{id}: $\n",
            "      GET /customers/{id}: $[*]\n",
        )],
        &["FG2181"],
    );
    // A resource's gate binds rights without a row too.
    refuses(
        &[
            no_get,
            no_self,
            (
                "    teller: { basic: show, contact: mask, origin: mask }\n",
                "",
            ),
            ("    person: {", "    only: [ours]\n    person: {"),
            ("delete:\n  customer: [manager]\n", ""),
            (
                "update:\n  customer:\n    teller: [contact]\n    manager: [basic, contact]\n",
                "update:\n  customer:\n    teller: [contact]\n",
            ),
            (
                "tests:\n",
                "conditions: { ours: { field: branch, is: x } }\ntests:\n",
            ),
        ],
        &["FG2181", "`teller`"],
    );
}

/// What several documents hold are several records, whatever the place says.
#[test]
fn a_stored_record_is_never_read_from_several_documents() {
    let stream =
        |format: &str| format!("      GET /customers/{{id}}: {{ record: $, format: {format} }}\n");
    for format in ["ndjson", "json-seq", "sse"] {
        let streams = stream(format);
        let get = ("      GET /customers/{id}: $\n", streams.as_str());
        refuses(
            &[get],
            &[
                "FG2188",
                "`PATCH /customers/{id}`",
                "`GET /customers/{id}`",
                format,
            ],
        );
        // Where nothing has to be judged, nothing is read.
        loaded(&[
            get,
            ("    self: [contact]\n", ""),
            ("written_by: [self]", "zh: 同意"),
        ]);
    }
    let streams = stream("ndjson");
    refuses(
        &[
            ("      GET /customers/{id}: $\n", streams.as_str()),
            ("      new:\n", "      PUT /customers/{id}: $\n      new:\n"),
            ("    params:", "    on_put: merge-hidden\n    params:"),
            ("    self: [contact]\n", ""),
            ("written_by: [self]", "zh: 同意"),
        ],
        &["FG2188", "`PUT /customers/{id}`"],
    );
}

#[test]
fn a_put_that_creates_judges_nothing_and_one_that_merges_reads_first() {
    let put = |form: &str| format!("      PUT /customers/{{id}}: {form}\n      new:\n");
    refuses(
        &[
            ("      new:\n", &put("{ record: $, does: create }")),
            ("create:\n", "create:\n  customer:\n    self: [contact]\n"),
        ],
        &["FG2181", "may change a record that is there"],
    );
    loaded(&[
        ("      new:\n", &put("$")),
        ("    params:", "    on_put: complete\n    params:"),
    ]);
    refuses(
        &[
            ("      new:\n", "      PUT /people/{id}: $\n      new:\n"),
            ("    params:", "    on_put: merge-hidden\n    params:"),
            ("    self: [contact]\n", ""),
        ],
        &["FG2181", "`on_put: merge-hidden` needs the stored record"],
    );
}

/// "A role that reads a field under a mask without such a form cannot write it."
#[test]
fn what_is_read_under_a_mask_without_a_form_is_not_written() {
    let origin = ("    teller: [contact]", "    teller: [contact, origin]");
    refuses(
        &[origin],
        &["FG2183", "`teller` reads `birth_date` as `year-only`"],
    );
    loaded(&[(
        "    manager: [basic, contact]\n    self",
        "    manager: [basic, contact, origin]\n    self",
    )]);
    loaded(&[
        origin,
        ("mask: year-only", "mask: [year-only, last4]"),
        (
            "contact: mask, origin: mask",
            "contact: mask, origin: mask:last4",
        ),
    ]);
    loaded(&[
        origin,
        ("mask: year-only }", "mask: year-only, write: never }"),
    ]);
    // Whichever way the cell may turn out.
    refuses(
        &[
            origin,
            (
                "contact: mask, origin: mask",
                "contact: mask, origin: show if ours else mask",
            ),
            (
                "tests:\n",
                "conditions: { ours: { network: [10.0.0.0/8] } }\ntests:\n",
            ),
        ],
        &["FG2183"],
    );
    // What a ceiling leaves is what is read.
    refuses(
        &[
            (
                "    manager: [basic, contact]\n    self",
                "    manager: [basic, contact, origin]\n    self",
            ),
            (
                "tests:\n",
                "ceilings:\n  - { class: origin, to: everyone, at_most: mask, reason: x }\ntests:\n",
            ),
        ],
        &["FG2183", "`manager` reads `birth_date`"],
    );
}

#[test]
fn the_keys_of_a_resource_that_writes_are_words_of_closed_lists() {
    let with = |line: &str| format!("    {line}\n    params:");
    let keyed = |line: &str| loaded(&[("    params:", &with(line))]).rules.resources[0].clone();
    assert_eq!(
        keyed("on_forbidden: strip").writing.on_forbidden,
        OnForbidden::Strip
    );
    assert_eq!(keyed("on_put: complete").writing.on_put, OnPut::Complete);
    assert_eq!(
        keyed("on_put: merge-hidden").writing.on_put,
        OnPut::MergeHidden
    );
    assert_eq!(keyed("on_masked: keep").writing.on_masked, OnMasked::Keep);
    assert_eq!(
        keyed("errors: [code, \"details[*].field\"]").errors.len(),
        2
    );
    for key in ["on_forbidden", "on_put", "on_masked"] {
        let line = with(&format!("{key}: never"));
        refuses(&[("    params:", &line)], &["FG2009", key]);
    }
    for list in ["[]", "[code, code]", "[\"$..code\"]"] {
        let line = with(&format!("errors: {list}"));
        refuses(&[("    params:", &line)], &["FG2187"]);
    }
}

#[test]
fn a_route_does_what_its_method_does_or_says_what() {
    let patch = "      PATCH /customers/{id}: $\n";
    let as_form = |form: &str| format!("{patch}      POST /customers/{{id}}/close: {form}\n");
    let route = |form: &str| {
        let rules = loaded(&[
            (patch, &as_form(form)),
            ("    self: [contact]\n", ""),
            ("written_by: [self]", "zh: 同意"),
        ])
        .rules;
        let routes = &rules.resources[0].groups[0].routes;
        let close = routes.iter().find(|route| route.text.ends_with("/close"));
        close.unwrap().clone()
    };
    assert_eq!(route("$").does, Does::Create);
    assert_eq!(route("{ record: $, does: update }").does, Does::Update);
    assert_eq!(route("{ record: $, does: delete }").does, Does::Delete);
    assert_eq!(route("{ record: $, does: read }").does, Does::Read);
    let form = route("{ record: $, body: form }");
    assert_eq!((form.does, form.body), (Does::Create, BodyForm::Form));
    for (route, does) in [
        ("PATCH", "read"),
        ("PATCH", "delete"),
        ("DELETE", "update"),
        ("GET", "update"),
    ] {
        let line = format!("      {route} /people: {{ record: $, does: {does} }}\n{patch}");
        refuses(&[(patch, &line)], &["FG2184", does]);
    }
    let deleted = format!("      DELETE /people: {{ record: $, body: json }}\n{patch}");
    refuses(&[(patch, &deleted)], &["FG2137", "no body"]);
    let sent = format!("      POST /people: {{ record: $, send: {{ a: email }} }}\n{patch}");
    refuses(
        &[(patch, &sent)],
        &["FG2137", "`send` is of searches", "does: read"],
    );
    for at in ["$[*]", "$.items[*]", "$[0]"] {
        let several = format!("      POST /people: \"{at}\"\n{patch}");
        refuses(&[(patch, &several)], &["FG2186"]);
    }
}

/// "Parameters belong to GET and HEAD and reading routes; on others each must be listed for its method."
#[test]
fn a_parameter_of_a_route_that_writes_is_listed_for_its_method() {
    let with = |rule: &str| format!("    params:\n      notify: {rule}");
    let param = |rule: &str| {
        let rules = loaded(&[("    params:", &with(rule))]).rules;
        let customer = rules.resources.into_iter().next().unwrap();
        let notify = customer
            .params
            .iter()
            .find(|one| one.name.to_string() == "notify");
        let routes = customer.groups[0].routes.iter();
        let for_it = routes.filter(|route| notify.unwrap().is_for(route));
        let methods: Vec<String> = for_it.map(|route| route.method.to_string()).collect();
        methods.join(" ")
    };
    assert_eq!(param("free"), "GET");
    assert_eq!(param("{ free: true }"), "GET");
    assert_eq!(param("{ free: true, methods: [PATCH] }"), "PATCH");
    assert_eq!(
        param("{ field: email, methods: [DELETE, GET] }"),
        "DELETE GET"
    );
    assert_eq!(
        param("{ fields: [email, name], methods: [PATCH] }"),
        "PATCH"
    );
    assert_eq!(param("{ names: true, methods: [PATCH] }"), "PATCH");
    for on in ["[]", "[PUT]", "[PATCH, PATCH]"] {
        let rule = with(&format!("{{ free: true, methods: {on} }}"));
        refuses(&[("    params:", &rule)], &["FG2185"]);
    }
    refuses(
        &[("path.id: id", "path.id: { field: id, methods: [PATCH] }")],
        &["FG2185", "parameters of the query"],
    );
    refuses(
        &[("    params:", &with("{ names: false }"))],
        &["FG2014", "`names: false`"],
    );
}

#[test]
fn what_is_probably_not_meant_is_noticed() {
    notices(
        &[("      DELETE /customers/{id}: $\n", "")],
        &["FG2190", "no route of `customer` does `delete`"],
    );
    notices(
        &[("delete:\n  customer: [manager]\n", "")],
        &["FG2191", "no role may delete by `DELETE /customers/{id}`"],
    );
    notices(
        &[("    params:", "    on_put: complete\n    params:")],
        &["FG2192", "`on_put`"],
    );
    notices(
        &[(
            "    teller: { basic: show, contact: mask,",
            "    teller: { basic: show,",
        )],
        &[
            "FG2193",
            "`teller` may update `email`, and does not read it",
        ],
    );
    // A role that only writes is no role without a row.
    let text = changed(&[(
        "    teller: { basic: show, contact: mask, origin: mask }\n",
        "",
    )]);
    assert!(!lines(&load(&text).unwrap().warnings).contains("FG2103"));
}

#[test]
fn a_test_says_what_it_sends_what_is_stored_and_which_names_are_refused() {
    let test = |more: &str| {
        let line =
            format!("tests:\n  - name: x\n    as: teller\n    call: PATCH /customers/1\n{more}");
        let at = RULES.find("tests:\n").unwrap();
        load(&format!("{}{line}", &RULES[..at]))
    };
    let read = |more: &str| {
        test(more)
            .unwrap_or_else(|found| panic!("{}", lines(&found)))
            .rules
            .tests[0]
            .clone()
    };
    let one = read(
        "    body: [{ op: add, path: /email, value: x }]\n    body_type: application/json-patch+json\n    stored: one.json\n    stored_etag: '\"v1\"'\n    expect_status: 200\n",
    );
    assert_eq!(
        one.body.as_deref(),
        Some(br#"[{"op":"add","path":"/email","value":"x"}]"#.as_slice())
    );
    assert_eq!(one.body_type, "application/json-patch+json");
    assert_eq!(one.stored.as_deref(), Some(ONE.as_bytes()));
    assert_eq!(one.stored_etag.as_deref(), Some("\"v1\""));
    let form = read(
        "    body: email=a%40b&x=1\n    body_type: application/x-www-form-urlencoded\n    expect_refused: [x, \"accounts[*].balance\"]\n",
    );
    assert_eq!(form.body.as_deref(), Some(b"email=a%40b&x=1".as_slice()));
    assert_eq!(form.expect_refused.unwrap(), ["x", "accounts[*].balance"]);
    let json = read("    body: plain\n    expect_status: 400\n");
    assert_eq!(
        (json.body.as_deref(), json.body_type.as_str()),
        (Some(b"\"plain\"".as_slice()), "application/json")
    );
    for (more, code) in [
        (
            "    body_type: text/plain\n    expect_status: 200\n",
            "FG5060",
        ),
        (
            "    body: x\n    body_type: plain\n    expect_status: 200\n",
            "FG5060",
        ),
        (
            "    stored_etag: '\"v1\"'\n    expect_status: 200\n",
            "FG5061",
        ),
        (
            "    stored: one.json\n    stored_etag: v1\n    expect_status: 200\n",
            "FG5061",
        ),
        ("    expect_refused: []\n", "FG5062"),
        ("    expect_refused: [x, x]\n", "FG5062"),
        ("    stored: two.json\n    expect_status: 200\n", "FG5002"),
    ] {
        let found = test(more).unwrap_err();
        assert_eq!(
            found.iter().map(|one| one.code.id).collect::<Vec<_>>(),
            [code],
            "{}",
            lines(&found)
        );
    }
}

/// What whoever holds these roles may write of `customer` by PATCH, as the store compiles it.
fn compiled(rules: RuleSet, roles: &[&str]) -> std::sync::Arc<crate::policy::store::Compiled> {
    let held: Vec<RoleId> = roles
        .iter()
        .map(|name| {
            RoleId(
                rules
                    .roles
                    .iter()
                    .position(|one| one.name == *name)
                    .unwrap(),
            )
        })
        .collect();
    let routes = &rules.resources[0].groups[0].routes;
    let route = routes
        .iter()
        .position(|route| route.does == Does::Update)
        .unwrap();
    let policy = Policy::new(1, rules, crate::mask::token::TokenMaster::test_key());
    let route = RouteId {
        resource: ResourceId(0),
        group: GroupId(0),
        route,
    };
    policy
        .plan_under(route, held.as_slice().into(), 0, &[])
        .unwrap()
}

#[test]
fn rights_of_several_roles_add_up_and_count_behind_their_own_gates() {
    let names = |writable: &crate::policy::store::Writable| -> Vec<String> {
        let fields = writable.fields.iter().filter(|field| field.may_write);
        fields.map(|field| field.text.to_string()).collect()
    };
    let plain = compiled(loaded(&[]).rules, &["manager", "teller"]);
    let write = plain.write.as_ref().unwrap();
    assert!(!write.must_judge && write.cases.is_none());
    assert_eq!(
        names(&write.open),
        ["branch", "email", "name", "phones[*].number"]
    );
    let gated = loaded(&[
        (
            "    manager: { basic: show, contact: show, origin",
            "    manager: { only: [ours], basic: show, contact: show, origin",
        ),
        (
            "tests:\n",
            "conditions: { ours: { field: branch, is: x } }\ntests:\n",
        ),
    ]);
    let gated = compiled(gated.rules, &["manager", "teller"]);
    let write = gated.write.as_ref().unwrap();
    assert!(write.must_judge);
    assert_eq!(
        names(&write.open),
        ["email", "name", "phones[*].number"],
        "at most"
    );
    let without = write.under(&[]).unwrap();
    assert_eq!(
        names(&without),
        ["email", "phones[*].number"],
        "unknown is closed"
    );
    let judge = crate::policy::plan::judge::Judge::new(
        std::sync::Arc::clone(write.cases.as_ref().unwrap()),
        0,
        |_| None,
    );
    let of = |record: &str| names(&write.under(&judge.truths(Some(record))).unwrap());
    assert_eq!(
        of(r#"{"branch":"x"}"#),
        ["email", "name", "phones[*].number"]
    );
    assert_eq!(of(r#"{"branch":"y"}"#), ["email", "phones[*].number"]);
    let own = compiled(loaded(&[]).rules, &["self"]);
    let write = own.write.as_ref().unwrap();
    assert!(write.must_judge && write.stored.is_some());
    assert_eq!(
        write.person,
        Some(FieldId(4)),
        "`id`, in the order of the names"
    );
}

#[test]
fn a_form_of_a_mask_is_known_by_everybody_who_may_write_the_field() {
    let seen_clear = compiled(loaded(&[]).rules, &["manager"]);
    let write = seen_clear.write.as_ref().unwrap();
    let field = |name: &str| {
        write
            .open
            .fields
            .iter()
            .find(|field| &*field.text == name)
            .unwrap()
    };
    let phone = field("phones[*].number");
    assert!(phone.shown && phone.may_write);
    assert!(phone.is_veil("138****8000") && phone.is_veil("***"));
    assert!(phone.is_veil("tok_abcdefghijklmnopqrstuvwxyz"));
    assert!(!phone.is_veil("13800138000"));
    assert!(!field("branch").is_veil("***"), "nobody sees it masked");
}

#[test]
fn a_table_of_fields_says_what_nobody_writes() {
    let head = "fieldgate: 1\nclasses: { basic: { level: 1 } }\nroles: { a: { api_key: k } }\nread: { r: { a: { basic: show } } }\nupdate: { r: { a: [basic] } }\n";
    let rules = format!(
        "{head}resources: {{ r: {{ at: {{ GET /r: $, PATCH /r: $ }}, dictionary: fields.csv }} }}\n"
    );
    let load = |table: &str| {
        load_texts(&[
            ("rules.yaml", rules.as_bytes()),
            ("fields.csv", table.as_bytes()),
        ])
    };
    for table in [
        "path,class,write\nid,basic,\nx,basic,never\n",
        "路径,类别,写入\nid,basic,\nx,basic,禁止\n",
    ] {
        let found = load(table).unwrap_or_else(|found| panic!("{}", lines(&found)));
        let never: Vec<bool> = found.rules.resources[0]
            .fields
            .iter()
            .map(|field| field.write_never)
            .collect();
        assert_eq!(never, [false, true], "{table}");
    }
    let found = load("path,class,write\nid,basic,no\n").unwrap_err();
    assert_eq!(found[0].code.id, "FG2009", "{}", lines(&found));
}

/// W5: whether a stored record is the caller's own was never asked where the path named nobody's field.
#[test]
fn a_path_that_says_whose_record_is_written_is_mapped_to_the_person_s_field() {
    for rule in ["free", "{ one_of: [\"1\", \"2\"] }", "name"] {
        refuses(
            &[("path.id: id", &format!("path.id: {rule}"))],
            &[
                "FG2182",
                "`path.id` says whose record `self` writes",
                "`id`",
            ],
        );
    }
    loaded(&[("path.id: id", "path.id: [id, name]")]);
    // Where nobody writes as the person, it is a parameter like any other.
    loaded(&[
        ("path.id: id", "path.id: free"),
        ("    self: [contact]\n", ""),
        ("written_by: [self]", "zh: 同意"),
    ]);
}

/// W7: whoever tries values in a path must see what it searches, or may write it.
#[test]
fn a_path_parameter_of_a_route_that_writes_is_no_way_to_try_hidden_values() {
    use crate::policy::store::Opening;
    let by_mail = |teller: &str| {
        let rules = loaded(&[
            (
                "      DELETE /customers/{id}: $\n",
                "      DELETE /customers/{id}: $\n      DELETE /by-born/{born}: $\n      PATCH /by-mail/{mail}: $\n      GET /by-mail/{mail}: $\n",
            ),
            (
                "      path.id: id\n",
                "      path.id: id\n      path.mail: email\n      path.born: birth_date\n",
            ),
            ("customer: [manager]", "customer: [manager, teller]"),
            ("    teller: [contact]\n", teller),
        ])
        .rules;
        let role = RoleId(
            rules
                .roles
                .iter()
                .position(|one| one.name == "teller")
                .unwrap(),
        );
        let routes = rules.resources[0].groups[0].routes.clone();
        let policy = Policy::new(1, rules, crate::mask::token::TokenMaster::test_key());
        move |text: &str, param: &str| {
            let route = RouteId {
                resource: ResourceId(0),
                group: GroupId(0),
                route: routes.iter().position(|one| one.text == text).unwrap(),
            };
            let plan = policy.plan_under(route, [role].as_slice().into(), 0, &[]);
            let plan = plan.unwrap();
            let uses = plan.params.iter().find(|one| &*one.text == param);
            uses.unwrap().open
        }
    };
    let open = by_mail("    teller: [contact]\n");
    assert_eq!(
        open("PATCH /by-mail/{mail}", "path.mail"),
        Opening::Open,
        "it may write it"
    );
    assert_eq!(
        open("PATCH /customers/{id}", "path.id"),
        Opening::Open,
        "it names the person"
    );
    assert_eq!(
        open("DELETE /by-born/{born}", "path.born"),
        Opening::Unwritable,
        "it sees the year alone"
    );
    let open = by_mail("    teller: [basic]\n");
    assert_eq!(
        open("PATCH /by-mail/{mail}", "path.mail"),
        Opening::Unwritable
    );
    assert_eq!(open("GET /by-mail/{mail}", "path.mail"), Opening::Closed);
}
