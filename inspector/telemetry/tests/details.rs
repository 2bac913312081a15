//! Asking a process for details, and everything that can be wrong with either side.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rjit_telemetry::{CodeRange, Details, DetailsError, DetailsServer, Missing, OpenError, Page, Row, details, list};
use tempfile::TempDir;

/// One process has one page, so only one test at a time has it.
struct Target {
    page: Page,
    running: Option<(DetailsServer, JoinHandle<std::io::Result<()>>)>,
    _one_at_a_time: MutexGuard<'static, ()>,
}

fn runtime() -> &'static Path {
    static RUNTIME: OnceLock<TempDir> = OnceLock::new();
    RUNTIME
        .get_or_init(|| {
            // Longer than the address of a socket may be.
            let runtime = tempfile::Builder::new().prefix(&"long".repeat(30)).tempdir().unwrap();
            // SAFETY: the first test that comes here holds the others up, and nothing else reads the environment.
            unsafe { std::env::set_var("XDG_RUNTIME_DIR", runtime.path()) };
            runtime
        })
        .path()
}

impl Target {
    fn silent() -> Target {
        static LOCK: Mutex<()> = Mutex::new(());
        let _one_at_a_time = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
        runtime();
        Target { page: Page::create("3.15.2", "0.1.0").unwrap(), running: None, _one_at_a_time }
    }

    fn start() -> Target {
        let mut target = Target::silent();
        target.serve(DetailsServer::beside(&target.page.path().unwrap()).unwrap());
        target
    }

    fn serve(&mut self, server: DetailsServer) {
        let running = server.clone();
        self.running = Some((server, std::thread::spawn(move || running.run(answer))));
        let end = Instant::now() + Duration::from_secs(20);
        // A socket may have been left there by another.
        while self.ask(3).is_err() {
            assert!(Instant::now() < end, "the server does not begin");
        }
    }

    fn stop(&mut self) -> Option<DetailsServer> {
        let (server, thread) = self.running.take()?;
        assert!(server.stop());
        thread.join().unwrap().unwrap();
        Some(server)
    }

    fn socket(&self) -> PathBuf {
        self.page.path().unwrap().with_extension("sock")
    }

    fn connect(&self) -> UnixStream {
        let directory = fs::File::open(self.socket().parent().unwrap()).unwrap();
        let name = self.socket().file_name().unwrap().to_str().unwrap().to_owned();
        let path = format!("/proc/thread-self/fd/{}/{name}", std::os::fd::AsRawFd::as_raw_fd(&directory));
        UnixStream::connect(path).unwrap()
    }

    fn ask(&self, slot: u32) -> Result<Details, DetailsError> {
        details(std::process::id(), slot, 0)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some((server, thread)) = self.running.take()
            && server.stop()
        {
            let _ = thread.join();
        }
        let _ = fs::remove_file(self.socket());
    }
}

/// Somebody else than the server behind a socket, whose path may be too long for an address.
fn listen(socket: &Path) -> UnixListener {
    let directory = fs::File::open(socket.parent().unwrap()).unwrap();
    let name = socket.file_name().unwrap().to_str().unwrap();
    UnixListener::bind(format!("/proc/thread-self/fd/{}/{name}", std::os::fd::AsRawFd::as_raw_fd(&directory))).unwrap()
}

