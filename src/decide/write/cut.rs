//! Cutting members and elements out of a JSON text: all else stays byte for byte, and the text stays JSON.
//!
//! Refuses nothing. Commas and blanks go as the engine lets them go from an answer: what stays first is preceded by what
//! stood behind the bracket, each later child by what parted it from the child directly before it.

use std::ops::Range;

/// Parts of a text that go.
#[derive(Clone, Debug, Default)]
pub struct Cuts(Vec<Range<usize>>);

impl Cuts {
    /// So many parts so far.
    pub fn mark(&self) -> usize {
        self.0.len()
    }

    /// The text without them.
    pub fn apply(mut self, text: &str) -> String {
        self.0.sort_unstable_by_key(|part| part.start);
        let mut left = String::with_capacity(text.len());
        let mut at = 0;
        for part in self.0 {
            left.push_str(text.get(at..part.start).unwrap_or_default());
            at = at.max(part.end);
        }
        left.push_str(text.get(at..).unwrap_or_default());
        left
    }

    /// Whether nothing goes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The children of one container, asked one after the other whether they stay.
#[derive(Debug, Default)]
pub struct Children {
    /// Where the first that goes begins, as long as none has stayed.
    first: Option<usize>,
    /// Where the child before ends.
    before: usize,
    stayed: bool,
    any: bool,
}

impl Children {
    /// The next child, from the first byte of its name to the last of its value, in the whole text. `mark` is what
    /// [`Cuts::mark`] said before something was cut inside it.
    pub fn next(&mut self, child: Range<usize>, stays: bool, mark: usize, cuts: &mut Cuts) {
        self.any = true;
        if stays {
            if let Some(first) = self.first.take() {
                cuts.0.push(first..child.start);
            }
            self.stayed = true;
        } else {
            cuts.0.truncate(mark);
            if self.stayed {
                cuts.0.push(self.before..child.end);
            } else {
                self.first.get_or_insert(child.start);
            }
        }
        self.before = child.end;
    }

    /// Whether there were children, and all went: then the container goes too, as an empty one would erase what is stored.
    pub fn all_went(&self) -> bool {
        self.any && !self.stayed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Cursor;

    /// Cuts members whose names begin with `x`, at any depth.
    fn cut(text: &str) -> String {
        fn object(value: Cursor<'_>, at: usize, cuts: &mut Cuts) -> bool {
            let mut children = Children::default();
            for member in value.members() {
                let mark = cuts.mark();
                let inner = at + member.end - member.value.text().len();
                let stays = !member.name.starts_with('x') && object(member.value, inner, cuts);
                children.next(at + member.start..at + member.end, stays, mark, cuts);
            }
            !children.all_went()
        }
        let mut cuts = Cuts::default();
        object(Cursor::new(text), 0, &mut cuts);
        cuts.apply(text)
    }

    #[test]
    fn what_is_left_is_byte_for_byte_what_came() {
        for (text, left) in [
            (r#"{ "a":1 , "x":2 , "b":3 }"#, r#"{ "a":1 , "b":3 }"#),
            (r#"{ "x":1 , "a":2,"b":3 }"#, r#"{ "a":2,"b":3 }"#),
            (r#"{ "a":1e0 , "x":2 }"#, r#"{ "a":1e0 }"#),
            (
                r#"{"x1":1,"x2":2,"a":[1, 2],"x3":3,"x4":4}"#,
                r#"{"a":[1, 2]}"#,
            ),
            (r#"{"a":{"x":1},"b":2}"#, r#"{"b":2}"#),
            (r#"{"a":{"x":1,"c":{}},"b":2}"#, r#"{"a":{"c":{}},"b":2}"#),
            (
                r#"{"x":{"a":{"x":1}},"b":{"x":1,"c":2}}"#,
                r#"{"b":{"c":2}}"#,
            ),
            (r#"{"a":"x"}"#, r#"{"a":"x"}"#),
        ] {
            assert_eq!(cut(text), left, "{text}");
        }
    }
}
