//! SIGTERM and SIGINT drain, a second one cuts; SIGHUP asks for a reload.
//!
//! Handlers are installed when [`Signals`] is made, so a signal that comes while the process still
//! starts is not lost and does not kill it.

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

#[cfg(test)]
mod tests {
    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    /// Not by a program: between its fork and its start it would hold the locks of tests beside this one.
    fn send(signal: Signal) {
        kill_process(getpid(), signal).unwrap();
    }

    #[tokio::test]
    async fn hangup_reloads_terminate_drains_and_a_second_one_cuts() {
        let drain = Drain::default();
        let signals = Signals::install().unwrap();
        let (tell, mut reloads) = tokio::sync::mpsc::unbounded_channel();
        let watching = tokio::spawn({
            let drain = drain.clone();
            async move { signals.run(&drain, || tell.send(()).unwrap_or(())).await }
        });
        send(Signal::HUP);
        reloads.recv().await.unwrap();
        assert_eq!(drain.phase(), Phase::Serving);
        send(Signal::TERM);
        drain.reached(Phase::Leaving).await;
        assert_eq!(drain.phase(), Phase::Leaving);
        send(Signal::INT);
        watching.await.unwrap();
        assert_eq!(drain.phase(), Phase::Cut);
    }
}
