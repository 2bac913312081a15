//! The counters of a page, for the compiler to read and for machine code to increment.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::layout;

/// The counters of one executable: three consecutive words, which machine code increments by address.
#[derive(Clone, Copy, Debug)]
pub struct SlotCounters<'p> {
    pub(super) words: &'p [AtomicU64],
}

impl<'p> SlotCounters<'p> {
    /// Address of the slot. The counters are at [`layout::ENTRIES_OFFSET`], [`layout::DEOPTS_OFFSET`] and
    /// [`layout::REIFICATIONS_OFFSET`] from here, and stay there as long as the page lives, across `fork` too.
    pub fn slot_address(self) -> usize {
        self.words.as_ptr().addr()
    }

    /// Times the executable was entered.
    pub fn entries(self) -> &'p AtomicU64 {
        &self.words[layout::ENTRIES_OFFSET / 8]
    }

    /// Times it went back to the interpreter.
    pub fn deopts(self) -> &'p AtomicU64 {
        &self.words[layout::DEOPTS_OFFSET / 8]
    }

    /// Times one of its frames was completed.
    pub fn reifications(self) -> &'p AtomicU64 {
        &self.words[layout::REIFICATIONS_OFFSET / 8]
    }
}

/// The counters of the process. The page itself keeps those that follow from its own calls; entries, deopts and
/// reifications are counted in the slots, and [`Page::totals`](super::Page::totals) adds them up.
#[derive(Clone, Copy, Debug)]
pub struct GlobalCounters<'p> {
    pub(super) words: &'p [AtomicU64],
}

impl<'p> GlobalCounters<'p> {
    /// Hotness events that the interpreter reported and the tier evaluated. Counted by the caller.
    pub fn evaluations(self) -> &'p AtomicU64 {
        &self.words[layout::COUNTER_EVALUATIONS]
    }

    /// Executables compiled.
    pub fn compiles(self) -> u64 {
        self.load(layout::COUNTER_COMPILES)
    }

    /// Compilations refused.
    pub fn refusals(self) -> u64 {
        self.load(layout::COUNTER_REFUSALS)
    }

    /// Nanoseconds spent compiling, refused compilations included.
    pub fn compile_ns(self) -> u64 {
        self.load(layout::COUNTER_COMPILE_NS)
    }

    /// Bytes of machine code that exist now.
    pub fn code_bytes(self) -> u64 {
        self.load(layout::COUNTER_CODE_BYTES)
    }

    /// Executables invalidated.
    pub fn invalidations(self) -> u64 {
        self.load(layout::COUNTER_INVALIDATIONS)
    }

    /// Executables retired.
    pub fn retirements(self) -> u64 {
        self.load(layout::COUNTER_RETIREMENTS)
    }

    /// Executables that found the table full.
    pub fn overflow(self) -> u64 {
        self.load(layout::COUNTER_OVERFLOW)
    }

    pub(super) fn load(self, index: usize) -> u64 {
        self.words[index].load(Ordering::Relaxed)
    }

    pub(super) fn add(self, index: usize, amount: u64) {
        self.words[index].fetch_add(amount, Ordering::Relaxed);
    }
}
