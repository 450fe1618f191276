//! What a mistake of YAML is called, and the traps people fall into, each with its cure.
//!
//! Refuses nothing itself: the reader does, with these sentences.

use std::sync::Arc;

use granit_parser::{ErrorKind, ScanError};

use super::reader::MAX_DEPTH;
use super::syntax::{cure, what_is_wrong};
use super::text::wide_punctuation;
use super::{Key, SourceFile, Span};
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};

pub(super) fn null_mistake(key: Option<&Key>, text: &str, place: &Span) -> Diagnostic {
    let (message, at) = match (key, text) {
        (Some(key), "") => (
            say!("{} has no value", "{} 没有值", quoted(&key.text)),
            &key.span,
        ),
        (None, "") => (say!("an empty item", "空的列表项"), place),
        (_, text) => (
            say!("{} is YAML's null", "{} 在 YAML 里是空值", quoted(text)),
            place,
        ),
    };
    let help = key
        .and_then(|key| {
            let colon = || blank_after_colon(&key.text).map(|(_, _, cure)| cure);
            wide_punctuation(&key.text).or_else(colon)
        })
        .unwrap_or_else(|| {
            say!("nothing here is ever null: write a value or remove the entry; a text with `#`, `{{`, `[` or `*` in it is quoted", "这里没有空值：写上值，或者删掉这一项；文本里有 `#`、`{{`、`[`、`*` 的要加引号",)
        });
    Diagnostic::error(code::FG1015, message).at(at).help(help)
}

pub(super) fn key_mistake(text: &str, place: &Span) -> Option<Diagnostic> {
    if matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        let help = say!("write a key before the `:`", "`:` 前面要写键");
        return Some(
            Diagnostic::error(code::FG1015, say!("an empty key", "空的键"))
                .at(place)
                .help(help),
        );
    }
    let wide =
        text.contains(['：', '，']) || text.chars().any(|c| !c.is_ascii() && c.is_whitespace());
    if wide && let Some(cure) = wide_punctuation(text) {
        let message = say!(
            "{} is read as one key",
            "{} 整个被读成了一个键",
            quoted(text)
        );
        return Some(
            Diagnostic::error(code::FG1007, message)
                .at(place)
                .help(cure),
        );
    }
    boolean_mistake(text, place)
}

/// A whole text in quotes that YAML takes for letters: it would never equal what is meant.
pub(super) fn curly_quotes(text: &str, place: &Span) -> Option<Diagnostic> {
    const QUOTES: [char; 10] = ['“', '”', '‘', '’', '「', '」', '『', '』', '＂', '＇'];
    let inner = text.strip_prefix(QUOTES)?.strip_suffix(QUOTES)?;
    let message = say!(
        "{} stands in quotes that YAML reads as letters",
        "{} 外面的引号，YAML 当普通文字读",
        quoted(text)
    );
    let help = say!(
        "write it in straight ones: \"{inner}\"",
        "改用英文直引号：\"{inner}\""
    );
    Some(
        Diagnostic::error(code::FG1007, message)
            .at(place)
            .help(help),
    )
}

pub(super) fn boolean_mistake(text: &str, place: &Span) -> Option<Diagnostic> {
    const WORDS: [&str; 6] = ["yes", "no", "on", "off", "y", "n"];
    let meant = match text.to_ascii_lowercase().as_str() {
        "true" if text != "true" => say!("`true`"),
        "false" if text != "false" => say!("`false`"),
        word if WORDS.contains(&word) => say!("`true` or `false`", "`true` 或 `false`"),
        _ => return None,
    };
    let message = say!(
        "{} is a boolean to some YAML readers and a text to others",
        "{} 在有的 YAML 解析器里是布尔值，在有的里是文本",
        quoted(text)
    );
    let help = say!("write {meant}, or the text in quotes: \"{text}\"", "写 {meant}；要当文本就加引号：\"{text}\""; meant);
    Some(
        Diagnostic::error(code::FG1016, message)
            .at(place)
            .help(help),
    )
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
        code::FG1011,
        say!(
            "tags such as {} are not read",
            "不支持 {} 这样的标签",
            quoted(tag)
        ),
    )
    .at(&Span::new(file, start, end))
    .help(say!(
        "remove it; a text that begins with `!` is quoted",
        "删掉它；以 `!` 开头的文本要加引号"
    ))
}

pub(super) fn too_deep(place: &Span) -> Diagnostic {
    Diagnostic::error(
        code::FG1017,
        say!(
            "nested deeper than {MAX_DEPTH} levels",
            "嵌套超过 {MAX_DEPTH} 层"
        ),
    )
    .at(place)
}

