//! `RJIT_DUMP=DIR`: everything that is compiled as text and as ELF files, and an index by which tools find the function that an
//! address belongs to.
//!
//! Each process has a folder of its own in DIR, named by its id. A forked child's starts with what its parent had
//! compiled by then, since the child has that code, too. The files are for people and for tools that look at a process
//! which may have died in the middle of anything, so the index is written without buffering, after the files it names.
//! No file is kept open: a program that closes all file descriptors would have it written into a file of its own.

pub mod listing;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{config, telemetry};

/// The index of a process's folder.
const INDEX: &str = "index.tsv";
/// The first line of an index.
const HEADING: &str = "# address\tsize\tkind\tline\tfirst line\tfiles\tqualified name\tfile name\n";
/// No name of a file contains more of a function's qualified name than this.
const NAME_LIMIT: usize = 80;

/// A piece of machine code and what its files contain.
pub struct Dumped<'a> {
    pub qualname: &'a str,
    pub filename: &'a str,
    /// "function" or "loop".
    pub kind: &'a str,
    /// For a loop the line of its header, else the first line.
    pub line: u32,
    pub first_line: u32,
    pub address: usize,
    pub size: usize,
    pub hir: &'a str,
    pub clif: &'a str,
    pub asm: &'a str,
    /// The machine code as an ELF file.
    pub elf: &'a [u8],
}

/// The folder of one process.
struct Folder {
    root: PathBuf,
    process: u32,
    /// Bytes that are in the index.
    indexed: u64,
}

static IS_ON: AtomicBool = AtomicBool::new(false);
static FOLDER: Mutex<Option<Folder>> = Mutex::new(None);

/// Begins to dump if the environment says so. When that is not possible the program goes on without, and a line on
/// stderr says why.
pub fn start() {
    let folder = match config::dump_folder(|name| std::env::var_os(name)) {
        Ok(None) => return,
        Ok(Some(root)) => Folder::new(root).map_err(|error| error.to_string()),
        Err(error) => Err(error),
    };
    match folder {
        Ok(folder) => {
            *lock() = Some(folder);
            IS_ON.store(true, Ordering::Relaxed);
        }
        Err(error) => telemetry::warn(format!("compiled code is not dumped: {error}")),
    }
}

/// Whether what is compiled is dumped, so that its texts are wanted.
pub fn is_on() -> bool {
    IS_ON.load(Ordering::Relaxed)
}

/// Writes the files of a piece of machine code, and its line in the index. After an error nothing more is dumped.
pub fn write(code: &Dumped<'_>) {
    change(|folder| folder.write(code));
}

/// To be called in the child of a `fork`: gives it a folder of its own.
pub fn after_fork_child() {
    change(Folder::follow_fork);
}

fn change(work: impl FnOnce(&mut Folder) -> io::Result<()>) {
    let mut folder = lock();
    let Some(Err(error)) = folder.as_mut().map(work) else { return };
    *folder = None;
    IS_ON.store(false, Ordering::Relaxed);
    telemetry::warn(format!("compiled code is not dumped any more: {error}"));
}

fn lock() -> MutexGuard<'static, Option<Folder>> {
    FOLDER.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Folder {
    fn new(root: PathBuf) -> io::Result<Folder> {
        let process = std::process::id();
        begin(&root, process)?;
        let mut folder = Folder { root, process, indexed: 0 };
        folder.append(HEADING)?;
        Ok(folder)
    }

    fn write(&mut self, code: &Dumped<'_>) -> io::Result<()> {
        // A child may have been forked in a way that tells nobody.
        self.follow_fork()?;
        let files = format!("{}/{}-{:x}", self.process, file_name(code.qualname), code.address);
        let texts = [("hir", code.hir), ("clif", code.clif), ("asm", code.asm)];
        for (extension, content) in
            texts.map(|(name, text)| (name, text.as_bytes())).into_iter().chain([("elf", code.elf)])
        {
            let path = self.root.join(format!("{files}.{extension}"));
            fs::write(&path, content).map_err(|error| about(&path, &error))?;
        }
        let Dumped { kind, line, first_line, address, size, .. } = code;
        let (qualname, filename) = (escaped(code.qualname), escaped(code.filename));
        self.append(&format!("{address:#x}\t{size}\t{kind}\t{line}\t{first_line}\t{files}\t{qualname}\t{filename}\n"))
    }

    fn append(&mut self, line: &str) -> io::Result<()> {
        let path = index_of(&self.root, self.process);
        let index = OpenOptions::new().append(true).open(&path);
        index.and_then(|mut index| index.write_all(line.as_bytes())).map_err(|error| about(&path, &error))?;
        self.indexed += line.len() as u64;
        Ok(())
    }

    /// Goes on in a folder of this process if it turns out to be a child of the one that has written until now.
    fn follow_fork(&mut self) -> io::Result<()> {
        let process = std::process::id();
        if process == self.process {
            return Ok(());
        }
        let parents = index_of(&self.root, self.process);
        let mut index = begin(&self.root, process)?;
        // What the parent has compiled since is none of the child's.
        let copied = File::open(&parents).and_then(|file| io::copy(&mut file.take(self.indexed), &mut index));
        copied.map_err(|error| about(&parents, &error))?;
        self.process = process;
        Ok(())
    }
}

