//! A table as spreadsheets write it (CSV, RFC 4180), to cells that know where they stand.
//!
//! Refuses, with file, line and column: text that is neither UTF-8 nor GB 18030, other separators, quotes that do not
//! close or stand within a cell, and rows of another length than the first. Knows nothing of what columns mean.
//!
//! It is read here and not by a library because cells must know their place, and because readers that guess what a stray
//! quote means would give a field another class than the one people see.

use std::sync::Arc;

use encoding_rs::GB18030;

use super::text::{forbidden_character, is_utf16, too_large};
use super::{MAX_FILE_BYTES, SourceFile, Span};
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};

/// Rows reported for one file; more of a kind say nothing new.
const MOST_MISTAKES: usize = 100;

/// A cell and where it stands, quotes apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Without blanks around it, doubled quotes as one.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A table: its first row names the columns.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The names of the columns.
    pub columns: Vec<Cell>,
    /// As many cells each; rows without any text are left out.
    pub rows: Vec<Vec<Cell>>,
}

/// Decodes a table: UTF-8 with a mark or without, else GB 18030, as Chinese spreadsheets write it.
///
/// # Errors
///
/// When it is too large, is neither, or holds control, invisible or bidirectional characters.
pub fn decode_table(name: &str, bytes: &[u8]) -> Result<Arc<SourceFile>, Diagnostic> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(too_large(name));
    }
    if is_utf16(bytes) {
        return Err(undecodable(name, say!("it is UTF-16", "它是 UTF-16 编码")));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => GB18030
            .decode_without_bom_handling_and_without_replacement(bytes)
            .ok_or_else(|| {
                undecodable(
                    name,
                    say!(
                        "it is neither UTF-8 nor GB 18030",
                        "它既不是 UTF-8，也不是 GB 18030"
                    ),
                )
            })?,
    };
    let file = SourceFile::new(name, text);
    if let Some(at) = file.text.find('\t') {
        let message = say!("a tab in a table", "表格里有制表符");
        let mistake = Diagnostic::error(code::FG1029, message);
        return Err(mistake.at(&Span::new(&file, at, at + 1)).help(say!(
            "save it as CSV with commas, not as text with tabs",
            "另存为逗号分隔的 CSV，不要存成制表符分隔的文本"
        )));
    }
    match forbidden_character(&file) {
        Some(mistake) => Err(mistake),
        None => Ok(file),
    }
}

fn undecodable(name: &str, why: Text) -> Diagnostic {
    let message = say!("{} cannot be read: {why}", "{} 读不了：{why}", quoted(name); why);
    Diagnostic::error(code::FG1028, message).help(code::FG1028.cure())
}

/// Reads a table.
///
/// # Errors
///
/// All rows that are none.
pub fn read_table(file: &Arc<SourceFile>) -> Result<Table, Vec<Diagnostic>> {
    let mut reader = Reader { file, at: 0 };
    let mut table = Table::default();
    let mut mistakes = Vec::new();
    while mistakes.len() < MOST_MISTAKES {
        let row = match reader.row() {
            Ok(Some(row)) => row,
            Ok(None) => break,
            // Where a quote is open, nobody knows where the next row begins.
            Err(mistake) => {
                mistakes.push(mistake);
                break;
            }
        };
        if row.iter().all(|cell| cell.text.is_empty()) {
            continue;
        }
        if table.columns.is_empty() {
            mistakes.extend(other_separator(&row));
            table.columns = row;
        } else if row.len() == table.columns.len() {
            table.rows.push(row);
        } else {
            mistakes.push(other_length(&row, table.columns.len()));
        }
    }
    if table.columns.is_empty() && mistakes.is_empty() {
        let message = say!("{} holds nothing", "{} 里什么也没写", quoted(&file.name));
        let help = say!(
            "its first row names the columns, such as `path,class,mask`; each other row is a field",
            "第一行写列名，例如 `路径,类别,脱敏`，之后每行一个字段"
        );
        let mistake = Diagnostic::error(code::FG1030, message).help(help);
        mistakes.push(mistake.at(&Span::new(file, 0, 0)));
    }
    match mistakes.is_empty() {
        true => Ok(table),
        false => Err(mistakes),
    }
}

