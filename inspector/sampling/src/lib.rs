//! Where a live Python process spends its time, and what is on its stacks: looked at from outside, without stopping it.
//!
//! - [`StackReader`] reads the Python stack of each thread out of the process's memory.
//! - [`Sampler`] has the kernel interrupt the threads a hundred times a second or so and note their native call chains
//!   (`perf_event_open`), and puts the Python frames between them. Where the kernel forbids it, it says how to allow it, and
//!   takes samples with a [`StackReader`] instead.
//! - [`CodeMap`] knows which machine code belongs to which function; [`Profile`] adds samples up.
//!
//! What talks to the kernel is in [`kernel`] and has the only `unsafe` code; everything else is readers of bytes.

mod code_map;
pub mod kernel;
mod merge;
pub mod process;
mod profile;
pub mod python;
mod records;
mod sampler;
mod stack;

pub use code_map::{CodeMap, MachineCode, Place, Range};
pub use process::tasks::{ThreadState, children};
pub use profile::{Count, FunctionKey, LineKey, Profile, Shares};
pub use sampler::{Method, Sample, SampleFrame, Sampler, SamplerError, Share, Statistics, Window};
pub use stack::{Frame, FrameKind, StackError, StackReader, ThreadStack};
