//! Mistakes in rule files and settings: a code, a sentence, the places and the cure.
//!
//! Refuses nothing itself. Whatever a file holds, a rendered diagnostic writes no control or
//! bidirectional character of it to a terminal. `docs/diagnostics.md` explains every code.

use std::io::IsTerminal;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};

use super::source::{SourceFile, Span};

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
    pub text: String,
}

/// One mistake.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// `FG1xxx` reading, `FG2xxx` meaning, `FG3xxx` streaming, `FG4xxx` settings, `FG5xxx` tests.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// One lower-case sentence, the user's text in backticks.
    pub message: String,
    /// The places, the first being where the mistake is.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A mistake without a place in a file, such as a directory that is missing.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            help: None,
        }
    }

    /// A lint.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(code, message)
        }
    }

    /// Adds a place; the first is the mistake's own.
    #[must_use]
    pub fn at(self, span: &Span) -> Self {
        self.labelled(span, "")
    }

    /// Adds a place and what is to be seen there.
    #[must_use]
    pub fn labelled(mut self, span: &Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span: span.clone(),
            text: text.into(),
        });
        self
    }

    /// Adds the cure.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds `did you mean` where a known name is close to the one written.
    #[must_use]
    pub fn suggest<'a>(self, written: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(written, known) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// `file:line:column` of the mistake, if it has a place.
    pub fn place(&self) -> Option<String> {
        self.labels.first().map(|label| label.span.place())
    }

    /// One or two lines without snippet: `file:line:column: error[FG1014]: ...`.
    pub fn line(&self) -> String {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let place = self.place().map(|place| place + ": ").unwrap_or_default();
        let help = match &self.help {
            Some(help) => format!("\n  help: {help}"),
            None => String::new(),
        };
        let text = format!("{place}{word}[{}]: {}{help}", self.code, self.message);
        normalize_untrusted_str(&text)
    }

    fn pretty(&self, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(normalize_untrusted_str(&self.message));
        let mut group = Group::with_title(title.id(self.code));
        let mut files: Vec<&SourceFile> = Vec::new();
        for label in &self.labels {
            let file = label.span.file.as_ref();
            if !files.contains(&file) {
                files.push(file);
            }
        }
        // The first label is the mistake's own place, so its file comes first too.
        for (number, file) in files.iter().enumerate() {
            let here = self
                .labels
                .iter()
                .filter(|label| label.span.file.as_ref() == *file);
            let annotations = here.enumerate().map(|(index, label)| {
                let kind = match (number, index) {
                    (0, 0) => AnnotationKind::Primary,
                    _ => AnnotationKind::Context,
                };
                let text = normalize_untrusted_str(&label.text);
                let annotation = kind.span(label.span.underline());
                annotation.label((!text.is_empty()).then_some(text))
            });
            let snippet = Snippet::source(file.text.as_str())
                .path(normalize_untrusted_str(&file.name))
                .annotations(annotations);
            group = group.element(snippet);
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(normalize_untrusted_str(help)));
        }
        renderer.render(&[group])
    }
}

/// How diagnostics are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// With colours, for a terminal.
    Colour,
    /// Snippets without colours.
    Plain,
}

impl Style {
    /// Colours only where standard error is a terminal and `NO_COLOR` is not set.
    pub fn of_stderr() -> Style {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match std::io::stderr().is_terminal() && !refused {
            true => Style::Colour,
            false => Style::Plain,
        }
    }
}

/// Diagnostics that are printed; whoever has more reads these first.
const MOST_SHOWN: usize = 200;

