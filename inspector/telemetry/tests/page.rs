//! The writer and the reader together, over real files.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rjit_telemetry::{
    CreateError, EventKind, ExecutableInfo, Kind, OpenError, Page, PageView, RefusalInfo, Seen, SiteInfo, SiteKind,
    Snapshot, State, Subject, Totals, layout,
};
use tempfile::TempDir;

const RUN: ExecutableInfo<'static> = ExecutableInfo {
    qualname: "Simulation.run",
    filename: "/srv/app/simulation.py",
    first_line: 10,
    line: 12,
    kind: Kind::Loop,
    address: 0x7f00_1000,
    size: 512,
    compile_ns: 1_500_000,
};

const FIBERS: RefusalInfo<'static> = RefusalInfo {
    qualname: "fibers",
    filename: "/srv/app/fibers.py",
    first_line: 38,
    line: 40,
    construct: "generator",
};

const DEOPT: SiteInfo<'static> = SiteInfo {
    kind: SiteKind::Deopt,
    qualname: "Simulation.run",
    filename: "/srv/app/simulation.py",
    line: 13,
    reason: "guard type failed",
    opcode: "BINARY_OP_ADD_INT",
    expected: Some("int"),
    seen: Seen::Kind("str"),
    observer: None,
};

fn directory() -> (TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("rjit");
    (parent, path)
}

fn own() -> (u32, u32) {
    (std::process::id(), fs::metadata("/proc/self").unwrap().uid())
}

fn page_in(directory: &Path) -> Page {
    Page::create_in(directory, "3.15.2", "0.1.0").unwrap()
}

fn open(directory: &Path) -> Result<PageView, OpenError> {
    let (pid, user) = own();
    PageView::open_in(directory, pid, user)
}

#[test]
fn a_reader_sees_what_the_writer_says() {
    let (_parent, directory) = directory();
    let page = page_in(&directory);
    let path = page.path().unwrap();
    assert_eq!(fs::metadata(&directory).unwrap().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    let blocks = fs::metadata(&path).unwrap().blocks();
    assert!(blocks * 512 < layout::PAGE_SIZE as u64 / 4, "the file is not sparse: {blocks} blocks");

    let id = page.add_executable(&RUN);
    let counters = page.slot_counters(id);
    counters.entries().fetch_add(7, Ordering::Relaxed);
    counters.deopts().fetch_add(2, Ordering::Relaxed);
    counters.reifications().fetch_add(1, Ordering::Relaxed);
    page.record(EventKind::Deopt, Subject::Executable(id), 13, "int expected, got str");
    page.refuse(&FIBERS, 1000);
    page.counters().evaluations().fetch_add(99, Ordering::Relaxed);

    let view = open(&directory).unwrap();
    assert!(view.is_alive());
    let seen = view.snapshot().unwrap();
    assert_eq!((seen.identity.python.as_str(), seen.identity.rjit.as_str()), ("3.15.2", "0.1.0"));
    assert_eq!(seen.identity.pid, std::process::id());
    assert_eq!(seen.identity.parent_pid, Some(std::os::unix::process::parent_id()));
    let [executable] = &seen.executables[..] else { panic!("{:?}", seen.executables) };
    assert_eq!(executable.qualname, "Simulation.run");
    assert_eq!(executable.filename, "/srv/app/simulation.py");
    assert_eq!((executable.first_line, executable.line, executable.kind), (10, 12, Kind::Loop));
    assert_eq!((executable.address, executable.size, executable.state), (0x7f00_1000, 512, State::Live));
    assert_eq!(seen.totals(), Totals { entries: 7, deopts: 2, reifications: 1 });
    assert_eq!(seen.totals(), page.totals());
    assert_eq!((seen.counters.compiles, seen.counters.refusals), (1, 1));
    assert_eq!((seen.counters.code_bytes, seen.counters.compile_ns), (512, 1_501_000));
    assert_eq!(seen.counters.evaluations, 99);
    let kinds: Vec<_> = seen.events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Compiled, EventKind::Deopt, EventKind::Refused]);
    assert_eq!(seen.events[1].executable, Some((0, 0)));
    assert_eq!(seen.events[1].subject, "Simulation.run");
    assert_eq!((seen.events[2].subject.as_str(), seen.events[2].line), ("fibers", Some(40)));
    assert_eq!(seen, page.snapshot());

    page.close();
    assert!(!path.exists());
    assert!(view.snapshot().unwrap().closed);
    counters.entries().fetch_add(1, Ordering::Relaxed);
}

