//! Recordings: what looks at a process have seen, in a file.
//!
//! A recording is lines of JSON, compressed by gzip, so that `zcat` and `jq` read it, too. The first line says what it is; each
//! other is a step or the details of an executable. Every line is complete in the file once it is written: a recording that was cut
//! off can be shown up to there.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use rjit_telemetry::Details;
use serde::{Deserialize, Serialize};

use crate::model::Key;
use crate::source::watch::Step;

const FORMAT: &str = "rjit-recording";
/// Changes when a reader of the version before could not make sense of a recording.
const VERSION: u32 = 1;
/// More is not unpacked. An hour of a busy process has about a tenth of it.
const MOST_BYTES: u64 = 4 << 30;
const LONGEST_HEADER: u64 = 1 << 20;

/// Why a recording cannot be written or shown.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file cannot be opened, written or read.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is something else.
    #[error("{path} is not a recording of rjit-inspect", path = .path.display())]
    NotARecording {
        /// The file.
        path: PathBuf,
    },
    /// It was written by another version.
    #[error(
        "{path} has format version {found}, and this program reads version {VERSION}; use the rjit-inspect that wrote it \
         ({writer})",
        path = .path.display()
    )]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// Version of the program that wrote it.
        writer: String,
    },
    /// It ends before there is anything to show.
    #[error("{path} ends before its first step", path = .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    format: String,
    version: u32,
    /// Version of the program that wrote it.
    writer: String,
    /// The process.
    pub pid: u32,
    /// Its command line.
    pub command: String,
    /// Where it was at home, for names of files that depend on it.
    pub directory: Option<PathBuf>,
}

impl Header {
    /// What begins a recording of a process.
    pub fn new(pid: u32, command: &str, directory: Option<PathBuf>) -> Self {
        Self {
            format: FORMAT.into(),
            version: VERSION,
            writer: env!("CARGO_PKG_VERSION").into(),
            pid,
            command: command.into(),
            directory,
        }
    }
}

/// Any other line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Step(Box<Step>),
    Details { executable: Key, details: Box<Details> },
}

/// Writes a recording.
pub struct Writer {
    path: PathBuf,
    file: GzEncoder<File>,
}

impl Writer {
    /// Makes the file, in place of one that is there; only its user may read it.
    pub fn create(path: &Path, header: &Header) -> Result<Self, RecordingError> {
        let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
        let file = opened.map_err(|source| RecordingError::Io { path: path.into(), source })?;
        let mut writer = Self { path: path.into(), file: GzEncoder::new(file, Compression::fast()) };
        writer.line(header)?;
        Ok(writer)
    }

    /// Adds a step.
    pub fn step(&mut self, step: Step) -> Result<(), RecordingError> {
        self.line(&Line::Step(Box::new(step)))
    }

    /// Adds the details of an executable.
    pub fn details(&mut self, executable: Key, details: Box<Details>) -> Result<(), RecordingError> {
        self.line(&Line::Details { executable, details })
    }

    /// Ends the file. The number of bytes that it has.
    pub fn finish(self) -> Result<u64, RecordingError> {
        let failed = |source| RecordingError::Io { path: self.path.clone(), source };
        let file = self.file.finish().map_err(failed)?;
        Ok(file.metadata().map_err(failed)?.len())
    }

    fn line(&mut self, line: &impl Serialize) -> Result<(), RecordingError> {
        let written = serde_json::to_writer(&mut self.file, line)
            .map_err(io::Error::from)
            .and_then(|()| self.file.write_all(b"\n"))
            .and_then(|()| self.file.flush());
        written.map_err(|source| RecordingError::Io { path: self.path.clone(), source })
    }
}

/// A recording that was read.
#[derive(Debug)]
pub struct Recording {
    /// Whose it is.
    pub header: Header,
    /// The steps, in order; at least one.
    pub steps: Vec<Step>,
    /// Details of executables.
    pub details: HashMap<Key, Details>,
    /// Its end is missing or cannot be read.
    pub truncated: bool,
}

impl Recording {
    /// Reads a file.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let file = File::open(path).map_err(|source| RecordingError::Io { path: path.into(), source })?;
        Self::read(file, path)
    }

    /// Reads a recording; `path` is for messages.
    fn read(file: impl Read, path: &Path) -> Result<Self, RecordingError> {
        let mut lines = BufReader::new(MultiGzDecoder::new(file)).take(MOST_BYTES);
        let mut first = Vec::new();
        // What is no gzip fails here, and what is gzip of something else below.
        let _ = lines.by_ref().take(LONGEST_HEADER).read_until(b'\n', &mut first);
        let header = read_header(&first, path)?;
        let (mut steps, mut details) = (Vec::<Step>::new(), HashMap::new());
        let mut line = Vec::new();
        let truncated = loop {
            line.clear();
            match lines.read_until(b'\n', &mut line) {
                Ok(0) => break lines.limit() == 0,
                Ok(_) => {}
                Err(_) => break true,
            }
            match serde_json::from_slice(&line) {
                Ok(Line::Step(step)) if steps.last().is_none_or(|last| last.at <= step.at) => steps.push(*step),
                Ok(Line::Details { executable, details: found }) => {
                    details.insert(executable, *found);
                }
                _ => break true,
            }
        };
        if steps.is_empty() {
            return Err(RecordingError::Empty { path: path.into() });
        }
        Ok(Self { header, steps, details, truncated })
    }
}