/// A first row of one cell that was meant to be several.
fn other_separator(row: &[Cell]) -> Option<Diagnostic> {
    let [cell] = row else { return None };
    let other = cell.text.find(['，', ';', '；', '、', '|'])?;
    let separator = cell.text.get(other..)?.chars().next()?;
    let message = say!(
        "columns are parted by `,`, not by `{separator}`",
        "列与列之间用 `,`（英文逗号），不是 `{separator}`"
    );
    Some(Diagnostic::error(code::FG1029, message).at(&cell.span))
}

fn other_length(row: &[Cell], columns: usize) -> Diagnostic {
    let message = say!(
        "this row has {} cells, and the table has {columns} columns",
        "这一行有 {} 格，而表格有 {columns} 列",
        row.len()
    );
    let wide = row.iter().find(|cell| cell.text.contains('，'));
    let mistake = Diagnostic::error(code::FG1029, message);
    match (wide, row.first()) {
        (Some(cell), _) => mistake.at(&cell.span).help(say!(
            "`，` is a full-width comma and parts nothing: write `,`",
            "`，` 是全角逗号，不能分列：请写 `,`"
        )),
        (None, Some(cell)) => mistake.at(&cell.span).help(say!(
            "write one cell for each column, empty ones too; a cell with a comma stands in double quotes",
            "每列写一格，空的也要写；格子里有逗号就加双引号"
        )),
        (None, None) => mistake,
    }
}

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    at: usize,
}

