//! What a mistake of YAML is called, and the traps people fall into, each with its cure.
//!
//! Refuses nothing itself: the reader does, with these sentences.

use std::sync::Arc;

use granit_parser::{ErrorKind, ScanError};

use super::reader::MAX_DEPTH;
use super::text::wide_punctuation;
use super::{Key, SourceFile, Span};
use crate::policy::diagnostic::{Diagnostic, quoted};

pub(super) fn null_mistake(key: Option<&Key>, text: &str, place: &Span) -> Diagnostic {
    let (message, at) = match (key, text) {
        (Some(key), "") => (format!("{} has no value", quoted(&key.text)), &key.span),
        (None, "") => (String::from("an empty item"), place),
        (_, text) => (format!("{} is YAML's null", quoted(text)), place),
    };
    let help = key
        .and_then(|key| wide_punctuation(&key.text).or_else(|| blank_after_colon(&key.text)))
        .unwrap_or_else(|| {
            String::from(
                "nothing here is ever null: write a value or remove the entry; \
             a text with `#`, `{`, `[` or `*` in it is quoted",
            )
        });
    Diagnostic::error("FG1015", message).at(at).help(help)
}

pub(super) fn key_mistake(text: &str, place: &Span) -> Option<Diagnostic> {
    if matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        let help = "write a key before the `:`";
        return Some(
            Diagnostic::error("FG1015", "an empty key")
                .at(place)
                .help(help),
        );
    }
    let wide =
        text.contains(['：', '，']) || text.chars().any(|c| !c.is_ascii() && c.is_whitespace());
    if wide && let Some(cure) = wide_punctuation(text) {
        let message = format!("{} is read as one key", quoted(text));
        return Some(Diagnostic::error("FG1007", message).at(place).help(cure));
    }
    boolean_mistake(text, place)
}

/// A whole text in quotes that YAML takes for letters: it would never equal what is meant.
pub(super) fn curly_quotes(text: &str, place: &Span) -> Option<Diagnostic> {
    const QUOTES: [char; 10] = ['“', '”', '‘', '’', '「', '」', '『', '』', '＂', '＇'];
    let inner = text.strip_prefix(QUOTES)?.strip_suffix(QUOTES)?;
    let message = format!(
        "{} stands in quotes that YAML reads as letters",
        quoted(text)
    );
    let help = format!("write it in straight ones: \"{inner}\"");
    Some(Diagnostic::error("FG1007", message).at(place).help(help))
}

pub(super) fn boolean_mistake(text: &str, place: &Span) -> Option<Diagnostic> {
    const WORDS: [&str; 6] = ["yes", "no", "on", "off", "y", "n"];
    let meant = match text.to_ascii_lowercase().as_str() {
        "true" if text != "true" => "`true`",
        "false" if text != "false" => "`false`",
        word if WORDS.contains(&word) => "`true` or `false`",
        _ => return None,
    };
    let message = format!(
        "{} is a boolean to some YAML readers and a text to others",
        quoted(text)
    );
    let help = format!("write {meant}, or the text in quotes: \"{text}\"");
    Some(Diagnostic::error("FG1016", message).at(place).help(help))
}

pub(super) fn tag_mistake(
    file: &Arc<SourceFile>,
    span: &granit_parser::Span,
    tag: &str,
) -> Diagnostic {
    let range = span.tag_span().unwrap_or(*span);
    let start = range.start.byte_offset().unwrap_or_default();
    let end = range.end.byte_offset().unwrap_or(start);
    Diagnostic::error(
        "FG1011",
        format!("tags such as {} are not read", quoted(tag)),
    )
    .at(&Span::new(file, start, end))
    .help("remove it; a text that begins with `!` is quoted")
}

pub(super) fn too_deep(place: &Span) -> Diagnostic {
    Diagnostic::error("FG1017", format!("nested deeper than {MAX_DEPTH} levels")).at(place)
}

