//! UTF-8 checked one chunk at a time, with a sequence that is cut in two carried over.
//!
//! Refuses at the first byte of the first bad sequence, wherever the chunks were cut.

use super::Fault;

/// The state between two chunks: the bytes of a sequence that is not complete yet.
#[derive(Debug, Default)]
pub struct Utf8 {
    carry: [u8; 4],
    carried: usize,
}

/// A sequence completed across two chunks: its bytes, and how many of them count.
#[derive(Clone, Copy, Debug, Default)]
pub struct Carried([u8; 4], usize);

impl Carried {
    /// The completed sequence; empty where none was.
    pub fn as_str(&self) -> &str {
        let bytes = self.0.get(..self.1).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

/// What of a chunk may be read.
#[derive(Debug)]
pub struct Chunk<'a> {
    /// A sequence completed from the last chunk, to be read first.
    pub carried: Carried,
    /// Whole sequences of this chunk.
    pub whole: &'a str,
    /// Set where what follows is not UTF-8: what is above is still to be read, then this is the end.
    pub fault: Option<Fault>,
}

impl Utf8 {
    /// Takes the next chunk.
    pub fn take<'a>(&mut self, chunk: &'a [u8]) -> Chunk<'a> {
        let (carried, rest) = match self.complete(chunk) {
            Ok(done) => done,
            Err(fault) => {
                return Chunk {
                    carried: Carried::default(),
                    whole: "",
                    fault: Some(fault),
                };
            }
        };
        let (rest, tail) = rest.split_at(rest.len() - cut_sequence(rest));
        match simdutf8::compat::from_utf8(rest) {
            Ok(whole) => {
                // Nothing is left of a chunk that went into the sequence carried.
                self.carried += tail.len();
                for (to, from) in self.carry.iter_mut().zip(tail) {
                    *to = *from;
                }
                Chunk {
                    carried,
                    whole,
                    fault: None,
                }
            }
            Err(error) => Chunk {
                carried,
                whole: rest
                    .get(..error.valid_up_to())
                    .and_then(|valid| simdutf8::basic::from_utf8(valid).ok())
                    .unwrap_or_default(),
                fault: Some(Fault::Utf8),
            },
        }
    }

    /// The input has ended: a sequence must not be left open.
    ///
    /// # Errors
    ///
    /// [`Fault::Utf8`] where one is.
    pub fn finish(&self) -> Result<(), Fault> {
        if self.carried == 0 {
            Ok(())
        } else {
            Err(Fault::Utf8)
        }
    }

    /// Completes the carried sequence from the front of `chunk`.
    fn complete<'a>(&mut self, chunk: &'a [u8]) -> Result<(Carried, &'a [u8]), Fault> {
        let mut used = 0;
        while self.carried > 0 {
            let Some(next) = chunk.get(used) else {
                return Ok((Carried::default(), &[]));
            };
            let Some(place) = self.carry.get_mut(self.carried) else {
                return Err(Fault::Utf8);
            };
            *place = *next;
            used += 1;
            self.carried += 1;
            let so_far = self.carry.get(..self.carried).unwrap_or_default();
            match std::str::from_utf8(so_far) {
                Ok(_) => {
                    let done = Carried(self.carry, self.carried);
                    self.carried = 0;
                    return Ok((done, chunk.get(used..).unwrap_or_default()));
                }
                Err(error) if error.error_len().is_some() => return Err(Fault::Utf8),
                Err(_) => {}
            }
        }
        Ok((Carried::default(), chunk))
    }
}

/// How many bytes at the end begin a sequence that is not complete.
fn cut_sequence(bytes: &[u8]) -> usize {
    for (length, byte) in (1..=3).zip(bytes.iter().rev()) {
        let whole = match byte {
            0x80..=0xBF => continue,
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            _ => 1,
        };
        return if whole > length { length } else { 0 };
    }
    0
}

/// The last place from `start` to `most` where a character ends; `start` itself is one.
pub fn boundary(bytes: &[u8], start: usize, most: usize) -> usize {
    let is_inside = |at: &usize| bytes.get(*at).is_some_and(|byte| byte & 0xC0 == 0x80);
    let places = start..=most.min(bytes.len());
    places.rev().find(|at| !is_inside(at)).unwrap_or(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that may be read before the fault, and the fault.
    fn read(input: &[u8], size: usize) -> (Vec<u8>, Option<Fault>) {
        let mut utf8 = Utf8::default();
        let mut out = Vec::new();
        for part in input.chunks(size) {
            let chunk = utf8.take(part);
            out.extend_from_slice(chunk.carried.as_str().as_bytes());
            out.extend_from_slice(chunk.whole.as_bytes());
            if chunk.fault.is_some() {
                return (out, chunk.fault);
            }
        }
        (out, utf8.finish().err())
    }

    #[test]
    fn any_cut_reads_the_same_bytes_up_to_the_same_fault() {
        for input in [
            "张三 a\u{10ffff}é".as_bytes(),
            b"ab\xffcd",
            b"\xe5\xbc\xa0\xe5\xbcx",
            b"x\xf0\x9f\x98",
            b"\xc0\xaf",
            b"a\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"a\xf8",
            b"a\xff\x80\x80\x80\x80",
            b"\xe0\x80",
        ] {
            let whole = read(input, input.len());
            for size in 1..=5 {
                assert_eq!(read(input, size), whole, "{input:?} in chunks of {size}");
            }
        }
    }
}
