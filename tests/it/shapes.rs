//! What resources say of themselves besides their fields, from rule files to the caller's bytes: `strip_as`, and shapes,
//! grids and dictionaries that are written once.

use fieldgate::config::Limits;
use fieldgate::mask::token::TokenMaster;
use fieldgate::model::Reason;
use fieldgate::pipeline::rehearsal::{Call, Reply, Stage, Who, admit, answer};
use fieldgate::policy::diagnostic::Diagnostic;
use fieldgate::policy::store::Policy;
use fieldgate::policy::{RoleId, load_texts};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, StatusCode};

/// A rule set in force.
struct Rules(Stage);

impl Rules {
    fn of(files: &[(&str, &[u8])]) -> Rules {
        let loaded = load_texts(files).unwrap_or_else(|found| panic!("{}", lines(&found)));
        let policy = Policy::new(1, loaded.rules, TokenMaster::test_key());
        Rules(Stage::new(policy, Limits::default()))
    }

    fn text(rules: &str) -> Rules {
        Rules::of(&[("rules.yaml", rules.as_bytes())])
    }

    /// What `role` gets of the upstream's answer.
    fn get(&self, role: &str, target: &str, body: &str) -> Result<String, Reason> {
        let roles = self.0.policy().rules.roles.iter();
        let role = RoleId(roles.clone().position(|one| one.name == role).unwrap());
        let call = Call {
            who: Who::Holder(vec![role]),
            method: Method::GET,
            target: target.to_owned(),
            headers: HeaderMap::new(),
            body: None,
            stored: None,
            peer: "127.0.0.1".parse().unwrap(),
            now: 0,
        };
        let reason = |outcome: &fieldgate::pipeline::rehearsal::Outcome| outcome.reason;
        let admitted = admit(&self.0, &call, "").map_err(|refused| reason(&refused).unwrap())?;
        let json = HeaderValue::from_static("application/json");
        let reply = Reply {
            status: StatusCode::OK,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
            body: body.as_bytes(),
            chunk: 7,
        };
        let mut out = Vec::new();
        let outcome = answer(&self.0, &admitted, reply, "", &mut out).unwrap();
        match reason(&outcome) {
            None => Ok(String::from_utf8(out).unwrap()),
            Some(reason) => Err(reason),
        }
    }
}

fn lines(found: &[Diagnostic]) -> String {
    let lines: Vec<String> = found.iter().map(Diagnostic::line).collect();
    lines.join("\n")
}

fn some(text: &str) -> Result<String, Reason> {
    Ok(text.to_owned())
}

const BLANKING: &str = "fieldgate: 1
classes: { open: { level: 1 }, secret: { level: 4 } }
resources:
  customer:
    at: { 'GET /customers/{id}': $ }
    fields:
      id: open
      pin: secret
      cards[*].no: secret
      keys: { class: secret, whole: true }
      names: { names: secret }
    params: { path.id: free }
    strip_as: blank
roles:
  teller: { jwt: staff, claim: roles, has: teller }
  guest: { jwt: staff, claim: roles, has: guest }
read:
  customer: { teller: { open: show } }
";

