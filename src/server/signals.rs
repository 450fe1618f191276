//! SIGTERM and SIGINT drain, a second one cuts; SIGHUP asks for a reload.
//!
//! Handlers are installed when [`Signals`] is made, so a signal that comes while the process still starts is
//! not lost and does not kill it.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Drain, Phase};

/// The installed handlers.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Installs the handlers; needs a running tokio runtime.
    pub fn install() -> io::Result<Self> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Turns signals into `drain` and calls of `reload`, until everything is cut.
    ///
    /// `reload` must not block: a SIGTERM behind it waits.
    pub async fn run(mut self, drain: &Drain, mut reload: impl FnMut()) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => drain.begin(),
                _ = self.interrupt.recv() => drain.begin(),
                _ = self.hangup.recv() => reload(),
                () = drain.reached(Phase::Cut) => return,
            }
        }
    }
}
