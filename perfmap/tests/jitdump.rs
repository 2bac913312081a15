//! The jitdump as others see it: read by somebody else's reader, found in memory, forks, and what may stand in its place.

mod common;

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process;

use common::in_child;
use linux_perf_data::jitdump::{JitDumpReader, JitDumpRecord};
use rjit_perfmap::gimli::X86_64;
use rjit_perfmap::gimli::write::CallFrameInstruction;
use rjit_perfmap::{CodeRegion, Config, FileIndex, LineRow, Reason, Registry, Source, Unwind};

fn registry(directory: &Path) -> Registry {
    Registry::new(Config { perf_map: None, jitdump: Some(directory.into()), unwind: false, gdb: false })
}

fn region(name: &str) -> CodeRegion<'_> {
    CodeRegion { start: 0x1000, code: &[0x90, 0x90, 0xC3], name, source: None, unwind: None }
}

fn dump_of(directory: &Path, pid: u32) -> PathBuf {
    directory.join(format!("jit-{pid}.dump"))
}

fn own_dump(directory: &Path) -> PathBuf {
    dump_of(directory, process::id())
}

#[derive(Debug, PartialEq)]
enum Record {
    Lines { start: u64, rows: Vec<(u64, u32, u32, String)> },
    Unwind { size: usize, mapped: u64 },
    Load { pid: u32, start: u64, index: u64, name: String, code: Vec<u8> },
    Close,
}

fn load(pid: u32, index: u64, name: &str) -> Record {
    Record::Load { pid, start: 0x1000, index, name: name.into(), code: vec![0x90, 0x90, 0xC3] }
}

/// What the reader of the crate linux-perf-data finds in a dump, and the times of the records.
fn read(path: &Path) -> (Vec<Record>, Vec<u64>) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut reader = JitDumpReader::new(File::open(path).unwrap()).unwrap();
    let (mut records, mut times) = (Vec::new(), vec![reader.header().timestamp]);
    while let Some(record) = reader.next_record().unwrap() {
        times.push(record.timestamp);
        records.push(match record.parse().unwrap() {
            JitDumpRecord::CodeDebugInfo(lines) => Record::Lines {
                start: lines.code_addr,
                rows: (lines.entries.iter())
                    .map(|row| (row.code_addr, row.line, row.column, text(&row.file_path.as_slice())))
                    .collect(),
            },
            JitDumpRecord::CodeUnwindingInfo(unwind) => {
                Record::Unwind { size: unwind.eh_frame.len() + unwind.eh_frame_hdr.len(), mapped: unwind.mapped_size }
            }
            JitDumpRecord::CodeLoad(load) => {
                assert_eq!(load.vma, load.code_addr);
                Record::Load {
                    pid: load.pid,
                    start: load.code_addr,
                    index: load.code_index,
                    name: text(&load.function_name.as_slice()),
                    code: load.code_bytes.as_slice().to_vec(),
                }
            }
            JitDumpRecord::CodeClose => Record::Close,
            other => panic!("{other:?}"),
        });
    }
    (records, times)
}

fn records(path: &Path) -> Vec<Record> {
    read(path).0
}

fn unwind() -> Unwind {
    Unwind {
        return_address: X86_64::RA,
        entry: vec![CallFrameInstruction::Cfa(X86_64::RSP, 8), CallFrameInstruction::Offset(X86_64::RA, -8)],
        steps: vec![(1, CallFrameInstruction::CfaOffset(16))],
    }
}

/// Whether the dump is mapped as if it were code.
fn is_mapped(path: &Path) -> bool {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().any(|line| line.contains(" r-xp ") && line.ends_with(path.to_str().unwrap()))
}

fn only_reason(directory: &Path) -> Reason {
    common::only_reason(registry(directory), &region("f"), &own_dump(directory))
}

