//! What travels between those who record and the one thread that writes.
//!
//! Bodies are gathered in one buffer, which the writer takes whole, so that a record costs neither side an allocation
//! and a batch one wake-up. The queue itself has no bound; every entry in it holds a place that was reserved, or
//! stands in for one. Once closed it refuses everything.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::Unavailable;

/// How long an outcome that nobody waits for lies at most until it is written, so that it travels with the next
/// intent instead of waking the writer on its own.
const LINGER: Duration = Duration::from_millis(2);

/// What a batch's buffer may keep of its room for the next one.
const ROOM_KEPT: usize = 1 << 20;

/// Tells who waits whether a record is written.
pub type Tell = oneshot::Sender<Result<(), Unavailable>>;

/// Resolves when a record is written as durably as the settings ask, or is refused.
///
/// The record is on its way whether or not this is awaited.
#[must_use = "nothing may happen on the strength of a record before it is known to be written"]
#[derive(Debug)]
pub struct Written(Option<oneshot::Receiver<Result<(), Unavailable>>>);

impl Written {
    /// The two ends of one wait.
    pub(super) fn channel() -> (Tell, Written) {
        let (tell, wait) = oneshot::channel();
        (tell, Written(Some(wait)))
    }

    /// Refused at once.
    pub(super) fn refused() -> Written {
        Written(None)
    }
}

impl Future for Written {
    type Output = Result<(), Unavailable>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(wait) = self.0.as_mut() else {
            return Poll::Ready(Err(Unavailable));
        };
        Pin::new(wait).poll(context).map(|told| {
            self.0 = None;
            told.unwrap_or(Err(Unavailable))
        })
    }
}

/// A record on its way, its body apart.
#[derive(Debug)]
pub struct Entry {
    /// Where its members (without braces) end in the batch's bodies.
    pub end: usize,
    /// Who waits for it. Without, it is an outcome and waits itself until it can be written.
    pub tell: Option<Tell>,
    /// The place in the queue it holds until it is written.
    pub slot: Option<OwnedSemaphorePermit>,
}

/// Records in their order.
#[derive(Debug, Default)]
pub struct Batch {
    /// One body after the other.
    pub bodies: Vec<u8>,
    /// What belongs to each.
    pub entries: Vec<Entry>,
}

impl Batch {
    /// Forgets all records; most of the room stays.
    pub fn clear(&mut self) {
        self.bodies.clear();
        self.bodies.shrink_to(ROOM_KEPT);
        self.entries.clear();
        self.entries.shrink_to(ROOM_KEPT / size_of::<Entry>());
    }
}

/// Why the writer was given a batch.
#[derive(Debug)]
pub enum End {
    /// Something is to be written, or due.
    No,
    /// Asked to stop.
    Stop(Tell),
    /// All senders are gone.
    Gone,
}

/// Whom a record must wake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sleep {
    /// Nobody: the writer looks before it sleeps.
    #[default]
    Awake,
    /// The writer, if somebody waits for the record: otherwise it looks within [`LINGER`].
    Light,
    /// The writer.
    Deep,
}

#[derive(Debug, Default)]
struct State {
    waiting: Batch,
    /// Somebody waits for one of them.
    urgent: bool,
    sleep: Sleep,
    stop: Option<Tell>,
    /// Nothing can be sent any more.
    closed: bool,
    gone: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let asleep = state.sleep != Sleep::Awake;
        state.sleep = Sleep::Awake;
        drop(state);
        if asleep {
            self.wake.notify_one();
        }
    }
}

/// The two ends of a queue.
pub fn queue() -> (Sender, Receiver) {
    let shared = Arc::new(Shared::default());
    let sender = Sender(Arc::clone(&shared));
    let receiver = Receiver {
        shared,
        lively: false,
    };
    (sender, receiver)
}

/// Where records are sent; when it is dropped the writer ends.
#[derive(Debug)]
pub struct Sender(Arc<Shared>);

impl Sender {
    /// Sends a record. Without a writer it is dropped, and the wait with it resolves as refused.
    pub fn send(&self, body: &[u8], tell: Option<Tell>, slot: Option<OwnedSemaphorePermit>) {
        let mut state = self.0.lock();
        if state.closed {
            drop(state); // before `tell`, whose waiter may run at once
            return;
        }
        let urgent = tell.is_some();
        state.urgent |= urgent;
        state.waiting.bodies.extend_from_slice(body);
        let end = state.waiting.bodies.len();
        state.waiting.entries.push(Entry { end, tell, slot });
        if urgent || state.sleep == Sleep::Deep {
            self.0.wake(state);
        }
    }

