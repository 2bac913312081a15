//! A process that looks to `rjit-inspect` like Python running rjit: for looking at the screen without Python.
//!
//! Runs until its standard input ends or it is killed. Its numbers are made up, but come the way real ones do.

use std::io::Read;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use rjit_telemetry::{EventKind, ExecutableInfo, Kind, Page, RefusalInfo, Seen, SiteInfo, SiteKind, SlotId, Subject};

const FUNCTIONS: [(&str, &str, u32, Kind, u64); 14] = [
    ("Constraint.satisfy", "/srv/app/deltablue.py", 128, Kind::Function, 3880),
    ("Planner.make_plan", "/srv/app/deltablue.py", 412, Kind::Function, 2416),
    ("Planner.propagate_from", "/srv/app/deltablue.py", 455, Kind::Loop, 1904),
    ("Variable.add_constraint", "/srv/app/deltablue.py", 352, Kind::Function, 640),
    ("Strength.weaker", "/srv/app/deltablue.py", 61, Kind::Function, 512),
    ("advance", "/srv/app/nbody.py", 48, Kind::Loop, 5216),
    ("energy", "/srv/app/nbody.py", 66, Kind::Function, 2900),
    ("Task.run", "/srv/app/richards.py", 203, Kind::Function, 1720),
    ("Scheduler.loop", "/srv/app/richards.py", 260, Kind::Loop, 980),
    ("fannkuch", "/srv/app/fannkuch.py", 9, Kind::Loop, 4410),
    ("tokens.<locals>.<lambda>", "/srv/app/words.py", 31, Kind::Function, 300),
    ("count_words", "/srv/app/words.py", 44, Kind::Loop, 2210),
    ("Elevator.step", "/srv/app/elevator.py", 90, Kind::Function, 1550),
    ("<module>", "/srv/app/main.py", 12, Kind::Loop, 820),
];

/// Function, line, reason, instruction, what was expected, what was seen.
type Deopt = (usize, u32, &'static str, &'static str, Option<&'static str>, Seen<'static>);

const DEOPTS: [Deopt; 6] = [
    (4, 63, "guard type failed", "COMPARE_OP_INT", Some("int"), Seen::Kind("str")),
    (4, 63, "guard type failed", "COMPARE_OP_INT", Some("int"), Seen::Kind("float")),
    (0, 131, "guard class version failed", "LOAD_ATTR_SLOT", Some("EqualityConstraint"), Seen::Kind("ScaleConstraint")),
    (9, 21, "index out of range", "BINARY_OP_SUBSCR_LIST_INT", Some("an index below 16"), Seen::Value("16")),
    (5, 57, "integer overflow", "BINARY_OP_ADD_INT", Some("an int of 64 bits"), Seen::Nothing),
    (
        11,
        46,
        "guard dict keys failed",
        "LOAD_GLOBAL_MODULE",
        Some("the names of the module as they were"),
        Seen::Nothing,
    ),
];

/// Function, first line, line, what prevents compiling it.
const REFUSALS: [(&str, u32, u32, &str); 4] = [
    ("walk", 88, 88, "generator"),
    ("fetch", 14, 14, "coroutine"),
    ("Report.render", 140, 152, "more than 20000 instructions"),
    ("tokens", 30, 33, "generator"),
];

/// Makes the page and keeps its numbers moving until standard input ends.
pub fn main() {
    let page = Page::create("3.15.2", env!("CARGO_PKG_VERSION")).expect("the page of this process");
    println!("fake target, process {}", std::process::id());
    page.record(EventKind::Enabled, Subject::Code(""), 0, "calls=100 loops=1000");
    let mut executables: Vec<SlotId> = Vec::new();
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = ended.send(());
    });
    for tick in 0_u64.. {
        if executables.len() < FUNCTIONS.len() && (tick < 5 || tick.is_multiple_of(10)) {
            executables.push(compile(&page, FUNCTIONS[executables.len()]));
        }
        run(&page, &executables, tick);
        if end.recv_timeout(Duration::from_millis(50)) != Err(RecvTimeoutError::Timeout) {
            break;
        }
    }
}

fn compile(page: &Page, function: (&str, &str, u32, Kind, u64)) -> SlotId {
    let (qualname, filename, line, kind, size) = function;
    let address = 0x7f3a_5c00_0000 + page.counters().code_bytes();
    let compile_ns = size * 430;
    page.add_executable(&ExecutableInfo { qualname, filename, first_line: line, line, kind, address, size, compile_ns })
}

/// One tick of a program: entries everywhere, more seldom everything else.
fn run(page: &Page, executables: &[SlotId], tick: u64) {
    page.counters().evaluations().fetch_add(3, Ordering::Relaxed);
    for (index, &id) in (0_u64..).zip(executables) {
        let wave = 10 + (tick * (index + 3)) % 17;
        page.slot_counters(id).entries().fetch_add(wave * 4000 / (index + 1), Ordering::Relaxed);
    }
    for (&(function, line, reason, opcode, expected, seen), every) in DEOPTS.iter().zip([3, 10, 30, 50, 90, 200]) {
        if let Some(&id) = executables.get(function)
            && tick.is_multiple_of(every)
        {
            page.slot_counters(id).deopts().fetch_add(1, Ordering::Relaxed);
            let seen_now = format!("{}", 16 + tick % 3);
            let seen = if let Seen::Value(_) = seen { Seen::Value(&seen_now) } else { seen };
            let kind = SiteKind::Deopt;
            page.count_site(id, &site(function, kind, line, reason, opcode, expected, seen, None));
            if tick.is_multiple_of(every * 8) {
                page.record(EventKind::Deopt, Subject::Executable(id), line, reason);
            }
        }
    }
    if tick % 70 == 23 {
        let (id, cause) = (executables[0], "f_locals was read");
        page.slot_counters(id).reifications().fetch_add(1, Ordering::Relaxed);
        let observer =
            ["Debugger.look /srv/app/debug.py:17", "trace_calls /srv/app/trace.py:40"][tick as usize / 70 % 2];
        let kind = SiteKind::Reification;
        page.count_site(id, &site(0, kind, 130, cause, "CALL", None, Seen::Nothing, Some(observer)));
        page.record(EventKind::Reified, Subject::Executable(id), 130, cause);
    }
    if let Some(&(qualname, first_line, line, construct)) = REFUSALS.get(tick as usize / 40)
        && tick % 40 == 2
    {
        page.refuse(&RefusalInfo { qualname, filename: "/srv/app/tree.py", first_line, line, construct }, 40_000);
    }
    match tick {
        3 => page.invalidate(executables[3], "global ORDER was rebound"),
        4 => page.retire(executables[3], "no frame runs in it"),
        _ => {}
    }
}

#[expect(clippy::too_many_arguments, reason = "the fields of a site")]
fn site<'a>(
    function: usize,
    kind: SiteKind,
    line: u32,
    reason: &'a str,
    opcode: &'a str,
    expected: Option<&'a str>,
    seen: Seen<'a>,
    observer: Option<&'a str>,
) -> SiteInfo<'a> {
    let (qualname, filename, ..) = FUNCTIONS[function];
    SiteInfo { kind, qualname, filename, line, reason, opcode, expected, seen, observer }
}
