//! Gates and conditions in the matrix: who signs it reads what they ask, in every form.

use serde_json::Value;

use crate::binary::{Run, fieldgate, rules};

const RULES: &str = "fieldgate: 1
classes: { basic: { level: 1, zh: 基本信息 }, pay: { level: 4, zh: 工资 } }
resources:
  staff:
    zh: 员工
    at: { 'GET /staff/{id}': $, list: { GET /staff: '$.rows[*]' } }
    fields: { id: basic, dept: basic, state: basic, pay: { class: pay, mask: thousands } }
    envelope: { $.total: show }
    params: { path.id: id }
masks: { thousands: { round: 1000 } }
roles:
  hr:   { jwt: staff-idp, claim: roles, has: hr }
  head: { jwt: staff-idp, claim: roles, has: head }
  firm: { mtls: partner-ca, san: firm.example, contract: required }
read:
  staff:
    hr:   { basic: show, pay: show if office else strip }
    head: { only: [own-dept, known], basic: show }
  staff/list:
    head: { only: [own-dept], basic: show }
    firm: { only: [working], basic: show }
ceilings:
  - { class: pay, to: [head, firm], at_most: mask, reason: only HR sees pay }
conditions:
  own-dept: { field: dept, same_as: claim.dept, or: empty }
  working: { field: state, in: [在职, \"on leave\"] }
  known: { claim: department, jwt: staff-idp, is: risk }
  office: { all: [day, house] }
  day: { hours: 08:00-18:00, zone: Asia/Shanghai }
  house: { network: [10.0.0.0/8, 192.0.2.7] }
contracts:
  HT-1:
    role: firm
    partner: { name: Firm, contact: dpo@firm.example }
    owner: HR
    purpose: payroll
    from: 2026-03-01
    until: 2026-12-31
    zone: Asia/Shanghai
    items: { staff/list: { basic: show } }
";

/// What each condition asks, as the file writes it.
const ASKS: [(&str, &str); 6] = [
    ("own-dept", "field: dept, same_as: claim.dept, or: empty"),
    ("working", "field: state, in: [在职, \"on leave\"]"),
    ("known", "claim: department, jwt: staff-idp, is: risk"),
    ("office", "all: [day, house]"),
    ("day", "hours: 08:00-18:00, zone: Asia/Shanghai"),
    ("house", "network: [10.0.0.0/8, 192.0.2.7]"),
];

fn matrix(args: &[&str]) -> Run {
    let dir = rules(&[("rules.yaml", RULES)]);
    let now = ["--now", "2026-06-01T10:00:00+08:00"];
    let all = [&["matrix", dir.path().to_str().unwrap()], &now[..], args].concat();
    let run = fieldgate(&all, b"");
    assert_eq!((run.exit, run.err.as_str()), (0, ""), "{args:?}");
    run
}

/// One space for each run of white space, so that wrapped sentences are whole.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_condition_says_in_every_form_all_that_the_file_asks() {
    let document: Value = serde_json::from_slice(&matrix(&["--format", "json"]).out).unwrap();
    let table = flat(&matrix(&[]).text());
    let chinese = flat(&matrix(&["--lang", "zh-CN"]).text());
    let page = matrix(&["--format", "html"]).text().replace("&quot;", "\"");
    for (name, asks) in ASKS {
        let mut conditions = document["conditions"].as_array().unwrap().iter();
        let one = conditions.find(|one| one["name"] == name).unwrap();
        assert_eq!(one["asks"], asks);
        assert!(
            table.contains(&format!("{name}: {asks} (rules.yaml:")),
            "{name}:\n{table}"
        );
        assert!(
            chinese.contains(&format!("{name}：{asks}（rules.yaml:")),
            "{name}:\n{chinese}"
        );
        assert!(
            page.contains(&format!("<li>{name}: {asks} (rules.yaml:")),
            "{name}:\n{page}"
        );
    }
}

/// The cells of a line that begins so; no cell of these rules holds a quote.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

#[test]
fn each_line_of_the_csv_names_the_gates_before_its_records() {
    for (lang, parts) in [
        (
            "en",
            ["head only gets records where ", "own-dept", " (rules.yaml:"],
        ),
        (
            "zh-CN",
            ["head 只能得到满足 ", "own-dept", " 的记录（rules.yaml:"],
        ),
    ] {
        let text = matrix(&["--format", "csv", "--lang", lang]).text();
        let fields = text.split("\r\n").map(cells).filter(|cells| {
            let kind = cells.get(2).map_or("", String::as_str);
            ["field", "envelope", "字段", "记录之外"].contains(&kind)
        });
        let fields: Vec<Vec<String>> = fields.collect();
        assert_eq!(fields.len(), 10, "{text}");
        for line in fields {
            let notes = &line[line.len() - 2];
            for part in parts {
                assert!(notes.contains(part), "{part:?} is missing in {line:?}");
            }
        }
    }
}

#[test]
fn the_csv_leaves_out_nothing_that_the_table_says() {
    let text = matrix(&["--format", "csv"]).text();
    let lines: Vec<Vec<String>> = text.split("\r\n").map(cells).collect();
    let told = |kind: &str, parts: &[&str]| {
        let found = lines.iter().find(|line| {
            line.get(2).is_some_and(|it| it == kind)
                && parts.iter().all(|part| line[line.len() - 2].contains(part))
        });
        assert!(found.is_some(), "{kind} {parts:?} is missing in:\n{text}");
    };
    told(
        "role",
        &["hr: jwt: staff-idp, claim: roles, has: hr (rules.yaml:"],
    );
    told(
        "contract",
        &[
            "HT-1: role: firm, partner: Firm, owner: HR, purpose: payroll, 2026-03-01 to 2026-12-31 (Asia/Shanghai), in force",
        ],
    );
    told(
        "ceiling",
        &[
            "class: pay, to: [head, firm], at_most: mask",
            "only HR sees pay",
        ],
    );
    for (name, asks) in ASKS {
        told("condition", &[name, &asks.replace('"', "")]);
    }
    told("group", &["what no entry lists: strip"]);
    told(
        "group",
        &["firm only gets records where working (rules.yaml:"],
    );
    told("matrix", &["effective at 2026-06-01T02:00:00Z, rules "]);
    let chinese = matrix(&["--format", "csv", "--lang", "zh-CN"]).text();
    for part in [
        ",条件,",
        ",上限,",
        ",合同,",
        ",角色,",
        ",路由组,",
        ",访问矩阵,",
    ] {
        assert!(chinese.contains(part), "{part:?} is missing in:\n{chinese}");
    }
    for line in &lines[..lines.len() - 1] {
        assert_eq!(line.len(), lines[0].len(), "{line:?}");
    }
}

fn explain(args: &[&str]) -> Run {
    let dir = rules(&[("rules.yaml", RULES), ("fixtures/reply.json", ROWS)]);
    let reply = dir.path().join("fixtures/reply.json");
    let args = args.iter().map(|one| match *one {
        "REPLY" => reply.to_str().unwrap(),
        other => other,
    });
    let args: Vec<&str> = args.collect();
    let all = [&["explain", dir.path().to_str().unwrap()], &args[..]].concat();
    let run = fieldgate(&all, b"");
    assert_eq!((run.exit, run.err.as_str()), (0, ""), "{args:?}");
    run
}

/// Two members of staff, of whom a head sees one.
const ROWS: &str = r#"{"total":2,"rows":[{"id":1,"dept":"D1","state":"在职","pay":1},{"id":2,"dept":"D2","state":"在职","pay":2}]}"#;
const HEAD: &str = "{ jwt: staff-idp, claims: { roles: [head], dept: D1 } }";

#[test]
fn an_explanation_names_the_gate_of_a_row_and_what_it_asks() {
    let call = ["--caller", HEAD, "--call", "GET /staff"];
    let asks = "own-dept (field: dept, same_as: claim.dept, or: empty)";
    let text = explain(&call).text();
    let said = format!("role head, its row, for records that pass only: [{asks}] (rules.yaml:");
    assert!(text.contains(&said), "{text}");
    let text = explain(&[&call[..], &["--lang", "zh-CN"]].concat()).text();
    let said = format!("角色 head，它的行，只限过得了 only: [{asks}] 的记录 (rules.yaml:");
    assert!(text.contains(&said), "{text}");
    let run = explain(&[&call[..], &["--format", "json"]].concat());
    let document: Value = serde_json::from_slice(&run.out).unwrap();
    assert_eq!(document["gates"][0]["role"], "head");
    assert_eq!(document["gates"][0]["only"], serde_json::json!([asks]));
    let text = explain(&["--as", "hr", "--call", "GET /staff/1"]).text();
    assert!(text.contains("  role hr, its row (rules.yaml:"), "{text}");
}

#[test]
fn a_record_that_goes_whole_is_one_line_and_its_conditions() {
    let call = ["--caller", HEAD, "--call", "GET /staff", "--reply", "REPLY"];
    let text = explain(&call).text();
    assert!(text.contains("  rows[0].dept "), "{text}");
    assert!(!text.contains("rows[1].dept"), "{text}");
    assert!(text.contains("  with all it holds: 4 values\n"), "{text}");
}

#[test]
fn apply_as_a_role_behind_a_gate_on_claims_hints_at_a_caller() {
    let dir = rules(&[("rules.yaml", RULES)]);
    let dir = dir.path().to_str().unwrap();
    let apply = |who: [&str; 2], lang: &str| {
        let args = [
            "apply",
            dir,
            who[0],
            who[1],
            "--call",
            "GET /staff",
            "--lang",
            lang,
        ];
        fieldgate(&args, ROWS.as_bytes())
    };
    let run = apply(["--as", "head"], "en");
    assert_eq!(run.exit, 0);
    let hint = "hint: `--as` brings no claims, and the gate (`only`) asks for them: `own-dept`; write --caller";
    assert!(run.err.contains(hint), "{}", run.err);
    let run = apply(["--as", "head"], "zh-CN");
    assert!(
        run.err
            .contains("提示：`--as` 没有声明，而 `only` 要看声明：`own-dept`"),
        "{}",
        run.err
    );
    let run = apply(["--caller", HEAD], "en");
    assert_eq!((run.exit, run.err.as_str()), (0, ""));
}

#[test]
fn what_is_wrong_with_arguments_is_said_in_the_language_they_name() {
    let dir = rules(&[("rules.yaml", RULES)]);
    let dir = dir.path().to_str().unwrap();
    let call = ["--call", "GET /staff"];
    let wrong = |command: &str, args: &[&str], said: &str| {
        let all = [&[command, dir], args, &["--lang", "zh-CN"]].concat();
        let run = fieldgate(&all, b"{}");
        assert_eq!(run.exit, 2, "{args:?} {}", run.err);
        assert!(run.err.contains(said), "{said} is missing in:\n{}", run.err);
    };
    wrong(
        "explain",
        &[&["--as", "hr,firm"], &call[..]].concat(),
        "具备合同角色 `firm` 的调用方没有别的角色",
    );
    wrong(
        "explain",
        &["--as", "hr", "--call", "/staff"],
        "写方法和路径",
    );
    wrong(
        "explain",
        &[&["--as", "hr", "--now", "x"], &call[..]].concat(),
        "写带时区偏移的时刻",
    );
    wrong(
        "explain",
        &[&["--as", "hr", "--header", "x"], &call[..]].concat(),
        "写成 'Name: value'",
    );
    wrong(
        "explain",
        &[
            "--as",
            "hr",
            "--call",
            "GET /staff/1",
            "--reply",
            "nowhere.json",
        ],
        "读不了 `nowhere.json`：没有这个文件",
    );
    let run = fieldgate(
        &[
            "init",
            "--from",
            "x.json",
            "--path",
            "/员工/{id}",
            "--out",
            "x",
            "--lang=zh-CN",
        ],
        b"",
    );
    assert!(
        run.exit == 2 && run.err.contains("汉字写成 %XX"),
        "{}",
        run.err
    );
}
