//! `fieldgate fmt DIR|FILE`: brings rule files into form.
//!
//! Refuses (exit 3) files that do not read, and then writes none; directories that hold no rule file; with `--check`, files
//! that are not in form. A file is replaced by a whole one, or not at all.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::offline::refused;
use super::{Failure, INTERNAL, RULES, lang, printable, say};
use crate::author::fmt::format;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::rule_files;
use crate::policy::source::{self, MAX_FILE_BYTES, SourceFile};

/// The arguments of `fieldgate fmt`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Rules directories and rule files; `-` is standard input, written to standard output
    #[arg(required = true, value_name = "DIR|FILE")]
    paths: Vec<PathBuf>,
    /// Write nothing; fail and name the files that are not in form
    #[arg(long)]
    check: bool,
}

/// A file, and where it is written to; standard input has no such place.
struct File {
    path: Option<PathBuf>,
    source: Arc<SourceFile>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mut files = Vec::new();
    let mut mistakes = Vec::new();
    for path in &arguments.paths {
        match read(path) {
            Ok(more) => files.extend(more),
            Err(more) => mistakes.extend(more),
        }
    }
    let mut changed = Vec::new();
    for file in &files {
        match format(&file.source) {
            Ok(text) => changed.extend(is_changed(file, &text).then_some((file, text))),
            Err(more) => mistakes.extend(more),
        }
    }
    if !mistakes.is_empty() {
        return Err(refused(RULES, &mistakes));
    }
    if !arguments.check {
        changed
            .iter()
            .try_for_each(|(file, text)| write(file, text))?;
    }
    if files.iter().any(|file| file.path.is_some()) {
        say(&told(arguments.check, files.len(), &changed));
    }
    let fails = arguments.check && !changed.is_empty();
    Ok(ExitCode::from(if fails { RULES } else { 0 }))
}

/// Standard input is always written out.
fn is_changed(file: &File, text: &str) -> bool {
    file.path.is_none() || file.source.text != text
}

fn told(check: bool, all: usize, changed: &[(&File, String)]) -> String {
    let mut lines = String::new();
    for (file, _) in changed {
        let name = &file.source.name;
        let line = match check {
            true => say!("{}: not in form\n", "{}：格式没有整理\n", name),
            false => say!("{}: brought into form\n", "{}：已整理\n", name),
        };
        lines.push_str(line.get(lang()));
    }
    let files = if all == 1 { "file" } else { "files" };
    let end = match (changed.len(), check) {
        (0, _) => say!(
            "{all} {files} in form\n",
            "{all} 个文件，格式都已是整理好的\n"
        ),
        (some, true) => say!(
            "{some} of {all} {files} not in form; `fieldgate fmt` mends that\n",
            "{all} 个文件中 {some} 个没有整理；用 `fieldgate fmt` 整理\n"
        ),
        (some, false) => say!(
            "{some} of {all} {files} changed\n",
            "{all} 个文件中改了 {some} 个\n"
        ),
    };
    lines.push_str(end.get(lang()));
    printable(&lines)
}

fn read(path: &Path) -> Result<Vec<File>, Vec<Diagnostic>> {
    let shown = path.display().to_string();
    let failed = |error: io::Error| unreadable(&shown, &error);
    if path == Path::new("-") {
        let source = decoded("-", io::stdin().lock()).map_err(failed)?;
        return Ok(vec![File {
            path: None,
            source: source?,
        }]);
    }
    if path.is_dir() {
        return directory(path, &shown);
    }
    let real = path.canonicalize().map_err(failed)?;
    let source = fs::File::open(&real).and_then(|file| decoded(&shown, file));
    Ok(vec![File {
        path: Some(real),
        source: source.map_err(failed)??,
    }])
}

/// Reads one byte more than may be, so that a huge file is not read at all.
fn decoded(
    name: &str,
    from: impl io::Read,
) -> io::Result<Result<Arc<SourceFile>, Vec<Diagnostic>>> {
    let mut bytes = Vec::new();
    from.take(MAX_FILE_BYTES as u64 + 4)
        .read_to_end(&mut bytes)?;
    Ok(source::decode(name, &bytes).map_err(|mistake| vec![mistake]))
}

fn directory(path: &Path, shown: &str) -> Result<Vec<File>, Vec<Diagnostic>> {
    let files = rule_files(path)?;
    let is_rules = |file: &Arc<SourceFile>| {
        let root = source::read(file).ok();
        root.is_some_and(|root| {
            let entries = root.as_map(Text::none());
            entries.is_ok_and(|entries| entries.get("fieldgate").is_some())
        })
    };
    let readable = files.iter().all(|(_, file)| source::read(file).is_ok());
    if readable && !files.iter().any(|(_, file)| is_rules(file)) {
        let message = say!(
            "no file below {} begins with `fieldgate: 1`",
            "{} 下没有以 `fieldgate: 1` 开头的文件",
            quoted(shown)
        );
        return Err(vec![Diagnostic::error(code::FG6006, message).help(say!(
            "name the rules directory, or the files one by one",
            "写规则目录，或者逐个写文件"
        ))]);
    }
    let files = files.into_iter().map(|(path, source)| File {
        path: Some(path),
        source,
    });
    Ok(files.collect())
}

fn unreadable(shown: &str, error: &io::Error) -> Vec<Diagnostic> {
    let message = say!(
        "cannot read {}: {}",
        "读不了 {}：{}",
        quoted(shown),
        error.to_string()
    );
    vec![Diagnostic::error(code::FG1001, message)]
}

/// Puts a whole file in the place of the old one; standard input goes to standard output.
fn write(file: &File, text: &str) -> Result<(), Failure> {
    let Some(path) = &file.path else {
        say(text);
        return Ok(());
    };
    replace(path, text).map_err(|error| {
        let name = quoted(&file.source.name);
        let message = say!(
            "cannot write {name}: {}",
            "写不了 {name}：{}",
            error.to_string()
        );
        Failure::new(INTERNAL, message.get(lang()))
    })
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // A name that begins with a dot is no rule file to anybody who looks meanwhile.
    let mut new = tempfile::Builder::new()
        .prefix(".fmt-")
        .tempfile_in(folder)?;
    new.write_all(text.as_bytes())?;
    new.as_file()
        .set_permissions(fs::metadata(path)?.permissions())?;
    new.as_file().sync_all()?;
    new.persist(path)?;
    Ok(())
}
