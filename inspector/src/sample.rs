//! Looks at a process like a real one, for tests.

use std::time::Duration;

use rjit_sampling::{Frame, FrameKind, Shares, ThreadStack, ThreadState};
use rjit_telemetry::{
    CodeRange, Counters, Details, Event, EventKind, Executable, Exit, Guard, Identity, Kind, Refused, Row, Site,
    SiteKind, Snapshot, State,
};

use crate::app::App;
use crate::app::list::Target;
use crate::model::Model;
use crate::model::listing::SourceText;
use crate::model::source::{Look, Samples, Sampling};
use crate::theme::{Depth, Theme, ThemeName};

const FILE: &str = "/srv/app/deltablue.py";
const ADDRESS: u64 = 0x7f3a_0000_4000;

/// A process with executables of every kind and state.
pub fn snapshot() -> Snapshot {
    let rows = [
        ("Planner.make_plan", "deltablue.py", 412, Kind::Function, State::Live, 2_416, 120_482, 3, 0),
        ("Constraint.satisfy", "deltablue.py", 128, Kind::Function, State::Live, 3_880, 984_113, 12, 1),
        ("<module>", "deltablue.py", 640, Kind::Loop, State::Live, 1_204, 2, 0, 0),
        ("Strength.weaker", "deltablue.py", 61, Kind::Function, State::Invalidated, 512, 8_001, 4_000, 0),
        ("Old.gone", "legacy.py", 7, Kind::Function, State::Retired, 300, 77, 5, 2),
    ];
    let executables = rows.into_iter().enumerate().map(|(index, row)| {
        let (qualname, file, line, kind, state, size, entries, deopts, reifications) = row;
        Executable {
            slot: index as u32,
            generation: 0,
            qualname: qualname.into(),
            filename: format!("/srv/app/{file}"),
            first_line: line,
            line,
            kind,
            state,
            address: 0x7f3a_0000_1000 + index as u64 * 0x1000,
            size,
            created_ns: 1_000_000_000 * (index as u64 + 1),
            compile_ns: 1_800_000,
            entries,
            deopts,
            reifications,
        }
    });
    let events = [
        (EventKind::Enabled, None, None, "", "calls=100 loops=1000"),
        (EventKind::Compiled, Some((1, 0)), Some(128), "Constraint.satisfy", "3880 bytes in 1.8 ms"),
        (EventKind::Refused, None, Some(88), "walk", "generator"),
        (EventKind::Deopt, Some((3, 0)), Some(63), "Strength.weaker", "int expected, got str"),
        (EventKind::Invalidated, Some((3, 0)), None, "Strength.weaker", "global ORDER was rebound"),
    ];
    let events = events.into_iter().enumerate().map(|(index, (kind, executable, line, subject, reason))| Event {
        number: index as u64 + 4,
        time_ns: 1_250_000_000 * (index as u64 + 1),
        kind,
        executable,
        line,
        subject: subject.into(),
        reason: reason.into(),
    });
    Snapshot {
        identity: Identity {
            minor: 0,
            pid: 4242,
            parent_pid: Some(4200),
            start_ticks: 1,
            created_unix_ns: 0,
            created_monotonic_ns: 0,
            python: "3.15.2".into(),
            rjit: "0.1.0".into(),
        },
        closed: false,
        counters: Counters {
            compiles: 5,
            refusals: 7,
            compile_ns: 9_200_000,
            code_bytes: 8_012,
            evaluations: 5_120,
            invalidations: 1,
            retirements: 1,
            ..Counters::default()
        },
        executables: executables.collect(),
        torn_slots: 0,
        sites: sites(),
        sites_lost: 0,
        refused: refused(),
        refused_lost: 0,
        events: events.collect(),
        events_lost: 4,
    }
}

