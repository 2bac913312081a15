//! `perf_event_open`: has the kernel note the call chain of each thread of a process at regular times.
//!
//! An event is for one thread on one CPU, because only such events are inherited by the threads that a thread starts
//! and have a ring in common. So there are as many events as threads times CPUs, and one ring for each CPU.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

use perf_event_open_sys::bindings::{
    PERF_COUNT_SW_CPU_CLOCK, PERF_FLAG_FD_CLOEXEC, PERF_SAMPLE_CALLCHAIN, PERF_SAMPLE_IP, PERF_SAMPLE_TID,
    PERF_SAMPLE_TIME, PERF_TYPE_SOFTWARE, perf_event_attr,
};
use perf_event_open_sys::{ioctls, perf_event_open};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Resource, getrlimit, setrlimit};

use super::clock;
use super::ring::Ring;
use crate::process::tasks;
use crate::records::{self, Record};

/// Why the kernel takes no samples for us.
#[derive(Debug, thiserror::Error)]
pub enum CounterError {
    /// A setting of the kernel forbids it.
    #[error(
        "the kernel's setting perf_event_paranoid is {level}, which forbids it; \
         `sudo sysctl kernel.perf_event_paranoid=2` allows it for processes of the same user"
    )]
    Paranoid {
        /// The setting.
        level: i32,
    },
    /// Something else forbids it: usually the filter of system calls of a container.
    #[error(
        "perf_event_open is not permitted here; in a container, allow it with the capability PERFMON (as in \
         `docker run --cap-add PERFMON --security-opt seccomp=unconfined`)"
    )]
    Forbidden,
    /// This kernel was built without it.
    #[error("this kernel has no perf_event_open")]
    Missing,
    /// It takes more file descriptors than there may be.
    #[error(
        "{threads} threads on {cpus} CPUs take more open files than the limit of {limit}; raise it with `ulimit -n`"
    )]
    TooManyFiles {
        /// Threads of the process.
        threads: usize,
        /// CPUs of the machine.
        cpus: usize,
        /// The limit.
        limit: u64,
    },
    /// The process has ended.
    #[error("the process has ended")]
    Gone,
    /// Something else failed.
    #[error("perf_event_open failed: {0}")]
    Io(io::Error),
}

/// What of it a kernel may not know or not permit, most wanted first.
#[derive(Clone, Copy)]
struct Variant {
    /// Samples are also taken while a thread is in the kernel.
    in_kernel: bool,
    /// Threads inherit events and child processes do not.
    threads_only: bool,
}

const VARIANTS: [Variant; 4] = [
    Variant { in_kernel: true, threads_only: true },
    Variant { in_kernel: false, threads_only: true },
    Variant { in_kernel: true, threads_only: false },
    Variant { in_kernel: false, threads_only: false },
];

/// Events for all threads of a process, with their rings.
pub struct Counters {
    pid: u32,
    period_ns: u64,
    variant: Variant,
    cpus: Vec<u32>,
    rings: Vec<(OwnedFd, Ring)>,
    /// The events whose records go to the ring of another one.
    others: Vec<OwnedFd>,
    followed: HashSet<u32>,
    missing: HashSet<u32>,
}