pub(super) fn collection_as_key(text: &str, place: &Span) -> Diagnostic {
    let rest = text.get(place.start..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    let diagnostic = Diagnostic::error("FG1018", "a list or map cannot be a key").at(place);
    if line.starts_with("['") || line.starts_with("[\"") {
        let odd = line.split_once(']').map_or(line, |(key, _)| key);
        return diagnostic.help(format!(
            "write `${odd}]`: a path with an odd name begins with `$`"
        ));
    }
    diagnostic.help("quote the key if its text begins with `[` or `{`")
}

/// The parser's error, with the trap named where the line shows one people fall into.
pub(super) fn syntax_mistake(file: &Arc<SourceFile>, error: &ScanError) -> Diagnostic {
    let at = error
        .marker()
        .byte_offset()
        .unwrap_or_default()
        .min(file.text.len());
    let place = Span::new(file, at, at + 1);
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => return too_deep(&place),
        ErrorKind::DirectiveDisallowed => {
            let message = "directives (`%`) are not read";
            return Diagnostic::error("FG1010", message)
                .at(&place)
                .help("remove the line");
        }
        ErrorKind::MultipleDocumentsUnsupported => {
            return Diagnostic::error("FG1010", "several YAML documents").at(&place);
        }
        _ => {}
    }
    let (line_start, line) = line_around(&file.text, at);
    if let Some((offset, length, cure)) = trap(line) {
        let span = Span::new(file, line_start + offset, line_start + offset + length);
        let message = "this text must be quoted here: YAML gives it another meaning";
        return Diagnostic::error("FG1009", message).at(&span).help(cure);
    }
    if let Some(cure) = wide_punctuation(line) {
        let found = line.find(|c: char| wide_punctuation(c.encode_utf8(&mut [0; 4])).is_some());
        let start = line_start + found.unwrap_or_default();
        let message = "a full-width character stands where YAML has its own";
        let span = Span::new(file, start, start + 1);
        return Diagnostic::error("FG1007", message).at(&span).help(cure);
    }
    let mistake = Diagnostic::error("FG1008", format!("this is not YAML: {}", error.info()));
    // The parser may notice only on the line below.
    let above = file.text.get(..line_start).unwrap_or_default();
    let above = above.lines().next_back().unwrap_or_default();
    match blank_after_colon(line).or_else(|| blank_after_colon(above)) {
        Some(cure) => mistake.at(&place).help(cure),
        None => mistake.at(&place),
    }
}

/// `class:basic` is one word to YAML.
fn blank_after_colon(text: &str) -> Option<String> {
    let (before, after) = text.split_once(':')?;
    let joined = after.starts_with(|c: char| !c.is_whitespace() && c != '/');
    let word = before.rsplit([' ', ',', '{', '[']).next()?;
    (joined && !word.is_empty()).then(|| {
        format!("write a blank after the colon: `{word}: `; a text with `:` in it is quoted")
    })
}

/// The line an error points into; at a line's start or the file's end, the last one with text.
fn line_around(text: &str, at: usize) -> (usize, &str) {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text
        .get(start..)
        .unwrap_or_default()
        .lines()
        .next()
        .unwrap_or_default();
    if !before.get(start..).unwrap_or_default().trim().is_empty() || !line.trim().is_empty() {
        return (start, line);
    }
    let trimmed = before.trim_end();
    let start = trimmed.rfind('\n').map_or(0, |newline| newline + 1);
    (start, trimmed.get(start..).unwrap_or_default())
}

/// Unquoted text with a meaning of its own: where it stands in the line, and the cure.
fn trap(line: &str) -> Option<(usize, usize, String)> {
    let code = line.split(" #").next().unwrap_or_default();
    if let Some(at) = code.find("***") {
        return Some((at, 3, String::from("write `\"***\"`")));
    }
    let opened = code.find(['{', '['])?;
    let inner = code.get(opened + 1..).unwrap_or_default();
    let marks: [(&str, &str); 4] = [("[*]", "]"), ("/{", "}"), ("['", "]"), ("[?", "]")];
    let found = marks
        .iter()
        .find_map(|(mark, end)| Some((inner.find(mark)?, *end)));
    let (at, end) = found.or_else(|| Some((index_bracket(inner)?, "]")))?;
    let at = opened + 1 + at;
    let word_start = code
        .get(..at)?
        .rfind([' ', ',', '{', '[', '\'', '"'])
        .map_or(0, |before| before + 1);
    let closing = at
        + code
            .get(at..)?
            .find(end)
            .map_or(1, |position| position + end.len());
    let word_end = closing + end_of_word(code.get(closing..)?);
    let word = code.get(word_start..word_end)?;
    // A route is quoted as a whole, its method included.
    let before = code.get(..word_start)?.trim_end_matches(['"', '\'']);
    let method = ["GET ", "HEAD "]
        .into_iter()
        .find(|method| before.ends_with(method));
    let (start, word) = match method {
        Some(method) => (before.len() - method.len(), format!("{method}{word}")),
        None => (word_start, word.to_owned()),
    };
    let word = word.trim_end_matches(['"', '\'']);
    let cure = format!("inside `{{ }}` and `[ ]` write `\"{word}\"` in quotes");
    Some((start, word_end - start, cure))
}

/// Where unquoted text ends: at a blank, a comma, a colon, or a bracket it has not opened itself.
fn end_of_word(text: &str) -> usize {
    let mut open = 0_usize;
    let mut ends = |character: char| match character {
        ' ' | ',' | ':' | '}' => true,
        ']' if open == 0 => true,
        ']' => {
            open -= 1;
            false
        }
        '[' => {
            open += 1;
            false
        }
        _ => false,
    };
    text.char_indices()
        .find(|(_, character)| ends(*character))
        .map_or(text.len(), |(at, _)| at)
}

/// The place of a `[` that follows a name directly, as in `phones[0]`.
fn index_bracket(text: &str) -> Option<usize> {
    text.char_indices()
        .zip(text.chars().skip(1))
        .find(|((_, before), next)| {
            *next == '[' && (before.is_alphanumeric() || matches!(before, '_' | '-' | ']'))
        })
        .map(|((at, before), _)| at + before.len_utf8())
}
