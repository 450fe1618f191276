//! Reading one settings file: expanded texts, closed lists, references to secrets, and every mistake kept.
//!
//! Refuses a secret in clear and never shows it: the snippet of every diagnostic has stars in its place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::expand::{self, Environment, Refused};
use super::secret::SecretSource;
use crate::policy::diagnostic::{Diagnostic, quoted};
use crate::policy::source::{Entries, Node, SourceFile, Span, check_name, is_unreadable};

/// What a map of the file is called, which keys it has, and which are defined but not built yet.
#[derive(Debug)]
pub struct Section {
    /// Its path, as the documentation writes it; empty for the whole file.
    pub path: &'static str,
    /// The keys that are read.
    pub known: &'static [&'static str],
    /// The keys that are refused as not supported yet.
    pub later: &'static [&'static str],
}

/// One file while it is read.
pub struct Reader<'a> {
    base: PathBuf,
    environment: Environment<'a>,
    mistakes: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    in_clear: Vec<Span>,
}

impl<'a> Reader<'a> {
    /// A reader for a file in the directory `base`, to which its paths are relative.
    pub fn new(base: &Path, environment: Environment<'a>) -> Self {
        Reader {
            base: base.to_owned(),
            environment,
            mistakes: Vec::new(),
            warnings: Vec::new(),
            in_clear: Vec::new(),
        }
    }

    /// What was read, or every mistake; warnings where there is none.
    pub fn finish<T>(mut self, value: Option<T>) -> Result<(T, Vec<Diagnostic>), Vec<Diagnostic>> {
        match value {
            Some(value) if self.mistakes.is_empty() => Ok((value, self.warnings)),
            _ => {
                hide(&mut self.mistakes, &self.in_clear);
                self.mistakes
                    .sort_by_key(|mistake| mistake.labels.first().map(|label| label.span.start));
                Err(self.mistakes)
            }
        }
    }

    /// Keeps a mistake; `None` is what the caller returns.
    pub fn refuse<T>(&mut self, mistake: Diagnostic) -> Option<T> {
        self.mistakes.push(mistake);
        None
    }

