//! Machine code as text: instructions with their addresses, below the HIR that they were made from.

use std::fmt::Write;
use std::ops::Range;

use crate::hir::function::Function;
use crate::hir::origin::Origin;

/// Whether a listing is made from Cranelift's text of the code, which has no addresses: where there is no disassembler
/// for the machine.
pub const NEEDS_CRANELIFTS: bool = cfg!(not(target_arch = "x86_64"));

/// Machine code and what its listing shows of its making.
pub struct Listed<'a> {
    pub hir: &'a Function,
    pub machine_code: &'a [u8],
    pub address: usize,
    /// Stretches of the machine code in order, as offsets from its start, and what they were made from.
    pub origins: Vec<(Range<u32>, Option<Origin>)>,
    /// Cranelift's text, if that is needed.
    pub cranelifts: Option<String>,
}

impl Listed<'_> {
    /// The listing.
    pub fn text(&self) -> String {
        if let Some(text) = &self.cranelifts {
            return text.clone();
        }
        let mut text = String::new();
        let mut origins = self.origins.iter().peekable();
        let mut shown = None;
        for (address, instruction) in instructions(self.machine_code, self.address) {
            let offset = (address - self.address) as u32;
            while origins.next_if(|(range, _)| range.end <= offset).is_some() {}
            let origin = origins.peek().filter(|(range, _)| range.contains(&offset)).and_then(|(_, origin)| *origin);
            if shown != Some(origin) {
                shown = Some(origin);
                let what = origin.map_or_else(|| "of every function".into(), |origin| self.hir.describe(origin));
                let _ = writeln!(text, "; {what}");
            }
            let _ = writeln!(text, "{address:x}  {instruction}");
        }
        text
    }
}

/// The instructions and their addresses, as gdb shows them.
#[cfg(target_arch = "x86_64")]
pub fn instructions(machine_code: &[u8], address: usize) -> Vec<(usize, String)> {
    use iced_x86::{Decoder, DecoderOptions, Formatter, GasFormatter};

    let mut formatter = GasFormatter::new();
    let options = formatter.options_mut();
    options.set_uppercase_hex(false);
    options.set_branch_leading_zeros(false);
    options.set_small_hex_numbers_in_decimal(false);
    options.set_space_after_operand_separator(true);
    Decoder::with_ip(64, machine_code, address as u64, DecoderOptions::NONE)
        .into_iter()
        .map(|instruction| {
            let mut text = String::new();
            formatter.format(&instruction, &mut text);
            (instruction.ip() as usize, text)
        })
        .collect()
}

/// There is no disassembler for this machine.
#[cfg(not(target_arch = "x86_64"))]
pub fn instructions(_: &[u8], _: usize) -> Vec<(usize, String)> {
    Vec::new()
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;
    use crate::hir::parse::parse;
    use insta::assert_snapshot;

    #[test]
    fn instructions_stand_below_their_origin() {
        let hir = parse("function f\nb0:\n    v0: i64 = const_i64 7\n    return v0\n").unwrap();
        // push %rbp; mov %rsp, %rbp; mov $7, %eax; jmp to the next one; pop %rbp; ret
        let machine_code = [0x55, 0x48, 0x89, 0xe5, 0xb8, 7, 0, 0, 0, 0xeb, 0, 0x5d, 0xc3];
        let block = hir.entry;
        let value = hir.block(block).insts[0];
        let origins = vec![(4..9, Some(Origin::Inst(value))), (9..13, Some(Origin::Terminator(block)))];
        let listed = Listed { hir: &hir, machine_code: &machine_code, address: 0x1000, origins, cranelifts: None };
        assert_snapshot!(listed.text(), @r"
        ; of every function
        1000  push %rbp
        1001  mov %rsp, %rbp
        ; v0: i64 = const_i64 7
        1004  mov $0x7, %eax
        ; b0: return v0
        1009  jmp 0x100b
        100b  pop %rbp
        100c  ret
        ");
    }
}
