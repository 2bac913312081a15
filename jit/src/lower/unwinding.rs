//! How native tools find the caller of machine code at each of its instructions.
//!
//! Cranelift says what its prologues do and leaves epilogues out: it takes them for too short to matter. A profiler that
//! stops at a function's last instruction, when the frame pointer is the caller's already, would skip the caller. So the
//! epilogues are found in the machine code.

use cranelift_codegen::CompiledCode;
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::isa::unwind::UnwindInst;
use cranelift_codegen::isa::unwind::systemv::RegisterMappingError;
use rjit_perfmap::Unwind;
use rjit_perfmap::gimli::write::CallFrameInstruction;
use rjit_perfmap::gimli::{AArch64, Register, X86_64};

/// What the machine's calling convention says about frames.
struct Convention {
    stack_pointer: Register,
    frame_pointer: Register,
    return_address: Register,
    /// Where a call leaves the return address, from the caller's stack pointer; none if in a register.
    pushed_at: Option<i32>,
    /// Where the prologue saves the return address, if a call does not.
    saved_at: Option<i32>,
}

const CONVENTION: Convention = if cfg!(target_arch = "x86_64") {
    Convention {
        stack_pointer: X86_64::RSP,
        frame_pointer: X86_64::RBP,
        return_address: X86_64::RA,
        pushed_at: Some(-8),
        saved_at: None,
    }
} else {
    Convention {
        stack_pointer: AArch64::SP,
        frame_pointer: AArch64::X29,
        return_address: AArch64::X30,
        pushed_at: None,
        saved_at: Some(-8),
    }
};

/// The rules for `compiled`, which was made for `isa`.
///
/// # Errors
/// When Cranelift saves a register that DWARF has no number for.
pub fn unwinding(compiled: &CompiledCode, isa: &dyn TargetIsa) -> Result<Unwind, RegisterMappingError> {
    let Convention { stack_pointer, frame_pointer, return_address, pushed_at, saved_at } = CONVENTION;
    let entry_cfa = pushed_at.map_or(0, |offset| -offset);
    let mut entry = vec![CallFrameInstruction::Cfa(stack_pointer, entry_cfa)];
    entry.extend(pushed_at.map(|offset| CallFrameInstruction::Offset(return_address, offset)));

    let mut steps = Vec::new();
    let mut saved = Vec::new();
    let mut clobbers = 0;
    for (offset, instruction) in &compiled.buffer.unwind_info {
        let mut step = |what| steps.push((*offset, what));
        match instruction {
            UnwindInst::PushFrameRegs { offset_upward_to_caller_sp } => {
                let up = *offset_upward_to_caller_sp as i32;
                step(CallFrameInstruction::CfaOffset(up));
                step(CallFrameInstruction::Offset(frame_pointer, -up));
                if let Some(offset) = saved_at {
                    step(CallFrameInstruction::Offset(return_address, offset));
                }
            }
            UnwindInst::DefineNewFrame { offset_upward_to_caller_sp, offset_downward_to_clobbers } => {
                step(CallFrameInstruction::CfaRegister(frame_pointer));
                clobbers = (offset_upward_to_caller_sp + offset_downward_to_clobbers) as i32;
            }
            UnwindInst::SaveReg { clobber_offset, reg } => {
                let register = Register(isa.map_regalloc_reg_to_dwarf((*reg).into())?);
                step(CallFrameInstruction::Offset(register, *clobber_offset as i32 - clobbers));
                saved.push(register);
            }
            // Rules go by the frame pointer, and neither is made for the calling convention that is used.
            UnwindInst::StackAlloc { .. }
            | UnwindInst::RegStackOffset { .. }
            | UnwindInst::Aarch64SetPointerAuth { .. } => {}
        }
    }
    let size = compiled.code_buffer().len() as u32;
    for last in returns(compiled.code_buffer()) {
        steps.push((last.start, CallFrameInstruction::RememberState));
        steps.push((last.start, CallFrameInstruction::Cfa(stack_pointer, entry_cfa)));
        for register in saved.iter().copied().chain([frame_pointer]).chain(saved_at.map(|_| return_address)) {
            steps.push((last.start, CallFrameInstruction::SameValue(register)));
        }
        if last.end < size {
            steps.push((last.end, CallFrameInstruction::RestoreState));
        }
    }
    Ok(Unwind { return_address, entry, steps })
}

/// Where the instructions are that return, when everything else of the frame is gone.
#[cfg(target_arch = "x86_64")]
fn returns(machine_code: &[u8]) -> Vec<std::ops::Range<u32>> {
    use iced_x86::{Decoder, DecoderOptions, Mnemonic};

    let decoder = Decoder::with_ip(64, machine_code, 0, DecoderOptions::NONE);
    decoder
        .into_iter()
        .filter(|instruction| instruction.mnemonic() == Mnemonic::Ret)
        .map(|instruction| instruction.ip32()..instruction.next_ip32())
        .collect()
}

/// Where the instructions are that return, when everything else of the frame is gone.
#[cfg(target_arch = "aarch64")]
fn returns(machine_code: &[u8]) -> Vec<std::ops::Range<u32>> {
    const RET_LR: [u8; 4] = 0xD65F_03C0_u32.to_le_bytes();
    let words = machine_code.chunks_exact(4).enumerate();
    words.filter(|(_, word)| *word == RET_LR).map(|(index, _)| 4 * index as u32..4 * index as u32 + 4).collect()
}
