//! What a parameter that names fields asks of the caller.

use super::*;

const RULES: &str = "fieldgate: 1
classes: { basic: { level: 1 }, contact: { level: 3 }, secret: { level: 4 } }
resources:
  customer:
    at:
      'GET /customers/{id}': $
      list: { 'GET /customers': '$.items[*]' }
    person: { field: id, path: id }
    fields:
      id: basic
      name: basic
      phones[*].number: contact
      email: contact
      card: secret
      attributes[*]: basic
      attributes.pin: secret
      balances: { class: basic, whole: true, names: secret }
      open: { class: basic, whole: true }
    params:
      path.id: [id, name]
      name: name
      contact: [email, 'phones[*].number']
      card: card
      mixed: [name, card]
      attribute: 'attributes[*]'
      balance: balances
      opened: open
      sort: names
      page: { whole: 1..9 }
      order: { one_of: [asc, desc] }
      trace: free
roles:
  teller: { jwt: staff, claim: roles, has: teller }
  clerk: { jwt: staff, claim: roles, has: clerk }
  manager: { jwt: staff, claim: roles, has: manager }
  self: { jwt: app, claim: sub, same_as: person }
read:
  customer:
    teller: { basic: show }
    self: { contact: show }
  customer/list:
    teller: { basic: show, contact: mask }
    clerk: { basic: show, contact: token }
    manager: { basic: show, contact: show, secret: show }
find:
  customer/list: { teller: [contact, card] }
";

struct Asked {
    rules: RuleSet,
}

impl Asked {
    fn under(text: &str) -> Asked {
        Asked {
            rules: loaded(text),
        }
    }

    fn policy(&self) -> Policy {
        policy(&self.rules)
    }

    /// The mapped parameters, those found by with a `?`; or why not.
    fn by(&self, roles: &[&str], target: &str) -> Result<Vec<String>, Reason> {
        let policy = self.policy();
        let id = |name: &&str| {
            let all = self.rules.roles.iter();
            RoleId(all.clone().position(|role| role.name == *name).unwrap())
        };
        let roles = roles.iter().map(id).collect();
        match decide_as(&policy, roles, &matched(&policy, target), at(0)) {
            Decision::Allow(permit) => Ok(permit
                .mapped()
                .iter()
                .map(|mapped| format!("{}{}", mapped.name, if mapped.find { "?" } else { "" }))
                .collect()),
            Decision::Deny(denial) => Err(denial.reason),
        }
    }

    fn list(&self, role: &str, query: &str) -> Result<Vec<String>, Reason> {
        self.by(&[role], &format!("/customers?{query}"))
    }
}

fn asked() -> Asked {
    Asked::under(RULES)
}