#[test]
fn counters_lie_where_machine_code_expects_them() {
    let page = Page::anonymous("3.15.2", "0.1.0");
    let counters = page.slot_counters(page.add_executable(&RUN));
    let offset = |counter: *const _| (counter as *const u8).addr() - counters.slot_address();
    assert_eq!(offset(std::ptr::from_ref(counters.entries())), layout::ENTRIES_OFFSET);
    assert_eq!(offset(std::ptr::from_ref(counters.deopts())), layout::DEOPTS_OFFSET);
    assert_eq!(offset(std::ptr::from_ref(counters.reifications())), layout::REIFICATIONS_OFFSET);
    assert!(page.path().is_none());
}

#[test]
fn states_only_go_forward_and_stale_ids_are_ignored() {
    let page = Page::anonymous("3.15.2", "0.1.0");
    let id = page.add_executable(&RUN);
    page.invalidate(id, "global rebound");
    page.invalidate(id, "again");
    assert_eq!(page.snapshot().executables[0].state, State::Invalidated);
    page.retire(id, "code object gone");
    page.retire(id, "again");
    page.invalidate(id, "too late");
    let seen = page.snapshot();
    assert_eq!(seen.executables[0].state, State::Retired);
    assert_eq!((seen.counters.invalidations, seen.counters.retirements, seen.counters.code_bytes), (1, 1, 0));
    assert_eq!(seen.events.len(), 3);
}

#[test]
fn a_full_table_reuses_retired_slots_and_then_overflows() {
    let page = Page::anonymous("3.15.2", "0.1.0");
    let ids: Vec<_> = (0..layout::OVERFLOW_SLOT).map(|_| page.add_executable(&RUN)).collect();
    assert!(!ids.iter().any(|id| id.is_overflow()));
    page.slot_counters(ids[5]).entries().store(11, Ordering::Relaxed);
    page.retire(ids[5], "gone");
    let reused = page.add_executable(&ExecutableInfo { qualname: "second", ..RUN });
    assert_eq!(reused.index(), 5);
    assert_ne!(reused, ids[5]);
    page.retire(ids[5], "stale");
    assert_eq!(page.totals().entries, 11);

    for _ in 0..3 {
        let id = page.add_executable(&RUN);
        assert!(id.is_overflow());
        page.slot_counters(id).entries().fetch_add(1, Ordering::Relaxed);
    }
    let beyond = page.add_executable(&RUN);
    page.invalidate(beyond, "global rebound");
    page.retire(beyond, "gone");
    let seen = page.snapshot();
    assert!(seen.events.last().unwrap().subject.contains("beyond the table"));
    assert_eq!((seen.executables[5].qualname.as_str(), seen.executables[5].generation), ("second", 1));
    assert_eq!((seen.executables[5].state, seen.executables[5].entries), (State::Live, 0));
    let last = seen.executables.last().unwrap();
    assert_eq!((last.kind, last.entries, seen.counters.overflow), (Kind::Overflow, 3, 4));
    assert_eq!(seen.totals().entries, 14);
    assert_eq!(seen.executables.len(), layout::SLOT_CAPACITY);
}

