//! Threads beside those of the program, and how they have the interpreter do something.

use std::ffi::{c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::cpython::ffi::_PyEval_AddPendingCall;
use crate::cpython::thread::Thread;

/// A pending call: run with the GIL held, at a start of a function, a jump back or after a call.
pub type Pending = unsafe extern "C-unwind" fn(*mut c_void) -> c_int;

/// How often the end of the process tries to get the lock. It is held for less than a microsecond, unless a fork that Python
/// knew nothing of has copied it so; then there is no thread either.
const PATIENCE: u32 = 1000;

/// The address of the interpreter state while pending calls may be queued, else 0.
static INTERP: Mutex<usize> = Mutex::new(0);

/// The processor time that the calling thread has had so far. What a compilation costs is measured by it: a busy machine makes
/// compiling slower, not more expensive.
pub fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call fills in the structure; it cannot fail for this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Starts a thread in which all signals are blocked, so that they reach the program's own threads as ever.
///
/// # Errors
/// There can be no thread.
pub fn spawn<T: Send + 'static>(
    name: &str,
    stack: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let (mut all, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    // SAFETY: the sets are this function's own; the first is filled before it is used, the second by the call. A new
    // thread begins with what is blocked in the one that starts it.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
    }
    let thread = thread::Builder::new().name(name.into()).stack_size(stack).spawn(work);
    // SAFETY: filled above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    thread
}

/// Lets pending calls be queued. The GIL must be held.
pub fn open() {
    // SAFETY: the GIL is held, so this thread is attached.
    *lock() = unsafe { Thread::current() }.interp() as usize;
}

/// From now on none is queued: the interpreter is about to end.
pub fn close() {
    for _ in 0..PATIENCE {
        if let Ok(mut interp) = INTERP.try_lock() {
            *interp = 0;
            return;
        }
        thread::sleep(Duration::from_micros(100));
    }
}

/// Has the next thread that looks at its eval breaker call `function`. Says whether it will: too many calls may be
/// waiting, or the interpreter is about to end.
pub fn call_soon(function: Pending) -> bool {
    let interp = lock();
    // SAFETY: the interpreter lives as long as the address is there, and the lock keeps it there; the call needs no
    // attached thread, and its function no argument.
    *interp != 0 && unsafe { _PyEval_AddPendingCall(*interp as *mut _, Some(function), std::ptr::null_mut(), 0) } == 0
}

fn lock() -> std::sync::MutexGuard<'static, usize> {
    // Nothing panics while it is held.
    INTERP.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The calling thread's number.
pub fn number() -> i32 {
    // SAFETY: only asks.
    unsafe { libc::gettid() }
}

/// The process that has forked last, 0 before, and whether its main thread did.
static FORKED_IN: AtomicU32 = AtomicU32::new(0);
static FORKED_BY_MAIN: AtomicBool = AtomicBool::new(false);

/// Notes that this thread is about to fork the process.
pub fn note_fork() {
    let process = std::process::id();
    FORKED_IN.store(process, Ordering::Relaxed);
    FORKED_BY_MAIN.store(u32::try_from(number()) == Ok(process), Ordering::Relaxed);
}

/// Whether threads of ours may stay in this process: what another thread than the main one forks ends with that thread, unless there
/// is one more.
pub fn may_stay() -> bool {
    let forked_in = FORKED_IN.load(Ordering::Relaxed);
    forked_in == 0 || forked_in == std::process::id() || FORKED_BY_MAIN.load(Ordering::Relaxed)
}

/// Waits until the system does not count a thread any more that has ended: CPython asks it when the process forks.
pub fn wait_until_gone(number: i32) {
    let path = format!("/proc/self/task/{number}");
    for _ in 0..PATIENCE {
        if !std::path::Path::new(&path).exists() {
            return;
        }
        thread::sleep(Duration::from_micros(50));
    }
}

/// Gives the calling thread a table of file descriptors of its own with nothing but `/dev/null` in it, in the places of the
/// standard streams: what it opens is not the program's, which may close all of its own or count them, and what the program
/// closes is closed.
///
/// # Errors
/// The system does not allow it.
pub fn leave_descriptors() -> io::Result<()> {
    // SAFETY: only the calling thread's table changes, and it has used no descriptor yet.
    unsafe {
        let all_at_once = libc::syscall(libc::SYS_close_range, 0, libc::c_uint::MAX, libc::CLOSE_RANGE_UNSHARE);
        if all_at_once != 0 {
            // Linux before 5.9.
            if libc::unshare(libc::CLONE_FILES) != 0 {
                return Err(io::Error::last_os_error());
            }
            for entry in std::fs::read_dir("/proc/thread-self/fd")?.flatten().collect::<Vec<_>>() {
                if let Some(number) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
                    libc::close(number);
                }
            }
        }
        for _ in 0..3 {
            if libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC) < 0 {
                return Err(io::Error::last_os_error());
            }
        }
    }
    Ok(())
}
