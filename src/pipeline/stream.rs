//! An upstream's body on its way through decoder, engine and commit rule, one frame at a time.
//!
//! Of several documents each leaves when it is complete, and none waits for the next for longer than an answer waits at
//! all; such an answer may never end, so it goes on only as long as its [`Lease`] does.
//! Reads the upstream only as the caller takes frames. The persons of a frame's records are recorded before the
//! frame is handed on. Dropped with its caller, it drops the upstream's connection.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::{Buf, Bytes};
use http_body::Frame;
use http_body_util::BodyExt;
use tokio::time::Instant;

use super::body::Aborted;
use super::budget::Share;
use super::lease::Lease;
use super::observe::Observed;
use crate::block::Cut;
use crate::model::Reason;
use crate::policy::Format;
use crate::policy::plan::judge::Judge;
use crate::transform::encoding::Decoder;
use crate::transform::{COMMIT_AT, Commit, FRAME, Governor};
use crate::upstream::UpstreamBody;

/// How long output waits for more before it leaves all the same.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long an answer of events is silent.
const SILENCE: Duration = Duration::from_secs(15);

/// See the module.
#[derive(Debug)]
pub struct Stream {
    upstream: UpstreamBody,
    decoder: Decoder,
    /// What came and is not decoded yet.
    unread: Bytes,
    governor: Governor,
    commit: Commit,
    /// What of the budget this answer has.
    share: Share,
    /// When output was last added to what waits; of several documents, to nothing that waited.
    grown: Instant,
    /// The output up to the frames whose persons are recorded.
    recorded: u64,
    several: bool,
    /// Events may be long in coming: the head leaves before the first, and whoever waits is told that there is somebody.
    live: bool,
    ended: bool,
    /// Why nothing follows what waits; raised when its full frames have left, so that the upstream's chunks cannot be
    /// told from how much did.
    fault: Option<Reason>,
    /// Only the head is wanted: no record leaves.
    head: bool,
    /// What it holds are records, which are counted and whose persons are recorded.
    records: bool,
    /// Says when whom it is for gets nothing any more. Away while that is waited for.
    cut: Option<Cut>,
    /// Away while its end is waited for.
    lease: Option<Box<Lease>>,
    /// Judges records by the time that it is told.
    clock: Option<Arc<Judge>>,
    observed: Box<Observed>,
}

/// What an answer holds, and what of it is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Records.
    Records,
    /// Whatever it is, only the head leaves.
    NothingWanted,
    /// A file, which nobody reads.
    File,
    /// An error, of which no record leaves.
    Error,
}

/// How an answer begins.
#[derive(Debug)]
pub enum Beginning {
    /// It was judged whole.
    Whole(Bytes, Box<Observed>),
    /// It has committed; more follows.
    Committed(Box<Stream>),
    /// Only its head was wanted; the body it had where it was judged whole.
    Head(Option<Bytes>, Box<Observed>),
}

impl Stream {
    /// The stream of an answer that `governor` governs.
    pub fn new(
        governor: Governor,
        (decoder, upstream): (Decoder, UpstreamBody),
        share: Share,
        holds: Holds,
        (cut, lease): (Cut, Option<Box<Lease>>),
        observed: Box<Observed>,
    ) -> Box<Self> {
        Box::new(Stream {
            upstream,
            share,
            decoder,
            unread: Bytes::new(),
            commit: Commit::default(),
            grown: Instant::now(),
            recorded: 0,
            ended: false,
            fault: None,
            head: holds == Holds::NothingWanted,
            records: holds == Holds::Records,
            cut: Some(cut),
            clock: lease.as_ref().and_then(|lease| lease.clock()),
            lease,
            several: governor.format().is_several(),
            live: governor.format() == Format::Sse,
            governor,
            observed,
        })
    }

    /// Reads until the answer commits or has ended; nothing has left by then.
    pub async fn begin(mut self: Box<Self>) -> Result<Beginning, (Reason, Box<Observed>)> {
        let mut ends = (self.cut.take(), self.lease.take());
        let judged = unless(&mut ends, self.judge()).await;
        (self.cut, self.lease) = ends;
        match judged {
            Err(reason) => Err((reason, self.observed)),
            Ok(whole) if self.head => Ok(Beginning::Head(whole, self.observed)),
            Ok(Some(whole)) => Ok(Beginning::Whole(whole, self.observed)),
            Ok(None) => Ok(Beginning::Committed(self)),
        }
    }