    /// The value, or its mistake kept.
    pub fn keep<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|mistake| self.mistakes.push(mistake)).ok()
    }

    /// The entries of a section, its unknown keys refused.
    pub fn section<'n>(&mut self, node: &'n Node, section: &Section) -> Option<Entries<'n>> {
        let what = match section.path {
            "" => "the settings".to_owned(),
            path => format!("`{path}`"),
        };
        let entries = self.keep(node.as_map(&what))?;
        let unknown = entries.check_keys(&what, section.known, section.later);
        self.mistakes.extend(unknown);
        Some(entries)
    }

    /// The entries of a map whose keys are names somebody chose.
    pub fn named<'n>(&mut self, node: &'n Node, what: &str) -> Option<Vec<(&'n str, &'n Node)>> {
        let entries = self.keep(node.as_map(what))?;
        for (key, _) in entries.iter() {
            let named = check_name(&format!("a name in {what}"), &key.text, &key.span);
            self.keep(named);
        }
        Some(
            entries
                .iter()
                .map(|(key, value)| (key.text.as_str(), value))
                .collect(),
        )
    }

    /// The value of a key that must be there.
    pub fn need<'n>(
        &mut self,
        entries: Entries<'n>,
        section: &Section,
        key: &str,
    ) -> Option<&'n Node> {
        let what = match section.path {
            "" => "the settings file".to_owned(),
            path => format!("`{path}`"),
        };
        self.keep(entries.require(key, &what, entries.span()))
    }

    /// A text with its variables expanded; never empty.
    pub fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        let written = self.keep(node.as_str(what))?;
        let mistake = match expand::expand(written, self.environment) {
            Ok(text) if text.is_empty() => Diagnostic::error("FG4007", format!("{what} is empty"))
                .help("write a value, or remove the key"),
            Ok(text) if text.chars().any(|c| is_unreadable(c) || c == '\n') => Diagnostic::error(
                "FG4007",
                format!("{what} holds a character that cannot be seen"),
            ),
            Ok(text) => return Some(text),
            Err(Refused::Unset(name)) => Diagnostic::error(
                "FG4002",
                format!("the environment variable `{name}` is not set"),
            )
            .help("set it, or write the value; there is no form with a default"),
            Err(Refused::Empty(name)) => Diagnostic::error(
                "FG4003",
                format!("the environment variable `{name}` is empty"),
            )
            .help("set it to a value, or write the value here"),
            Err(Refused::Unprintable(name)) => Diagnostic::error(
                "FG4003",
                format!("the environment variable `{name}` holds a control character"),
            )
            .help("a key or certificate is referred to: `env:NAME` or `file:PATH`"),
            Err(Refused::Form) => Diagnostic::error(
                "FG4004",
                "`${` must be followed by the name of a variable and `}`",
            )
            .help("`${VAR}` is the only form; defaults such as `${VAR:-x}` are not taken"),
        };
        self.refuse(mistake.at(&node.span))
    }

    /// A value of a form: `shape` says which, for the message.
    pub fn parsed<T>(
        &mut self,
        node: &Node,
        what: &str,
        shape: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(node, what)?;
        match parse(&text) {
            Some(value) => Some(value),
            None => self.refuse(
                Diagnostic::error(
                    "FG4007",
                    format!("{what} is not {shape}: {}", quoted(&text)),
                )
                .at(&node.span),
            ),
        }
    }

    /// One of the words of a closed list.
    pub fn word<T: Copy>(&mut self, node: &Node, what: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(node, what)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let mistake = Diagnostic::error("FG4008", format!("{what} cannot be {}", quoted(&text)))
            .at(&node.span)
            .suggest(&text, known.iter().copied());
        let mistake = match mistake.help {
            Some(_) => mistake,
            None => mistake.help(format!("one of: {}", known.join(", "))),
        };
        self.refuse(mistake)
    }

    /// A list that is not empty.
    pub fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match self.keep(node.as_list(what))? {
            [] => self.refuse(
                Diagnostic::error("FG4007", format!("{what} is an empty list")).at(&node.span),
            ),
            items => Some(items),
        }
    }

    /// A path, relative to the settings file.
    pub fn path(&mut self, node: &Node, what: &str) -> Option<PathBuf> {
        let text = self.text(node, what)?;
        if text.starts_with("file:") {
            let mistake =
                Diagnostic::error("FG4007", format!("{what} is a plain path, without `file:`"));
            return self.refuse(mistake.at(&node.span));
        }
        Some(self.base.join(text))
    }

    /// A reference to a secret, and the secret as `read` reads it.
    pub fn secret<T>(
        &mut self,
        node: &Node,
        what: &str,
        read: impl FnOnce(&SecretSource) -> Result<T, super::SecretError>,
    ) -> Option<(SecretSource, T)> {
        let source = self.secret_source(node, what)?;
        if let Some(path) = source.path().filter(|path| super::secret::is_exposed(path)) {
            self.warnings.push(
                Diagnostic::warning(
                    "FG4012",
                    format!("others than its owner may read `{}`", path.display()),
                )
                .at(&node.span)
                .help("run `chmod 600` on it, unless only this process can reach its directory"),
            );
        }
        match read(&source) {
            Ok(secret) => Some((source, secret)),
            Err(error) => {
                self.refuse(Diagnostic::error("FG4006", format!("{what}: {error}")).at(&node.span))
            }
        }
    }

    fn secret_source(&mut self, node: &Node, what: &str) -> Option<SecretSource> {
        let expanded = self.text(node, what)?;
        let mistake = match expanded.split_once(':') {
            Some(("file", path)) if !path.is_empty() => {
                return Some(SecretSource::File(self.base.join(path)));
            }
            Some(("env", name)) if expand::is_variable(name) => {
                return Some(SecretSource::Env(name.to_owned()));
            }
            Some(("cred", name)) if is_credential(name) => {
                match (self.environment)("CREDENTIALS_DIRECTORY").filter(|dir| !dir.is_empty()) {
                    Some(dir) => return Some(SecretSource::Credential(Path::new(&dir).join(name))),
                    None => Diagnostic::error(
                        "FG4006",
                        format!("{what}: $CREDENTIALS_DIRECTORY is not set"),
                    )
                    .help(
                        "systemd sets it for units with `LoadCredential=`; elsewhere use `file:`",
                    ),
                }
            }
            _ => {
                self.in_clear.push(node.span.clone());
                Diagnostic::error(
                    "FG4005",
                    format!("{what} must be a reference, never the secret itself"),
                )
                .help("`file:PATH`, `env:NAME` or `cred:NAME` (systemd credentials)")
            }
        };
        self.refuse(mistake.at(&node.span))
    }
}

/// The name of a systemd credential: one file name.
fn is_credential(name: &str) -> bool {
    !name.is_empty() && !name.contains('/') && name != "." && name != ".."
}

/// Shows stars where the file has a secret in clear, on whatever line a snippet is taken from.
fn hide(mistakes: &mut [Diagnostic], in_clear: &[Span]) {
    let Some(file) = in_clear.first().map(|span| span.file.clone()) else {
        return;
    };
    let mut text = file.text.clone();
    for span in in_clear {
        let stars: String = span.text().chars().map(star).collect();
        text.replace_range(span.start..span.end, &stars);
    }
    let hidden = SourceFile::new(file.name.clone(), text);
    for label in mistakes.iter_mut().flat_map(|mistake| &mut mistake.labels) {
        if label.span.file == file {
            label.span.file = Arc::clone(&hidden);
        }
    }
}

/// As many stars as the character has bytes, so that every other place stays where it is.
fn star(character: char) -> &'static str {
    match character {
        '\n' => "\n",
        _ => "****".get(..character.len_utf8()).unwrap_or_default(),
    }
}
