//! `masks:`, declared masks beside the built-in ones.
//!
//! Refuses the name of a built-in mask, more than one form in a mask, and values that make no sense.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Findings;
use super::scalars::within;
use crate::mask::{Literal, Mask, builtin_names};
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Diagnostic, quoted};
use crate::policy::source::{Entries, Key, Kind, Node, check_name};

const FORMS: [&str; 6] = ["keep", "round", "bucket", "truncate", "replace", "date"];

/// All masks by name, built in and declared.
pub(super) fn all(document: &Document, findings: &mut Findings) -> BTreeMap<String, Arc<Mask>> {
    let mut masks: BTreeMap<String, Arc<Mask>> = builtin_names()
        .filter_map(|name| Some((name.to_owned(), Arc::new(Mask::builtin(name)?))))
        .collect();
    for (key, node) in document.section("masks") {
        findings.keep(check_name("a mask", &key.text, &key.span));
        if masks.contains_key(&key.text) {
            let message = format!("{} is a built-in mask", quoted(&key.text));
            findings.add(
                Diagnostic::error("FG2007", message)
                    .at(&key.span)
                    .help("choose another name"),
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
    let entries = node.as_map("a mask")?;
    let known: Vec<&str> = FORMS.iter().chain(&["char", "format"]).copied().collect();
    let later = ["sm3", "sm4", "pattern", "shift"];
    if let Some(mistake) = entries
        .check_keys("a mask", &known, &later)
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
        let message = format!("the mask {} needs one form", quoted(&key.text));
        let help = format!("write one of `{}`", FORMS.join("`, `"));
        return Err(Diagnostic::error("FG2050", message)
            .at(&key.span)
            .help(help));
    };
    for (word, owner) in [("char", "keep"), ("format", "date")] {
        if let Some((key, _)) = entries.entry(word)
            && *form != owner
        {
            let message = format!("`{word}` belongs to `{owner}`");
            return Err(Diagnostic::error("FG2050", message).at(&key.span));
        }
    }
    built(form, value, entries)?.map_err(|why| Diagnostic::error("FG2050", why).at(&value.span))
}

/// The mask, or in the inner result why the values make none.
fn built(
    form: &str,
    node: &Node,
    entries: Entries<'_>,
) -> Result<Result<Mask, String>, Diagnostic> {
    match form {
        "keep" => keep(node, entries.get("char")),
        "round" => Ok(Mask::round(node.as_str("`round`")?)),
        "bucket" => {
            let bounds = node.as_list("`bucket`")?.iter();
            let bounds: Vec<&str> = bounds
                .map(|bound| bound.as_str("a bound"))
                .collect::<Result<_, _>>()?;
            Ok(Mask::bucket(&bounds))
        }
        "truncate" => Ok(Mask::truncate(count(node, "`truncate`")?)),
        "replace" => Ok(Mask::replace(literal(node)?)),
        _ => {
            let format = entries
                .require("format", "`date`", &node.span)?
                .as_str("`format`")?;
            Ok(Mask::date(node.as_str("`date`")?, format))
        }
    }
}

fn keep(node: &Node, hidden: Option<&Node>) -> Result<Result<Mask, String>, Diagnostic> {
    let entries = node.as_map("`keep`")?;
    if let Some(mistake) = entries
        .check_keys("`keep`", &["first", "last"], &[])
        .into_iter()
        .next()
    {
        return Err(mistake);
    }
    let side = |name: &str| match entries.get(name) {
        Some(node) => count(node, &format!("`{name}`")),
        None => Ok(0),
    };
    let hidden = hidden
        .map(|node| node.as_str("`char`"))
        .transpose()?
        .unwrap_or("*");
    Ok(Mask::keep(side("first")?, side("last")?, hidden))
}

fn count(node: &Node, what: &str) -> Result<usize, Diagnostic> {
    const MOST: i64 = 1_000_000;
    Ok(usize::try_from(within(node, what, 0..=MOST)?).unwrap_or_default())
}

fn literal(node: &Node) -> Result<Literal<'_>, Diagnostic> {
    let number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    match &node.kind {
        Kind::Scalar { text, plain: true } if text == "true" => Ok(Literal::Boolean(true)),
        Kind::Scalar { text, plain: true } if text == "false" => Ok(Literal::Boolean(false)),
        Kind::Scalar { text, plain: true } if number(text) => Ok(Literal::Number(text)),
        _ => Ok(Literal::String(node.as_str("`replace`")?)),
    }
}
