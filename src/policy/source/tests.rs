//! The traps of YAML, each with its place and cure.

use super::*;

fn read_text(text: &str) -> Result<Node, Vec<Diagnostic>> {
    decode("a.yaml", text.as_bytes())
        .map_err(|mistake| vec![mistake])
        .and_then(|file| read(&file))
}

#[track_caller]
fn refused(text: &str) -> String {
    let mistakes = read_text(text).expect_err("must be refused");
    let lines: Vec<String> = mistakes.iter().map(Diagnostic::line).collect();
    lines.join("\n")
}

#[track_caller]
fn refuses(text: &str, parts: &[&str]) {
    let shown = refused(text);
    for part in parts {
        assert!(shown.contains(part), "{part:?} is missing in:\n{shown}");
    }
}

fn value<'a>(node: &'a Node, key: &str) -> &'a Node {
    node.as_map(say!("it")).unwrap().get(key).unwrap()
}

#[test]
fn n03_unquoted_scalars_keep_their_text() {
    let text = "a: 0101\nb: 1:30\nc: 1e3\nd: .inf\ne: 2026-01-01\nf: 0x1F\ng: 1_000\n";
    let node = read_text(text).unwrap();
    let texts: Vec<&str> = node
        .as_map(say!("it"))
        .unwrap()
        .iter()
        .map(|(_, value)| value.as_str(say!("it")).unwrap())
        .collect();
    assert_eq!(
        texts,
        ["0101", "1:30", "1e3", ".inf", "2026-01-01", "0x1F", "1_000"]
    );
}

#[test]
fn quoted_scalars_are_told_from_plain_ones() {
    let node = read_text("a: \"true\"\nb: true\nc: '7'\nd: 7\n").unwrap();
    assert!(value(&node, "a").as_bool(say!("a")).is_err());
    assert!(value(&node, "b").as_bool(say!("b")).unwrap());
    assert!(value(&node, "c").as_int(say!("c")).is_err());
    assert_eq!(value(&node, "d").as_int(say!("d")).unwrap(), 7);
}

#[test]
fn spans_point_at_exactly_the_text() {
    let text = "客户:\n  name: { class: 基本, mask: cn-name }\nlist:\n  - one\n";
    let node = read_text(text).unwrap();
    let class = value(value(value(&node, "客户"), "name"), "class");
    assert_eq!(class.span.text(), "基本");
    assert_eq!(class.span.place(), "a.yaml:2:18");
    assert_eq!(
        value(value(&node, "客户"), "name").span.text(),
        "{ class: 基本, mask: cn-name }"
    );
    assert_eq!(
        value(&node, "list").as_list(say!("list")).unwrap()[0]
            .span
            .text(),
        "one"
    );
}

#[test]
fn a_duplicate_key_is_refused_at_every_depth() {
    refuses("a: 1\nb: 2\na: 3\n", &["a.yaml:3:1: error[FG1014]", "`a`"]);
    refuses("a:\n  b: { c: 1, c: 2 }\n", &["a.yaml:2:14: error[FG1014]"]);
    refuses(
        "a:\n  - b: 1\n    \"b\": 2\n",
        &["a.yaml:3:5: error[FG1014]"],
    );
}

#[test]
fn all_duplicate_keys_and_nulls_of_a_file_are_reported_at_once() {
    let shown = refused("a: 1\na: 2\nb:\nc: ~\nd: yes\n");
    assert_eq!(shown.matches("error[").count(), 4, "{shown}");
}

#[test]
fn n03_booleans_of_old_yaml_are_refused_as_keys_and_values() {
    for word in [
        "yes", "no", "on", "off", "y", "n", "Yes", "NO", "True", "FALSE",
    ] {
        refuses(
            &format!("a: {word}\n"),
            &["a.yaml:1:4: error[FG1016]", "in quotes"],
        );
        refuses(&format!("{word}: a\n"), &["a.yaml:1:1: error[FG1016]"]);
        assert!(read_text(&format!("a: \"{word}\"\n")).is_ok());
    }
}