#[test]
fn everything_known_of_a_region_is_there_before_its_code() {
    let directory = tempfile::tempdir().unwrap();
    let dump = own_dump(directory.path());
    let row = |offset, file, line, column| LineRow { offset, file: FileIndex(file), line, column };
    let source = Source {
        files: vec!["/a b.py".into(), "c.py".into()],
        line: 7,
        rows: vec![row(0, 0, 7, 0), row(1, 1, 9, 4)],
        inlined: Vec::new(),
    };
    let unwind = unwind();

    let mut registry = registry(directory.path());
    assert!(!dump.exists(), "a file before there is code");
    let id = registry.register(&CodeRegion { source: Some(&source), unwind: Some(&unwind), ..region("f\n") });
    registry.register(&region(""));
    assert_eq!(fs::metadata(&dump).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(is_mapped(&dump));
    registry.unregister(id);
    registry.close();
    registry.register(&region("too late"));
    registry.close();
    assert!(registry.take_warnings().is_empty());
    assert!(!is_mapped(&dump));

    let header = JitDumpReader::new(File::open(&dump).unwrap()).unwrap().header().clone();
    assert_eq!((header.version, header.total_size, header.pid, header.flags), (1, 40, process::id(), 0));
    let (records, times) = read(&dump);
    let [lines, Record::Unwind { size, mapped }, code, unnamed, end] = &records[..] else { panic!("{records:?}") };
    let rows = vec![(0x1000, 7, 0, "/a b.py".into()), (0x1001, 9, 4, "c.py".into()), (0x1003, 9, 4, "c.py".into())];
    assert_eq!(*lines, Record::Lines { start: 0x1000, rows });
    assert_eq!(*mapped, *size as u64);
    assert_eq!(*code, load(process::id(), 0, "f?"));
    assert_eq!(*unnamed, load(process::id(), 1, "[unnamed]"));
    assert_eq!(*end, Record::Close);
    assert!(times.is_sorted() && times[0] > 0, "{times:?}");
}

#[test]
fn unwind_rules_are_not_mapped_over_other_code() {
    let directory = tempfile::tempdir().unwrap();
    let unwind = unwind();
    let mut registry = registry(directory.path());
    let behind = registry.register(&CodeRegion { start: 0x1010, ..region("behind") });
    registry.register(&CodeRegion { unwind: Some(&unwind), ..region("tight") });
    registry.unregister(behind);
    registry.register(&CodeRegion { unwind: Some(&unwind), ..region("roomy") });
    let mapped: Vec<_> = (records(&own_dump(directory.path())).iter())
        .filter_map(|record| if let Record::Unwind { mapped, .. } = record { Some(*mapped > 0) } else { None })
        .collect();
    assert_eq!(mapped, [false, true]);
}

#[test]
fn a_registry_that_is_dropped_ends_its_dump() {
    let directory = tempfile::tempdir().unwrap();
    registry(directory.path()).register(&region("f"));
    assert_eq!(records(&own_dump(directory.path())).last(), Some(&Record::Close));
}

#[test]
fn a_dump_that_an_earlier_process_left_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let dump = own_dump(directory.path());
    fs::write(&dump, "x".repeat(1000)).unwrap();
    let mut still_open = File::open(&dump).unwrap();
    let mut registry = registry(directory.path());
    registry.register(&region("f"));
    assert_eq!(records(&dump), [load(process::id(), 0, "f")]);
    // Whoever has it open still finds what was in it.
    let mut left = String::new();
    std::io::Read::read_to_string(&mut still_open, &mut left).unwrap();
    assert_eq!(left.len(), 1000);
}

