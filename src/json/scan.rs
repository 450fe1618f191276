//! Runs of bytes, sixteen at a time: how far a string is plain, how far blanks go.
//!
//! Refuses nothing; where a run ends is all it tells.

use wide::u8x16;

const LANES: usize = 16;

/// The first place from `at` that holds a quote, a backslash or a control character, else the end.
#[inline]
pub(super) fn plain(bytes: &[u8], at: usize) -> usize {
    run(bytes, at, is_plain, |block| {
        let quote = block.simd_eq(u8x16::splat(b'"'));
        let backslash = block.simd_eq(u8x16::splat(b'\\'));
        let control = block.min(u8x16::splat(0x1F)).simd_eq(block);
        (quote | backslash | control).to_bitmask()
    })
}

/// The first place from `at` that holds no blank, else the end.
#[inline]
pub(super) fn blanks(bytes: &[u8], at: usize) -> usize {
    // Most blanks stand alone or not at all.
    match bytes.get(at) {
        Some(byte) if is_blank(*byte) => {}
        _ => return at,
    }
    run(bytes, at + 1, is_blank, |block| {
        let blank = block.simd_eq(u8x16::splat(b' '))
            | block.simd_eq(u8x16::splat(b'\n'))
            | block.simd_eq(u8x16::splat(b'\r'))
            | block.simd_eq(u8x16::splat(b'\t'));
        !blank.to_bitmask() & 0xFFFF
    })
}

/// Where the bytes from `at` stop being what `belongs` says; `ends` says it of sixteen, a bit for each that does not
/// belong.
#[inline(always)]
fn run(
    bytes: &[u8],
    mut at: usize,
    belongs: impl Fn(u8) -> bool,
    ends: impl Fn(u8x16) -> u32,
) -> usize {
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<LANES>) {
        let ends = ends(u8x16::new(*block));
        if ends != 0 {
            return at + ends.trailing_zeros() as usize;
        }
        at += LANES;
    }
    while bytes.get(at).is_some_and(|byte| belongs(*byte)) {
        at += 1;
    }
    at
}

#[inline]
fn is_plain(byte: u8) -> bool {
    !matches!(byte, b'"' | b'\\' | 0..=0x1F)
}

#[inline]
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_at_the_first_byte_that_does_not_belong_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for place in 0..40 {
                let mut text = [b'a'; 40];
                text[place] = byte;
                let expected = if is_plain(byte) { 40 } else { place };
                assert_eq!(plain(&text, 0), expected, "{byte:#x} at {place}");

                let mut text = [b' '; 40];
                text[place] = byte;
                let expected = if is_blank(byte) { 40 } else { place };
                assert_eq!(blanks(&text, 0), expected, "{byte:#x} at {place}");
            }
        }
    }

    #[test]
    fn a_run_that_begins_at_the_end_or_beyond_is_empty() {
        assert_eq!((plain(b"ab", 2), blanks(b"  ", 2)), (2, 2));
        assert_eq!((plain(b"ab", 9), blanks(b"  ", 9)), (9, 9));
    }
}
