//! The side that answers, within the process.
//!
//! The program around it may do anything with its descriptors: a daemon closes all of them, and what it opens next gets their
//! numbers; another counts those that it has. So the thread that answers is to have a table of descriptors of its own, in
//! which this side opens all that it needs. Whoever wants it to stop connects to its socket, as clients do.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send, sockopt};

use super::{Answer, Details, Missing, PROTOCOL, Question, connect};
use crate::files;

/// How long a client may take to ask, which is little, because others wait meanwhile.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long it may pause while it takes the answer.
const LONG_PATIENCE: Duration = Duration::from_secs(1);
/// How often a thread that waits for a client looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(20);
/// The longest question.
const LONGEST: usize = 256;
/// How long to wait when the system has no descriptors left.
const SHORTAGE: Duration = Duration::from_millis(200);

/// Answers questions about the executables of this process. One thread runs it, another one stops it.
#[derive(Clone)]
pub struct DetailsServer {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    process: u32,
    /// The socket is there, and who connects to it is noticed.
    listens: AtomicBool,
    is_stopped: AtomicBool,
}

impl DetailsServer {
    /// A server whose socket lies beside the page of this process at `page`.
    ///
    /// # Errors
    /// It is the page of another process.
    pub fn beside(page: &Path) -> io::Result<Self> {
        let process = std::process::id();
        if files::pid_of(page) != Some(process) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is the page of another process"));
        }
        let path = page.with_extension(files::SOCKET);
        let (listens, is_stopped) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Self { shared: Arc::new(Shared { path, process, listens, is_stopped }) })
    }

    /// Answers questions until it is stopped, one at a time, with what `answer` says about the executable of a slot and a
    /// generation, which it should give up once the function that it gets says that the server is to stop. Asleep while there
    /// are no questions. The thread should have descriptors of its own.
    ///
    /// # Errors
    /// There can be no socket, and why. A socket that an earlier process with the same pid has left gives way.
    pub fn run(&self, answer: impl Fn(u32, u32, &dyn Fn() -> bool) -> Result<Details, Missing>) -> io::Result<()> {
        let shared = &self.shared;
        let listener = shared.listen()?;
        shared.listens.store(true, Ordering::SeqCst);
        while !shared.is_stopped() {
            if !wait(listener.as_fd(), PollFlags::IN, None) || shared.is_stopped() {
                break;
            }
            match listener.accept() {
                Ok((stream, _)) => {
                    // A client that goes away or asks nonsense is its own problem.
                    let _ = shared.serve(&stream, &answer);
                }
                Err(error) => match Errno::from_io_error(&error) {
                    Some(Errno::AGAIN | Errno::INTR | Errno::CONNABORTED) => {}
                    Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOBUFS) => thread::sleep(SHORTAGE),
                    _ => return Err(error),
                },
            }
        }
        Ok(())
    }

    /// Has the server stop soon, wherever it waits. False if it cannot be told, because somebody has removed its socket: then
    /// nobody should wait for it.
    pub fn stop(&self) -> bool {
        let shared = &self.shared;
        shared.is_stopped.store(true, Ordering::SeqCst);
        if !shared.listens.load(Ordering::SeqCst) {
            // It looks before it sleeps.
            return true;
        }
        let directory = File::open(shared.path.parent().unwrap_or(Path::new("/")));
        directory.is_ok_and(|directory| {
            // With so many clients waiting that there is no room for one more it does not sleep. When nobody is behind the
            // socket any more it has failed.
            let path = files::socket_path(&directory, shared.process);
            matches!(connect(&path), Ok(_) | Err(Errno::AGAIN | Errno::CONNREFUSED))
        })
    }

    /// Removes the socket, if it is this process's.
    pub fn remove(&self) {
        if self.shared.process == std::process::id() {
            // Somebody else may have removed it already.
            let _ = fs::remove_file(&self.shared.path);
        }
    }
}

impl Shared {
    fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::SeqCst)
    }

    fn listen(&self) -> io::Result<UnixListener> {
        let directory = File::open(self.path.parent().unwrap_or(Path::new("/")))?;
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // The address of a socket has room for a hundred bytes, which the path of the directory may exceed.
        let listener = UnixListener::bind(files::socket_path(&directory, self.process))?;
        fs::set_permissions(&self.path, fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    }

    fn serve(
        &self,
        stream: &UnixStream,
        answer: impl Fn(u32, u32, &dyn Fn() -> bool) -> Result<Details, Missing>,
    ) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        let user = sockopt::socket_peercred(stream)?.uid.as_raw();
        if user != files::current_user() && user != 0 {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let question = self.read_question(stream)?;
        let answer = match serde_json::from_slice(&question) {
            Ok(Question { version: PROTOCOL, slot, generation }) => {
                match answer(slot, generation, &|| self.is_stopped()) {
                    Ok(details) => Answer::Details(Box::new(details)),
                    Err(missing) => Answer::Missing(missing),
                }
            }
            Ok(Question { version, .. }) => {
                Answer::Refused(format!("it speaks version {PROTOCOL}, and was asked in version {version}"))
            }
            Err(error) => Answer::Refused(error.to_string()),
        };
        if self.is_stopped() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let text = serde_json::to_vec(&answer)?;
        self.write(stream, &(text.len() as u64).to_le_bytes())?;
        self.write(stream, &text)
    }

    fn read_question(&self, stream: &UnixStream) -> io::Result<Vec<u8>> {
        let end = Instant::now() + PATIENCE;
        let mut question = Vec::new();
        loop {
            let mut part = [0; LONGEST];
            match recv(stream, &mut part, RecvFlags::empty()) {
                Ok((_, 0)) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok((_, count)) => question.extend(&part[..count]),
                Err(Errno::AGAIN | Errno::INTR) => self.wait_for_client(stream, PollFlags::IN, end)?,
                Err(error) => return Err(error.into()),
            }
            if let Some(end) = question.iter().position(|&byte| byte == b'\n') {
                question.truncate(end);
                return Ok(question);
            }
            if question.len() > LONGEST {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
    }

    fn write(&self, stream: &UnixStream, mut bytes: &[u8]) -> io::Result<()> {
        let mut end = Instant::now() + LONG_PATIENCE;
        while !bytes.is_empty() {
            match send(stream, bytes, SendFlags::NOSIGNAL) {
                Ok(count) => {
                    bytes = &bytes[count..];
                    end = Instant::now() + LONG_PATIENCE;
                }
                Err(Errno::AGAIN | Errno::INTR) => self.wait_for_client(stream, PollFlags::OUT, end)?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits a little, and fails when the time is up or the server is to stop.
    fn wait_for_client(&self, stream: &UnixStream, what: PollFlags, end: Instant) -> io::Result<()> {
        if self.is_stopped() || Instant::now() >= end {
            return Err(io::ErrorKind::TimedOut.into());
        }
        wait(stream.as_fd(), what, Some(LOOK));
        Ok(())
    }
}

/// Waits for something to happen to a socket, for `limit` if there is one. False when that is not possible.
fn wait(socket: BorrowedFd<'_>, what: PollFlags, limit: Option<Duration>) -> bool {
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    let mut sockets = [PollFd::from_borrowed_fd(socket, what)];
    matches!(poll(&mut sockets, limit.as_ref()), Ok(_) | Err(Errno::INTR))
}