#[test]
fn what_is_not_plainly_ours_is_not_touched() {
    let directory = tempfile::tempdir().unwrap();
    let (dump, victim) = (own_dump(directory.path()), directory.path().join("victim"));
    fs::write(&victim, "precious").unwrap();

    symlink(&victim, &dump).unwrap();
    assert!(matches!(only_reason(directory.path()), Reason::Symlink));
    fs::remove_file(&dump).unwrap();

    symlink(directory.path().join("nothing"), &dump).unwrap();
    assert!(matches!(only_reason(directory.path()), Reason::Symlink));
    assert!(!directory.path().join("nothing").exists());
    fs::remove_file(&dump).unwrap();

    fs::hard_link(&victim, &dump).unwrap();
    assert!(matches!(only_reason(directory.path()), Reason::HardLinked(2)));
    fs::remove_file(&dump).unwrap();

    fs::create_dir(&dump).unwrap();
    assert!(matches!(only_reason(directory.path()), Reason::NotRegular));
    fs::remove_dir(&dump).unwrap();

    assert!(process::Command::new("mkfifo").arg(&dump).status().unwrap().success());
    assert!(matches!(only_reason(directory.path()), Reason::NotRegular));
    fs::remove_file(&dump).unwrap();

    // SAFETY: it has no preconditions and cannot fail.
    if unsafe { libc::geteuid() } == 0 {
        fs::write(&dump, "theirs").unwrap();
        std::os::unix::fs::chown(&dump, Some(12345), None).unwrap();
        assert!(matches!(only_reason(directory.path()), Reason::ForeignOwner(12345)));
        assert_eq!(fs::read_to_string(&dump).unwrap(), "theirs");
    }
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
}

#[test]
fn a_missing_directory_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let Reason::Open(error) = only_reason(&directory.path().join("missing")) else { panic!("not an error of opening") };
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn a_file_that_took_the_dumps_place_is_not_written_to() {
    let directory = tempfile::tempdir().unwrap();
    let dump = own_dump(directory.path());
    let mut registry = registry(directory.path());
    registry.register(&region("f"));
    fs::remove_file(&dump).unwrap();
    fs::write(&dump, "another").unwrap();
    registry.register(&region("g"));
    let warnings = registry.take_warnings();
    assert!(matches!(warnings[0].reason, Reason::Replaced), "{warnings:?}");
    assert_eq!(fs::read_to_string(&dump).unwrap(), "another");
}

#[test]
fn a_program_that_closes_all_descriptors_keeps_its_own_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let pid = in_child(|| {
        let mut registry = registry(path);
        registry.register(&region("before"));
        // SAFETY: the child uses none of them afterwards.
        assert_eq!(unsafe { libc::close_range(3, libc::c_uint::MAX, 0) }, 0);
        let own: Vec<_> = (0..20).map(|i| File::create(path.join(format!("own{i}"))).unwrap()).collect();
        registry.register(&region("after"));
        assert!(registry.take_warnings().is_empty());
        assert!(own.iter().all(|file| file.metadata().unwrap().size() == 0));
    });
    assert_eq!(records(&dump_of(path, pid)).iter().filter(|record| matches!(record, Record::Load { .. })).count(), 2);
}

#[test]
fn a_full_disk_or_a_limit_is_reported_and_survived() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let pid = in_child(|| {
        let limit = libc::rlimit { rlim_cur: 120, rlim_max: 120 };
        // SAFETY: it only reads `limit`.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &limit) }, 0);
        let mut registry = registry(path);
        registry.register(&region("fits"));
        assert!(registry.take_warnings().is_empty());
        registry.register(&region("does not fit"));
        let warnings = registry.take_warnings();
        assert!(matches!(&warnings[..], [warning] if matches!(&warning.reason, Reason::Write(error)
            if error.raw_os_error() == Some(libc::EFBIG))));
        assert!(!is_mapped(&own_dump(path)));
        registry.register(&region("nobody to tell"));
        assert!(registry.take_warnings().is_empty());
    });
    assert!(fs::metadata(dump_of(path, pid)).unwrap().size() <= 120);
}

