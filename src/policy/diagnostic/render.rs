//! Diagnostics as people read them: a snippet with the place underlined, or one line for a log.
//!
//! Refuses to write a control or bidirectional character to a terminal, whatever a file holds. Columns of Chinese
//! characters, which are two cells wide, are counted as such.

use std::io::IsTerminal;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};

use super::{Diagnostic, Lang, Severity, Text, say};
use crate::policy::source::SourceFile;

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
pub fn render(diagnostics: &[Diagnostic], lang: Lang, style: Style) -> String {
    let renderer = match style {
        Style::Colour => Renderer::styled(),
        Style::Plain => Renderer::plain(),
    };
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(MOST_SHOWN) {
        text.push_str(&pretty(diagnostic, lang, &renderer));
        text.push_str("\n\n");
    }
    if let Some(more) = diagnostics.len().checked_sub(MOST_SHOWN + 1) {
        let more = say!("and {} more\n", "还有 {} 处\n", more + 1);
        text.push_str(more.get(lang));
    }
    text
}

impl Severity {
    /// The word for it.
    pub fn word(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Severity::Error, Lang::En) => "error",
            (Severity::Error, Lang::Zh) => "错误",
            (Severity::Warning, Lang::En) => "warning",
            (Severity::Warning, Lang::Zh) => "提示",
        }
    }
}

fn help_word(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "help",
        Lang::Zh => "改法",
    }
}

impl Diagnostic {
    /// One or two lines without snippet: `file:line:column: error[FG1014]: ...`. For logs, so in English.
    pub fn line(&self) -> String {
        self.line_in(Lang::En)
    }

    /// One or two lines without snippet.
    pub fn line_in(&self, lang: Lang) -> String {
        let place = self.place().map(|place| place + ": ").unwrap_or_default();
        let help = match &self.help {
            Some(help) => format!("\n  {}: {}", help_word(lang), help.get(lang)),
            None => String::new(),
        };
        let (word, message) = (self.severity.word(lang), self.message.get(lang));
        let text = format!("{place}{word}[{}]: {message}{help}", self.code);
        normalize_untrusted_str(&text)
    }
}

fn pretty(diagnostic: &Diagnostic, lang: Lang, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let shown = |text: &Text| normalize_untrusted_str(text.get(lang));
    let title = level
        .with_name(diagnostic.severity.word(lang))
        .primary_title(shown(&diagnostic.message));
    let mut group = Group::with_title(title.id(diagnostic.code.id));
    let mut files: Vec<&SourceFile> = Vec::new();
    for label in &diagnostic.labels {
        let file = label.span.file.as_ref();
        if !files.contains(&file) {
            files.push(file);
        }
    }
    // The first label is the mistake's own place, so its file comes first too.
    for (number, file) in files.iter().enumerate() {
        let here = diagnostic
            .labels
            .iter()
            .filter(|label| label.span.file.as_ref() == *file);
        let annotations = here.enumerate().map(|(index, label)| {
            let kind = match (number, index) {
                (0, 0) => AnnotationKind::Primary,
                _ => AnnotationKind::Context,
            };
            let text = shown(&label.text);
            let annotation = kind.span(label.span.underline());
            annotation.label((!text.is_empty()).then_some(text))
        });
        let snippet = Snippet::source(file.text.as_str())
            .path(normalize_untrusted_str(&file.name))
            .annotations(annotations);
        group = group.element(snippet);
    }
    if let Some(help) = &diagnostic.help {
        let level = Level::HELP.with_name(help_word(lang));
        group = group.element(level.message(shown(help)));
    }
    renderer.render(&[group])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::diagnostic::code;
    use crate::policy::source::{SourceFile, Span};

    fn span(text: &str, part: &str) -> Span {
        let start = text.find(part).unwrap();
        Span::new(&SourceFile::new("a.yaml", text), start, start + part.len())
    }

    #[test]
    fn a_snippet_is_underlined_below_wide_characters() {
        let text = "客户: { 类: basicc }\n";
        let diagnostic =
            Diagnostic::error(code::FG2001, say!("no class `basicc`", "没有 `basicc`"))
                .at(&span(text, "basicc"))
                .help(say!("did you mean `basic`?", "是不是 `basic`？"));
        let shown = render(std::slice::from_ref(&diagnostic), Lang::En, Style::Plain);
        assert_eq!(
            shown,
            "error[FG2001]: no class `basicc`\n \
             --> a.yaml:1:10\n  |\n\
             1 | 客户: { 类: basicc }\n  |             ^^^^^^\n  |\n  \
             = help: did you mean `basic`?\n\n"
        );
        let shown = render(&[diagnostic], Lang::Zh, Style::Plain);
        assert_eq!(
            shown,
            "错误[FG2001]: 没有 `basicc`\n \
             --> a.yaml:1:10\n  |\n\
             1 | 客户: { 类: basicc }\n  |             ^^^^^^\n  |\n  \
             = 改法: 是不是 `basic`？\n\n"
        );
    }

    #[test]
    fn wide_characters_are_marked_over_their_whole_width() {
        let text = "读者: { 类别: 基本信息 }\n";
        let diagnostic = Diagnostic::error(code::FG2001, say!("x", "某"))
            .labelled(&span(text, "基本信息"), say!("here", "这里"));
        let shown = render(&[diagnostic], Lang::Zh, Style::Plain);
        let marks = "1 | 读者: { 类别: 基本信息 }\n  |               ^^^^^^^^ 这里\n";
        assert!(shown.contains(marks), "{shown}");
    }

    #[test]
    fn colours_are_only_in_the_colour_style() {
        let diagnostic =
            [Diagnostic::error(code::FG1001, say!("x", "某")).at(&span("a: b\n", "b"))];
        assert!(!render(&diagnostic, Lang::En, Style::Plain).contains('\u{1b}'));
        assert!(render(&diagnostic, Lang::En, Style::Colour).contains('\u{1b}'));
    }

    #[test]
    fn the_line_form_names_place_code_and_cure() {
        let diagnostic = Diagnostic::error(code::FG1014, say!("x", "某"))
            .at(&span("a: b\nc: d\n", "d"))
            .help(say!("y", "改"));
        assert_eq!(diagnostic.line(), "a.yaml:2:4: error[FG1014]: x\n  help: y");
        let line = diagnostic.line_in(Lang::Zh);
        assert_eq!(line, "a.yaml:2:4: 错误[FG1014]: 某\n  改法: 改");
    }

    #[test]
    fn p01_no_escape_sequence_of_a_file_reaches_the_terminal() {
        let text = "a: \u{1b}[2J\u{202e}b\n";
        let message = say!("x {}", "某 {}", "\u{1b}[2J");
        let diagnostic = Diagnostic::error(code::FG1005, message).at(&span(text, "b"));
        for lang in Lang::ALL {
            let shown = render(std::slice::from_ref(&diagnostic), lang, Style::Plain)
                + &diagnostic.line_in(lang);
            assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'));
        }
    }

    #[test]
    fn both_places_of_a_pair_are_shown_across_files() {
        let other = Span::new(&SourceFile::new("b.yaml", "k: 2\n"), 0, 1);
        let diagnostic = Diagnostic::error(code::FG1014, say!("x", "某"))
            .labelled(&span("k: 1\n", "k"), say!("here", "这里"))
            .labelled(&other, say!("and here", "还有这里"));
        let shown = render(&[diagnostic], Lang::En, Style::Plain);
        assert!(
            shown.contains("a.yaml:1:1") && shown.contains("b.yaml:1:1"),
            "{shown}"
        );
    }
}
