//! `fieldgate init`: what it writes loads without a lint, passes its own tests, is in form, and holds nothing of a sample.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::binary::{Run, fieldgate, rules};

const SAMPLE: &str = r#"{
	"code": 0, "msg": "成功",
	"data": { "total": 1, "list": [{
		"id": "C1", "khxm": "张伟民", "shouji": "13912345678", "sfzh": "11010519491231002X", "dz": "北京市朝阳区建国路1号",
		"zhuangtai": "正常", "beizhu": "电话13912345678", "loginPwd": "hunter2hunter2", "x1": "wang@corp.cn",
		"accounts": [{ "cardNo": "6222021234567890128", "balance": 8000.25 }]
	}] }
}"#;

const OPENAPI: &str = r##"{
  "openapi": "3.0.3",
  "paths": {
    "/customers/{customerId}": { "get": { "responses": { "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Customer" } } } } } } },
    "/customers": { "get": {
      "parameters": [{ "name": "page", "in": "query", "schema": { "type": "integer" } }, { "name": "phone", "in": "query" }],
      "responses": { "200": { "content": { "application/json": { "schema": { "type": "object", "properties": {
        "total": { "type": "integer" }, "items": { "type": "array", "items": { "$ref": "#/components/schemas/Customer" } } } } } } } } } },
    "/by-card/{idCard}": { "get": { "responses": { "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Customer" } } } } } } }
  },
  "components": { "schemas": { "Customer": { "type": "object", "properties": {
    "id": { "type": "string" }, "fullName": { "type": "string" }, "idCard": { "type": "string" }, "score": { "type": "integer" } } } } }
}"##;

const DICTIONARY: &str = "表名,字段名,中文名,类型\n客户,KHXM,客户姓名,VARCHAR\n客户,KHH,客户号,VARCHAR\n客户,NBPF,内部评分,INT\n";

/// Runs `init` on a file in a new directory; what it made is `made` there.
fn init(name: &str, text: &[u8], more: &[&str]) -> (TempDir, Run) {
    let dir = tempfile::tempdir().unwrap();
    let from = dir.path().join(name);
    fs::write(&from, text).unwrap();
    let out = dir.path().join("made");
    let (from, made) = (from.to_str().unwrap(), out.to_str().unwrap());
    let run = fieldgate(
        &[&["init", "--from", from, "--out", made], more].concat(),
        b"",
    );
    (dir, run)
}

#[track_caller]
fn is_sound(made: &Path) {
    let made = made.to_str().unwrap();
    for args in [
        vec!["check", made, "--deny", "lints"],
        vec!["test", made],
        vec!["fmt", "--check", made],
    ] {
        let run = fieldgate(&args, b"");
        assert_eq!(run.exit, 0, "{args:?}\n{}{}", run.text(), run.err);
    }
}

#[test]
fn what_is_proposed_checks_and_tests_green_at_once() {
    for (name, text) in [
        ("customer-1001.json", SAMPLE),
        ("api.json", OPENAPI),
        ("字典.csv", DICTIONARY),
    ] {
        for lang in ["en", "zh-CN"] {
            let (dir, run) = init(name, text.as_bytes(), &["--lang", lang]);
            assert_eq!((run.exit, run.err.as_str()), (0, ""), "{name}");
            is_sound(&dir.path().join("made"));
            let (again, _) = init(name, text.as_bytes(), &["--lang", lang]);
            for file in ["rules.yaml", "tests.yaml"] {
                let read = |dir: &TempDir| fs::read_to_string(dir.path().join("made").join(file));
                assert_eq!(read(&dir).unwrap(), read(&again).unwrap(), "{name} {file}");
            }
        }
    }
}

