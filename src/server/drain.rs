//! How the process ends: `/readyz` fails at once, listeners close after `drain.delay`, exchanges
//! under way get `drain.timeout`, then everything is cut.
//!
//! Phases only go forward; nothing un-drains.

use tokio::sync::watch;

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// All is well.
    Serving,
    /// Still serving, but load balancers should look elsewhere: `/readyz` fails.
    Leaving,
    /// No new connections; those there are finish what they have begun.
    Draining,
    /// Whatever is left ends now.
    Cut,
}

/// The one switch every room watches; clones share it.
#[derive(Clone, Debug)]
pub struct Drain(watch::Sender<Phase>);

impl Default for Drain {
    fn default() -> Self {
        Drain(watch::Sender::new(Phase::Serving))
    }
}

impl Drain {
    /// The phase now.
    pub fn phase(&self) -> Phase {
        *self.0.borrow()
    }

    /// Begins the end; asked again, everything is cut.
    pub fn begin(&self) {
        match self.phase() {
            Phase::Serving => self.advance(Phase::Leaving),
            Phase::Leaving | Phase::Draining | Phase::Cut => self.advance(Phase::Cut),
        }
    }

    /// Waits until `phase` or a later one is reached.
    pub async fn reached(&self, phase: Phase) {
        let mut watched = self.0.subscribe();
        // The sender is `self`, so waiting cannot fail while anyone waits.
        let _ = watched.wait_for(|now| *now >= phase).await;
    }

    pub(super) fn advance(&self, phase: Phase) {
        self.0.send_if_modified(|now| {
            let forward = phase > *now;
            if forward {
                *now = phase;
            }
            forward
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_only_go_forward() {
        let drain = Drain::default();
        drain.advance(Phase::Draining);
        drain.advance(Phase::Leaving);
        assert_eq!(drain.phase(), Phase::Draining);
    }

    #[test]
    fn asking_twice_does_not_wait_for_anyone() {
        let drain = Drain::default();
        drain.begin();
        assert_eq!(drain.phase(), Phase::Leaving);
        drain.begin();
        assert_eq!(drain.phase(), Phase::Cut);
    }

    #[tokio::test]
    async fn a_later_phase_wakes_those_who_wait_for_an_earlier_one() {
        let drain = Drain::default();
        let waiting = tokio::spawn({
            let drain = drain.clone();
            async move { drain.reached(Phase::Draining).await }
        });
        drain.advance(Phase::Cut);
        waiting.await.unwrap();
    }
}
