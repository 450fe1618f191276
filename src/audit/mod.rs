//! The access log: typed records, chained by hash, written by one thread before the bytes they speak of.
//!
//! [`Audit::begin`] opens the [`Trail`] of an exchange; `docs/audit.md` describes the records. Refuses
//! ([`Unavailable`]) whatever cannot be written, and to start on a log that does not verify at its end.

mod archive;
mod chain;
mod clock;
mod files;
mod head;
mod line;
mod person;
mod queue;
mod record;
mod recover;
mod render;
mod segment;
mod strict;
mod syncer;
mod trail;
mod verify;
mod writer;

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use ulid::Ulid;

pub use archive::ArchiveError;
pub use person::{Hasher, KeyedHash};
pub use queue::Written;
pub use record::{
    BlockRecord, Connection, Counts, Decision, End, Exchange, Intent, Outcome, PERSONS_PER_RECORD,
    Pattern, Plan, PolicyRef, Proof, RecordedCaller, RulesLooked, Writes, trace_id,
};
pub use segment::Fault;
pub use trail::Trail;
pub use verify::{Damage, DamageKind, NodeSummary, Summary, verify};

use crate::model::Secret;
use queue::{Health, Sender};
use record::{Lift, PlanBody, Policy};
use writer::{Pace, Parts, Writer};

/// Writing beyond `RLIMIT_FSIZE` raises it; its default action ends the process. The same number on
/// every system this is built for.
const SIGXFSZ: i32 = 25;

/// How many plans of one generation are remembered as written; more are written again.
const PLANS_REMEMBERED: usize = 65_536;

/// What each thread keeps to write records into.
const DRAFT_KEPT: usize = 64 << 10;

/// How the log is written.
#[derive(Clone, Debug)]
pub struct AuditSettings {
    /// Where its files are.
    pub dir: PathBuf,
    /// The name of this writer, part of file names: ASCII letters, digits, `.`, `_`, `-`.
    pub node: String,
    /// The key of person and parameter hashes.
    pub key: Secret<[u8; 32]>,
    /// When a record counts as written.
    pub durability: Durability,
    /// How many exchanges may be open, and single records wait, at once; one more is [`Unavailable`].
    pub queue: usize,
}

/// When a record counts as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// When the kernel has it: survives `kill -9`.
    Process,
    /// When the disk has it: survives a power cut.
    Power,
}

impl Durability {
    /// The word settings and `start` records use.
    pub fn word(self) -> &'static str {
        match self {
            Durability::Process => "process",
            Durability::Power => "power",
        }
    }
}

/// The record was not written: the queue is full, or the log cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the access log cannot be written")]
pub struct Unavailable;

/// Why a log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The node's name cannot be part of a file name.
    #[error(
        "`{}` cannot name a node: use ASCII letters, digits, `.`, `_`, `-`, at most 128, no dot first",
        .0.escape_debug()
    )]
    Node(String),
    /// Another process, or another part of this one, writes this log.
    #[error("`{}` is locked: another writer uses this access log; stop it, or give this one its own `node` or `dir`", .0.display())]
    Locked(PathBuf),
    /// The log does not verify at its end.
    #[error("`{}` cannot be continued: {why}; see what `fieldgate audit verify` says, move the directory aside as evidence and start with an empty one", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The system refused.
    #[error("the access log in `{}` cannot be opened: {source}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The first record cannot be written.
    #[error("the access log in `{}` cannot be written: {source}", path.display())]
    Fault {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        source: Fault,
    },
    /// Outside a runtime, nothing can be awaited.
    #[error("the access log must be opened inside a tokio runtime")]
    NoRuntime,
}

/// The access log of this process. Clones share it.
#[derive(Clone, Debug)]
pub struct Audit(Arc<Inner>);

type WrittenPlans = HashMap<String, Arc<OnceCell<()>>>;

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    hasher: Hasher,
    queue: Sender,
    slots: Arc<Semaphore>,
    health: Arc<Health>,
    /// By generation: which plans are written, by their digests.
    plans: Mutex<BTreeMap<u64, WrittenPlans>>,
}

