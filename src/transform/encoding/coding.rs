//! One coding each, behind one step: some input read, one piece written, and whether the coding's
//! own end was reached.
//!
//! The libraries do the decoding and the verifying: flate2 (zlib-rs) with gzip header, CRC-32 and
//! length, or zlib header and Adler-32; brotli-decompressor without the large windows RFC 7932 does
//! not know; zstd with its checksum.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Decoder, Operation};

use crate::model::Reason;

/// RFC 9659: under the content coding `zstd` no frame may need a window above 8 MiB.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

const GZIP_WINDOW_BITS: u8 = 15;

pub(super) enum Coding {
    Gzip(Decompress),
    /// Unknown until the first byte has been seen.
    Deflate(Option<Decompress>),
    Brotli(Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>),
    Zstd {
        decoder: Decoder<'static>,
        /// The most input the next step may have.
        wanted: usize,
    },
}

/// What one step has done.
pub(super) struct Progress {
    pub(super) read: usize,
    pub(super) written: usize,
    pub(super) verdict: Verdict,
}

pub(super) enum Verdict {
    /// More input, or more room for output, leads on.
    Going,
    /// The coding's own end; nothing is left inside.
    Ended,
    Broken,
}

impl Coding {
    pub(super) fn gzip() -> Coding {
        Coding::Gzip(Decompress::new_gzip(GZIP_WINDOW_BITS))
    }

    pub(super) fn deflate() -> Coding {
        Coding::Deflate(None)
    }

    pub(super) fn brotli() -> Coding {
        let alloc = StandardAlloc::default;
        // `strict` is the RFC's format; the other constructor lets ten bytes ask for a window of 1
        // GiB.
        Coding::Brotli(Box::new(BrotliState::new_strict(alloc(), alloc(), alloc())))
    }

    pub(super) fn zstd() -> Result<Coding, Reason> {
        let mut decoder = Decoder::new().map_err(|_| Reason::Internal)?;
        decoder
            .set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX))
            .map_err(|_| Reason::Internal)?;
        Ok(Coding::Zstd { decoder, wanted: 1 })
    }

    /// Input has come behind the coding's end: gzip members and zstd frames follow each other, all
    /// else is trailing bytes. (What is no further member or frame fails in its header.)
    pub(super) fn begin_again(&mut self) -> Result<(), Reason> {
        match self {
            Coding::Gzip(member) => member.reset(true),
            Coding::Zstd { .. } => {}
            Coding::Deflate(_) | Coding::Brotli(_) => {
                return Err(Reason::UnreadableBody);
            }
        }
        Ok(())
    }

    /// Reads some of `input` and writes at most all of `output`.
    pub(super) fn advance(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        match self {
            Coding::Gzip(member) => inflate(member, input, output),
            Coding::Deflate(stream) => {
                let first = input.first().copied().unwrap_or_default();
                let stream = stream.get_or_insert_with(|| Decompress::new(is_zlib(first)));
                inflate(stream, input, output)
            }
            Coding::Brotli(state) => unbrotli(state, input, output),
            Coding::Zstd { decoder, wanted } => unzstd(decoder, wanted, input, output),
        }
    }
}

/// HTTP's `deflate` is zlib, but some servers send raw deflate, and browsers read both. The first
/// byte tells: zlib has the method 8 in its low half; a raw stream with these bits would begin with
/// a stored block whose padding is not zero, which no encoder writes. A body that is neither comes
/// out as noise at most, for raw deflate has no checksum, and fails in the JSON reader.
fn is_zlib(first: u8) -> bool {
    first & 0x0f == 8
}

fn inflate(stream: &mut Decompress, input: &[u8], output: &mut [u8]) -> Progress {
    let (read, written) = (stream.total_in(), stream.total_out());
    let verdict = match stream.decompress(input, output, FlushDecompress::None) {
        Ok(Status::StreamEnd) => Verdict::Ended,
        Ok(Status::Ok | Status::BufError) => Verdict::Going,
        Err(_) => Verdict::Broken,
    };
    Progress {
        read: (stream.total_in() - read) as usize,
        written: (stream.total_out() - written) as usize,
        verdict,
    }
}

fn unbrotli(
    state: &mut BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    input: &[u8],
    output: &mut [u8],
) -> Progress {
    let (mut unread, mut read) = (input.len(), 0);
    let (mut room, mut written, mut total) = (output.len(), 0, 0);
    let result = BrotliDecompressStream(
        &mut unread,
        &mut read,
        input,
        &mut room,
        &mut written,
        output,
        &mut total,
        state,
    );
    Progress {
        read,
        written,
        verdict: match result {
            BrotliResult::ResultSuccess => Verdict::Ended,
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => Verdict::Going,
            BrotliResult::ResultFailure => Verdict::Broken,
        },
    }
}

/// zstd loses what a call has decoded when it finds a fault later in the same call. Its hint says
/// what it needs for the next block and the three bytes of the header behind it; without those
/// three, no call reads beyond one block.
fn unzstd(
    decoder: &mut Decoder<'static>,
    wanted: &mut usize,
    input: &[u8],
    output: &mut [u8],
) -> Progress {
    const BLOCK_HEADER: usize = 3;
    let input = input.get(..*wanted).unwrap_or(input);
    let Ok(status) = decoder.run_on_buffers(input, output) else {
        return Progress {
            read: 0,
            written: 0,
            verdict: Verdict::Broken,
        };
    };
    *wanted = status.remaining.saturating_sub(BLOCK_HEADER).max(1);
    Progress {
        read: status.bytes_read,
        written: status.bytes_written,
        verdict: match status.remaining {
            0 => Verdict::Ended,
            _ => Verdict::Going,
        },
    }
}
