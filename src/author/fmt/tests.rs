//! The form, example by example, and its two laws: it is its own form, and nothing that is said changes.

use proptest::prelude::*;

use super::*;

fn formatted(text: &str) -> String {
    let file = SourceFile::new("rules.yaml", text);
    match format(&file) {
        Ok(text) => text,
        Err(mistakes) => panic!("{text}\n{mistakes:?}"),
    }
}

#[track_caller]
fn becomes(text: &str, wanted: &str) {
    let once = formatted(text);
    assert_eq!(once, wanted, "\n{once}");
    assert_eq!(formatted(&once), wanted, "the form has another form");
}

#[test]
fn cells_of_a_row_set_stand_in_columns() {
    becomes(
        "\
read:
  customer:
    teller: {basic: show, contact: mask, identity: mask}
    # the boss
    manager: { basic: show,contact: show, transaction: show, preference : show } # all
    acme: { basic: mask, preference: token }
",
        "\
read:
  customer:
    teller:  { basic: show, contact: mask, identity: mask }
    # the boss
    manager: { basic: show, contact: show,                 transaction: show, preference: show }  # all
    acme:    { basic: mask,                                                   preference: token }
",
    );
}

#[test]
fn chinese_characters_count_double() {
    becomes(
        "\
classes:
  basic: { level: 2, zh: 基本信息 }
  身份: { level: 4, zh: 身份, sensitive: true }
  交易信息: { level: 4, zh: 交易信息, sensitive: true }
",
        "\
classes:
  basic:    { level: 2, zh: 基本信息 }
  身份:     { level: 4, zh: 身份,     sensitive: true }
  交易信息: { level: 4, zh: 交易信息, sensitive: true }
",
    );
}

#[test]
fn rows_that_order_their_classes_differently_have_no_columns() {
    becomes(
        "\
read:
  customer:
    a: { p: show,   q: mask }
    bb: { q: show, p: mask }
",
        "\
read:
  customer:
    a:  { p: show, q: mask }
    bb: { q: show, p: mask }
",
    );
}

#[test]
fn a_blank_line_or_an_entry_in_a_block_ends_a_table() {
    becomes(
        "\
roles:
  a: { jwt: x, claim: r, has: a }
  long-name: { mtls: ca, san: b }

  cc: { jwt: x, claim: r, has: c }
  block:
    jwt:   x
    claim: r
    has: b
  d: { jwt: x, claim: r, has: d }
",
        "\
roles:
  a:         { jwt: x, claim: r, has: a }
  long-name: { mtls: ca, san: b }

  cc: { jwt: x, claim: r, has: c }
  block:
    jwt: x
    claim: r
    has: b
  d: { jwt: x, claim: r, has: d }
",
    );
}

#[test]
fn rows_that_would_be_too_wide_have_no_columns() {
    let cell = |n: usize| format!("class-number-{n}: show");
    let left: Vec<String> = (0..5).map(cell).collect();
    let right: Vec<String> = (5..10).map(cell).collect();
    let text = format!(
        "read:\n  a:\n    p: {{ {} }}\n    q: {{ {} }}\n",
        left.join(", "),
        right.join(", ")
    );
    becomes(&text, &text);
}

#[test]
fn comments_keep_their_column_and_move_together_where_they_must() {
    becomes(
        "\
resources:
  customer:          # one
    at:              # two
      GET /x: $
    fields:
      id:       basic# no comment
      name: {class: basic,mask: cn-name} # three
      email: basic                       # four
      phone: basic
",
        "\
resources:
  customer:          # one
    at:              # two
      GET /x: $
    fields:
      id: basic# no comment
      name: { class: basic, mask: cn-name }  # three
      email: basic                           # four
      phone: basic
",
    );
}

#[test]
fn texts_of_several_lines_and_their_blank_lines_stay() {
    let text = "\
ceilings:
  - field: a
    reason: |

      two blank lines follow


      and  blanks   at an end   
    at_most: mask
  - reason: >-
      folded

      text
    field: \"over
      two lines # no comment\"
    to: plain text
      over two lines # a comment
";
    becomes(text, text);
}

