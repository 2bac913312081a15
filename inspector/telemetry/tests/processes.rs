//! What happens to a page when its process forks, becomes another program, or dies.

use std::ffi::CString;
use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rjit_telemetry::{ExecutableInfo, Kind, OpenError, Page, PageView, Seen, SiteInfo, SiteKind, State, Totals, list};

const RUN: ExecutableInfo<'static> = ExecutableInfo {
    qualname: "run",
    filename: "run.py",
    first_line: 1,
    line: 1,
    kind: Kind::Function,
    address: 0x1000,
    size: 100,
    compile_ns: 5,
};

fn main() {
    let runtime = tempfile::tempdir().unwrap();
    // SAFETY: there is one thread.
    unsafe { std::env::set_var("XDG_RUNTIME_DIR", runtime.path()) };
    let directory = runtime.path().join("rjit");
    a_forked_child_has_a_page_of_its_own(&directory);
    a_forked_child_without_a_directory_counts_all_the_same(&directory);
    a_page_left_by_exec_is_stale();
    pages_of_dead_processes_are_removed(&directory);
    println!("test result: ok. 4 passed; 0 failed");
}

fn a_forked_child_has_a_page_of_its_own(directory: &Path) {
    let page = Page::create("3.15.2", "0.1.0").unwrap();
    let (kept, gone) = (page.add_executable(&RUN), page.add_executable(&RUN));
    page.retire(gone, "gone");
    page.slot_counters(kept).entries().store(5, Ordering::Relaxed);
    let address = page.slot_counters(kept).slot_address();
    let place = SiteInfo {
        kind: SiteKind::Deopt,
        qualname: "run",
        filename: "run.py",
        line: 2,
        reason: "guard type failed",
        opcode: "BINARY_OP",
        expected: Some("int"),
        seen: Seen::Kind("str"),
        observer: None,
    };
    let site = page.count_site(kept, &place).unwrap();
    let parent = std::process::id();
    in_child(|| {
        page.after_fork_child().unwrap();
        page.after_fork_child().unwrap();
        assert_eq!(page.slot_counters(kept).slot_address(), address);
        assert_eq!(page.totals(), Totals::default());
        assert!(!page.count_again(site, kept, None), "the child counts in its parent's place");
        page.count_site(kept, &place).unwrap();
        page.slot_counters(kept).entries().store(1, Ordering::Relaxed);
        page.add_executable(&RUN);
        let seen = PageView::open(std::process::id()).unwrap().snapshot().unwrap();
        assert_eq!(seen.identity.pid, std::process::id());
        assert_eq!(seen.identity.parent_pid, Some(parent));
        assert_eq!((seen.sites.len(), seen.sites[0].count), (1, 1));
        let states: Vec<_> = seen.executables.iter().map(|found| found.state).collect();
        assert_eq!(states, [State::Live, State::Retired, State::Live]);
        assert_eq!((seen.totals().entries, seen.counters.code_bytes, seen.counters.compiles), (1, 200, 1));
        page.close();
    });
    let seen = PageView::open(std::process::id()).unwrap().snapshot().unwrap();
    assert_eq!((seen.totals().entries, seen.executables.len(), seen.closed), (5, 2, false));
    assert_eq!(seen.sites[0].count, 1);
    assert_eq!(fs::read_dir(directory).unwrap().count(), 1);

    in_child(|| page.close());
    assert!(page.path().unwrap().exists(), "a child removed its parent's page");
    drop(page);
    assert_eq!(fs::read_dir(directory).unwrap().count(), 0);
}

fn a_forked_child_without_a_directory_counts_all_the_same(directory: &Path) {
    let page = Page::create("3.15.2", "0.1.0").unwrap();
    let id = page.add_executable(&RUN);
    page.slot_counters(id).entries().store(5, Ordering::Relaxed);
    fs::remove_dir_all(directory).unwrap();
    fs::write(directory, "in the way").unwrap();
    in_child(|| {
        assert!(page.after_fork_child().is_err());
        assert_eq!(page.path(), None);
        page.slot_counters(id).entries().fetch_add(1, Ordering::Relaxed);
        let seen = page.snapshot();
        assert_eq!((seen.totals().entries, seen.executables.len()), (1, 1));
        assert_eq!(seen.identity.pid, std::process::id());
    });
    assert_eq!(page.totals().entries, 5);
    fs::remove_file(directory).unwrap();
}

fn a_page_left_by_exec_is_stale() {
    let page = Page::anonymous("3.15.2", "0.1.0");
    let child = fork(|| {
        std::mem::forget(Page::create("3.15.2", "0.1.0").unwrap());
        let arguments = [c"sleep", c"60"].map(CString::from);
        let pointers = [arguments[0].as_ptr(), arguments[1].as_ptr(), std::ptr::null()];
        // SAFETY: the arguments are strings and end with a null pointer.
        unsafe { libc::execvp(pointers[0], pointers.as_ptr()) };
    });
    let end = Instant::now() + Duration::from_secs(10);
    while !matches!(PageView::open(child as u32), Err(OpenError::Stale { .. })) {
        assert!(Instant::now() < end, "{:?}", PageView::open(child as u32).map(|_| ()));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(list().removed.iter().any(|path| path.ends_with(format!("{child}.page"))));
    assert!(matches!(PageView::open(child as u32), Err(OpenError::NoPage { .. })));
    // SAFETY: the child is ours and was not waited for yet.
    unsafe { libc::kill(child, libc::SIGKILL) };
    wait(child);
    drop(page);
}

fn pages_of_dead_processes_are_removed(directory: &Path) {
    let page = Page::create("3.15.2", "0.1.0").unwrap();
    let child = fork(|| std::mem::forget(Page::create("3.15.2", "0.1.0").unwrap()));
    assert_eq!(wait(child), 0);
    assert!(matches!(PageView::open(child as u32), Err(OpenError::Ended { .. })));
    let left = directory.join(format!("{child}.page"));
    assert!(left.exists());
    let listing = list();
    assert!(listing.removed.contains(&left));
    assert!(!left.exists());
    let pids: Vec<_> = listing.views.iter().map(|view| view.identity().pid).collect();
    assert!(pids.contains(&std::process::id()));
    drop(page);
}

fn in_child(body: impl FnOnce()) {
    assert_eq!(wait(fork(body)), 0, "the child failed");
}

/// Runs `body` in a child, which ends without unwinding into this program.
fn fork(body: impl FnOnce()) -> i32 {
    // SAFETY: there is one thread, so the child may do everything.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork failed");
    if pid == 0 {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
        // SAFETY: ends the child without running what the parent registered for its exit.
        unsafe { libc::_exit(i32::from(outcome.is_err())) };
    }
    pid
}

fn wait(pid: i32) -> i32 {
    let mut status = 0;
    // SAFETY: the status is a place to write to.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    status
}