    /// The whole answer where it ended before it committed.
    async fn judge(&mut self) -> Result<Option<Bytes>, Reason> {
        self.until_commit().await?;
        if !self.ended {
            return Ok(None);
        }
        let whole = self.commit.rest();
        self.record_persons(whole.len(), whole.len()).await?;
        Ok(Some(whole))
    }

    /// The next frame, where nothing has to be waited for and more follows it.
    pub(super) fn at_hand(&mut self) -> Option<Bytes> {
        let is_last = self.ended && self.commit.waiting() <= FRAME;
        let lease = self.lease.as_deref();
        let ends = self.cut.as_ref().is_some_and(Cut::is_due) || lease.is_some_and(Lease::is_due);
        if is_last || ends {
            return None;
        }
        let frame = self.recorded_frame()?;
        self.observed.sent(frame.len());
        Some(frame)
    }

    fn recorded_frame(&mut self) -> Option<Bytes> {
        let is_recorded = self.observed.bytes() + FRAME as u64 <= self.recorded;
        is_recorded.then(|| self.commit.frame()).flatten()
    }

    async fn until_commit(&mut self) -> Result<(), Reason> {
        let mut first_output = self.live.then(Instant::now);
        while !self.ended && self.fault.is_none() && !self.commit.is_committed() {
            if self.commit.waiting() > 0 && first_output.is_none() {
                first_output = Some(self.grown);
            }
            if !self.read(first_output.map(|at| at + PATIENCE)).await {
                // Out of patience: whatever waits is the beginning.
                self.commit.commit();
            }
        }
        match self.fault {
            Some(reason) if !self.commit.is_committed() => Err(reason),
            _ => Ok(()),
        }
    }

