//! Suggestions, order and quoting.

use std::sync::Arc;

use super::*;
use crate::policy::source::SourceFile;

fn at(file: &Arc<SourceFile>, start: usize) -> Diagnostic {
    let span = Span::new(file, start, start + 1);
    Diagnostic::error(code::FG2001, say!("x", "某")).at(&span)
}

#[test]
fn mistakes_come_by_file_and_place_those_without_a_place_first() {
    let (a, b) = (
        SourceFile::new("a.yaml", "one\ntwo\n"),
        SourceFile::new("b.yaml", "one\n"),
    );
    let nowhere = Diagnostic::error(code::FG1001, say!("y", "甲"));
    let found = in_order(vec![at(&b, 0), at(&a, 4), nowhere, at(&a, 0)]);
    let places: Vec<Option<String>> = found.iter().map(Diagnostic::place).collect();
    let expected = [
        None,
        Some("a.yaml:1:1"),
        Some("a.yaml:2:1"),
        Some("b.yaml:1:1"),
    ];
    assert_eq!(places, expected.map(|place| place.map(str::to_owned)));
}

#[test]
fn known_names_are_listed_where_none_is_near_and_not_too_many_of_them() {
    let file = SourceFile::new("a.yaml", "x\n");
    let help = |known: &[&str], lang: Lang| {
        let help = at(&file, 0).suggest("zzzz", known.iter().copied()).help;
        help.map(|help| help.get(lang).to_owned())
    };
    let two = ["teller", "self"];
    assert_eq!(
        help(&two, Lang::En).as_deref(),
        Some("known: `teller`, `self`")
    );
    assert_eq!(
        help(&two, Lang::Zh).as_deref(),
        Some("已有：`teller`、`self`")
    );
    assert_eq!(help(&[], Lang::En), None);
    let many = help(&["name"; 15], Lang::En).unwrap();
    assert!(many.ends_with(" and 3 more"), "{many}");
    let near = at(&file, 0).suggest("telller", two);
    assert_eq!(near.help.unwrap().get(Lang::Zh), "是不是想写 `teller`？");
}

#[test]
fn what_follows_from_a_misspelled_key_goes_only_with_that_key_reported() {
    let file = SourceFile::new("a.yaml", "feilds: 1\nother: 2\n");
    let key = Key {
        span: Span::new(&file, 0, 6),
        text: "feilds".to_owned(),
    };
    let missing = || {
        Diagnostic::error(code::FG1023, say!("x", "某"))
            .at(&key.span)
            .unless_misspelled("fields", [&key])
    };
    assert_eq!(in_order(vec![missing()]).len(), 1, "nothing else is wrong");
    let unknown = Diagnostic::error(code::FG1021, say!("x", "某")).at(&key.span);
    let found = in_order(vec![missing(), unknown.clone()]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code, code::FG1021);
    let elsewhere = Diagnostic::error(code::FG1021, say!("x", "某")).at(&Span::new(&file, 10, 15));
    assert_eq!(in_order(vec![missing(), elsewhere]).len(), 2);
}

#[test]
fn quoted_text_shows_what_cannot_be_seen() {
    assert_eq!(quoted("a\u{202e}b"), "`a\\u{202e}b`");
    assert_eq!(quoted(&"x".repeat(99)).chars().count(), 63);
}
