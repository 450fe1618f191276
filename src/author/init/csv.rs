//! A data dictionary as CSV: a row for each field.
//!
//! Refuses what is no table, in UTF-8 or GB 18030, and one without a column of field names.

use std::sync::Arc;

use super::api::{Api, name_of};
use super::sample::Asked;
use super::shape::{Leaf, Shape};
use super::words::folded;
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::source::{Cell, SourceFile, read_table};

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

pub(super) fn read(file: &Arc<SourceFile>, asked: &Asked<'_>) -> Result<Api, Vec<Diagnostic>> {
    let read = read_table(file)?;
    let head = &read.columns;
    let column = |names: &[&str]| {
        let mut head = head.iter();
        head.position(|cell| names.contains(&folded(&cell.text).as_str()))
    };
    // `name` names a field only where nothing better does.
    let Some(field) = column(FIELD).or_else(|| column(&["name"])) else {
        let message = say!(
            "no column of {} holds the names of fields",
            "{} 没有哪一列是字段名",
            quoted(&file.name)
        );
        let help = say!(
            "its first row says what the columns are; one is `field` or `字段名`, others may be `label`/`中文名`, `type`/`类型`, `table`/`表名`",
            "第一行写各列是什么：必须有 `field` 或 `字段名`，可以有 `label`/`中文名`、`type`/`类型`、`table`/`表名`"
        );
        let mistake = Diagnostic::error(code::FG6001, message).help(help);
        return Err(vec![match head.first() {
            Some(cell) => mistake.at(&cell.span),
            None => mistake,
        }]);
    };
    let (kind, table) = (column(TYPE), column(TABLE));
    let said: Vec<usize> = (0..head.len())
        .filter(|at| {
            let name = head
                .get(*at)
                .map(|cell| folded(&cell.text))
                .unwrap_or_default();
            *at != field && SAID.contains(&name.as_str())
        })
        .collect();
    let mut records: Vec<(String, Shape)> = Vec::new();
    for row in &read.rows {
        let cell = |at: usize| row.get(at).map(text).unwrap_or_default();
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

fn text(cell: &Cell) -> &str {
    &cell.text
}
