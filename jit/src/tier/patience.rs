//! Compiling no more than it can gain.
//!
//! A large function takes long to compile, so it has to be hotter. And a program that runs much code a little, as one does
//! while it starts, must not spend its time on compiling: that gets a share of the time that has passed, and what is
//! hot waits for its turn.

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::config::Options;
use crate::cpython::code::Code;
use crate::telemetry;

/// Code units for which the thresholds hold as they are; they grow with the size.
const USUAL_UNITS: usize = 512;
/// Time for compiling that is there from the start.
const ALLOWANCE: Duration = Duration::from_millis(30);
/// Of the time passed since the compiler was turned on, the part that may go into compiling is one in so many: of the one
/// processor that the program has, or of those besides, which have nothing else to do for it.
const SHARE: u32 = 4;
const SHARE_BESIDE: u32 = 1;

/// Whether `count` reaches `threshold` for `code`.
pub fn is_hot(options: &Options, code: Code, count: u32, threshold: u32) -> bool {
    if !options.is_patient() {
        return count >= threshold;
    }
    let factor = 1 + u32::try_from(code.unit_count() / USUAL_UNITS).unwrap_or(u32::MAX);
    count >= threshold.saturating_mul(factor)
}

/// Whether there is time for compiling now.
pub fn has_time(options: &Options, enabled: Instant) -> bool {
    /// Finding it out takes several system calls.
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    if !options.is_patient() {
        return true;
    }
    let spent = Duration::from_nanos(telemetry::page().counters().compile_ns());
    let processors = *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, usize::from));
    spent < ALLOWANCE + enabled.elapsed() / if processors > 1 { SHARE_BESIDE } else { SHARE }
}
