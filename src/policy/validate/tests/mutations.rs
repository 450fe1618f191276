//! Whatever the bytes are: an answer, never a panic.

use proptest::prelude::*;

use super::*;
use crate::policy::diagnostic::{Lang, Style, render};

const PIECES: [&str; 26] = [
    "\n",
    " ",
    "  ",
    "-",
    ":",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "*",
    "&a ",
    "*a",
    "'",
    "\"",
    "#",
    "~",
    "|",
    "..",
    "$",
    "[*]",
    "\u{3000}",
    "：",
    "\u{430}",
    "9999999999999999999",
    "%",
];

/// Cuts and inserts at places of the text, on character boundaries.
fn mutated(mut text: String, edits: &[(usize, usize, usize)]) -> String {
    for (place, cut, piece) in edits {
        let start = text.floor_char_boundary(place % (text.len() + 1));
        let end = text
            .floor_char_boundary((start + cut % 12).min(text.len()))
            .max(start);
        text.replace_range(start..end, PIECES[piece % PIECES.len()]);
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn n07_mutated_rule_sets_never_panic(
        edits in prop::collection::vec((any::<usize>(), any::<usize>(), any::<usize>()), 1..6),
    ) {
        let rules = mutated(RULES.to_owned(), &edits);
        if let Err(found) = load_rules(&rules) {
            prop_assert!(!found.is_empty());
            prop_assert!(!render(&found, Lang::Zh, Style::Colour).is_empty());
        }
    }

    #[test]
    fn n07_lines_in_any_order_never_panic(
 swaps in prop::collection::vec((0_usize..60, 0_usize..60), 1..5),
 ) {
        let mut rows: Vec<&str> = RULES.lines().collect();
        for (a, b) in swaps {
            let last = rows.len() - 1;
            rows.swap(a.min(last), b.min(last));
        }
        if let Err(found) = load_rules(&rows.join("\n")) {
            prop_assert!(!render(&found, Lang::Zh, Style::Plain).is_empty());
        }
    }

    #[test]
    fn n07_any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(found) = load_texts(&[("a.yaml", &bytes)]) {
            prop_assert!(!render(&found, Lang::Zh, Style::Plain).is_empty());
        }
    }
}
