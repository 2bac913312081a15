//! The CPU time of another process, from the kernel's own accounting.

use std::time::Duration;

/// The CPU time that all threads of a process have taken so far, or `None` when there is no such process.
pub fn cpu_time(pid: u32) -> Option<Duration> {
    // How the kernel names the CPU clock of a process (clock_getcpuclockid of the C library does the same).
    let clock = (!pid.cast_signed() << 3) | 2;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes one timespec, which lives here.
    let failed = unsafe { libc::clock_gettime(clock, &raw mut time) } != 0;
    (!failed).then(|| Duration::new(time.tv_sec.cast_unsigned(), time.tv_nsec as u32))
}

/// The CPU time that the calling thread has taken so far.
pub fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.cast_unsigned(), time.tv_nsec as u32)
}

/// The clock that samples are stamped with, in nanoseconds.
pub fn monotonic_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_time() {
        let before = cpu_time(std::process::id()).unwrap();
        assert!(before > Duration::ZERO);
        assert!(cpu_time(std::process::id()).unwrap() >= before);
        assert_eq!(cpu_time(u32::MAX >> 4), None);
    }
}