#[test]
fn the_ring_keeps_the_last_events_and_counts_the_lost() {
    let page = Page::anonymous("3.15.2", "0.1.0");
    for number in 0..layout::EVENT_CAPACITY + 10 {
        page.record(EventKind::Reified, Subject::Code("f"), number as u32, "");
    }
    let seen = page.snapshot();
    assert_eq!(seen.events.len(), layout::EVENT_CAPACITY);
    assert_eq!(seen.events_lost, 10);
    assert_eq!(seen.events[0].number, 10);
}

#[test]
fn places_are_counted_by_what_was_seen_there() {
    let (_parent, directory) = directory();
    let page = page_in(&directory);
    let (first, second) = (page.add_executable(&RUN), page.add_executable(&RUN));
    let strings = page.count_site(first, &DEOPT).unwrap();
    assert!(page.count_again(strings, first, None));
    // The same place in code that was compiled anew.
    assert_eq!(page.count_site(second, &DEOPT), Some(strings));
    page.count_site(second, &SiteInfo { seen: Seen::Kind("float"), ..DEOPT }).unwrap();
    let bounds = SiteInfo { reason: "index out of range", expected: Some("an index below 16"), line: 20, ..DEOPT };
    let values = page.count_site(first, &SiteInfo { seen: Seen::Value("16"), ..bounds }).unwrap();
    assert_eq!(page.count_site(first, &SiteInfo { seen: Seen::Value("20"), ..bounds }), Some(values));
    assert!(page.count_again(values, first, Some("17")));
    let observer = Some("look /srv/app/debug.py:17");
    let look = SiteInfo { kind: SiteKind::Reification, reason: "f_locals was read", observer, ..DEOPT };
    page.count_site(first, &SiteInfo { expected: None, seen: Seen::Nothing, ..look }).unwrap();

    let seen = open(&directory).unwrap().snapshot().unwrap();
    let told: Vec<_> = seen.sites.iter().map(|site| (site.seen.as_deref(), site.count, site.slot)).collect();
    assert_eq!(told, [(Some("str"), 3, 1), (Some("float"), 1, 1), (Some("17"), 3, 0), (None, 1, 0)]);
    let site = &seen.sites[0];
    assert_eq!((site.qualname.as_str(), site.filename.as_str()), (DEOPT.qualname, DEOPT.filename));
    assert_eq!((site.kind, site.line, site.opcode.as_str()), (SiteKind::Deopt, 13, "BINARY_OP_ADD_INT"));
    assert_eq!((site.reason.as_str(), site.expected.as_deref()), ("guard type failed", Some("int")));
    assert!(site.first_ns <= site.last_ns && site.observer.is_none());
    assert_eq!((seen.sites[3].kind, seen.sites[3].observer.as_deref()), (SiteKind::Reification, observer));
    assert_eq!((seen.sites_lost, seen.torn_slots), (0, 0));
}

#[test]
fn refusals_are_counted_and_recorded_once() {
    let page = Page::anonymous("3.15.2", "0.1.0");
    page.refuse(&FIBERS, 1000);
    page.refuse_again(&FIBERS);
    page.refuse(&RefusalInfo { line: 50, ..FIBERS }, 1000);
    let seen = page.snapshot();
    let told: Vec<_> = seen.refused.iter().map(|found| (found.line, found.count)).collect();
    assert_eq!(told, [(40, 2), (50, 1)]);
    let found = &seen.refused[0];
    assert_eq!((found.qualname.as_str(), found.filename.as_str(), found.first_line), ("fibers", FIBERS.filename, 38));
    assert_eq!((found.construct.as_str(), seen.counters.refusals, seen.events.len()), ("generator", 2, 2));
}

