//! `fieldgate help CODE`: what a diagnostic means, why it is refused, an example that gives it and its cure.
//!
//! Refuses (exit 2) codes that do not exist.

use std::process::ExitCode;

use super::{Failure, lang, printable, say};
use crate::policy::diagnostic::code::{Code, Example};
use crate::policy::diagnostic::{Lang, quoted};

/// Prints the explanation to standard output.
pub(super) fn run(name: &str) -> Result<ExitCode, Failure> {
    let lang = lang();
    match Code::named(name) {
        Some(code) => {
            say(&printable(&explained(code, lang)));
            Ok(ExitCode::SUCCESS)
        }
        None => {
            let name = quoted(name);
            Err(Failure::usage(match lang {
                Lang::En => {
                    format!("there is no code {name}; docs/diagnostics.md lists all of them")
                }
                Lang::Zh => format!("没有 {name} 这个错误码；全部错误码见 docs/diagnostics.md"),
            }))
        }
    }
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
