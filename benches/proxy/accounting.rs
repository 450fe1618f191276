//! What a process tree has used, from `/proc`: CPU time and memory.
//!
//! CPU is the scheduler's own account of every thread, in nanoseconds (`/proc/PID/task/TID/schedstat`). Where that misses
//! something, since a thread ended between two looks or the kernel keeps no such account, it is `utime` + `stime` of
//! `/proc/PID/stat`, in ticks of 10 ms. Refuses nothing: a process that is gone counts as nothing, and the check of the
//! load finds that.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

/// `USER_HZ`, which Linux fixes for `/proc` on every architecture Debian has.
const TICK: Duration = Duration::from_millis(10);

/// CPU time of a tree at one moment.
pub struct Cpu {
    threads: HashMap<(u32, u32), Duration>,
    ticks: Duration,
}

impl Cpu {
    /// The CPU time used since an earlier look.
    pub fn since(&self, before: &Cpu) -> Duration {
        let ticks = self.ticks.saturating_sub(before.ticks);
        let used = self.threads.iter().map(|(thread, now)| {
            let then = before.threads.get(thread).copied().unwrap_or_default();
            now.saturating_sub(then)
        });
        let exact: Duration = used.sum();
        let has_lost_some = ticks > exact + 2 * TICK;
        if has_lost_some { ticks } else { exact }
    }
}

/// A process and all its descendants.
#[derive(Clone, Copy)]
pub struct Tree {
    pub root: u32,
}

impl Tree {
    /// The root first.
    pub fn processes(self) -> Vec<u32> {
        let entries = fs::read_dir("/proc").expect("there is /proc");
        let parents: Vec<(u32, u32)> = entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(|pid: u32| Some((pid, stat(pid)?.get(1)?.parse().ok()?)))
            .collect();
        let mut found = vec![self.root];
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            next += 1;
            let children = parents.iter().filter(|(_, of)| *of == parent);
            found.extend(children.map(|(pid, _)| *pid));
        }
        found
    }

    pub fn cpu(self) -> Cpu {
        let mut cpu = Cpu {
            threads: HashMap::new(),
            ticks: Duration::ZERO,
        };
        for process in self.processes() {
            let number = |fields: &Vec<String>, at: usize| fields.get(at)?.parse::<u32>().ok();
            if let Some(fields) = stat(process) {
                let used = number(&fields, 11).unwrap_or(0) + number(&fields, 12).unwrap_or(0);
                cpu.ticks += TICK * used;
            }
            let tasks = fs::read_dir(format!("/proc/{process}/task"));
            for entry in tasks.into_iter().flatten().flatten() {
                let text = fs::read_to_string(entry.path().join("schedstat")).unwrap_or_default();
                let nanoseconds = text.split(' ').next().and_then(|one| one.parse().ok());
                let thread = entry.file_name().to_str().and_then(|one| one.parse().ok());
                if let (Some(thread), Some(nanoseconds)) = (thread, nanoseconds) {
                    let used = Duration::from_nanos(nanoseconds);
                    cpu.threads.insert((process, thread), used);
                }
            }
        }
        cpu
    }

    /// Resident memory in bytes, exactly; pages shared by several processes count for each.
    pub fn resident(self) -> u64 {
        self.sum(|process| {
            field(&format!("/proc/{process}/smaps_rollup"), "Rss:")
                .or_else(|| field(&format!("/proc/{process}/status"), "VmRSS:"))
        })
    }

    /// The most resident memory since [`Tree::forget_peak`], in bytes, summed over the processes.
    pub fn peak(self) -> u64 {
        self.sum(|process| field(&format!("/proc/{process}/status"), "VmHWM:"))
    }

    pub fn forget_peak(self) {
        for process in self.processes() {
            // Without the right to, the peak is that of the process's whole life: never too small.
            let _ = fs::write(format!("/proc/{process}/clear_refs"), "5");
        }
    }

    fn sum(self, of: impl Fn(u32) -> Option<u64>) -> u64 {
        self.processes().into_iter().filter_map(of).sum()
    }
}

/// The fields of `/proc/PID/stat` behind the name: state, parent, ...
fn stat(process: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split(' ').map(str::to_owned).collect())
}

/// A line `NAME   NUMBER kB`, in bytes.
fn field(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}
