//! `/proc/PID/maps`: which file lies where.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// A stretch of memory that a process has mapped from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// One past the last address.
    pub end: u64,
    /// Where in the file it begins, in bytes.
    pub offset: u64,
    /// Whether it is machine code.
    pub executable: bool,
    /// The file's inode number, to notice a file that was replaced.
    pub inode: u64,
    /// The file, as the process sees it.
    pub path: String,
}

/// The files that a process has mapped, by address.
///
/// # Errors
/// When there is no such process, or it does not let us look.
pub fn mappings(pid: u32) -> io::Result<Vec<Mapping>> {
    let text = fs::read(format!("/proc/{pid}/maps"))?;
    Ok(parse(&String::from_utf8_lossy(&text)))
}

/// Opens a mapped file, also of a process that sees other file systems.
///
/// # Errors
/// When it cannot be opened, or another file has its name by now.
pub fn open(pid: u32, mapping: &Mapping) -> io::Result<File> {
    let path = PathBuf::from(format!("/proc/{pid}/root{}", mapping.path));
    let file = File::open(&path).or_else(|_| File::open(&mapping.path))?;
    if file.metadata()?.ino() != mapping.inode {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the file was replaced since the process started"));
    }
    Ok(file)
}

/// Reads the text of a `maps` file; lines that are not of files are left out.
pub fn parse(text: &str) -> Vec<Mapping> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Mapping> {
    let mut fields = line.splitn(6, ' ');
    let (start, end) = fields.next()?.split_once('-')?;
    let permissions = fields.next()?;
    let offset = fields.next()?;
    let inode = fields.nth(1)?;
    let path = fields.next()?.trim_start();
    if !path.starts_with('/') {
        return None;
    }
    Some(Mapping {
        start: u64::from_str_radix(start, 16).ok()?,
        end: u64::from_str_radix(end, 16).ok()?,
        offset: u64::from_str_radix(offset, 16).ok()?,
        executable: permissions.as_bytes().get(2) == Some(&b'x'),
        inode: inode.parse().ok()?,
        path: path.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_files_and_leaves_the_rest() {
        let text = "\
00400000-00421000 r-xp 00001000 08:01 131 /usr/bin/python 3.15\n\
7ffd1000-7ffd2000 rw-p 00000000 00:00 0                  [stack]\n\
7f0000000000-7f0000001000 r-xp 00000000 00:00 0 \n\
nonsense\n\
7f0000002000-7f0000003000 rw-p 00002000 08:01 77         /lib/libc.so.6 (deleted)\n";
        let found = parse(text);
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[0],
            Mapping {
                start: 0x40_0000,
                end: 0x42_1000,
                offset: 0x1000,
                executable: true,
                inode: 131,
                path: "/usr/bin/python 3.15".into()
            }
        );
        assert!(!found[1].executable);
    }

    #[test]
    fn knows_itself() {
        let found = mappings(std::process::id()).unwrap();
        let code = found.iter().find(|mapping| mapping.executable).unwrap();
        assert!(open(std::process::id(), code).is_ok());
        let other = Mapping { inode: code.inode + 1, ..code.clone() };
        assert!(open(std::process::id(), &other).is_err());
    }
}
