//! The reading side: finding the page of a process, telling why there is none, and mapping it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::copy::copy;
use crate::files::{self, Unsafe};
use crate::layout;
use crate::mapping::Mapping;
use crate::process;
use crate::snapshot::{Identity, ParseError, Snapshot};

/// Why the page of a process cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such process.
    #[error("there is no process {pid}")]
    NoSuchProcess {
        /// The process asked for.
        pid: u32,
    },
    /// The process has ended without removing its page.
    #[error("process {pid} has ended; it left {path}, which `rjit-inspect list` removes", path = .path.display())]
    Ended {
        /// The process asked for.
        pid: u32,
        /// The page that was left behind.
        path: PathBuf,
    },
    /// The page was left by an earlier process with this pid, or by this one before it became another program.
    #[error("the program that wrote {path} has ended; process {pid} does not run rjit now", path = .path.display())]
    Stale {
        /// The process asked for.
        pid: u32,
        /// The page that was left behind.
        path: PathBuf,
    },
    /// The process lives but has no page.
    #[error("process {pid} does not run rjit, or rjit is not enabled in it; `rjit-inspect list` shows those that do")]
    NoPage {
        /// The process asked for.
        pid: u32,
    },
    /// The process belongs to somebody else.
    #[error("process {pid} belongs to user {user}, and only that user and root may look into it")]
    NotPermitted {
        /// The process asked for.
        pid: u32,
        /// Its user.
        user: u32,
    },
    /// The page was written by a version of rjit whose layout this one does not know.
    #[error("process {pid} writes layout version {found}, and this program reads version {known}; use the rjit-inspect that was installed with the rjit of that process", known = layout::MAJOR)]
    OtherVersion {
        /// The process asked for.
        pid: u32,
        /// Its major version.
        found: u16,
    },
    /// The page is not what a page should be.
    #[error("the page {path} cannot be read: {fault}", path = .path.display())]
    Damaged {
        /// The page.
        path: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
    /// Somebody else could have written the page.
    #[error("{path} is not trusted: {why}", path = .path.display())]
    Untrusted {
        /// The page or its directory.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system refused something else.
    #[error("cannot read {path}: {source}", path = .path.display())]
    Io {
        /// The page or its directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The page of another process, mapped to be read.
pub struct PageView {
    mapping: Mapping,
    file: File,
    path: PathBuf,
    identity: Identity,
}

impl PageView {
    /// Finds and maps the page of a process.
    pub fn open(pid: u32) -> Result<Self, OpenError> {
        let Some((user, _)) = process::owner(pid).ok().zip(process::start_ticks(pid)) else {
            let left = files::directories_of(files::current_user(), None);
            let left = left.iter().map(|directory| files::page_path(directory, pid)).find(|path| path.exists());
            return Err(left.map_or(OpenError::NoSuchProcess { pid }, |path| OpenError::Ended { pid, path }));
        };
        let mut problem = None;
        for directory in files::directories_of(user, process::runtime_dir(pid)) {
            match Self::open_in(&directory, pid, user) {
                Ok(view) => return Ok(view),
                Err(OpenError::NoPage { .. }) => {}
                Err(error) => problem = problem.or(Some(error)),
            }
        }
        // Whoever may not look into a process cannot tell either whether there would be something to see.
        let nothing = match files::current_user() {
            current if current == user || current == 0 => OpenError::NoPage { pid },
            _ => OpenError::NotPermitted { pid, user },
        };
        Err(problem.unwrap_or(nothing))
    }

    /// Maps the page of a process of `user` in a directory, or says [`OpenError::NoPage`] if it is not there.
    pub fn open_in(directory: &Path, pid: u32, user: u32) -> Result<Self, OpenError> {
        let path = files::page_path(directory, pid);
        let explain = |place: &Path, error: Unsafe| match error {
            Unsafe::Because(why) => OpenError::Untrusted { path: place.into(), why },
            Unsafe::Io(source) => match source.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => OpenError::NoPage { pid },
                io::ErrorKind::PermissionDenied => OpenError::NotPermitted { pid, user },
                _ => OpenError::Io { path: place.into(), source },
            },
        };
        files::check_directory(directory, user).map_err(|error| explain(directory, error))?;
        let file = files::open(&path, user).map_err(|error| explain(&path, error))?;
        // To be asked before we map it ourselves, since the process may be our own.
        let inode = file.metadata().map_or(0, |found| found.ino());
        let mapped = process::maps_inode(pid, inode);
        let view = Self::map(file, path, pid)?;
        // Left behind by an earlier process with the same pid, or by the same process before it became another program.
        if !view.is_alive() || mapped == Some(false) {
            return Err(OpenError::Stale { pid, path: view.path });
        }
        Ok(view)
    }

    /// Whose page it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The file of the page.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The user that the page belongs to.
    pub(crate) fn owner(&self) -> io::Result<u32> {
        Ok(self.file.metadata()?.uid())
    }

    /// Whether the process that writes the page still lives.
    pub fn is_alive(&self) -> bool {
        process::is_alive(self.identity.pid, self.identity.start_ticks)
    }

    /// What the page says now; after the end of its process, what it said last.
    pub fn snapshot(&self) -> Result<Snapshot, OpenError> {
        let length = self.file.metadata().map_err(|source| OpenError::Io { path: self.path.clone(), source })?.len();
        if (length as usize) < size_of_val(self.mapping.words()) {
            return Err(OpenError::Damaged { path: self.path.clone(), fault: "it was cut off".into() });
        }
        let parsed = copy(self.mapping.words()).and_then(|bytes| Snapshot::parse(&bytes));
        parsed.map_err(|error| refuse(error, self.identity.pid, &self.path))
    }

    fn map(file: File, path: PathBuf, pid: u32) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Io { path: path.clone(), source };
        let length = usize::try_from(file.metadata().map_err(failed)?.len()).unwrap_or(usize::MAX);
        let damaged = |fault: &str| OpenError::Damaged { path: path.clone(), fault: fault.into() };
        if length < layout::HEADER_SIZE {
            return Err(damaged("it is shorter than its header"));
        }
        if length > layout::LARGEST_PAGE {
            return Err(damaged("it is larger than any page"));
        }
        let mapping = Mapping::read_only(&file, length / 8 * 8).map_err(failed)?;
        let snapshot = copy(mapping.words()).and_then(|bytes| Snapshot::parse(&bytes));
        let identity = snapshot.map_err(|error| refuse(error, pid, &path))?.identity;
        if identity.pid != pid {
            return Err(damaged("it names another process than its file does"));
        }
        Ok(Self { mapping, file, path, identity })
    }
}

/// All processes with a page, as far as this user can see.
#[derive(Default)]
pub struct Listing {
    /// Live processes, in the order of their pids.
    pub views: Vec<PageView>,
    /// Pages that are there but cannot be read, in the order of their pids.
    pub unreadable: Vec<(u32, OpenError)>,
    /// Pages and sockets of this user's dead processes, which are removed now.
    pub removed: Vec<PathBuf>,
}

/// Finds the live processes with a page, and removes what dead processes of this user have left.
pub fn list() -> Listing {
    list_in(&files::all_directories())
}

fn list_in(directories: &[PathBuf]) -> Listing {
    let mut listing = Listing::default();
    for directory in directories {
        let Ok(user) = fs::symlink_metadata(directory).map(|found| found.uid()) else {
            continue;
        };
        let Ok(entries) = fs::read_dir(directory) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            let Some(pid) = files::pid_of(&path) else {
                let is_left = files::pid_of_socket(&path).is_some_and(|pid| process::start_ticks(pid).is_none());
                if is_left && user == files::current_user() && fs::remove_file(&path).is_ok() {
                    listing.removed.push(path);
                }
                continue;
            };
            match PageView::open_in(directory, pid, user) {
                Ok(view) => listing.views.push(view),
                Err(OpenError::NoPage { .. }) => {}
                Err(OpenError::Untrusted { path, why }) => {
                    listing.unreadable.push((pid, OpenError::Untrusted { path, why }));
                }
                Err(error) if matches!(error, OpenError::Stale { .. }) || process::start_ticks(pid).is_none() => {
                    let left = [path.clone(), path.with_extension(files::SOCKET)];
                    let is_ours = user == files::current_user();
                    listing.removed.extend(left.into_iter().filter(|left| is_ours && fs::remove_file(left).is_ok()));
                }
                Err(error) => listing.unreadable.push((pid, error)),
            }
        }
    }
    listing.views.sort_by_key(|view| view.identity.pid);
    listing.unreadable.sort_by_key(|(pid, _)| *pid);
    listing
}

fn refuse(error: ParseError, pid: u32, path: &Path) -> OpenError {
    match error {
        ParseError::OtherVersion { found } => OpenError::OtherVersion { pid, found },
        other => OpenError::Damaged { path: path.into(), fault: other.to_string() },
    }
}
