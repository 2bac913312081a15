//! Executable memory, writable or executable but never both.
//!
//! Each executable has pages of its own, so that it can be freed alone. Addresses are not used a second time: the map in
//! which native profilers look up names only grows, and would name what was there before.

use std::io;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex};

/// Pages with machine code; unmapped when the last owner drops them.
#[derive(Clone)]
pub struct CodeMemory(Arc<Mapping>);

struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: a mapping belongs to the process, not to a thread, and nobody writes to it.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: nobody runs or reads the pages any more: their executable is gone. They are given back while their
        // addresses stay reserved. Should that fail they stay as they are, which only costs memory.
        unsafe {
            let flags = RESERVATION | libc::MAP_FIXED;
            libc::mmap(self.start.as_ptr().cast(), self.len, libc::PROT_NONE, flags, -1, 0);
        }
    }
}

impl CodeMemory {
    /// Puts machine code, which must need no more than page alignment, into pages of its own.
    ///
    /// # Errors
    /// When the system has no memory or addresses left.
    pub fn new(code: &[u8]) -> io::Result<CodeMemory> {
        const PAGE: usize = 4096;
        let len = code.len().max(1).next_multiple_of(PAGE);
        // What lies behind is left alone: `perf inject` takes unwind rules for mapped there.
        let start = reserve(len + (len / 4).next_multiple_of(PAGE))?;
        let mapping = Mapping { start, len };
        protect(&mapping, libc::PROT_READ | libc::PROT_WRITE)?;
        // SAFETY: the pages are reserved for this code alone, writable, and long enough.
        unsafe { start.as_ptr().copy_from_nonoverlapping(code.as_ptr(), code.len()) };
        protect(&mapping, libc::PROT_READ | libc::PROT_EXEC)?;
        Ok(CodeMemory(Arc::new(mapping)))
    }

    /// Where the machine code begins.
    pub fn start(&self) -> NonNull<u8> {
        self.0.start
    }
}

fn protect(mapping: &Mapping, protection: i32) -> io::Result<()> {
    // SAFETY: changes the protection of pages of our own, which nobody executes yet.
    match unsafe { libc::mprotect(mapping.start.as_ptr().cast(), mapping.len, protection) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// How addresses are reserved: without memory behind them.
const RESERVATION: i32 = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;

/// Bytes of addresses that are reserved at a time.
const REGION: usize = 64 << 20;

/// Addresses reserved and not given out yet.
static FREE: Mutex<Range<usize>> = Mutex::new(0..0);

fn map_nothing(size: usize) -> io::Result<Range<usize>> {
    // SAFETY: a mapping at an address of the kernel's choice touches no existing memory.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), size, libc::PROT_NONE, RESERVATION, -1, 0) };
    if start == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    Ok(start as usize..start as usize + size)
}

/// Takes `len` bytes of addresses that no executable has had before.
fn reserve(len: usize) -> io::Result<NonNull<u8>> {
    let mut free = FREE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if free.len() < len {
        // A process may be short of addresses: then take just what is needed.
        *free = map_nothing(len.max(REGION)).or_else(|_| map_nothing(len))?;
    }
    let start = free.start;
    free.start += len;
    NonNull::new(start as *mut u8).ok_or_else(|| io::Error::other("mapped at zero"))
}