pub(super) fn collection_as_key(text: &str, place: &Span) -> Diagnostic {
    let rest = text.get(place.start..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    let diagnostic = Diagnostic::error(
        code::FG1018,
        say!("a list or map cannot be a key", "列表和映射不能当键"),
    )
    .at(place);
    if line.starts_with("['") || line.starts_with("[\"") {
        let odd = line.split_once(']').map_or(line, |(key, _)| key);
        return diagnostic.help(say!(
            "write `${odd}]`: a path with an odd name begins with `$`",
            "写 `${odd}]`：带特殊名字的路径要以 `$` 开头"
        ));
    }
    diagnostic.help(say!(
        "quote the key if its text begins with `[` or `{{`",
        "键以 `[` 或 `{{` 开头的，要加引号"
    ))
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
            let message = say!("directives (`%`) are not read", "不支持指令（`%`）");
            return Diagnostic::error(code::FG1010, message)
                .at(&place)
                .help(say!("remove the line", "删掉这一行"));
        }
        ErrorKind::MultipleDocumentsUnsupported => {
            return Diagnostic::error(
                code::FG1010,
                say!("several YAML documents", "一个文件里有多个 YAML 文档"),
            )
            .at(&place);
        }
        _ => {}
    }
    // A quote that is not closed makes the parser stumble over something further down.
    if let Some(quote) = open_quote(&file.text, at) {
        let message = say!(
            "this is not YAML: the quote that begins here is not closed",
            "这不是 YAML：从这里开始的引号没有收尾"
        );
        let span = Span::new(file, quote, quote + 1);
        return Diagnostic::error(code::FG1008, message)
            .at(&span)
            .help(say!(
                "close it before the end of the line; inside single quotes, write `''` for one",
                "在行末之前收尾；单引号里要写单引号就写 `''`"
            ));
    }
    let line = Line::around(&file.text, at);
    if let Some((offset, length, cure)) = trap(line.text) {
        let span = line.span(file, offset, length);
        let message = say!(
            "this text must be quoted here: YAML gives it another meaning",
            "这里的文本要加引号：YAML 会把它读成别的意思"
        );
        return Diagnostic::error(code::FG1009, message)
            .at(&span)
            .help(cure);
    }
    // The parser may notice only on the line below.
    let above = line.above(&file.text);
    let wide = full_width(&line).map(|found| (&line, found));
    let wide = wide.or_else(|| Some((&above, full_width_key(&above)?)));
    if let Some((line, (offset, cure))) = wide {
        let message = say!(
            "a full-width character stands where YAML has its own",
            "该写 YAML 半角符号的地方写了全角字符"
        );
        return Diagnostic::error(code::FG1007, message)
            .at(&line.span(file, offset, 1))
            .help(cure);
    }
    for line in [&line, &above] {
        if let Some((offset, length, cure)) = blank_after_colon(line.text) {
            let message = say!(
                "this is not YAML: the blank behind a colon is missing",
                "这不是 YAML：冒号后面少了空格"
            );
            return Diagnostic::error(code::FG1008, message)
                .at(&line.span(file, offset, length))
                .help(cure);
        }
    }
    if let Some((line, depth)) = too_shallow(&file.text, &line) {
        let message = say!(
            "this is not YAML: this line is indented less than those around it",
            "这不是 YAML：这一行比上下的行缩进得少"
        );
        let length = line.text.trim_start().len();
        return Diagnostic::error(code::FG1008, message)
            .at(&line.span(file, indent(line.text), length))
            .help(say!(
                "begin it with {depth} blanks, as the lines around it",
                "行首写 {depth} 个空格，和上下的行对齐"
            ));
    }
    let why = what_is_wrong(error);
    let message = say!("this is not YAML: {why}", "这不是 YAML：{why}"; why);
    let mistake = Diagnostic::error(code::FG1008, message).at(&place);
    match cure(error) {
        Some(cure) => mistake.help(cure),
        None => mistake,
    }
}

/// The line above one the parser stumbled over, where it holds a key and its text, and ought to stand as deep as its neighbours.
fn too_shallow<'a>(text: &'a str, stumbled: &Line<'a>) -> Option<(Line<'a>, usize)> {
    let depth = indent(stumbled.text);
    let meant = stumbled.above(text);
    let before = meant.above(text);
    let holds_text = meant
        .text
        .split_once(": ")
        .is_some_and(|(_, after)| !after.trim().is_empty());
    let shallow = indent(meant.text) < depth && indent(before.text) == depth;
    (shallow && holds_text && stumbled.text.contains(':')).then_some((meant, depth))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Hands on every character outside of quotes and comments; where the quote begins that is open at the end.
fn outside_quotes(text: &str, mut see: impl FnMut(usize, char)) -> Option<usize> {
    let (mut open, mut before, mut comment) = (None, '\n', false);
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        match (open, character) {
            _ if comment => comment = character != '\n',
            (Some((_, '"')), '\\') => _ = characters.next(),
            (Some((_, '\'')), '\'') if next == Some('\'') => _ = characters.next(),
            (Some((_, quote)), _) if quote == character => open = None,
            (Some(_), _) => {}
            (None, '#') if before.is_whitespace() => comment = true,
            // Within a text, as in `the bank's`, a quote is a letter.
            (None, '"' | '\'') if before.is_whitespace() || "[{,".contains(before) => {
                open = Some((at, character));
            }
            (None, _) => see(at, character),
        }
        before = character;
    }
    open.map(|(at, _)| at)
}