    /// The next frame, or the end, and the stream unless that was all.
    pub(super) async fn step(
        mut self: Box<Self>,
    ) -> (Option<Box<Self>>, Option<Result<Bytes, Aborted>>) {
        let mut ends = (self.cut.take(), self.lease.take());
        let next = unless(&mut ends, self.next()).await;
        (self.cut, self.lease) = ends;
        match next {
            Ok(Some(frame)) => {
                self.observed.sent(frame.len());
                if self.ended && self.commit.waiting() == 0 {
                    self.observed.complete();
                    return (None, Some(Ok(frame)));
                }
                (Some(self), Some(Ok(frame)))
            }
            Ok(None) => {
                self.observed.complete();
                (None, None)
            }
            Err(reason) => {
                self.observed.abort(reason);
                (None, Some(Err(Aborted)))
            }
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Reason> {
        let mut silent_until = self.live.then(|| Instant::now() + SILENCE);
        loop {
            if let Some(frame) = self.recorded_frame() {
                return Ok(Some(frame));
            }
            if self.commit.full_frames() > 0 {
                self.gather().await;
                let full = self.commit.full_frames() * FRAME;
                self.record_persons(full, FRAME).await?;
                continue;
            }
            if self.ended {
                let rest = self.commit.rest();
                if rest.is_empty() {
                    return Ok(None);
                }
                self.record_persons(rest.len(), FRAME).await?;
                return Ok(Some(rest));
            }
            if let Some(reason) = self.fault {
                return Err(reason);
            }
            let waits = self.commit.waiting() > 0;
            let deadline = match waits {
                true => Some(self.grown + PATIENCE),
                false => silent_until,
            };
            if self.read(deadline).await {
                continue;
            }
            if !waits {
                silent_until = Some(Instant::now() + SILENCE);
                self.governor.give_sign_of_life();
                self.governor.hand_on(|output| self.commit.push(output));
            }
            if let Some(frame) = self.commit.hurry() {
                self.record_persons(frame.len(), FRAME).await?;
                return Ok(Some(frame));
            }
        }
    }

    /// Reads on as long as the upstream has more at hand, so that several frames leave after one wait for the log and
    /// in one go.
    async fn gather(&mut self) {
        while self.commit.waiting() < COMMIT_AT && !self.ended && self.fault.is_none() {
            if self.has_unread() {
                self.read(None).await;
                continue;
            }
            let mut next = pin!(self.upstream.frame());
            let mut frame = poll_now(next.as_mut()).await;
            if frame.is_none() {
                // Whoever reads the upstream's connection has a turn.
                tokio::task::yield_now().await;
                frame = poll_now(next).await;
            }
            let Some(frame) = frame else { return };
            self.take(frame);
        }
    }

    /// Reads what is left of the last bytes, a piece of it, or the upstream's next; `false` where `deadline` came
    /// first.
    async fn read(&mut self, deadline: Option<Instant>) -> bool {
        if self.has_unread() {
            tokio::task::consume_budget().await;
            self.note(Self::feed);
            return true;
        }
        let frame = match deadline {
            None => self.upstream.frame().await,
            Some(deadline) => {
                match tokio::time::timeout_at(deadline, self.upstream.frame()).await {
                    Ok(frame) => frame,
                    Err(_) => return false,
                }
            }
        };
        self.take(frame);
        true
    }

    /// Something is left of the last bytes.
    fn has_unread(&self) -> bool {
        !self.unread.is_empty() || self.decoder.has_more()
    }

    /// What the upstream sent next.
    fn take(&mut self, frame: Option<Result<Frame<Bytes>, Reason>>) {
        self.note(
            |stream| match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(chunk))) => {
                    if let Some(clock) = &stream.clock {
                        clock.goes_on_at(jiff::Timestamp::now().as_second());
                    }
                    stream.unread = chunk;
                    stream.feed()
                }
                // Trailers are nobody's.
                Some(Ok(Err(_))) => Ok(()),
                Some(Err(reason)) => Err(reason),
                None => stream.finish(),
            },
        );
    }

    /// Keeps how some work ended, and when there was output.
    fn note(&mut self, work: impl FnOnce(&mut Self) -> Result<(), Reason>) {
        let before = self.commit.waiting();
        self.fault = work(self).err();
        if self.commit.waiting() > before && (before == 0 || !self.several) {
            self.grown = Instant::now();
        }
    }

    /// One piece at a time: all that a few bytes decode to may be more than should ever wait.
    fn feed(&mut self) -> Result<(), Reason> {
        let Stream {
            decoder,
            governor,
            commit,
            unread,
            share,
            ..
        } = self;
        let fed = decoder.feed_some(unread, &mut |bytes| {
            let fed = governor.feed(bytes);
            governor.hand_on(|output| commit.push(output));
            fed.and_then(|()| share.set(governor.held() + commit.waiting()))
        });
        let read = fed.map(|read| unread.advance(read.min(unread.len())));
        self.tally();
        read
    }

    fn finish(&mut self) -> Result<(), Reason> {
        self.decoder.finish()?;
        self.governor.finish()?;
        self.governor.hand_on(|output| self.commit.push(output));
        self.tally();
        self.ended = true;
        Ok(())
    }

    /// Where no record leaves, none is counted.
    fn tally(&mut self) {
        if self.records {
            self.observed.tally(self.governor.tally());
        }
    }

    /// Records the persons of the records that the next `length` bytes complete, those of each `frame` bytes apart.
    async fn record_persons(&mut self, length: usize, frame: usize) -> Result<(), Reason> {
        let begin = self.observed.bytes();
        let end = begin + length as u64;
        if self.records {
            let records = self.governor.records().until(end);
            let number = |end: u64| end.saturating_sub(begin + 1) / frame.max(1) as u64;
            let records = records.map(|record| (number(record.end), record));
            self.observed.persons(records).await?;
        }
        self.governor.forget_records(end);
        self.recorded = end;
        Ok(())
    }
}

/// What a future gives at once, if it does.
async fn poll_now<T>(mut future: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Work on an answer, given up where whom it is for is blocked meanwhile or its lease has ended, and not handed out where
/// that was just now.
async fn unless<T>(
    (cut, lease): &mut (Option<Cut>, Option<Box<Lease>>),
    work: impl Future<Output = Result<T, Reason>>,
) -> Result<T, Reason> {
    let Some(cut) = cut else {
        return work.await;
    };
    let ended = async {
        match lease {
            Some(lease) => lease.ended().await,
            None => std::future::pending().await,
        }
    };
    let done = tokio::select! {
        biased;
        () = cut.due() => return Err(Reason::Blocked),
        reason = ended => return Err(reason),
        done = work => done,
    };
    if cut.is_due() {
        return Err(Reason::Blocked);
    }
    lease.as_mut().map_or(Ok(()), |lease| lease.check())?;
    done
}
