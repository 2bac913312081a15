//! The perf map as others see it: the file itself, what may stand in its place, forks and other writers.

mod common;

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use common::in_child;
use rjit_perfmap::{CodeRegion, Config, Reason, Registry};

fn registry(directory: &Path) -> Registry {
    Registry::new(Config { perf_map: Some(directory.into()), jitdump: None, unwind: false, gdb: false })
}

fn region(name: &str) -> CodeRegion<'_> {
    region_at(0x1000, 0x20, name)
}

fn region_at(start: usize, size: usize, name: &str) -> CodeRegion<'_> {
    CodeRegion { start, code: &[0x90; 0x20][..size], name, source: None, unwind: None }
}

fn map_of(directory: &Path, pid: u32) -> PathBuf {
    directory.join(format!("perf-{pid}.map"))
}

fn own_map(directory: &Path) -> PathBuf {
    map_of(directory, std::process::id())
}

fn only_reason(directory: &Path) -> Reason {
    common::only_reason(registry(directory), &region("f"), &own_map(directory))
}

#[test]
fn writes_nothing_before_there_is_code() {
    let directory = tempfile::tempdir().unwrap();
    let mut registry = registry(directory.path());
    assert!(!own_map(directory.path()).exists());

    let id = registry.register(&region("f"));
    registry.register(&region_at(0xABC0, 1, "g"));
    registry.unregister(id);
    registry.unregister(id);
    assert!(registry.take_warnings().is_empty());

    let map = own_map(directory.path());
    assert_eq!(fs::read_to_string(&map).unwrap(), "1000 20 f\nabc0 1 g\n");
    assert_eq!(fs::metadata(&map).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn appends_to_what_another_writer_put_there() {
    let directory = tempfile::tempdir().unwrap();
    let map = own_map(directory.path());
    fs::write(&map, "500 10 py::theirs:a.py\n").unwrap();
    let mut other = fs::OpenOptions::new().append(true).open(&map).unwrap();

    let mut registry = registry(directory.path());
    registry.register(&region("ours"));
    other.write_all(b"600 10 py::later:a.py\n").unwrap();
    registry.register(&region("ours again"));

    let expected = "500 10 py::theirs:a.py\n1000 20 ours\n600 10 py::later:a.py\n1000 20 ours again\n";
    assert_eq!(fs::read_to_string(&map).unwrap(), expected);
}

#[test]
fn a_registry_without_sinks_is_silent() {
    let mut registry = Registry::new(Config { perf_map: None, jitdump: None, unwind: false, gdb: false });
    let id = registry.register(&region("f"));
    registry.unregister(id);
    assert!(registry.take_warnings().is_empty());
}

#[test]
fn a_symlink_is_not_followed() {
    let directory = tempfile::tempdir().unwrap();
    let victim = directory.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    symlink(&victim, own_map(directory.path())).unwrap();

    assert!(matches!(only_reason(directory.path()), Reason::Symlink));
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
}

#[test]
fn a_dangling_symlink_creates_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("target");
    symlink(&target, own_map(directory.path())).unwrap();

    assert!(matches!(only_reason(directory.path()), Reason::Symlink));
    assert!(!target.exists());
}

#[test]
fn a_hard_link_is_not_written_to() {
    let directory = tempfile::tempdir().unwrap();
    let victim = directory.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    fs::hard_link(&victim, own_map(directory.path())).unwrap();

    assert!(matches!(only_reason(directory.path()), Reason::HardLinked(2)));
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
}

#[test]
fn a_directory_in_its_place_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(own_map(directory.path())).unwrap();
    assert!(matches!(only_reason(directory.path()), Reason::NotRegular));
}

