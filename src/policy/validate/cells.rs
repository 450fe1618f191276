//! One cell: an outcome as written.
//!
//! Refuses unknown outcomes and masks, and conditions (`show if ...`), which are not built yet.

use super::Names;
use crate::model::Openness;
use crate::policy::diagnostic::{Diagnostic, quoted};
use crate::policy::rules::Cell;
use crate::policy::source::{Node, check_name};

const OUTCOMES: [&str; 5] = ["show", "token", "mask", "blank", "strip"];

/// Reads a cell.
pub(super) fn cell(node: &Node, names: &Names) -> Result<Cell, Diagnostic> {
    let text = node.as_str("an outcome")?;
    if text.split(' ').any(|word| word == "if" || word == "else") {
        let message = format!(
            "conditions in a cell, as in {}, are not supported yet",
            quoted(text)
        );
        let help = "write one of `show`, `token`, `mask`, `blank`, `strip`";
        return Err(Diagnostic::error("FG1022", message)
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
            check_name("a token's name", key, &node.span)?;
            Ok(Cell::Token(Some(key.to_owned())))
        }
        _ => {
            let message = format!("{} is not an outcome", quoted(text));
            let unknown = Diagnostic::error("FG2005", message).at(&node.span);
            let suggested = unknown.suggest(outcome, OUTCOMES);
            Err(match suggested.help {
                Some(_) => suggested,
                None => suggested.help(
                    "write `show`, `token`, `token:NAME`, `mask`, `mask:NAME`, `blank` or `strip`",
                ),
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
