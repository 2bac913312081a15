//! When to compile.
//!
//! Code that is found running again and again ([`sampling`]) is counted: `sys.monitoring` reports each of its starts and
//! backward jumps ([`monitoring`], [`hotness`]) until it is compiled ([`build`]) or refused. Functions made later from the same
//! code get the same entry ([`functions`]). When guesses keep failing the code is compiled anew without them, and
//! given up in the end ([`failures`], [`doubts`]). With the usual thresholds callees are inlined in two steps ([`growth`]). Generators are counted and entered where they go on ([`generators`]). Machine code that is out of use waits until nobody can be inside it
//! ([`retire`]). Tests have machine code taken out of use without a cause ([`stress`]).
//!
//! Everything here is called with the GIL held.

mod background;
mod build;
pub mod coverage;
mod doubts;
mod failures;
pub mod functions;
pub mod generators;
mod growth;
pub mod hotness;
pub mod invariants;
mod monitoring;
mod patience;
mod registry;
pub mod report;
mod retire;
mod running;
pub mod sampling;
mod stress;
mod switch;

use std::ptr::NonNull;

use crate::code::extra;
use crate::code::state::CodeState;
use crate::cpython::code::Code;

pub use background::{abandon_orders, finish, ordered};
pub use build::{compile_now, guarded, longest_compile_ns};
pub use failures::{RECOMPILATIONS_TO_LEARN, RECOMPILATIONS_WITH_GUESSES};
pub use registry::code_of_state;
pub use running::{
    body_for_call, forget_instruction_event, is_patient, local_events_changed, record_class, record_deopt,
    record_operands, record_reification, want_instruction_event,
};
pub use stress::{Invalidation, invalidate_in_turn};
pub use switch::{disable, enable, is_enabled, monitoring_state, options, pause_events, resume_events, start};

/// The state of `code`, made if it has none. None when memory is short.
pub fn state_or_new(code: Code) -> Option<NonNull<CodeState>> {
    registry::state(code).map(extra::StateRef::as_ptr)
}
