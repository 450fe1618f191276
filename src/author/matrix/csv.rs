//! The matrix for spreadsheets: RFC 4180, UTF-8 with a byte order mark, one line for each field of each group, then one for
//! each other thing an auditor signs.
//!
//! Leaves out nothing that the table says: a line that is filtered or sorted still names the gates before its records.
//! Refuses to write a cell that a spreadsheet would take for a formula: `'` is put before it.

use super::{Matrix, Sheet, notes_of, words, writes};
use crate::author::view::Item;
use crate::policy::diagnostic::{Lang, Text, say};
use crate::policy::{Place, Unlisted};

/// What a spreadsheet may take for the beginning of a formula, full-width forms included.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

pub(super) fn written(matrix: &Matrix<'_>, lang: Lang) -> String {
    let mut text = String::from('\u{FEFF}');
    let titles = [
        say!("group", "资源/路由组"),
        say!("routes", "路由"),
        say!("kind", "种类"),
        say!("field", "字段"),
        say!("class", "类别"),
        say!("class (Chinese)", "类别中文名"),
        say!("level", "级别"),
        say!("sensitive", "敏感"),
        say!("whole", "整体"),
    ];
    let mut head: Vec<String> = titles
        .iter()
        .map(|title| title.get(lang).to_owned())
        .collect();
    head.extend(matrix.names.iter().cloned());
    for title in [
        say!("unlisted", "没登记的"),
        say!("notes", "注"),
        say!("written at", "出处"),
    ] {
        head.push(title.get(lang).to_owned());
    }
    record(&head, &mut text);
    for sheet in &matrix.sheets {
        for line in lines(matrix, sheet, lang) {
            record(&line, &mut text);
        }
    }
    for line in rest(matrix, lang) {
        record(&line, &mut text);
    }
    text
}

/// What belongs to no group, and the moment and the rules all of it is of: one sentence for each.
fn rest(matrix: &Matrix<'_>, lang: Lang) -> Vec<Vec<String>> {
    let (digest, at) = (&matrix.rules.digest, matrix.at());
    let roles = matrix.roles.iter();
    let roles = roles.map(|role| words::role(matrix.rules, role)).collect();
    let (exceptions, ceilings) = words::rules_apart(matrix);
    let of = say!(
        "effective at {at}, rules {digest}",
        "生效时刻 {at}，规则 {digest}"
    );
    let kinds = [
        (say!("role", "角色"), roles),
        (say!("contract", "合同"), words::contracts(matrix)),
        (say!("exception", "例外"), exceptions),
        (say!("ceiling", "上限"), ceilings),
        (say!("condition", "条件"), words::conditions(matrix.rules)),
        (say!("matrix", "访问矩阵"), vec![of]),
    ];
    let told = kinds.iter().flat_map(|(kind, sentences)| {
        let sentences = sentences.iter();
        sentences.map(|sentence| said(matrix, ["", ""], kind, sentence, lang))
    });
    told.collect()
}

/// A line that says one sentence, among the notes.
fn said(
    matrix: &Matrix<'_>,
    [group, routes]: [&str; 2],
    kind: &Text,
    sentence: &Text,
    lang: Lang,
) -> Vec<String> {
    let mut record = vec![
        group.to_owned(),
        routes.to_owned(),
        kind.get(lang).to_owned(),
    ];
    // From the field to the unlisted.
    record.resize(record.len() + 6 + matrix.names.len() + 1, String::new());
    record.extend([sentence.get(lang).to_owned(), String::new()]);
    record
}

