//! Threads beside those of the program, and how they have the interpreter do something.

use std::ffi::{c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
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

/// Starts a thread in which all signals are blocked, so that they reach the program's own threads as ever.
///
/// # Errors
/// There can be no thread.
pub fn spawn(name: &str, stack: usize, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
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
