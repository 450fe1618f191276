//! The form of a rule file: blanks, columns and blank lines, and nothing else.
//!
//! Refuses files that do not read, with what is wrong with them. Only blanks and line ends outside of texts are ever
//! changed: what the file says and every comment are compared before and after, and a file in which they would differ is
//! refused untouched.

mod grid;
mod lines;
mod tree;

use std::sync::Arc;

use self::tree::Tree;
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::source::{self, Kind, Node, SourceFile};

/// Replaces a range of the text, all of it on one line.
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

/// The text in its form.
///
/// # Errors
///
/// What is wrong with the file, as [`source::read`] has it.
pub fn format(file: &Arc<SourceFile>) -> Result<String, Vec<Diagnostic>> {
    let before = source::read(file)?;
    let tree = Tree::of(&file.text).ok_or_else(|| cannot(file))?;
    let edits = grid::edits(&file.text, &tree);
    let formatted = lines::written(&file.text, &tree, &edits);
    let after = SourceFile::new(file.name.clone(), formatted);
    let read = source::read(&after).map_err(|_| cannot(file))?;
    let comments = Tree::of(&after.text).map(|tree| tree.comment_texts(&after.text));
    let unchanged = same(&before, &read) && comments == Some(tree.comment_texts(&file.text));
    match unchanged {
        true => Ok(after.text.clone()),
        false => Err(cannot(file)),
    }
}

/// Whether two files say the same, wherever it stands.
fn same(a: &Node, b: &Node) -> bool {
    match (&a.kind, &b.kind) {
        (
            Kind::Scalar { text, plain },
            Kind::Scalar {
                text: other,
                plain: also,
            },
        ) => text == other && plain == also,
        (Kind::List(a), Kind::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Kind::Map(a), Kind::Map(b)) => {
            let mut pairs = a.iter().zip(b);
            a.len() == b.len()
                && pairs.all(|((key, value), (other, also))| {
                    key.text == other.text && same(value, also)
                })
        }
        _ => false,
    }
}

fn cannot(file: &SourceFile) -> Vec<Diagnostic> {
    let message = say!(
        "{} cannot be brought into form without changing what it says",
        "整理 {} 的格式会改变它的内容",
        quoted(&file.name)
    );
    let help = say!(
        "it was left as it is; write what is unusual in it in a plainer way",
        "文件没有改动；把里面不常见的写法写得简单些"
    );
    vec![Diagnostic::error(code::FG6005, message).help(help)]
}

#[cfg(test)]
mod tests;