#[test]
fn what_comes_when_a_table_is_full_is_counted() {
    let page = Page::anonymous("3.15.2", "0.1.0");
    let id = page.add_executable(&RUN);
    for line in 0..layout::SITE_CAPACITY as u32 + 3 {
        let site = page.count_site(id, &SiteInfo { line, ..DEOPT });
        assert_eq!(site.is_some(), line < layout::SITE_CAPACITY as u32);
        page.refuse(&RefusalInfo { line, ..FIBERS }, 0);
    }
    page.count_site(id, &SiteInfo { line: 7, ..DEOPT }).unwrap();
    let seen = page.snapshot();
    assert_eq!((seen.sites.len(), seen.sites_lost, seen.sites[7].count), (layout::SITE_CAPACITY, 3, 2));
    let more = (layout::SITE_CAPACITY + 3 - layout::REFUSAL_CAPACITY) as u64;
    assert_eq!((seen.refused.len(), seen.refused_lost), (layout::REFUSAL_CAPACITY, more));
}

#[test]
fn a_reader_never_sees_half_of_a_value() {
    let page = Page::anonymous("3.15.2", "0.1.0");
    let id = page.add_executable(&RUN);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..20_000_u32 {
                let value = char::from(b'a' + (round % 26) as u8).to_string().repeat(60);
                page.count_site(id, &SiteInfo { seen: Seen::Value(&value), ..DEOPT });
            }
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            for site in page.snapshot().sites {
                let seen = site.seen.unwrap();
                assert_eq!(seen, seen[..1].repeat(60));
            }
        }
    });
    assert_eq!(page.snapshot().sites[0].count, 20_000);
}

#[test]
fn a_reader_never_sees_half_a_description() {
    let page = Page::anonymous("3.15.2", "0.1.0");
    for _ in 1..layout::OVERFLOW_SLOT {
        page.add_executable(&RUN);
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..3000_u32 {
                let name = char::from(b'a' + (round % 26) as u8).to_string().repeat(90);
                let info = ExecutableInfo { qualname: &name, filename: &name, line: round % 26, ..RUN };
                let id = page.add_executable(&info);
                page.retire(id, &name[..70]);
            }
            done.store(true, Ordering::Release);
        });
        let mut seen = 0;
        while !done.load(Ordering::Acquire) {
            let snapshot = page.snapshot();
            for executable in snapshot.executables.iter().filter(|executable| executable.qualname != RUN.qualname) {
                let expected = char::from(b'a' + executable.line as u8).to_string().repeat(90);
                assert_eq!(executable.qualname, expected);
                assert_eq!(executable.filename, expected);
            }
            for event in snapshot.events.iter().filter(|event| event.kind == EventKind::Retired) {
                assert_eq!(event.subject[..50], event.reason[..50]);
            }
            seen += 1;
        }
        assert!(seen > 0);
    });
}

#[test]
fn a_directory_of_somebody_else_is_refused() {
    let (parent, directory) = directory();
    let refused = |why: &str| match Page::create_in(&directory, "3.15.2", "0.1.0") {
        Err(CreateError::UnsafeDirectory { path, why: found }) => {
            assert_eq!(path, directory);
            assert!(found.contains(why), "{found}");
        }
        other => panic!("{:?}", other.err()),
    };
    let elsewhere = parent.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &directory).unwrap();
    refused("symbolic link");
    assert!(matches!(open(&directory), Err(OpenError::Untrusted { .. })));
    fs::remove_file(&directory).unwrap();

    fs::write(&directory, "").unwrap();
    refused("not a directory");
    fs::remove_file(&directory).unwrap();

    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
    refused("others have access");
    fs::remove_dir(&directory).unwrap();

    let missing = parent.path().join("no/such/rjit");
    assert!(matches!(Page::create_in(&missing, "", ""), Err(CreateError::Directory { .. })));
}

