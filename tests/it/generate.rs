//! Rule sets that overlap without conflicts, documents that mostly fit them, and documents equal to
//! them in a caller's eyes.
//!
//! Everything is drawn from one list of small numbers, so that proptest can shrink whole cases: a list
//! that ends early answers 0, and 0 is always the simplest choice.

mod document;
mod reduce;
mod repeat;
mod rules;
mod twin;

use proptest::prelude::*;

use crate::sketch::Sketch;

pub use reduce::reduce;
pub use repeat::repeated;
pub use twin::twins;

/// A rule set, an answer of its upstream, and where the answer is cut.
#[derive(Clone)]
pub struct Case {
    pub sketch: Sketch,
    pub body: String,
    /// The lengths of the chunks, used over and over.
    pub chunks: Vec<usize>,
    /// What twins are drawn from.
    pub spare: Choices,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = &self.body[..self.body.floor_char_boundary(4000)];
        write!(
            f,
            "\n rules: {}\n chunks: {:?}\n body: {shown}",
            self.sketch, self.chunks
        )?;
        if shown.len() < self.body.len() {
            write!(f, " ... {} bytes", self.body.len())?;
        }
        Ok(())
    }
}

/// Cases of all kinds.
pub fn cases() -> impl Strategy<Value = Case> {
    let list = |most: usize| prop::collection::vec(any::<u16>(), 0..most);
    (list(120), list(700), list(12), list(60)).prop_map(|(rules, body, chunks, spare)| {
        let sketch = rules::sketch(&mut Choices::new(rules));
        let body = document::document(&sketch, &mut Choices::new(body));
        Case {
            sketch,
            body,
            chunks: chunks.iter().map(|length| chunk_length(*length)).collect(),
            spare: Choices::new(spare),
        }
    })
}

/// Mostly a few bytes, sometimes nothing, sometimes many.
fn chunk_length(word: u16) -> usize {
    let word = usize::from(word);
    match word % 8 {
        0 => 1,
        1 => 0,
        2..=5 => word / 8 % 16,
        6 => word / 8 % 300,
        _ => word / 2,
    }
}

/// The body, cut as the case says: into single bytes where it says nothing.
pub fn cut<'a>(body: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let all_empty = lengths.iter().all(|length| *length == 0);
    let mut lengths = lengths.iter().copied().cycle();
    let mut rest = body;
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        let length = if all_empty {
            1
        } else {
            lengths.next().unwrap_or(1)
        };
        let (chunk, after) = rest.split_at(length.min(rest.len()));
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

/// A list of numbers to draw from.
#[derive(Clone, Debug)]
pub struct Choices {
    words: Vec<u16>,
    next: usize,
}

impl Choices {
    pub fn new(words: Vec<u16>) -> Self {
        Choices { words, next: 0 }
    }

    /// Less than `bound`; 0 when nothing is left.
    pub fn below(&mut self, bound: usize) -> usize {
        let word = self.words.get(self.next).copied().unwrap_or(0);
        self.next += 1;
        usize::from(word) % bound
    }

    /// Whether the unlikely thing happens.
    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == many - 1
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
