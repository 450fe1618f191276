//! Looks at an HTTP/1 head before the parser does, for what the parser forgives and others read
//! differently.
//!
//! Refuses a line that ends without CR (E06), and more than one line that says how long the body
//! is: two `Content-Length`, two `Transfer-Encoding`, or one of each (E01 to E04). A refused line
//! loses its line feed to a NUL, which makes the parser itself answer 400 and close.
//!
//! Where a body ends is not decided here: the parser's own reading is told through [`Verdict`], so
//! there is no second opinion to smuggle between. Bytes after a head are kept back until that
//! reading is known.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// The parser's reading of the last head, told by the service, read by the guard.
#[derive(Debug)]
pub(super) struct Verdict {
    body: AtomicU64,
    place: AtomicU8,
}

/// Where the guard stands, as others see it.
const BEFORE_A_HEAD: u8 = 0;
const IN_A_HEAD: u8 = 1;
const AFTER_A_HEAD: u8 = 2;
const IN_A_BODY: u8 = 3;

const UNTOLD: u64 = u64::MAX;
const UNTIL_ITS_END: u64 = u64::MAX - 1;

impl Default for Verdict {
    fn default() -> Self {
        Verdict {
            body: AtomicU64::new(UNTOLD),
            place: AtomicU8::new(BEFORE_A_HEAD),
        }
    }
}

impl Verdict {
    /// The request has a body of this many bytes; `None` is one in chunks, and then the connection
    /// must end with this exchange.
    pub(super) fn tell(&self, length: Option<u64>) {
        let body = length.map_or(UNTIL_ITS_END, |length| length.min(UNTIL_ITS_END - 1));
        self.body.store(body, Ordering::Release);
    }

    /// Whether a head has begun and not ended.
    pub(super) fn is_midway(&self) -> bool {
        self.place.load(Ordering::Acquire) == IN_A_HEAD
    }

    /// Whether the last head and its body have been read to their end, and no other head has begun.
    pub(super) fn is_between_requests(&self) -> bool {
        match self.place.load(Ordering::Acquire) {
            BEFORE_A_HEAD => true,
            AFTER_A_HEAD => self.body.load(Ordering::Acquire) == 0,
            _ => false,
        }
    }
}

/// The state between two reads.
#[derive(Debug)]
pub(super) struct Guard {
    verdict: Arc<Verdict>,
    state: State,
}

#[derive(Debug)]
enum State {
    Head(Head),
    /// A head has ended; the parser's reading of it is not known yet.
    Between,
    Body(u64),
    /// Chunks until the connection ends, or a head that is already refused.
    Rest,
}

const NAME: usize = b"transfer-encoding:".len();

#[derive(Debug, Default)]
struct Head {
    begun: bool,
    line: [u8; NAME],
    length: usize,
    after_cr: bool,
    framing_lines: u8,
}

impl Guard {
    pub(super) fn new(verdict: Arc<Verdict>) -> Self {
        Guard {
            verdict,
            state: State::Head(Head::default()),
        }
    }

    /// How many of the bytes that came next may go to the parser now; at least one of a non-empty
    /// slice.
    pub(super) fn release(&mut self, fresh: &mut [u8]) -> usize {
        let released = self.pass(fresh);
        self.verdict.place.store(
            match &self.state {
                State::Head(head) if head.begun => IN_A_HEAD,
                State::Head(_) => BEFORE_A_HEAD,
                State::Between => AFTER_A_HEAD,
                State::Body(_) | State::Rest => IN_A_BODY,
            },
            Ordering::Release,
        );
        released
    }

    fn pass(&mut self, fresh: &mut [u8]) -> usize {
        if let State::Between = self.state {
            self.state = match self.verdict.body.swap(UNTOLD, Ordering::AcqRel) {
                0 => State::Head(Head::default()),
                // The parser asks for more without having seen a request: it has refused the head.
                UNTOLD | UNTIL_ITS_END => State::Rest,
                length => State::Body(length),
            };
        }
        match &mut self.state {
            State::Head(head) => {
                let (released, next) = head.read(fresh);
                if let Some(next) = next {
                    self.state = next;
                }
                released
            }
            State::Body(left) => {
                let released = usize::try_from(*left).map_or(fresh.len(), |n| n.min(fresh.len()));
                *left -= released as u64;
                if *left == 0 {
                    self.state = State::Head(Head::default());
                }
                released
            }
            State::Between | State::Rest => fresh.len(),
        }
    }
}

