//! `classes:`, what data is.
//!
//! Refuses names that are outcomes, and levels outside 1 to 100.

use super::scalars::{sentence, within};
use super::{Findings, Places};
use crate::policy::Place;
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::rules::Class;
use crate::policy::source::{Key, Node, check_name};

/// Words that stand where class names stand, or will.
const RESERVED: [&str; 6] = ["show", "token", "mask", "blank", "strip", "only"];
/// The level of a class that says none: every ceiling by level binds it.
const HIGHEST: i64 = 100;

/// All classes, in the order of their names.
pub(super) fn all(document: &Document, places: &mut Places, findings: &mut Findings) -> Vec<Class> {
    document
        .section("classes")
        .map(|(key, node)| {
            places.classes.push(key.span.clone());
            class(key, node, findings)
        })
        .collect()
}

fn class(key: &Key, node: &Node, findings: &mut Findings) -> Class {
    findings.keep(check_name(say!("a class", "类别"), &key.text, &key.span));
    if RESERVED.contains(&key.text.as_str()) {
        let message = say!(
            "a class cannot be called {}",
            "类别不能叫 {}",
            quoted(&key.text)
        );
        findings.add(Diagnostic::error(code::FG2007, message).at(&key.span));
    }
    let mut class = Class {
        name: key.text.clone(),
        place: Place::of(&key.span),
        level: u8::try_from(HIGHEST).unwrap_or(u8::MAX),
        zh: None,
        sensitive: false,
    };
    let Some(entries) = findings.keep(node.as_map(say!("a class", "类别"))) else {
        return class;
    };
    findings.extend(entries.check_keys(
        say!("a class", "类别"),
        &["level", "zh", "sensitive"],
        &[],
    ));
    if let Some(level) = entries.get("level") {
        let level = findings.keep(within(level, say!("`level`"), 1..=HIGHEST));
        class.level = level
            .and_then(|level| u8::try_from(level).ok())
            .unwrap_or(class.level);
    }
    class.zh = entries
        .get("zh")
        .and_then(|zh| findings.keep(sentence(zh, say!("`zh`"))));
    if let Some(sensitive) = entries.get("sensitive") {
        class.sensitive = findings
            .keep(sensitive.as_bool(say!("`sensitive`")))
            .unwrap_or_default();
    }
    class
}