#[test]
fn a_sample_gives_a_draft_in_chinese_without_any_of_its_values() {
    let (dir, run) = init(
        "customer-1001.json",
        SAMPLE.as_bytes(),
        &["--lang", "zh-CN", "--path", "/kehu/{id}"],
    );
    assert!(
        run.text()
            .contains("起草了 9 个字段，2 个没有登记，2 条测试全部通过"),
        "{}",
        run.text()
    );
    let made = dir.path().join("made");
    let rules = fs::read_to_string(made.join("rules.yaml")).unwrap();
    for line in [
        "  customer:\n    at:\n      GET /kehu/{id}: $.data.list[*]\n",
        "      khxm: { class: personal, mask: cn-name }\n",
        "      shouji: { class: contact, mask: cn-phone }\n",
        "      sfzh: { class: identity, mask: cn-id }\n",
        "      x1: { class: contact, mask: email }  # 取值像邮箱\n",
        "      # 没认出来，所以没有登记：登记之前不会流出。\n      #   beizhu\n",
        "      # 密码、密钥一类，不应登记：\n      #   loginPwd\n",
        "    envelope:\n      $.code: show\n      $.data.total: show\n",
        "      path.id: id\n",
        "    # 没写，所以删除：identity, financial\n    reader: { basic: show, personal: mask, contact: mask }\n",
    ] {
        assert!(rules.contains(line), "{line}\n{rules}");
    }
    let mut files = vec![rules, fs::read_to_string(made.join("tests.yaml")).unwrap()];
    for entry in fs::read_dir(made.join("fixtures")).unwrap() {
        files.push(fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    assert_eq!(files.len(), 3);
    for file in files {
        for value in [
            "张伟民",
            "13912345678",
            "11010519491231002X",
            "朝阳",
            "正常",
            "hunter2",
            "wang@",
            "6222021234567890128",
            "8000.25",
            "成功",
        ] {
            assert!(!file.contains(value), "{value}\n{file}");
        }
    }
}

#[test]
fn a_path_that_names_what_the_reader_may_not_see_is_tested_as_refused() {
    let (dir, _) = init("api.json", OPENAPI.as_bytes(), &[]);
    let made = dir.path().join("made");
    let rules = fs::read_to_string(made.join("rules.yaml")).unwrap();
    assert!(rules.contains("      path.idCard: idCard\n"), "{rules}");
    assert!(
        rules.contains("    person: { field: id, path: customerId }\n"),
        "{rules}"
    );
    let tests = fs::read_to_string(made.join("tests.yaml")).unwrap();
    assert!(
        tests.contains("    expect_reason: filter-on-hidden\n"),
        "{tests}"
    );
}

#[test]
fn tests_of_a_proposal_fail_once_something_is_opened() {
    let (dir, _) = init("customer-1001.json", SAMPLE.as_bytes(), &[]);
    let made = dir.path().join("made");
    let file = made.join("rules.yaml");
    let rules = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        rules.replace("contact: mask }", "contact: mask, identity: show }"),
    )
    .unwrap();
    let run = fieldgate(&["test", made.to_str().unwrap()], b"");
    assert_eq!(run.exit, 4, "{}", run.text());
}

#[test]
fn a_directory_that_is_there_is_left_alone() {
    let there = rules(&[("a.yaml", "mine"), ("s.json", SAMPLE)]);
    let out = there.path().to_str().unwrap();
    let from = there.path().join("s.json");
    for (lang, part) in [("en", "is already there"), ("zh-CN", "已经存在")] {
        let args = [
            "init",
            "--from",
            from.to_str().unwrap(),
            "--out",
            out,
            "--lang",
            lang,
        ];
        let run = fieldgate(&args, b"");
        assert_eq!((run.exit, run.out.as_slice()), (3, &b""[..]));
        assert!(
            run.err.contains("FG6004") && run.err.contains(part),
            "{}",
            run.err
        );
    }
    assert_eq!(fs::read_dir(there.path()).unwrap().count(), 2);
}

#[test]
fn what_cannot_be_read_leaves_nothing_behind() {
    for (name, bytes, code, part) in [
        ("a.json", &b"{"[..], "FG6001", "不是 JSON"),
        ("a.json", b"{\"\xd7\xd6\":1}", "FG1003", "iconv -f GB18030"),
        ("a.csv", b"a,b\n1,2\n", "FG6001", "没有哪一列是字段名"),
        ("a.yaml", b"fieldgate: 1\n", "FG6001", "不是 OpenAPI 3 文档"),
        ("a.json", b"[]", "FG6003", "没有能写成规则的记录"),
    ] {
        let (dir, run) = init(name, bytes, &["--lang", "zh-CN"]);
        assert_eq!((run.exit, run.out.as_slice()), (3, &b""[..]), "{name}");
        assert!(
            run.err.contains(code) && run.err.contains(part),
            "{}",
            run.err
        );
        assert!(!dir.path().join("made").exists());
    }
    let (_dir, run) = init("a.json", SAMPLE.as_bytes(), &["--path", "customers"]);
    assert_eq!(run.exit, 2);
    let (_dir, run) = init("a.json", SAMPLE.as_bytes(), &["--resource", "a b"]);
    assert_eq!(run.exit, 2);
    assert_eq!(fieldgate(&["init"], b"").exit, 2);
    let run = fieldgate(
        &["init", "--from", "/nowhere.json", "--out", "/nowhere"],
        b"",
    );
    assert_eq!(run.exit, 3);
    assert!(run.err.contains("FG1001"), "{}", run.err);
}

#[test]
fn what_a_test_of_a_draft_leaves_out_and_a_parameter_that_names_no_field_are_said() {
    let members: Vec<String> = (0..30)
        .map(|at| format!("\"zz{at}\":\"secret-{at}\""))
        .collect();
    let sample = format!("{{\"mobile\":\"13912345678\",{}}}", members.join(","));
    for (lang, more, free) in [
        (
            "en",
            "      # and 10 more that this test does not assert\n",
            "path.serial: free  # no field was recognised as it",
        ),
        (
            "zh-CN",
            "      # 另有 10 项，这条测试没有写\n",
            "path.serial: free  # 没认出它对应哪个字段",
        ),
    ] {
        let (dir, run) = init(
            "one.json",
            sample.as_bytes(),
            &["--lang", lang, "--path", "/x/{serial}"],
        );
        assert_eq!(run.exit, 0, "{}", run.err);
        let made = dir.path().join("made");
        let tests = fs::read_to_string(made.join("tests.yaml")).unwrap();
        assert!(tests.contains(more), "{more}:\n{tests}");
        let rules = fs::read_to_string(made.join("rules.yaml")).unwrap();
        assert!(rules.contains(free), "{free}:\n{rules}");
    }
}
