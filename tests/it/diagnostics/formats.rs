//! Results for machines: each format read back by its own rules, with names made to break it.

use serde_json::Value;

use super::{RULES, files};
use crate::binary::{Run, fieldgate, rules};

/// A rule set with a lint and a test that fails, both with names that mean something to XML, GitHub and terminals.
fn odd() -> tempfile::TempDir {
    let text = RULES
        .replace("classes:", "classes:\n  unused: { level: 1 }")
        .replace(
            "teller sees a name",
            "a<b> & \\\"c\\\" 100%, x::y \\u001b[2J\\u202e",
        )
        .replace("- name: a<b>", "- name: \"a<b>")
        .replace("\\u202e\n", "\\u202e\"\n")
        .replace(
            "expect: { name: 张三 }",
            "expect: { name: 李四, \"staff\": x }",
        );
    rules(&files(&text))
}

fn broken() -> tempfile::TempDir {
    rules(&files(
        &RULES
            .replace("id: basic", "id: basci")
            .replace("    as: acme", "    as: amce"),
    ))
}

fn run(command: &str, dir: &tempfile::TempDir, format: &str, lang: &str) -> Run {
    let dir = dir.path().to_str().unwrap();
    let run = fieldgate(&[command, dir, "--format", format, "--lang", lang], b"");
    assert_eq!(run.err, "", "a document is all there is");
    let odd = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!run.text().contains(odd), "{}", run.text());
    run
}

fn json(run: &Run) -> Value {
    serde_json::from_slice(&run.out).unwrap()
}

#[test]
fn the_json_document_has_its_shape_in_either_language() {
    for lang in ["en", "zh-CN"] {
        let broken = run("check", &broken(), "json", lang);
        assert_eq!(broken.exit, 3);
        let document = json(&broken);
        assert_eq!(document["version"], 1);
        assert_eq!(document["command"], "check");
        assert_eq!(document["language"], lang);
        assert_eq!(document["ok"], false);
        assert_eq!(document["contents"], Value::Null);
        assert_eq!(document["tests"], Value::Array(Vec::new()));
        let found = document["diagnostics"].as_array().unwrap();
        let codes: Vec<&str> = found
            .iter()
            .map(|one| one["code"].as_str().unwrap())
            .collect();
        assert_eq!(codes, ["FG2001", "FG2002"], "by line");
        let place = &found[0]["places"][0];
        assert!(place["file"].as_str().unwrap().ends_with("/rules.yaml"));
        let numbers = ["line", "column", "end_column"].map(|key| place[key].as_u64().unwrap());
        assert_eq!(numbers, [15, 11, 16]);
        assert_eq!(place["text"], Value::Null);
        assert_eq!(found[0]["severity"], "error");
        assert!(found[0]["message"].as_str().unwrap().contains("`basci`"));
        assert!(found[0]["help"].as_str().unwrap().contains("`basic`"));
    }
    let document = json(&run("check", &odd(), "json", "en"));
    let contents = serde_json::json!({ "resources": 1, "fields": 6, "roles": 3, "tests": 2 });
    assert_eq!(
        (&document["ok"], &document["contents"]),
        (&Value::Bool(true), &contents)
    );
    assert_eq!(document["diagnostics"][0]["severity"], "warning");
}

#[test]
fn the_json_document_of_tests_says_what_does_not_hold() {
    let failed = run("test", &odd(), "json", "zh-CN");
    assert_eq!(failed.exit, 4);
    let document = json(&failed);
    let tests = document["tests"].as_array().unwrap();
    assert_eq!((tests.len(), &tests[1]["ok"]), (2, &Value::Bool(true)));
    assert_eq!(tests[0]["line"], 44);
    assert_eq!(
        tests[0]["name"],
        "a<b> & \"c\" 100%, x::y \\u{1b}[2J\\u{202e}"
    );
    let wrong = tests[0]["wrong"].as_array().unwrap();
    assert_eq!(wrong.len(), 2);
    assert!(wrong[0].as_str().unwrap().contains("应为"), "{wrong:?}");
    let document = json(&run("test", &broken(), "json", "en"));
    assert_eq!(document["diagnostics"].as_array().unwrap().len(), 2);
}

