//! A member's name, and what stands around it, as it is expected in a text: compared at one stroke.

use wide::u8x16;

const LANES: usize = 16;

/// At most 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Word {
    low: u8x16,
    high: u8x16,
    /// A bit for each byte that counts.
    low_mask: u32,
    high_mask: u32,
    length: usize,
}

impl Word {
    /// The word for a name without escapes, in quotes and with the colon behind it; `None` for one that is too long.
    pub fn of_name(name: &str) -> Option<Word> {
        Word::new([b"\"", name.as_bytes(), b"\":"].concat().as_slice())
    }

    /// The word of these bytes; `None` for more than 32.
    pub fn new(text: &[u8]) -> Option<Word> {
        let mut bytes = [0; 2 * LANES];
        let length = text.len();
        bytes.get_mut(..length)?.copy_from_slice(text);
        let mask = u32::try_from((1_u64 << length) - 1).unwrap_or(u32::MAX);
        Some(Word {
            low: u8x16::new(*bytes.first_chunk()?),
            high: u8x16::new(*bytes.last_chunk()?),
            low_mask: mask & 0xFFFF,
            high_mask: mask >> LANES,
            length,
        })
    }

    /// Whether it stands at that place. May say no near the end of the text.
    #[inline(always)]
    pub fn stands_at(&self, text: &[u8], at: usize) -> bool {
        let Some(rest) = text.get(at..) else {
            return false;
        };
        block(rest, 0).is_some_and(|low| same(low, self.low, self.low_mask))
            && (self.high_mask == 0
                || block(rest, LANES).is_some_and(|high| same(high, self.high, self.high_mask)))
    }

    /// Bytes, quotes and colon included.
    #[inline(always)]
    pub fn length(&self) -> usize {
        self.length
    }
}

/// A text of any length, as it is expected in another.
#[derive(Clone, Debug, PartialEq)]
pub struct Phrase {
    first: u8x16,
    mask: u32,
    /// Its last bytes, where it is longer than those.
    last: u8x16,
    /// What lies between, where it is longer than both.
    between: Box<[u8]>,
    length: usize,
}

impl Phrase {
    /// The phrase of these bytes.
    pub fn new(text: &[u8]) -> Phrase {
        let mut first = [0; LANES];
        for (to, from) in first.iter_mut().zip(text) {
            *to = *from;
        }
        let between = text.get(LANES..text.len().saturating_sub(LANES));
        Phrase {
            first: u8x16::new(first),
            mask: (1_u32 << text.len().min(LANES)) - 1,
            last: u8x16::new(*text.last_chunk().unwrap_or(&first)),
            between: between.unwrap_or_default().into(),
            length: text.len(),
        }
    }

    /// Whether it stands at that place. May say no near the end of the text.
    #[inline(always)]
    pub fn stands_at(&self, text: &[u8], at: usize) -> bool {
        block(text, at).is_some_and(|first| same(first, self.first, self.mask))
            && (self.length <= LANES || self.goes_on_at(text, at))
    }

    #[inline(always)]
    fn goes_on_at(&self, text: &[u8], at: usize) -> bool {
        let end = at + self.length;
        block(text, end - LANES).is_some_and(|last| same(last, self.last, 0xFFFF))
            && (self.between.is_empty()
                || text.get(at + LANES..end - LANES) == Some(&*self.between))
    }

    /// Bytes.
    #[inline(always)]
    pub fn length(&self) -> usize {
        self.length
    }
}

#[inline]
fn block(text: &[u8], at: usize) -> Option<u8x16> {
    let block = text.get(at..)?.first_chunk()?;
    Some(u8x16::new(*block))
}

#[inline]
fn same(a: u8x16, b: u8x16, mask: u32) -> bool {
    a.simd_eq(b).to_bitmask() & mask == mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stands_where_its_name_quotes_and_colon_stand_and_nowhere_else() {
        for length in 0..=29 {
            let name: String = ('a'..='z').cycle().take(length).collect();
            let word = Word::of_name(&name).unwrap();
            let text = format!("x\"{name}\":{}", " ".repeat(32));
            assert!(word.stands_at(text.as_bytes(), 1), "{length}");
            assert_eq!(word.length(), length + 3);
            for place in 1..=length + 3 {
                let mut other = text.clone().into_bytes();
                other[place] ^= 1;
                assert!(!word.stands_at(&other, 1), "{length}, {place}");
            }
            assert!(!word.stands_at(text.as_bytes(), 0));
        }
    }

    #[test]
    fn a_phrase_stands_where_each_of_its_bytes_stands_and_nowhere_else() {
        for length in 0..=50 {
            let text: String = ('a'..='z').cycle().take(length).collect();
            let phrase = Phrase::new(text.as_bytes());
            let around = format!("x{text}{}", " ".repeat(16));
            assert!(phrase.stands_at(around.as_bytes(), 1), "{length}");
            assert_eq!(phrase.length(), length);
            for place in 1..=length {
                let mut other = around.clone().into_bytes();
                other[place] ^= 1;
                assert!(!phrase.stands_at(&other, 1), "{length}, {place}");
            }
            assert!(!phrase.stands_at(text.as_bytes(), 1), "{length}, cut");
        }
    }

    #[test]
    fn a_name_of_thirty_bytes_is_no_word_and_near_the_end_none_stands() {
        assert!(Word::of_name(&"a".repeat(30)).is_none());
        let word = Word::of_name("name").unwrap();
        assert!(!word.stands_at(b"\"name\":1", 0));
        assert!(!word.stands_at(b"\"name\":1", 9));
    }
}
