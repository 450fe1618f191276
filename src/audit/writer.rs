//! The one thread that writes: takes what waits, writes it in one go, tells all who wait at once.
//!
//! After any fault everything is refused until the segment is reopened, which begins with a `gap` record.
//! Outcomes are not refused: they wait, each in the place its exchange reserved, and follow the gap.

use std::collections::VecDeque;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::chain::Chain;
use super::clock;
use super::queue::{Batch, End, Entry, Health, Receiver};
use super::record::{self, Gap, Recovered, Start, Stop, Tail};
use super::segment::{Fault, Segment, doing};
use super::syncer::Syncer;
use super::{Durability, Unavailable, head};

/// The most written in one go.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
const BATCH_ENTRIES: usize = 4096;
/// What is kept of the room for lines.
const LINES_KEPT: usize = 1 << 20;
/// How long the thread sleeps when nothing is due.
const IDLE: Duration = Duration::from_secs(3600);
/// How long until the result of an fsync under way is looked at, when nothing else is due.
const RESULT: Duration = Duration::from_millis(10);

/// How often things happen; fixed outside tests.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// From a write to its fsync under [`Durability::Process`].
    pub sync: Duration,
    /// Between two attempts to reopen.
    pub reopen: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            sync: Duration::from_millis(100),
            reopen: Duration::from_secs(1),
        }
    }
}

/// What the thread needs to begin.
#[derive(Debug)]
pub struct Writer {
    dir: PathBuf,
    node: String,
    durability: Durability,
    pace: Pace,
    segment: Segment,
    /// The last acknowledged line.
    chain: Chain,
    /// The last line known to be on disk; what the head says.
    synced: Chain,
    /// Syncs beside this thread, under [`Durability::Process`].
    syncer: Syncer,
    /// Since when lines wait for an fsync to begin.
    unsynced_since: Option<Instant>,
    /// Outcomes that could not be written yet.
    pending: VecDeque<(Vec<u8>, Entry)>,
    /// Room for the lines of one batch.
    lines: Vec<u8>,
    broken: Option<Broken>,
    health: Arc<Health>,
    /// Keeps a second writer out.
    _lock: File,
}

#[derive(Debug)]
struct Broken {
    since: String,
    cause: String,
    refused: u64,
    next_try: Instant,
}

/// What a writer is made of.
pub struct Parts {
    pub dir: PathBuf,
    pub node: String,
    pub durability: Durability,
    pub pace: Pace,
    pub opened: super::recover::Opened,
    pub health: Arc<Health>,
    pub lock: File,
}

impl Writer {
    /// Writes the first records of this run; the head then reaches them.
    ///
    /// # Errors
    ///
    /// Any fault: the log cannot be written.
    pub fn start(parts: Parts) -> Result<Writer, Fault> {
        let Parts {
            dir,
            node,
            durability,
            pace,
            opened,
            health,
            lock,
        } = parts;
        let super::recover::Opened {
            segment,
            chain,
            synced,
            tails,
        } = opened;
        let syncer =
            Syncer::spawn(dir.clone(), node.clone()).map_err(doing("starting a thread"))?;
        let mut writer = Writer {
            syncer,
            dir,
            node,
            durability,
            pace,
            segment,
            chain,
            synced,
            unsynced_since: None,
            pending: VecDeque::new(),
            lines: Vec::new(),
            broken: None,
            health,
            _lock: lock,
        };
        let records = first_records(&tails, durability)?;
        writer.write(records.iter().map(Vec::as_slice))?;
        writer.sync()?;
        Ok(writer)
    }

    /// Runs until it is told to stop, or nobody is left who could tell it anything.
    pub fn run(mut self, mut messages: Receiver) {
        let mut batch = Batch::default();
        loop {
            let end = messages.take(&mut batch, self.due_in());
            self.commit_all(&mut batch);
            match end {
                End::No => self.keep_up(),
                End::Stop(tell) => {
                    let told = self.stop();
                    drop(self); // and with it the lock: whoever waits may open again
                    let _ = tell.send(told);
                    return;
                }
                End::Gone => {
                    // As after `kill -9`, there is no `stop`, but nothing is left unsynced.
                    let _ = self.reopen().and_then(|()| self.sync());
                    return;
                }
            }
        }
    }