#[test]
fn sarif_names_rules_places_and_levels() {
    let document = json(&run("check", &broken(), "sarif", "zh-CN"));
    assert_eq!(document["version"], "2.1.0");
    let run_ = &document["runs"][0];
    assert_eq!(run_["columnKind"], "unicodeCodePoints");
    let rules = run_["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run_["results"].as_array().unwrap();
    assert_eq!((rules.len(), results.len()), (2, 2));
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(rules[index]["shortDescription"]["text"].is_string());
        assert_eq!(result["level"], "error");
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(
            uri.starts_with("file:///") && uri.ends_with("/rules.yaml"),
            "{uri}"
        );
        let at = |key: &str| place["region"][key].as_u64().unwrap();
        assert!(at("startLine") >= 1 && at("endColumn") > at("startColumn"));
    }
    // The second place of a pair is a related one.
    let twice = RULES.replace("  self: {", "  teller: {");
    let document = json(&run("check", &rules_of(&twice), "sarif", "en"));
    let related = &document["runs"][0]["results"][0]["relatedLocations"][0];
    assert_eq!(
        (&related["id"], &related["message"]["text"]),
        (&Value::from(1), &Value::from("first"))
    );
    let lint = json(&run("check", &odd(), "sarif", "en"));
    assert_eq!(lint["runs"][0]["results"][0]["level"], "warning");
    let refused = fieldgate(&["test", "/nowhere", "--format", "sarif"], b"");
    assert!(
        refused.exit == 2 && refused.err.contains("not supported yet"),
        "{}",
        refused.err
    );
}

fn rules_of(text: &str) -> tempfile::TempDir {
    rules(&files(text))
}

#[test]
fn every_line_for_github_is_one_command() {
    let failed = run("test", &odd(), "github", "en").text();
    let lines: Vec<&str> = failed.lines().collect();
    assert_eq!(lines.len(), 1, "{failed}");
    let (properties, message) = lines[0]
        .strip_prefix("::error ")
        .unwrap()
        .split_once("::")
        .unwrap();
    let read = |text: &str| {
        let text = text
            .replace("%3A", ":")
            .replace("%2C", ",")
            .replace("%0A", "\n");
        text.replace("%25", "%")
    };
    let properties: Vec<(&str, String)> = properties
        .split(',')
        .map(|one| {
            one.split_once('=')
                .map(|(name, value)| (name, read(value)))
                .unwrap()
        })
        .collect();
    let names: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["file", "line", "title"]);
    assert_eq!(
        properties[2].1,
        "a<b> & \"c\" 100%, x::y \\u{1b}[2J\\u{202e}"
    );
    assert_eq!(read(message).lines().count(), 2, "{message}");
    let found = run("check", &broken(), "github", "zh-CN").text();
    let codes = found
        .lines()
        .map(|line| line.contains("title=FG2001::") || line.contains("title=FG2002::"));
    assert_eq!(codes.filter(|is| *is).count(), 2, "{found}");
    assert!(found.contains(",line=15,col=11,endColumn=16,"), "{found}");
    assert!(
        run("check", &odd(), "github", "en")
            .text()
            .starts_with("::warning file=")
    );
}

/// An element or the end of one; what JUnit's readers need, and nothing of XML that we do not write.
#[derive(Debug)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn attribute(&self, name: &str) -> &str {
        let mut found = self.attributes.iter().filter(|(known, _)| known == name);
        &found
            .next()
            .unwrap_or_else(|| panic!("no {name}: {self:?}"))
            .1
    }
}

fn unescaped(text: &str) -> String {
    assert!(!text.contains(['<', '>', '"']), "{text:?}");
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        let (entity, after) = after.split_once(';').unwrap();
        plain.push_str(before);
        plain.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#10" => '\n',
            other => panic!("&{other};"),
        });
        rest = after;
    }
    plain + rest
}

