//! What can go wrong with a sink. It is data rather than a message, so that the program decides how to say it.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a sink switched itself off. Reported once; the program goes on.
#[derive(Debug)]
pub struct SinkError {
    /// Which sink, in words: "perf map".
    pub sink: &'static str,
    /// The file concerned, for sinks that have one.
    pub path: Option<PathBuf>,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a sink or its file.
#[derive(Debug)]
pub enum Reason {
    /// It could not be opened or created.
    Open(io::Error),
    /// It could not be written: the disk is full, a limit is reached.
    Write(io::Error),
    /// It is a symbolic link, and following it could overwrite any file of this user.
    Symlink,
    /// It is a directory, a pipe or a device.
    NotRegular,
    /// It belongs to the user of this id.
    ForeignOwner(u32),
    /// It has this many names, so what is written there is written elsewhere, too.
    HardLinked(u64),
    /// It is not the file that was created under this name, which is gone or has another name now.
    Replaced,
    /// It cannot be mapped as if it were code, which is how perf finds it.
    Map(io::Error),
    /// What is known of a region does not fit the format.
    Encode(gimli::write::Error),
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{} {} is off: ", self.sink, path.display())?,
            None => write!(f, "{} is off: ", self.sink)?,
        }
        match &self.reason {
            Reason::Open(error) => write!(f, "cannot open it: {error}"),
            Reason::Write(error) => write!(f, "cannot write to it: {error}; make room there"),
            Reason::Symlink => write!(f, "it is a symbolic link, which is never followed; remove it"),
            Reason::NotRegular => write!(f, "it is not a regular file; remove it"),
            Reason::ForeignOwner(uid) => write!(f, "it belongs to user {uid}; have it removed"),
            Reason::HardLinked(links) => {
                write!(f, "it is one of {links} names of a file; remove it")
            }
            Reason::Replaced => write!(f, "another file has taken its place"),
            Reason::Map(error) => {
                write!(f, "cannot map it for perf to find: {error}; use a file system that is not mounted noexec")
            }
            Reason::Encode(error) => write!(f, "cannot describe the code: {error}"),
        }
    }
}

impl std::error::Error for SinkError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            Reason::Open(error) | Reason::Write(error) | Reason::Map(error) => Some(error),
            Reason::Encode(error) => Some(error),
            _ => None,
        }
    }
}
