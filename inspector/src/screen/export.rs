//! Writes what is shown into a file in the current directory.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Names that are tried: the wanted one, then numbered ones.
const NAMES: u32 = 1_000;

/// Writes a new file with this name, or a numbered one where there is a file already. Tells which.
pub fn write(directory: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, "txt"));
    for number in 1..NAMES {
        let numbered = if number == 1 { name.to_string() } else { format!("{stem}-{number}.{ending}") };
        let path = directory.join(numbered);
        match File::create_new(&path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes())?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("there are too many files of this name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let first = write(folder.path(), "rjit-1-events.tsv", "one").unwrap();
        let second = write(folder.path(), "rjit-1-events.tsv", "two").unwrap();
        assert_eq!(first.file_name().unwrap(), "rjit-1-events.tsv");
        assert_eq!(second.file_name().unwrap(), "rjit-1-events-2.tsv");
        assert_eq!(std::fs::read_to_string(first).unwrap(), "one");
        assert!(write(Path::new("/no/such/folder"), "x", "").is_err());
    }
}
