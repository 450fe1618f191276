//! `fieldgate init`: a first rule set, made of a JSON sample, an OpenAPI 3 document or a CSV data dictionary.
//!
//! Refuses what it cannot read whole, and more than anybody reviews. It proposes what it recognises and leaves out, by
//! name, what it does not: a field that is not listed never leaves. No value of a sample is ever written; the same input
//! gives the same files.

mod api;
mod catalogue;
mod csv;
mod detect;
mod fixture;
mod locate;
mod openapi;
mod propose;
mod sample;
mod shape;
mod synth;
mod tests_written;
mod value;
mod words;
mod write;

use std::collections::HashSet;
use std::sync::Arc;

use self::api::Api;
use self::sample::Asked;
use self::synth::Synth;
use self::value::Value;
use self::write::{SCHEMA_FILE, Writer};
use super::fmt;
use crate::policy::diagnostic::{Diagnostic, Lang, code, quoted, say};
use crate::policy::source::{SourceFile, Span, decode_table};

/// Bytes of what a proposal is made of.
pub const MOST_BYTES: usize = 8 << 20;

/// What is asked for beside the file.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The language of comments and of the names of tests.
    pub lang: Lang,
    /// What a sample's records are called.
    pub resource: Option<&'a str>,
    /// The path a sample was asked for by: `/customers/{id}`.
    pub path: Option<&'a str>,
}

/// A rule set as files.
#[derive(Debug)]
pub struct Proposal {
    /// Names below the rules directory, and texts.
    pub files: Vec<(String, String)>,
    /// Fields that are listed.
    pub fields: usize,
    /// Places that are left out.
    pub left_out: usize,
}

/// Proposes a rule set.
///
/// # Errors
///
/// Why there is none.
pub fn propose(
    name: &str,
    bytes: &[u8],
    options: &Options<'_>,
) -> Result<Proposal, Vec<Diagnostic>> {
    let one = |mistake| vec![mistake];
    let short = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let is_table = ending(short) == "csv";
    let file = match is_table {
        true => decode_table(name, bytes),
        false => decoded(name, bytes),
    };
    let file = file.map_err(one)?;
    let asked = Asked {
        resource: options.resource,
        path: options.path,
        file: short,
    };
    let (api, taken) = match is_table {
        true => (csv::read(&file, &asked)?, HashSet::new()),
        false => read(&file, &asked).map_err(one)?,
    };
    let (resources, notes) = propose::all(api.checked().map_err(one)?);
    if resources.is_empty() {
        let message = say!(
            "no field of {} was recognised",
            "{} 里一个字段也没认出来",
            quoted(name)
        );
        let help = say!(
            "write the rule set by hand; docs/rules.md shows a whole one",
            "请手写规则；docs/rules.md 里有完整的例子"
        );
        return Err(one(Diagnostic::error(code::FG6003, message).help(help)));
    }
    let writer = Writer {
        lang: options.lang,
        source: short,
        resources: &resources,
        notes: &notes,
    };
    let (tests, fixtures) = writer.tests(&mut Synth::new(taken));
    let mut files = Vec::new();
    for (name, text) in [("rules.yaml", writer.rules()), ("tests.yaml", tests)] {
        files.push((name.to_owned(), fmt::format(&SourceFile::new(name, text))?));
    }
    files.extend(fixtures);
    let catalogues = || resources.iter().map(|one| &one.catalogue);
    Ok(Proposal {
        files,
        fields: catalogues().map(|catalogue| catalogue.fields.len()).sum(),
        left_out: catalogues().map(|catalogue| catalogue.left.len()).sum(),
    })
}

fn decoded(name: &str, bytes: &[u8]) -> Result<Arc<SourceFile>, Diagnostic> {
    if bytes.len() > MOST_BYTES {
        let message = say!("{} is larger than 8 MiB", "{} 超过 8 MiB", quoted(name));
        return Err(Diagnostic::error(code::FG6002, message)
            .help(say!("keep one record of each kind", "每种记录留一条就够")));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(SourceFile::new(name, text)),
        Err(error) => {
            let message = say!(
                "this file is not UTF-8; Chinese text in it is probably GBK or GB 18030",
                "文件不是 UTF-8；里面的中文多半是 GBK 或 GB 18030"
            );
            let file = SourceFile::new(name, String::from_utf8_lossy(bytes));
            let at = error.valid_up_to();
            Err(Diagnostic::error(code::FG1003, message)
                .at(&Span::new(&file, at, at + 1))
                .help(say!(
                    "save it as UTF-8: iconv -f GB18030 -t UTF-8 {name}",
                    "转成 UTF-8：iconv -f GB18030 -t UTF-8 {name}"
                )))
        }
    }
}

fn ending(file: &str) -> String {
    let ending = file.rsplit_once('.').map(|(_, ending)| ending);
    ending.unwrap_or_default().to_ascii_lowercase()
}

/// What the file says of an API, and every word of it that no fixture may hold.
fn read(file: &Arc<SourceFile>, asked: &Asked<'_>) -> Result<(Api, HashSet<String>), Diagnostic> {
    let ending = ending(asked.file);
    let begins = file.text.trim_start().starts_with(['{', '[']);
    let value = match ending.as_str() {
        "yaml" | "yml" => value::yaml(file)?,
        _ if ending == "json" || begins => value::json(file)?,
        _ => {
            let message = say!(
                "{} is not called like anything `init` reads",
                "{} 的扩展名不是 `init` 能读的",
                quoted(&file.name)
            );
            return Err(Diagnostic::error(code::FG6001, message).help(say!(
                "name it `.json` (a sample, or OpenAPI 3), `.yaml` (OpenAPI 3) or `.csv` (a data dictionary)",
                "扩展名用 `.json`（样例或 OpenAPI 3）、`.yaml`（OpenAPI 3）或 `.csv`（数据字典）"
            )));
        }
    };
    let mut taken = HashSet::new();
    words_of(&value, &mut taken);
    // Rules and samples are not told apart in YAML.
    let yaml = ending == "yaml" || ending == "yml";
    let api = match openapi::is_one(&value) || yaml {
        true => openapi::read(&value, &file.name)?,
        false => sample::read(&value, asked),
    };
    Ok((api, taken))
}

fn words_of(value: &Value, into: &mut HashSet<String>) {
    match value {
        Value::Text(word) | Value::Number(word) => _ = into.insert(word.clone()),
        Value::List(elements) => elements.iter().for_each(|element| words_of(element, into)),
        Value::Map(members) => members.iter().for_each(|(_, value)| words_of(value, into)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Whether a text can be [`Options::resource`].
pub fn is_resource(text: &str) -> bool {
    api::name_of(text) == text
}

/// Whether a text can be [`Options::path`].
pub fn is_path(text: &str) -> bool {
    openapi::is_path(text)
}

/// The name of the file in which editors find the schema, below the rules directory.
pub fn schema_file() -> &'static str {
    SCHEMA_FILE
}

#[cfg(test)]
mod tests;
