//! `dictionary:`, a catalogue as a table: one field in each row.
//!
//! Refuses columns nobody knows, a table without `path`, rows without a path, and words that are no yes or no. What a row
//! then says is judged as an entry of `fields` is, at its own place.

use super::Findings;
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::load::Dictionaries;
use crate::policy::source::{Cell, Key, Kind, Node, Span, Table, read_table};

/// What a column is called, in English or Chinese, and which key of a field it stands for.
const COLUMNS: [(&str, &str, &str); 8] = [
    ("path", "路径", "path"),
    ("class", "类别", "class"),
    ("mask", "脱敏", "mask"),
    ("whole", "整体", "whole"),
    ("names", "成员名", "names"),
    ("written_by", "可改角色", "written_by"),
    ("write", "写入", "write"),
    ("zh", "中文名", "zh"),
];

/// The entries of a table, as `fields` would hold them.
pub(super) fn entries(
    node: &Node,
    tables: &Dictionaries,
    findings: &mut Findings,
) -> Option<Vec<(Key, Node)>> {
    let name = findings.keep(node.as_str(say!("`dictionary`")))?;
    // What could not be read was told when it was.
    let table = match read_table(tables.get(name)?) {
        Ok(table) => table,
        Err(mistakes) => {
            findings.extend(mistakes);
            return None;
        }
    };
    let columns = columns(&table, findings)?;
    let rows = table.rows.iter();
    Some(
        rows.filter_map(|row| findings.keep(entry(row, &columns)))
            .collect(),
    )
}

/// The key each column stands for.
fn columns(table: &Table, findings: &mut Findings) -> Option<Vec<&'static str>> {
    let mut columns = Vec::new();
    for cell in &table.columns {
        let known = COLUMNS
            .iter()
            .find(|(en, zh, _)| cell.text == *en || cell.text == *zh);
        let Some((_, _, key)) = known else {
            let message = say!(
                "there is no column {}",
                "没有 {} 这一列",
                quoted(&cell.text)
            );
            let names = COLUMNS.iter().flat_map(|(en, zh, _)| [*en, *zh]);
            findings.add(
                Diagnostic::error(code::FG1030, message)
                    .at(&cell.span)
                    .suggest(&cell.text, names),
            );
            continue;
        };
        if columns.contains(key) {
            let message = say!("the column `{key}` stands twice", "`{key}` 列写了两次");
            findings.add(Diagnostic::error(code::FG1030, message).at(&cell.span));
        }
        columns.push(*key);
    }
    if !columns.contains(&"path") && columns.len() == table.columns.len() {
        let message = say!(
            "this table has no column `path`",
            "这个表格没有 `path`（路径）列"
        );
        let mistake = Diagnostic::error(code::FG1030, message).help(code::FG1030.cure());
        findings.add(match table.columns.first() {
            Some(first) => mistake.at(&first.span),
            None => mistake,
        });
    }
    (columns.len() == table.columns.len() && columns.contains(&"path")).then_some(columns)
}

fn entry(row: &[Cell], columns: &[&'static str]) -> Result<(Key, Node), Diagnostic> {
    let cells = || columns.iter().zip(row);
    let path = cells().find(|(key, _)| **key == "path");
    let Some((_, path)) = path.filter(|(_, cell)| !cell.text.is_empty()) else {
        let message = say!("a row without a path", "这一行没有路径");
        let mistake = Diagnostic::error(code::FG1030, message);
        let first = row.iter().find(|cell| !cell.text.is_empty());
        return Err(first
            .into_iter()
            .fold(mistake, |mistake, cell| mistake.at(&cell.span)));
    };
    let mut entries = Vec::new();
    for (key, cell) in cells().filter(|(key, cell)| **key != "path" && !cell.text.is_empty()) {
        let span = cell.span.clone();
        let kind = match *key {
            "mask" | "written_by" => words(cell),
            "write" if cell.text == "禁止" => Kind::Scalar {
                text: String::from("never"),
                plain: false,
            },
            "whole" => Kind::Scalar {
                text: yes_or_no(cell)?.to_string(),
                plain: true,
            },
            _ => Kind::Scalar {
                text: cell.text.clone(),
                plain: false,
            },
        };
        let name = Key {
            span: span.clone(),
            text: (*key).to_owned(),
        };
        entries.push((name, Node { span, kind }));
    }
    let key = Key {
        span: path.span.clone(),
        text: path.text.clone(),
    };
    let span = path.span.clone();
    let kind = Kind::Map(entries);
    Ok((key, Node { span, kind }))
}

/// Several names in one cell are parted by blanks.
fn words(cell: &Cell) -> Kind {
    let Span { file, start, .. } = &cell.span;
    let mut items = Vec::new();
    let mut at = 0;
    for word in cell.text.split(' ') {
        if !word.is_empty() {
            items.push(Node {
                span: Span::new(file, start + at, start + at + word.len()),
                kind: Kind::Scalar {
                    text: word.to_owned(),
                    plain: false,
                },
            });
        }
        at += word.len() + 1;
    }
    Kind::List(items)
}

fn yes_or_no(cell: &Cell) -> Result<bool, Diagnostic> {
    match cell.text.as_str() {
        "true" | "TRUE" | "是" => Ok(true),
        "false" | "FALSE" | "否" => Ok(false),
        other => {
            let message = say!(
                "{} is neither `true` nor `false`",
                "{} 不是 `是` 或 `否`",
                quoted(other)
            );
            Err(Diagnostic::error(code::FG1030, message)
                .at(&cell.span)
                .help(say!(
                    "write `true`, `false`, or nothing",
                    "写 `是`、`否`，或不写"
                )))
        }
    }
}
