//! `fieldgate matrix`: what it says is what the proxy does, in every form.

use std::fs;

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::binary::{Run, bank, fieldgate, rules};

/// Rules in which everything an auditor asks for occurs.
const RULES: &str = "fieldgate: 1
classes:
  basic:  { level: 1, zh: 基本信息 }
  secret: { level: 4, zh: 敏感信息, sensitive: true }
resources:
  reader:
    zh: 读者
    at:
      GET /readers/{id}: $
      list: { GET /readers: '$.items[*]' }
    fields:
      id: basic
      name: { class: secret, mask: cn-name }
      notes: { class: secret, whole: true }
      tags: { names: basic }
      ..pin: secret
      card.pin: basic
    envelope: { $.total: show, $.owner: secret }
    params: { path.id: id, name: name, '@type': { one_of: [a, b] } }
    unlisted: show
    unlisted_reason: '<b>\"old\" & public</b>'
  loan:
    at: { GET /loans: $ }
    fields: { id: basic, due: secret }
    strip_as: blank
roles:
  desk:  { jwt: idp, claim: roles, has: desk }
  chief: { jwt: idp, claim: roles, has: chief }
  guest: { jwt: idp, claim: roles, has: guest }
read:
  reader:
    desk:  { basic: show, secret: mask }
    chief: { basic: show, secret: show }
  reader/list:
    desk: { basic: token:shared }
  loan:
    desk: { basic: show }
exceptions:
  - { field: reader.name, role: desk, do: show, until: 2026-06-30, reason: a pilot }
ceilings:
  - { class: secret, to: [chief], at_most: mask, reason: '=1+1' }
";

fn matrix(args: &[&str]) -> Run {
    let dir = rules(&[("rules.yaml", RULES)]);
    let now: &[&str] = match args.contains(&"--now") {
        true => &[],
        false => &["--now", "2026-06-01T10:00:00+08:00"],
    };
    let all = [&["matrix", dir.path().to_str().unwrap()], now, args].concat();
    let run = fieldgate(&all, b"");
    assert_eq!((run.exit, run.err.as_str()), (0, ""), "{args:?}");
    run
}

fn json(args: &[&str]) -> Value {
    let run = matrix(&[args, &["--format", "json"]].concat());
    serde_json::from_slice(&run.out).unwrap()
}

/// The line of a field in a group.
fn line<'a>(document: &'a Value, group: &str, kind: &str, field: &str) -> &'a Value {
    let groups = document["groups"].as_array().unwrap();
    let group = groups.iter().find(|one| one["name"] == group).unwrap();
    let mut lines = group["fields"].as_array().unwrap().iter();
    let found = lines.find(|line| line["field"] == field && line["kind"] == kind);
    found.unwrap_or_else(|| panic!("{field} is not in {group:#}"))
}

fn does(line: &Value, role: &str) -> String {
    let outcome = &line["outcomes"][role];
    let word = outcome["outcome"].as_str().unwrap();
    match outcome["name"].as_str() {
        Some(name) => format!("{word} {name}"),
        None => word.to_owned(),
    }
}

/// Kinds and lines of the rules that decided.
fn causes(line: &Value, role: &str) -> Vec<(String, u64)> {
    let causes = line["outcomes"][role]["causes"].as_array().unwrap();
    let told = |cause: &Value| {
        let kind = cause["kind"].as_str().unwrap().to_owned();
        (kind, cause["place"]["line"].as_u64().unwrap())
    };
    causes.iter().map(told).collect()
}

/// The line of the rules that begins so.
fn at(beginning: &str) -> u64 {
    let at = RULES
        .lines()
        .position(|line| line.trim_start().starts_with(beginning));
    1 + at.unwrap_or_else(|| panic!("{beginning:?} begins no line")) as u64
}

#[test]
fn every_outcome_names_the_rules_that_decided_it_and_their_lines() {
    let document = json(&[]);
    let field = |name: &str| line(&document, "reader", "field", name);
    let (desk, chief) = (at("desk:  { basic: show, secret"), at("chief: { basic"));
    let (ceiling, exception, net) = (at("- { class"), at("- { field"), at("..pin"));
    let one = |kind: &str, line: u64| (kind.to_owned(), line);

    assert_eq!(does(field("id"), "desk"), "show");
    assert_eq!(causes(field("id"), "desk"), [one("cell", desk)]);
    assert_eq!(does(field("name"), "desk"), "show");
    assert_eq!(causes(field("name"), "desk"), [one("exception", exception)]);
    assert_eq!(does(field("name"), "chief"), "mask cn-name");
    assert_eq!(
        causes(field("name"), "chief"),
        [one("cell", chief), one("ceiling", ceiling)]
    );
    assert_eq!(does(field("notes"), "desk"), "mask ***");
    assert_eq!(field("notes")["whole"], true);
    assert_eq!(does(field("card.pin"), "desk"), "mask ***");
    assert_eq!(
        causes(field("card.pin"), "desk"),
        [one("cell", desk), one("net", net)]
    );
    assert_eq!(
        does(line(&document, "reader", "names", "tags"), "desk"),
        "show"
    );
    assert_eq!(
        does(line(&document, "reader", "envelope", "total"), "chief"),
        "show"
    );
    assert_eq!(
        does(line(&document, "reader", "envelope", "owner"), "chief"),
        "mask ***"
    );

    let listed = line(&document, "reader/list", "field", "id");
    assert_eq!(does(listed, "desk"), "token shared");
    let unnamed = line(&document, "reader/list", "field", "name");
    let row = at("desk: { basic: token");
    assert_eq!(causes(unnamed, "desk"), [one("exception", exception)]);
    let unnamed = line(&document, "reader/list", "field", "notes");
    assert_eq!(
        (does(unnamed, "desk"), causes(unnamed, "desk")),
        ("strip".to_owned(), vec![one("unnamed", row)])
    );
    let blanked = line(&document, "loan", "field", "due");
    let kinds: Vec<String> = causes(blanked, "desk")
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(
        (does(blanked, "desk").as_str(), kinds),
        ("blank", vec!["unnamed".to_owned(), "strip_as".to_owned()])
    );
}

