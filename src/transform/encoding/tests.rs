use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::{Compression, GzBuilder};
use http::HeaderValue;
use http::header::{CONTENT_ENCODING, HeaderMap, HeaderName, TRANSFER_ENCODING};
use proptest::collection::vec;
use proptest::prelude::*;

use super::expansion::{PIECE, STEP};
use super::*;

const LIMITS: Ratio = Ratio {
    ratio: 100,
    free: 1 << 20,
};

const UNLIMITED: Ratio = Ratio {
    ratio: u64::MAX,
    free: 0,
};

const CUTS: [usize; 9] = [1, 2, 3, 7, 64, 1000, 4096, 5000, usize::MAX];

type Encode = fn(&[u8]) -> Vec<u8>;

/// Every coding, as its header names it, with an encoder of its own library.
const CODINGS: [(&str, Encode); 7] = [
    ("gzip", gzip),
    ("x-gzip", gzip),
    ("deflate", zlib),
    ("deflate", raw_deflate),
    ("br", brotli),
    ("zstd", zstd_with_checksum),
    ("zstd", zstd_plain),
];

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zlib(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn brotli(body: &[u8]) -> Vec<u8> {
    let mut coded = Vec::new();
    brotli::CompressorWriter::new(&mut coded, 4096, 5, 22)
        .write_all(body)
        .unwrap();
    coded
}

fn zstd_plain(body: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(body, 3).unwrap()
}

fn zstd_with_checksum(body: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// A list of records that repeats itself about as much as real ones do.
fn records(count: u32) -> Vec<u8> {
    let record = |i: u32| {
        let noise = i.wrapping_mul(2_654_435_761);
        format!(r#"{{"id":"{i}","name":"张三","phone":"138{noise:010}","balance":{noise}.5}}"#)
    };
    let records: Vec<String> = (0..count).map(record).collect();
    format!(r#"{{"items":[{}]}}"#, records.join(",")).into_bytes()
}

fn headers(name: HeaderName, lines: &[&str]) -> HeaderMap {
    let lines = lines
        .iter()
        .map(|line| HeaderValue::from_str(line).unwrap());
    lines.map(|line| (Some(name.clone()), line)).fold(
        HeaderMap::new(),
        |mut headers, (name, line)| {
            headers.append(name.unwrap(), line);
            headers
        },
    )
}

fn decoder(coding: &str, limits: Ratio) -> Decoder {
    Decoder::of(&headers(CONTENT_ENCODING, &[coding]), limits).unwrap()
}

/// What the sink got, and how it ended.
fn decode(coding: &str, limits: Ratio, cut: usize, body: &[u8]) -> (Vec<u8>, Result<(), Reason>) {
    let mut decoder = decoder(coding, limits);
    let mut out = Vec::new();
    for chunk in body.chunks(cut) {
        let fed = decoder.feed(chunk, &mut |piece| {
            assert!(piece.len() <= PIECE);
            out.extend_from_slice(piece);
            Ok(())
        });
        if fed.is_err() {
            assert_eq!(decoder.finish(), fed, "a refusal stays");
            return (out, fed);
        }
    }
    let finished = decoder.finish();
    (out, finished)
}

fn whole(coding: &str, body: &[u8]) -> (Vec<u8>, Result<(), Reason>) {
    decode(coding, LIMITS, usize::MAX, body)
}

const UNREADABLE: Result<(), Reason> = Err(Reason::UnreadableBody);

#[test]
fn a_decoder_can_move_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<Decoder>();
}

#[test]
fn c08_every_known_coding_is_decoded_however_it_is_cut() {
    let body = records(3000);
    assert!(body.len() > 10 * PIECE);
    for (coding, encode) in CODINGS {
        let coded = encode(&body);
        assert!(coded.len() as u64 > 4 * STEP);
        for cut in CUTS {
            let (out, end) = decode(coding, LIMITS, cut, &coded);
            assert_eq!(end, Ok(()), "{coding} cut at {cut}");
            assert!(out == body, "{coding} cut at {cut}");
        }
    }
}

#[test]
fn c08_names_are_compared_without_case_and_absent_is_identity() {
    for lines in [&["GZip"], &["X-GZIP"], &["Br"], &["identity"], &[" zstd\t"]] {
        assert!(Decoder::of(&headers(CONTENT_ENCODING, lines), LIMITS).is_ok());
    }
    let mut decoder = Decoder::of(&HeaderMap::new(), LIMITS).unwrap();
    let mut out = Vec::new();
    for chunk in [&b"{\"a\""[..], b"", b":1}"] {
        let mut sink = |piece: &[u8]| {
            out.extend_from_slice(piece);
            Ok(())
        };
        decoder.feed(chunk, &mut sink).unwrap();
    }
    assert_eq!(decoder.finish(), Ok(()));
    assert_eq!(out, b"{\"a\":1}");
}

#[test]
fn c08_every_other_coding_is_refused() {
    for name in [
        "",
        "compress",
        "x-compress",
        "dcb",
        "dcz",
        "aes128gcm",
        "exi",
        "pack200-gzip",
        "br2",
        "zlib",
        "gzip;q=1",
        "*",
        "gzip ,",
        "none",
        "x-br",
    ] {
        let refused = Decoder::of(&headers(CONTENT_ENCODING, &[name]), LIMITS);
        assert_eq!(refused.unwrap_err(), Reason::UnexpectedEncoding, "{name}");
    }
}

#[test]
fn c09_a_body_that_is_not_of_its_coding_is_refused() {
    for (coding, _) in CODINGS {
        for body in [
            &b"{\"name\":\"x\"}"[..],
            b"\x00\x00\x00\x00\x00\x00",
            b"[",
            b"\r\n",
        ] {
            assert_eq!(whole(coding, body).1, UNREADABLE, "{coding} {body:?}");
        }
        for (other, encode) in CODINGS {
            if !(coding.ends_with("gzip") && other.ends_with("gzip")) && coding != other {
                let (_, end) = whole(coding, &encode(&records(3)));
                assert_eq!(end, UNREADABLE, "{other} said to be {coding}");
            }
        }
    }
}

#[test]
fn c09_gzip_said_to_be_identity_comes_out_as_gzip_for_the_json_reader_to_refuse() {
    let coded = gzip(b"{}");
    assert_eq!(whole("identity", &coded), (coded, Ok(())));
}

#[test]
fn c10_stacked_codings_and_several_lines_are_refused() {
    for lines in [
        &["gzip, br"][..],
        &["gzip,gzip"],
        &["identity, gzip"],
        &["gzip", "br"],
        &["gzip", "gzip"],
        &["identity", "identity"],
    ] {
        let refused = Decoder::of(&headers(CONTENT_ENCODING, lines), LIMITS);
        assert_eq!(
            refused.unwrap_err(),
            Reason::UnexpectedEncoding,
            "{lines:?}"
        );
    }
}

#[test]
fn c10_every_transfer_coding_but_chunked_is_refused() {
    assert!(Decoder::of(&headers(TRANSFER_ENCODING, &["Chunked"]), LIMITS).is_ok());
    for lines in [
        &["gzip, chunked"][..],
        &["gzip"],
        &["identity"],
        &["chunked, identity"],
        &["chunked", "chunked"],
        &[""],
    ] {
        let refused = Decoder::of(&headers(TRANSFER_ENCODING, lines), LIMITS);
        assert_eq!(
            refused.unwrap_err(),
            Reason::UnexpectedEncoding,
            "{lines:?}"
        );
    }
}

#[test]
fn c11_all_gzip_members_and_all_zstd_frames_are_decoded() {
    let (first, second) = (&b"{\"name\":\"x\"}"[..], &b",{\"ssn\":\"CANARY\"}"[..]);
    for (coding, encode) in CODINGS {
        if matches!(coding, "gzip" | "zstd") {
            let coded = [encode(first), encode(b""), encode(second)].concat();
            for cut in CUTS {
                let (out, end) = decode(coding, LIMITS, cut, &coded);
                assert_eq!(out, [first, second].concat(), "{coding} cut at {cut}");
                assert_eq!(end, Ok(()), "{coding} cut at {cut}");
            }
        }
    }
}

#[test]
fn c11_every_member_is_verified() {
    let mut coded = [gzip(b"{}"), gzip(b"  ")].concat();
    let trailer = coded.len() - 8;
    coded[trailer] ^= 1;
    assert_eq!(whole("gzip", &coded).1, UNREADABLE);
}

#[test]
fn c11_bytes_behind_the_end_are_refused() {
    for (coding, encode) in CODINGS {
        for tail in [
            &b"\0"[..],
            b"\n",
            b"{}",
            b"\x1f",
            b"\x1f\x8b",
            b"\x28\xb5",
            &zlib(b"{}"),
        ] {
            let coded = [encode(b"{}"), tail.to_vec()].concat();
            for cut in CUTS {
                let (out, end) = decode(coding, LIMITS, cut, &coded);
                assert_eq!(end, UNREADABLE, "{coding} {tail:?} cut at {cut}");
                assert!(b"{}".starts_with(&out), "{coding} {tail:?} cut at {cut}");
            }
        }
    }
}

#[test]
fn a_second_brotli_or_zlib_stream_is_refused() {
    for (coding, encode) in [("br", brotli as Encode), ("deflate", zlib)] {
        let coded = [encode(b"{}"), encode(b"{}")].concat();
        assert_eq!(whole(coding, &coded).1, UNREADABLE, "{coding}");
    }
}

#[test]
fn gzip_header_fields_are_read_over_and_the_headers_own_checksum_is_kept() {
    let mut encoder = GzBuilder::new()
        .extra(vec![0x1f; 300])
        .filename("CANARY.json")
        .comment("CANARY")
        .mtime(1)
        .write(Vec::new(), Compression::default());
    encoder.write_all(b"{}").unwrap();
    let coded = encoder.finish().unwrap();
    for cut in CUTS {
        assert_eq!(
            decode("gzip", LIMITS, cut, &coded),
            (b"{}".to_vec(), Ok(()))
        );
    }
    let mut reserved = gzip(b"{}");
    reserved[3] = 0x20;
    assert_eq!(whole("gzip", &reserved).1, UNREADABLE);
    let mut wrong_header_checksum = gzip(b"{}");
    wrong_header_checksum[3] = 2;
    wrong_header_checksum.splice(10..10, [0, 0]);
    assert_eq!(whole("gzip", &wrong_header_checksum).1, UNREADABLE);
}

#[test]
fn a_zlib_stream_that_needs_a_dictionary_is_refused() {
    assert_eq!(
        whole("deflate", b"\x78\xbb\x00\x00\x00\x01\x03\x00").1,
        UNREADABLE
    );
}

#[test]
fn a_window_beyond_8_mib_is_refused_for_zstd_and_beyond_16_mib_for_brotli() {
    let frame = |window_log: u32| {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(window_log).unwrap();
        encoder.write_all(b"{}").unwrap();
        encoder.flush().unwrap();
        encoder.finish().unwrap()
    };
    assert_eq!(whole("zstd", &frame(23)), (b"{}".to_vec(), Ok(())));
    assert_eq!(whole("zstd", &frame(24)).1, UNREADABLE);

    let stream = |window: i32, large_window: bool| {
        let params = brotli::enc::BrotliEncoderParams {
            lgwin: window,
            large_window,
            quality: 1,
            ..Default::default()
        };
        let mut coded = Vec::new();
        brotli::BrotliCompress(&mut &b"{}"[..], &mut coded, &params).unwrap();
        coded
    };
    assert_eq!(whole("br", &stream(24, false)), (b"{}".to_vec(), Ok(())));
    assert_eq!(whole("br", &stream(26, true)).1, UNREADABLE);
}

#[test]
fn a_zstd_block_is_handed_out_before_a_fault_behind_it_however_the_frame_is_cut() {
    let header = &[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58][..];
    let run_length_block = &((1000u32 << 3) | (1 << 1)).to_le_bytes()[..3];
    let reserved_block = &[0x06, 0, 0];
    let coded = [header, run_length_block, b"x", reserved_block].concat();
    for cut in CUTS {
        assert_eq!(
            decode("zstd", LIMITS, cut, &coded),
            (vec![b'x'; 1000], UNREADABLE)
        );
    }
}

#[test]
fn an_empty_body_is_no_coded_body() {
    for (coding, _) in CODINGS {
        assert_eq!(whole(coding, b""), (Vec::new(), UNREADABLE), "{coding}");
    }
    assert_eq!(whole("identity", b""), (Vec::new(), Ok(())));
}

#[test]
fn a_body_cut_off_at_any_byte_is_an_error() {
    let body = records(20);
    for (coding, encode) in CODINGS {
        let coded = encode(&body);
        for length in 0..coded.len() {
            for cut in [1, usize::MAX] {
                let (out, end) = decode(coding, LIMITS, cut, &coded[..length]);
                assert_eq!(end, UNREADABLE, "{coding} at {length} cut at {cut}");
                assert!(body.starts_with(&out), "{coding} at {length} cut at {cut}");
            }
        }
    }
}

#[test]
fn a_flipped_byte_where_there_is_a_checksum_is_an_error() {
    let body = records(20);
    let checked: [(&str, Encode, usize); 3] = [
        ("gzip", gzip, 10),
        ("deflate", zlib, 2),
        ("zstd", zstd_with_checksum, 6),
    ];
    for (coding, encode, header) in checked {
        let coded = encode(&body);
        for at in header..coded.len() {
            let mut flipped = coded.clone();
            flipped[at] ^= 0xff;
            assert_eq!(whole(coding, &flipped).1, UNREADABLE, "{coding} at {at}");
            for bit in 0..8 {
                let mut flipped = coded.clone();
                flipped[at] ^= 1 << bit;
                let (out, end) = whole(coding, &flipped);
                assert!(end.is_err() || out == body, "{coding} at {at}, bit {bit}");
            }
        }
    }
}

#[test]
fn the_sinks_refusal_ends_the_decoding_at_once() {
    for (coding, encode) in CODINGS {
        let mut decoder = decoder(coding, UNLIMITED);
        let mut calls = 0;
        let fed = decoder.feed(&encode(&vec![b' '; 1 << 20]), &mut |_| {
            calls += 1;
            Err(Reason::LimitDepth)
        });
        assert_eq!((fed, calls), (Err(Reason::LimitDepth), 1), "{coding}");
        let again = decoder.feed(b"x", &mut |_| panic!("nothing may come after a refusal"));
        assert_eq!(again, Err(Reason::LimitDepth), "{coding}");
        assert_eq!(decoder.finish(), Err(Reason::LimitDepth), "{coding}");
    }
}

#[test]
fn o07_a_caller_that_takes_a_piece_at_a_time_never_gets_two() {
    let body = vec![b' '; 4 << 20];
    for (coding, encode) in CODINGS {
        let coded = encode(&body);
        let mut decoder = decoder(coding, UNLIMITED);
        let (mut left, mut total) = (coded.as_slice(), 0);
        while !left.is_empty() || decoder.has_more() {
            let mut pieces = 0;
            let read = decoder.feed_some(left, &mut |piece| {
                pieces += 1;
                total += piece.len();
                Ok(())
            });
            left = &left[read.unwrap()..];
            assert!(pieces <= 1, "{coding}");
        }
        assert_eq!((total, decoder.finish()), (body.len(), Ok(())), "{coding}");
    }
}

#[test]
fn the_first_mebibyte_is_free_and_what_follows_is_not() {
    let free = vec![b' '; 1 << 20];
    for (coding, encode) in CODINGS {
        let coded = encode(&free);
        assert!((coded.len() as u64) < STEP);
        let limits = Ratio { ratio: 0, ..LIMITS };
        assert_eq!(decode(coding, limits, 7, &coded), (free.clone(), Ok(())));
        let coded = encode(&[&free[..], b" "].concat());
        let refused = (free.clone(), Err(Reason::LimitRatio));
        assert_eq!(decode(coding, limits, 7, &coded), refused, "{coding}");
    }
}

#[test]
fn c12_the_ratio_is_judged_the_same_however_the_body_is_cut() {
    // Dense in the middle, so that the limit falls inside a step, inside a chunk and inside a
    // piece.
    let body = [records(1500), vec![b' '; 300_000], records(1500)].concat();
    for (coding, encode) in CODINGS {
        let coded = encode(&body);
        for (ratio, free) in [
            (2, 1000),
            (3, 50_000),
            (5, 4096),
            (8, 60_000),
            (12, 100_000),
        ] {
            let limits = Ratio { ratio, free };
            let expected = decode(coding, limits, usize::MAX, &coded);
            assert!(body.starts_with(&expected.0));
            if ratio < 5 {
                assert_eq!(expected.1, Err(Reason::LimitRatio), "{coding} {limits:?}");
            }
            for cut in CUTS {
                let found = decode(coding, limits, cut, &coded);
                assert_eq!(found.1, expected.1, "{coding} {limits:?} cut at {cut}");
                assert!(found.0 == expected.0, "{coding} {limits:?} cut at {cut}");
            }
        }
    }
}

/// Feeds what `next` makes until it is refused; no bomb is ever held whole, coded or decoded.
fn detonate(coding: &str, mut next: impl FnMut() -> Vec<u8>) {
    let mut decoder = decoder(coding, LIMITS);
    let (mut input, mut output) = (0u64, 0u64);
    let refusal = loop {
        let chunk = next();
        input += chunk.len() as u64;
        assert!(
            input < 10 << 20,
            "{coding}: ten megabytes of bomb were taken"
        );
        let fed = decoder.feed(&chunk, &mut |piece| {
            assert!(piece.len() <= PIECE);
            output += piece.len() as u64;
            Ok(())
        });
        if let Err(reason) = fed {
            break reason;
        }
    };
    assert_eq!(refusal, Reason::LimitRatio, "{coding}");
    assert!(
        output <= LIMITS.free + LIMITS.ratio * input.next_multiple_of(STEP),
        "{coding}"
    );
}

#[test]
fn c12_bombs_of_every_coding_go_off_at_the_limit() {
    let zeros = vec![0; 1 << 20];
    for (coding, zlib_header) in [
        ("gzip", None),
        ("deflate", Some(true)),
        ("deflate", Some(false)),
    ] {
        let mut encoder = match zlib_header {
            None => flate2::Compress::new_gzip(Compression::best(), 15),
            Some(header) => flate2::Compress::new(Compression::best(), header),
        };
        detonate(coding, || {
            let mut coded = Vec::with_capacity(1 << 16);
            let flush = flate2::FlushCompress::Sync;
            encoder.compress_vec(&zeros, &mut coded, flush).unwrap();
            coded
        });
    }

    let sixteen_mebibytes = vec![0; 16 << 20];
    let bomb = brotli(&sixteen_mebibytes);
    assert!(bomb.len() < 1000);
    let mut bomb = Some(bomb);
    detonate("br", || bomb.take().unwrap());

    // A frame without end: every four bytes are a block of 128 KiB.
    let run_length_block = ((128u32 << 10) << 3 | 1 << 1).to_le_bytes();
    let block = [&run_length_block[..3], b"\0"].concat();
    let mut next = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    detonate("zstd", || std::mem::replace(&mut next, block.clone()));
}

#[test]
fn c12_members_and_frames_that_decode_to_nothing_use_the_input_up_and_nothing_else() {
    let body = b"{}".to_vec();
    for (coding, encode) in [("gzip", gzip as Encode), ("zstd", zstd_plain)] {
        let coded = [encode(b"").repeat(1000), encode(&body)].concat();
        assert_eq!(whole(coding, &coded), (body.clone(), Ok(())), "{coding}");
    }
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"???"].concat();
    let coded = [skippable.clone(), zstd_plain(&body), skippable].concat();
    for cut in CUTS {
        assert_eq!(decode("zstd", LIMITS, cut, &coded), (body.clone(), Ok(())));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_body_in_any_coding_in_any_cut_comes_out_as_it_was(
        body in vec(prop_oneof![Just(b' '), b'a'..=b'e', any::<u8>()], 0..3000),
        which in 0..CODINGS.len(),
        cuts in vec(1usize..200, 1..20),
    ) {
        let (coding, encode) = CODINGS[which];
        let coded = encode(&body);
        let mut decoder = decoder(coding, LIMITS);
        let mut out = Vec::new();
        let mut rest = &coded[..];
        for cut in cuts.iter().cycle() {
            let (chunk, behind) = rest.split_at((*cut).min(rest.len()));
            decoder.feed(chunk, &mut |piece| { out.extend_from_slice(piece); Ok(()) }).unwrap();
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(decoder.finish(), Ok(()));
        prop_assert_eq!(out, body);
    }

    /// Damage of any kind: never a panic, the same reason in every cut, and for all but brotli the
    /// same bytes before it.
    #[test]
    fn a_damaged_body_ends_the_same_however_it_is_cut(
        which in 0..CODINGS.len(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in 1usize..100,
    ) {
        let (coding, encode) = CODINGS[which];
        let mut coded = encode(&records(60));
        for (at, byte) in damage {
            let at = at.index(coded.len());
            coded[at] = byte;
        }
        let limits = Ratio { ratio: 1000, free: 1 << 20 };
        let expected = decode(coding, limits, usize::MAX, &coded);
        let found = decode(coding, limits, cut, &coded);
        prop_assert_eq!(found.1, expected.1);
        if coding == "br" {
            prop_assert!(found.0.starts_with(&expected.0) || expected.0.starts_with(&found.0));
        } else {
            prop_assert_eq!(found.0, expected.0);
        }
    }

    #[test]
    fn noise_is_never_a_panic(
        noise in vec(any::<u8>(), 0..400),
        which in 0..CODINGS.len(),
    ) {
        let (coding, encode) = CODINGS[which];
        let _ = whole(coding, &noise);
        let opening = encode(&records(10));
        let _ = whole(coding, &[&opening[..opening.len() / 2], &noise].concat());
    }
}
