//! Handshakes take turns: of one worker's, one has a step at a time, and before the next has one everything else that can go on
//! does. Connections that stand are served between the steps of any number that begin (O17).
//!
//! Refuses nothing. Who waits for a turn holds none, so a client that is silent in its handshake keeps nobody waiting.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use tokio::sync::Semaphore;

/// The turns of one worker.
#[derive(Clone, Debug)]
pub(super) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Turns(Arc::new(Semaphore::new(1)))
    }
}

impl Turns {
    /// Does some work step by step, each step in its turn.
    pub(super) async fn take<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let awakening = Arc::new(Awakening::default());
        loop {
            // Nobody closes it.
            let turn = self.0.acquire().await;
            if let Poll::Ready(done) = step(work.as_mut(), &awakening).await {
                return done;
            }
            // Behind all that is ready, and behind what the network brings meanwhile.
            tokio::task::yield_now().await;
            drop(turn);
            awakening.awaited().await;
        }
    }
}

/// What wakes the work, told apart from what wakes its task while it waits for a turn.
#[derive(Debug, Default)]
struct Awakening {
    is_awake: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Wake for Awakening {
    fn wake(self: Arc<Self>) {
        self.is_awake.store(true, Ordering::Release);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task.as_ref() {
            task.wake_by_ref();
        }
    }
}

impl Awakening {
    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *task {
            Some(known) => known.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        match self.is_awake.swap(false, Ordering::AcqRel) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    async fn awaited(&self) {
        std::future::poll_fn(|context| self.poll(context)).await;
    }
}

/// One step of the work, whose next is announced by `awakening`.
async fn step<F: Future>(mut work: Pin<&mut F>, awakening: &Arc<Awakening>) -> Poll<F::Output> {
    let waker = Waker::from(Arc::clone(awakening));
    std::future::poll_fn(|_| {
        let mut context = Context::from_waker(&waker);
        Poll::Ready(work.as_mut().poll(&mut context))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;
    use tokio::sync::oneshot;
    use tokio::task::{LocalSet, yield_now};

    /// Work of some steps that says when it has one.
    async fn steps(name: char, count: usize, said: Rc<RefCell<String>>) {
        for _ in 0..count {
            said.borrow_mut().push(name);
            yield_now().await;
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn o17_what_else_is_ready_goes_on_between_two_steps() {
        let said = Rc::new(RefCell::new(String::new()));
        let turns = Turns::default();
        let tasks = LocalSet::new();
        for name in ['a', 'b', 'c'] {
            let (turns, work) = (turns.clone(), steps(name, 2, Rc::clone(&said)));
            tasks.spawn_local(async move { turns.take(work).await });
        }
        tasks.spawn_local(steps('-', 12, Rc::clone(&said)));
        tasks.await;
        let said = said.borrow().clone();
        let work: String = said.chars().filter(|name| *name != '-').collect();
        assert_eq!(work.len(), 6, "{said}");
        for pair in ["ab", "bc", "ca", "ba", "cb", "ac", "aa"] {
            assert!(!said.contains(pair), "two steps without a pause: {said}");
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn o17_who_waits_for_the_network_keeps_nobody_waiting() {
        let turns = Turns::default();
        let (tell, told) = oneshot::channel::<u8>();
        let silent = turns.clone();
        let silent = tokio::spawn(async move { silent.take(told).await });
        for _ in 0..10 {
            yield_now().await;
        }
        assert_eq!(turns.take(async { 1 }).await, 1);
        // What wakes it is never lost, whatever it waited for just then.
        tell.send(7).unwrap();
        assert_eq!(silent.await.unwrap().unwrap(), 7);
    }
}
