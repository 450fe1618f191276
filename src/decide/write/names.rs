//! What a refusal calls the places of a body: as the caller sent them, `[*]` for indexes.
//!
//! Safe to print: what is no plain word is quoted and escaped. Never more than [`MOST`] names, none longer than
//! [`LONGEST`] characters.

use std::collections::BTreeSet;

/// The most names of one refusal; of more, the first in their order.
pub const MOST: usize = 64;

/// The most characters of a name; a longer one ends in `…`.
pub const LONGEST: usize = 160;

/// A place of a body, with the way to it.
#[derive(Clone, Copy, Debug)]
pub enum Place<'p> {
    /// All of it.
    Root,
    /// A member by its decoded name.
    Member(&'p Place<'p>, &'p str),
    /// Some element.
    Element(&'p Place<'p>),
}

impl Place<'_> {
    /// Its name.
    pub fn name(&self) -> String {
        let mut steps = Vec::new();
        let mut here = self;
        loop {
            here = match here {
                Place::Root => break,
                Place::Member(above, name) => {
                    steps.push(Some(*name));
                    above
                }
                Place::Element(above) => {
                    steps.push(None);
                    above
                }
            };
        }
        let mut name = String::new();
        for step in steps.iter().rev() {
            // A character has at most four bytes, so what is cut is cut here at the latest.
            if name.len() > 4 * LONGEST {
                break;
            }
            match step {
                None => name.push_str("[*]"),
                Some(word) if is_plain(word) => {
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.push_str(word);
                }
                Some(word) => name.push_str(&format!("['{}']", quoted(word))),
            }
        }
        if name.chars().nth(LONGEST).is_some() {
            name = name.chars().take(LONGEST - 1).chain(['…']).collect();
        }
        if name.is_empty() {
            name.push('$');
        }
        name
    }
}

fn is_plain(word: &str) -> bool {
    let plain = |char: char| char.is_alphanumeric() || matches!(char, '_' | '-');
    !word.is_empty() && word.chars().all(plain) && word.chars().nth(LONGEST).is_none()
}

fn quoted(word: &str) -> String {
    let kept = word.chars().take(LONGEST);
    kept.flat_map(char::escape_debug)
        .flat_map(|char| match is_unseen(char) {
            true => char.escape_unicode().collect::<Vec<char>>(),
            false => vec![char],
        })
        .collect()
}

/// Characters that turn or hide others (UAX 9 and its like), which `escape_debug` lets pass in some places.
fn is_unseen(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The names of a refusal, sorted, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(BTreeSet<String>);

impl Names {
    /// Adds a place.
    pub fn add(&mut self, place: &Place<'_>) {
        self.0.insert(place.name());
        if self.0.len() > MOST {
            self.0.pop_last();
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn into_vec(self) -> Vec<String> {
        self.0.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_names_are_written_with_a_star_for_indexes() {
        let root = Place::Root;
        let accounts = Place::Member(&root, "accounts");
        let element = Place::Element(&accounts);
        assert_eq!(
            Place::Member(&element, "balance").name(),
            "accounts[*].balance"
        );
        assert_eq!(Place::Element(&root).name(), "[*]");
        assert_eq!(Place::Member(&root, "余额").name(), "余额");
        assert_eq!(root.name(), "$");
    }

    #[test]
    fn p01_a_name_is_safe_to_print_whatever_the_caller_sent() {
        let root = Place::Root;
        let named = |word| Place::Member(&root, word).name();
        assert_eq!(named("a b"), "['a b']");
        assert_eq!(named(""), "['']");
        assert_eq!(named("it's"), r"['it\'s']");
        assert_eq!(named("\u{1b}[2J\n"), r"['\u{1b}[2J\n']");
        for bad in [
            "\u{202e}abc",
            "a\u{200b}b",
            "a\u{2028}b",
            "\u{feff}",
            "\0",
            "\u{85}",
        ] {
            let name = named(bad);
            assert!(
                name.chars().all(|c| !c.is_control() && !is_unseen(c)),
                "{name:?}"
            );
        }
        let long = "x".repeat(10_000);
        assert_eq!(named(&long).chars().count(), LONGEST);
        let deep = vec!["ab"; 1000];
        assert!(nested(&deep).chars().count() <= LONGEST);
    }

    fn nested(words: &[&str]) -> String {
        fn go(place: &Place<'_>, words: &[&str]) -> String {
            match words.split_first() {
                Some((first, rest)) => go(&Place::Member(place, first), rest),
                None => place.name(),
            }
        }
        go(&Place::Root, words)
    }

    #[test]
    fn there_are_at_most_64_names_each_once() {
        let mut names = Names::default();
        for index in (0..200).rev() {
            let name = format!("n{index:03}");
            names.add(&Place::Member(&Place::Root, &name));
            names.add(&Place::Member(&Place::Root, &name));
        }
        let names = names.into_vec();
        assert_eq!(names.len(), MOST);
        assert_eq!(names.first().map(String::as_str), Some("n000"));
        assert!(names.is_sorted());
    }
}
