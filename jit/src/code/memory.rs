//! Executable memory, writable or executable but never both.
//!
//! Each executable has pages of its own, so that it can be freed alone. Addresses are not used a second time: the map in
//! which native profilers look up names only grows, and would name what was there before. `cranelift-jit` writes the
//! code while the pages are writable and then asks for them to be made executable.

use std::io;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex};

use cranelift_jit::{BranchProtection, JITMemoryKind, JITMemoryProvider};
use cranelift_module::{ModuleError, ModuleResult};

struct Mapping {
    start: NonNull<u8>,
    len: usize,
    protection: i32,
}

// SAFETY: a mapping belongs to the process, not to a thread.
unsafe impl Send for Mapping {}

/// The pages of one executable; unmapped when the last owner drops them.
#[derive(Clone, Default)]
pub struct CodeMemory {
    mappings: Arc<Mutex<Mappings>>,
}

#[derive(Default)]
struct Mappings(Vec<Mapping>);

impl Drop for Mappings {
    fn drop(&mut self) {
        for mapping in &self.0 {
            // SAFETY: nobody runs or reads the pages any more: their executable is gone. They are given back while their
            // addresses stay reserved. Should that fail they stay as they are, which only costs memory.
            unsafe {
                let flags = RESERVATION | libc::MAP_FIXED;
                libc::mmap(mapping.start.as_ptr().cast(), mapping.len, libc::PROT_NONE, flags, -1, 0);
            }
        }
    }
}

impl CodeMemory {
    pub fn new() -> CodeMemory {
        CodeMemory::default()
    }

    /// A provider for one compilation, which puts its pages into this memory.
    pub fn provider(&self) -> Box<dyn JITMemoryProvider + Send> {
        Box::new(Provider { memory: self.clone() })
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

struct Provider {
    memory: CodeMemory,
}

impl JITMemoryProvider for Provider {
    fn allocate(&mut self, size: usize, align: u64, kind: JITMemoryKind) -> io::Result<*mut u8> {
        const PAGE: usize = 4096;
        assert!(align as usize <= PAGE, "code needs no more than page alignment");
        let len = size.max(1).next_multiple_of(PAGE);
        // What lies behind is left alone: `perf inject` takes unwind rules for mapped there.
        let start = reserve(len + (len / 4).next_multiple_of(PAGE))?;
        // SAFETY: the pages are reserved for this executable alone.
        if unsafe { libc::mprotect(start.as_ptr().cast(), len, libc::PROT_READ | libc::PROT_WRITE) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let protection = match kind {
            JITMemoryKind::Executable => libc::PROT_READ | libc::PROT_EXEC,
            JITMemoryKind::Writable => libc::PROT_READ | libc::PROT_WRITE,
            JITMemoryKind::ReadOnly => libc::PROT_READ,
        };
        lock(&self.memory).0.push(Mapping { start, len, protection });
        Ok(start.as_ptr())
    }

    unsafe fn free_memory(&mut self) {
        *lock(&self.memory) = Mappings::default();
    }

    fn finalize(&mut self, _: BranchProtection) -> ModuleResult<()> {
        for mapping in &lock(&self.memory).0 {
            // SAFETY: changes the protection of pages of our own, which nobody executes yet.
            let status = unsafe { libc::mprotect(mapping.start.as_ptr().cast(), mapping.len, mapping.protection) };
            if status != 0 {
                return Err(ModuleError::Backend(io::Error::last_os_error().into()));
            }
        }
        Ok(())
    }
}

fn lock(memory: &CodeMemory) -> std::sync::MutexGuard<'_, Mappings> {
    memory.mappings.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