/// The quote that is open where the parser stumbled, or that it stumbled over; one that its own line closes is not meant.
fn open_quote(text: &str, at: usize) -> Option<usize> {
    let open = |end: usize| outside_quotes(text.get(..end).unwrap_or_default(), |_, _| {});
    let quote = open(at).unwrap_or(at);
    let rest = text.get(quote..).unwrap_or_default();
    let line = rest.find('\n').map_or(text.len(), |end| quote + end);
    open(line).filter(|open| *open == quote)
}

/// A full-width character that YAML does not take for its own, outside of quotes and comments.
fn full_width(line: &Line<'_>) -> Option<(usize, Text)> {
    let mut found = None;
    outside_quotes(line.text, |at, character| {
        if found.is_none() {
            let cure = wide_punctuation(character.encode_utf8(&mut [0; 4]));
            found = cure.map(|cure| (at, cure));
        }
    });
    found
}

/// A full-width colon behind what was meant as a key; behind a key of YAML's own it is part of a text.
fn full_width_key(line: &Line<'_>) -> Option<(usize, Text)> {
    let (at, cure) = full_width(line)?;
    let before = line.text.get(..at).unwrap_or_default();
    let is_key =
        line.text.get(at..).unwrap_or_default().starts_with('：') && !before.contains(": ");
    is_key.then_some((at, cure))
}

/// `class:basic` is one word to YAML: where the word stands in the line, and the cure.
fn blank_after_colon(line: &str) -> Option<(usize, usize, Text)> {
    let (before, after) = line.split_once(':')?;
    let joined = after.starts_with(|c: char| !c.is_whitespace() && c != '/');
    let word = before.rsplit([' ', ',', '{', '[']).next()?;
    let cure = || {
        say!(
            "write a blank after the colon: `{word}: `; a text with `:` in it is quoted",
            "冒号后面加空格：`{word}: `；文本里有 `:` 的要加引号"
        )
    };
    let at = before.len() - word.len();
    (joined && !word.is_empty()).then(|| (at, word.len() + 1, cure()))
}

/// A line and where it begins.
struct Line<'a> {
    start: usize,
    text: &'a str,
}

impl<'a> Line<'a> {
    /// The line an error points into; at a line's start or the file's end, the last one with text.
    fn around(text: &'a str, at: usize) -> Line<'a> {
        let before = text.get(..at).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = text.get(start..).unwrap_or_default().lines().next();
        let line = line.unwrap_or_default();
        let blank = before.get(start..).unwrap_or_default().trim().is_empty();
        match blank && line.trim().is_empty() {
            false => Line { start, text: line },
            true => Line::last(before),
        }
    }

    /// The line above with text in it.
    fn above(&self, text: &'a str) -> Line<'a> {
        Line::last(text.get(..self.start).unwrap_or_default())
    }

    fn last(text: &'a str) -> Line<'a> {
        let text = text.trim_end();
        let start = text.rfind('\n').map_or(0, |newline| newline + 1);
        let text = text.get(start..).unwrap_or_default();
        Line { start, text }
    }

    fn span(&self, file: &Arc<SourceFile>, offset: usize, length: usize) -> Span {
        let start = self.start + offset;
        // One byte of a wide character is all of it.
        let end = file.text.ceil_char_boundary(start + length);
        Span::new(file, start, end)
    }
}

/// Unquoted text with a meaning of its own: where it stands in the line, and the cure.
fn trap(line: &str) -> Option<(usize, usize, Text)> {
    let code = line.split(" #").next().unwrap_or_default();
    if let Some(at) = code.find("***")
        && outside_quotes(code.get(..at)?, |_, _| {}).is_none()
    {
        return Some((at, 3, say!("write `\"***\"`", "写 `\"***\"`")));
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
    let cure = say!(
        "inside `{{ }}` and `[ ]` write `\"{word}\"` in quotes",
        "在 `{{ }}` 和 `[ ]` 里要加引号：`\"{word}\"`"
    );
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