fn read_header(line: &[u8], path: &Path) -> Result<Header, RecordingError> {
    /// What the header of every version has.
    #[derive(Deserialize)]
    struct Begin {
        format: String,
        version: u32,
        writer: String,
    }
    let not = || RecordingError::NotARecording { path: path.into() };
    let begin: Begin = serde_json::from_slice(line).map_err(|_| not())?;
    if begin.format != FORMAT {
        return Err(not());
    }
    if begin.version != VERSION {
        let writer = begin.writer.chars().filter(|char| !char.is_control()).take(40).collect();
        return Err(RecordingError::OtherVersion { path: path.into(), found: begin.version, writer });
    }
    serde_json::from_slice(line).map_err(|_| not())
}

#[cfg(test)]
pub mod build {
    use super::*;
    use crate::source::tally::build::step;

    /// The bytes of a recording of so many seconds.
    pub fn bytes(seconds: u64) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recording");
        let header = Header::new(42, "python app.py", Some("/srv/app".into()));
        let mut writer = Writer::create(&path, &header).unwrap();
        for second in 0..seconds {
            writer.step(step(second, 10)).unwrap();
        }
        writer.details((1, 0), Box::new(crate::sample::details())).unwrap();
        assert_eq!(writer.finish().unwrap(), std::fs::metadata(&path).unwrap().len());
        std::fs::read(path).unwrap()
    }

    pub fn read(bytes: &[u8]) -> Result<Recording, RecordingError> {
        Recording::read(bytes, Path::new("a recording"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::build::{bytes, read};
    use super::*;
    use crate::source::tally::build::step;

    #[test]
    fn what_was_written_is_read() {
        let recording = read(&bytes(20)).unwrap();
        assert!(!recording.truncated);
        assert_eq!((recording.header.pid, recording.steps.len()), (42, 20));
        let (found, expected) = (&recording.steps[7], step(7, 10));
        assert_eq!((found.at, &found.window, &found.sampled), (expected.at, &expected.window, &expected.sampled));
        assert_eq!(found.snapshot, expected.snapshot);
        assert_eq!(recording.details[&(1, 0)], crate::sample::details());
    }

    #[test]
    fn it_is_compact() {
        let plain = serde_json::to_vec(&step(0, 10)).unwrap().len() * 20;
        assert!(bytes(20).len() * 8 < plain, "{} bytes of {plain}", bytes(20).len());
    }

    #[test]
    fn other_files_are_refused() {
        let gzip = |text: &str| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        for other in [
            b"plain text".to_vec(),
            Vec::new(),
            gzip("text\n"),
            gzip("{\"format\":\"x\",\"version\":1,\"writer\":\"\"}\n"),
        ] {
            assert!(matches!(read(&other), Err(RecordingError::NotARecording { .. })));
        }
        let newer = gzip("{\"format\":\"rjit-recording\",\"version\":9,\"writer\":\"7.0\",\"new\":[]}\n");
        let refused = read(&newer).unwrap_err().to_string();
        assert!(refused.contains("version 9") && refused.contains("7.0"), "{refused}");
        let header = serde_json::to_string(&Header::new(1, "", None)).unwrap();
        assert!(matches!(read(&gzip(&header)), Err(RecordingError::Empty { .. })));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn a_recording_that_was_cut_off_is_shown_up_to_there(part in 0.0..1.0_f64) {
            let whole = bytes(8);
            let cut = &whole[..(whole.len() as f64 * part) as usize];
            if let Ok(recording) = read(cut) {
                prop_assert!(recording.truncated);
                prop_assert!(recording.steps.len() <= 8);
                for (second, step) in recording.steps.iter().enumerate() {
                    prop_assert_eq!(step.at.as_secs(), second as u64);
                }
            } else {
                prop_assert!(part < 0.95, "nothing was left of {} bytes", cut.len());
            }
        }

        #[test]
        fn any_damage_is_survived(place in 0.0..1.0_f64, byte: u8) {
            let mut whole = bytes(3);
            let index = (whole.len() as f64 * place) as usize;
            whole[index] = byte;
            let _ = read(&whole);
        }
    }
}
