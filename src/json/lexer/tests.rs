//! The lexer at every cut, beside serde_json.

use super::*;

const LIMITS: Limits = Limits { depth: 4, key: 8 };

type Tokens = Vec<(Kind, Vec<u8>)>;

/// The text read before the end or the fault, token by token, and how it ended.
fn read(input: &[u8], size: usize) -> (Tokens, Result<(), Fault>) {
    let mut lexer = Lexer::new(LIMITS);
    let mut tokens: Vec<(Kind, Vec<u8>)> = Vec::new();
    let mut add = |piece: Piece, bytes: &[u8]| {
        if piece.first || tokens.is_empty() {
            tokens.push((piece.kind, Vec::new()));
        }
        tokens.last_mut().unwrap().1.extend_from_slice(bytes);
    };
    for chunk in input.chunks(size) {
        let mut at = 0;
        loop {
            match lexer.next(chunk, at) {
                Ok(Some(piece)) => {
                    add(piece, &chunk[piece.start..piece.end]);
                    at = piece.end;
                }
                Ok(None) => break,
                Err(fault) => {
                    // A name is handed on only when it is complete.
                    if tokens.last().is_some_and(|token| token.0 == Kind::Key) {
                        tokens.pop();
                    }
                    return (tokens, Err(fault));
                }
            }
        }
    }
    loop {
        match lexer.finish() {
            Ok(Some(piece)) => add(piece, &[]),
            Ok(None) => return (tokens, Ok(())),
            Err(fault) => return (tokens, Err(fault)),
        }
    }
}

#[test]
fn any_cut_gives_the_same_tokens_and_the_same_fault() {
    for input in [
        r#"{"a" : [1, -0.5e+7,true,false , null],"b\u0041":"\ud83d\ude00 x\"" }"#,
        r#"  "a long string that is longer than sixteen bytes \n and goes on" "#,
        "12",
        "-",
        "01",
        "1.x",
        "1e",
        "[1,]",
        "[1 2]",
        "{\"a\":}",
        "{\"a\"}",
        "{,}",
        "tru",
        "trux",
        "nul",
        "\"\\x\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"a\u{1}\"",
        "\"a",
        "\"sixteen bytes and more and a tab\tin it\"",
        "[[[[1]]]]",
        "[[[[[1]]]]]",
        "",
        " ",
        "1 1",
        "{} x",
        r#"{"12345678":1}"#,
        r#"{"123456789":1}"#,
        r#"{"1234567\n":1}"#,
        r#"{"123456\n":1}"#,
        "]",
        "[}",
        r#"{"123456789\x":1}"#,
    ] {
        let whole = read(input.as_bytes(), input.len().max(1));
        for size in 1..=7 {
            assert_eq!(
                read(input.as_bytes(), size),
                whole,
                "{input:?} in chunks of {size}"
            );
        }
    }
}

#[test]
fn it_accepts_what_serde_json_accepts_and_nothing_else() {
    for input in [
        "{}",
        "[]",
        "1",
        "-0",
        "-",
        "0.0",
        "1E5",
        "1e+5",
        "1e-5",
        "1e",
        "00",
        "-01",
        ".5",
        "+1",
        "5.",
        "\"\"",
        "\"\\/\"",
        "\"\\a\"",
        "'a'",
        "[1,2",
        "[1,,2]",
        "{\"a\":1,}",
        "{\"a\":1,\"a\":2}",
        "{1:2}",
        "nulll",
        "True",
        "[\"\u{7f}\u{2028}\"]",
        "\u{feff}1",
        "1\u{0}",
        "\u{c}1",
        "NaN",
        "[1]]",
        "{\"a\" \"b\"}",
        "\"\\u00e9\"",
    ] {
        let expected = serde_json::from_str::<serde_json::Value>(input).is_ok();
        assert_eq!(read(input.as_bytes(), 64).1.is_ok(), expected, "{input:?}");
    }
}

#[test]
fn the_fourth_bracket_passes_and_the_fifth_is_refused() {
    assert_eq!(read(b"[[[[1]]]]", 9).1, Ok(()));
    assert_eq!(read(b"[[[[[", 9).1, Err(Fault::Depth));
}

#[test]
fn a_key_of_the_limit_passes_and_one_byte_more_is_refused() {
    assert_eq!(read(br#"{"12345678":1}"#, 99).1, Ok(()));
    assert_eq!(read(br#"{"123456789":1}"#, 99).1, Err(Fault::Key));
}
