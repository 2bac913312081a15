//! Appending to a file in a directory that everybody can write to, next to other writers.
//!
//! Two dangers: what lies at the path may have been put there by somebody else to have this user overwrite
//! something, and a write may end this process, because the kernel's answer to a file that reaches its size limit
//! (`ulimit -f`) is a signal whose default action is death.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::ptr;

use crate::error::Reason;

/// Opens a file for appending, creates it if need be, and refuses whatever is not plainly this user's own.
pub(crate) fn open(path: &Path) -> Result<File, Reason> {
    open_with(OpenOptions::new().append(true).create(true), path)
}

/// The same, but the file has to be there.
pub(crate) fn open_existing(path: &Path) -> Result<File, Reason> {
    open_with(OpenOptions::new().append(true), path)
}

/// Creates a file, which can be read, too. One that is there already is replaced if it is plainly this user's own: it may
/// still be in use elsewhere, so it loses its name rather than its contents.
pub(crate) fn create(path: &Path) -> Result<File, Reason> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create_new(true);
    match open_with(&mut options, path) {
        Err(Reason::Open(error)) if error.kind() == io::ErrorKind::AlreadyExists => {
            open_existing(path)?;
            fs::remove_file(path).map_err(Reason::Open)?;
            open_with(&mut options, path)
        }
        other => other,
    }
}

fn open_with(options: &mut OpenOptions, path: &Path) -> Result<File, Reason> {
    let file = options
        .mode(0o600)
        // O_NONBLOCK: opening a planted pipe must not wait for a reader. Regular files take no notice of it.
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK)
        .open(path)
        .map_err(|error| match error.raw_os_error() {
            Some(libc::ELOOP) => Reason::Symlink,
            Some(libc::EISDIR | libc::ENXIO) => Reason::NotRegular,
            _ => Reason::Open(error),
        })?;
    let metadata = file.metadata().map_err(Reason::Open)?;
    if !metadata.is_file() {
        Err(Reason::NotRegular)
    } else if metadata.uid() != effective_user() {
        Err(Reason::ForeignOwner(metadata.uid()))
    } else if metadata.nlink() != 1 {
        Err(Reason::HardLinked(metadata.nlink()))
    } else {
        Ok(file)
    }
}

/// Appends whole lines or records in one `write`, so that they stay whole when others append to the same file.
pub(crate) fn append(mut file: &File, bytes: &[u8]) -> Result<(), Reason> {
    without_size_signal(|| file.write_all(bytes)).map_err(Reason::Write)
}

fn effective_user() -> u32 {
    // SAFETY: it has no preconditions and cannot fail.
    unsafe { libc::geteuid() }
}

/// Runs a write with SIGXFSZ held back from this thread, and swallows the one that the write may raise.
fn without_size_signal(write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let mut only = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset initializes `only`, the later calls get initialized sets or room for one.
    let only = unsafe {
        libc::sigemptyset(only.as_mut_ptr());
        libc::sigaddset(only.as_mut_ptr(), libc::SIGXFSZ);
        libc::pthread_sigmask(libc::SIG_BLOCK, only.as_ptr(), before.as_mut_ptr());
        only.assume_init()
    };
    let result = write();
    if matches!(&result, Err(error) if error.raw_os_error() == Some(libc::EFBIG)) {
        let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: all pointers are to live values; a null info means that it is not wanted.
        unsafe { libc::sigtimedwait(&only, ptr::null_mut(), &at_once) };
    }
    // SAFETY: `before` was filled in by the first call, which cannot fail with these arguments.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut()) };
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_an_error() {
        let full = OpenOptions::new().append(true).open("/dev/full").unwrap();
        let Err(Reason::Write(error)) = append(&full, b"1000 10 f\n") else {
            panic!("writing to a full device succeeded");
        };
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn devices_and_pipes_are_refused_without_waiting() {
        assert!(matches!(open(Path::new("/dev/full")), Err(Reason::NotRegular)));
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(matches!(open(&pipe), Err(Reason::NotRegular)));
    }
}