#[test]
fn a_link_in_the_place_of_the_page_is_replaced_and_not_followed() {
    let (parent, directory) = directory();
    drop(page_in(&directory));
    let victim = parent.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    for name in ["page", "new"] {
        std::os::unix::fs::symlink(&victim, directory.join(format!("{}.{name}", own().0))).unwrap();
    }
    let page = page_in(&directory);
    assert!(!fs::symlink_metadata(page.path().unwrap()).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
}

#[test]
fn each_kind_of_bad_page_has_its_error() {
    let (_parent, directory) = directory();
    let path = page_in(&directory).path().unwrap();
    assert!(matches!(open(&directory), Err(OpenError::NoPage { .. })));

    let page = page_in(&directory);
    let good = fs::read(&path).unwrap();
    page.close();
    // Rewritten as a file of its own, the page is no longer mapped by the process it names.
    let write = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        open(&directory).map(|_| ()).unwrap_err()
    };
    assert!(matches!(write(&good), OpenError::Stale { .. }));
    assert!(matches!(write(b"short"), OpenError::Damaged { .. }));
    assert!(matches!(write(&good[..good.len() - 1]), OpenError::Damaged { .. }));
    assert!(matches!(write(&[0; 8192]), OpenError::Damaged { .. }));

    let mut other = good.clone();
    other[8] = 9;
    let error = write(&other);
    assert!(matches!(error, OpenError::OtherVersion { found: 9, .. }));
    assert!(error.to_string().contains("layout version 9") && error.to_string().contains("reads version 2"), "{error}");

    let mut other = good.clone();
    other[12] ^= 1;
    assert!(matches!(write(&other), OpenError::Damaged { .. }));
    let mut other = good.clone();
    other[16] ^= 1;
    assert!(matches!(write(&other), OpenError::Stale { .. }));

    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(matches!(open(&directory), Err(OpenError::Untrusted { .. })));
}

#[test]
fn no_process_is_told_from_no_page() {
    assert!(matches!(PageView::open(u32::MAX), Err(OpenError::NoSuchProcess { .. })));
    assert!(matches!(PageView::open(1), Err(OpenError::NoPage { .. } | OpenError::NotPermitted { .. })));
}

#[test]
fn a_page_cut_off_while_it_is_mapped_is_an_error() {
    let (_parent, directory) = directory();
    let page = page_in(&directory);
    let view = open(&directory).unwrap();
    fs::OpenOptions::new().write(true).open(page.path().unwrap()).unwrap().set_len(4096).unwrap();
    assert!(matches!(view.snapshot(), Err(OpenError::Damaged { .. })));
    // The writer's memory beyond the cut is gone too, so nothing of it may be touched on the way out.
    std::mem::forget(page);
}

#[test]
fn newer_minor_versions_can_be_read() {
    let page = Page::anonymous("3.15.2", "0.1.0");
    page.add_executable(&RUN);
    let (_parent, directory) = directory();
    let file_page = page_in(&directory);
    file_page.add_executable(&RUN);
    let mut bytes = fs::read(file_page.path().unwrap()).unwrap();
    bytes[10] = 7;
    bytes.extend([0; 8192]);
    let seen = Snapshot::parse(&bytes).unwrap();
    assert_eq!(seen.identity.minor, 7);
    assert_eq!(seen.executables.len(), 1);
}

#[test]
fn counters_can_be_set_aside_before_there_is_an_executable() {
    let (_parent, directory) = directory();
    let page = page_in(&directory);
    let refused = page.reserve();
    let address = page.reserved_counters(&refused).slot_address();
    page.release(refused);

    let reservation = page.reserve();
    let counters = page.reserved_counters(&reservation);
    assert_eq!(counters.slot_address(), address, "what was given back is used first");
    assert!(open(&directory).unwrap().snapshot().unwrap().executables.is_empty());
    let id = page.add_reserved(reservation, &RUN);
    assert_eq!(page.slot_counters(id).slot_address(), address);
    counters.entries().fetch_add(3, Ordering::Relaxed);
    let snapshot = open(&directory).unwrap().snapshot().unwrap();
    assert_eq!(snapshot.executables[0].qualname, RUN.qualname);
    assert_eq!(snapshot.executables[0].entries, 3);
}
