//! Source files as they are on disk, which need not be as they were when the process read them.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::model::listing::SourceText;

/// No source file is larger.
const LARGEST: u64 = 8 << 20;

/// Reads the first of these files that is there. Code compiled at a time may differ from a file that was changed later.
///
/// # Errors
/// In words, why there is nothing to show.
pub fn read(filename: &str, files: &[PathBuf], compiled_unix_ns: u64) -> Result<SourceText, String> {
    if filename.is_empty() {
        return Err("the process does not say which file it is from".into());
    }
    if filename.starts_with('<') {
        return Err(format!("{filename} is not a file: the code was made while the program ran"));
    }
    let mut why = format!("{filename} is not there");
    for file in files {
        match read_file(file) {
            Ok((text, changed)) => {
                let compiled = UNIX_EPOCH + Duration::from_nanos(compiled_unix_ns);
                let lines = text.lines().map(String::from).collect();
                return Ok(SourceText { lines, caution: caution(compiled, changed) });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => why = format!("{filename} cannot be read: {error}"),
        }
    }
    Err(why)
}

fn read_file(path: &Path) -> io::Result<(String, Option<SystemTime>)> {
    // Asked before it is opened: opening a pipe waits for a writer.
    let found = fs::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if found.len() > LARGEST {
        return Err(io::Error::other("it is too large for a source file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
    Ok((String::from_utf8_lossy(&bytes).into_owned(), found.modified().ok()))
}

fn caution(compiled: SystemTime, changed: Option<SystemTime>) -> Option<String> {
    (changed? > compiled).then(|| "the file was changed after this was compiled: lines may have moved".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_shown_with_a_caution() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.py");
        fs::write(&path, "a = 1\nb = 2\n").unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        let files = [folder.path().join("missing.py"), path];
        let fresh = read("app.py", &files, now + 60_000_000_000).unwrap();
        assert_eq!((fresh.lines, fresh.caution), (vec!["a = 1".to_string(), "b = 2".into()], None));
        let changed = read("app.py", &files, now - 100_000_000_000).unwrap();
        assert!(changed.caution.unwrap().contains("was changed after"));
    }

    #[test]
    fn what_cannot_be_shown_is_explained() {
        let folder = tempfile::tempdir().unwrap();
        let why = |filename: &str, path: &Path| read(filename, &[path.to_path_buf()], 0).unwrap_err();
        assert!(why("<stdin>", folder.path()).contains("not a file"));
        assert!(why("", folder.path()).contains("does not say"));
        assert_eq!(why("x.py", &folder.path().join("x.py")), "x.py is not there");
        assert!(why("x.py", folder.path()).contains("not a regular file"));
        let large = folder.path().join("large.py");
        fs::File::create(&large).unwrap().set_len(LARGEST + 1).unwrap();
        assert!(why("large.py", &large).contains("too large"));
    }
}
