//! What a piece of machine code was made from, kept for whoever asks: people, tools, line tables.

use std::collections::HashMap;
use std::sync::Arc;

use rjit_perfmap::{CodeRegion, Source, Unwind};

use super::executable::{Body, bytes_of};
use super::memory::CodeMemory;
use super::source::source;
use crate::bytecode::info::CodeInfo;
use crate::bytecode::opcode::CodeOffset;
use crate::dump::listing::Listed;
use crate::hir::expectation::Named;
use crate::hir::function::{Context, Function, allocated};
use crate::hir::inst::ContextId;
use crate::hir::origin::Origin;

/// A stretch of machine code and the part of the HIR that it was made from.
#[derive(Copy, Clone, Debug)]
pub struct Stretch {
    /// Bytes from the start of the machine code.
    pub start: u32,
    /// Where it ends, likewise.
    pub end: u32,
    /// [`Origin::number`].
    pub origin: u32,
}

/// The HIR and the machine code that was made from it.
pub struct Making {
    /// The bytecode.
    pub info: Arc<CodeInfo>,
    /// The constants of that as text.
    pub constants: Vec<String>,
    /// What guards expect is called so.
    pub names: HashMap<Named, String>,
    /// After the passes.
    pub hir: Function,
    /// In order, without overlaps. What lies between belongs to no part: prologues and epilogues.
    pub stretches: Box<[Stretch]>,
    /// Bytes of machine code.
    pub size: usize,
    /// The source that native tools show for each of its instructions.
    pub source: Source,
    /// How native tools find the caller of each of its instructions.
    pub unwind: Unwind,
    body: Body,
    memory: CodeMemory,
}

impl Making {
    /// What was made from `info`: `body` begins `size` bytes of machine code, whose pages `memory` keeps.
    #[expect(clippy::too_many_arguments, reason = "the parts of one thing")]
    pub fn new(
        info: Arc<CodeInfo>,
        constants: Vec<String>,
        names: HashMap<Named, String>,
        hir: Function,
        stretches: Box<[Stretch]>,
        unwind: Unwind,
        body: Body,
        size: usize,
        memory: CodeMemory,
    ) -> Making {
        let source = source(&info, &hir, &bytecodes(&hir, &stretches), size as u32);
        Making { info, constants, names, hir, stretches, size, source, unwind, body, memory }
    }

    /// The bytecode of a frame that the machine code runs.
    pub fn code_of(&self, context: ContextId) -> &CodeInfo {
        self.hir.callee(context).map_or(&self.info, |callee| &callee.code)
    }

    /// Where the machine code begins.
    pub fn address(&self) -> usize {
        self.body as *const () as usize
    }

    /// The machine code.
    pub fn machine_code(&self) -> &[u8] {
        bytes_of(self.body, self.size, &self.memory)
    }

    /// What native tools are told, under the name `name`.
    pub fn region<'a>(&'a self, name: &'a str) -> CodeRegion<'a> {
        CodeRegion {
            start: self.address(),
            code: self.machine_code(),
            name,
            source: Some(&self.source),
            unwind: Some(&self.unwind),
        }
    }

    /// The machine code, with the HIR between the instructions. `cranelifts` is used where there is no disassembler.
    pub fn disassembly(&self, cranelifts: Option<String>) -> String {
        let origins = self.stretches.iter().map(|part| (part.start..part.end, Origin::of(part.origin, &self.hir)));
        let listed = Listed {
            hir: &self.hir,
            machine_code: self.machine_code(),
            address: self.address(),
            origins: origins.collect(),
            cranelifts,
        };
        listed.text()
    }

    /// Bytes of memory that are kept beside the machine code.
    pub fn metadata_bytes(&self) -> usize {
        let files = self.source.files.iter().map(String::capacity).sum::<usize>() + allocated(&self.source.files);
        let source = files + allocated(&self.source.rows) + allocated(&self.source.inlined);
        let unwind = allocated(&self.unwind.entry) + allocated(&self.unwind.steps);
        let texts = self.names.values().chain(&self.constants);
        let names = texts.map(String::capacity).sum::<usize>() + allocated(&self.constants);
        let names = names + self.names.capacity() * size_of::<(Named, String)>();
        let own = size_of::<Self>() - size_of::<Function>() + self.info.bytes() + names;
        own + self.hir.bytes() + size_of_val::<[Stretch]>(&self.stretches) + source + unwind
    }

    /// The functions whose code is a part of this: name, file, first line, and the line of the call.
    pub fn inlined(&self) -> Vec<(String, String, u32, u32)> {
        let tell = |context: &Context| {
            let code = &context.code;
            (code.qualname.clone(), code.filename.clone(), code.first_line, context.call_line)
        };
        self.hir.contexts.iter().filter(|context| context.copy_of.is_none()).map(tell).collect()
    }

    /// Which bytecode each stretch of machine code belongs to, neighbours of one bytecode joined.
    pub fn bytecodes(&self) -> Vec<(u32, u32, Place)> {
        bytecodes(&self.hir, &self.stretches)
    }
}

/// A bytecode, and whose it is.
pub type Place = (ContextId, CodeOffset);

fn bytecodes(hir: &Function, stretches: &[Stretch]) -> Vec<(u32, u32, Place)> {
    let mut table: Vec<(u32, u32, Place)> = Vec::new();
    for part in stretches {
        let origin = Origin::of(part.origin, hir);
        let Some(site) = origin.and_then(|origin| hir.place_of(origin)) else { continue };
        match table.last_mut() {
            Some((_, end, last)) if *last == site && *end == part.start => *end = part.end,
            _ => table.push((part.start, part.end, site)),
        }
    }
    table
}