    /// Tells the writer to write what waits, and to stop. `tell` is dropped where it has stopped before.
    pub fn stop(&self, tell: Tell) {
        let mut state = self.0.lock();
        if !state.closed {
            state.closed = true;
            state.stop = Some(tell);
            self.0.wake(state);
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.gone = true;
        self.0.wake(state);
    }
}

/// Where the writer takes records; when it is dropped all that waits is refused.
#[derive(Debug)]
pub struct Receiver {
    shared: Arc<Shared>,
    /// The last look found something, so more is likely.
    lively: bool,
}

impl Receiver {
    /// Waits for something to do, at most for `due`, and takes all that waits into `batch`, which is empty.
    pub fn take(&mut self, batch: &mut Batch, due: Duration) -> End {
        let (sleep, patience) = if self.lively {
            (Sleep::Light, due.min(LINGER))
        } else {
            (Sleep::Deep, due)
        };
        let mut state = self.shared.lock();
        let mut until = None;
        // Outcomes alone are lain aside once, for as long as a light sleep lasts.
        while !(state.urgent
            || state.gone
            || state.stop.is_some()
            || sleep == Sleep::Deep && !state.waiting.entries.is_empty())
        {
            let now = Instant::now();
            let left = until
                .get_or_insert(now + patience)
                .saturating_duration_since(now);
            if left.is_zero() {
                break;
            }
            state.sleep = sleep;
            let woken = self.shared.wake.wait_timeout(state, left);
            (state, _) = woken.unwrap_or_else(PoisonError::into_inner);
        }
        state.sleep = Sleep::Awake;
        state.urgent = false;
        std::mem::swap(&mut state.waiting, batch);
        self.lively = !batch.entries.is_empty();
        match state.stop.take() {
            Some(tell) => End::Stop(tell),
            None if state.gone => End::Gone,
            None => End::No,
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        let refused = (std::mem::take(&mut state.waiting), state.stop.take());
        drop(state);
        drop(refused);
    }
}

/// What others may see of the writer.
#[derive(Debug, Default)]
pub struct Health {
    broken: AtomicBool,
    cause: Mutex<Option<String>>,
}

impl Health {
    /// Why records are refused, if they are.
    pub fn fault(&self) -> Option<String> {
        self.cause
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether records are written.
    pub fn is_good(&self) -> bool {
        !self.broken.load(Ordering::Acquire)
    }

    /// Says why records are refused, or that they are written again.
    pub fn set(&self, cause: Option<String>) {
        self.broken.store(cause.is_some(), Ordering::Release);
        *self.cause.lock().unwrap_or_else(PoisonError::into_inner) = cause;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: Duration = Duration::from_secs(3600);

    fn texts(batch: &Batch) -> Vec<&str> {
        let mut begin = 0;
        let each = batch.entries.iter().map(|entry| {
            let body = &batch.bodies[begin..entry.end];
            begin = entry.end;
            std::str::from_utf8(body).unwrap()
        });
        each.collect()
    }

    #[test]
    fn what_waits_is_taken_whole_and_in_its_order() {
        let (sender, mut receiver) = queue();
        let (tell, _written) = Written::channel();
        sender.send(b"outcome 1", None, None);
        sender.send(b"", None, None);
        sender.send(b"intent 2", Some(tell), None);
        let mut batch = Batch::default();
        assert!(matches!(receiver.take(&mut batch, PATIENT), End::No));
        assert_eq!(texts(&batch), ["outcome 1", "", "intent 2"]);
    }

    #[test]
    fn what_nobody_waits_for_is_taken_without_anything_that_follows() {
        let (sender, mut receiver) = queue();
        let mut batch = Batch::default();
        // After one that was taken, and after none was there for a while.
        for _ in 0..3 {
            sender.send(b"outcome", None, None);
            assert!(matches!(receiver.take(&mut batch, PATIENT), End::No));
            assert_eq!(texts(&batch), ["outcome"]);
            batch.clear();
        }
        assert!(matches!(receiver.take(&mut batch, PATIENT), End::No));
        assert!(batch.entries.is_empty());
        let sending = std::thread::spawn(move || {
            sender.send(b"outcome", None, None);
            sender
        });
        while batch.entries.is_empty() {
            assert!(matches!(receiver.take(&mut batch, PATIENT), End::No));
        }
        assert_eq!(texts(&batch), ["outcome"]);
        drop(sending.join().unwrap());
    }

    #[test]
    fn what_comes_before_a_stop_is_taken_with_it_and_nothing_after() {
        let (sender, mut receiver) = queue();
        let (stop, _stopped) = Written::channel();
        sender.send(b"before", None, None);
        sender.stop(stop);
        sender.send(b"after", None, None);
        let mut batch = Batch::default();
        assert!(matches!(receiver.take(&mut batch, PATIENT), End::Stop(_)));
        assert_eq!(texts(&batch), ["before"]);
    }

    #[tokio::test]
    async fn a_writer_that_is_gone_refuses_what_waits_and_what_comes() {
        let (sender, receiver) = queue();
        let (tell, waits) = Written::channel();
        sender.send(b"waits", Some(tell), None);
        drop(receiver);
        assert_eq!(waits.await, Err(Unavailable));
        let (tell, comes) = Written::channel();
        sender.send(b"comes", Some(tell), None);
        assert_eq!(comes.await, Err(Unavailable));
        let (tell, stops) = Written::channel();
        sender.stop(tell);
        assert_eq!(stops.await, Err(Unavailable));
    }

    #[test]
    fn the_writer_ends_when_all_senders_are_gone_and_takes_what_they_left() {
        let (sender, mut receiver) = queue();
        sender.send(b"left", None, None);
        drop(sender);
        let mut batch = Batch::default();
        assert!(matches!(receiver.take(&mut batch, PATIENT), End::Gone));
        assert_eq!(texts(&batch), ["left"]);
    }
}
