//! Keys, values and what stands in brackets on one line: one blank where one is needed, and the rows of a grid in
//! columns.
//!
//! Refuses nothing: what it does not understand, such as an anchor within brackets, stays as it is.

use unicode_width::UnicodeWidthStr as _;

use super::Edit;
use super::tree::{Item, ItemKind, Tree};

/// Rows wider than this are not put in columns.
const WIDEST: usize = 160;

/// What becomes of the entries of a map that stand below each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Align {
    No,
    /// Their values begin in one column.
    Values,
    /// And so do the entries of these.
    Columns,
}

/// Which maps are tables.
fn align(path: &[&str]) -> Align {
    match path {
        ["classes"]
        | [
            "read" | "create" | "update" | "delete" | "find" | "grids",
            _,
        ] => Align::Columns,
        ["contracts", _, "items"] => Align::Columns,
        ["roles" | "masks" | "conditions"] => Align::Values,
        _ => Align::No,
    }
}

/// Every change within lines, in the order of the file.
pub(super) fn edits(text: &str, tree: &Tree) -> Vec<Edit> {
    let mut edits = Vec::new();
    if let Some(root) = &tree.root {
        walk(text, root, &mut Vec::new(), &mut edits);
    }
    edits.sort_by_key(|edit| edit.start);
    edits
}

fn walk<'t>(text: &'t str, item: &Item, path: &mut Vec<&'t str>, edits: &mut Vec<Edit>) {
    match &item.kind {
        ItemKind::Leaf => {}
        ItemKind::List { flow: true, .. } | ItemKind::Map { flow: true, .. } => {
            if let Some(written) = on_one_line(text, item) {
                edits.push(Edit {
                    start: item.start,
                    end: item.end,
                    text: written,
                });
            }
        }
        ItemKind::List { items, .. } => {
            path.push("-");
            items.iter().for_each(|item| walk(text, item, path, edits));
            path.pop();
        }
        ItemKind::Map { entries, .. } => {
            let align = align(path);
            for run in runs(text, entries, align) {
                table(text, run, align, edits);
            }
            for (key, value) in entries {
                if align == Align::No || !is_row(text, key, value) {
                    after_key(text, key, 1, edits);
                    path.push(text.get(key.start..key.end).unwrap_or_default());
                    walk(text, value, path, edits);
                    path.pop();
                }
            }
        }
    }
}

/// Entries directly below each other whose values are brackets on the key's own line.
fn runs<'a>(text: &str, entries: &'a [(Item, Item)], align: Align) -> Vec<&'a [(Item, Item)]> {
    if align == Align::No {
        return Vec::new();
    }
    let joined = |one: &(Item, Item), next: &(Item, Item)| {
        let between = text.get(one.1.end..next.0.start).unwrap_or_default();
        let mut lines = between.lines().skip(1).peekable();
        let mut blank = false;
        while let Some(line) = lines.next() {
            // The last is the next key's own indentation.
            blank |= lines.peek().is_some() && line.trim().is_empty();
        }
        is_row(text, &one.0, &one.1) && is_row(text, &next.0, &next.1) && !blank
    };
    let runs = entries.chunk_by(joined);
    runs.filter(|run| run.iter().all(|(key, value)| is_row(text, key, value)))
        .collect()
}

fn is_row(text: &str, key: &Item, value: &Item) -> bool {
    let flow = match &value.kind {
        ItemKind::List { flow, .. } | ItemKind::Map { flow, .. } => *flow,
        ItemKind::Leaf => false,
    };
    let colon = text.get(key.end..value.start).map(str::trim);
    flow && colon == Some(":")
        && text
            .get(key.start..value.end)
            .is_some_and(|row| !row.contains('\n'))
}

/// One run: values in one column, and where all rows are understood their entries too.
fn table(text: &str, run: &[(Item, Item)], align: Align, edits: &mut Vec<Edit>) {
    let widest = run.iter().map(|(key, _)| width(text, key)).max();
    let widest = widest.unwrap_or_default();
    let rows: Option<Vec<Vec<Cell<'_>>>> = match align {
        Align::Columns => run.iter().map(|(_, value)| cells(text, value)).collect(),
        _ => None,
    };
    let columns = rows.as_deref().and_then(Columns::of);
    for (at, (key, value)) in run.iter().enumerate() {
        after_key(text, key, widest - width(text, key) + 1, edits);
        let row = rows.as_ref().and_then(|rows| rows.get(at));
        let written = match (&columns, row) {
            (Some(columns), Some(row)) if widest + columns.width() < WIDEST => {
                Some(columns.row(row))
            }
            _ => on_one_line(text, value),
        };
        if let Some(text) = written {
            edits.push(Edit {
                start: value.start,
                end: value.end,
                text,
            });
        }
    }
}

fn width(text: &str, item: &Item) -> usize {
    text.get(item.start..item.end).unwrap_or_default().width()
}