#[test]
fn every_null_is_refused() {
    refuses(
        "a:\nb: 1\n",
        &["a.yaml:1:1: error[FG1015]: `a` has no value"],
    );
    for word in ["~", "null", "Null", "NULL"] {
        refuses(&format!("a: {word}\n"), &["a.yaml:1:4: error[FG1015]"]);
    }
    refuses("a: { b, c: 1 }\n", &["a.yaml:1:6: error[FG1015]"]);
    refuses("a:\n  -\n  - 1\n", &["error[FG1015]"]);
    refuses("a: [1, ~]\n", &["error[FG1015]"]);
    refuses("~: 1\n", &["error[FG1015]"]);
    refuses(": 1\n", &["error[FG1015]"]);
    assert!(read_text("a: \"\"\nb: \"null\"\n").is_ok());
}

#[test]
fn an_empty_file_is_refused() {
    refuses("", &["FG1019"]);
    refuses("# nothing\n", &["FG1019"]);
}

#[test]
fn n04_several_documents_directives_tags_and_merge_keys_are_refused() {
    refuses("a: 1\n---\nb: 2\n", &["a.yaml:2:1: error[FG1010]"]);
    refuses("%YAML 1.2\n---\na: 1\n", &["FG1010"]);
    assert!(read_text("---\na: 1\n").is_ok());
    refuses("a: !!python/object x\n", &["a.yaml:1:4: error[FG1011]"]);
    refuses("a: !x [1]\n", &["FG1011"]);
    refuses(
        "a: &x { b: 1 }\nc:\n  <<: *x\n",
        &["a.yaml:3:3: error[FG1012]"],
    );
}

#[test]
fn n04_a_few_anchors_work() {
    let node = read_text("a: &x { b: 1 }\nc: *x\n").unwrap();
    assert_eq!(value(value(&node, "c"), "b").as_int(say!("b")).unwrap(), 1);
    refuses("a: &x [*x]\n", &["FG1013"]);
    refuses("a: *x\n", &["a.yaml:1:4"]);
    let many: String = (0..17).map(|n| format!("k{n}: &a{n} 1\n")).collect();
    refuses(&many, &["a.yaml:17:", "FG1013"]);
}

#[test]
fn n04_an_alias_bomb_is_refused_without_being_expanded() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..10 {
        let before = n - 1;
        let items = vec![format!("*a{before}"); 9].join(", ");
        text.push_str(&format!("a{n}: &a{n} [{items}]\n"));
    }
    refuses(&text, &["FG1013", "repeat too much"]);
    let long = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(100_000),
        ["*a"; 9].join(", ")
    );
    refuses(&long, &["FG1013"]);
}

#[test]
fn depth_and_size_are_capped() {
    refuses(&"[".repeat(100_000), &["FG1017"]);
    let deep: String = (0..40).map(|n| format!("{}k:\n", " ".repeat(n))).collect();
    refuses(&deep, &["FG1017"]);
    refuses(&format!("a: {}\n", "x".repeat(MAX_FILE_BYTES)), &["FG1002"]);
}

#[test]
fn tabs_are_refused_anywhere() {
    refuses("a:\n\tb: 1\n", &["a.yaml:2:1: error[FG1006]"]);
    refuses("a:\t1\n", &["a.yaml:1:3: error[FG1006]"]);
    assert!(read_text("a: \"x\\ty\"\n").is_ok());
}

#[test]
fn full_width_punctuation_is_named_with_the_cure() {
    refuses(
        "a: 1\nname：basic\n",
        &["a.yaml:2:5: error[FG1007]", "U+FF1A", "write `: `"],
    );
    refuses(
        "a: { class：basic }\n",
        &["a.yaml:1:6: error[FG1007]", "U+FF1A"],
    );
    refuses("a: { class： basic， mask: x }\n", &["FG1007"]);
    refuses("a: { b: 1， c: 2 }\n", &["FG1007", "U+FF0C", "write `,`"]);
    assert!(read_text("reason: 客户号，稳定假名\n").is_ok());
    let node = read_text("a: basic：1\n").unwrap();
    let mistake = value(&node, "a").as_map(say!("a field")).unwrap_err();
    assert!(mistake.line().contains("U+FF1A"), "{}", mistake.line());
}

