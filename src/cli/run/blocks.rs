//! The file of blocks, looked at again and again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::{StartError, USAGE};
use crate::audit::Hasher;
use crate::block::{self, Blocks, FileError};
use crate::config::Settings;
use crate::pipeline::Proxy;
use crate::pipeline::blocks::{refuse_everybody, take};

/// How often the file is looked at; `docs/blocks.md` promises a second.
const LOOK: Duration = Duration::from_millis(500);

/// See the module.
struct Blocking {
    proxy: Arc<Proxy>,
    file: PathBuf,
    /// What the access log holds.
    recorded: Blocks,
    /// Whether that is what was read last, and is in force.
    settled: bool,
    /// Whether the file was there: if it goes, nobody knows who was in it.
    there: bool,
    /// Whether everybody is refused, which is told once.
    unreadable: bool,
}

/// Whether it can be known at the start who is blocked. A file that is not there yet blocks nobody.
///
/// # Errors
///
/// Where it cannot be read.
pub(super) fn check(settings: &Settings) -> Result<(), StartError> {
    let Some(file) = &settings.blocks else {
        return Ok(());
    };
    let hasher = Hasher::new(&settings.audit.key);
    match block::read(file).and_then(|blocks| known_by(blocks, &hasher, file)) {
        Ok(_) | Err(FileError::Missing(_)) => Ok(()),
        Err(error) => Err(StartError::new(USAGE, error)),
    }
}

/// These blocks, if it can be told who the persons in them are.
fn known_by(blocks: Blocks, hasher: &Hasher, file: &Path) -> Result<Blocks, FileError> {
    match blocks.knows_persons_by(&hasher.key_name()) {
        true => Ok(blocks),
        false => Err(FileError::OtherKey(file.to_owned())),
    }
}

/// Puts in force who is blocked, and goes on looking at the file; it is looked at once more for each notice.
pub(super) async fn start(
    proxy: &Arc<Proxy>,
    settings: &Settings,
) -> (Option<JoinHandle<()>>, Arc<Notify>) {
    let notice = Arc::new(Notify::new());
    let Some(file) = settings.blocks.clone() else {
        return (None, notice);
    };
    let mut blocking = Blocking {
        proxy: Arc::clone(proxy),
        file,
        recorded: Blocks::default(),
        settled: false,
        there: false,
        unreadable: false,
    };
    blocking.look().await;
    let looking = tokio::spawn(blocking.run(Arc::clone(&notice)));
    (Some(looking), notice)
}

impl Blocking {
    /// Looks until it is dropped, and at once when `asked`.
    async fn run(mut self, asked: Arc<Notify>) {
        loop {
            tokio::select! {
                () = sleep(LOOK) => {}
                () = asked.notified() => {}
            }
            self.look().await;
        }
    }

    /// Looks once.
    async fn look(&mut self) {
        let file = self.file.clone();
        let Ok(read) = spawn_blocking(move || block::read(&file)).await else {
            return;
        };
        let hasher = self.proxy.audit.hasher();
        let read = read.and_then(|blocks| known_by(blocks, hasher, &self.file));
        match read {
            Ok(blocks) => {
                self.there = true;
                if self.unreadable {
                    self.unreadable = false;
                    self.proxy.metrics.blocks_unreadable(false);
                    tracing::info!("it is known again who is blocked");
                }
                if !self.settled || self.recorded != blocks {
                    let taken = take(&self.proxy, &self.recorded, &blocks).await;
                    self.settled = taken.is_ok();
                    if self.settled {
                        self.recorded = blocks;
                    }
                }
            }
            Err(FileError::Missing(_)) if !self.there => {}
            Err(error) => {
                self.settled = false;
                if !self.unreadable {
                    self.unreadable = true;
                    refuse_everybody(&self.proxy, &error);
                }
            }
        }
    }
}
