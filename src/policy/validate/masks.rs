//! `masks:`, declared masks beside the built-in ones.
//!
//! Refuses the name of a built-in mask, more than one form in a mask, and values that make no sense.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Findings;
use super::scalars::within;
use crate::mask::{Literal, Mask, builtin_names};
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::source::{Entries, Key, Kind, Node, check_name};

const FORMS: [&str; 6] = ["keep", "round", "bucket", "truncate", "replace", "date"];

/// All masks by name, built in and declared.
pub(super) fn all(document: &Document, findings: &mut Findings) -> BTreeMap<String, Arc<Mask>> {
    let mut masks: BTreeMap<String, Arc<Mask>> = builtin_names()
        .filter_map(|name| Some((name.to_owned(), Arc::new(Mask::builtin(name)?))))
        .collect();
    for (key, node) in document.section("masks") {
        findings.keep(check_name(say!("a mask", "脱敏方式"), &key.text, &key.span));
        if masks.contains_key(&key.text) {
            let message = say!(
                "{} is a built-in mask",
                "{} 是内置的脱敏方式",
                quoted(&key.text)
            );
            findings.add(
                Diagnostic::error(code::FG2007, message)
                    .at(&key.span)
                    .help(say!("choose another name", "换个名字")),
            );
            continue;
        }
        // The name counts even where its form has a mistake, so that uses of it are not reported too.
        let mask = findings
            .keep(declared(key, node))
            .unwrap_or_else(Mask::fixed);
        masks.insert(key.text.clone(), Arc::new(mask));
    }
    masks
}

fn declared(key: &Key, node: &Node) -> Result<Mask, Diagnostic> {
    let entries = node.as_map(say!("a mask", "脱敏方式"))?;
    let known: Vec<&str> = FORMS.iter().chain(&["char", "format"]).copied().collect();
    let later = ["sm3", "sm4", "pattern", "shift"];
    if let Some(mistake) = entries
        .check_keys(say!("a mask", "脱敏方式"), &known, &later)
        .into_iter()
        .next()
    {
        return Err(mistake);
    }
    let forms: Vec<(&str, &Node)> = FORMS
        .iter()
        .filter_map(|form| Some((*form, entries.get(form)?)))
        .collect();
    let [(form, value)] = forms.as_slice() else {
        let message = say!(
            "the mask {} needs one form",
            "脱敏方式 {} 要写且只写一种形式",
            quoted(&key.text)
        );
        let help = say!("write one of `{}`", "写 `{}` 之一", FORMS.join("`, `"));
        return Err(Diagnostic::error(code::FG2050, message)
            .at(&key.span)
            .help(help));
    };
    for (word, owner) in [("char", "keep"), ("format", "date")] {
        if let Some((key, _)) = entries.entry(word)
            && *form != owner
        {
            let message = say!(
                "`{word}` belongs to `{owner}`",
                "`{word}` 只能和 `{owner}` 一起写"
            );
            return Err(Diagnostic::error(code::FG2050, message).at(&key.span));
        }
    }
    built(form, value, entries)?
        .map_err(|why| Diagnostic::error(code::FG2050, no_mask(form, &why)).at(&value.span))
}

/// Why the values of a form make no mask; in Chinese all that the form asks for.
fn no_mask(form: &str, why: &str) -> Text {
    match form {
        "keep" => say!(
            "{why}",
            "`keep` 两端最多各留 1,000 个字符，`char` 是一个可见字符，如 `\"*\"`"
        ),
        "round" => say!("{why}", "`round` 是 1 到 10^18 的整数，如 `1000`"),
        "bucket" => say!(
            "{why}",
            "`bucket` 至少列一个分档下界，都是不带指数的 JSON 数字，从小到大，如 `[0, 18, 65]`"
        ),
        "truncate" => say!("{why}", "`truncate` 至少留 1 个字符；一个不留就用 `fixed`"),
        "replace" => say!("{why}", "`replace` 的数字不带指数；要写文本就加引号"),
        _ => say!(
            "{why}",
            "`date` 写 `year`、`month` 或 `day`，即保留到哪一级；`format` 由 `yyyy`、`MM`、`dd`、`HH`、`mm`、`ss`、`T` 和分隔符组成，\
             各写一次，并且有比保留部分更细的部分"
        ),
    }
}

/// The mask, or in the inner result why the values make none.
fn built(
    form: &str,
    node: &Node,
    entries: Entries<'_>,
) -> Result<Result<Mask, String>, Diagnostic> {
    match form {
        "keep" => keep(node, entries.get("char")),
        "round" => Ok(Mask::round(node.as_str(say!("`round`"))?)),
        "bucket" => {
            let bounds = node.as_list(say!("`bucket`"))?.iter();
            let bounds: Vec<&str> = bounds
                .map(|bound| bound.as_str(say!("a bound", "分档下界")))
                .collect::<Result<_, _>>()?;
            Ok(Mask::bucket(&bounds))
        }
        "truncate" => Ok(Mask::truncate(count(node, say!("`truncate`"))?)),
        "replace" => Ok(Mask::replace(literal(node)?)),
        _ => {
            let format = entries
                .require("format", say!("`date`"), &node.span)?
                .as_str(say!("`format`"))?;
            Ok(Mask::date(node.as_str(say!("`date`"))?, format))
        }
    }
}

fn keep(node: &Node, hidden: Option<&Node>) -> Result<Result<Mask, String>, Diagnostic> {
    let entries = node.as_map(say!("`keep`"))?;
    if let Some(mistake) = entries
        .check_keys(say!("`keep`"), &["first", "last"], &[])
        .into_iter()
        .next()
    {
        return Err(mistake);
    }
    let side = |name: &str| match entries.get(name) {
        Some(node) => count(node, say!("`{name}`"; same)),
        None => Ok(0),
    };
    let hidden = hidden
        .map(|node| node.as_str(say!("`char`")))
        .transpose()?
        .unwrap_or("*");
    Ok(Mask::keep(side("first")?, side("last")?, hidden))
}

fn count(node: &Node, what: Text) -> Result<usize, Diagnostic> {
    const MOST: i64 = 1_000_000;
    Ok(usize::try_from(within(node, what, 0..=MOST)?).unwrap_or_default())
}

fn literal(node: &Node) -> Result<Literal<'_>, Diagnostic> {
    let number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    match &node.kind {
        Kind::Scalar { text, plain: true } if text == "true" => Ok(Literal::Boolean(true)),
        Kind::Scalar { text, plain: true } if text == "false" => Ok(Literal::Boolean(false)),
        Kind::Scalar { text, plain: true } if number(text) => Ok(Literal::Number(text)),
        _ => Ok(Literal::String(node.as_str(say!("`replace`"))?)),
    }
}
