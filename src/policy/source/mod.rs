//! Strict YAML: text to nodes that know where they stand, for rule files and `fieldgate.yaml` alike.
//!
//! Refuses, with file, line, column and cure, everything of YAML that people trip over: duplicate
//! keys, nulls, `yes`/`no`, tags, merge keys, several documents, more than a few anchors, tabs,
//! invisible and full-width characters, text that is not UTF-8, files too large or too deep.
//! Knows nothing of what keys mean. Unquoted scalars keep their text.

mod entries;
mod moment;
mod reader;
mod syntax;
mod table;
mod text;
mod traps;

use std::ops::Range;
use std::sync::Arc;

use super::diagnostic::{Diagnostic, Text, code, quoted, say};
pub use entries::Entries;
pub use moment::last_second;
pub use reader::read;
pub use table::{Cell, Table, decode_table, read_table};
pub(super) use text::narrow;
pub use text::{check_name, decode, is_unreadable, odd_character};

/// The most bytes one file may have.
pub const MAX_FILE_BYTES: usize = 1 << 20;

/// One file as it was read: its name for people and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The name diagnostics show.
    pub name: String,
    /// The same name, relative to the rules directory where it lies in one.
    pub short: Arc<str>,
    /// UTF-8 without a byte order mark.
    pub text: String,
    /// Where the text's lines end, in order.
    line_ends: Vec<usize>,
}

impl SourceFile {
    /// A file from text that is already decoded; see [`decode`] for bytes.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<SourceFile> {
        let (name, text): (String, String) = (name.into(), text.into());
        Arc::new(SourceFile {
            short: name.as_str().into(),
            line_ends: memchr::memchr_iter(b'\n', text.as_bytes()).collect(),
            name,
            text,
        })
    }

    /// The same file under a shorter name for places.
    pub fn called(self: Arc<Self>, short: &str) -> Arc<SourceFile> {
        Arc::new(SourceFile {
            short: short.into(),
            ..Arc::unwrap_or_clone(self)
        })
    }
}