fn lines(matrix: &Matrix<'_>, sheet: &Sheet<'_>, lang: Lang) -> Vec<Vec<String>> {
    let routes: Vec<&str> = sheet.routes().map(|route| route.text.as_str()).collect();
    let routes = routes.join("; ");
    let unlisted = match &sheet.resource.unlisted {
        Unlisted::Strip => String::from("strip"),
        Unlisted::Refuse => String::from("refuse"),
        Unlisted::Show { reason } => format!("show: {reason}"),
    };
    let mut lines: Vec<Vec<String>> = words::facts(sheet)
        .iter()
        .map(|fact| {
            let group = [sheet.group.name.as_str(), &routes];
            said(matrix, group, &say!("group", "路由组"), fact, lang)
        })
        .collect();
    let gates: Vec<Text> = words::gates(sheet).collect();
    for line in &sheet.lines {
        let kind = match line.item {
            Item::Field(_) => say!("field", "字段"),
            Item::Names(_) => say!("member names", "成员名"),
            Item::Envelope(_) => say!("envelope", "记录之外"),
        };
        let class =
            |of: fn(&crate::policy::Class) -> String| line.class.map(of).unwrap_or_default();
        let yes = |yes: bool| {
            if yes {
                say!("yes", "是").get(lang).to_owned()
            } else {
                String::new()
            }
        };
        let mut record = vec![
            sheet.group.name.clone(),
            routes.clone(),
            kind.get(lang).to_owned(),
            line.text.to_owned(),
            class(|class| class.name.clone()),
            class(|class| class.zh.clone().unwrap_or_default()),
            class(|class| class.level.to_string()),
            yes(line.class.is_some_and(|class| class.sensitive)),
            yes(line.whole),
        ];
        record.extend(of_roles(matrix, sheet, |at| {
            line.cells.get(at).map(|outcome| outcome.text())
        }));
        let gates = gates.iter().map(|gate| gate.get(lang).to_owned());
        let mut notes: Vec<String> = gates.collect();
        for note in line.cells.iter().flat_map(notes_of) {
            let note = words::note(&note).get(lang).to_owned();
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        record.extend([unlisted.clone(), notes.join("; "), place(line.place)]);
        lines.push(record);
    }
    for (first, cells, written) in writes::records(matrix, sheet, lang) {
        let mut record = vec![sheet.group.name.clone(), routes.clone()];
        record.extend(first);
        record.extend([String::new(), String::new()]);
        // A dash alone would be a formula to a spreadsheet.
        let said = |cell: String| if cell == "-" { String::new() } else { cell };
        record.extend(cells.into_iter().map(said));
        record.extend([unlisted.clone(), String::new(), written]);
        lines.push(record);
    }
    for line in &sheet.params {
        let carries = words::param(sheet.resource, &line.param.rule);
        let mut record = vec![
            sheet.group.name.clone(),
            routes.clone(),
            say!("parameter", "参数").get(lang).to_owned(),
            line.param.name.to_string(),
        ];
        record.extend(std::iter::repeat_n(String::new(), 5));
        record.extend(of_roles(matrix, sheet, |at| {
            line.open
                .get(at)
                .map(|open| words::opening(*open).get(lang).to_owned())
        }));
        record.extend([
            unlisted.clone(),
            carries.get(lang).to_owned(),
            place(&line.param.place),
        ]);
        lines.push(record);
    }
    lines
}

/// A cell for each role of the matrix; those without a row here are refused.
fn of_roles(
    matrix: &Matrix<'_>,
    sheet: &Sheet<'_>,
    cell: impl Fn(usize) -> Option<String>,
) -> Vec<String> {
    let column = |name: &String| sheet.columns.iter().position(|one| one.name == *name);
    let refused = || String::from("403 no-row");
    let names = matrix.names.iter();
    names
        .map(|name| column(name).and_then(&cell).unwrap_or_else(refused))
        .collect()
}

fn place(place: &Place) -> String {
    place.to_string()
}

fn record(cells: &[String], text: &mut String) {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    text.push_str(&cells.join(","));
    text.push_str("\r\n");
}

fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(FORMULA) { "'" } else { "" };
    let cell = format!("{guard}{cell}");
    match cell.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn no_cell_is_a_formula_and_each_is_quoted_where_it_must_be() {
        for (cell, written) in [
            ("plain", "plain"),
            ("=1+1", "'=1+1"),
            ("+a", "'+a"),
            ("-a", "'-a"),
            ("@sum", "'@sum"),
            ("＝1", "'＝1"),
            ("\t=1", "'\t=1"),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("=\"x\"", "\"'=\"\"x\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("", ""),
        ] {
            assert_eq!(quoted(cell), written);
        }
    }
}
