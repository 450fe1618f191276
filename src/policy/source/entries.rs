//! The entries of one map, and the refusal of keys nobody reads.
//!
//! Refuses keys that are missing, unknown (with the nearest known one) or defined but not built yet.

use super::text::check_name;
use super::{Key, Node, Span};
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};

/// The entries of a map.
#[derive(Clone, Copy, Debug)]
pub struct Entries<'a> {
    span: &'a Span,
    entries: &'a [(Key, Node)],
}

impl<'a> Entries<'a> {
    pub(super) fn new(span: &'a Span, entries: &'a [(Key, Node)]) -> Self {
        Entries { span, entries }
    }

    /// Where the map stands.
    pub fn span(&self) -> &'a Span {
        self.span
    }

    /// Keys and values in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&'a Key, &'a Node)> + use<'a> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key.
    pub fn get(&self, name: &str) -> Option<&'a Node> {
        self.entry(name).map(|(_, value)| value)
    }

    /// A key and its value.
    pub fn entry(&self, name: &str) -> Option<(&'a Key, &'a Node)> {
        self.iter().find(|(key, _)| key.text == name)
    }

    /// The value of a key that must be there.
    ///
    /// # Errors
    ///
    /// When the key is missing; `place` is what the mistake points at, `what` names the map.
    pub fn require(&self, name: &str, what: Text, place: &Span) -> Result<&'a Node, Diagnostic> {
        self.get(name).ok_or_else(|| {
            let message = say!("{what} needs `{name}:`", "{what}缺少 `{name}:`"; what);
            Diagnostic::error(code::FG1023, message)
                .at(place)
                .unless_misspelled(name, self.iter().map(|(key, _)| key))
        })
    }

    /// One mistake for each key that is neither known nor built yet.
    pub fn check_keys(&self, what: Text, known: &[&str], later: &[&str]) -> Vec<Diagnostic> {
        self.iter()
            .filter_map(|(key, _)| key_mistake(key, &what, known, later))
            .collect()
    }
}

fn key_mistake(key: &Key, what: &Text, known: &[&str], later: &[&str]) -> Option<Diagnostic> {
    let text = key.text.as_str();
    if known.contains(&text) {
        return None;
    }
    let written = quoted(text);
    if later.contains(&text) {
        let message =
            say!("{written} in {what} is not supported yet", "{what}里的 {written} 暂不支持"; what);
        let help = say!(
            "this version refuses the key instead of ignoring it: remove it",
            "本版本宁可拒绝也不当没看见：请删掉这个键"
        );
        return Some(
            Diagnostic::error(code::FG1022, message)
                .at(&key.span)
                .help(help),
        );
    }
    // A key with a look-alike character is unknown because of that character: name it.
    if let Err(mistake) = check_name(
        say!("a key of {what}", "{what}里的键"; what),
        text,
        &key.span,
    ) {
        return Some(mistake);
    }
    let unknown = Diagnostic::error(
        code::FG1021,
        say!("unknown key {written} in {what}", "{what}里没有 {written} 这个键"; what),
    )
    .at(&key.span);
    // A key that is not built yet may be meant; it is not listed among those that can be written.
    let meant = unknown.did_you_mean(text, known.iter().chain(later).copied());
    Some(meant.unwrap_or_else(|unknown| unknown.suggest(text, known.iter().copied())))
}
