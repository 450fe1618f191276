//! The matrix for a terminal: as many roles side by side as fit, the others below.
//!
//! Widths are those of a terminal: a Chinese character takes two columns.

use unicode_width::UnicodeWidthStr as _;

use super::{Matrix, Sheet, notes_of, words, writes};
use crate::policy::diagnostic::{Lang, Text, say};

/// Between columns.
const GAP: usize = 2;

pub(super) fn written(matrix: &Matrix<'_>, lang: Lang, width: usize) -> String {
    let mut text = String::new();
    for sheet in &matrix.sheets {
        one(sheet, lang, width, &mut text);
        text.push('\n');
    }
    let mut section = |title: Text, lines: Vec<Text>| {
        if !lines.is_empty() {
            text.push_str(title.get(lang));
            text.push('\n');
            for line in lines {
                wrapped(line.get(lang), 2, width, &mut text);
            }
            text.push('\n');
        }
    };
    let (exceptions, ceilings) = words::rules_apart(matrix);
    let roles = matrix.roles.iter();
    let roles = roles.map(|role| words::role(matrix.rules, role));
    section(say!("Roles", "角色"), roles.collect());
    section(say!("Contracts", "合同"), words::contracts(matrix));
    section(say!("Exceptions", "例外"), exceptions);
    section(say!("Ceilings", "上限"), ceilings);
    section(say!("Conditions", "条件"), words::conditions(matrix.rules));
    wrapped(words::legend(lang), 0, width, &mut text);
    text
}

fn one(sheet: &Sheet<'_>, lang: Lang, width: usize, text: &mut String) {
    text.push_str(&words::group(sheet));
    text.push('\n');
    for route in sheet.routes() {
        wrapped(&format!("{} ({})", route.text, route.place), 2, width, text);
    }
    for fact in words::facts(sheet) {
        wrapped(fact.get(lang), 2, width, text);
    }
    if !sheet.without.is_empty() {
        let names = sheet.without.join(", ");
        let said = say!(
            "without a row, 403 no-row: {names}",
            "没有行，403 no-row：{names}"
        );
        wrapped(said.get(lang), 2, width, text);
    }
    if sheet.columns.is_empty() {
        return;
    }
    text.push('\n');
    grid(&fields(sheet, lang), width, text);
    let notes = sheet.notes();
    for (at, note) in notes.iter().enumerate() {
        wrapped(
            &format!("[{}] {}", at + 1, words::note(note).get(lang)),
            2,
            width,
            text,
        );
    }
    let writes = writes::rows(sheet, lang);
    if !writes.is_empty() {
        text.push('\n');
        grid(&writes, width, text);
    }
    let params = params(sheet, lang);
    if params.len() > 1 {
        text.push('\n');
        grid(&params, width, text);
    }
}

/// Two columns that stay, and one for each role.
fn fields(sheet: &Sheet<'_>, lang: Lang) -> Vec<Vec<String>> {
    let notes = sheet.notes();
    let mut rows = vec![vec![
        say!("field", "字段").get(lang).to_owned(),
        say!("class", "类别").get(lang).to_owned(),
    ]];
    for row in &mut rows {
        row.extend(sheet.columns.iter().map(|role| role.name.clone()));
    }
    for line in &sheet.lines {
        let mut row = vec![
            words::line(line).get(lang).to_owned(),
            words::class(line.class),
        ];
        row.extend(line.cells.iter().map(|outcome| {
            let marks = notes_of(outcome).into_iter().filter_map(|note| {
                let at = notes.iter().position(|known| *known == note)?;
                Some(format!(" [{}]", at + 1))
            });
            format!("{}{}", outcome.text(), marks.collect::<String>())
        }));
        rows.push(row);
    }
    rows
}

fn params(sheet: &Sheet<'_>, lang: Lang) -> Vec<Vec<String>> {
    let mut head = vec![
        say!("parameter", "参数").get(lang).to_owned(),
        say!("carries", "取值").get(lang).to_owned(),
    ];
    head.extend(sheet.columns.iter().map(|role| role.name.clone()));
    let mut rows = vec![head];
    for line in &sheet.params {
        let carries = words::param(sheet.resource, &line.param.rule);
        let mut row = vec![line.param.name.to_string(), carries.get(lang).to_owned()];
        row.extend(
            line.open
                .iter()
                .map(|open| words::opening(*open).get(lang).to_owned()),
        );
        rows.push(row);
    }
    rows
}

/// A table with two columns that stay; the others in as many blocks as it takes.
fn grid(rows: &[Vec<String>], width: usize, text: &mut String) {
    let columns = rows.first().map_or(0, Vec::len);
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.width()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let stays: usize = widths.iter().take(2).map(|width| width + GAP).sum();
    let mut from = 2;
    while from < columns {
        let mut to = from;
        let mut taken = 2 + stays;
        // One column at least, however wide.
        while let Some(next) = widths
            .get(to)
            .filter(|next| to == from || taken + **next <= width)
        {
            taken += next + GAP;
            to += 1;
        }
        for row in rows {
            let shown = row
                .iter()
                .enumerate()
                .filter(|(at, _)| *at < 2 || (from..to).contains(at));
            let cells = shown.map(|(at, cell)| {
                let blanks = widths
                    .get(at)
                    .map_or(0, |width| width.saturating_sub(cell.width()));
                format!("{cell}{}", " ".repeat(blanks + GAP))
            });
            text.push_str(&format!("  {}", cells.collect::<String>().trim_end()));
            text.push('\n');
        }
        text.push('\n');
        from = to;
    }
}

/// A sentence in lines that fit; a word longer than a line stays whole.
fn wrapped(sentence: &str, indent: usize, width: usize, text: &mut String) {
    let mut line = " ".repeat(indent);
    let mut empty = true;
    for word in sentence.split(' ') {
        if !empty && line.width() + 1 + word.width() > width {
            text.push_str(&line);
            text.push('\n');
            line = " ".repeat(indent + 2);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    text.push_str(&line);
    text.push('\n');
}
