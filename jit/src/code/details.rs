//! What there is to tell about a piece of machine code, in rows of text that know where they belong. All of it comes from
//! what is kept beside the machine code, so any thread can make it, without the GIL.

use std::collections::HashMap;
use std::sync::Arc;

use rjit_telemetry::{CodeRange, Details, Exit, Guard, Inlined, Row};

use super::executable::{Executable, SideExit};
use super::making::{Making, Place};
use crate::bytecode::decode::Instr;
use crate::bytecode::describe::describe;
use crate::compile;
use crate::dump::listing;
use crate::hir::expectation;
use crate::hir::inst::{ContextId, OUTERMOST, Op};
use crate::hir::origin::Origin;

/// What is kept of an executable for those who ask.
pub struct Known {
    making: Arc<Making>,
    exits: Arc<[SideExit]>,
    assumptions: Vec<String>,
}

impl Known {
    /// What is kept of `executable`, which relies on `assumptions`.
    pub fn new(executable: &Executable, assumptions: Vec<String>) -> Known {
        Known { making: Arc::clone(&executable.making), exits: Arc::clone(&executable.exits), assumptions }
    }

    /// Everything that can be told; less of it once `is_stopped`, since then nobody wants it any more.
    pub fn details(&self, is_stopped: &dyn Fn() -> bool) -> Details {
        let making = &*self.making;
        let info = &making.info;
        let places = Places::new(making, is_stopped);
        let inlined = making.inlined().into_iter().map(|(qualname, filename, first_line, call_line)| Inlined {
            qualname,
            filename,
            first_line,
            call_line,
        });
        Details {
            qualname: info.qualname.clone(),
            filename: info.filename.clone(),
            first_line: info.first_line,
            bytecode: places.bytecode(),
            hir: places.hir(),
            clif: places.clif(),
            assembly: places.assembly(),
            guards: places.guards(),
            exits: self.exits.iter().map(|exit| places.exit(exit)).collect(),
            inlined: inlined.collect(),
            assumptions: self.assumptions.clone(),
            code: making.bytecodes().into_iter().map(|(start, end, place)| places.range(start, end, place)).collect(),
        }
    }
}

/// Where the parts of a piece of machine code come from and have gone to.
struct Places<'a> {
    making: &'a Making,
    start: u64,
    /// Where the machine code of each part begins.
    addresses: HashMap<Origin, u64>,
    /// The same for each bytecode of the compiled function.
    bytecodes: HashMap<u32, u64>,
    is_stopped: &'a dyn Fn() -> bool,
}

/// Rows of one text, at most. What is told takes memory of the program's, and nobody reads so many.
const MOST_ROWS: usize = 40_000;