#[test]
fn blanks_at_line_ends_and_blank_lines_are_few() {
    becomes(
        "\n\nfieldgate: 1  \n\n\n   \nclasses:   \n  a: { }\n\n# end   \n\n\n",
        "fieldgate: 1\n\nclasses:\n  a: {}\n\n# end   \n",
    );
    becomes("fieldgate: 1", "fieldgate: 1\n");
    becomes(
        "fieldgate:   1\r\n\r\n\r\na: [x,z]\r\n",
        "fieldgate: 1\r\n\r\na: [x, z]\r\n",
    );
}

#[test]
fn what_is_not_understood_stays_as_it_is() {
    for text in [
        "a: &x { b: c }\nd: *x\n",
        "a: { b:  &x c,  d: *x }\n",
        "a: [b:   c]\n",
        "a: { b: c,\n     d: e }\n",
        "a: [b,  c,]\n",
        "? a\n:   b\n",
        "? a\n: { b: c }\n",
        "-   a:   b\n".replace(":   ", ": ").as_str(),
    ] {
        becomes(text, text);
    }
    becomes("a: { \"b\":c, 'd e' : f }\n", "a: { \"b\": c, 'd e': f }\n");
    becomes("a: { b: { c: [d ,e] } }\n", "a: { b: { c: [d, e] } }\n");
}

#[test]
fn files_that_do_not_read_are_refused_with_what_is_wrong() {
    for (text, code) in [
        ("a: {\n", "FG1008"),
        ("a: 1\na: 2\n", "FG1014"),
        ("a:\n", "FG1015"),
        ("", "FG1019"),
    ] {
        let mistakes = format(&SourceFile::new("rules.yaml", text)).unwrap_err();
        assert_eq!(mistakes[0].code.id, code, "{text:?}");
    }
}

#[test]
fn the_shipped_rules_are_in_form() {
    let mut found = 0;
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                found += 1;
                let text = std::fs::read_to_string(&path).unwrap();
                let path = path.display();
                assert!(formatted(&text) == text, "run `fieldgate fmt` on {path}");
            }
        }
    }
    assert!(found >= 2, "{found}");
}

/// Lines as people write them, well and badly, put together at random.
fn files() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "a", "b1", "客户", "\"x, y\"", "'it''s'", "$.a[*]", "show",
    ]);
    let blanks = || prop::sample::select(vec!["", " ", "   "]);
    let comment = prop::sample::select(vec!["", " # c", "     # 注释  ", "#x", "  #"]);
    let cell = (words.clone(), blanks(), words.clone())
        .prop_map(|(key, blank, value)| format!("{key}: {blank}{value}"));
    let flow = prop::collection::vec((cell, blanks()), 0..4).prop_map(|cells| {
        let cells: Vec<String> = cells.into_iter().map(|(c, b)| format!("{b}{c}")).collect();
        format!("{{{} }}", cells.join(","))
    });
    let value = prop_oneof![
        words.clone().prop_map(str::to_owned),
        flow,
        Just(String::from("|\n      text  \n\n\n      # no comment")),
        Just(String::from("[ a,b , c ]")),
        Just(String::from("\"two\n      lines\"")),
        Just(String::from("&n x")),
    ];
    let entry = (0..3_usize, blanks(), value, comment, blanks());
    let section = prop::sample::select(vec!["classes", "roles", "read", "other"]);
    prop::collection::vec((section, prop::collection::vec(entry, 1..6)), 1..5).prop_map(
        |sections| {
            let mut text = String::new();
            for (number, (section, entries)) in sections.into_iter().enumerate() {
                let (section, deep) = match section {
                    "read" => (format!("read:\n  r{number}"), "    "),
                    other => (other.to_owned(), "  "),
                };
                text.push_str(&format!("{section}:\n"));
                for (at, (lines, blank, value, comment, end)) in entries.into_iter().enumerate() {
                    text.push_str(&format!(
                        "{deep}k{number}{at}:{blank} {value}{comment}{end}\n"
                    ));
                    text.push_str(&"\n".repeat(lines));
                }
            }
            text
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_form_is_its_own_form_and_says_the_same(text in files()) {
        let file = SourceFile::new("rules.yaml", text.as_str());
        if let Ok(before) = source::read(&file) {
            let once = formatted(&text);
            prop_assert_eq!(&formatted(&once), &once);
            let after = source::read(&SourceFile::new("rules.yaml", once.as_str())).unwrap();
            prop_assert!(same(&before, &after));
            let comments = |text: &str| text.matches('#').count();
            prop_assert_eq!(comments(&text), comments(&once));
        }
    }
}
