//! The file of a page while it comes into being, and why it may not.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::files::{self, Unsafe};
use crate::layout;
use crate::process;

/// Why a page could not be made. The process can go on with [`Page::anonymous`](super::Page::anonymous), but nobody can look into it.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The directory is not ours alone, or not a directory.
    #[error("{path} is not safe to keep the page of this process in: {why}; remove it, or set XDG_RUNTIME_DIR to a directory of your own", path = .path.display())]
    UnsafeDirectory {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The directory cannot be made.
    #[error("cannot make the directory {path}: {source}", path = .path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be made, mapped or named.
    #[error("cannot make the page {path}: {source}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The process cannot find out when it was started.
    #[error("cannot read the start time of this process from /proc/self/stat; is /proc mounted?")]
    NoStartTime,
}

/// A page that readers find.
pub(super) struct PublishedFile {
    pub path: PathBuf,
    pub pid: u32,
}

/// A directory for files that are large and may stay, and that nobody else may touch, made and checked.
pub fn own_directory() -> Result<PathBuf, CreateError> {
    let directory = files::own_directory_on_disk();
    prepare(&directory)?;
    Ok(directory)
}

fn prepare(directory: &Path) -> Result<(), CreateError> {
    files::prepare_directory(directory).map_err(|error| match error {
        Unsafe::Because(why) => CreateError::UnsafeDirectory { path: directory.into(), why },
        Unsafe::Io(source) => CreateError::Directory { path: directory.into(), source },
    })
}

/// A file that is not yet found by readers, and is removed if it never will be.
pub(super) struct UnfinishedFile {
    pub file: fs::File,
    path: PathBuf,
    directory: PathBuf,
    pub start: u64,
}

impl UnfinishedFile {
    pub fn create(directory: &Path) -> Result<Self, CreateError> {
        prepare(directory)?;
        let pid = std::process::id();
        let start = process::start_ticks(pid).ok_or(CreateError::NoStartTime)?;
        let (file, path) = files::create(directory, pid, layout::PAGE_SIZE)
            .map_err(|source| CreateError::File { path: files::page_path(directory, pid), source })?;
        Ok(Self { file, path, directory: directory.into(), start })
    }

    /// Passes a result on, and cleans up after an error.
    pub fn attempt<T>(&self, result: io::Result<T>) -> Result<T, CreateError> {
        result.map_err(|source| {
            // The failure that is reported matters more than one in cleaning up after it.
            let _ = fs::remove_file(&self.path);
            CreateError::File { path: self.path.clone(), source }
        })
    }

    /// Lets readers find the page.
    pub fn publish(&self) -> Result<PublishedFile, CreateError> {
        let pid = std::process::id();
        let path = self.attempt(files::publish(&self.path, &self.directory, pid))?;
        Ok(PublishedFile { path, pid })
    }
}