#[test]
fn a_missing_directory_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    let Reason::Open(error) = only_reason(&missing) else { panic!("not an error of opening") };
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn a_file_of_another_user_is_refused() {
    // SAFETY: it has no preconditions and cannot fail.
    if unsafe { libc::geteuid() } != 0 {
        return; // Only root can give a file away, and this user cannot open what others made.
    }
    let directory = tempfile::tempdir().unwrap();
    let map = own_map(directory.path());
    fs::write(&map, "").unwrap();
    std::os::unix::fs::chown(&map, Some(12345), None).unwrap();

    assert!(matches!(only_reason(directory.path()), Reason::ForeignOwner(12345)));
    assert_eq!(fs::read_to_string(&map).unwrap(), "");
}

#[test]
fn a_size_limit_is_reported_and_survived() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let pid = in_child(|| {
        let limit = libc::rlimit { rlim_cur: 15, rlim_max: 15 };
        // SAFETY: it only reads `limit`.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &limit) }, 0);
        let mut registry = registry(path);
        registry.register(&region("fits"));
        assert!(registry.take_warnings().is_empty());
        registry.register(&region("does not fit"));
        let warnings = registry.take_warnings();
        assert_eq!(warnings.len(), 1);
        assert!(matches!(&warnings[0].reason, Reason::Write(e) if e.raw_os_error() == Some(libc::EFBIG)));
        registry.register(&region("nobody to tell"));
        assert!(registry.take_warnings().is_empty());
    });
    assert!(fs::read_to_string(map_of(path, pid)).unwrap().starts_with("1000 20 fits\n"));
}

#[test]
fn a_child_continues_in_a_file_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let mut registry = registry(path);
    let gone = registry.register(&region("gone"));
    registry.register(&region("inherited"));
    registry.unregister(gone);

    let pid = in_child(|| {
        registry.after_fork_child();
        registry.after_fork_child();
        assert_eq!(fs::read_to_string(own_map(path)).unwrap(), "1000 20 inherited\n");
        registry.register(&region("child's"));
        assert!(registry.take_warnings().is_empty());
    });
    registry.register(&region("parent's"));

    let child = fs::read_to_string(map_of(path, pid)).unwrap();
    assert_eq!(child, "1000 20 inherited\n1000 20 child's\n");
    let parent = fs::read_to_string(own_map(path)).unwrap();
    assert_eq!(parent, "1000 20 gone\n1000 20 inherited\n1000 20 parent's\n");
}

#[test]
fn a_child_that_was_not_told_of_the_fork_finds_out() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let mut registry = registry(path);
    registry.register(&region("inherited"));

    let pid = in_child(|| {
        registry.register(&region("child's"));
    });
    let child = fs::read_to_string(map_of(path, pid)).unwrap();
    assert_eq!(child, "1000 20 inherited\n1000 20 child's\n");
    assert_eq!(fs::read_to_string(own_map(path)).unwrap(), "1000 20 inherited\n");
}

#[test]
fn a_child_without_code_leaves_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let mut registry = registry(directory.path());
    let pid = in_child(|| registry.after_fork_child());
    assert!(!map_of(directory.path(), pid).exists());
}

#[test]
fn lines_of_concurrent_writers_stay_whole() {
    let directory = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let path = directory.path();
            scope.spawn(move || {
                let mut registry = registry(path);
                for i in 0..500 {
                    let name = format!("writer{writer}:{i}:{}", "x".repeat(i % 97));
                    registry.register(&region_at(i, writer, &name));
                }
                assert!(registry.take_warnings().is_empty());
            });
        }
    });

    let text = fs::read_to_string(own_map(directory.path())).unwrap();
    let mut next = [0; 8];
    for line in text.lines() {
        let [start, size, name] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let writer = usize::from_str_radix(size, 16).unwrap();
        let i = usize::from_str_radix(start, 16).unwrap();
        assert_eq!(name, format!("writer{writer}:{i}:{}", "x".repeat(i % 97)));
        assert_eq!(i, next[writer], "lines of one writer are out of order");
        next[writer] += 1;
    }
    assert_eq!(next, [500; 8]);
}