/// Diagnostics with their snippets, one after the other.
pub fn render(diagnostics: &[Diagnostic], style: Style) -> String {
    let renderer = match style {
        Style::Colour => Renderer::styled(),
        Style::Plain => Renderer::plain(),
    };
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(MOST_SHOWN) {
        text.push_str(&diagnostic.pretty(&renderer));
        text.push_str("\n\n");
    }
    if let Some(more) = diagnostics.len().checked_sub(MOST_SHOWN + 1) {
        text.push_str(&format!("and {} more\n", more + 1));
    }
    text
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

/// The known name nearest to the one written, if it is near enough to be meant.
fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 64;
    if written.len() > LONGEST {
        return None;
    }
    let allowed = written.chars().count().div_ceil(3);
    known
        .into_iter()
        .filter(|name| name.len() <= LONGEST)
        .map(|name| (distance(written, name), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// Edit distance (insert, delete, replace), ASCII case ignored.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.to_ascii_lowercase().chars().collect();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.to_ascii_lowercase().chars().enumerate() {
        let mut line = vec![row + 1];
        let mut before = row + 1;
        for (b, diagonal_and_up) in right.iter().zip(above.windows(2)) {
            let [diagonal, up] = diagonal_and_up else {
                continue;
            };
            before = (before + 1)
                .min(up + 1)
                .min(diagonal + usize::from(a != *b));
            line.push(before);
        }
        above = line;
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::source::{SourceFile, Span};

    fn span(text: &str, part: &str) -> Span {
        let start = text.find(part).unwrap();
        Span::new(&SourceFile::new("a.yaml", text), start, start + part.len())
    }

    #[test]
    fn a_snippet_is_underlined_below_wide_characters() {
        let text = "客户: { 类: basicc }\n";
        let diagnostic = Diagnostic::error("FG2001", "no class `basicc`")
            .at(&span(text, "basicc"))
            .help("did you mean `basic`?");
        let shown = render(&[diagnostic], Style::Plain);
        assert_eq!(
            shown,
            "error[FG2001]: no class `basicc`\n \
             --> a.yaml:1:10\n  |\n\
             1 | 客户: { 类: basicc }\n  |             ^^^^^^\n  |\n  \
             = help: did you mean `basic`?\n\n"
        );
    }

    #[test]
    fn colours_are_only_in_the_colour_style() {
        let diagnostic = [Diagnostic::error("FG1001", "x").at(&span("a: b\n", "b"))];
        assert!(!render(&diagnostic, Style::Plain).contains('\u{1b}'));
        assert!(render(&diagnostic, Style::Colour).contains('\u{1b}'));
    }

    #[test]
    fn the_line_form_names_place_code_and_cure() {
        let diagnostic = Diagnostic::error("FG1014", "x")
            .at(&span("a: b\nc: d\n", "d"))
            .help("y");
        assert_eq!(diagnostic.line(), "a.yaml:2:4: error[FG1014]: x\n  help: y");
    }

    #[test]
    fn p01_no_escape_sequence_of_a_file_reaches_the_terminal() {
        let text = "a: \u{1b}[2J\u{202e}b\n";
        let diagnostic = Diagnostic::error("FG1005", "x \u{1b}[2J").at(&span(text, "b"));
        let shown = render(std::slice::from_ref(&diagnostic), Style::Plain) + &diagnostic.line();
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'));
        assert_eq!(quoted("a\u{202e}b"), "`a\\u{202e}b`");
    }

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        assert_eq!(nearest("feilds", ["fields", "params"]), Some("fields"));
        assert_eq!(nearest("telller", ["teller", "self"]), Some("teller"));
        assert_eq!(nearest("x", ["teller", "self"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn both_places_of_a_pair_are_shown_across_files() {
        let other = Span::new(&SourceFile::new("b.yaml", "k: 2\n"), 0, 1);
        let diagnostic = Diagnostic::error("FG1014", "x")
            .labelled(&span("k: 1\n", "k"), "here")
            .labelled(&other, "and here");
        let shown = render(&[diagnostic], Style::Plain);
        assert!(
            shown.contains("a.yaml:1:1") && shown.contains("b.yaml:1:1"),
            "{shown}"
        );
    }
}
