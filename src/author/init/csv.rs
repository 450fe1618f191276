//! A data dictionary as CSV: a row for each field.
//!
//! Refuses a file without a column of field names, quotes that are not closed, and rows that are longer than the first.

use super::api::{Api, name_of};
use super::sample::Asked;
use super::shape::{Leaf, Shape};
use super::words::folded;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::source::{SourceFile, Span};
use std::sync::Arc;

/// Rows of one dictionary.
const MOST_ROWS: usize = 20_000;

const FIELD: &[&str] = &[
    "field",
    "fieldname",
    "column",
    "columnname",
    "path",
    "jsonpath",
    "key",
    "property",
    "attribute",
    "字段",
    "字段名",
    "字段英文名",
    "英文名",
    "英文名称",
    "列名",
    "属性",
    "属性名",
];
const SAID: &[&str] = &[
    "label",
    "title",
    "description",
    "desc",
    "comment",
    "remark",
    "zh",
    "chinese",
    "class",
    "category",
    "中文名",
    "中文名称",
    "名称",
    "说明",
    "描述",
    "备注",
    "含义",
    "字段说明",
    "字段中文名",
    "分类",
    "类别",
    "数据分类",
];
const TYPE: &[&str] = &["type", "datatype", "类型", "数据类型", "字段类型"];
const TABLE: &[&str] = &[
    "table",
    "tablename",
    "resource",
    "entity",
    "object",
    "表",
    "表名",
    "资源",
    "对象",
    "接口",
    "实体",
];

pub(super) fn read(file: &Arc<SourceFile>, asked: &Asked<'_>) -> Result<Api, Diagnostic> {
    let mut rows = rows(file)?.into_iter();
    let head = rows.next().unwrap_or_default();
    let column = |names: &[&str]| {
        let mut head = head.iter();
        head.position(|cell| names.contains(&folded(cell).as_str()))
    };
    // `name` names a field only where nothing better does.
    let Some(field) = column(FIELD).or_else(|| column(&["name"])) else {
        let help = say!(
            "its first row says what the columns are; one is `field` or `字段名`, others may be `label`/`中文名`, `type`/`类型`, `table`/`表名`",
            "第一行写各列是什么：必须有 `field` 或 `字段名`，可以有 `label`/`中文名`、`type`/`类型`、`table`/`表名`"
        );
        return Err(bad(
            file,
            0,
            say!("no column holds the names of fields", "没有哪一列是字段名"),
        )
        .help(help));
    };
    let (kind, table) = (column(TYPE), column(TABLE));
    let said: Vec<usize> = (0..head.len())
        .filter(|at| {
            let name = head.get(*at).map(|cell| folded(cell)).unwrap_or_default();
            *at != field && SAID.contains(&name.as_str())
        })
        .collect();
    let mut records: Vec<(String, Shape)> = Vec::new();
    for row in rows {
        let cell = |at: usize| row.get(at).map(|cell| cell.trim()).unwrap_or_default();
        let name = match table.map(cell) {
            Some(table) if !table.is_empty() => name_of(table),
            _ => asked.name(),
        };
        if cell(field).is_empty() {
            continue;
        }
        let at = records.iter().position(|(known, _)| *known == name);
        let at = at.unwrap_or_else(|| {
            records.push((name, Shape::default()));
            records.len() - 1
        });
        let Some((_, record)) = records.get_mut(at) else {
            continue;
        };
        let place = below(record, cell(field));
        let hints = said
            .iter()
            .map(|at| cell(*at))
            .filter(|hint| !hint.is_empty());
        place.hints.extend(hints.map(str::to_owned));
        place.leaf = Some(leaf(kind.map(cell).unwrap_or_default()));
    }
    let mut api = Api::default();
    for (name, mut record) in records {
        record.object = true;
        let route = asked.route(&name, record);
        api.resource(&name).routes.push(route);
    }
    Ok(api)
}

/// The place of a path such as `phones[*].number`, `phones[].number` or `$.id`.
fn below<'s>(record: &'s mut Shape, path: &str) -> &'s mut Shape {
    const DEEPEST: usize = 16;
    let path = path.strip_prefix("$.").unwrap_or(path);
    let mut here = record;
    for part in path.split('.').take(DEEPEST) {
        let (name, each) = match part.find('[') {
            Some(at) => (
                part.get(..at).unwrap_or_default(),
                part.matches('[').count(),
            ),
            None => (part, 0),
        };
        here.object = true;
        here = here.member(name.trim());
        for _ in 0..each.min(DEEPEST) {
            here = here.items.get_or_insert_default();
        }
    }
    here
}

fn leaf(kind: &str) -> Leaf {
    let kind = kind.to_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    let boolean = is(&["bool", "布尔"]);
    let number = is(&[
        "int", "num", "dec", "float", "double", "数字", "数值", "整", "小数",
    ]);
    Leaf {
        texts: Vec::new(),
        text: !boolean && !number,
        number: number && !boolean,
        boolean,
    }
}

fn bad(file: &Arc<SourceFile>, at: usize, why: Text) -> Diagnostic {
    let name = quoted(&file.name);
    let message = say!("{name} is no data dictionary: {why}", "{name} 不是数据字典：{why}"; why);
    Diagnostic::error(code::FG6001, message).at(&Span::new(file, at, at + 1))
}

/// RFC 4180, with either end of a line.
fn rows(file: &Arc<SourceFile>) -> Result<Vec<Vec<String>>, Diagnostic> {
    let mut rows = Vec::new();
    let (mut row, mut cell): (Vec<String>, String) = (Vec::new(), String::new());
    let mut open = None;
    let mut characters = file.text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match (open, character) {
            (Some(_), '"') if characters.next_if(|(_, next)| *next == '"').is_some() => {
                cell.push('"');
            }
            (Some(_), '"') => open = None,
            (Some(_), inside) => cell.push(inside),
            (None, '"') if cell.is_empty() => open = Some(at),
            (None, ',') => row.push(std::mem::take(&mut cell)),
            (None, '\n') => {
                row.push(std::mem::take(&mut cell).trim_end_matches('\r').to_owned());
                rows.push(std::mem::take(&mut row));
            }
            (None, other) => cell.push(other),
        }
        if rows.len() > MOST_ROWS {
            let message = say!(
                "{} has more than {MOST_ROWS} rows",
                "{} 超过 {MOST_ROWS} 行",
                quoted(&file.name)
            );
            return Err(Diagnostic::error(code::FG6002, message));
        }
    }
    if let Some(at) = open {
        return Err(bad(file, at, say!("a quote is not closed", "引号没有收尾")));
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell.trim_end_matches('\r').to_owned());
        rows.push(row);
    }
    rows.retain(|row| row.iter().any(|cell| !cell.trim().is_empty()));
    Ok(rows)
}
