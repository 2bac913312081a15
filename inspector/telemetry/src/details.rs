//! What only the process itself knows about one of its executables: the stages between bytecode and machine code, what is
//! tested, and which addresses belong to which lines.
//!
//! That is too much for the page, and mostly wanted by nobody. So a process answers questions: over a Unix socket beside its
//! page, in a thread that holds no lock of the program's. Both sides make sure that the other one is of the same user.
//!
//! A question is a line of JSON, an answer eight bytes with its length and that many bytes of JSON.

mod client;
mod server;

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use serde::{Deserialize, Serialize};

pub use client::{DetailsError, details};
pub use server::DetailsServer;

use crate::text;

/// Version of the questions and answers.
const PROTOCOL: u32 = 1;

/// Everything about one executable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Qualified name of the code object.
    pub qualname: String,
    /// File of the code object.
    pub filename: String,
    /// First line of the code object.
    pub first_line: u32,
    /// The bytecode that was compiled.
    pub bytecode: Vec<Row>,
    /// The compiler's intermediate representation, after the passes.
    pub hir: Vec<Row>,
    /// Cranelift's intermediate representation.
    pub clif: Vec<Row>,
    /// The machine code.
    pub assembly: Vec<Row>,
    /// What the machine code tests.
    pub guards: Vec<Guard>,
    /// The ways out of the machine code.
    pub exits: Vec<Exit>,
    /// Functions whose calls became a part of it.
    pub inlined: Vec<Inlined>,
    /// What it relies on without a test.
    pub assumptions: Vec<String>,
    /// Which line each stretch of machine code belongs to, by address and without overlaps.
    pub code: Vec<CodeRange>,
}

/// A line of text about a piece of code, and where that piece is.
///
/// Bytecode and line are always those of the compiled function itself: for what was inlined, those of the call. So rows of all
/// texts can be laid side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The text.
    pub text: String,
    /// Offset of the bytecode in `co_code`, in bytes.
    pub offset: Option<u32>,
    /// Source line.
    pub line: Option<u32>,
    /// Where the machine code of this begins.
    pub address: Option<u64>,
}

/// A test in machine code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// What it means when it fails.
    pub reason: String,
    /// What it expects, if that can be said in words.
    pub expected: Option<String>,
    /// The instruction of the intermediate representation.
    pub text: String,
    /// Offset of the bytecode in `co_code` of the compiled function, in bytes.
    pub offset: Option<u32>,
    /// Source line in the function that the test belongs to, which may be an inlined one.
    pub line: Option<u32>,
    /// Name of that function if it is an inlined one.
    pub inlined: Option<String>,
}

/// A way out of machine code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Why it is taken.
    pub reason: String,
    /// Name of the bytecode instruction.
    pub opcode: String,
    /// Offset of the bytecode in `co_code` of the compiled function, in bytes.
    pub offset: Option<u32>,
    /// Source line in the function that is left, which may be an inlined one.
    pub line: Option<u32>,
    /// Name of that function if it is an inlined one.
    pub inlined: Option<String>,
    /// How often it was taken.
    pub count: u64,
}

/// A function whose call became a part of another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inlined {
    /// Its qualified name.
    pub qualname: String,
    /// Its file.
    pub filename: String,
    /// Its first line.
    pub first_line: u32,
    /// The line of the call, in the function that calls it.
    pub call_line: u32,
}

/// A stretch of machine code and its source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRange {
    /// Its first address.
    pub start: u64,
    /// The address behind it.
    pub end: u64,
    /// Source line in the compiled function.
    pub line: Option<u32>,
    /// Offset of the bytecode in `co_code` of the compiled function, in bytes.
    pub offset: Option<u32>,
    /// The inlined functions that it belongs to, from the outermost in: name, file, line.
    pub inlined: Vec<(String, String, u32)>,
}

/// A question: which executable, by its identity in the page.
#[derive(Debug, Serialize, Deserialize)]
struct Question {
    version: u32,
    slot: u32,
    generation: u32,
}

/// An answer.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Details(Box<Details>),
    Missing(Missing),
    /// The question was not understood.
    Refused(String),
}

/// Why a process has nothing to say about an executable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Missing {
    /// There is no such executable any more, or there never was.
    Gone,
    /// Those that found the table of executables full are not told apart.
    Overflow,
}

impl Details {
    /// The same with all texts harmless to a terminal. They come from another process, and some of them from source code.
    fn harmless(mut self) -> Details {
        let rows = [&mut self.bytecode, &mut self.hir, &mut self.clif, &mut self.assembly];
        rows.into_iter().flatten().for_each(|row| clean(&mut row.text));
        for guard in &mut self.guards {
            [&mut guard.reason, &mut guard.text]
                .into_iter()
                .chain(&mut guard.expected)
                .chain(&mut guard.inlined)
                .for_each(clean);
        }
        for exit in &mut self.exits {
            [&mut exit.reason, &mut exit.opcode].into_iter().chain(&mut exit.inlined).for_each(clean);
        }
        for inlined in &mut self.inlined {
            [&mut inlined.qualname, &mut inlined.filename].into_iter().for_each(clean);
        }
        for (qualname, filename, _) in self.code.iter_mut().flat_map(|range| &mut range.inlined) {
            [qualname, filename].into_iter().for_each(clean);
        }
        self.assumptions.iter_mut().chain([&mut self.qualname, &mut self.filename]).for_each(clean);
        self
    }
}

/// Connects to a socket without waiting.
fn connect(path: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket)
}

fn clean(text: &mut String) {
    if text.contains(text::steers_terminal) {
        *text = text::harmless(text);
    }
}