/// A range of bytes in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Which file.
    pub file: Arc<SourceFile>,
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// A range of a file; bounds outside of it or within a character are moved back into it.
    pub fn new(file: &Arc<SourceFile>, start: usize, end: usize) -> Span {
        let start = file.text.floor_char_boundary(start);
        Span {
            file: file.clone(),
            start,
            end: file.text.floor_char_boundary(end).max(start),
        }
    }

    /// Line and column, both counted from 1, the column in characters.
    pub fn line_column(&self) -> (usize, usize) {
        let before = self.file.text.get(..self.start).unwrap_or_default();
        let here = before.rsplit('\n').next().unwrap_or_default();
        (self.line(), here.chars().count() + 1)
    }

    /// The line it begins in, counted from 1.
    pub fn line(&self) -> usize {
        self.file.line_ends.partition_point(|end| *end < self.start) + 1
    }

    /// `file:line:column`.
    pub fn place(&self) -> String {
        let (line, column) = self.line_column();
        format!("{}:{line}:{column}", self.file.name)
    }

    /// The text of the range.
    pub fn text(&self) -> &str {
        self.file.text.get(self.start..self.end).unwrap_or_default()
    }

    /// What a snippet underlines: the range's first line, and at least one character.
    pub fn underline(&self) -> Range<usize> {
        let first_line = self.text().lines().next().unwrap_or_default();
        let rest = self.file.text.get(self.start..).unwrap_or_default();
        let least = rest.chars().next().filter(|c| *c != '\n' && *c != '\r');
        let length = first_line.trim_end().len();
        self.start..self.start + length.max(least.map_or(0, char::len_utf8))
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A text, exactly as written when unquoted.
    Scalar {
        /// The text, escapes of quoted strings decoded.
        text: String,
        /// Whether it stood without quotes.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file; no key occurs twice.
    Map(Vec<(Key, Node)>),
}

/// A key of a map.
#[derive(Clone, Debug)]
pub struct Key {
    /// Where it stands.
    pub span: Span,
    /// Its text.
    pub text: String,
}

impl Node {
    /// The map's entries.
    ///
    /// # Errors
    ///
    /// When the node is no map; `what` says what it is about (`a role`).
    pub fn as_map(&self, what: Text) -> Result<Entries<'_>, Diagnostic> {
        match &self.kind {
            Kind::Map(entries) => Ok(Entries::new(&self.span, entries)),
            _ => Err(self.wrong_type(what, say!("a map of `key: value`", "`键: 值` 的映射"))),
        }
    }

    /// The list's items.
    ///
    /// # Errors
    ///
    /// When the node is no list.
    pub fn as_list(&self, what: Text) -> Result<&[Node], Diagnostic> {
        match &self.kind {
            Kind::List(items) => Ok(items),
            _ => Err(self.wrong_type(what, say!("a list", "列表"))),
        }
    }

    /// The text, quoted or not.
    ///
    /// # Errors
    ///
    /// When the node is a list or a map.
    pub fn as_str(&self, what: Text) -> Result<&str, Diagnostic> {
        match &self.kind {
            Kind::Scalar { text, .. } => Ok(text),
            _ => Err(self.wrong_type(what, say!("a text", "文本"))),
        }
    }

    /// `true` or `false`, unquoted.
    ///
    /// # Errors
    ///
    /// For anything else.
    pub fn as_bool(&self, what: Text) -> Result<bool, Diagnostic> {
        match &self.kind {
            Kind::Scalar { text, plain: true } if text == "true" => Ok(true),
            Kind::Scalar { text, plain: true } if text == "false" => Ok(false),
            _ => Err(self.wrong_type(what, say!("`true` or `false`", "`true` 或 `false`"))),
        }
    }

    /// A whole number in decimal digits, unquoted.
    ///
    /// # Errors
    ///
    /// For anything else, leading zeros included.
    pub fn as_int(&self, what: Text) -> Result<i64, Diagnostic> {
        match &self.kind {
            Kind::Scalar { text, plain: true } => integer(text),
            _ => None,
        }
        .ok_or_else(|| self.wrong_type(what, say!("a whole number", "整数")))
    }

    /// The node itself where it is a scalar, else nothing.
    pub fn scalar(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// What it says in one line, as it would be written in `{ }` or `[ ]`.
    pub fn in_a_line(&self) -> String {
        match &self.kind {
            Kind::Scalar { text, plain: true } => text.clone(),
            Kind::Scalar { text, plain: false } => {
                serde_json::Value::from(text.as_str()).to_string()
            }
            Kind::List(items) => {
                let items: Vec<String> = items.iter().map(Node::in_a_line).collect();
                format!("[{}]", items.join(", "))
            }
            Kind::Map(_) => format!("{{ {} }}", self.entries_in_a_line()),
        }
    }

    /// The entries of a map in one line, without its brackets.
    pub fn entries_in_a_line(&self) -> String {
        let Kind::Map(entries) = &self.kind else {
            return self.in_a_line();
        };
        let entries = entries.iter();
        let entries = entries.map(|(key, node)| format!("{}: {}", key.text, node.in_a_line()));
        entries.collect::<Vec<String>>().join(", ")
    }

    fn wrong_type(&self, what: Text, wanted: Text) -> Diagnostic {
        let found = match &self.kind {
            Kind::Scalar { text, .. } => say!("found {}", "这里是 {}", quoted(text)),
            Kind::List(_) => say!("found a list", "这里是列表"),
            Kind::Map(_) => say!("found a map", "这里是映射"),
        };
        let diagnostic =
            Diagnostic::error(code::FG1020, say!("{what} must be {wanted}, {found}", "{what}必须是{wanted}，{found}"; what, wanted, found)).at(&self.span);
        match self.scalar().and_then(text::wide_punctuation) {
            Some(cure) => diagnostic.help(cure),
            None => diagnostic,
        }
    }
}

/// Decimal digits without leading zeros, with `-` in front or not.
pub fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = digits == "0" || (!digits.starts_with('0') && !digits.is_empty());
    match canonical && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse().ok(),
        false => None,
    }
}

#[cfg(test)]
mod tests;