/// Makes the folder of `process` and an empty index in it.
fn begin(root: &Path, process: u32) -> io::Result<File> {
    let folder = root.join(process.to_string());
    fs::create_dir_all(&folder).map_err(|error| about(&folder, &error))?;
    let index = index_of(root, process);
    File::create(&index).map_err(|error| about(&index, &error))
}

fn index_of(root: &Path, process: u32) -> PathBuf {
    root.join(process.to_string()).join(INDEX)
}

fn about(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// A qualified name as part of a file's name.
fn file_name(qualname: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    qualname.chars().map(plain).take(NAME_LIMIT).collect()
}

/// A text that stays within its column.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dumped(qualname: &str) -> Dumped<'_> {
        Dumped {
            qualname,
            filename: "a\tb.py",
            kind: "function",
            line: 3,
            first_line: 3,
            address: 0x7f00_1000,
            size: 16,
            hir: "the hir",
            clif: "the clif",
            asm: "the asm",
            elf: b"the elf",
        }
    }

    #[test]
    fn files_are_named_by_function_and_address() {
        let root = tempfile::tempdir().unwrap();
        let mut folder = Folder::new(root.path().to_path_buf()).unwrap();
        folder.write(&dumped("f.<locals>.g")).unwrap();
        let process = std::process::id();
        let files = format!("{process}/f._locals_.g-7f001000");
        for (extension, text) in [("hir", "the hir"), ("clif", "the clif"), ("asm", "the asm"), ("elf", "the elf")] {
            assert_eq!(fs::read_to_string(root.path().join(format!("{files}.{extension}"))).unwrap(), text);
        }
        let index = fs::read_to_string(index_of(root.path(), process)).unwrap();
        let line = format!("0x7f001000\t16\tfunction\t3\t3\t{files}\tf.<locals>.g\ta\\tb.py\n");
        assert_eq!(index, format!("{HEADING}{line}"));
    }

    #[test]
    fn a_child_has_what_its_parent_had_at_the_fork() {
        let root = tempfile::tempdir().unwrap();
        let mut folder = Folder::new(root.path().to_path_buf()).unwrap();
        folder.write(&dumped("before")).unwrap();
        // As if this process were the child: the one that has written until now was another.
        let parent = u32::MAX;
        fs::rename(root.path().join(folder.process.to_string()), root.path().join(parent.to_string())).unwrap();
        folder.process = parent;
        let mut parents = OpenOptions::new().append(true).open(index_of(root.path(), parent)).unwrap();
        parents.write_all(b"what the parent compiled later\n").unwrap();
        folder.write(&dumped("after")).unwrap();
        let index = fs::read_to_string(index_of(root.path(), std::process::id())).unwrap();
        let names: Vec<_> = index.lines().skip(1).map(|line| line.split('\t').nth(6)).collect();
        assert_eq!(names, [Some("before"), Some("after")]);
    }

    #[test]
    fn errors_name_the_file() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "").unwrap();
        let error = Folder::new(file.clone()).err().unwrap().to_string();
        assert!(error.starts_with(&file.display().to_string()), "{error}");
    }
}
