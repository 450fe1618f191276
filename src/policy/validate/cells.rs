//! One cell: an outcome as written, or one of two by a condition.
//!
//! Refuses unknown outcomes, masks and conditions.

use super::Names;
use crate::model::Openness;
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::rules::{Cell, Choice, When};
use crate::policy::source::{Node, check_name};

/// Reads a cell: `show`, or `show if condition else mask`.
pub(super) fn choice(node: &Node, names: &Names) -> Result<Choice, Diagnostic> {
    let text = node.as_str(say!("an outcome", "处理方式"))?;
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let (outcome, condition, otherwise) = match words[..] {
        [outcome, "if", condition] => (outcome, condition, None),
        [outcome, "if", condition, "else", otherwise] => (outcome, condition, Some(otherwise)),
        _ if words.contains(&"if") || words.contains(&"else") => {
            let message = say!(
                "{} is no outcome with a condition",
                "{} 不是带条件的处理方式",
                quoted(text)
            );
            return Err(Diagnostic::error(code::FG2005, message)
                .at(&node.span)
                .help(say!(
                    "write `show if CONDITION` or `show if CONDITION else mask`; `all` and `any` join conditions",
                    "写 `show if 条件` 或 `show if 条件 else mask`；用 `all`、`any` 合并条件"
                )));
        }
        _ => return outcome_of(text, node, names).map(Choice::from),
    };
    Ok(Choice {
        cell: outcome_of(outcome, node, names)?,
        when: Some(When {
            condition: names.condition_named(condition, &node.span)?,
            otherwise: match otherwise {
                Some(otherwise) => outcome_of(otherwise, node, names)?,
                None => Cell::Strip,
            },
        }),
    })
}

/// Reads an outcome where no condition can stand: a ceiling binds always.
pub(super) fn cell(node: &Node, names: &Names) -> Result<Cell, Diagnostic> {
    let text = node.as_str(say!("an outcome", "处理方式"))?;
    if text.split(' ').any(|word| word == "if" || word == "else") {
        let message = say!(
            "no condition can stand in {}",
            "{} 里不能写条件",
            quoted(text)
        );
        return Err(Diagnostic::error(code::FG2068, message)
            .at(&node.span)
            .help(say!(
                "what binds everybody binds always: write the outcome alone",
                "管所有人的规定始终有效：只写处理方式"
            )));
    }
    outcome_of(text, node, names)
}

fn outcome_of(text: &str, node: &Node, names: &Names) -> Result<Cell, Diagnostic> {
    let (outcome, name) = match text.split_once(':') {
        Some((outcome, name)) => (outcome, Some(name)),
        None => (text, None),
    };
    match (outcome, name) {
        ("show", None) => Ok(Cell::Show),
        ("blank", None) => Ok(Cell::Blank),
        ("strip", None) => Ok(Cell::Strip),
        ("mask", None) => Ok(Cell::Mask(None)),
        ("token", None) => Ok(Cell::Token(None)),
        ("mask", Some(mask)) => {
            names.mask_named(mask, &node.span)?;
            Ok(Cell::Mask(Some(mask.to_owned())))
        }
        ("token", Some(key)) => {
            check_name(say!("a token's name", "假名的名字"), key, &node.span)?;
            Ok(Cell::Token(Some(key.to_owned())))
        }
        _ => {
            let message = say!("{} is not an outcome", "{} 不是处理方式", quoted(text));
            let unknown = Diagnostic::error(code::FG2005, message).at(&node.span);
            let words = Openness::ALL.map(Openness::word);
            Err(match unknown.did_you_mean(outcome, words) {
                Ok(meant) => meant,
                Err(unknown) => unknown.help(code::FG2005.cure()),
            })
        }
    }
}

/// How open a cell is.
pub(super) fn openness(cell: &Cell) -> Openness {
    match cell {
        Cell::Show => Openness::Show,
        Cell::Token(_) => Openness::Token,
        Cell::Mask(_) => Openness::Mask,
        Cell::Blank => Openness::Blank,
        Cell::Strip => Openness::Strip,
    }
}
