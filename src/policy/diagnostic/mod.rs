//! Mistakes in rule files and settings: a code, a sentence, the places and the cure, in English and Chinese.
//!
//! Refuses nothing itself. A code is its own explanation ([`code`]), and a sentence both of its languages ([`say!`]): what
//! is not explained and not translated does not compile. `docs/diagnostics.md` is made of the same codes.

pub mod code;
mod nearest;
mod render;
mod text;

pub use code::Code;
pub use nearest::nearest;
pub use render::{Style, render};
pub(crate) use text::say;
pub use text::{In, Lang, Say, Text};

use super::source::{Key, Span};

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file does not load.
    Error,
    /// A lint: the file loads.
    Warning,
}

/// A place and what is to be seen there.
#[derive(Clone, Debug)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What stands there; may be empty.
    pub text: Text,
}

/// One mistake.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// `FG1xxx` reading, `FG2xxx` meaning, `FG3xxx` streaming, `FG4xxx` settings, `FG5xxx` tests, `FG6xxx` authoring.
    pub code: &'static Code,
    /// Error or warning.
    pub severity: Severity,
    /// One sentence, in English in lower case; the user's text in backticks.
    pub message: Text,
    /// The places, the first being where the mistake is.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<Box<Text>>,
    /// The key that was probably meant as the one this mistake misses: where that is a mistake too, this one goes.
    follows: Option<Span>,
}

impl Diagnostic {
    /// A mistake, still without a place in a file.
    pub fn error(code: &'static Code, message: Text) -> Self {
        Diagnostic {
            code,
            severity: Severity::Error,
            message,
            labels: Vec::new(),
            help: None,
            follows: None,
        }
    }

    /// A lint.
    pub fn warning(code: &'static Code, message: Text) -> Self {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(code, message)
        }
    }

    /// Adds a place; the first is the mistake's own.
    #[must_use]
    pub fn at(self, span: &Span) -> Self {
        self.labelled(span, Text::none())
    }

    /// Adds a place and what is to be seen there.
    #[must_use]
    pub fn labelled(mut self, span: &Span, text: Text) -> Self {
        self.labels.push(Label {
            span: span.clone(),
            text,
        });
        self
    }

    /// Adds the cure.
    #[must_use]
    pub fn help(mut self, help: Text) -> Self {
        self.help = Some(Box::new(help));
        self
    }

    /// Adds `did you mean` where a known name is close to the one written.
    ///
    /// # Errors
    ///
    /// The diagnostic as it was, where none is.
    pub fn did_you_mean<'a>(
        self,
        written: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Self> {
        let known: Vec<&str> = known.into_iter().collect();
        let near = nearest::nearest(written, known.iter().copied());
        match near.or_else(|| nearest::ending_in(written, known)) {
            Some(name) => Ok(self.help(say!("did you mean `{}`?", "是不是想写 `{}`？", name))),
            None => Err(self),
        }
    }

    /// Adds `did you mean` where a known name is close to the one written, else the known names.
    #[must_use]
    pub fn suggest<'a>(self, written: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        match self.did_you_mean(written, known.iter().copied()) {
            Ok(meant) => meant,
            Err(unknown) if known.is_empty() => unknown,
            Err(unknown) => {
                let names = known_names(&known);
                let help = match &unknown.help {
                    Some(help) => say!("{}; {}", "{}；{}", **help, names),
                    None => names,
                };
                unknown.help(help)
            }
        }
    }

    /// Says that this mistake only follows from a misspelled key among these, if one may be meant.
    #[must_use]
    pub fn unless_misspelled<'a>(
        mut self,
        name: &str,
        keys: impl IntoIterator<Item = &'a Key>,
    ) -> Self {
        let near = |key: &&Key| nearest::nearest(&key.text, [name]).is_some();
        self.follows = keys.into_iter().find(near).map(|key| key.span.clone());
        self
    }

    /// `file:line:column` of the mistake, if it has a place.
    pub fn place(&self) -> Option<String> {
        self.labels.first().map(|label| label.span.place())
    }
}

/// Known names that are listed where none is near.
const MOST_LISTED: usize = 12;

fn known_names(known: &[&str]) -> Text {
    let names = known.iter().take(MOST_LISTED);
    let names = Text::list(names.map(|name| quoted(name)));
    let list = say!("known: {}", "已有：{}", names);
    match known.len().checked_sub(MOST_LISTED) {
        None | Some(0) => list,
        Some(more) => say!("{} and {} more", "{} 等，另有 {} 个", list, more),
    }
}

/// Puts diagnostics in the order in which somebody mends them: by file and place, those without a place first. What only
/// follows from another is left out.
pub fn in_order(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let unknown = diagnostics.iter().filter(|one| one.code == code::FG1021);
    let unknown: Vec<Span> = unknown
        .filter_map(|one| one.labels.first().map(|label| label.span.clone()))
        .collect();
    diagnostics.retain(|one| {
        one.follows
            .as_ref()
            .is_none_or(|key| !unknown.contains(key))
    });
    diagnostics.sort_by(|a, b| {
        let place = |one: &Diagnostic| {
            let span = one.labels.first().map(|label| &label.span);
            span.map(|span| (span.file.name.clone(), span.start))
        };
        place(a).cmp(&place(b))
    });
    diagnostics
}

/// The user's text in backticks, shortened and without characters that could confuse a reader.
pub fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown = String::from("`");
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            shown.push('…');
            break;
        }
        match super::source::is_unreadable(character) || character == '\n' {
            true => shown.extend(character.escape_unicode()),
            false => shown.push(character),
        }
    }
    shown.push('`');
    shown
}

#[cfg(test)]
mod tests;
