//! The fsync of every 100 ms, in a thread of its own so that no exchange waits for it.
//!
//! One at a time: data first, then the head that vouches for it.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};

use super::chain::Chain;
use super::head;
use super::segment::{Fault, doing};

/// The thread, and whether it is at work.
#[derive(Debug)]
pub struct Syncer {
    jobs: Sender<(File, Chain)>,
    done: Receiver<Result<Chain, Fault>>,
    busy: bool,
}

impl Syncer {
    /// Starts the thread; it ends when this is dropped.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn spawn(dir: PathBuf, node: String) -> io::Result<Syncer> {
        let (jobs, todo) = mpsc::channel::<(File, Chain)>();
        let (tell, done) = mpsc::channel();
        let work = move || {
            for (file, chain) in todo {
                let synced = file.sync_data().map_err(doing("fsync")).and_then(|()| {
                    head::write(&dir, &node, &chain).map_err(doing("replacing the head"))
                });
                if tell.send(synced.map(|()| chain)).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new()
            .name("audit-sync".to_owned())
            .spawn(work)?;
        Ok(Syncer {
            jobs,
            done,
            busy: false,
        })
    }

    /// Whether a job is under way or its result not taken.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    /// Makes the file durable as far as `chain`. Not while busy.
    pub fn begin(&mut self, file: File, chain: Chain) {
        self.busy = true;
        let _ = self.jobs.send((file, chain)); // a thread that is gone shows when its result is taken
    }

    /// The result of the job under way, if it has one yet.
    pub fn finished(&mut self) -> Option<Result<Chain, Fault>> {
        match self.busy.then(|| self.done.try_recv())? {
            Err(mpsc::TryRecvError::Empty) => None,
            Ok(done) => self.took(done),
            Err(mpsc::TryRecvError::Disconnected) => self.took(Err(gone())),
        }
    }

    /// Waits for the job under way, if there is one.
    pub fn wait(&mut self) -> Option<Result<Chain, Fault>> {
        let done = self.busy.then(|| self.done.recv())?;
        self.took(done.unwrap_or_else(|_| Err(gone())))
    }

    fn took(&mut self, done: Result<Chain, Fault>) -> Option<Result<Chain, Fault>> {
        self.busy = false;
        Some(done)
    }
}

fn gone() -> Fault {
    doing("fsync")(io::ErrorKind::BrokenPipe.into())
}
