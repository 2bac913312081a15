//! Where pages lie: the directory of a user, the file of a process, and what must hold before either is trusted.
//!
//! A page lies in `$XDG_RUNTIME_DIR/rjit`, or where there is no such runtime directory in `/dev/shm/rjit-UID`, which is in memory, too,
//! or in `/tmp/rjit-UID`. The latter two belong to everybody, so a directory there that is not ours alone could have been laid out
//! by somebody else and is refused.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, OFlags};

/// What the names of sockets end with.
pub(crate) const SOCKET: &str = "sock";

/// Directories that everybody can write to. In the first, which is in memory, a page takes no time to make, and none to be written
/// back to a disk while its counters run.
const SHARED: [&str; 2] = ["/dev/shm", ON_DISK];
const ON_DISK: &str = "/tmp";

/// Why a directory or file is not trusted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsafe {
    #[error("{0}")]
    Because(String),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The user this process acts as.
pub(crate) fn current_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The directory this process writes its page to.
pub(crate) fn own_directory() -> PathBuf {
    runtime_directory().unwrap_or_else(|| {
        let is_usable = |parent: &&str| rustix::fs::access(*parent, Access::WRITE_OK | Access::EXEC_OK).is_ok();
        shared_directory(SHARED.into_iter().find(is_usable).unwrap_or(ON_DISK), current_user())
    })
}

/// The directory for files that are large and may stay.
pub(crate) fn own_directory_on_disk() -> PathBuf {
    runtime_directory().unwrap_or_else(|| shared_directory(ON_DISK, current_user()))
}

/// That of the user's runtime directory, if there is one.
fn runtime_directory() -> Option<PathBuf> {
    let user = current_user();
    let usable =
        |dir: &PathBuf| dir.is_absolute() && fs::metadata(dir).is_ok_and(|found| found.is_dir() && found.uid() == user);
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(usable)?;
    Some(runtime.join("rjit"))
}

/// The directories where pages of a user may lie, likely ones first.
pub(crate) fn directories_of(user: u32, runtime_dir: Option<PathBuf>) -> Vec<PathBuf> {
    let mut found = vec![own_directory(), PathBuf::from(format!("/run/user/{user}/rjit"))];
    found.extend(SHARED.map(|parent| shared_directory(parent, user)));
    if let Some(runtime) = runtime_dir.filter(|dir| dir.is_absolute()) {
        found.insert(0, runtime.join("rjit"));
    }
    let mut unique = Vec::new();
    for dir in found {
        if !unique.contains(&dir) {
            unique.push(dir);
        }
    }
    unique
}

/// The directories where anybody's pages may lie, as far as we can look.
pub(crate) fn all_directories() -> Vec<PathBuf> {
    let mut found = directories_of(current_user(), None);
    let inside = |parent: &str| fs::read_dir(parent).into_iter().flatten().flatten();
    found.extend(inside("/run/user").map(|user| user.path().join("rjit")));
    for parent in SHARED {
        found.extend(inside(parent).filter(|entry| user_of_shared(&entry.path()).is_some()).map(|entry| entry.path()));
    }
    found.sort();
    found.dedup();
    found
}

/// The file of a process in a directory.
pub(crate) fn page_path(directory: &Path, pid: u32) -> PathBuf {
    directory.join(format!("{pid}.page"))
}

/// The process whose page has this file name.
pub(crate) fn pid_of(path: &Path) -> Option<u32> {
    path.file_name()?.to_str()?.strip_suffix(".page")?.parse().ok()
}

/// Makes the directory if it is missing, and checks that it is ours alone.
pub(crate) fn prepare_directory(directory: &Path) -> Result<(), Unsafe> {
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => check_directory(directory, current_user()),
    }
}

/// Checks that a directory belongs to `user` alone.
pub(crate) fn check_directory(directory: &Path, user: u32) -> Result<(), Unsafe> {
    check_directory_metadata(&fs::symlink_metadata(directory)?, user)
}

/// Opens a directory that belongs to `user` alone, so that it can be reached whatever becomes of its name.
pub(crate) fn open_directory(directory: &Path, user: u32) -> Result<File, Unsafe> {
    let flags = OFlags::NOFOLLOW | OFlags::DIRECTORY;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(directory)?;
    check_directory_metadata(&opened.metadata()?, user)?;
    Ok(opened)
}

fn check_directory_metadata(found: &Metadata, user: u32) -> Result<(), Unsafe> {
    if found.is_symlink() {
        return because("it is a symbolic link");
    }
    if !found.is_dir() {
        return because("it is not a directory");
    }
    check_owner(found, user)?;
    if found.mode() & 0o077 != 0 {
        return because(format!("others have access to it (mode {:o}, should be 700)", found.mode() & 0o7777));
    }
    Ok(())
}

/// The socket of a process in an open directory, by a path that is short enough for the address of a socket.
pub(crate) fn socket_path(directory: &File, pid: u32) -> PathBuf {
    // Threads may have descriptors of their own.
    PathBuf::from(format!("/proc/thread-self/fd/{}/{pid}.{SOCKET}", directory.as_raw_fd()))
}

/// The process whose socket has this file name.
pub(crate) fn pid_of_socket(path: &Path) -> Option<u32> {
    path.file_name()?.to_str()?.strip_suffix(SOCKET)?.strip_suffix('.')?.parse().ok()
}

/// Makes an empty file of `size` bytes under a name that is not looked for; [`publish`] gives it its own.
pub(crate) fn create(directory: &Path, pid: u32, size: usize) -> io::Result<(File, PathBuf)> {
    let path = directory.join(format!("{pid}.new"));
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o600).custom_flags(OFlags::NOFOLLOW.bits() as i32);
    let file = match options.open(&path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(&path)?;
            options.open(&path)?
        }
        other => other?,
    };
    file.set_len(size as u64)?;
    Ok((file, path))
}

/// Gives a complete page its name, in the place of one that an earlier process with our pid has left.
pub(crate) fn publish(unfinished: &Path, directory: &Path, pid: u32) -> io::Result<PathBuf> {
    let path = page_path(directory, pid);
    fs::rename(unfinished, &path)?;
    Ok(path)
}

/// Opens a page to be read and checks that it is a plain file that only `user` can have written.
pub(crate) fn open(path: &Path, user: u32) -> Result<File, Unsafe> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return because("it is not a plain file");
    }
    check_owner(&found, user)?;
    if found.mode() & 0o022 != 0 {
        return because(format!("others may write it (mode {:o})", found.mode() & 0o7777));
    }
    Ok(file)
}

fn check_owner(found: &Metadata, user: u32) -> Result<(), Unsafe> {
    if found.uid() == user { Ok(()) } else { because(format!("it belongs to user {}, not {user}", found.uid())) }
}

fn shared_directory(parent: &str, user: u32) -> PathBuf {
    Path::new(parent).join(format!("rjit-{user}"))
}

fn user_of_shared(path: &Path) -> Option<u32> {
    path.file_name()?.to_str()?.strip_prefix("rjit-")?.parse().ok()
}

fn because<T>(why: impl Into<String>) -> Result<T, Unsafe> {
    Err(Unsafe::Because(why.into()))
}