    /// Writes a batch, in several goes where it is large.
    fn commit_all(&mut self, batch: &mut Batch) {
        let mut begin = 0;
        while let Some(first) = batch.entries.first() {
            let most = (begin + BATCH_BYTES).max(first.end);
            let fitting = batch.entries.partition_point(|entry| entry.end <= most);
            let part = Part {
                bodies: &batch.bodies,
                begin,
                count: fitting.min(BATCH_ENTRIES),
            };
            begin = part.end(&batch.entries);
            self.commit(&part, &mut batch.entries);
        }
        batch.clear();
    }

    fn due_in(&self) -> Duration {
        match (&self.broken, self.unsynced_since) {
            (Some(broken), _) => broken.next_try.saturating_duration_since(Instant::now()),
            (None, _) if self.syncer.is_busy() => RESULT,
            (None, Some(since)) => self.pace.sync.saturating_sub(since.elapsed()),
            (None, None) => IDLE,
        }
    }

    /// Writes a part of a batch and tells all who wait; they are told nothing good before the path was checked.
    fn commit(&mut self, part: &Part<'_>, entries: &mut Vec<Entry>) {
        self.reopen_if_due();
        if self.broken.is_some() {
            return self.refuse(part, entries);
        }
        match self.write(part.records(entries)) {
            Ok(()) => tell_written(entries.drain(..part.count)),
            Err(fault) => {
                self.fail(fault);
                self.refuse(part, entries);
            }
        }
    }

