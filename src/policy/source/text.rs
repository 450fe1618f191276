//! Bytes to text, and the characters that have no place in rule files.
//!
//! Refuses what is not UTF-8 and every character a reader could not see or would take for another.

use std::sync::Arc;

use unicode_script::{Script, UnicodeScript};

use super::{MAX_FILE_BYTES, SourceFile, Span};
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};

/// Decodes one file and refuses characters that must not occur anywhere in it, comments included.
///
/// # Errors
///
/// When it is too large, is not UTF-8, or holds tabs, control, invisible or bidirectional characters.
pub fn decode(name: &str, bytes: &[u8]) -> Result<Arc<SourceFile>, Diagnostic> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(too_large(name));
    }
    // Editors on Windows write the mark; it says nothing and hides nothing at the very start.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if is_utf16(bytes) {
        let message = say!("{} is UTF-16", "{} 是 UTF-16 编码", quoted(name));
        return Err(Diagnostic::error(code::FG1003, message)
            .help(say!("save the file as UTF-8", "把文件另存为 UTF-8")));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let file = SourceFile::new(name, text);
            forbidden_character(&file).map_or(Ok(file.clone()), Err)
        }
        Err(error) => Err(not_utf8(name, bytes, error.valid_up_to())),
    }
}

pub(super) fn too_large(name: &str) -> Diagnostic {
    let message = say!("{} is larger than 1 MiB", "{} 超过 1 MiB", quoted(name));
    let help = say!("split it into several files", "拆成几个文件");
    Diagnostic::error(code::FG1002, message).help(help)
}

pub(super) fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff")
}

fn not_utf8(name: &str, bytes: &[u8], valid: usize) -> Diagnostic {
    let file = SourceFile::new(name, String::from_utf8_lossy(bytes));
    let message = say!(
        "this file is not UTF-8; Chinese text in it is probably GBK or GB 18030",
        "文件不是 UTF-8；里面的中文多半是 GBK 或 GB 18030"
    );
    Diagnostic::error(code::FG1003, message)
        .at(&Span::new(&file, valid, valid + 1))
        .help(say!(
            "save it as UTF-8: iconv -f GB18030 -t UTF-8 {name}",
            "转成 UTF-8：iconv -f GB18030 -t UTF-8 {name}"
        ))
}

pub(super) fn forbidden_character(file: &Arc<SourceFile>) -> Option<Diagnostic> {
    let mut characters = file.text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let followed_by_newline = matches!(characters.peek(), Some((_, '\n')));
        let span = Span::new(file, at, at + character.len_utf8());
        let diagnostic = match character {
            '\n' => continue,
            '\r' if followed_by_newline => continue,
            '\t' => Diagnostic::error(code::FG1006, say!("a tab", "制表符")).help(say!(
                "use blanks; in a string write `\\t`",
                "用空格；字符串里写 `\\t`"
            )),
            _ if is_unreadable(character) => {
                let message = say!(
                    "{} must not occur in this file",
                    "文件里不能有 {}",
                    code_point(character)
                );
                let help = say!(
                    "it cannot be seen, or changes how the rest is shown: delete it; inside double quotes it can be written as `\\u....`",
                    "它看不见，或会改变后文的显示：删掉它；双引号里可以写成 `\\u....`"
                );
                Diagnostic::error(code::FG1005, message).help(help)
            }
            _ => continue,
        };
        return Some(diagnostic.at(&span));
    }
    None
}

