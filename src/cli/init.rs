//! `fieldgate init --from FILE`: writes a first rule set into a new directory.
//!
//! Refuses (exit 3) files it cannot read whole and directories that exist. What it writes loads, and its tests pass, before
//! anybody sees it; else nothing is left behind (exit 1).

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::offline::{NoStage, refused, stage};
use super::test::tested;
use super::{Failure, INTERNAL, RULES, lang, printable, say};
use crate::author::init::{self, MOST_BYTES, Options, Proposal};
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};

/// The arguments of `fieldgate init`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A JSON sample, an OpenAPI 3 document (JSON or YAML), or a data dictionary (CSV)
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The rules directory to make
    #[arg(long, value_name = "DIR", default_value = "rules")]
    out: PathBuf,
    /// What the records of a sample are called; else the file's name says
    #[arg(long, value_name = "NAME", value_parser = resource)]
    resource: Option<String>,
    /// The path a sample is asked for by: '/customers/{id}'
    #[arg(long, value_name = "PATH", value_parser = path)]
    path: Option<String>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let name = arguments.from.display().to_string();
    let bytes = read(&arguments.from).map_err(|error| {
        let message = say!(
            "cannot read {}: {}",
            "读不了 {}：{}",
            quoted(&name),
            error.to_string()
        );
        refused(RULES, &[Diagnostic::error(code::FG1001, message)])
    })?;
    let options = Options {
        lang: lang(),
        resource: arguments.resource.as_deref(),
        path: arguments.path.as_deref(),
    };
    let proposal =
        init::propose(&name, &bytes, &options).map_err(|mistakes| refused(RULES, &mistakes))?;
    let out = &arguments.out;
    made(out)?;
    let passed = written(out, &proposal).inspect_err(|_| {
        // Only what was made here a moment ago.
        let _ = fs::remove_dir_all(out);
    })?;
    say(&told(out, &proposal, passed));
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path)?;
    file.take(MOST_BYTES as u64 + 4).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Makes the directory, which must not be there.
fn made(out: &Path) -> Result<(), Failure> {
    let shown = quoted(&out.display().to_string());
    match fs::create_dir(out) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let message = say!("{shown} is already there", "{shown} 已经存在");
            let help = say!(
                "nothing was written; name a new directory: `--out DIR`",
                "什么也没有写；换一个新目录：`--out 目录`"
            );
            let mistake = Diagnostic::error(code::FG6004, message).help(help);
            Err(refused(RULES, &[mistake]))
        }
        Err(error) => Err(not_written(out, &error)),
    }
}

fn not_written(path: &Path, error: &io::Error) -> Failure {
    let shown = quoted(&path.display().to_string());
    let message = say!(
        "cannot write {shown}: {}",
        "写不了 {shown}：{}",
        error.to_string()
    );
    Failure::new(INTERNAL, message.get(lang()))
}

/// Writes the files, loads them and runs their tests, and returns how many there are.
fn written(out: &Path, proposal: &Proposal) -> Result<usize, Failure> {
    let schema = (
        init::schema_file().to_owned(),
        crate::author::schema::document(lang()),
    );
    for (name, text) in proposal.files.iter().chain([&schema]) {
        let path = out.join(name);
        let folder = path.parent().unwrap_or(out);
        fs::create_dir_all(folder).map_err(|error| not_written(folder, &error))?;
        fs::write(&path, text).map_err(|error| not_written(&path, &error))?;
    }
    let stage = stage(out, None).map_err(|none| match none {
        NoStage::Rules(mistakes) => refused(INTERNAL, &mistakes),
        NoStage::Other(failure) => failure,
    })?;
    let tests = tested(&stage)?;
    let Some(failed) = tests.iter().find(|test| !test.wrong.is_empty()) else {
        return Ok(tests.len());
    };
    let wrong: Vec<&str> = failed.wrong.iter().map(|wrong| wrong.get(lang())).collect();
    let message: Text = say!(
        "the proposal does not pass its own test {}: {}; nothing was written, please report it",
        "方案没有通过自己的测试 {}：{}；什么也没有写，请报告这个问题",
        quoted(&failed.name),
        wrong.join("; ")
    );
    Err(Failure::new(INTERNAL, message.get(lang())))
}

fn told(out: &Path, proposal: &Proposal, tests: usize) -> String {
    let out = out.display().to_string();
    let (fields, left) = (proposal.fields, proposal.left_out);
    let told = say!(
        "{out}: {fields} fields proposed, {left} left out, {tests} tests pass\n\
         Read {out}/rules.yaml line by line and change it: what is left out stands in its comments. Then:\n  \
         fieldgate check {out}\n  fieldgate test {out}\n",
        "{out}：起草了 {fields} 个字段，{left} 个没有登记，{tests} 条测试全部通过\n\
         请逐行看过并修改 {out}/rules.yaml，没有登记的列在注释里。改完运行：\n  \
         fieldgate check {out}\n  fieldgate test {out}\n"
    );
    printable(told.get(lang()))
}

fn resource(text: &str) -> Result<String, String> {
    match init::is_resource(text) {
        true => Ok(text.to_owned()),
        false => Err(told_of(say!(
            "write lower-case letters, digits and `-`: customer",
            "只用汉字、小写字母、数字和 `-`：customer"
        ))),
    }
}

fn path(text: &str) -> Result<String, String> {
    match init::is_path(text) {
        true => Ok(text.to_owned()),
        false => Err(told_of(say!(
            "write the path as it goes over the wire, parameters in braces: '/customers/{{id}}'; letters beyond ASCII as %XX",
            "写网络上传的路径，参数用花括号：'/customers/{{id}}'；汉字写成 %XX"
        ))),
    }
}

fn told_of(wrong: Text) -> String {
    wrong.get(lang()).to_owned()
}
