//! Reading one settings file: expanded texts, closed lists, references to secrets, and every mistake kept.
//!
//! Refuses a secret in clear and never shows it: the snippet of every diagnostic has stars in its place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::expand::{self, Environment, Refused};
use super::secret::SecretSource;
use crate::policy::diagnostic::{Diagnostic, Text, code, in_order, quoted, say};
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
                Err(in_order(self.mistakes))
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
            "" => say!("the settings", "配置"),
            path => say!("`{path}`"; same),
        };
        let entries = self.keep(node.as_map(what.clone()))?;
        let unknown = entries.check_keys(what, section.known, section.later);
        self.mistakes.extend(unknown);
        Some(entries)
    }

    /// The entries of a map whose keys are names somebody chose.
    pub fn named<'n>(&mut self, node: &'n Node, what: Text) -> Option<Vec<(&'n str, &'n Node)>> {
        let entries = self.keep(node.as_map(what.clone()))?;
        for (key, _) in entries.iter() {
            let named = check_name(
                say!("a name in {what}", "{what} 里的名字"; what),
                &key.text,
                &key.span,
            );
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
            "" => say!("the settings file", "配置文件"),
            path => say!("`{path}`"; same),
        };
        self.keep(entries.require(key, what, entries.span()))
    }

    /// A text with its variables expanded; never empty.
    pub fn text(&mut self, node: &Node, what: Text) -> Option<String> {
        let written = self.keep(node.as_str(what.clone()))?;
        let mistake = match expand::expand(written, self.environment) {
            Ok(text) if text.is_empty() => {
                Diagnostic::error(code::FG4007, say!("{what} is empty", "{what} 是空的"; what))
                    .help(say!(
                        "write a value, or remove the key",
                        "写上值，或者删掉这个键"
                    ))
            }
            Ok(text) if text.chars().any(|c| is_unreadable(c) || c == '\n') => Diagnostic::error(
                code::FG4007,
                say!("{what} holds a character that cannot be seen", "{what} 里有看不见的字符"; what),
            ),
            Ok(text) => return Some(text),
            Err(Refused::Unset(name)) => Diagnostic::error(
                code::FG4002,
                say!(
                    "the environment variable `{name}` is not set",
                    "环境变量 `{name}` 没有设置"
                ),
            )
            .help(say!(
                "set it, or write the value; there is no form with a default",
                "设置它，或者直接写值；没有带默认值的写法"
            )),
            Err(Refused::Empty(name)) => Diagnostic::error(
                code::FG4003,
                say!(
                    "the environment variable `{name}` is empty",
                    "环境变量 `{name}` 是空的"
                ),
            )
            .help(say!(
                "set it to a value, or write the value here",
                "给它设上值，或者把值直接写在这里"
            )),
            Err(Refused::Unprintable(name)) => Diagnostic::error(
                code::FG4003,
                say!(
                    "the environment variable `{name}` holds a control character",
                    "环境变量 `{name}` 里有控制字符"
                ),
            )
            .help(say!(
                "a key or certificate is referred to: `env:NAME` or `file:PATH`",
                "密钥和证书要写成引用：`env:NAME` 或 `file:PATH`"
            )),
            Err(Refused::Form) => Diagnostic::error(
                code::FG4004,
                say!(
                    "`${{` must be followed by the name of a variable and `}}`",
                    "`${{` 后面要跟变量名和 `}}`"
                ),
            )
            .help(say!(
                "`${{VAR}}` is the only form; defaults such as `${{VAR:-x}}` are not taken",
                "只有 `${{VAR}}` 一种写法；不接受 `${{VAR:-x}}` 这样的默认值"
            )),
        };
        self.refuse(mistake.at(&node.span))
    }

    /// A value of a form: `shape` says which, for the message.
    pub fn parsed<T>(
        &mut self,
        node: &Node,
        what: Text,
        shape: Text,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(node, what.clone())?;
        match parse(&text) {
            Some(value) => Some(value),
            None => self.refuse(
                Diagnostic::error(
                    code::FG4007,
                    say!("{what} is not {shape}: {}", "{what} 应为{shape}，这里是 {}", quoted(&text); what, shape),
                )
                .at(&node.span),
            ),
        }
    }

    /// One of the words of a closed list.
    pub fn word<T: Copy>(&mut self, node: &Node, what: Text, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(node, what.clone())?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let mistake = Diagnostic::error(
            code::FG4008,
            say!("{what} cannot be {}", "{what} 不能是 {}", quoted(&text); what),
        )
        .at(&node.span)
        .suggest(&text, known.iter().copied());
        self.refuse(mistake)
    }

    /// A list that is not empty.
    pub fn list<'n>(&mut self, node: &'n Node, what: Text) -> Option<&'n [Node]> {
        match self.keep(node.as_list(what.clone()))? {
            [] => self.refuse(
                Diagnostic::error(
                    code::FG4007,
                    say!("{what} is an empty list", "{what} 是空列表"; what),
                )
                .at(&node.span),
            ),
            items => Some(items),
        }
    }

    /// A path, relative to the settings file.
    pub fn path(&mut self, node: &Node, what: Text) -> Option<PathBuf> {
        let text = self.text(node, what.clone())?;
        if text.starts_with("file:") {
            let mistake = Diagnostic::error(
                code::FG4007,
                say!("{what} is a plain path, without `file:`", "{what} 直接写路径，不带 `file:`"; what),
            );
            return self.refuse(mistake.at(&node.span));
        }
        Some(self.base.join(text))
    }

    /// A reference to a secret, and the secret as `read` reads it.
    pub fn secret<T>(
        &mut self,
        node: &Node,
        what: Text,
        read: impl FnOnce(&SecretSource) -> Result<T, super::SecretError>,
    ) -> Option<(SecretSource, T)> {
        let source = self.secret_source(node, what.clone())?;
        if let Some(path) = source.path().filter(|path| super::secret::is_exposed(path)) {
            self.warnings.push(
                Diagnostic::warning(
                    code::FG4012,
                    say!(
                        "others than its owner may read `{}`",
                        "除属主以外的人也能读 `{}`",
                        path.display()
                    ),
                )
                .at(&node.span)
                .help(say!(
                    "run `chmod 600` on it, unless only this process can reach its directory",
                    "对它执行 `chmod 600`，除非只有本进程能进入它所在的目录"
                )),
            );
        }
        match read(&source) {
            Ok(secret) => Some((source, secret)),
            Err(error) => self.refuse(
                Diagnostic::error(
                    code::FG4006,
                    say!("{what}: {}", "{what}：{}", error.text(); what),
                )
                .at(&node.span),
            ),
        }
    }

    fn secret_source(&mut self, node: &Node, what: Text) -> Option<SecretSource> {
        let expanded = self.text(node, what.clone())?;
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
                        code::FG4006,
                        say!("{what}: $CREDENTIALS_DIRECTORY is not set", "{what}：$CREDENTIALS_DIRECTORY 没有设置"; what),
                    )
                    .help(
                        say!("systemd sets it for units with `LoadCredential=`; elsewhere use `file:`", "systemd 只给写了 `LoadCredential=` 的单元设置它；别处请用 `file:`"),
                    ),
                }
            }
            _ => {
                self.in_clear.push(node.span.clone());
                Diagnostic::error(
                    code::FG4005,
                    say!("{what} must be a reference, never the secret itself", "{what} 必须是引用，绝不能写密钥本身"; what),
                )
                .help(say!("`file:PATH`, `env:NAME` or `cred:NAME` (systemd credentials)", "`file:PATH`、`env:NAME` 或 `cred:NAME`（systemd 凭据）"))
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