impl Counters {
    /// Opens events for the threads that there are.
    ///
    /// # Errors
    /// When the kernel does not permit it, with the reason.
    pub fn open(pid: u32, period: Duration) -> Result<Self, CounterError> {
        let threads = tasks::tasks(pid).map_err(|_| CounterError::Gone)?;
        let cpus = online_cpus();
        let needed = threads.len() * cpus.len();
        let period_ns = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX);
        raise_file_limit(needed);
        let mut refused = CounterError::Gone;
        for variant in VARIANTS {
            let mut counters = Self {
                pid,
                period_ns,
                variant,
                cpus: cpus.clone(),
                rings: Vec::new(),
                others: Vec::new(),
                followed: HashSet::new(),
                missing: HashSet::new(),
            };
            match threads.iter().try_for_each(|&tid| counters.follow(tid)) {
                Ok(()) if counters.rings.is_empty() => return Err(CounterError::Gone),
                Ok(()) => return Ok(counters),
                Err(error) => match error.raw_os_error() {
                    Some(libc::EACCES | libc::EPERM) => refused = why_forbidden(),
                    Some(libc::EINVAL) => refused = CounterError::Io(error),
                    Some(libc::ENOSYS) => return Err(CounterError::Missing),
                    Some(libc::EMFILE) => {
                        let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
                        return Err(CounterError::TooManyFiles { threads: threads.len(), cpus: cpus.len(), limit });
                    }
                    _ => return Err(CounterError::Io(error)),
                },
            }
        }
        Err(refused)
    }

    /// Whether samples are also taken while a thread is in the kernel.
    pub fn sees_kernel(&self) -> bool {
        self.variant.in_kernel
    }

    /// Waits until there are records, or the time is over.
    pub fn wait(&self, timeout: Duration) {
        let mut events: Vec<PollFd> = self.rings.iter().map(|(fd, _)| PollFd::new(fd, PollFlags::IN)).collect();
        let timeout = Timespec { tv_sec: timeout.as_secs().cast_signed(), tv_nsec: timeout.subsec_nanos().into() };
        // Interrupted or not: the rings are looked at next.
        let polled = rustix::event::poll(&mut events, Some(&timeout));
        // The events of threads that have ended hang up for good, and must not keep us busy.
        let only_hung_up =
            polled.is_ok_and(|count| count > 0) && events.iter().all(|event| !event.revents().contains(PollFlags::IN));
        if only_hung_up {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The records that came since the last time.
    pub fn drain(&mut self) -> Vec<Record> {
        let mut found = Vec::new();
        let mut bytes = Vec::new();
        for (_, ring) in &mut self.rings {
            bytes.clear();
            ring.drain(&mut bytes);
            found.extend(records::parse(&bytes));
        }
        for record in &found {
            if let Record::Started { pid, tid } = record
                && *pid == self.pid
            {
                self.followed.insert(*tid);
            }
        }
        found
    }

    /// Follows threads that were started by one that was not followed yet. To be called now and then.
    pub fn follow_missing(&mut self) {
        let present: HashSet<u32> = tasks::tasks(self.pid).unwrap_or_default().into_iter().collect();
        self.followed.retain(|tid| present.contains(tid));
        let missing: HashSet<u32> = present.difference(&self.followed).copied().collect();
        // The record that says that a thread is followed may be on its way: only those missing twice are.
        let twice: Vec<u32> = missing.intersection(&self.missing).copied().collect();
        for tid in twice {
            // One that cannot be followed is tried again the next time.
            let _ = self.follow(tid);
        }
        self.missing = missing;
    }

    fn follow(&mut self, tid: u32) -> io::Result<()> {
        for (index, &cpu) in self.cpus.iter().enumerate() {
            let event = match open_event(tid, cpu, self.period_ns, self.variant) {
                Ok(event) => event,
                // The thread has ended, or the CPU is off by now.
                Err(error) if matches!(error.raw_os_error(), Some(libc::ESRCH | libc::ENODEV)) => return Ok(()),
                Err(error) => return Err(error),
            };
            match self.rings.get(index) {
                Some((first, _)) => {
                    // SAFETY: both are events of the same CPU, open for as long as the call takes.
                    if unsafe { ioctls::SET_OUTPUT(event.as_raw_fd(), first.as_raw_fd()) } != 0 {
                        return Err(io::Error::last_os_error());
                    }
                    self.others.push(event);
                }
                None => {
                    let ring = Ring::map(&event)?;
                    self.rings.push((event, ring));
                }
            }
        }
        self.followed.insert(tid);
        Ok(())
    }
}

/// What one sample costs the thread that is interrupted for it, as tried out on the calling thread: the same work with and
/// without samples. `None` where that cannot be told. It takes some ten milliseconds of CPU time.
pub fn cost_of_sample() -> Option<Duration> {
    const ROUNDS: usize = 10;
    const PERIOD_NS: u64 = 20_000;
    let thread = rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned();
    let (mut plain, mut sampled) = (Duration::MAX, None::<(Duration, usize)>);
    for _ in 0..ROUNDS {
        plain = plain.min(work());
        let mut events = Vec::new();
        for cpu in online_cpus() {
            events.push(open_event(thread, cpu, PERIOD_NS, Variant { in_kernel: false, threads_only: false }).ok()?);
        }
        let mut rings = events.iter().map(Ring::map).collect::<io::Result<Vec<Ring>>>().ok()?;
        let time = work();
        let mut bytes = Vec::new();
        rings.iter_mut().for_each(|ring| ring.drain(&mut bytes));
        let count = records::parse(&bytes).iter().filter(|record| matches!(record, Record::Sample(_))).count();
        if count > 0 && sampled.is_none_or(|(least, _)| time < least) {
            sampled = Some((time, count));
        }
    }
    let (time, count) = sampled?;
    Some(time.checked_sub(plain)? / u32::try_from(count).ok()?)
}

/// About a millisecond of arithmetic. The CPU time that it took: others may run meanwhile.
fn work() -> Duration {
    let start = clock::thread_time();
    let mut state = 88_172_645_463_325_252_u64;
    for _ in 0..500_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state = std::hint::black_box(state ^ (state << 17));
    }
    clock::thread_time().saturating_sub(start)
}