#[test]
fn a_child_has_a_dump_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let mut registry = registry(path);
    let gone = registry.register(&region("gone"));
    let unwind = unwind();
    registry.register(&CodeRegion { unwind: Some(&unwind), ..region("inherited") });
    registry.unregister(gone);
    let before = read(&own_dump(path)).1;

    let pid = in_child(|| {
        registry.after_fork_child();
        assert!(is_mapped(&own_dump(path)));
        assert!(!is_mapped(&dump_of(path, std::os::unix::process::parent_id())));
        registry.register(&region("child's"));
        registry.close();
        assert!(registry.take_warnings().is_empty());
    });
    registry.register(&region("parent's"));

    let (child, times) = read(&dump_of(path, pid));
    let [Record::Unwind { .. }, inherited, own, Record::Close] = &child[..] else { panic!("{child:?}") };
    assert_eq!((inherited, own), (&load(pid, 1, "inherited"), &load(pid, 2, "child's")));
    assert!(times[0] > *before.last().unwrap() && times.is_sorted());
    let parent = records(&own_dump(path));
    assert_eq!(parent.last(), Some(&load(process::id(), 2, "parent's")));
    assert!(!parent.contains(&Record::Close));
}

#[test]
fn a_child_that_only_ends_leaves_the_parents_dump_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let mut registry = registry(path);
    registry.register(&region("f"));
    let pid = in_child(|| {
        // SAFETY: the child ends without using the parent's value again.
        drop(unsafe { std::ptr::read(&raw const registry) });
    });
    assert!(!dump_of(path, pid).exists());
    assert_eq!(records(&own_dump(path)), [load(process::id(), 0, "f")]);
}

/// perf itself, on a program whose machine code is known.
#[cfg(target_arch = "x86_64")]
mod perf {
    use std::process::Command;

    use super::*;

    /// What a command prints to stdout.
    fn output(command: &mut Command) -> String {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Records the example `spinning`; returns the text that `perf script` makes of it.
    fn script(folder: &Path, call_graph: &str) -> String {
        let example = std::env::current_exe().unwrap().parent().unwrap().with_file_name("examples").join("spinning");
        let (data, injected) = (folder.join("perf.data"), folder.join("injected.data"));
        let perf = || Command::new("perf");
        let clock = ["-q", "-k", "1", "-e", "cpu-clock", "-F", "499", "--call-graph", call_graph, "-o"];
        output(perf().arg("record").args(clock).arg(&data).arg(example).arg(folder).arg("600000000"));
        output(perf().args(["inject", "--jit", "-i"]).arg(&data).arg("-o").arg(&injected));
        output(perf().args(["script", "-F", "+srcline", "-i"]).arg(&injected))
    }

    /// Holds that samples in `leaf` have their line, and then these parts in this order.
    fn check(call_graph: &str, callers: &[&str]) {
        if Command::new("perf").arg("--version").output().is_err() {
            return; // It is no part of what is needed for building.
        }
        let folder = tempfile::tempdir().unwrap();
        let text = script(folder.path(), call_graph);
        let samples: Vec<&str> = text.split("\n\n").filter(|sample| sample.contains("demo::leaf")).collect();
        assert!(samples.len() >= 20, "{text}");
        let whole = |sample: &&&str| {
            let mut rest = **sample;
            let mut parts = ["demo::leaf", "leaf.src:12", "demo::middle"].iter().chain(callers);
            parts.all(|part| rest.find(part).map(|at| rest = &rest[at..]).is_some())
        };
        let right = samples.iter().filter(whole).count();
        assert!(right * 10 >= samples.len() * 9, "{right} of {}, as in\n{}", samples.len(), samples[0]);
    }

    #[test]
    fn perf_shows_names_lines_and_stacks_by_frame_pointers() {
        // That is the line of what comes after the call. The standard library may have no frame pointers.
        check("fp", &["middle.src:22", "spinning::"]);
    }

    #[test]
    fn perf_shows_names_lines_and_stacks_by_unwind_rules() {
        check("dwarf", &["middle.src:21", "spinning::", "__libc_start_main"]);
    }
}
