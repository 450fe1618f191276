//! The lexer: any bytes, in chunks of any length, are refused or are one JSON text, and serde_json agrees.

use fieldgate::json::{Fault, Lexer, Limits, Utf8};
use serde::de::IgnoredAny;

const LIMITS: Limits = Limits {
    depth: 64,
    key: 1 << 10,
};

/// The first byte says how long chunks are.
pub fn run(data: &[u8]) {
    let Some((&length, text)) = data.split_first() else {
        return;
    };
    let end = read(text, text.len().max(1));
    assert_eq!(read(text, usize::from(length).max(1)), end);
    let text = std::str::from_utf8(text);
    let as_serde_reads = text.map(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
    match end {
        Ok(()) => assert_eq!(as_serde_reads, Ok(true)),
        // serde_json passes over strings without a look at what their escapes say.
        Err(Fault::Syntax) if text.is_ok_and(|text| !text.contains('\\')) => {
            assert_eq!(as_serde_reads, Ok(false));
        }
        Err(Fault::Syntax | Fault::Utf8 | Fault::Depth | Fault::Key) => {}
    }
}

fn read(text: &[u8], length: usize) -> Result<(), Fault> {
    let (mut utf8, mut lexer) = (Utf8::default(), Lexer::new(LIMITS));
    for chunk in text.chunks(length) {
        let chunk = utf8.take(chunk);
        for part in [chunk.carried.as_str(), chunk.whole] {
            let mut at = 0;
            while let Some(piece) = lexer.next(part.as_bytes(), at)? {
                at = piece.end;
            }
        }
        chunk.fault.map_or(Ok(()), Err)?;
    }
    utf8.finish()?;
    lexer.finish().map(drop)
}
