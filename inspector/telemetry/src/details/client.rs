//! The side that asks.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::sockopt;

use super::{Answer, Details, Missing, PROTOCOL, Question, connect};
use crate::files::{self, Unsafe};
use crate::reader::{OpenError, PageView};

/// How long a process may take to answer. It answers one question at a time.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait between attempts to get through to a process that has many questions to answer.
const RETRY: Duration = Duration::from_millis(20);
/// How often a process that hangs up is asked.
const ATTEMPTS: u32 = 4;
/// No answer is longer, whatever it says of itself.
const LONGEST: u64 = 256 << 20;

/// Why a process has not told the details of an executable.
#[derive(Debug, thiserror::Error)]
pub enum DetailsError {
    /// Its page cannot be read.
    #[error(transparent)]
    Page(#[from] OpenError),
    /// Nobody answers.
    #[error(
        "process {pid} does not tell details of what it has compiled: nothing is compiled in it yet, or it is about to end"
    )]
    Silent {
        /// The process asked.
        pid: u32,
    },
    /// It has no such executable.
    #[error(
        "process {pid} has no machine code of executable {slot} any more: it was freed, or compiled anew as another executable"
    )]
    Gone {
        /// The process asked.
        pid: u32,
        /// The executable's slot.
        slot: u32,
        /// Its generation.
        generation: u32,
    },
    /// The slot counts for many executables.
    #[error("process {pid} has more executables than its table describes, and tells no details of those beyond it")]
    Overflow {
        /// The process asked.
        pid: u32,
    },
    /// The socket may not be the process's.
    #[error("the socket of process {pid} is not trusted: {why}")]
    Untrusted {
        /// The process asked.
        pid: u32,
        /// What is wrong with it.
        why: String,
    },
    /// It took too long.
    #[error("process {pid} has not answered within {} seconds; it may be stopped", PATIENCE.as_secs())]
    TimedOut {
        /// The process asked.
        pid: u32,
    },
    /// Its answer makes no sense.
    #[error("process {pid} has answered something else than was asked: {why}")]
    Nonsense {
        /// The process asked.
        pid: u32,
        /// What is wrong with it.
        why: String,
    },
    /// The system refused something else.
    #[error("cannot ask process {pid}: {source}")]
    Io {
        /// The process asked.
        pid: u32,
        /// What the system said.
        source: io::Error,
    },
}

/// Asks a live process for the details of one of its executables, which `slot` and `generation` in its page identify. Takes
/// milliseconds, and at most ten seconds.
///
/// # Errors
/// Why there are none; [`DetailsError::Gone`] when there is no such executable any more.
pub fn details(pid: u32, slot: u32, generation: u32) -> Result<Details, DetailsError> {
    let view = PageView::open(pid)?;
    let end = Instant::now() + PATIENCE;
    for _ in 1..ATTEMPTS {
        // A process may hang up on a question that comes too slowly, or because it forks.
        match ask(&view, pid, slot, generation, end) {
            Err(Failure::HungUp) => thread::sleep(RETRY),
            Err(Failure::Known(error)) => return Err(error),
            Ok(details) => return Ok(details),
        }
    }
    ask(&view, pid, slot, generation, end).map_err(|failure| match failure {
        Failure::HungUp => DetailsError::Silent { pid },
        Failure::Known(error) => error,
    })
}

enum Failure {
    HungUp,
    Known(DetailsError),
}

impl From<DetailsError> for Failure {
    fn from(error: DetailsError) -> Self {
        Failure::Known(error)
    }
}

fn ask(view: &PageView, pid: u32, slot: u32, generation: u32, end: Instant) -> Result<Details, Failure> {
    let io = |source: io::Error| match source.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Failure::Known(DetailsError::TimedOut { pid }),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Failure::HungUp,
        _ => Failure::Known(DetailsError::Io { pid, source }),
    };
    let mut stream = reach(view, pid, end)?;
    let question = Question { version: PROTOCOL, slot, generation };
    let mut line = serde_json::to_vec(&question).expect("a question is plain data");
    line.push(b'\n');
    stream.write_all(&line).map_err(io)?;

    let mut length = [0; 8];
    read(&mut stream, &mut length, end).map_err(io)?;
    let length = u64::from_le_bytes(length);
    let nonsense = |why: String| DetailsError::Nonsense { pid, why };
    if length > LONGEST {
        return Err(nonsense(format!("{length} bytes are more than any answer has")).into());
    }
    // Not all at once: memory is taken as bytes come.
    let mut answer = Vec::new();
    while (answer.len() as u64) < length {
        let part = (length - answer.len() as u64).min(1 << 20) as usize;
        let begin = answer.len();
        answer.resize(begin + part, 0);
        read(&mut stream, &mut answer[begin..], end).map_err(io)?;
    }
    match serde_json::from_slice(&answer).map_err(|error| nonsense(error.to_string()))? {
        Answer::Details(details) => Ok(details.harmless()),
        Answer::Missing(Missing::Gone) => Err(DetailsError::Gone { pid, slot, generation }.into()),
        Answer::Missing(Missing::Overflow) => Err(DetailsError::Overflow { pid }.into()),
        Answer::Refused(why) => Err(nonsense(crate::text::harmless(&why)).into()),
    }
}

fn reach(view: &PageView, pid: u32, end: Instant) -> Result<UnixStream, Failure> {
    let io = |source: io::Error| DetailsError::Io { pid, source };
    let user = view.owner().map_err(io)?;
    let directory = view.path().parent().expect("a page lies in a directory");
    // By the directory's descriptor: nobody can exchange it any more, and the address of a socket is never too long so.
    let directory = files::open_directory(directory, user).map_err(|error| match error {
        Unsafe::Because(why) => DetailsError::Untrusted { pid, why },
        Unsafe::Io(source) => io(source),
    })?;
    let path = files::socket_path(&directory, pid);
    loop {
        match connect(&path) {
            Ok(socket) => {
                let peer = sockopt::socket_peercred(&socket).map_err(|error| io(error.into()))?;
                if peer.uid.as_raw() != user {
                    let why = format!("user {} answers there, not {user}", peer.uid.as_raw());
                    return Err(DetailsError::Untrusted { pid, why }.into());
                }
                if peer.pid.as_raw_pid() as u32 != pid {
                    return Err(DetailsError::Silent { pid }.into());
                }
                let stream = UnixStream::from(socket);
                stream.set_nonblocking(false).map_err(io)?;
                stream.set_write_timeout(Some(PATIENCE)).map_err(io)?;
                return Ok(stream);
            }
            Err(Errno::AGAIN | Errno::INTR) if Instant::now() < end => thread::sleep(RETRY),
            Err(Errno::AGAIN) => return Err(DetailsError::TimedOut { pid }.into()),
            // It has none yet, or has given it up to fork, or for good.
            Err(Errno::NOENT | Errno::CONNREFUSED) => return Err(Failure::HungUp),
            Err(error) => return Err(io(error.into()).into()),
        }
    }
}

/// Fills `bytes` before the time is up.
fn read(stream: &mut UnixStream, mut bytes: &mut [u8], end: Instant) -> io::Result<()> {
    while !bytes.is_empty() {
        let left = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero());
        stream.set_read_timeout(Some(left.ok_or(io::ErrorKind::TimedOut)?))?;
        match stream.read(bytes) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => bytes = &mut bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
