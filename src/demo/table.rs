//! Text in columns that stay straight where Chinese characters take two places.

use unicode_width::UnicodeWidthStr as _;

/// A character that stands for the rest of a text.
const MORE: char = '…';

/// Rows of cells under each other, two places between columns, each row behind `indent`.
pub fn aligned(indent: &str, rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.width()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::from(indent);
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The text in at most `width` places.
pub fn short(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        if kept.width() >= width {
            kept.pop();
            break;
        }
    }
    kept.push(MORE);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_straight_though_han_characters_are_wide() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let text = aligned(
            "  ",
            &[row(["张三", "x"]), row(["abcde", "y"]), row(["", ""])],
        );
        assert_eq!(text, "  张三   x\n  abcde  y\n\n");
    }

    #[test]
    fn a_long_text_is_cut_to_its_places() {
        assert_eq!(short("13800138000", 11), "13800138000");
        assert_eq!(short("tok_abcdef", 8), "tok_abc…");
        assert_eq!(short("北京市朝阳区", 6).width(), 5);
    }
}