#[test]
fn quotes_that_yaml_reads_as_letters_are_named_with_the_cure() {
    let cure = "straight ones: \"馆员\"";
    refuses("has: “馆员”\n", &["a.yaml:1:6: error[FG1007]", cure]);
    refuses("never: [欧阳, 「馆员」]\n", &["FG1007", cure]);
    assert!(read_text("reason: “统计”不需要姓名\n").is_ok());
    assert!(read_text("name: \"“馆员”\"\n").is_ok());
}

#[test]
fn a_colon_without_a_blank_is_named_with_the_cure() {
    refuses(
        "a:\n  书名:借阅史\n  b: 1\n",
        &["FG1008", "write a blank after the colon: `书名: `"],
    );
    refuses(
        "a: { 基本:show }\n",
        &["FG1015", "write a blank after the colon: `基本: `"],
    );
}

#[test]
fn odd_blanks_are_named_with_the_cure() {
    refuses(
        "a:\n\u{3000}b: 1\n",
        &["a.yaml:2:1: error[FG1007]", "U+3000"],
    );
    refuses("a:\u{a0}b\nc: 1\n", &["FG1007", "U+00A0"]);
    refuses("a: b\u{a0}c\n", &["a.yaml:1:4: error[FG1007]", "U+00A0"]);
    assert!(read_text("a: \"客户\u{3000}信息\" # 注\u{3000}释\n").is_ok());
}

#[test]
fn n19_byte_order_marks_and_line_ends_of_windows() {
    let node = read_text("\u{feff}a: 1\r\nb: |\r\n  x\r\n").unwrap();
    assert_eq!(value(&node, "a").span.place(), "a.yaml:1:4");
    let utf16 = b"\xff\xfea\0:\0".as_slice();
    assert!(
        decode("a.yaml", utf16)
            .unwrap_err()
            .line()
            .contains("UTF-16")
    );
    refuses("a: 1\rb: 2\n", &["FG1005"]);
    refuses("a: 1\n\u{feff}b: 2\n", &["FG1005", "U+FEFF"]);
}

#[test]
fn a_gbk_file_is_recognised() {
    let gbk = b"a: 1\nzh: \xbb\xf9\xb1\xbe\n";
    let line = decode("a.yaml", gbk).unwrap_err().line();
    assert!(line.contains("a.yaml:2:5: error[FG1003]"), "{line}");
    assert!(line.contains("GBK") && line.contains("iconv"), "{line}");
}

#[test]
fn n06_invisible_and_bidirectional_characters_are_refused_even_in_comments() {
    refuses("a: x\u{200b}y\n", &["a.yaml:1:5: error[FG1005]: U+200B"]);
    refuses("a: 1 # \u{202e}\n", &["a.yaml:1:8: error[FG1005]: U+202E"]);
    refuses("a: \u{1}\n", &["FG1005"]);
}

#[test]
fn n06_look_alike_letters_in_names_are_named() {
    let file = SourceFile::new("a.yaml", "x");
    let span = Span::new(&file, 0, 1);
    let check =
        |name: &str| check_name(say!("a role"), name, &span).map_err(|mistake| mistake.line());
    assert!(check("\u{430}dmin").unwrap_err().contains("U+0430"));
    assert!(check("\u{430}dmin").unwrap_err().contains("Cyrillic"));
    assert!(check("\u{2f00}").is_err());
    assert!(check("\u{f900}").is_err());
    assert!(check("a b").is_err());
    assert!(check("").is_err());
    assert!(check("客户经理-1_x").is_ok());
}

#[test]
fn paths_and_routes_unquoted_inside_brackets_are_answered_with_quotes() {
    let cure = "\"phones[*].number\"";
    refuses(
        "f: { phones[*].number: x }\n",
        &["a.yaml:1:6: error[FG1009]", cure],
    );
    refuses(
        "f: [phones[*].number]\n",
        &["a.yaml:1:5: error[FG1009]", cure],
    );
    refuses(
        "f: [phones[0].number]\n",
        &["FG1009", "\"phones[0].number\""],
    );
    let route = "write `\"GET /c/{id}\"` in quotes";
    refuses(
        "at: { GET /c/{id}: $ }\n",
        &["a.yaml:1:7: error[FG1009]", route],
    );
    refuses("at: { GET \"/c/{id}\": $ }\n", &["FG1009", route]);
    refuses("x: [/c/{id}]\n", &["FG1009", "\"/c/{id}\""]);
    refuses(
        "x: ***\n",
        &["a.yaml:1:4: error[FG1009]", "write `\"***\"`"],
    );
}