fn answer(slot: u32, generation: u32, is_stopped: &dyn Fn() -> bool) -> Result<Details, Missing> {
    match (slot, generation) {
        (3, 0) => Ok(told()),
        (4, 0) => Ok(Details { qualname: "x".repeat(10_000_000), ..Details::default() }),
        (5, 0) => {
            let range = CodeRange { inlined: vec![("a\x1b[2J".into(), "b\u{202e}".into(), 1)], ..CodeRange::default() };
            let row = Row { text: "c\x07".into(), ..Row::default() };
            let assumptions = vec!["d\n".into()];
            Ok(Details {
                qualname: "e\0".into(),
                clif: vec![row],
                code: vec![range],
                assumptions,
                ..Details::default()
            })
        }
        (6, 0) => {
            while !is_stopped() {
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(told())
        }
        (4095, _) => Err(Missing::Overflow),
        _ => Err(Missing::Gone),
    }
}

fn told() -> Details {
    let row = Row { text: "LOAD_FAST 0 (x)".into(), offset: Some(2), line: Some(11), address: Some(0x7f00_1004) };
    let range =
        CodeRange { start: 1, end: 9, line: None, offset: Some(2), inlined: vec![("g".into(), "g.py".into(), 4)] };
    Details { qualname: "f".into(), first_line: 10, bytecode: vec![row], code: vec![range], ..Details::default() }
}

#[test]
fn a_process_tells_what_it_is_asked() {
    let target = Target::start();
    let found = fs::metadata(target.socket()).unwrap();
    assert!(found.file_type().is_socket());
    assert_eq!(found.mode() & 0o777, 0o600);
    assert_eq!(target.ask(3).unwrap(), told());
    assert_eq!(target.ask(4).unwrap().qualname.len(), 10_000_000);
    assert!(matches!(target.ask(7), Err(DetailsError::Gone { slot: 7, generation: 0, .. })));
    assert!(matches!(target.ask(4095), Err(DetailsError::Overflow { .. })));
}

#[test]
fn what_it_tells_steers_no_terminal() {
    let told = Target::start().ask(5).unwrap();
    let (qualname, filename, _) = &told.code[0].inlined[0];
    for text in [&told.qualname, &told.clif[0].text, &told.assumptions[0], qualname, filename] {
        assert!(text.ends_with(['\u{fffd}', 'J']) && !text.contains(char::is_control), "{text:?}");
    }
}

#[test]
fn a_process_without_a_socket_is_silent() {
    let mut target = Target::silent();
    assert!(matches!(target.ask(3), Err(DetailsError::Silent { .. })));
    target.serve(DetailsServer::beside(&target.page.path().unwrap()).unwrap());
    target.ask(3).unwrap();
    // As in a process that was killed: the file is there, and nobody is behind it.
    target.stop().unwrap();
    assert!(target.socket().exists());
    assert!(matches!(target.ask(3), Err(DetailsError::Silent { .. })));
    assert!(matches!(details(u32::MAX, 0, 0), Err(DetailsError::Page(OpenError::NoSuchProcess { .. }))));
}

#[test]
fn it_can_be_started_again() {
    let mut target = Target::start();
    for _ in 0..3 {
        let server = target.stop().unwrap();
        assert!(target.socket().exists());
        server.remove();
        assert!(!target.socket().exists());
        target.serve(DetailsServer::beside(&target.page.path().unwrap()).unwrap());
    }
}

#[test]
fn it_stops_before_it_begins_and_while_clients_wait() {
    let mut target = Target::start();
    let _clients: Vec<_> = (0..20).map(|_| target.connect()).collect();
    target.stop().unwrap();

    let server = DetailsServer::beside(&target.page.path().unwrap()).unwrap();
    assert!(server.stop());
    server.run(answer).unwrap();
}

#[test]
fn what_is_being_told_is_given_up_when_it_stops() {
    let mut target = Target::start();
    let mut client = target.connect();
    client.write_all(b"{\"version\":1,\"slot\":6,\"generation\":0}\n").unwrap();
    std::thread::sleep(Duration::from_millis(50));
    target.stop().unwrap();
    let mut told = Vec::new();
    let _ = client.read_to_end(&mut told);
    assert!(told.is_empty());
}

#[test]
fn who_cannot_be_told_to_stop_is_not_waited_for() {
    let target = Target::start();
    fs::remove_file(target.socket()).unwrap();
    let (server, thread) = target.running.as_ref().unwrap();
    assert!(!server.stop() && !thread.is_finished());
}

#[test]
fn bad_clients_hurt_nobody() {
    let target = Target::start();
    let refused = |question: &[u8]| {
        let mut client = target.connect();
        client.write_all(question).unwrap();
        let mut answer = Vec::new();
        let _ = client.read_to_end(&mut answer);
        String::from_utf8_lossy(answer.get(8..).unwrap_or_default()).into_owned()
    };
    assert!(refused(b"nonsense\n").contains("Refused"));
    assert!(refused(b"{\"version\":9,\"slot\":3,\"generation\":0}\n").contains("asked in version 9"));
    assert!(refused(&[b'x'; 4000]).is_empty());
    // Some say nothing, some go away, some never take their answer.
    let silent = target.connect();
    for _ in 0..50 {
        drop(target.connect());
    }
    let mut lazy = target.connect();
    lazy.write_all(b"{\"version\":1,\"slot\":4,\"generation\":0}\n").unwrap();
    assert_eq!(target.ask(3).unwrap(), told());
    drop((silent, lazy));
}

#[test]
fn many_clients_are_all_answered() {
    let target = Target::start();
    std::thread::scope(|scope| {
        for _ in 0..200 {
            scope.spawn(|| assert_eq!(target.ask(3).unwrap(), told()));
        }
    });
}

#[test]
fn nonsense_from_a_process_is_an_error() {
    let target = Target::silent();
    let socket = target.socket();
    // Who hangs up is asked four times.
    let answers: [(&[u8], usize); 5] = [
        (b"", 4),
        (b"\x05\0\0\0\0\0\0\0{}", 4),
        (b"\xff\xff\xff\xff\xff\xff\xff\xff", 1),
        (b"\x04\0\0\0\0\0\0\0nope", 1),
        (b"\x10\0\0\0\0\0\0\0{\"Refused\":\"no\"}", 1),
    ];
    for (answer, times) in answers {
        let listener = listen(&socket);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..times {
                    let (mut client, _) = listener.accept().unwrap();
                    let mut question = [0; 100];
                    let _ = client.read(&mut question);
                    client.write_all(answer).unwrap();
                }
            });
            let error = target.ask(3).unwrap_err();
            match times {
                1 => assert!(matches!(error, DetailsError::Nonsense { .. }), "{error:?}"),
                _ => assert!(matches!(error, DetailsError::Silent { .. }), "{error:?}"),
            }
        });
        fs::remove_file(&socket).unwrap();
    }
}