    /// Appends records as lines, durably if the settings ask for it.
    fn write<'a>(&mut self, bodies: impl Iterator<Item = &'a [u8]>) -> Result<(), Fault> {
        let mut chain = self.chain;
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        lines.shrink_to(LINES_KEPT);
        for body in bodies {
            chain.append(&self.node, body, &mut lines);
        }
        let appended = self.segment.append(&lines);
        self.lines = lines;
        appended?;
        if self.durability == Durability::Power {
            self.segment.sync()?;
        }
        self.segment.acknowledge();
        self.chain = chain;
        self.unsynced_since.get_or_insert_with(Instant::now);
        Ok(())
    }

    /// Does what has become due.
    fn keep_up(&mut self) {
        self.reopen_if_due();
        if let Err(fault) = self.sync_if_due() {
            self.fail(fault);
        }
    }

    fn sync_if_due(&mut self) -> Result<(), Fault> {
        if let Some(finished) = self.syncer.finished() {
            self.synced = finished?;
        }
        let Some(since) = self.unsynced_since.filter(|_| self.broken.is_none()) else {
            return Ok(());
        };
        match self.durability {
            Durability::Power => self.sync(),
            Durability::Process if self.syncer.is_busy() || since.elapsed() < self.pace.sync => {
                Ok(())
            }
            Durability::Process => {
                self.segment.still_ours()?;
                self.syncer.begin(self.segment.handle()?, self.chain);
                self.unsynced_since = None;
                Ok(())
            }
        }
    }

    /// Makes all lines durable and moves the head to the last, before anything else happens.
    fn sync(&mut self) -> Result<(), Fault> {
        if let Some(finished) = self.syncer.wait() {
            self.synced = finished?;
        }
        if self.durability == Durability::Process {
            self.segment.sync()?; // under `Power` every write did
        }
        self.segment.still_ours()?;
        head::write(&self.dir, &self.node, &self.chain).map_err(doing("replacing the head"))?;
        self.synced = self.chain;
        self.unsynced_since = None;
        Ok(())
    }

    fn fail(&mut self, fault: Fault) {
        let cause = fault.to_string();
        self.segment.withdraw();
        self.health.set(Some(cause.clone()));
        let next_try = Instant::now() + self.pace.reopen;
        match &mut self.broken {
            Some(broken) => broken.next_try = next_try,
            none => {
                *none = Some(Broken {
                    since: clock::now(),
                    cause,
                    refused: 0,
                    next_try,
                })
            }
        }
    }

    /// Outcomes wait; everything else is refused and counted.
    fn refuse(&mut self, part: &Part<'_>, entries: &mut Vec<Entry>) {
        let bodies: Vec<&[u8]> = part.records(entries).collect();
        for (body, entry) in bodies.into_iter().zip(entries.drain(..part.count)) {
            match entry.tell {
                Some(tell) => {
                    if let Some(broken) = &mut self.broken {
                        broken.refused += 1;
                    }
                    let _ = tell.send(Err(Unavailable));
                }
                None => self.pending.push_back((body.to_vec(), entry)),
            }
        }
    }

    fn reopen_if_due(&mut self) {
        let due = |broken: &Broken| Instant::now() >= broken.next_try;
        if self.broken.as_ref().is_some_and(due)
            && let Err(fault) = self.reopen()
        {
            self.fail(fault);
        }
    }

    /// Goes on where the chain stands, with a `gap` record and the outcomes that waited.
    fn reopen(&mut self) -> Result<(), Fault> {
        let Some(broken) = &self.broken else {
            return Ok(());
        };
        self.segment.reopen(&self.node, &self.chain, &self.synced)?;
        let gap = Gap {
            since: &broken.since,
            cause: &broken.cause,
            refused: broken.refused,
            synced: self.synced.seq,
        };
        let gap = rendered("gap", &gap)?;
        self.sync()?; // before anything is written, so that one outage leaves one `gap`
        let waiting = std::mem::take(&mut self.pending);
        let bodies = waiting.iter().map(|(body, _)| body.as_slice());
        let written = self.write(std::iter::once(gap.as_slice()).chain(bodies));
        if written.is_err() {
            self.pending = waiting;
        }
        written?;
        self.sync()?;
        self.broken = None;
        self.health.set(None);
        Ok(())
    }

    fn stop(&mut self) -> Result<(), Unavailable> {
        let written = self
            .reopen()
            .and_then(|()| rendered("stop", &Stop {}))
            .and_then(|stop| self.write(std::iter::once(stop.as_slice())))
            .and_then(|()| self.sync());
        written.map_err(|fault| {
            self.fail(fault);
            Unavailable
        })
    }
}

/// The first records of what is left of a batch.
struct Part<'a> {
    bodies: &'a [u8],
    /// Where the first one's body begins.
    begin: usize,
    count: usize,
}

impl<'a> Part<'a> {
    fn records<'b>(&self, entries: &'b [Entry]) -> impl Iterator<Item = &'a [u8]> + use<'a, 'b> {
        let (bodies, mut begin) = (self.bodies, self.begin);
        entries.iter().take(self.count).map(move |entry| {
            let body = bodies.get(begin..entry.end).unwrap_or_default();
            begin = entry.end;
            body
        })
    }

    fn end(&self, entries: &[Entry]) -> usize {
        let last = entries.iter().take(self.count).next_back();
        last.map_or(self.begin, |entry| entry.end)
    }
}

fn tell_written(entries: impl Iterator<Item = Entry>) {
    for Entry { tell, slot, .. } in entries {
        drop(slot);
        if let Some(tell) = tell {
            let _ = tell.send(Ok(())); // whoever waited may have hung up
        }
    }
}

fn first_records(tails: &[Tail], durability: Durability) -> Result<Vec<Vec<u8>>, Fault> {
    let start = Start {
        version: env!("CARGO_PKG_VERSION"),
        durability: durability.word(),
    };
    let mut records = Vec::new();
    if !tails.is_empty() {
        records.push(rendered("recovered", &Recovered { tails })?);
    }
    records.push(rendered("start", &start)?);
    Ok(records)
}

fn rendered<T: serde::Serialize>(kind: &'static str, rest: &T) -> Result<Vec<u8>, Fault> {
    record::dated(kind, rest).map_err(|error| doing("writing a record down")(error.into()))
}
