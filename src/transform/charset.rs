//! An answer in another charset, put into UTF-8 before anything of it is read.
//!
//! The second byte of a character may be that of a backslash or of a bracket, so nothing may look for a quote before. Refused
//! as `unreadable-body`: a sequence that is none, and one that the end cuts. What precedes it was handed on, wherever the
//! input was cut. After a refusal or the end nothing is read any more.

use encoding_rs::{Decoder, DecoderResult};

use crate::model::Reason;
use crate::policy::Charset;

/// What is handed on at once.
const PIECE: usize = 4 << 10;

/// See the module.
pub(super) struct Transcoder {
    /// `None` after the end or a fault: encoding_rs must not be asked again then.
    decoder: Option<Decoder>,
    piece: Box<[u8; PIECE]>,
}

impl Transcoder {
    /// `None` where nothing has to be done.
    pub fn of(charset: Charset) -> Option<Transcoder> {
        Some(Transcoder {
            decoder: Some(charset.encoding()?.new_decoder_without_bom_handling()),
            piece: Box::new([0; PIECE]),
        })
    }

    /// Hands the input on in UTF-8, piece by piece; `last` where nothing follows it.
    pub fn feed(
        &mut self,
        mut input: &[u8],
        last: bool,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), Reason>,
    ) -> Result<(), Reason> {
        let mut decoder = self.decoder.take().ok_or(Reason::UnreadableBody)?;
        loop {
            let output = self.piece.as_mut_slice();
            let (result, read, written) =
                decoder.decode_to_utf8_without_replacement(input, output, last);
            let piece = output.get(..written).unwrap_or_default();
            if !piece.is_empty() {
                sink(piece)?;
            }
            input = input.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => return Err(Reason::UnreadableBody),
            }
        }
        if !last {
            self.decoder = Some(decoder);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Transcoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transcoder").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{GB18030, GBK};
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn run(charset: Charset, chunks: &[&[u8]]) -> (Vec<u8>, Result<(), Reason>) {
        let mut transcoder = Transcoder::of(charset).unwrap();
        let mut out = Vec::new();
        let mut sink = |piece: &[u8]| {
            out.extend_from_slice(piece);
            Ok(())
        };
        let mut end = Ok(());
        for chunk in chunks {
            end = end.and_then(|()| transcoder.feed(chunk, false, &mut sink));
        }
        end = end.and_then(|()| transcoder.feed(b"", true, &mut sink));
        (out, end)
    }

    /// The same wherever it is cut in two, and byte by byte.
    #[track_caller]
    fn runs(charset: Charset, input: &[u8]) -> (String, Result<(), Reason>) {
        let whole = run(charset, &[input]);
        for at in 0..=input.len() {
            let (before, after) = input.split_at(at);
            assert_eq!(run(charset, &[before, after]), whole, "cut at {at}");
        }
        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        assert_eq!(run(charset, &bytes), whole);
        (String::from_utf8(whole.0).unwrap(), whole.1)
    }

    #[test]
    fn a11_second_bytes_that_look_like_json_are_parts_of_characters() {
        // Each of these has 0x5C or 0x7C as its second byte.
        let text = r#"{"名":"乗俓乗","x":"誠\"鎉"}"#;
        for (charset, encoding) in [(Charset::Gbk, GBK), (Charset::Gb18030, GB18030)] {
            let (bytes, _, lossy) = encoding.encode(text);
            assert!(!lossy);
            assert!(
                bytes
                    .windows(2)
                    .any(|two| two[0] >= 0x81 && two[1] == b'\\')
            );
            assert_eq!(runs(charset, &bytes), (text.to_owned(), Ok(())));
        }
        let (bytes, ..) = GB18030.encode("𠀀ñ€");
        assert!(bytes.len() > 8, "two of them of four bytes");
        assert_eq!(runs(Charset::Gb18030, &bytes).0, "𠀀ñ€");
    }

    #[test]
    fn a11_a_sequence_that_is_none_is_refused_with_what_precedes_it_handed_on() {
        for wrong in [
            &b"\xff"[..],
            b"\x81\x20",
            b"\x81\x30\x81",
            b"\xb0",
            b"\x81\x7f",
            b"\xfe\x39\xfe\x39",
        ] {
            for charset in [Charset::Gbk, Charset::Gb18030] {
                let input = [&b"\"\xc0\xee "[..], wrong].concat();
                let (out, end) = runs(charset, &input);
                assert_eq!(end, Err(Reason::UnreadableBody), "{wrong:x?}");
                assert_eq!(out, "\"李 ", "{wrong:x?}");
            }
        }
    }

    /// Every sequence of two bytes and of four: none that begins beyond ASCII is a part of JSON's own, and none that is no
    /// character passes for one.
    #[test]
    fn a11_no_sequence_beyond_ascii_reads_as_ascii() {
        let mut read = [0_u32; 2];
        let mut is_one = |sequence: &[u8]| {
            let text = GB18030.decode_without_bom_handling_and_without_replacement(sequence);
            assert_eq!(
                GBK.decode_without_bom_handling_and_without_replacement(sequence),
                text
            );
            if let Some(text) = text {
                let mut chars = text.chars();
                assert!(
                    chars.next().is_some_and(|one| !one.is_ascii()),
                    "{sequence:x?}"
                );
                assert_eq!(chars.next(), None, "{sequence:x?}");
                read[sequence.len() / 4] += 1;
            }
        };
        for lead in 0x80..=0xff {
            for second in 0..=0xff {
                let four = (0x81..=0xfe).contains(&lead) && (0x30..=0x39).contains(&second);
                match (lead, four) {
                    // A character of its own, before whatever follows.
                    (0x80, _) => {}
                    (_, false) => is_one(&[lead, second]),
                    (_, true) => {
                        for third in 0x81..=0xfe {
                            for fourth in 0x30..=0x39 {
                                is_one(&[lead, second, third, fourth]);
                            }
                        }
                    }
                }
            }
        }
        println!("{read:?} sequences of two and four bytes");
        assert!(read[0] > 23_000 && read[1] > 1_000_000, "{read:?}");
        assert_eq!(runs(Charset::Gbk, b"\x80\"").0, "€\"");
    }

    #[test]
    fn nothing_is_read_after_the_end_or_a_fault() {
        for input in [&b"x"[..], b"\xff"] {
            let mut transcoder = Transcoder::of(Charset::Gbk).unwrap();
            let first = transcoder.feed(input, true, &mut |_| Ok(()));
            assert_eq!(first.is_ok(), input == b"x");
            for last in [false, true] {
                let sink = &mut |_: &[u8]| panic!("it is read");
                let again = transcoder.feed(b"x", last, sink);
                assert_eq!(again, Err(Reason::UnreadableBody));
            }
        }
    }

    proptest! {
        #[test]
        fn any_chunks_read_as_the_whole_does(
            parts in vec(
                prop_oneof![
                    4 => proptest::sample::select(vec!["李", "乗", "€", "𠀀", "ñ", "\"", "\\", "{", "1"])
                        .prop_map(|text| GB18030.encode(text).0.into_owned()),
                    1 => vec(any::<u8>(), 1..4),
                ],
                0..40,
            ),
            cuts in vec(0..9_usize, 1..40),
        ) {
            let input = parts.concat();
            let mut chunks = Vec::new();
            let mut rest = &input[..];
            for length in cuts {
                let (chunk, after) = rest.split_at(length.min(rest.len()));
                chunks.push(chunk);
                rest = after;
            }
            chunks.push(rest);
            let whole = GB18030.decode_without_bom_handling_and_without_replacement(&input);
            let (out, end) = run(Charset::Gb18030, &chunks);
            prop_assert_eq!(end.is_ok(), whole.is_some());
            prop_assert_eq!(run(Charset::Gb18030, &[&input]), (out.clone(), end));
            if let Some(whole) = whole {
                prop_assert_eq!(out, whole.as_bytes());
            }
        }
    }

    #[test]
    fn what_is_longer_than_a_piece_comes_in_several() {
        let text = "李a".repeat(PIECE);
        let (bytes, ..) = GBK.encode(&text);
        assert_eq!(run(Charset::Gbk, &[&bytes]).0, text.as_bytes());
    }
}