impl Audit {
    /// Opens the log, or begins one, and writes `recovered` (if something had to be) and `start`.
    ///
    /// Must be called inside a tokio runtime with I/O enabled: from then on SIGXFSZ is caught, so that a
    /// write beyond `RLIMIT_FSIZE` is an error and not the end of the process.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: there must be no service without a log.
    pub fn open(settings: AuditSettings) -> Result<Audit, OpenError> {
        Audit::open_at_pace(settings, Pace::default())
    }

    fn open_at_pace(settings: AuditSettings, pace: Pace) -> Result<Audit, OpenError> {
        let AuditSettings {
            dir,
            node,
            key,
            durability,
            queue,
        } = settings;
        let io = |source| OpenError::Io {
            path: dir.clone(),
            source,
        };
        if !files::is_node(&node) {
            return Err(OpenError::Node(node));
        }
        tokio::runtime::Handle::try_current().map_err(|_| OpenError::NoRuntime)?;
        // The handler stays when the listener is dropped.
        drop(signal(SignalKind::from_raw(SIGXFSZ)).map_err(io)?);
        files::make_dir(&dir).map_err(io)?;
        let lock = lock(&dir, &node)?;
        let opened = recover::open(&dir, &node)?;
        let health = Arc::new(Health::default());
        let parts = Parts {
            dir: dir.clone(),
            node,
            durability,
            pace,
            opened,
            health: Arc::clone(&health),
            lock,
        };
        let fault = |source| OpenError::Fault {
            path: dir.clone(),
            source,
        };
        let writer = Writer::start(parts).map_err(fault)?;
        let (sender, messages) = queue::queue();
        std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || writer.run(messages))
            .map_err(io)?;
        Ok(Audit(Arc::new(Inner {
            dir,
            hasher: Hasher::new(&key),
            queue: sender,
            slots: Arc::new(Semaphore::new(queue.min(Semaphore::MAX_PERMITS))),
            health,
            plans: Mutex::default(),
        })))
    }

    /// Whether records are written. It turns good again by itself once the segment can be reopened.
    pub fn healthy(&self) -> bool {
        self.0.health.is_good()
    }

    /// Why records are refused, if they are; for operators.
    pub fn fault(&self) -> Option<String> {
        self.0.health.fault()
    }

    /// Hashes persons and parameters under the audit key.
    pub fn hasher(&self) -> &Hasher {
        &self.0.hasher
    }

    /// Opens the trail of an exchange and reserves room for all its records.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] at once where there is no room.
    pub fn begin(&self, id: Ulid, peer: IpAddr) -> Result<Trail, Unavailable> {
        let slot = self.reserve()?;
        Ok(Trail::begin(self.clone(), id, peer, slot))
    }

    /// Records a connection that was refused before there was a request.
    pub fn connection(&self, connection: &Connection) -> Written {
        match self.reserve() {
            Ok(slot) => self.send_one("connection", connection, slot),
            Err(Unavailable) => Written::refused(),
        }
    }

    /// Records that somebody gets nothing from now on.
    ///
    /// # Errors
    ///
    /// [`Unavailable`].
    pub async fn block(&self, block: &BlockRecord<'_>) -> Result<(), Unavailable> {
        let slot = self.reserve()?;
        self.send_one("block", block, slot).await
    }

    /// Records the end of a block, and who ended it where that is known.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: it must not end.
    pub async fn lift(&self, block: &BlockRecord<'_>, by: Option<&str>) -> Result<(), Unavailable> {
        let slot = self.reserve()?;
        let lift = Lift {
            block,
            lifted_by: by,
        };
        self.send_one("lift", &lift, slot).await
    }

    /// Archives the files of a rule set under its digest and records that it is now in force.
    ///
    /// # Errors
    ///
    /// [`ArchiveError`]: the rule set must not be used.
    pub async fn policy(
        &self,
        looked: &RulesLooked<'_>,
        digest: &str,
        rules: &[(String, Vec<u8>)],
    ) -> Result<(), ArchiveError> {
        let files = archive::keep(&self.0.dir, digest, rules)?
            .into_iter()
            .map(|(name, hash)| (name, hash.to_string()))
            .collect();
        let slot = self.reserve()?;
        let policy = Policy::taken(looked, digest, files);
        Ok(self.send_one("policy", &policy, slot).await?)
    }

    /// Records that a rule set was refused; `why` is a constant code. The one before stays in force.
    ///
    /// # Errors
    ///
    /// [`Unavailable`].
    pub async fn policy_refused(
        &self,
        looked: &RulesLooked<'_>,
        why: &'static str,
    ) -> Result<(), Unavailable> {
        let slot = self.reserve()?;
        let policy = Policy::refused(looked, why);
        self.send_one("policy", &policy, slot).await
    }

    /// Records a plan unless this process did; to be awaited before the intent that names its digest.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the exchange must be refused.
    pub async fn plan_once(&self, plan: &Plan<'_>) -> Result<(), Unavailable> {
        let written = self.plan_cell(plan.generation, plan.digest);
        let write = || async {
            let slot = self.reserve()?;
            self.send_one("plan", &PlanBody::from(plan), slot).await
        };
        written.get_or_try_init(write).await.copied()
    }

    /// The cell that is filled once the plan is written. Two generations are remembered: exchanges of
    /// the one before may still run.
    fn plan_cell(&self, generation: u64, digest: &str) -> Arc<OnceCell<()>> {
        let mut plans = self.0.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = plans
            .get(&generation)
            .and_then(|written| written.get(digest))
        {
            return Arc::clone(cell);
        }
        let cell = Arc::default();
        let written = plans.entry(generation).or_default();
        if written.len() < PLANS_REMEMBERED {
            written.insert(digest.to_owned(), Arc::clone(&cell));
        }
        while plans.len() > 2 {
            plans.pop_first();
        }
        cell
    }

    /// Writes what waits, `stop` and the last head. Later records are refused; trails still open lose
    /// their outcome, so this comes after the last exchange.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log ends without `stop`.
    pub async fn close(&self) -> Result<(), Unavailable> {
        self.0.slots.close();
        let (tell, written) = Written::channel();
        self.0.queue.stop(tell);
        written.await
    }

    fn reserve(&self) -> Result<OwnedSemaphorePermit, Unavailable> {
        Arc::clone(&self.0.slots)
            .try_acquire_owned()
            .map_err(|_| Unavailable)
    }

    /// Sends a record of its own, not one of an exchange.
    fn send_one<T: Serialize>(
        &self,
        kind: &'static str,
        record: &T,
        slot: OwnedSemaphorePermit,
    ) -> Written {
        match record::dated(kind, record) {
            Ok(body) => self.send(Some(slot), |out| out.extend_from_slice(&body)),
            Err(_) => Written::refused(),
        }
    }

    /// Sends what `render` writes, and gives the wait for it.
    fn send(
        &self,
        slot: Option<OwnedSemaphorePermit>,
        render: impl FnOnce(&mut Vec<u8>),
    ) -> Written {
        drafted(render, |body| {
            if !chain::fits(body) {
                return Written::refused();
            }
            let (tell, written) = Written::channel();
            self.0.queue.send(body, Some(tell), slot);
            written
        })
    }

    /// An outcome that cannot be written leaves its intent alone, which says "unknown, treat as disclosed".
    fn send_and_forget(
        &self,
        slot: Option<OwnedSemaphorePermit>,
        render: impl FnOnce(&mut Vec<u8>),
    ) {
        drafted(render, |body| {
            if chain::fits(body) {
                self.0.queue.send(body, None, slot);
            }
        });
    }
}

/// Renders into a buffer that this thread keeps, and hands it on.
fn drafted<T>(render: impl FnOnce(&mut Vec<u8>), then: impl FnOnce(&[u8]) -> T) -> T {
    thread_local! {
        static DRAFT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }
    // A thread that is about to end may have dropped it already.
    let mut draft = DRAFT.try_with(Cell::take).unwrap_or_default();
    draft.clear();
    render(&mut draft);
    let done = then(&draft);
    draft.shrink_to(DRAFT_KEPT);
    let _ = DRAFT.try_with(|kept| kept.set(draft));
    done
}

/// Keeps a second writer out as long as the file is open.
fn lock(dir: &Path, node: &str) -> Result<File, OpenError> {
    let path = files::lock(dir, node);
    let io = |source| OpenError::Io {
        path: path.clone(),
        source,
    };
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(path)),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

#[cfg(test)]
mod tests;