fn open_event(tid: u32, cpu: u32, period_ns: u64, variant: Variant) -> io::Result<OwnedFd> {
    // SAFETY: zeros are a valid value of this structure of the kernel, all of whose fields are numbers.
    let mut attributes: perf_event_attr = unsafe { std::mem::zeroed() };
    attributes.size = size_of::<perf_event_attr>() as u32;
    attributes.type_ = PERF_TYPE_SOFTWARE;
    attributes.config = u64::from(PERF_COUNT_SW_CPU_CLOCK);
    attributes.__bindgen_anon_1.sample_period = period_ns;
    attributes.sample_type = u64::from(PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CALLCHAIN);
    attributes.__bindgen_anon_2.wakeup_events = 1;
    attributes.clockid = libc::CLOCK_MONOTONIC;
    attributes.set_use_clockid(1);
    attributes.set_inherit(1);
    attributes.set_inherit_thread(variant.threads_only.into());
    attributes.set_task(1);
    attributes.set_exclude_kernel((!variant.in_kernel).into());
    attributes.set_exclude_hv(1);
    attributes.set_exclude_callchain_kernel(1);
    // SAFETY: the structure is complete and lives here.
    let event = unsafe {
        perf_event_open(&raw mut attributes, tid.cast_signed(), cpu.cast_signed(), -1, PERF_FLAG_FD_CLOEXEC.into())
    };
    if event < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a descriptor that was opened just now and belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(event) })
}

fn why_forbidden() -> CounterError {
    let level = fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").ok();
    match level.and_then(|text| text.trim().parse().ok()) {
        // Plain kernels forbid nothing of ours up to 2; those of Debian have a 3 that forbids all.
        Some(level @ 3..) if !rustix::process::geteuid().is_root() => CounterError::Paranoid { level },
        _ => CounterError::Forbidden,
    }
}

fn raise_file_limit(needed: usize) {
    const FOR_OTHERS: u64 = 256;
    let needed = needed as u64 + FOR_OTHERS;
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < needed) {
        limit.current = Some(limit.maximum.map_or(needed, |maximum| maximum.min(needed)));
        // If it cannot be raised, opening fails and says so.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

fn online_cpus() -> Vec<u32> {
    let text = fs::read_to_string("/sys/devices/system/cpu/online").unwrap_or_default();
    let found = parse_list(&text);
    if found.is_empty() {
        (0..std::thread::available_parallelism().map_or(1, |count| count.get() as u32)).collect()
    } else {
        found
    }
}

/// Numbers and ranges of numbers with commas between them, as the kernel writes sets of CPUs.
fn parse_list(text: &str) -> Vec<u32> {
    const MOST: u32 = 8192;
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse::<u32>().ok()?, last.parse::<u32>().ok()?);
        (last < MOST).then_some(first..=last)
    };
    text.trim().split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lists_of_cpus() {
        assert_eq!(parse_list("0-2,5,7-8\n"), [0, 1, 2, 5, 7, 8]);
        assert_eq!(parse_list(""), []);
        assert_eq!(parse_list("x,3,9-4000000000"), [3]);
        assert!(!online_cpus().is_empty());
    }
}
