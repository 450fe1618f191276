//! A thread with a runtime of its own for each core. A connection is given to the one that has fewest and stays there,
//! with its exchanges and their connections to upstreams: nothing on its way crosses a thread but the access log.
//!
//! Listeners are not theirs: one socket takes connections for all, so an address that someone listens on already is
//! refused, and a listener that closes forgets nobody who waits at another. `docs/adr/0004-runtime-per-core.md` has the
//! figures.

use std::future::Future;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// How many threads serve connections: one for each core this process may use.
pub fn count() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// The threads. They end when this is dropped, and with them whatever still runs there.
#[derive(Debug)]
pub struct Workers(Vec<Worker>);

#[derive(Debug)]
struct Worker {
    runtime: Handle,
    connections: Arc<AtomicUsize>,
    /// Dropped, it ends the thread.
    _stop: oneshot::Sender<()>,
    /// Resolves when the thread's tasks are gone.
    gone: oneshot::Receiver<()>,
}

/// One connection's place with a worker, given back when dropped.
struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Workers {
    /// Starts `count` threads.
    ///
    /// # Errors
    ///
    /// Where the system gives no more threads or descriptors.
    pub fn start(count: NonZeroUsize) -> io::Result<Workers> {
        (0..count.get())
            .map(Worker::start)
            .collect::<io::Result<_>>()
            .map(Workers)
    }

    /// Runs a connection where there are fewest. `connection` is made with the worker's number.
    pub(super) fn serve<F>(&self, connection: impl FnOnce(usize) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let open = |worker: &Worker| worker.connections.load(Ordering::Relaxed);
        let fewest = self.0.iter().enumerate().min_by_key(|(_, one)| open(one));
        let Some((number, worker)) = fewest else {
            return;
        };
        worker.connections.fetch_add(1, Ordering::Relaxed);
        let seat = Seat(Arc::clone(&worker.connections));
        let connection = connection(number);
        worker.runtime.spawn(async move {
            connection.await;
            drop(seat);
        });
    }

    /// Ends the threads and waits until everything that ran there has been dropped.
    pub(super) async fn stop(self) {
        let stopping: Vec<_> = self.0.into_iter().map(|worker| worker.gone).collect();
        for gone in stopping {
            // An error is the thread's end, too.
            let _ = gone.await;
        }
    }
}

impl Worker {
    fn start(number: usize) -> io::Result<Worker> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, gone) = oneshot::channel();
        thread::Builder::new()
            .name(format!("worker-{number}"))
            .spawn(move || {
                // Nothing is ever sent.
                let _ = runtime.block_on(stopped);
                // A name that is being looked up is not waited for.
                runtime.shutdown_background();
                let _ = tell.send(());
            })?;
        Ok(Worker {
            runtime: handle,
            connections: Arc::default(),
            _stop: stop,
            gone,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn connections_go_to_the_worker_that_has_fewest() {
        let workers = Workers::start(NonZeroUsize::new(2).unwrap()).unwrap();
        let numbers = std::sync::Mutex::new(Vec::new());
        let mut ends = Vec::new();
        let mut serve = || {
            let (end, ended) = oneshot::channel::<()>();
            ends.push(end);
            workers.serve(|number| {
                numbers.lock().unwrap().push(number);
                async move { drop(ended.await) }
            });
        };
        for _ in 0..4 {
            serve();
        }
        assert_eq!(*numbers.lock().unwrap(), [0, 1, 0, 1]);
    }

    #[tokio::test]
    async fn whatever_runs_is_dropped_before_the_workers_have_stopped() {
        let workers = Workers::start(NonZeroUsize::MIN).unwrap();
        let held = Arc::new(());
        let (tell, begun) = oneshot::channel();
        workers.serve(|_| {
            let held = Arc::clone(&held);
            async move {
                let _ = tell.send(());
                std::future::pending::<()>().await;
                drop(held);
            }
        });
        begun.await.unwrap();
        workers.stop().await;
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
