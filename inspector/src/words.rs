//! The words for kinds, states and events. Scripts read them, so they stay as they are.

use rjit_sampling::{FrameKind, ThreadState};
use rjit_telemetry::{EventKind, Kind, SiteKind, State};

/// What was compiled.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Function => "function",
        Kind::Loop => "loop",
        Kind::Generator => "generator",
        Kind::Overflow => "overflow",
        Kind::Unknown(_) => "unknown",
    }
}

/// Whether it can run.
pub fn state(state: State) -> &'static str {
    match state {
        State::Live => "live",
        State::Invalidated => "invalidated",
        State::Retired => "retired",
        State::Unknown(_) => "unknown",
    }
}

/// What made frames go on in the interpreter.
pub fn site(kind: SiteKind) -> &'static str {
    match kind {
        SiteKind::Deopt => "deopt",
        SiteKind::Reification => "reification",
        SiteKind::Unknown(_) => "unknown",
    }
}

/// What happened.
pub fn event(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Compiled => "compiled",
        EventKind::Refused => "refused",
        EventKind::Deopt => "deopt",
        EventKind::Invalidated => "invalidated",
        EventKind::Retired => "retired",
        EventKind::Reified => "reified",
        EventKind::Enabled => "enabled",
        EventKind::Disabled => "disabled",
        EventKind::Unknown(_) => "unknown",
    }
}

/// What a thread does.
pub fn thread(state: ThreadState) -> &'static str {
    match state {
        ThreadState::Running => "running",
        ThreadState::Sleeping => "sleeping",
        ThreadState::Blocked => "blocked",
        ThreadState::Stopped => "stopped",
        ThreadState::Other => "ended",
    }
}

/// What runs a frame.
pub fn frame(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Compiled => "compiled",
        FrameKind::Inlined => "inlined",
        FrameKind::Interpreted => "interpreted",
        FrameKind::Native => "native",
    }
}
