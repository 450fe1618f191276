//! Parameters that search fields, and `find`.

use super::*;
use crate::policy::{BodyForm, ParamRule, UnlistedParams};

const PAGE: &str = "page: { whole: 1..10 }";

#[test]
fn a_parameter_is_mapped_to_a_field_or_a_list_of_fields() {
    let loaded = loads(PAGE, "phone: phones[*].number\n      who: [id, name]");
    let params = &loaded.rules.resources[0].params;
    let named = params.iter().map(|param| match &param.rule {
        ParamRule::Fields(searched) => searched.named.len(),
        _ => 0,
    });
    assert_eq!(named.collect::<Vec<_>>(), [1, 1, 2]);
    loads("path.id: id", "path.id: [id, name]");
}

#[test]
fn a_parameter_mapped_to_what_is_no_field_is_refused() {
    refuses(PAGE, "phone: phone", &["FG2013", "`phone`"]);
    refuses(
        PAGE,
        "who: [id, nmae]",
        &["FG2013", "`nmae`", "mean `name`"],
    );
    refuses(PAGE, "who: []", &["FG2013", "names none"]);
    refuses(PAGE, "who: [id, $.id]", &["FG2013", "twice"]);
}

#[test]
fn a_parameter_mapped_to_a_net_is_refused() {
    let net = changed("    envelope:", "      $..text: secret\n    envelope:");
    refuses_rules(
        &net.replace(PAGE, "text: $..text"),
        &["FG2130", "`$..text`", "names no field"],
    );
}

#[test]
fn names_may_stand_for_any_listed_field() {
    let loaded = loads(PAGE, "sort: names");
    let ParamRule::Names(names) = &loaded.rules.resources[0].params[1].rule else {
        panic!("not names")
    };
    let names: Vec<&str> = names.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "id",
            "name",
            "notes.text",
            "notes[*].text",
            "phones.number",
            "phones[*].number"
        ]
    );
}

#[test]
fn unlisted_params_pass_needs_its_reason() {
    let passing = "params:\n      path.id: id";
    let with = |more: &str| format!("{more}\n    {passing}");
    refuses(
        passing,
        &with("unlisted_params: pass"),
        &["FG2131", "needs a reason"],
    );
    refuses(
        passing,
        &with("unlisted_params: pass\n    unlisted_params_reason: \" \""),
        &["FG2008"],
    );
    refuses(
        passing,
        &with("unlisted_params_reason: x"),
        &["FG2131", "without"],
    );
    refuses(
        passing,
        &with("unlisted_params: refuse\n    unlisted_params_reason: x"),
        &["FG2131", "without"],
    );
    refuses(
        passing,
        &with("unlisted_params: drop"),
        &["FG2009", "`drop`"],
    );
    let loaded = loads(
        passing,
        &with("unlisted_params: pass\n    unlisted_params_reason: a report tool"),
    );
    let reason = String::from("a report tool");
    let passes = UnlistedParams::Pass { reason };
    assert_eq!(loaded.rules.resources[0].unlisted_params, passes);
    assert!(lines(&loaded.warnings).contains("FG2150"));
}

const FIND: &str = "find:\n  customer: { teller: [path.id] }\nexceptions:";

#[test]
fn find_names_a_role_with_a_row_and_parameters_that_search() {
    let loaded = loads("exceptions:", FIND);
    assert_eq!(loaded.rules.finds.len(), 1);
    let with = |find: &str| format!("find:\n  {find}\nexceptions:");
    for (find, parts) in [
        ("custmer: { teller: [path.id] }", ["FG2003", "`custmer`"]),
        ("customer: { teler: [path.id] }", ["FG2002", "`teler`"]),
        ("customer: { acme: [path.id] }", ["FG2133", "`acme`"]),
        ("customer: { teller: [phone] }", ["FG2132", "`phone`"]),
        (
            "customer: { teller: [page] }",
            ["FG2132", "searches no field"],
        ),
        (
            "customer: { teller: [path.id, path.id] }",
            ["FG2132", "twice"],
        ),
        ("customer: { teller: [] }", ["FG2132", "no parameter"]),
        (
            "customer: { teller: path.id }",
            ["FG1020", "must be a list"],
        ),
        ("customer: [teller]", ["FG1020", "must be a map"]),
    ] {
        refuses("exceptions:", &with(find), &parts);
    }
}

#[test]
fn find_is_never_for_free() {
    let free = changed(PAGE, "trace: free").replace(
        "exceptions:",
        "find:\n  customer: { teller: [trace] }\nexceptions:",
    );
    refuses_rules(&free, &["FG2132", "`trace` searches no field"]);
}

const ROUTE: &str = "        GET /customers: $.items[*]\n";

fn with_route(route: &str) -> String {
    let route = format!("{ROUTE}        POST /customers/search: {route}\n");
    changed(ROUTE, &route)
}