/// Reads one element strictly: everything is escaped, every element closed by its own name.
fn element(text: &str) -> (Element, &str) {
    let text = text.trim_start().strip_prefix('<').expect("an element");
    let (tag, mut rest) = text.split_once('>').unwrap();
    let (tag, empty) = tag
        .strip_suffix('/')
        .map_or((tag, false), |tag| (tag, true));
    let (name, mut attributes_text) = tag.split_once(' ').unwrap_or((tag, ""));
    let mut attributes = Vec::new();
    while let Some((key, after)) = attributes_text.trim_start().split_once("=\"") {
        let (value, after) = after.split_once('"').unwrap();
        attributes.push((key.to_owned(), unescaped(value)));
        attributes_text = after;
    }
    assert_eq!(attributes_text.trim(), "");
    let mut found = Element {
        name: name.to_owned(),
        attributes,
        text: String::new(),
        children: Vec::new(),
    };
    if empty {
        return (found, rest);
    }
    loop {
        let (before, _) = rest.split_once('<').unwrap();
        found.text.push_str(&unescaped(before));
        rest = &rest[before.len()..];
        if let Some(after) = rest.strip_prefix(&format!("</{name}>")) {
            return (found, after);
        }
        let (child, after) = element(rest);
        found.children.push(child);
        rest = after;
    }
}

fn junit(run: &Run) -> Element {
    let text = run.text();
    let body = text
        .strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
        .unwrap();
    let (root, rest) = element(body);
    assert_eq!((root.name.as_str(), rest.trim()), ("testsuites", ""));
    let [suite] = root.children.as_slice() else {
        panic!("{root:?}")
    };
    let count = |name: &str| {
        let cases = suite.children.iter();
        cases
            .filter(|case| case.children.iter().any(|child| child.name == name))
            .count()
    };
    assert_eq!(suite.attribute("tests"), suite.children.len().to_string());
    assert_eq!(suite.attribute("failures"), count("failure").to_string());
    assert_eq!(suite.attribute("errors"), count("error").to_string());
    root
}

#[test]
fn junit_has_a_case_for_each_test_and_each_diagnostic() {
    let root = junit(&run("test", &odd(), "junit", "en"));
    let cases = &root.children[0].children;
    assert_eq!(cases.len(), 2);
    assert_eq!(
        cases[0].attribute("name"),
        "a<b> & \"c\" 100%, x::y \\u{1b}[2J\\u{202e}"
    );
    assert_eq!(cases[0].attribute("line"), "44");
    let failure = &cases[0].children[0];
    assert_eq!(failure.name, "failure");
    assert_eq!(failure.text.lines().count(), 2);
    assert!(cases[1].children.is_empty());

    let cases = |command: &str, dir: &tempfile::TempDir| {
        junit(&run(command, dir, "junit", "zh-CN"))
            .children
            .remove(0)
            .children
    };
    let found = cases("check", &broken());
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].children[0].attribute("type"), "FG2001");
    assert_eq!(cases("test", &broken())[0].children[0].name, "error");
    let lint = cases("check", &odd());
    assert_eq!(lint[0].children[0].name, "system-out");
    let clean = cases("check", &rules_of(RULES));
    assert_eq!((clean.len(), clean[0].children.len()), (1, 0));
}

#[test]
fn denied_lints_fail_in_every_format() {
    let dir = odd();
    let dir = dir.path().to_str().unwrap();
    for (format, part) in [
        ("json", "\"ok\": false"),
        ("github", "::error "),
        ("sarif", "\"level\": \"error\""),
        ("junit", "<failure "),
    ] {
        let run = fieldgate(&["check", dir, "--deny", "lints", "--format", format], b"");
        assert_eq!(run.exit, 3);
        assert!(run.text().contains(part), "{}", run.text());
    }
}