#[test]
fn sockets_of_dead_processes_are_removed() {
    let target = Target::start();
    let left = target.socket().with_file_name("999999999.sock");
    fs::write(&left, "").unwrap();
    assert!(list().removed.contains(&left));
    assert!(!left.exists() && target.socket().exists());
}

#[test]
fn no_other_process_gets_its_socket_removed() {
    let target = Target::start();
    let other = target.page.path().unwrap().with_file_name("1.page");
    assert!(DetailsServer::beside(&other).is_err());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() })]

    /// Questions that are damaged in any way leave the server as it was.
    #[test]
    fn damaged_questions_are_survived(
        changes in proptest::collection::vec((0..40_usize, proptest::prelude::any::<u8>()), 0..20),
        length in 0..300_usize,
    ) {
        let target = Target::start();
        let mut question = b"{\"version\":1,\"slot\":3,\"generation\":0}\n".to_vec();
        for (offset, value) in changes {
            let offset = offset % question.len();
            question[offset] = value;
        }
        question.resize(length, b'x');
        let mut client = target.connect();
        let _ = client.write_all(&question);
        let _ = client.shutdown(std::net::Shutdown::Write);
        let _ = client.read_to_end(&mut Vec::new());
        proptest::prop_assert_eq!(target.ask(3).unwrap(), told());
    }

    /// Whatever a process answers, the client ends with details or with an error.
    #[test]
    fn damaged_answers_are_survived(
        changes in proptest::collection::vec((0..400_usize, proptest::prelude::any::<u8>()), 1..10),
    ) {
        let target = Target::silent();
        let mut answer = serde_json::to_vec(&serde_json::json!({ "Details": told() })).unwrap();
        answer.splice(..0, (answer.len() as u64).to_le_bytes());
        let length = answer.len();
        for (offset, value) in changes {
            // A length that is too great only has the client wait for the end of the stream.
            answer[offset % length] = value;
        }
        let listener = listen(&target.socket());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                listener.set_nonblocking(true).unwrap();
                let end = Instant::now() + Duration::from_millis(120);
                while Instant::now() < end {
                    if let Ok((mut client, _)) = listener.accept() {
                        let _ = client.read(&mut [0; 100]);
                        let _ = client.write_all(&answer);
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
                drop(listener);
            });
            let _ = target.ask(3);
        });
        fs::remove_file(target.socket()).unwrap();
    }
}
