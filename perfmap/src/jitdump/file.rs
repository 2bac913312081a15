//! The file of a dump. It is opened for each write and closed again, as a program may close file descriptors that it does
//! not know and open files of its own under their numbers. What keeps the file is the mapping of its first page.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::ptr;

use super::records::FILE_HEADER_SIZE;
use crate::append;
use crate::error::Reason;

pub(super) struct DumpFile {
    path: PathBuf,
    /// Device and number. While the file is mapped no other can have them.
    identity: (u64, u64),
    _marker: Marker,
}

impl DumpFile {
    /// Makes a file that begins with `contents`.
    pub(super) fn create(path: PathBuf, contents: &[u8]) -> Result<Self, Reason> {
        let file = append::create(&path)?;
        let identity = identity_of(&file)?;
        let marker = Marker::new(&file).map_err(|error| {
            // Nobody would ever find it.
            let _ = fs::remove_file(&path);
            Reason::Map(error)
        })?;
        append::append(&file, contents)?;
        Ok(Self { path, identity, _marker: marker })
    }

    pub(super) fn append(&self, records: &[u8]) -> Result<(), Reason> {
        let file = append::open_existing(&self.path)?;
        if identity_of(&file)? != self.identity {
            return Err(Reason::Replaced);
        }
        append::append(&file, records)
    }
}

fn identity_of(file: &File) -> Result<(u64, u64), Reason> {
    let metadata = file.metadata().map_err(Reason::Open)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// The first page of a dump, mapped as if it were code.
struct Marker(usize);

impl Marker {
    fn new(file: &File) -> io::Result<Self> {
        // SAFETY: a mapping at an address of the kernel's choice touches no existing memory; nobody uses what is in it.
        let start = unsafe {
            let protection = libc::PROT_READ | libc::PROT_EXEC;
            libc::mmap(ptr::null_mut(), FILE_HEADER_SIZE, protection, libc::MAP_PRIVATE, file.as_raw_fd(), 0)
        };
        if start == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(Self(start as usize)) }
    }
}

impl Drop for Marker {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, in a forked child the child's copy of it.
        unsafe { libc::munmap(self.0 as *mut _, FILE_HEADER_SIZE) };
    }
}
