//! The memory behind a page, as a slice of atomic words. The only unsafe code of the crate.
//!
//! Two processes touch the same bytes at the same time, which Rust allows for atomics alone. Seeing the mapping as
//! `[AtomicU64]` and nothing else leaves all the code above safe.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU64;

use rustix::io::Errno;
use rustix::mm::{self, Advice, MapFlags, ProtFlags};

/// A memory mapping of whole words. Its address never changes while it lives.
pub(crate) struct Mapping {
    base: NonNull<AtomicU64>,
    bytes: usize,
}

// SAFETY: the mapping is owned, and all access to it is atomic.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

const READ_WRITE: ProtFlags = ProtFlags::READ.union(ProtFlags::WRITE);

impl Mapping {
    /// Maps a file to be written.
    pub fn shared(file: &File, bytes: usize) -> io::Result<Self> {
        Self::map(file, bytes, READ_WRITE)
    }

    /// Maps a file to be read. Storing to the words of such a mapping would end the process, so readers never do.
    pub fn read_only(file: &File, bytes: usize) -> io::Result<Self> {
        Self::map(file, bytes, ProtFlags::READ)
    }

    /// Maps memory that nobody else sees.
    pub fn anonymous(bytes: usize) -> io::Result<Self> {
        // SAFETY: a new mapping at a place that the kernel chooses overlaps nothing.
        let base = unsafe { mm::mmap_anonymous(ptr::null_mut(), bytes, READ_WRITE, MapFlags::PRIVATE)? };
        Ok(Self::own(base.cast(), bytes))
    }

    /// Puts a file, or fresh memory of this process alone, in the place of what was mapped, at the same address.
    pub fn replace(&self, file: Option<&File>) -> io::Result<()> {
        let base = self.base.as_ptr().cast();
        // SAFETY: exactly our own mapping is replaced, by one with the same size and rights; access stays atomic.
        unsafe {
            match file {
                Some(file) => {
                    mm::mmap(base, self.bytes, READ_WRITE, MapFlags::SHARED | MapFlags::FIXED, file.as_fd(), 0)?
                }
                None => mm::mmap_anonymous(base, self.bytes, READ_WRITE, MapFlags::PRIVATE | MapFlags::FIXED)?,
            };
        }
        Ok(())
    }

    /// Makes sure that the bytes of this range can be written, so that a full disk is an error here and not a SIGBUS later.
    /// Kernels before 5.14 cannot tell; there, this does nothing.
    pub fn reserve(&self, start: usize, end: usize) -> io::Result<()> {
        let page = rustix::param::page_size();
        let (start, end) = (start / page * page, end.next_multiple_of(page).min(self.bytes.next_multiple_of(page)));
        assert!(start < end, "an empty range of the page was to be reserved");
        // SAFETY: the range lies in our mapping, and populating does not change what memory holds.
        let populated = unsafe {
            let first = self.base.as_ptr().byte_add(start).cast();
            mm::madvise(first, end - start, Advice::LinuxPopulateWrite)
        };
        match populated {
            Err(Errno::INVAL) => Ok(()),
            // What the kernel says where a write would have ended the process.
            Err(Errno::FAULT) => Err(Errno::NOSPC.into()),
            other => Ok(other?),
        }
    }

    /// The mapped words.
    pub fn words(&self) -> &[AtomicU64] {
        // SAFETY: the mapping is that large, page-aligned, initialized by the kernel, and lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), self.bytes / size_of::<u64>()) }
    }

    fn map(file: &File, bytes: usize, rights: ProtFlags) -> io::Result<Self> {
        // SAFETY: a new mapping at a place that the kernel chooses overlaps nothing.
        let base = unsafe { mm::mmap(ptr::null_mut(), bytes, rights, MapFlags::SHARED, file.as_fd(), 0)? };
        Ok(Self::own(base.cast(), bytes))
    }

    fn own(base: *mut AtomicU64, bytes: usize) -> Self {
        let base = NonNull::new(base).expect("the kernel does not map at address zero unless asked to");
        Self { base, bytes }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no borrow of its words outlives `self`.
        let unmapped = unsafe { mm::munmap(self.base.as_ptr().cast(), self.bytes) };
        debug_assert!(unmapped.is_ok(), "unmapping the page failed: {unmapped:?}");
    }
}