impl<'a> Places<'a> {
    fn new(making: &'a Making, is_stopped: &'a dyn Fn() -> bool) -> Places<'a> {
        let start = making.address() as u64;
        let (mut addresses, mut bytecodes) = (HashMap::new(), HashMap::new());
        for part in &making.stretches {
            if let Some(origin) = Origin::of(part.origin, &making.hir) {
                addresses.entry(origin).or_insert(start + u64::from(part.start));
            }
        }
        for (begin, _, place) in making.bytecodes() {
            let offset = making.hir.outermost_site(place).bytes();
            bytecodes.entry(offset).or_insert(start + u64::from(begin));
        }
        Places { making, start, addresses, bytecodes, is_stopped }
    }

    /// The bytecode of the compiled function that a place belongs to, in bytes, and its line.
    fn outermost(&self, place: Place) -> (u32, Option<u32>) {
        let site = self.making.hir.outermost_site(place);
        (site.bytes(), self.making.info.lines.lookup(site).line)
    }

    /// The line of a place in its own function, and that function's name if it is an inlined one.
    fn own_line(&self, (context, site): Place) -> (Option<u32>, Option<String>) {
        let code = self.making.code_of(context);
        (code.lines.lookup(site).line, (context != OUTERMOST).then(|| code.qualname.clone()))
    }

    fn row(&self, origin: Option<Origin>, text: String) -> Row {
        let place = origin.and_then(|origin| self.making.hir.place_of(origin)).map(|place| self.outermost(place));
        Row {
            text,
            offset: place.map(|(offset, _)| offset),
            line: place.and_then(|(_, line)| line),
            address: origin.and_then(|origin| self.addresses.get(&origin).copied()),
        }
    }

    /// As many rows as are told, and how many there would be.
    fn limited(&self, mut rows: impl Iterator<Item = Row>) -> Vec<Row> {
        let mut told: Vec<Row> = rows.by_ref().take(MOST_ROWS).take_while(|_| !(self.is_stopped)()).collect();
        let more = if told.len() < MOST_ROWS { 0 } else { rows.count() };
        if more > 0 {
            told.push(Row { text: format!("… and {more} more"), ..Row::default() });
        }
        told
    }

    fn hir(&self) -> Vec<Row> {
        self.limited(self.making.hir.rows().into_iter().map(|(origin, text)| self.row(origin, text)))
    }

    fn bytecode(&self) -> Vec<Row> {
        let Making { info, constants, .. } = self.making;
        let row = |instr: &Instr| {
            let (offset, line) = self.outermost((OUTERMOST, instr.start));
            let address = self.bytecodes.get(&offset).copied();
            Row { text: describe(info, instr, constants), offset: Some(offset), line, address }
        };
        self.limited(info.instrs.iter().map(row))
    }

    /// Cranelift's text says of each instruction where it comes from.
    fn clif(&self) -> Vec<Row> {
        let text = compile::clif(self.making).unwrap_or_else(|refusal| refusal.reason);
        let row = |line: &str| match line.trim_start().strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
            Some((number, rest)) => {
                let number = u32::from_str_radix(number, 16).ok();
                let origin = number.and_then(|number| Origin::of(number, &self.making.hir));
                self.row(origin, format!("    {}", rest.trim()))
            }
            None => Row { text: line.trim_end().to_owned(), ..Row::default() },
        };
        self.limited(text.lines().map(row))
    }

    fn assembly(&self) -> Vec<Row> {
        let mut parts = self.making.stretches.iter().peekable();
        let instructions = listing::instructions(self.making.machine_code(), self.start as usize);
        let row = |(address, text): (usize, String)| {
            let offset = (address as u64 - self.start) as u32;
            while parts.next_if(|part| part.end <= offset).is_some() {}
            let origin = parts.peek().filter(|part| part.start <= offset).map(|part| part.origin);
            let origin = origin.and_then(|origin| Origin::of(origin, &self.making.hir));
            Row { address: Some(address as u64), ..self.row(origin, text) }
        };
        self.limited(instructions.into_iter().map(row))
    }

    fn guards(&self) -> Vec<Guard> {
        let hir = &self.making.hir;
        let guards = hir.guards().filter(|value| !matches!(hir.inst(*value).op, Op::Safepoint { .. }));
        let tell = |value| {
            let reason = hir.inst(value).op.exit_reason();
            let place = hir.inst(value).state.map(|state| (hir.state(state).context, hir.state(state).site));
            let (line, inlined) = place.map_or((None, None), |place| self.own_line(place));
            let expected = place.and_then(|(context, site)| {
                let code = self.making.code_of(context);
                let name = |named| self.making.names.get(&named).cloned();
                expectation::of_guard(hir, value, reason)?.text(code, code.instr_at(site)?, name)
            });
            Guard {
                reason: reason.text().into(),
                expected,
                text: hir.describe(Origin::Inst(value)),
                offset: place.map(|place| self.outermost(place).0),
                line,
                inlined,
            }
        };
        guards.take(MOST_ROWS).map(tell).take_while(|_| !(self.is_stopped)()).collect()
    }

    fn exit(&self, exit: &SideExit) -> Exit {
        let place = (exit.context, exit.site);
        let (line, inlined) = self.own_line(place);
        Exit {
            reason: exit.reason.text().into(),
            opcode: exit.opcode.name().into(),
            offset: Some(self.outermost(place).0),
            line,
            inlined,
            count: exit.times_taken(),
        }
    }

    fn range(&self, start: u32, end: u32, place: Place) -> CodeRange {
        let (offset, line) = self.outermost(place);
        let (start, end) = (self.start + u64::from(start), self.start + u64::from(end));
        CodeRange { start, end, line, offset: Some(offset), inlined: self.chain(place) }
    }

    /// The inlined functions that a place is in, from the outermost in, with the line that each is at.
    fn chain(&self, (context, site): Place) -> Vec<(String, String, u32)> {
        let mut chain = Vec::new();
        let mut line = self.own_line((context, site)).0.unwrap_or(0);
        let mut context: ContextId = context;
        while let Some(callee) = self.making.hir.callee(context) {
            chain.insert(0, (callee.code.qualname.clone(), callee.code.filename.clone(), line));
            (context, line) = (callee.caller, callee.call_line);
        }
        chain
    }
}
