//! One piece of machine code with everything needed to enter it, leave it and talk about it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering};

use pyo3::ffi::{PyObject, PyThreadState};

use super::making::Making;
use super::memory::CodeMemory;
use super::validity::Validity;
use crate::bytecode::opcode::{CodeOffset, Opcode};
use crate::cpython::code::Code;
use crate::cpython::frame::InterpreterFrame;
use crate::hir::function::{Kind, allocated};
use crate::hir::inst::{ContextId, Reason, StateId};
use crate::runtime::blame::Blame;

/// The signature of every executable's machine code: runs `frame`, which is the thread's current frame.
///
/// For functions the result is a new reference, null with an exception set, or a number, and the frame is popped. For
/// loops the frame stays, the interpreter goes on at its `instr_ptr`, and the result is [`OSR_RAISED`] or
/// [`OSR_EXITED`].
pub type Body = unsafe extern "C-unwind" fn(*mut PyThreadState, *mut InterpreterFrame) -> Returned;

/// What machine code leaves in the two registers for results.
#[repr(C)]
#[derive(Copy, Clone, Debug)]
pub struct Returned {
    /// A new reference, or null with an exception set; the [tag](crate::hir::types::Number::tag) of a number; or what a loop says.
    pub object: *mut PyObject,
    /// The number's bits, if it is one.
    pub number: u64,
}

/// A loop's executable left with an exception that the interpreter must raise at the frame's `instr_ptr`.
pub const OSR_RAISED: usize = 1;
/// A loop's executable is done with the frame, whether at a return or by a side exit.
pub const OSR_EXITED: usize = 2;

/// Counters that machine code increments by address. The first three are mirrored in the telemetry page.
#[repr(C)]
#[derive(Default, Debug)]
pub struct Counters {
    pub entries: AtomicU64,
    pub deopts: AtomicU64,
    pub reifications: AtomicU64,
}

/// A side exit's description, found by its index when it is taken.
#[derive(Debug)]
pub struct SideExit {
    pub reason: Reason,
    /// What the interpreter goes on with, in the HIR that the machine code was made from.
    pub state: StateId,
    /// Whose frame is left to the interpreter.
    pub context: ContextId,
    /// Where the interpreter goes on.
    pub offset: CodeOffset,
    /// How many operands the frame has there.
    pub depth: u32,
    /// The bytecode whose guess failed.
    pub site: CodeOffset,
    /// The source line of that, 0 where there is none.
    pub line: u32,
    /// What is done there.
    pub opcode: Opcode,
    /// How often it was taken.
    pub taken: AtomicU64,
}

impl SideExit {
    /// Counts that it was taken.
    pub fn count(&self) {
        self.taken.store(self.times_taken() + 1, Ordering::Relaxed);
    }

    /// How often it was taken.
    pub fn times_taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Points a frame whose operands are in their places at the bytecode with which the interpreter goes on.
    ///
    /// # Safety
    /// `frame` is a live frame of the code that the exit is in.
    pub unsafe fn settle(&self, frame: *mut InterpreterFrame) {
        // SAFETY: the contract; the offset and the depth are those of the code.
        unsafe {
            let code = Code::from_ptr((*frame).code().cast());
            (*frame).instr_ptr = code.first_unit().add(self.offset.index());
            (*frame).stackpointer = (*frame).slot((code.localsplus_count() + self.depth) as usize);
        }
    }
}

/// Why a frame goes on in the interpreter although no guess has failed.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Cause {
    /// Somebody was given the frame's locals, and may have changed them.
    LocalsRead,
    /// A local was assigned through a proxy.
    LocalAssigned,
    /// The frame has got a trace function.
    Traced,
    /// A tool has switched on events.
    ToolOn,
    /// The frame has run machine code for long that is out of use.
    OutOfUse,
}

impl Cause {
    /// All of them.
    pub const ALL: [Cause; 5] =
        [Cause::LocalsRead, Cause::LocalAssigned, Cause::Traced, Cause::ToolOn, Cause::OutOfUse];

    /// A short text for people.
    pub fn text(self) -> &'static str {
        match self {
            Cause::LocalsRead => "f_locals was read",
            Cause::LocalAssigned => "a local was assigned",
            Cause::Traced => "trace function set",
            Cause::ToolOn => "a tool was switched on",
            Cause::OutOfUse => "machine code out of use",
        }
    }
}

/// The part of an executable that its machine code reads by address.
#[repr(C)]
#[derive(Debug)]
pub struct Header {
    /// The value of `tstate->eval_breaker` with which the machine code runs without looking further.
    pub expected_breaker: AtomicU64,
    /// Counted up by safepoints that look closer once the machine code is out of use; 0 before.
    pub lingering: AtomicU32,
    /// The executable, once it is boxed at its final place.
    pub executable: *mut Executable,
    /// Where the counters are: in the telemetry page or in memory of our own.
    pub counters: *const Counters,
    /// Under stress, for each of the executable's guards how often it had its turn, up to 255. Empty otherwise.
    pub turns: Box<[AtomicU8]>,
}

