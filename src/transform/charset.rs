//! An answer in another charset, put into UTF-8 before anything of it is read; and back, where callers get what the
//! upstream writes in.
//!
//! The second byte of a character may be that of a backslash or of a bracket, so nothing may look for a quote before. Refused
//! as `unreadable-body`: a sequence that is none, one that the end cuts, and where it is put back one that would come back as
//! other bytes. What precedes it was handed on, wherever the input was cut. After a refusal or the end nothing is read any more.

use encoding_rs::{Decoder, DecoderResult, EncoderResult, Encoding};

use super::Departed;
use crate::model::Reason;
use crate::policy::AnswerForm;

/// What is handed on at once.
const PIECE: usize = 4 << 10;

/// See the module.
pub(super) struct Transcoder {
    /// `None` after the end or a fault: encoding_rs must not be asked again then.
    decoder: Option<Decoder>,
    piece: Box<[u8; PIECE]>,
    /// Where callers get the same charset.
    back: Option<Back>,
}

impl Transcoder {
    /// `None` where nothing has to be done.
    pub fn of(form: &AnswerForm) -> Option<Transcoder> {
        let encoding = form.charset.encoding()?;
        Some(Transcoder {
            decoder: Some(encoding.new_decoder_without_bom_handling()),
            piece: Box::new([0; PIECE]),
            back: form.keeps_charset.then(|| Back::new(encoding)),
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
            let (taken, rest) = input.split_at_checked(read).unwrap_or_default();
            input = rest;
            let same = match &mut self.back {
                None => piece.len(),
                Some(back) => back.same(taken, piece),
            };
            let same = piece.get(..same).unwrap_or_default();
            if !same.is_empty() {
                sink(same)?;
            }
            if same.len() < piece.len() {
                return Err(Reason::UnreadableBody);
            }
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

/// Compares what came with what would leave.
struct Back {
    encoding: &'static Encoding,
    /// What came of a character that is not whole yet.
    begun: Vec<u8>,
    written: Vec<u8>,
}

impl Back {
    fn new(encoding: &'static Encoding) -> Self {
        Back {
            encoding,
            begun: Vec::new(),
            written: Vec::new(),
        }
    }

    /// How much of a piece of UTF-8 comes back as the bytes it was read from, of which `taken` are the last.
    fn same(&mut self, taken: &[u8], piece: &[u8]) -> usize {
        let piece = str::from_utf8(piece).unwrap_or_default();
        self.begun.extend_from_slice(taken);
        self.written.clear();
        write(self.encoding, piece, &mut self.written);
        if self.begun.starts_with(&self.written) {
            self.begun.drain(..self.written.len());
            return piece.len();
        }
        let mut came = self.begun.as_slice();
        let mut same = 0;
        for one in piece.chars() {
            self.written.clear();
            write(
                self.encoding,
                one.encode_utf8(&mut [0; 4]),
                &mut self.written,
            );
            match came.strip_prefix(self.written.as_slice()) {
                Some(rest) => came = rest,
                None => break,
            }
            same += one.len_utf8();
        }
        same
    }
}

/// Puts what leaves into the charset the upstream writes in.
#[derive(Debug)]
pub(super) struct Writer {
    encoding: &'static Encoding,
    /// How much was written so far, in UTF-8.
    read: u64,
    /// How much that is as it leaves.
    written: u64,
    bytes: Vec<u8>,
}

impl Writer {
    /// `None` where what leaves is UTF-8.
    pub fn of(form: &AnswerForm) -> Option<Writer> {
        Some(Writer {
            encoding: form.leaves_in().encoding()?,
            read: 0,
            written: 0,
            bytes: Vec::new(),
        })
    }

    /// The next of the output as it leaves; the records that end in it are told where they end there.
    pub fn write(&mut self, output: &[u8], records: &mut Departed) -> &[u8] {
        let Writer {
            encoding,
            read,
            written,
            bytes,
        } = self;
        let begin = *read;
        *read += output.len() as u64;
        bytes.clear();
        let mut rest = output;
        let mut done = 0;
        records.place(*read, |end| {
            let length = usize::try_from(end.saturating_sub(begin)).unwrap_or(usize::MAX);
            let (record, after) = rest
                .split_at_checked(length.saturating_sub(done))
                .unwrap_or((rest, &[]));
            write(encoding, &String::from_utf8_lossy(record), bytes);
            done += record.len();
            rest = after;
            *written + bytes.len() as u64
        });
        write(encoding, &String::from_utf8_lossy(rest), bytes);
        *written += bytes.len() as u64;
        bytes
    }
}

/// A character that the charset does not have can only come of a mask, so it stands in a string and may be escaped.
fn write(encoding: &'static Encoding, mut text: &str, to: &mut Vec<u8>) {
    let mut encoder = encoding.new_encoder();
    loop {
        let most = encoder.max_buffer_length_from_utf8_without_replacement(text.len());
        to.reserve(most.unwrap_or(text.len()).max(16));
        let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(text, to, true);
        text = text.get(read..).unwrap_or_default();
        match result {
            EncoderResult::InputEmpty => return,
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(other) => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    to.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
                encoder = encoding.new_encoder();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Charset;
    use encoding_rs::{GB18030, GBK};
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn run(charset: Charset, chunks: &[&[u8]]) -> (Vec<u8>, Result<(), Reason>) {
        run_as(&form(charset, false), chunks)
    }

    fn form(charset: Charset, keeps_charset: bool) -> AnswerForm {
        AnswerForm {
            charset,
            keeps_charset,
            ..AnswerForm::default()
        }
    }

    fn run_as(form: &AnswerForm, chunks: &[&[u8]]) -> (Vec<u8>, Result<(), Reason>) {
        let mut transcoder = Transcoder::of(form).unwrap();
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

    /// Every sequence of two bytes and of four that begins beyond ASCII.
    fn each_sequence(mut of: impl FnMut(&[u8])) {
        for lead in 0x80..=0xff {
            for second in 0..=0xff {
                let four = (0x81..=0xfe).contains(&lead) && (0x30..=0x39).contains(&second);
                match (lead, four) {
                    // A character of its own, before whatever follows.
                    (0x80, _) => {}
                    (_, false) => of(&[lead, second]),
                    (_, true) => {
                        for third in 0x81..=0xfe {
                            for fourth in 0x30..=0x39 {
                                of(&[lead, second, third, fourth]);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Nor does one that is no character pass for one.
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
        each_sequence(&mut is_one);
        println!("{read:?} sequences of two and four bytes");
        assert!(read[0] > 23_000 && read[1] > 1_000_000, "{read:?}");
        assert_eq!(runs(Charset::Gbk, b"\x80\"").0, "€\"");
    }

    /// Every byte, every sequence of two and of four: what is read is the same bytes again once it is written, or it is not
    /// read where it is to be written again.
    #[test]
    fn a11_what_leaves_in_the_upstreams_charset_is_the_bytes_that_came_or_nothing() {
        for (charset, encoding) in [(Charset::Gbk, GBK), (Charset::Gb18030, GB18030)] {
            let form = form(charset, true);
            let mut transcoder = Transcoder::of(&form).unwrap();
            let mut back = Vec::new();
            // Read elsewhere, and refused here.
            let (mut two, mut four) = (Vec::new(), 0);
            let mut judge = |sequence: &[u8]| {
                back.clear();
                let read = transcoder.feed(sequence, false, &mut |piece| {
                    write(encoding, str::from_utf8(piece).unwrap(), &mut back);
                    Ok(())
                });
                if read.is_ok() {
                    assert_eq!(back, sequence);
                    return;
                }
                assert_eq!(back, b"");
                transcoder.decoder = Some(encoding.new_decoder_without_bom_handling());
                transcoder.back = Some(Back::new(encoding));
                match encoding.decode_without_bom_handling_and_without_replacement(sequence) {
                    None => {}
                    Some(_) if sequence.len() == 4 => four += 1,
                    Some(_) => two.push(sequence.to_vec()),
                }
            };
            for byte in 0..=0x80 {
                judge(&[byte]);
            }
            each_sequence(judge);
            let (of_two, of_four): (&[&[u8]], u32) = match charset {
                // The euro has a byte of its own, the ideographic blank another place; four bytes are never written.
                Charset::Gbk => (&[b"\xa2\xe3", b"\xa3\xa0"], 1_087_996),
                // Of four bytes those whose characters GB 18030 of 2022 has moved.
                Charset::Gb18030 => (&[b"\x80", b"\xa3\xa0"], 18),
                Charset::Utf8 => unreachable!(),
            };
            assert_eq!(
                (two, four),
                (of_two.iter().map(|one| one.to_vec()).collect(), of_four)
            );
        }
    }

    #[test]
    fn a_character_the_charset_does_not_have_is_escaped() {
        let mut out = Vec::new();
        write(GBK, "\"李ñ🙈*\"", &mut out);
        assert_eq!(out, b"\"\xc0\xee\\u00f1\\ud83d\\ude48*\"");
        out.clear();
        write(GB18030, "ñ🙈\u{e5e5}", &mut out);
        assert_eq!(GB18030.decode(&out).0, "ñ🙈\\ue5e5");
    }

    #[test]
    fn nothing_is_read_after_the_end_or_a_fault() {
        for input in [&b"x"[..], b"\xff"] {
            let mut transcoder = Transcoder::of(&form(Charset::Gbk, false)).unwrap();
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
            for charset in [Charset::Gbk, Charset::Gb18030] {
                let form = form(charset, true);
                let (out, end) = run_as(&form, &chunks);
                prop_assert_eq!(run_as(&form, &[&input]), (out.clone(), end));
                let mut back = Vec::new();
                write(charset.encoding().unwrap(), str::from_utf8(&out).unwrap(), &mut back);
                prop_assert!(input.starts_with(&back));
                prop_assert!(end.is_err() || input == back);
            }
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
