//! `fieldgate help CODE`: what a diagnostic means, why it is refused, an example that gives it and its cure; or why a request
//! was refused (`help no-row`), as `docs/reasons.md` says it.
//!
//! Refuses (exit 2) codes and reasons that do not exist.

use std::process::ExitCode;

use super::{Failure, lang, printable, say};
use crate::model::Reason;
use crate::policy::diagnostic::code::{Code, Example};
use crate::policy::diagnostic::{Lang, quoted};

/// The pages that explain reasons; the first is English.
const REASONS: [&str; 2] = [
    include_str!("../../docs/reasons.md"),
    include_str!("../../docs/reasons.zh-CN.md"),
];

/// Prints the explanation to standard output.
pub(super) fn run(name: &str) -> Result<ExitCode, Failure> {
    let lang = lang();
    let reason = || {
        let mut all = Reason::ALL.iter();
        all.find(|reason| reason.code().eq_ignore_ascii_case(name))
    };
    if let Some(code) = Code::named(name) {
        say(&printable(&explained(code, lang)));
    } else if let Some(reason) = reason() {
        say(&printable(&of_reason(*reason, lang)));
    } else {
        let name = quoted(name);
        return Err(Failure::usage(match lang {
            Lang::En => format!(
                "there is no code and no reason {name}; docs/diagnostics.md and docs/reasons.md list all of them"
            ),
            Lang::Zh => format!(
                "没有 {name} 这个错误码，也没有这个拒绝原因；全部错误码见 docs/diagnostics.zh-CN.md，拒绝原因见 docs/reasons.zh-CN.md"
            ),
        }));
    }
    Ok(ExitCode::SUCCESS)
}

/// The explanation of a refusal: the row of its page.
pub fn of_reason(reason: Reason, lang: Lang) -> String {
    let [english, chinese] = REASONS;
    let page = match lang {
        Lang::En => english,
        Lang::Zh => chinese,
    };
    let start = format!("| `{}` |", reason.code());
    let mut text = format!("{} ({})\n\n", reason.code(), reason.status());
    let (mut head, mut before) = ("", "");
    for line in page.lines() {
        if line.starts_with("|---") {
            head = before;
        }
        if line.starts_with(&start) {
            // What the first two say stands above.
            for (name, cell) in cells(head).zip(cells(line)).skip(2) {
                if cell != "-" {
                    text.push_str(&format!("{name}: {cell}\n"));
                }
            }
        }
        before = line;
    }
    text
}

/// The cells of a row of a Markdown table.
fn cells(row: &str) -> impl Iterator<Item = String> {
    let cells = row.trim_matches('|').split('|');
    cells.map(|cell| without_links(cell.trim()))
}

/// `[text](address)` as `text`.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        plain.push_str(before);
        let parts = link.split_once("](");
        let parts = parts.and_then(|(text, after)| Some((text, after.split_once(')')?.1)));
        match parts {
            Some((text, after)) => {
                plain.push_str(text);
                rest = after;
            }
            None => {
                plain.push('[');
                rest = link;
            }
        }
    }
    plain + rest
}

/// The explanation of a code.
pub fn explained(code: &Code, lang: Lang) -> String {
    let words = code.words(lang);
    let [why, cure, example, wrong, right] = match lang {
        Lang::En => ["Why", "Cure", "Example", "wrong", "right"],
        Lang::Zh => ["为什么", "改法", "例子", "错", "对"],
    };
    let mut text = format!(
        "{code}: {}\n\n{why}: {}\n{cure}: {}\n\n{example}:\n",
        words.mistake, words.why, words.cure
    );
    match (&code.example, lang) {
        (Example::Told(told, _), Lang::En) | (Example::Told(_, told), Lang::Zh) => {
            text.push_str(&format!("  {told}\n"));
        }
        (Example::Lines(bad, good), _) => {
            for (word, lines) in [(wrong, bad), (right, good)] {
                text.push_str(&format!("  # {word}\n"));
                lines
                    .lines()
                    .for_each(|line| text.push_str(&format!("  {line}\n")));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_explained_in_both_languages() {
        for reason in Reason::ALL {
            for (lang, mean, operator) in [
                (Lang::En, "\nmeaning: ", "\nthe operator: "),
                (Lang::Zh, "\n含义: ", "\n怎么办: "),
            ] {
                let text = of_reason(*reason, lang);
                assert!(text.starts_with(reason.code()), "{text}");
                assert!(text.contains(mean), "{text}");
                let says_what_to_do = text.contains(operator) || text.contains("\nthe caller: ");
                assert!(says_what_to_do, "{text}");
                assert!(!text.contains("]("), "{text}");
            }
        }
    }

    #[test]
    fn links_become_their_text() {
        assert_eq!(
            without_links("is [blocked](blocks.md); so"),
            "is blocked; so"
        );
        assert_eq!(without_links("items[*] and [x"), "items[*] and [x");
    }
}
