//! Lines: no blanks at their ends, one blank line at most, comments in their columns.
//!
//! Refuses nothing. A comment stays in its column as long as it has room; one that has none moves with those above and
//! below it that stood in the same column.

use unicode_width::UnicodeWidthStr as _;

use super::Edit;
use super::tree::Tree;

/// Blanks before a comment that had to move.
const BEFORE_COMMENT: usize = 2;

/// One line as it will be.
struct Line {
    /// What stands before the comment, or all of it.
    code: String,
    comment: Option<Comment>,
    /// Within a text of several lines: as it came.
    fixed: bool,
    ending: &'static str,
}

struct Comment {
    text: String,
    /// Columns before it.
    column: usize,
}

pub(super) fn written(text: &str, tree: &Tree, edits: &[Edit]) -> String {
    let mut lines = split(text, tree, edits);
    move_comments(&mut lines);
    joined(&lines)
}

fn split(text: &str, tree: &Tree, edits: &[Edit]) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut comments, mut edits) = (tree.comments.iter().peekable(), edits.iter().peekable());
    let (mut start, mut texts) = (0, tree.texts.iter().peekable());
    for raw in text.split_inclusive('\n') {
        let line = raw.trim_end_matches('\n').trim_end_matches('\r');
        let end = start + line.len();
        while texts.next_if(|range| range.end <= start).is_some() {}
        let within = |at: usize| move |range: &&&std::ops::Range<usize>| range.contains(&at);
        // The line a text begins on is its key's.
        let fixed = texts.peek().filter(within(start)).is_some()
            && texts.peek().is_none_or(|range| range.start < start);
        let open = texts.peek().filter(within(end)).is_some();
        let comment = comments.next_if(|comment| comment.start < end.max(start + 1));
        let code_end = comment.map_or(end, |comment| comment.start);
        let mut code = String::new();
        let mut at = start;
        while let Some(edit) = edits.next_if(|edit| edit.start < code_end) {
            code.push_str(text.get(at..edit.start).unwrap_or_default());
            code.push_str(&edit.text);
            at = edit.end;
        }
        let last = text.get(at..code_end).unwrap_or_default();
        code.push_str(last);
        if comment.is_some() || (!fixed && !open) {
            code.truncate(code.trim_end_matches(' ').len());
        }
        lines.push(Line {
            code,
            comment: comment.map(|comment| Comment {
                text: text.get(comment.clone()).unwrap_or_default().to_owned(),
                column: text.get(start..comment.start).unwrap_or_default().width(),
            }),
            fixed,
            ending: if raw.ends_with("\r\n") { "\r\n" } else { "\n" },
        });
        start += raw.len();
    }
    lines
}

/// Comments behind something: groups that stood in one column on lines below each other stay in one.
fn move_comments(lines: &mut [Line]) {
    let column = |line: &Line| {
        let comment = line.comment.as_ref()?;
        (!line.code.is_empty()).then_some(comment.column)
    };
    let same = |a: &Line, b: &Line| column(a).is_some() && column(a) == column(b);
    for group in lines.chunk_by_mut(same) {
        let widest = group.iter().map(|line| line.code.width()).max();
        let widest = widest.unwrap_or_default();
        let has_room = group
            .iter()
            .all(|line| column(line).is_none_or(|column| line.code.width() < column));
        if !has_room {
            for line in group {
                if let Some(comment) = &mut line.comment {
                    comment.column = widest + BEFORE_COMMENT;
                }
            }
        }
    }
}

fn joined(lines: &[Line]) -> String {
    let mut text = String::new();
    // Blank lines wait until something follows them.
    let mut blank = None;
    for line in lines {
        if line.code.is_empty() && line.comment.is_none() && !line.fixed {
            blank = Some(line.ending);
            continue;
        }
        if let Some(blank) = blank.take()
            && !text.is_empty()
        {
            text.push_str(blank);
        }
        text.push_str(&line.code);
        if let Some(comment) = &line.comment {
            let used = line.code.width();
            text.push_str(&" ".repeat(comment.column.saturating_sub(used)));
            text.push_str(&comment.text);
        }
        text.push_str(line.ending);
    }
    text
}