/// No blank before the colon, `blanks` behind it where the value stands on the same line.
fn after_key(text: &str, key: &Item, blanks: usize, edits: &mut Vec<Edit>) {
    let rest = text.get(key.end..).unwrap_or_default();
    let before = rest.len() - rest.trim_start_matches(' ').len();
    let Some(value) = rest.trim_start_matches(' ').strip_prefix(':') else {
        return;
    };
    let after = value.len() - value.trim_start_matches(' ').len();
    let nothing =
        value.trim_start_matches(' ').starts_with(['\n', '\r', '#']) || value.trim().is_empty();
    if nothing || after == 0 {
        return;
    }
    edits.push(Edit {
        start: key.end,
        end: key.end + before + 1 + after,
        text: format!(":{}", " ".repeat(blanks)),
    });
}

/// A map's entry as it is written in brackets.
struct Cell<'t> {
    key: &'t str,
    text: String,
}

/// The entries of `{ .. }` on one line, each with one blank behind its colon.
fn cells<'t>(text: &'t str, item: &Item) -> Option<Vec<Cell<'t>>> {
    let ItemKind::Map {
        flow: true,
        entries,
    } = &item.kind
    else {
        return None;
    };
    let mut at = item.start;
    let mut cells = Vec::new();
    for (key, value) in entries {
        let opening = if cells.is_empty() { "{" } else { "," };
        gap(text, at, key.start, opening)?;
        gap(text, key.end, value.start, ":")?;
        let name = on_one_line(text, key)?;
        cells.push(Cell {
            key: text.get(key.start..key.end)?,
            text: format!("{name}: {}", on_one_line(text, value)?),
        });
        at = value.end;
    }
    let closing = if cells.is_empty() { "{}" } else { "}" };
    let rest: String = text.get(at..item.end)?.split(' ').collect();
    (rest == closing).then_some(cells)
}

/// Nothing but blanks and one sign stand between two things.
fn gap(text: &str, start: usize, end: usize, sign: &str) -> Option<()> {
    let between = text.get(start..end)?.trim_matches(' ');
    (between == sign).then_some(())
}

/// A value as it is written on one line; `None` where it is not understood, or stands on several.
fn on_one_line(text: &str, item: &Item) -> Option<String> {
    let written = text.get(item.start..item.end)?;
    if written.contains('\n') {
        return None;
    }
    match &item.kind {
        ItemKind::Leaf => Some(written.to_owned()),
        ItemKind::Map { flow: true, .. } => {
            let cells = cells(text, item)?;
            let texts: Vec<&str> = cells.iter().map(|cell| cell.text.as_str()).collect();
            Some(match texts.is_empty() {
                true => String::from("{}"),
                false => format!("{{ {} }}", texts.join(", ")),
            })
        }
        ItemKind::List { flow: true, items } => {
            let mut at = item.start;
            let mut texts = Vec::new();
            for one in items {
                let opening = if texts.is_empty() { "[" } else { "," };
                gap(text, at, one.start, opening)?;
                texts.push(on_one_line(text, one)?);
                at = one.end;
            }
            let closing = if texts.is_empty() { "[]" } else { "]" };
            let rest: String = text.get(at..item.end)?.split(' ').collect();
            (rest == closing).then(|| format!("[{}]", texts.join(", ")))
        }
        ItemKind::Map { .. } | ItemKind::List { .. } => None,
    }
}

/// The keys of all rows in one order that is every row's own, and how wide their cells are.
struct Columns<'t>(Vec<(&'t str, usize)>);

impl<'t> Columns<'t> {
    fn of(rows: &[Vec<Cell<'t>>]) -> Option<Columns<'t>> {
        let mut columns: Vec<(&str, usize)> = Vec::new();
        for row in rows {
            let mut next = 0;
            for (number, cell) in row.iter().enumerate() {
                let place = |key: &str| columns.iter().position(|(known, _)| *known == key);
                let at = place(cell.key).unwrap_or_else(|| {
                    // As late as the row allows: a class that other rows name stays in front.
                    let rest = row.iter().skip(number);
                    let after = rest.filter_map(|later| place(later.key)).min();
                    after.unwrap_or(columns.len())
                });
                // Rows that order their entries differently have no columns.
                if at < next {
                    return None;
                }
                if place(cell.key).is_none() {
                    columns.insert(at, (cell.key, 0));
                }
                let column = columns.get_mut(at)?;
                column.1 = column.1.max(cell.text.width());
                next = at + 1;
            }
        }
        Some(Columns(columns))
    }

    fn width(&self) -> usize {
        self.0.iter().map(|(_, width)| width + 2).sum::<usize>() + 4
    }

    fn row(&self, cells: &[Cell<'_>]) -> String {
        let mut row = String::from("{");
        let mut pending = 1;
        let mut cells = cells.iter().peekable();
        for (key, width) in &self.0 {
            let Some(cell) = cells.next_if(|cell| cell.key == *key) else {
                pending += width + 2;
                continue;
            };
            row.push_str(&" ".repeat(pending));
            row.push_str(&cell.text);
            if cells.peek().is_none() {
                break;
            }
            row.push(',');
            pending = width - cell.text.width() + 1;
        }
        if row.len() > 1 {
            row.push(' ');
        }
        row.push('}');
        row
    }
}