#[test]
fn an_exception_that_has_ended_is_no_longer_in_the_matrix_of_that_moment() {
    let document = json(&["--now", "2026-07-01T00:00:00+08:00"]);
    let name = line(&document, "reader", "field", "name");
    assert_eq!(does(name, "desk"), "show", "the end of a day is UTC's");
    let document = json(&["--now", "2026-07-02T00:00:00+08:00"]);
    let name = line(&document, "reader", "field", "name");
    assert_eq!(does(name, "desk"), "mask cn-name");
}

#[test]
fn the_matrix_of_the_bank_is_what_its_answers_show() {
    let bank = bank();
    let dir = bank.to_str().unwrap();
    let run = fieldgate(&["matrix", dir, "--format", "json"], b"");
    let document: Value = serde_json::from_slice(&run.out).unwrap();
    let reply = fs::read(bank.join("fixtures/customers.json")).unwrap();
    let sent: Value = serde_json::from_slice(&reply).unwrap();
    let mut compared = 0;
    for role in ["teller", "manager", "acme"] {
        let run = fieldgate(
            &["apply", dir, "--as", role, "--call", "GET /customers"],
            &reply,
        );
        let got: Value = serde_json::from_slice(&run.out).unwrap();
        for field in [
            "id",
            "name",
            "branch",
            "email",
            "id_card",
            "birth_date",
            "address",
        ] {
            let before = &sent["items"][0][field];
            let after = got["items"][0].get(field);
            let does = does(line(&document, "customer/list", "field", field), role);
            match does.split(' ').next().unwrap() {
                "show" => assert_eq!(after, Some(before), "{role} {field}"),
                "strip" => assert_eq!(after, None, "{role} {field}"),
                "token" => assert!(after.unwrap().as_str().unwrap().starts_with("tok_")),
                _ => assert!(after.is_some_and(|after| after != before), "{role} {field}"),
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 21);
}

#[test]
fn the_json_keeps_its_shape() {
    let document = json(&["--resource", "reader", "--role", "desk"]);
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(
        keys(&document),
        [
            "at",
            "ceilings",
            "classes",
            "command",
            "conditions",
            "contracts",
            "directory",
            "exceptions",
            "groups",
            "roles",
            "rules",
            "version"
        ]
    );
    assert_eq!(
        (&document["version"], &document["at"]),
        (&Value::from(1), &Value::from("2026-06-01T02:00:00Z"))
    );
    let groups = document["groups"].as_array().unwrap();
    let names: Vec<&str> = groups
        .iter()
        .map(|group| group["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["reader", "reader/list"]);
    assert_eq!(
        keys(&groups[0]),
        [
            "drift",
            "facts",
            "fields",
            "gates",
            "keys",
            "name",
            "params",
            "roles",
            "routes",
            "strip_as",
            "unlisted",
            "unlisted_reason",
            "without_row",
            "writes",
            "zh"
        ]
    );
    assert_eq!(groups[0]["unlisted"], "show");
    assert_eq!(groups[0]["roles"], Value::from(vec!["desk"]));
    let params = groups[1]["params"].as_array().unwrap();
    let open: Vec<String> = params
        .iter()
        .map(|param| {
            format!(
                "{} {}",
                param["name"].as_str().unwrap(),
                param["open"]["desk"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        open,
        ["@type open", "name closed"],
        "`path.id` is in no route of this group"
    );
    assert_eq!(
        keys(&groups[0]["fields"][0]),
        ["class", "field", "kind", "outcomes", "place", "whole"]
    );
}

#[test]
fn the_table_fits_the_terminal_and_says_it_in_both_languages() {
    let text = matrix(&[]).text();
    for line in text.lines() {
        assert!(line.width() <= 100, "{} columns: {line}", line.width());
    }
    for part in [
        "reader 读者\n",
        "  what no entry lists: SHOW, <b>",
        "  without a row, 403 no-row: guest\n",
        "name                 secret 敏感信息 4!  mask cn-name [1]  show [2]\n",
        "notes (whole)",
        "total (envelope)",
        "  [1] ceiling: class: secret at_most: mask (rules.yaml:41): =1+1\n",
        "  [3] net: ..pin (rules.yaml:16)\n",
        "  chief: jwt: idp, claim: roles, has: chief (rules.yaml:",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    let text = matrix(&["--lang", "zh-CN"]).text();
    for part in [
        "没有行，403 no-row：guest",
        "[2] desk 的例外：do: show（rules.yaml:",
        "角色\n",
        "mask 脱敏",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

#[test]
fn a_spreadsheet_reads_the_csv_and_finds_no_formula_in_it() {
    let text = matrix(&["--format", "csv"]).text();
    assert!(text.starts_with('\u{FEFF}'));
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert!(
        lines[0].ends_with(",chief,desk,guest,unlisted,notes,written at"),
        "{}",
        lines[0]
    );
    let one = |part: &str| {
        lines
            .iter()
            .find(|line| line.contains(part))
            .unwrap()
            .to_string()
    };
    assert!(one(",field,name,secret,敏感信息,4,yes,,").contains("mask cn-name,show,403 no-row"));
    assert!(one("parameter,'@type").ends_with(&format!(",rules.yaml:{}", at("params: { path.id"))));
    assert!(
        one("reader,GET /readers/{id},field,id,").contains("\"show: <b>\"\"old\"\" & public</b>\"")
    );
    let fields = |line: &str| {
        let mut quoted = false;
        line.chars()
            .filter(|c| {
                quoted ^= *c == '"';
                *c == ',' && !quoted
            })
            .count()
    };
    let head = fields(lines[0]);
    for line in &lines[..lines.len() - 1] {
        assert_eq!(fields(line), head, "{line}");
    }
}

#[test]
fn the_page_stands_alone_and_holds_no_markup_of_the_rules() {
    let page = matrix(&["--format", "html", "--lang", "zh-CN"]).text();
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"zh-CN\">"));
    assert!(
        page.contains("&lt;b&gt;&quot;old&quot; &amp; public&lt;/b&gt;") && !page.contains("<b>")
    );
    for outside in [
        "<script", "src=", "href=", "url(", "@import", "<link", "<img",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("@media print") && page.contains("Content-Security-Policy"));
    assert!(
        page.contains("<td class=\"mask\" title=\"secret: show (rules.yaml:"),
        "{page}"
    );
}

#[test]
fn what_the_rules_do_not_have_is_refused_with_what_was_meant() {
    let bank = bank();
    let bank = bank.to_str().unwrap();
    for (args, meant) in [
        (["--role", "teler"], "did you mean `teller`?"),
        (["--resource", "custmer"], "did you mean `customer`?"),
    ] {
        let run = fieldgate(&[&["matrix", bank], &args[..]].concat(), b"");
        assert_eq!((run.exit, run.out.as_slice()), (2, &b""[..]));
        assert!(run.err.contains(meant), "{}", run.err);
    }
    let run = fieldgate(&["matrix", "/nowhere"], b"");
    assert_eq!((run.exit, run.out.as_slice()), (3, &b""[..]));
}

#[test]
fn the_lines_stand_in_the_order_of_the_catalogue() {
    let document = json(&["--resource", "reader"]);
    let fields = document["groups"][0]["fields"].as_array().unwrap();
    let fields: Vec<&str> = fields
        .iter()
        .map(|line| line["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        fields,
        [
            "id", "name", "notes", "tags", "..pin", "card.pin", "total", "owner"
        ]
    );
}

/// One role's conditions alone may be told apart; of several roles there may be more than a cell can say.
#[test]
fn where_more_than_four_conditions_decide_it_is_said_that_the_most_open_is_told() {
    let mut text = String::from(
        "fieldgate: 1\nclasses: { basic: { level: 1 } }\nresources:\n  x:\n    at: { GET /x: $ }\n    fields: { id: basic }\nroles:\n",
    );
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        text += &format!("  r{name}: {{ jwt: idp, claim: roles, has: {name} }}\n");
    }
    text += "conditions:\n";
    for name in names {
        text += &format!("  {name}: {{ field: id, is: {name} }}\n");
    }
    text += "read:\n  x:\n";
    for name in names {
        text += &format!("    r{name}: {{ basic: show if {name} }}\n");
    }
    let dir = rules(&[("rules.yaml", &text)]);
    let at = dir.path().to_str().unwrap();
    let explained = |roles: &str| {
        fieldgate(
            &[
                "explain", at, "--as", roles, "--call", "GET /x", "--lang", "en",
            ],
            b"",
        )
        .text()
    };
    let five = explained("ra,rb,rc,rd,re");
    assert!(five.contains("at most show by a, b, c, d, e"), "{five}");
    let four = explained("ra,rb,rc,rd");
    assert!(!four.contains("at most"), "{four}");
}