impl Header {
    /// Has frames that run the machine code look closer at their next safepoint.
    pub fn look_again(&self) {
        self.expected_breaker.store(u64::MAX, Ordering::Relaxed);
    }

    /// Notes that the machine code is out of use.
    pub fn withdraw(&self) {
        self.lingering.store(1, Ordering::Relaxed);
        self.look_again();
    }

    /// Whether a frame has run the machine code for long since that is out of use. To be asked at safepoints.
    pub fn lingers(&self) -> bool {
        let count = self.lingering.load(Ordering::Relaxed);
        if count > 0 {
            self.lingering.store(count.saturating_add(1), Ordering::Relaxed);
        }
        count > LONG
    }
}

/// Safepoints with which machine code that is out of use has run for long: only loops pass so many.
const LONG: u32 = 64;

// SAFETY: what the pointers lead to belongs to no thread: counters that are never freed, and the executable, which only
// threads with the GIL use once it is settled.
unsafe impl Send for Header {}

/// What is known about one piece of machine code. Owned by its code object's [`super::state::CodeState`]; does not
/// keep the code object alive.
pub struct Executable {
    /// The code object's address; valid while the executable is installed.
    pub code: usize,
    pub kind: Kind,
    pub qualname: String,
    pub filename: String,
    pub first_line: u32,
    /// The line of the loop header, or the first line.
    pub line: u32,
    pub body: Body,
    /// Words of the data stack that have to be left when the machine code is entered, see [`crate::runtime::room`].
    pub extent: u32,
    /// Start of the machine code.
    pub address: usize,
    /// Bytes of machine code.
    pub size: usize,
    pub header: Box<Header>,
    /// What the machine code counts executions without a profile with.
    pub untried: Option<Box<AtomicI64>>,
    /// What it takes for granted, and whether that holds.
    pub validity: Arc<Validity>,
    /// By the index that machine code gives when it leaves.
    pub exits: Arc<[SideExit]>,
    /// For each of them, once it was taken, what is known of it. Empty as long as none was.
    pub blames: Vec<Option<Box<Blame>>>,
    /// Under stress, the guards that can be made to fail, and how often they were. Empty otherwise.
    pub guards: Vec<SideExit>,
    /// Addresses of the states of code objects whose machine code this one may enter directly.
    pub callees: Vec<usize>,
    /// What it was made from; keeps the machine code mapped.
    pub making: Arc<Making>,
    /// How often one of its frames went on in the interpreter for an observer, by the order of [`Cause::ALL`].
    pub reified: [u64; Cause::ALL.len()],
    /// Nanoseconds that compiling took.
    pub compile_ns: u64,
    /// The slot in the telemetry page, when one was free.
    pub slot: Option<rjit_telemetry::SlotId>,
    /// The region in the perf map.
    pub region: Option<rjit_perfmap::RegionId>,
}

/// The machine code in `memory`, which the compiler made.
pub fn body_in(memory: &CodeMemory) -> Body {
    // SAFETY: the compiler makes all machine code with exactly this signature and calling convention.
    unsafe { std::mem::transmute::<*const u8, Body>(memory.start().as_ptr()) }
}

/// The bytes of machine code whose pages `memory` keeps.
pub fn bytes_of(body: Body, size: usize, memory: &CodeMemory) -> &[u8] {
    let _keeps = memory;
    // SAFETY: the code was laid out with this size at this address, is readable, and stays mapped while `memory` lives.
    unsafe { std::slice::from_raw_parts(body as *const u8, size) }
}

impl Executable {
    /// Bytes of memory that are kept beside the machine code: this, what it was made from, its lines, its ways out.
    pub fn metadata_bytes(&self) -> usize {
        let names = self.qualname.capacity() + self.filename.capacity();
        let lists = size_of_val::<[SideExit]>(&self.exits)
            + allocated(&self.blames)
            + allocated(&self.guards)
            + allocated(&self.callees);
        size_of::<Self>() + size_of::<Header>() + names + lists + self.making.metadata_bytes()
    }

    /// The code objects that are a part of it.
    pub fn codes(&self) -> impl Iterator<Item = Code> {
        let callees = self.making.hir.contexts.iter().map(|context| context.address);
        // SAFETY: the executable is out of use when one of them is freed, and its frames keep theirs alive.
        std::iter::once(self.code).chain(callees).map(|address| unsafe { Code::from_ptr(address as *mut _) })
    }

    /// Puts the executable at its final place, where its machine code finds it.
    pub fn settle(self) -> Box<Executable> {
        let mut settled = Box::new(self);
        let address: *mut Executable = &raw mut *settled;
        settled.header.executable = address;
        settled
    }

    pub fn entries(&self) -> u64 {
        self.counters().entries.load(Ordering::Relaxed)
    }

    pub fn deopts(&self) -> u64 {
        self.counters().deopts.load(Ordering::Relaxed)
    }

    pub fn reifications(&self) -> u64 {
        self.counters().reifications.load(Ordering::Relaxed)
    }

    pub fn counters(&self) -> &Counters {
        // SAFETY: the counters outlive the executable: they are in the telemetry page, which stays mapped, or leaked.
        unsafe { &*self.header.counters }
    }
}
