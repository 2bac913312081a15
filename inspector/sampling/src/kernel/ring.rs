//! The ring of memory in which the kernel leaves records (`perf_event_mmap_page` and what follows it).

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use perf_event_open_sys::bindings::perf_event_mmap_page;

/// Pages of records; a power of two. A record of a usual stack takes 400 bytes, and readers wake up for each.
const DATA_PAGES: usize = 16;

/// A mapped ring.
pub struct Ring {
    start: NonNull<u8>,
    page: usize,
}

// SAFETY: the mapping belongs to this value alone and is not tied to a thread.
unsafe impl Send for Ring {}

impl Ring {
    /// Maps the ring of an event.
    ///
    /// # Errors
    /// When there is no memory that may be locked, or the event has no ring.
    pub fn map(event: &OwnedFd) -> io::Result<Self> {
        let page = rustix::param::page_size();
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let length = (1 + DATA_PAGES) * page;
        // SAFETY: a new mapping at an address that the kernel chooses.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), length, protection, libc::MAP_SHARED, event.as_raw_fd(), 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, page })
    }

    /// Appends the bytes of all records that came since the last time, and gives their room back to the kernel.
    pub fn drain(&mut self, records: &mut Vec<u8>) {
        let head = self.counter(std::mem::offset_of!(perf_event_mmap_page, data_head)).load(Ordering::Acquire);
        let tail = self.counter(std::mem::offset_of!(perf_event_mmap_page, data_tail));
        let mut position = tail.load(Ordering::Relaxed);
        let size = (DATA_PAGES * self.page) as u64;
        if head.wrapping_sub(position) <= size {
            while position != head {
                let offset = (position % size) as usize;
                let length = (head.wrapping_sub(position)).min(size - offset as u64) as usize;
                // SAFETY: inside of the mapping, and the kernel does not write there until the tail has passed it.
                let bytes = unsafe { std::slice::from_raw_parts(self.start.as_ptr().add(self.page + offset), length) };
                records.extend_from_slice(bytes);
                position = position.wrapping_add(length as u64);
            }
        }
        tail.store(head, Ordering::Release);
    }

    fn counter(&self, offset: usize) -> &AtomicU64 {
        // SAFETY: an aligned word of the mapping's first page, which both sides access atomically.
        unsafe { self.start.add(offset).cast().as_ref() }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the mapping that `map` made; nothing refers to it any more.
        unsafe { libc::munmap(self.start.as_ptr().cast(), (1 + DATA_PAGES) * self.page) };
    }
}