#[test]
fn an_odd_key_in_brackets_is_answered_with_a_dollar_sign() {
    refuses(
        "f:\n  ['odd key']: x\n",
        &["a.yaml:2:3: error[FG1018]", "write `$['odd key']`"],
    );
    let node = read_text("$['odd key']: x\nphones[*].number: z\nGET /c/{id:int}: $\n").unwrap();
    let keys: Vec<String> = node
        .as_map(say!("it"))
        .unwrap()
        .iter()
        .map(|(key, _)| key.text.clone())
        .collect();
    assert_eq!(
        keys,
        ["$['odd key']", "phones[*].number", "GET /c/{id:int}"]
    );
    refuses("? {a: 1}\n: 2\n", &["FG1018"]);
}

#[test]
fn broken_syntax_is_one_mistake_with_its_place() {
    let shown = refused("a: 1\nb: [1, 2\nc: 3\n");
    assert_eq!(shown.matches("error[").count(), 1, "{shown}");
    refuses("a: \"x\n", &["FG1008"]);
}

#[test]
fn a_line_that_is_indented_too_little_is_named_itself() {
    refuses(
        "a:\n  f:\n    b: 1\n  c: 2\n    d: 3\n",
        &["a.yaml:4:3: error[FG1008]", "begin it with 4 blanks"],
    );
}

#[test]
fn n02_unknown_keys_are_answered_with_the_nearest_and_later_ones_by_name() {
    let node = read_text("feilds: 1\ncontracts: 2\nr\u{43e}les: 3\nzzzzzz: 4\n").unwrap();
    let mistakes = node.as_map(say!("it")).unwrap().check_keys(
        say!("a rule file"),
        &["fields", "roles"],
        &["contracts"],
    );
    let lines: Vec<String> = mistakes.iter().map(Diagnostic::line).collect();
    assert!(lines[0].contains("unknown key `feilds`") && lines[0].contains("mean `fields`"));
    assert!(lines[1].contains("a.yaml:2:1: error[FG1022]: `contracts` in a rule file is not supp"));
    assert!(lines[2].contains("U+043E"), "{}", lines[2]);
    assert!(lines[3].contains("known: `fields`, `roles`"));
}

#[test]
fn integers_are_canonical() {
    assert_eq!(integer("-12"), Some(-12));
    assert_eq!(integer("0"), Some(0));
    for text in ["012", "+1", "1e3", "", "-", "1.0", "99999999999999999999"] {
        assert_eq!(integer(text), None, "{text}");
    }
}

#[test]
fn a_quote_that_is_not_closed_is_shown_where_it_begins() {
    let parts = |place: &str| [format!("{place}: error[FG1008]"), "not closed".to_owned()];
    for (text, place) in [
        ("a: 1\n\"b: 2\nc: 3\nd: 4\n", "a.yaml:2:1"),
        ("a:\n  'b: { c: 1 }\n  d: 2\n", "a.yaml:2:3"),
        ("at: { \"GET /c/{id}: $ }\nb: 2\n", "a.yaml:1:7"),
        ("a: \"x\nb: \"y\"\n", "a.yaml:1:4"),
        ("a: the bank's\nb: [ 'it''s, 1 ]\n", "a.yaml:2:6"),
    ] {
        let parts = parts(place);
        refuses(text, &[parts[0].as_str(), parts[1].as_str()]);
    }
}

#[test]
fn a_mistake_the_parser_notices_one_line_below_is_shown_where_it_is() {
    let text = "f:\n  id：basic\n  name: basic\n";
    refuses(text, &["a.yaml:2:5: error[FG1007]", "U+FF1A"]);
    let text = "f:\n  id:basic\n  name: basic\n";
    refuses(text, &["a.yaml:2:3: error[FG1008]", "`id: `"]);
}

#[test]
fn what_stands_in_quotes_and_comments_is_not_taken_for_a_trap() {
    for text in [
        "a: \"x，y\", b: [ 1\n",
        "a: [ \"***\" # 说明：三个星\nb: 2\n",
    ] {
        let shown = refused(text);
        assert!(shown.contains("FG1008"), "{shown}");
    }
}