/// Control, invisible and bidirectional characters.
pub fn is_unreadable(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
            | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Blanks other than U+0020 that look like it.
fn is_odd_blank(character: char) -> bool {
    character.is_whitespace() && !character.is_ascii()
}

fn is_han_letter(character: char) -> bool {
    // Compatibility ideographs and radicals look like the letters people mean.
    let compatibility = matches!(character, '\u{F900}'..='\u{FAFF}' | '\u{2F800}'..='\u{2FA1F}');
    character.script() == Script::Han && character.is_alphabetic() && !compatibility
}

/// The first character that is neither printable ASCII nor a Han letter, so might not be what it
/// looks like.
pub fn odd_character(text: &str) -> Option<char> {
    let plain = |c: char| c.is_ascii_graphic() || c == ' ' || is_han_letter(c);
    text.chars().find(|c| !plain(*c))
}

/// Names are ASCII or Han letters, digits, `_` and `-`.
///
/// # Errors
///
/// When the name is empty, too long, or holds another character, which the message names.
pub fn check_name(what: Text, text: &str, span: &Span) -> Result<(), Diagnostic> {
    const LONGEST: usize = 100;
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || is_han_letter(c);
    if text.is_empty() || text.chars().count() > LONGEST {
        let message = say!("{what} must have 1 to {LONGEST} characters", "{what}要有 1 到 {LONGEST} 个字符"; what);
        return Err(Diagnostic::error(code::FG1025, message).at(span));
    }
    let Some(odd) = text.chars().find(|c| !allowed(*c)) else {
        return Ok(());
    };
    let message = match odd.is_ascii_graphic() {
        true => {
            say!("{what}, {}, must not hold `{odd}`", "{what} {} 里不能有 `{odd}`", quoted(text); what)
        }
        false => say!("{what}, {}, must not hold {}", "{what} {} 里不能有 {}",
            quoted(text),
            code_point(odd); what),
    };
    let help = wide_punctuation(text).unwrap_or_else(|| {
        say!(
            "names are ASCII or Han letters, digits, `_` and `-`",
            "名字只能用英文字母、汉字、数字、`_` 和 `-`"
        )
    });
    Err(Diagnostic::error(code::FG1025, message).at(span).help(help))
}

/// The cure for full-width punctuation and odd blanks that look like YAML's own.
pub(super) fn wide_punctuation(text: &str) -> Option<Text> {
    let (found, cure) = text.chars().find_map(|c| match c {
        '：' => Some((
            c,
            say!("`: ` (a colon and a blank)", "`: `（英文冒号加空格）"),
        )),
        '，' | '、' => Some((c, say!("`,`"))),
        '［' | '【' => Some((c, say!("`[`"))),
        '］' | '】' => Some((c, say!("`]`"))),
        '｛' => Some((c, say!("`{{`"))),
        '｝' => Some((c, say!("`}}`"))),
        '“' | '”' | '＂' => Some((c, say!("`\"`"))),
        '＃' => Some((c, say!("`#`"))),
        '－' => Some((c, say!("`-`"))),
        c if is_odd_blank(c) => Some((c, say!("an ordinary blank", "普通空格"))),
        _ => None,
    })?;
    Some(
        say!("{} is not part of YAML: write {cure}", "{} 不是 YAML 的符号：请写 {cure}",
        code_point(found); cure),
    )
}

/// The ASCII character that a full-width one is the wide form of.
pub(in crate::policy) fn narrow(character: char) -> Option<char> {
    match character {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0),
        _ => None,
    }
}

/// `U+0430` and what it is, for messages: the character itself could mislead.
fn code_point(character: char) -> Text {
    let number = format!("U+{:04X}", u32::from(character));
    match character {
        '\u{3000}' => say!("{number} (full-width blank)", "{number}（全角空格）"),
        '\u{A0}' => say!("{number} (non-breaking space)", "{number}（不换行空格）"),
        '、' | '“' | '”' | '【' | '】' | '\u{FF01}'..='\u{FF5E}' => say!(
            "{number} (`{character}`, full width)",
            "{number}（全角的 `{character}`）"
        ),
        _ if is_unreadable(character) || character.is_whitespace() => say!("{number}", "{number}"),
        _ => {
            let script = character.script().full_name();
            say!(
                "{number} (`{character}`, {script})",
                "{number}（`{character}`，{script} 字符）"
            )
        }
    }
}