fn sites() -> Vec<Site> {
    let site = |kind, slot, qualname: &str, line, reason: &str, opcode: &str, count| Site {
        kind,
        slot,
        generation: 0,
        qualname: qualname.into(),
        filename: FILE.into(),
        line,
        reason: reason.into(),
        opcode: opcode.into(),
        expected: None,
        seen: None,
        observer: None,
        count,
        first_ns: 2_000_000_000,
        last_ns: 57_000_000_000,
    };
    let failed = Site {
        expected: Some("int".into()),
        seen: Some("str".into()),
        ..site(SiteKind::Deopt, 3, "Strength.weaker", 63, "guard int failed", "BINARY_OP", 3_998)
    };
    let observed = Site {
        observer: Some("Logger.find_caller /usr/lib/python3.15/logging/__init__.py:1611".into()),
        ..site(SiteKind::Reification, 1, "Constraint.satisfy", 131, "sys._getframe", "CALL", 3)
    };
    vec![
        failed,
        site(SiteKind::Deopt, 1, "Constraint.satisfy", 140, "the iterator is exhausted", "FOR_ITER", 12),
        observed,
    ]
}

fn refused() -> Vec<Refused> {
    let refused = |qualname: &str, first_line, line, construct: &str, count| Refused {
        qualname: qualname.into(),
        filename: FILE.into(),
        first_line,
        line,
        construct: construct.into(),
        count,
        first_ns: 1_000_000_000,
        last_ns: 31_000_000_000,
    };
    vec![refused("walk", 86, 88, "generator", 6), refused("Planner.report", 500, 503, "async with", 1)]
}

/// What sampling has found.
pub fn samples() -> Samples {
    let shares = Shares { compiled: 0.6, interpreted: 0.08, native: 0.1, gc: 0.02, idle: 0.2 };
    Samples {
        method: "perf (software clock)".into(),
        hz: 99.0,
        overhead: Some(0.004),
        taken: 200,
        lost: 0,
        total: shares,
        recent: shares,
        caution: None,
        by_executable: [((1, 0), 100), ((0, 0), 46), ((2, 0), 3)].into(),
        by_line: [((FILE.to_string(), 63), 50), (("/srv/app/legacy.py".to_string(), 63), 7)].into(),
        by_address: [(ADDRESS + 0x19, 20), (ADDRESS + 0x1b, 30), (0x1000, 4)].into(),
    }
}

/// The same as the source of a screen tells it.
pub fn sampling() -> Sampling {
    Sampling::On(Box::new(samples()))
}

/// Two threads with frames of every kind.
pub fn threads() -> Vec<ThreadStack> {
    let frame =
        |function: &str, file: &str, line, kind| Frame { function: function.into(), file: file.into(), line, kind };
    let main = vec![
        frame("PyObject_RichCompare", "", 0, FrameKind::Native),
        frame("Strength.stronger", FILE, 57, FrameKind::Inlined),
        frame("Constraint.satisfy", FILE, 131, FrameKind::Compiled),
        frame("Planner.make_plan", FILE, 420, FrameKind::Interpreted),
        frame("<module>", FILE, 641, FrameKind::Interpreted),
    ];
    let waiting = vec![
        frame("Condition.wait", "/usr/lib/python3.15/threading.py", 369, FrameKind::Interpreted),
        frame("Thread.run", "/usr/lib/python3.15/threading.py", 1024, FrameKind::Interpreted),
    ];
    vec![
        ThreadStack {
            tid: 4242,
            name: "MainThread".into(),
            state: ThreadState::Running,
            holds_gil: true,
            collecting: false,
            torn: false,
            frames: main,
        },
        ThreadStack {
            tid: 4250,
            name: "worker-1".into(),
            state: ThreadState::Sleeping,
            holds_gil: false,
            collecting: false,
            torn: false,
            frames: waiting,
        },
    ]
}