impl Reader<'_> {
    /// The next row; `None` at the end.
    fn row(&mut self) -> Result<Option<Vec<Cell>>, Diagnostic> {
        if self.rest().is_empty() {
            return Ok(None);
        }
        let mut row = Vec::new();
        loop {
            let rest = self.rest();
            let quoted = rest.trim_start_matches(' ').starts_with('"');
            row.push(match quoted {
                true => self.quoted()?,
                false => self.plain()?,
            });
            match self.rest().chars().next() {
                Some(',') => self.at += 1,
                Some('\r') => {
                    self.at += "\r\n".len();
                    return Ok(Some(row));
                }
                Some(_) => {
                    self.at += 1;
                    return Ok(Some(row));
                }
                None => return Ok(Some(row)),
            }
        }
    }

    fn rest(&self) -> &str {
        self.file.text.get(self.at..).unwrap_or_default()
    }

    fn plain(&mut self) -> Result<Cell, Diagnostic> {
        let rest = self.rest();
        let length = rest.find([',', '\r', '\n']).unwrap_or(rest.len());
        let written = rest.get(..length).unwrap_or_default();
        let text = written.trim_matches(' ').to_owned();
        let start = self.at + (written.len() - written.trim_start_matches(' ').len());
        let span = Span::new(self.file, start, start + text.len());
        if let Some(quote) = written.find('"') {
            let message = say!("a quote within a cell", "格子中间有双引号");
            let place = Span::new(self.file, self.at + quote, self.at + quote + 1);
            return Err(Diagnostic::error(code::FG1029, message)
                .at(&place)
                .help(say!(
                    "put the whole cell in double quotes, and write each quote in it twice",
                    "整格加双引号，里面的每个双引号写两遍"
                )));
        }
        self.at += length;
        Ok(Cell { text, span })
    }

    fn quoted(&mut self) -> Result<Cell, Diagnostic> {
        let blanks = self.rest().len() - self.rest().trim_start_matches(' ').len();
        let open = self.at + blanks;
        self.at = open + 1;
        let start = self.at;
        let mut text = String::new();
        let end = loop {
            let Some(length) = self.rest().find('"') else {
                let message = say!("a quote that does not close", "双引号没有配对");
                let place = Span::new(self.file, open, open + 1);
                return Err(Diagnostic::error(code::FG1029, message)
                    .at(&place)
                    .help(code::FG1029.cure()));
            };
            text.push_str(self.rest().get(..length).unwrap_or_default());
            self.at += length + 1;
            if !self.rest().starts_with('"') {
                break self.at - 1;
            }
            text.push('"');
            self.at += 1;
        };
        let after = self.rest().trim_start_matches(' ');
        self.at += self.rest().len() - after.len();
        if !(self.rest().is_empty() || self.rest().starts_with([',', '\r', '\n'])) {
            let message = say!(
                "text behind the quote that closes a cell",
                "收尾的双引号后面还有文字"
            );
            let place = Span::new(self.file, self.at, self.at + 1);
            return Err(Diagnostic::error(code::FG1029, message)
                .at(&place)
                .help(code::FG1029.cure()));
        }
        Ok(Cell {
            text: text.trim_matches(' ').to_owned(),
            span: Span::new(self.file, start, end),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Vec<String>> {
        let table = read_table(&SourceFile::new("f.csv", text)).unwrap();
        let texts = |row: Vec<Cell>| row.into_iter().map(|cell| cell.text).collect();
        let rows = std::iter::once(table.columns).chain(table.rows);
        rows.map(texts).collect()
    }

    #[track_caller]
    fn refuses(text: &str, parts: &[&str]) {
        let found = read_table(&SourceFile::new("f.csv", text)).unwrap_err();
        let line = found[0].line();
        for part in parts {
            assert!(line.contains(part), "{part:?} is missing in {line}");
        }
    }

    #[test]
    fn cells_are_parted_by_commas_and_may_stand_in_quotes() {
        let rows = read("path,class\r\n\"a['x,y']\", basic \n \"say \"\"no\"\"\" ,c\n,\n\nz,");
        let expected = [
            ["path", "class"],
            ["a['x,y']", "basic"],
            ["say \"no\"", "c"],
            ["z", ""],
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_cell_knows_its_line_and_column() {
        let table = read_table(&SourceFile::new("f.csv", "路径,类别\n a,\"b\"\n")).unwrap();
        let place = |cell: &Cell| cell.span.place();
        assert_eq!(place(&table.columns[1]), "f.csv:1:4");
        assert_eq!(place(&table.rows[0][0]), "f.csv:2:2");
        assert_eq!(place(&table.rows[0][1]), "f.csv:2:5");
        assert_eq!(table.rows[0][1].span.text(), "b");
    }

    #[test]
    fn what_is_no_table_is_refused_at_its_place() {
        refuses("", &["f.csv:1:1", "FG1030", "holds nothing", "first row"]);
        refuses("\n,,\n", &["FG1030", "first row"]);
        refuses("path，class\n", &["f.csv:1:1", "FG1029", "`，`"]);
        refuses("path;class\n", &["FG1029", "`;`"]);
        refuses(
            "path,class\na，basic\n",
            &["f.csv:2:1", "1 cells", "2 columns"],
        );
        refuses("path,class\na,b,c\n", &["f.csv:2:1", "3 cells"]);
        refuses("path,class\na,\"b\n", &["f.csv:2:3", "does not close"]);
        refuses("path,class\na,b\"c\"\n", &["f.csv:2:4", "quote within"]);
        refuses("path,class\na,\"b\"c\n", &["f.csv:2:6", "behind the quote"]);
    }

    #[test]
    fn all_rows_of_another_length_are_told_at_once() {
        let found = read_table(&SourceFile::new("f.csv", "a,b\n1\n1,2\n3\n")).unwrap_err();
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn utf8_with_a_mark_or_without_and_gb18030_are_one_text() {
        let text = "路径,类别\nname,基本信息\n";
        let marked = ["\u{feff}", text].concat();
        let gb = GB18030.encode(text).0;
        assert!(std::str::from_utf8(&gb).is_err());
        for bytes in [text.as_bytes(), marked.as_bytes(), &gb] {
            assert_eq!(decode_table("f.csv", bytes).unwrap().text, text);
        }
    }

    #[test]
    fn other_encodings_and_odd_characters_are_refused() {
        let line = |bytes: &[u8]| decode_table("f.csv", bytes).unwrap_err().line();
        assert!(line(b"\xff\xfea\0").contains("FG1028"));
        assert!(line(b"a,\xff\xff\n").contains("FG1028"));
        assert!(line(b"path\tclass\n").contains("FG1029"));
        assert!(line("a,b\u{202e}\n".as_bytes()).contains("FG1005"));
        assert!(line("a,b\rc\n".as_bytes()).contains("FG1005"));
        assert!(line(&vec![b'a'; MAX_FILE_BYTES + 1]).contains("FG1002"));
    }
}