#[test]
fn strip_as_blank_turns_every_strip_of_a_listed_field_into_null() {
    let rules = Rules::text(BLANKING);
    let body = r#"{"id":1,"pin":"0000","cards":[{"no":"6222","x":1},{}],"keys":{"a":[1]},"names":{"a":1},"more":2}"#;
    assert_eq!(
        rules.get("teller", "/customers/1", body),
        some(r#"{"id":1,"pin":null,"cards":[{"no":null},{}],"keys":null}"#),
        "what is not listed goes all the same, and so do names that are data"
    );
    let stripped = Rules::text(&BLANKING.replace("    strip_as: blank\n", ""));
    assert_eq!(
        stripped.get("teller", "/customers/1", body),
        some(r#"{"id":1}"#)
    );
    assert_eq!(rules.get("guest", "/customers/1", body), Err(Reason::NoRow));
}

#[test]
fn what_is_blank_instead_of_stripped_is_searched_by_nobody() {
    let rules = BLANKING.replace("path.id: free", "path.id: free, pin: pin, sort: names");
    let rules = Rules::text(&rules);
    for query in ["pin=0000", "sort=pin"] {
        let found = rules.get("teller", &format!("/customers/1?{query}"), "{}");
        assert_eq!(found, Err(Reason::FilterOnHidden), "{query}");
    }
}

const RECORD: &str = r#"{"id":"1","name":"张三","phones":[{"number":"13800138000"}],"balances":{"usd":1},"profile":{"a":1},"x":2}"#;

/// The example of `docs/rules.md`, and the table it names.
fn written_once() -> (String, String) {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/rules.md")).unwrap();
    let block = |language: &str, part: &str| {
        let fence = format!("\n```{language}\n");
        let mut blocks = page.split(&fence).skip(1);
        let found = blocks.find(|block| block.split("\n```").next().unwrap().contains(part));
        format!("{}\n", found.unwrap().split("\n```").next().unwrap())
    };
    (block("yaml", "dictionary:"), block("csv", "路径"))
}

#[test]
fn the_example_of_the_rules_page_that_is_written_once_loads_and_governs() {
    let (rules, table) = written_once();
    let rules = Rules::of(&[
        ("rules.yaml", rules.as_bytes()),
        ("fields.csv", table.as_bytes()),
    ]);
    assert_eq!(
        rules.get("teller", "/customers/1", RECORD),
        some(
            r#"{"id":"1","name":"张三","phones":[{"number":"138****8000"}],"balances":{"usd":1},"profile":"***"}"#
        )
    );
    let list = format!(r#"{{"items":[{RECORD}]}}"#);
    assert_eq!(
        rules.get("teller", "/archive?page=1", &list),
        some(r#"{"items":[{"id":"1","name":"张三","balances":{"usd":1}}]}"#),
        "the group's own row takes the place of the grid's"
    );
    assert_eq!(
        rules.get("manager", "/archive", &list),
        some(
            r#"{"items":[{"id":"1","name":"张三","phones":[{"number":"13800138000"}],"balances":{"usd":1},"profile":{"a":1}}]}"#
        )
    );
}

#[test]
fn a_dictionary_in_any_of_its_encodings_is_the_same_rule_set() {
    let (rules, table) = written_once();
    let load =
        |table: &[u8]| load_texts(&[("rules.yaml", rules.as_bytes()), ("fields.csv", table)]);
    let digest = |table: &[u8]| load(table).unwrap().rules.digest;
    let marked = format!("\u{feff}{table}");
    let gb = encoding_rs::GB18030.encode(&table).0;
    assert!(std::str::from_utf8(&gb).is_err());
    assert_eq!(digest(table.as_bytes()), digest(marked.as_bytes()));
    assert_eq!(digest(table.as_bytes()), digest(&gb));
    let loaded = load(table.as_bytes()).unwrap();
    let names: Vec<&str> = loaded
        .sources
        .iter()
        .map(|file| file.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["fields.csv", "rules.yaml"],
        "the table is archived too"
    );
    let other = table.replace("name,basic", "name,contact");
    assert_ne!(digest(other.as_bytes()), digest(table.as_bytes()));
    let zh = loaded.rules.resources.iter().flat_map(|one| &one.fields);
    assert!(
        zh.clone()
            .any(|field| field.zh.as_deref() == Some("手机号"))
    );
}

#[track_caller]
fn refused(rules: &str, table: &str, parts: &[&str]) {
    let files: [(&str, &[u8]); 2] = [
        ("rules.yaml", rules.as_bytes()),
        ("fields.csv", table.as_bytes()),
    ];
    let found = load_texts(&files).unwrap_err();
    let lines = lines(&found);
    assert_eq!(found.len(), 1, "one mistake is told once:\n{lines}");
    for part in parts {
        assert!(lines.contains(part), "{part:?} is missing in:\n{lines}");
    }
}

#[test]
fn what_is_wrong_in_a_table_is_told_with_its_file_line_and_column() {
    let (rules, table) = written_once();
    for (from, to, parts) in [
        (
            "id,basic",
            "id,basik",
            &["fields.csv:2:4", "FG2001", "mean `basic`"][..],
        ),
        (
            "name,basic,cn-name",
            "name,basic,cn-nam",
            &["fields.csv:3:12", "FG2004"],
        ),
        (
            "cn-phone last4",
            "cn-phone last5",
            &["fields.csv:4:35", "FG2004", "`last5`"],
        ),
        ("name,basic", "n ame,basic", &["fields.csv:3:1", "FG3001"]),
        ("name,basic", "id,basic", &["fields.csv:3:1", "FG2020"]),
        ("name,basic", "，name,basic", &["fields.csv:3:1", "FG1025"]),
        (
            "画像\n",
            "画像\nn，basic\n",
            &["fields.csv:8:1", "FG1029", "`，`"],
        ),
        (
            "name,basic,cn-name",
            "name,,",
            &["fields.csv:3:1", "FG2022", "no class"],
        ),
        (
            "name,basic",
            ",basic",
            &["fields.csv:3:2", "FG1030", "without a path"],
        ),
        (",是,", ",对,", &["fields.csv:7:18", "FG1030", "`对`"]),
        ("路径,", "路,", &["fields.csv:1:1", "FG1030", "`路`"]),
        ("成员名", "类别", &["fields.csv:1:13", "FG1030", "twice"]),
        ("路径,类别", "类别,zh", &["FG1030"]),
    ] {
        assert!(table.contains(from), "{from}");
        let wrong = table.replacen(from, to, 1);
        if to == "类别,zh" {
            let found = load_texts(&[
                ("rules.yaml", rules.as_bytes()),
                ("fields.csv", wrong.as_bytes()),
            ]);
            assert!(lines(&found.unwrap_err()).contains("FG1030"));
            continue;
        }
        refused(&rules, &wrong, parts);
    }
    refused(
        &rules.replace("fields.csv", "field.csv"),
        &table,
        &["FG2136", "rules.yaml:9:17", "mean `fields.csv`"],
    );
    refused(
        &rules.replace("fields.csv", "../fields.csv"),
        &table,
        &["FG2136"],
    );
}

#[test]
fn a_path_in_a_table_and_under_fields_is_listed_twice() {
    let (rules, table) = written_once();
    let both = "    dictionary: fields.csv\n    fields: { id: basic }";
    refused(
        &rules.replace("    dictionary: fields.csv", both),
        &table,
        &["FG2020"],
    );
    let more = "    dictionary: fields.csv\n    fields: { branch: basic }";
    let files = [
        (
            "rules.yaml",
            rules.replace("    dictionary: fields.csv", more),
        ),
        ("fields.csv", table),
    ];
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, text)| (*name, text.as_bytes()))
        .collect();
    let rules = Rules::of(&files);
    let body = r#"{"id":"1","branch":"0101"}"#;
    assert_eq!(rules.get("teller", "/customers/1", body), some(body));
}

#[test]
fn is_takes_the_fields_keys_and_person_of_another_resource_and_nothing_may_say_them_again() {
    let (rules, table) = written_once();
    for more in [
        "fields: { id: basic }",
        "dictionary: fields.csv",
        "keys: any-case",
    ] {
        let wrong = rules.replace(
            "    is: customer\n",
            &format!("    is: customer\n    {more}\n"),
        );
        refused(&wrong, &table, &["FG2134", "stands beside `is`"]);
    }
    refused(
        &rules.replace("is: customer", "is: custommer"),
        &table,
        &["FG2134", "mean `customer`"],
    );
    refused(
        &rules.replace("is: customer", "is: archived"),
        &table,
        &["FG2134", "another resource itself"],
    );
    let chain =
        "    is: customer\n    params: {}\n  older:\n    at: { GET /older: $ }\n    is: archived\n";
    refused(
        &rules.replace("    is: customer\n", chain),
        &table,
        &["FG2134", "another resource itself"],
    );
    let folded = rules.replace("    dictionary", "    keys: any-case\n    dictionary");
    let folded = Rules::of(&[
        ("rules.yaml", folded.as_bytes()),
        ("fields.csv", table.as_bytes()),
    ]);
    let list = r#"{"items":[{"ID":"1"}]}"#;
    assert_eq!(folded.get("teller", "/archive", list), some(list));
    let rules = &folded.0.policy().rules;
    let person = rules.resources[0].person.as_ref().unwrap();
    assert_eq!(rules.resources[0].fields[person.field.0].text, "id");
    assert_eq!(person.path_param, None, "no route of it has the parameter");
}

#[test]
fn a_ceiling_on_a_field_binds_every_resource_of_that_shape_and_an_exception_does_not() {
    let (rules, table) = written_once();
    let more = "exceptions:
  - { field: customer.name, role: teller, do: mask, reason: a test }
ceilings:
  - { field: customer.id, to: everyone, at_most: strip, reason: a test }
  - { field: customer.phones, to: everyone, at_most: mask, reason: a test }
  - { field: archived.balances, to: everyone, at_most: strip, reason: a test }
";
    let text = format!("{rules}{more}");
    let rules = Rules::of(&[
        ("rules.yaml", text.as_bytes()),
        ("fields.csv", table.as_bytes()),
    ]);
    let list = format!(r#"{{"items":[{RECORD}]}}"#);
    assert_eq!(
        rules.get("manager", "/archive", &list),
        some(
            r#"{"items":[{"name":"张三","phones":[{"number":"138****8000"}],"profile":{"a":1}}]}"#
        )
    );
    assert_eq!(
        rules.get("teller", "/archive", &list),
        some(r#"{"items":[{"name":"张三"}]}"#)
    );
}

#[test]
fn like_takes_the_rows_of_a_grid_and_a_grid_nobody_is_like_is_a_lint() {
    let (rules, table) = written_once();
    refused(
        &rules.replace("{ like: staff }", "{ like: stuff }"),
        &table,
        &["FG2135", "mean `staff`"],
    );
    refused(
        &rules.replace("{ like: staff }", "{ like: customer }"),
        &table,
        &["FG2135"],
    );
    let wrong = rules.replace(
        "contact: mask }\n    manager",
        "contact: maskk }\n    manager",
    );
    refused(&wrong, &table, &["FG2005", "`maskk`"]);
    let wrong = rules.replace("    teller:  {", "    tellr:  {");
    refused(&wrong, &table, &["FG2002", "`tellr`"]);
    let unused = rules
        .replace("like: staff, ", "")
        .replace("{ like: staff }", "{ teller: { basic: show } }");
    let loaded = load_texts(&[
        ("rules.yaml", unused.as_bytes()),
        ("fields.csv", table.as_bytes()),
    ]);
    assert!(lines(&loaded.unwrap().warnings).contains("FG2151"));
}