/// What a look sees after so many seconds: each second brings work and failing guesses.
pub fn look(second: u64) -> Look {
    let mut snapshot = snapshot();
    snapshot.executables[1].entries += 25_000 * second * (3 + second % 4);
    snapshot.executables[3].deopts += 900 * second;
    snapshot.sites[0].count += 880 * second;
    snapshot.sites[1].count += 20 * second;
    snapshot.counters.compile_ns += 1_000_000 * second;
    Look {
        at: Duration::from_secs(second),
        age_ns: 62_000_000_000,
        command: "python -m rjit deltablue.py 100000".into(),
        snapshot: Some(snapshot),
        sampling: sampling(),
        stacks: Ok(threads()),
        ..Look::default()
    }
}

/// A process that was looked at for some seconds.
pub fn model() -> Model {
    let mut model = Model::default();
    (0..6).for_each(|second| model.update(look(second)));
    model
}

/// The colours of tests.
pub fn theme() -> Theme {
    Theme { name: ThemeName::Colorblind, depth: Depth::Full }
}

/// A screen on it.
pub fn app() -> App {
    let mut app = App::new(theme());
    (0..6).for_each(|second| app.take_in(look(second)));
    app
}

/// What the details of `Strength.weaker` are asked with.
pub fn target() -> Target {
    Target { key: Some((3, 0)), function: "Strength.weaker".into(), filename: FILE.into(), line: Some(61) }
}

/// The source of that function, in its place in the file.
pub fn source() -> SourceText {
    let mut lines = vec![String::new(); 60];
    lines.extend(
        ["def weaker(a, b):", "    # Strings come here too.", "    total = a + b", "    return total"]
            .map(String::from),
    );
    SourceText { lines, caution: None }
}

/// Its code in all forms.
pub fn details() -> Details {
    let row = |text: &str, line, offset, address: Option<u64>| Row {
        text: text.into(),
        offset: Some(offset),
        line: Some(line),
        address: address.map(|address| ADDRESS + address),
    };
    let guard = |offset| Guard {
        reason: "guard int failed".into(),
        expected: Some("int".into()),
        text: "guard_int v1".into(),
        offset: Some(offset),
        line: Some(63),
        inlined: None,
    };
    let range = |start, end, line, offset| CodeRange {
        start: ADDRESS + start,
        end: ADDRESS + end,
        line: Some(line),
        offset: Some(offset),
        inlined: Vec::new(),
    };
    Details {
        qualname: "Strength.weaker".into(),
        filename: FILE.into(),
        first_line: 61,
        bytecode: vec![
            row("  0 RESUME", 61, 0, None),
            row("  8 LOAD_FAST_BORROW a", 63, 8, None),
            row(" 10 LOAD_FAST_BORROW b", 63, 10, None),
            row(" 12 BINARY_OP +", 63, 12, None),
            row(" 24 STORE_FAST total", 63, 24, None),
            row(" 26 RETURN_VALUE", 64, 26, None),
        ],
        hir: vec![
            row("block0(v0, v1):", 61, 0, None),
            row("  v2 = guard_int v0", 63, 12, Some(0x10)),
            row("  v3 = guard_int v1", 63, 12, Some(0x10)),
            row("  v4 = add_int v2, v3", 63, 12, Some(0x18)),
            row("  return v4", 64, 26, Some(0x20)),
        ],
        clif: vec![row("v9 = iadd v7, v8", 63, 12, None), row("return v9", 64, 26, None)],
        assembly: vec![
            row("push rbp", 61, 0, Some(0)),
            row("test dil, 1", 63, 12, Some(0x10)),
            row("add rax, rdi", 63, 12, Some(0x18)),
            row("ret", 64, 26, Some(0x20)),
        ],
        guards: vec![guard(12), guard(12)],
        exits: vec![Exit {
            reason: "guard int failed".into(),
            opcode: "BINARY_OP".into(),
            offset: Some(12),
            line: Some(63),
            inlined: None,
            count: 12_000,
        }],
        inlined: Vec::new(),
        assumptions: vec!["global ORDER is not rebound".into()],
        code: vec![range(0, 0x10, 61, 0), range(0x10, 0x20, 63, 12), range(0x20, 0x21, 64, 26)],
    }
}
