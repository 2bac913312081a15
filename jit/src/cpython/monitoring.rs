//! `sys.monitoring` (PEP 669; `Include/cpython/monitoring.h`, `Include/internal/pycore_instruments.h`): tools,
//! events, and what a code object keeps about them.

use super::code::Code;
use super::memory;
use super::thread::Thread;

layout! {
    /// Tool id: debuggers.
    DEBUGGER_ID: i32 = 0, "PY_MONITORING_DEBUGGER_ID";
    /// Tool id: coverage.
    COVERAGE_ID: i32 = 1, "PY_MONITORING_COVERAGE_ID";
    /// Tool id: profilers.
    PROFILER_ID: i32 = 2, "PY_MONITORING_PROFILER_ID";
    /// Tool id: optimizers, this one.
    OPTIMIZER_ID: i32 = 5, "PY_MONITORING_OPTIMIZER_ID";
    /// Tool id inside the interpreter: `sys.setprofile`.
    SYS_PROFILE_ID: i32 = 6, "PY_MONITORING_SYS_PROFILE_ID";
    /// Tool id inside the interpreter: `sys.settrace`.
    SYS_TRACE_ID: i32 = 7, "PY_MONITORING_SYS_TRACE_ID";
    /// Number of tool ids.
    TOOL_IDS: i32 = 8, "PY_MONITORING_TOOL_IDS";
    /// Number of events that are switched one by one.
    UNGROUPED_EVENTS: i32 = 16, "_PY_MONITORING_UNGROUPED_EVENTS";
    /// Number of all events.
    EVENTS: i32 = 19, "_PY_MONITORING_EVENTS";
    /// Event: a Python function starts.
    EVENT_PY_START: u8 = 0, "PY_MONITORING_EVENT_PY_START";
    /// Event: a generator goes on.
    EVENT_PY_RESUME: u8 = 1, "PY_MONITORING_EVENT_PY_RESUME";
    /// Event: a Python function returns.
    EVENT_PY_RETURN: u8 = 2, "PY_MONITORING_EVENT_PY_RETURN";
    /// Event: a generator yields.
    EVENT_PY_YIELD: u8 = 3, "PY_MONITORING_EVENT_PY_YIELD";
    /// Event: a call.
    EVENT_CALL: u8 = 4, "PY_MONITORING_EVENT_CALL";
    /// Event: a line.
    EVENT_LINE: u8 = 5, "PY_MONITORING_EVENT_LINE";
    /// Event: an instruction.
    EVENT_INSTRUCTION: u8 = 6, "PY_MONITORING_EVENT_INSTRUCTION";
    /// Event: an unconditional jump.
    EVENT_JUMP: u8 = 7, "PY_MONITORING_EVENT_JUMP";
    /// Event: a branch not taken.
    EVENT_BRANCH_LEFT: u8 = 8, "PY_MONITORING_EVENT_BRANCH_LEFT";
    /// Event: a branch taken.
    EVENT_BRANCH_RIGHT: u8 = 9, "PY_MONITORING_EVENT_BRANCH_RIGHT";
    /// Event: an artificial StopIteration.
    EVENT_STOP_ITERATION: u8 = 10, "PY_MONITORING_EVENT_STOP_ITERATION";
    /// Event: an exception is raised.
    EVENT_RAISE: u8 = 11, "PY_MONITORING_EVENT_RAISE";
    /// Event: an exception is handled.
    EVENT_EXCEPTION_HANDLED: u8 = 12, "PY_MONITORING_EVENT_EXCEPTION_HANDLED";
    /// Event: an exception leaves a function.
    EVENT_PY_UNWIND: u8 = 13, "PY_MONITORING_EVENT_PY_UNWIND";
    /// Event: an exception is thrown into a generator.
    EVENT_PY_THROW: u8 = 14, "PY_MONITORING_EVENT_PY_THROW";
    /// Event: an exception is raised again.
    EVENT_RERAISE: u8 = 15, "PY_MONITORING_EVENT_RERAISE";
    /// Event: a C function returns.
    EVENT_C_RETURN: u8 = 16, "PY_MONITORING_EVENT_C_RETURN";
    /// Event: a C function raises.
    EVENT_C_RAISE: u8 = 17, "PY_MONITORING_EVENT_C_RAISE";
    /// Event: a branch either way.
    EVENT_BRANCH: u8 = 18, "PY_MONITORING_EVENT_BRANCH";
    /// In a code object's monitoring data: for each event, the tools that want it in this code (`u8` each).
    DATA_LOCAL_MONITORS: i32 = 0, "offsetof(_PyCoMonitoringData, local_monitors)";
    /// In a code object's monitoring data: for each event, the tools that get it in this code (`u8` each).
    DATA_ACTIVE_MONITORS: i32 = 16, "offsetof(_PyCoMonitoringData, active_monitors)";
    /// In a code object's monitoring data: pointer to a `u8` of tools for each code unit, or null.
    DATA_TOOLS: i32 = 32, "offsetof(_PyCoMonitoringData, tools)";
    /// In a code object's monitoring data: pointer to the opcodes under line events, or null.
    DATA_LINES: i32 = 104, "offsetof(_PyCoMonitoringData, lines)";
    /// In a code object's monitoring data: pointer to a `u8` of tools for each code unit's line event, or null.
    DATA_LINE_TOOLS: i32 = 112, "offsetof(_PyCoMonitoringData, line_tools)";
    /// In a code object's monitoring data: pointer to the opcodes under instruction events, or null.
    DATA_PER_INSTRUCTION_OPCODES: i32 = 120, "offsetof(_PyCoMonitoringData, per_instruction_opcodes)";
    /// In a code object's monitoring data: pointer to a `u8` of tools for each code unit's instruction event, or null.
    DATA_PER_INSTRUCTION_TOOLS: i32 = 128, "offsetof(_PyCoMonitoringData, per_instruction_tools)";
}

/// Whether a tool other than `own` gets any event of `code`: through `sys.monitoring`, `sys.settrace` or
/// `sys.setprofile`. On the way into each compiled call, so all events are looked at together.
#[inline]
pub fn has_other_tools(code: Code, thread: Thread, own: i32) -> bool {
    let others = !(0x0101_0101_0101_0101u64 << own);
    // SAFETY: both have a byte for each event, aligned to words; the interpreter's are valid as long as a thread is.
    let (here, everywhere): ([u64; 2], [u64; 2]) = unsafe {
        let data = code.monitoring_data();
        let active = if data.is_null() { [0; 2] } else { memory::read(data, DATA_ACTIVE_MONITORS) };
        (active, memory::read(thread.interp(), super::interp::MONITORS))
    };
    (here[0] | here[1] | everywhere[0] | everywhere[1]) & others != 0
}

/// Whether a tool other than `own` gets any event everywhere. The GIL must be held.
pub fn others_get_events(own: i32) -> bool {
    // SAFETY: the calling thread is attached; the table is that of `has_other_tools`.
    let everywhere: [u64; 2] = unsafe { memory::read(Thread::current().interp(), super::interp::MONITORS) };
    (everywhere[0] | everywhere[1]) & !(0x0101_0101_0101_0101u64 << own) != 0
}

/// The tools, a bit each, that asked for `event` in `code`. `event` is one that is switched by itself.
pub fn local_tools(code: Code, event: u8) -> u8 {
    let data = code.monitoring_data();
    // SAFETY: the code's table has a byte for each such event.
    if data.is_null() { 0 } else { unsafe { memory::read(data, DATA_LOCAL_MONITORS + i32::from(event)) } }
}

const _: () = assert!(UNGROUPED_EVENTS == 16);
