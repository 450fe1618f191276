//! One cell: an outcome as written.
//!
//! Refuses unknown outcomes and masks, and conditions (`show if ...`), which are not built yet.

use super::Names;
use crate::model::Openness;
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::rules::Cell;
use crate::policy::source::{Node, check_name};

/// Reads a cell.
pub(super) fn cell(node: &Node, names: &Names) -> Result<Cell, Diagnostic> {
    let text = node.as_str(say!("an outcome", "处理方式"))?;
    if text.split(' ').any(|word| word == "if" || word == "else") {
        let message = say!(
            "conditions in a cell, as in {}, are not supported yet",
            "格子里的条件（如 {}）暂不支持",
            quoted(text)
        );
        let help = say!(
            "write one of `show`, `token`, `mask`, `blank`, `strip`",
            "写 `show`、`token`、`mask`、`blank`、`strip` 之一"
        );
        return Err(Diagnostic::error(code::FG1022, message)
            .at(&node.span)
            .help(help));
    }
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