fn some(names: &[&str]) -> Result<Vec<String>, Reason> {
    Ok(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn a_parameter_mapped_to_a_field_is_a_reading_of_it() {
    let asked = asked();
    assert_eq!(asked.list("teller", "name=x"), some(&["name"]));
    assert_eq!(asked.list("clerk", "card=1"), Err(Reason::FilterOnHidden));
    assert_eq!(asked.list("manager", "card=1"), some(&["card"]));
}

#[test]
fn of_a_list_of_fields_each_must_be_shown() {
    let asked = asked();
    assert_eq!(asked.list("clerk", "mixed=x"), Err(Reason::FilterOnHidden));
    assert_eq!(
        asked.list("clerk", "contact=x"),
        Err(Reason::FilterOnHidden)
    );
    assert_eq!(
        asked.list("manager", "mixed=x&contact=y"),
        some(&["mixed", "contact"])
    );
    assert_eq!(asked.by(&["teller"], "/customers/1"), some(&["path.id"]));
}

/// The most open cell wins for each field, so two roles may search by what neither could alone.
#[test]
fn what_is_shown_is_asked_of_all_roles_together() {
    let both = RULES.replace(
        "    self: { contact",
        "    clerk: { secret: show }\n    self: { contact",
    );
    let asked = Asked::under(&both.replace("path.id: [id, name]", "path.id: [id, card]"));
    assert_eq!(
        asked.by(&["clerk"], "/customers/1"),
        Err(Reason::FilterOnHidden)
    );
    assert_eq!(
        asked.by(&["teller"], "/customers/1"),
        Err(Reason::FilterOnHidden)
    );
    assert_eq!(
        asked.by(&["teller", "clerk"], "/customers/1"),
        some(&["path.id"])
    );
}

#[test]
fn same_as_person_satisfies_its_own_path_parameter() {
    let asked = asked();
    assert_eq!(asked.by(&["self"], "/customers/1"), some(&["path.id"]));
    assert_eq!(
        asked.by(&["self"], "/customers/1?name=x"),
        Err(Reason::FilterOnHidden)
    );
}

#[test]
fn a_search_of_a_wildcard_counts_every_more_specific_hidden_field() {
    let asked = asked();
    assert_eq!(
        asked.list("teller", "attribute=x"),
        Err(Reason::FilterOnHidden)
    );
    assert_eq!(asked.list("manager", "attribute=x"), some(&["attribute"]));
    let apart = Asked::under(&RULES.replace("      attributes.pin: secret\n", ""));
    assert_eq!(apart.list("teller", "attribute=x"), some(&["attribute"]));
}

#[test]
fn a_search_of_what_holds_hidden_names_counts_them() {
    let asked = asked();
    assert_eq!(
        asked.list("teller", "balance=x"),
        Err(Reason::FilterOnHidden)
    );
    assert_eq!(asked.list("teller", "opened=x"), some(&["opened"]));
    assert_eq!(asked.list("manager", "balance=x"), some(&["balance"]));
}

#[test]
fn a_search_of_what_a_net_may_close_counts_the_net() {
    let net = RULES.replace(
        "      open: {",
        "      $..n: secret\n      $..name: secret\n      open: {",
    );
    let asked = Asked::under(&net);
    for param in ["name=x", "opened=x"] {
        assert_eq!(
            asked.list("teller", param),
            Err(Reason::FilterOnHidden),
            "{param}"
        );
    }
    assert!(asked.list("manager", "name=x&opened=y").is_ok());
}

#[test]
fn names_lists_fields_that_are_shown_with_signs_or_without() {
    let asked = asked();
    for names in ["name", "-name", "%2Bname", "name%2C-id", "open", "id%2Cid"] {
        assert_eq!(
            asked.list("teller", &format!("sort={names}")),
            some(&[]),
            "{names}"
        );
    }
    for hidden in [
        "card",
        "-card",
        "name%2Ccard",
        "phones.number",
        "-phones%5B%2A%5D.number",
        "attributes",
    ] {
        let found = asked.list("teller", &format!("sort={hidden}"));
        assert_eq!(found, Err(Reason::FilterOnHidden), "{hidden}");
    }
    assert_eq!(
        asked.list("manager", "sort=phones.number%2C-card"),
        some(&[])
    );
    for unknown in [
        "",
        "nmae",
        "name%2C",
        "%2Cname",
        "--name",
        "name%20asc",
        "Name",
        "phones",
        "secret",
    ] {
        let found = asked.list("manager", &format!("sort={unknown}"));
        assert_eq!(found, Err(Reason::UnlistedParameter), "{unknown}");
    }
}

#[test]
fn an_unlisted_parameter_is_refused_and_a_repeated_one_too() {
    let asked = asked();
    assert_eq!(asked.list("manager", "x=1"), Err(Reason::UnlistedParameter));
    for bad in [
        "name=x&name=x",
        "name=x;page=1",
        "name=x&page=1&name=y",
        "name=a+b",
    ] {
        assert_eq!(asked.list("manager", bad), Err(Reason::BadQuery), "{bad}");
    }
    assert_eq!(asked.list("manager", "page=1&order=asc&trace=x"), some(&[]));
    assert_eq!(
        asked.list("manager", "order=up"),
        Err(Reason::UnlistedParameter)
    );
}

#[test]
fn unlisted_params_pass_lets_others_through_and_none_that_is_listed() {
    let passing =
        "    unlisted_params: pass\n    unlisted_params_reason: a report tool\n    params:";
    let asked = Asked::under(&RULES.replacen("    params:", passing, 1));
    assert_eq!(asked.list("teller", "x=1&name=y"), some(&["name"]));
    assert_eq!(
        asked.list("clerk", "card=1&x=1"),
        Err(Reason::FilterOnHidden)
    );
    assert_eq!(
        asked.list("teller", "page=0"),
        Err(Reason::UnlistedParameter)
    );
    assert_eq!(asked.list("teller", "x=1&x=2"), Err(Reason::BadQuery));
}

#[test]
fn find_looks_up_by_one_exact_value_what_is_masked() {
    let asked = asked();
    assert_eq!(
        asked.list("teller", "contact=13800138000"),
        some(&["contact?"])
    );
    for pattern in ["", "%20", "138%2A", "%25", "138%3F", "1%2C2"] {
        let found = asked.list("teller", &format!("contact={pattern}"));
        assert_eq!(found, Err(Reason::UnlistedParameter), "{pattern}");
    }
    let token = RULES.replace("teller: [contact, card]", "clerk: [contact]");
    assert_eq!(
        Asked::under(&token).list("clerk", "contact=x"),
        some(&["contact?"])
    );
}

#[test]
fn find_opens_nothing_that_is_not_even_masked() {
    let asked = asked();
    assert_eq!(asked.list("teller", "card=1"), Err(Reason::FilterOnHidden));
    let blank = RULES.replace("contact: mask }", "contact: blank }");
    let found = Asked::under(&blank).list("teller", "contact=x");
    assert_eq!(found, Err(Reason::FilterOnHidden));
}

#[test]
fn find_is_of_one_role_one_group_and_one_parameter() {
    let asked = asked();
    assert_eq!(
        asked.list("clerk", "contact=x"),
        Err(Reason::FilterOnHidden)
    );
    let single = RULES.replace(
        "    teller: { basic: show }\n",
        "    teller: { basic: show, contact: mask }\n",
    );
    let asked = Asked::under(&single);
    let found = asked.by(&["teller"], "/customers/1?contact=x");
    assert_eq!(found, Err(Reason::FilterOnHidden));
    assert_eq!(
        asked.list("teller", "sort=email"),
        Err(Reason::FilterOnHidden)
    );
}

#[test]
fn what_is_shown_needs_no_find_and_is_none() {
    let manager = RULES.replace("teller: [contact, card]", "manager: [contact]");
    let asked = Asked::under(&manager);
    assert_eq!(asked.list("manager", "contact=138*"), Err(Reason::BadQuery));
    assert_eq!(asked.list("manager", "contact=138%2A"), some(&["contact"]));
}

const BODIES: &str = "
      search:
        'POST /customers/search':
          record: '$.items[*]'
          does: read
          send:
            name: name
            contact: email
            mixed[*]: [name, card]
            sort: names
            page: { whole: 1..9 }
            order: { one_of: [asc, desc] }
            note: free
            'a[*]': name
            'a[0]': card
";

/// The mapped leaves, those found by with a `?`; or why not.
fn sent(role: &str, body: &str) -> Result<Vec<String>, Reason> {
    let rules = RULES
        .replace("    person: {", &format!("{}    person: {{", &BODIES[1..]))
        .replace(
            "find:\n",
            "  customer/search:
    teller: { basic: show, contact: mask }
    manager: { basic: show, contact: show, secret: show }
find:
  customer/search: { teller: [body.contact] }
",
        );
    let asked = Asked::under(&rules);
    let policy = asked.policy();
    let router = Router::new(&policy.rules);
    let matched = router.resolve(&Method::POST, "/customers/search").unwrap();
    let all = asked.rules.roles.iter();
    let role = RoleId(all.clone().position(|one| one.name == role).unwrap());
    let Decision::Allow(permit) = decide_as(&policy, vec![role], &matched, at(0)) else {
        panic!("denied")
    };
    assert!(permit.awaits_body() && permit.body().is_none());
    let bytes = Bytes::copy_from_slice(body.as_bytes());
    let limits = Limits { depth: 8, key: 64 };
    let sent = Sent { patch: false };
    let permit = with_body(*permit, bytes.clone(), sent, limits).map_err(|it| it.reason)?;
    assert_eq!(permit.body(), Some(bytes), "it goes as it came");
    let mapped = permit.mapped().iter();
    let shown = mapped.map(|one| format!("{}{}", one.name, if one.find { "?" } else { "" }));
    Ok(shown.collect())
}

#[test]
fn each_leaf_of_a_body_is_mapped_as_a_parameter_is() {
    let body = r#"{"name":"x","page":3,"order":"asc","note":{},"sort":"-name,id"}"#;
    assert_eq!(sent("teller", body), some(&["body.name"]));
    assert_eq!(
        sent("manager", r#"{"mixed":["x",5]}"#),
        some(&["body.mixed[0]", "body.mixed[1]"])
    );
    assert_eq!(sent("teller", "{}"), some(&[]));
    for (body, reason) in [
        (r#"{"mixed":["x"]}"#, Reason::FilterOnHidden),
        (r#"{"name":"x","sort":"card"}"#, Reason::FilterOnHidden),
        (r#"{"x":1}"#, Reason::UnlistedParameter),
        (r#"{"note":{"x":1}}"#, Reason::UnlistedParameter),
        (r#"{"name":["x"]}"#, Reason::UnlistedParameter),
        (r#"{"name":{}}"#, Reason::UnlistedParameter),
        (r#"{"mixed":"x"}"#, Reason::UnlistedParameter),
        (r#"{"page":"3"}"#, Reason::UnlistedParameter),
        (r#"{"page":10}"#, Reason::UnlistedParameter),
        (r#"{"order":"up"}"#, Reason::UnlistedParameter),
        (r#"{"sort":"nmae"}"#, Reason::UnlistedParameter),
        (r#"{"Name":"x"}"#, Reason::UnlistedParameter),
        (r#"["x"]"#, Reason::UnlistedParameter),
        ("[]", Reason::UnlistedParameter),
        (r#"{"name":"x","name":"x"}"#, Reason::DuplicateKey),
        ("", Reason::UnreadableRequest),
    ] {
        assert_eq!(sent("teller", body), Err(reason), "{body}");
    }
}

#[test]
fn a_leaf_that_several_entries_list_must_pass_all_of_them() {
    assert_eq!(
        sent("teller", r#"{"a":["x"]}"#),
        Err(Reason::FilterOnHidden)
    );
    assert_eq!(
        sent("manager", r#"{"a":["x","y"]}"#),
        some(&["body.a[0]", "body.a[1]"])
    );
}

#[test]
fn find_by_a_body_asks_for_one_exact_string_or_number() {
    assert_eq!(
        sent("teller", r#"{"contact":"a@b.cn"}"#),
        some(&["body.contact?"])
    );
    assert_eq!(
        sent("teller", r#"{"contact":138}"#),
        some(&["body.contact?"])
    );
    for value in ["null", "true", r#""""#, r#""a*""#, r#""a,b""#] {
        let found = sent("teller", &format!(r#"{{"contact":{value}}}"#));
        assert_eq!(found, Err(Reason::UnlistedParameter), "{value}");
    }
    assert_eq!(
        sent("manager", r#"{"contact":null}"#),
        some(&["body.contact"])
    );
}
