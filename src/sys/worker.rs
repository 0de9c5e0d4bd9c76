//! Helper threads for what blocks and touches no state: syncing, closing and unlinking files,
//! dropping large values.
//!
//! A worker executes its jobs one after the other, in the order they were given. It shares nothing
//! with the loop but two counters, which INFO shows. Jobs own what they work on.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use super::signals::SignalsBlocked;
use super::{crash, memory};

/// A named helper thread and its queue. Dropping the worker finishes what is queued first.
#[derive(Debug)]
pub struct Worker {
    /// `None` only while being dropped.
    queue: Option<Sender<Job>>,
    counters: Arc<Counters>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts a thread; the kernel shows the first 15 bytes of its name. All signals but those
    /// of crashes go to other threads.
    pub fn start(name: &str) -> io::Result<Self> {
        let (queue, jobs) = mpsc::channel();
        let counters = Arc::new(Counters::default());
        let theirs = Arc::clone(&counters);
        // The thread inherits the mask: there is no moment in which it could take a signal.
        let blocked = SignalsBlocked::new();
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || work(jobs, &theirs));
        drop(blocked);
        Ok(Self { queue: Some(queue), counters, thread: Some(thread?) })
    }

    /// Queues a job that counts as one.
    pub fn run(&self, job: impl FnOnce() + Send + 'static) {
        self.run_weighing(1, job);
    }

    /// Queues a job that counts as `weight` in [`pending`](Self::pending) and
    /// [`done`](Self::done): the number of objects it frees, say.
    pub fn run_weighing(&self, weight: u64, job: impl FnOnce() + Send + 'static) {
        self.counters.pending.fetch_add(weight, Ordering::Relaxed);
        let queue = self.queue.as_ref().expect("the queue is open until the worker is dropped");
        let sent = queue.send(Job { weight, work: Box::new(job) });
        sent.expect("the thread lives as long as its queue: a panic in a job aborts");
    }

    /// Drops a value on the helper thread, counting as one.
    pub fn drop_later<T: Send + 'static>(&self, value: T) {
        self.drop_weighing(1, value);
    }

    /// Drops a value on the helper thread, counting as `weight`.
    pub fn drop_weighing<T: Send + 'static>(&self, weight: u64, value: T) {
        self.run_weighing(weight, move || drop(value));
    }

    /// The weight of the jobs that were given and are not finished.
    pub fn pending(&self) -> u64 {
        self.counters.pending.load(Ordering::Acquire)
    }

    /// The weight of all finished jobs.
    pub fn done(&self) -> u64 {
        self.counters.done.load(Ordering::Acquire)
    }

    /// Sets [`done`](Self::done) back to zero: CONFIG RESETSTAT.
    pub fn reset_done(&self) {
        self.counters.done.store(0, Ordering::Release);
    }

    /// Waits until everything given so far is finished. Not in a forked child, where the thread
    /// does not exist.
    pub fn drain(&self) {
        let (finished, wait) = mpsc::sync_channel(1);
        self.run_weighing(0, move || finished.send(()).expect("drain is waiting"));
        wait.recv().expect("the job above sends once");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Closing the queue is what ends the thread.
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A panic has already been reported, by the hook.
            let _ = thread.join();
        }
    }
}

struct Job {
    weight: u64,
    work: Box<dyn FnOnce() + Send>,
}

#[derive(Debug, Default)]
struct Counters {
    pending: AtomicU64,
    done: AtomicU64,
}

fn work(jobs: Receiver<Job>, counters: &Counters) {
    crash::use_own_stack();
    for Job { weight, work } in jobs {
        work();
        memory::publish_thread_balance();
        // Only now: who sees the job finished also sees the memory it freed.
        counters.pending.fetch_sub(weight, Ordering::AcqRel);
        counters.done.fetch_add(weight, Ordering::AcqRel);
    }
    memory::publish_thread_balance();
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn jobs_run_in_order_and_draining_waits_for_them() {
        let worker = Worker::start("test_order").unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        for number in 0..100 {
            let seen = Arc::clone(&seen);
            worker.run(move || seen.lock().unwrap().push(number));
        }
        worker.drain();
        assert_eq!(*seen.lock().unwrap(), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn counters_carry_the_weight_of_jobs() {
        let worker = Worker::start("test_weight").unwrap();
        let (release, wait) = mpsc::channel::<()>();
        worker.run(move || wait.recv().unwrap());
        worker.drop_weighing(41, vec![1, 2, 3]);
        assert_eq!((worker.pending(), worker.done()), (42, 0));
        release.send(()).unwrap();
        drop_and_count(worker);
    }

    fn drop_and_count(worker: Worker) {
        let counters = Arc::clone(&worker.counters);
        drop(worker);
        assert_eq!(counters.pending.load(Ordering::Acquire), 0);
        assert_eq!(counters.done.load(Ordering::Acquire), 42);
    }

    #[test]
    fn values_are_dropped_on_the_named_thread() {
        struct TellsWhere(Sender<Option<String>>);
        impl Drop for TellsWhere {
            fn drop(&mut self) {
                self.0.send(thread::current().name().map(str::to_owned)).unwrap();
            }
        }
        let worker = Worker::start("test_name").unwrap();
        let (tell, told) = mpsc::channel();
        worker.drop_later(TellsWhere(tell));
        assert_eq!(told.recv().unwrap().as_deref(), Some("test_name"));
    }

    #[test]
    fn the_thread_takes_no_signals_but_crashes() {
        let worker = Worker::start("test_mask").unwrap();
        let (tell, told) = mpsc::channel();
        worker.run(move || {
            let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
            tell.send(status).unwrap();
        });
        let status = told.recv().unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:\t")).unwrap();
        let mask = u64::from_str_radix(mask, 16).unwrap();
        let blocked = |signal: i32| mask & (1 << (signal - 1)) != 0;
        assert!(blocked(libc::SIGTERM) && blocked(libc::SIGINT) && blocked(libc::SIGUSR1));
        assert!(!blocked(libc::SIGSEGV) && !blocked(libc::SIGABRT));
    }
}