#[test]
fn a_post_that_says_it_reads_is_a_route_and_send_lists_its_leaves() {
    let send = "{ record: '$.items[*]', does: read, body: json, send: { $.q.id: id, 'q.names[*]': [id, name], page: { whole: 1..9 } } }";
    let loaded = load_rules(&with_route(send)).unwrap_or_else(|found| panic!("{}", lines(&found)));
    let group = &loaded.rules.resources[0].groups[1];
    assert!(group.routes[0].send.is_none(), "GET");
    let sent = group.routes[1].send.as_ref().unwrap().iter();
    let names: Vec<String> = sent.map(|rule| rule.param.name.to_string()).collect();
    assert_eq!(names, ["body.page", "body.q.id", "body.q.names[*]"]);
    let none = load_rules(&with_route("{ record: $, does: read }"))
        .unwrap()
        .rules;
    assert!(
        none.resources[0].groups[1].routes[1].send.is_none(),
        "it takes no body"
    );
    let long = loads(
        "GET /customers/{id}: $\n",
        "GET /customers/{id}: { record: $.data, does: read }\n",
    );
    assert_eq!(
        long.rules.resources[0].groups[0].routes[0]
            .at
            .segments
            .len(),
        1
    );
}

#[test]
fn what_is_wrong_with_a_long_form_is_told_at_its_place() {
    for (route, parts) in [
        ("{ does: read }", ["FG1023", "`record:`"]),
        ("{ record: $..items, does: read }", ["FG3002", "no place"]),
        ("{ record: $, does: search }", ["FG2009", "`read`"]),
        ("{ record: $, does: read, body: xml }", ["FG2009", "`json`"]),
        (
            "{ record: $, does: read, sends: {} }",
            ["FG1021", "mean `send`"],
        ),
        (
            "{ record: $, does: read, send: { id: idd } }",
            ["FG2013", "`idd`"],
        ),
        (
            "{ record: $, does: read, send: { $..id: id } }",
            ["FG2137", "no place of a leaf"],
        ),
        (
            "{ record: $, does: read, send: { 'a[0:2]': id } }",
            ["FG2137", "no place of a leaf"],
        ),
        (
            "{ record: $, does: read, send: { id: id, $.id: id } }",
            ["FG2137", "twice"],
        ),
        (
            "{ record: $, does: read, send: { q.sort: free } }",
            ["FG2015", "reason"],
        ),
        ("{ record: $, does: read, send: id }", ["FG1020", "`send`"]),
    ] {
        refuses_rules(&with_route(route), &parts);
    }
    refuses(
        "GET /customers/{id}: $\n",
        "GET /customers/{id}: { record: $, send: { id: id } }\n",
        &["FG2137", "no body"],
    );
    refuses(PAGE, "body.id: id", &["FG2013", "`send`"]);
}

#[test]
fn a_search_by_form_lists_names_alone() {
    let form = |send: &str| {
        with_route(&format!(
            "{{ record: '$.items[*]', does: read, body: form, send: {{ {send} }} }}"
        ))
    };
    let sent = form("id: id, \"$['q.name']\": [id, name], page: { whole: 1..9 }");
    let loaded = load_rules(&sent).unwrap_or_else(|found| panic!("{}", lines(&found)));
    let route = &loaded.rules.resources[0].groups[1].routes[1];
    assert_eq!(route.body, BodyForm::Form);
    assert_eq!(route.send.as_ref().unwrap().len(), 3);
    for path in ["q.name: id", "'ids[*]': id", "$: id", "'[\"a\",\"b\"]': id"] {
        refuses_rules(&form(path), &["FG2137", "rules.yaml:"]);
    }
    refuses_rules(
        &form("q.name: id"),
        &["`q.name` is no name of a form", "$['filter.phone']"],
    );
    refuses_rules(
        &with_route("{ record: $, does: read, body: form }"),
        &["FG2137", "without `send` a search takes no body"],
    );
    let rules = form("id: id");
    let find = rules.replace(
        "exceptions:",
        "find:\n  customer/list: { teller: [body.id] }\nexceptions:",
    );
    assert_eq!(load_rules(&find).unwrap().rules.finds.len(), 1);
}

#[test]
fn find_may_name_a_leaf_of_a_body() {
    let route =
        with_route("{ record: '$.items[*]', does: read, send: { id: id, page: { whole: 1..9 } } }");
    let find = |param: &str| {
        let find = format!("find:\n  customer/list: {{ teller: [{param}] }}\nexceptions:");
        route.replace("exceptions:", &find)
    };
    assert_eq!(load_rules(&find("body.id")).unwrap().rules.finds.len(), 1);
    refuses_rules(&find("body.page"), &["FG2132", "searches no field"]);
    refuses_rules(&find("body.idd"), &["FG2132", "mean `body.id`"]);
}

#[test]
fn written_by_names_roles_and_is_kept() {
    let entry = "name: { class: basic,";
    let with = |writers: &str| format!("name: {{ class: basic, written_by: {writers},");
    let loaded = loads(entry, &with("[self, teller]"));
    let fields = &loaded.rules.resources[0].fields;
    let named = |name: &str| fields.iter().find(|field| field.text == name).unwrap();
    let roles = named("name").written_by.as_ref().unwrap().iter();
    let roles: Vec<&str> = roles
        .map(|role| loaded.rules.roles[role.0].name.as_str())
        .collect();
    assert_eq!(roles, ["self", "teller"]);
    assert_eq!(named("id").written_by, None, "nobody");
    loads(entry, &with("self"));
    refuses(entry, &with("[]"), &["FG2138", "no role"]);
    refuses(entry, &with("[self, self]"), &["FG2138", "twice"]);
    refuses(entry, &with("[selff]"), &["FG2002", "mean `self`"]);
    refuses(
        entry,
        "$..n: { class: basic, written_by: [self] }\n      name: { class: basic,",
        &["FG2138", "`..`"],
    );
    refuses(
        "id: basic",
        "id: basic\n      x: { names: basic, written_by: [self] }",
        &["FG2022", "no class"],
    );
}