impl Head {
    fn read(&mut self, fresh: &mut [u8]) -> (usize, Option<State>) {
        let mut at = 0;
        while let Some(rest) = fresh.get_mut(at..) {
            let Some(end) = memchr::memchr(b'\n', rest) else {
                self.part_of_line(rest);
                break;
            };
            let (line, feed) = rest.split_at_mut(end);
            self.part_of_line(line);
            if !self.after_cr || !self.line_is_fine() {
                if let Some(feed) = feed.first_mut() {
                    *feed = 0;
                }
                return (fresh.len(), Some(State::Rest));
            }
            at += end + 1;
            // Blank lines before a request are skipped, as RFC 9112 2.2 asks.
            if self.length == 0 && self.begun {
                return (at, Some(State::Between));
            }
            self.length = 0;
            self.after_cr = false;
        }
        (fresh.len(), None)
    }

    /// Keeps the beginning of the line. A CR that no LF follows is refused by the parser, so none is counted.
    fn part_of_line(&mut self, part: &[u8]) {
        for byte in part.iter().filter(|byte| **byte != b'\r') {
            let Some(place) = self.line.get_mut(self.length) else {
                break;
            };
            *place = byte.to_ascii_lowercase();
            self.length += 1;
            self.begun = true;
        }
        if let Some(last) = part.last() {
            self.after_cr = *last == b'\r';
        }
    }

    fn line_is_fine(&mut self) -> bool {
        let line = self.line.get(..self.length).unwrap_or(&self.line);
        if line.starts_with(b"content-length:") || line.starts_with(b"transfer-encoding:") {
            self.framing_lines = self.framing_lines.saturating_add(1);
        }
        self.framing_lines <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn guard() -> (Guard, Arc<Verdict>) {
        let verdict = Arc::new(Verdict::default());
        (Guard::new(Arc::clone(&verdict)), verdict)
    }

    fn refuses(head: &str) -> bool {
        let mut bytes = head.as_bytes().to_vec();
        let (mut guard, _) = guard();
        guard.release(&mut bytes);
        bytes != head.as_bytes()
    }

    #[test]
    fn a_head_is_released_alone_until_the_parser_has_read_it() {
        let (mut guard, verdict) = guard();
        let mut bytes = *b"GET / HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n";
        assert_eq!(guard.release(&mut bytes), 18);
        verdict.tell(Some(0));
        assert_eq!(guard.release(&mut bytes[18..]), 19);
    }

    #[test]
    fn a_body_is_passed_unread_and_the_head_after_it_is_read() {
        let (mut guard, verdict) = guard();
        guard.release(&mut b"P / HTTP/1.1\r\ncontent-length: 2\r\n\r\n".to_vec());
        verdict.tell(Some(2));
        let mut bytes = *b"\n\nGET / HTTP/1.1\n\n";
        assert_eq!(guard.release(&mut bytes), 2);
        guard.release(&mut bytes[2..]);
        assert_eq!(&bytes, b"\n\nGET / HTTP/1.1\0\n");
    }

    #[test]
    fn a_body_in_chunks_is_passed_to_its_end() {
        let (mut guard, verdict) = guard();
        guard.release(&mut b"P / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n".to_vec());
        verdict.tell(None);
        let mut bytes = *b"1\r\n\n\r\n0\r\n\r\nGET / HTTP/1.1\n\n";
        assert_eq!(guard.release(&mut bytes), bytes.len());
    }

    #[test]
    fn e06_a_line_feed_alone_is_refused_wherever_it_stands() {
        for head in [
            "GET / HTTP/1.1\nHost: a\n\n",
            "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\n",
            "\nGET / HTTP/1.1\r\n\r\n",
        ] {
            assert!(refuses(head), "{head:?}");
        }
        assert!(!refuses("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    }

    #[test]
    fn e01_e03_e04_two_lines_about_the_body_are_refused() {
        for lines in [
            "Content-Length: 4\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nCONTENT-LENGTH: 4",
            "Content-Length: 4\r\ncontent-length: 4",
            "Transfer-Encoding: chunked\r\nX: y\r\nTransfer-Encoding: chunked",
        ] {
            let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n");
            assert!(refuses(&head), "{lines}");
        }
        assert!(!refuses(
            "POST / HTTP/1.1\r\nX-Content-Length: 4\r\nContent-Length: 4\r\n\r\n"
        ));
    }

    proptest! {
        #[test]
        fn any_split_of_a_head_gives_the_same_bytes(
            head in "(G|\r\n|\n|\r|content-length:1|transfer-encoding:x){0,12}",
            cut in 0usize..200,
        ) {
            let mut whole = head.clone().into_bytes();
            let all = guard().0.release(&mut whole);
            let mut parts = head.into_bytes();
            let cut = cut.min(parts.len());
            let (first, second) = parts.split_at_mut(cut);
            let mut split = guard().0;
            let released = split.release(first);
            if released == first.len() && !matches!(split.state, State::Between) {
                prop_assert_eq!(released + split.release(second), all);
                prop_assert_eq!(parts, whole);
            } else {
                prop_assert_eq!(released, all);
            }
        }
    }
}
