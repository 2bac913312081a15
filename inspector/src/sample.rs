//! A snapshot like one of a real process, for tests.

use rjit_telemetry::{Counters, Event, EventKind, Executable, Identity, Kind, Snapshot, State};

/// A process with executables of every kind and state.
pub fn snapshot() -> Snapshot {
    let rows = [
        ("Planner.make_plan", "deltablue.py", 412, Kind::Function, State::Live, 2_416, 120_482, 3, 0),
        ("Constraint.satisfy", "deltablue.py", 128, Kind::Function, State::Live, 3_880, 984_113, 12, 1),
        ("<module>", "deltablue.py", 640, Kind::Loop, State::Live, 1_204, 2, 0, 0),
        ("Strength.weaker", "deltablue.py", 61, Kind::Function, State::Invalidated, 512, 8_001, 40, 0),
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
            start_ticks: 1,
            created_unix_ns: 0,
            created_monotonic_ns: 0,
            python: "3.15.2".into(),
            rjit: "0.1.0".into(),
        },
        closed: false,
        counters: Counters {
            compiles: 5,
            refusals: 1,
            compile_ns: 9_200_000,
            code_bytes: 8_012,
            evaluations: 5_120,
            invalidations: 1,
            retirements: 1,
            ..Counters::default()
        },
        executables: executables.collect(),
        torn_slots: 0,
        events: events.collect(),
        events_lost: 4,
    }
}
