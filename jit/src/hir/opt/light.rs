//! Frames of callees that machine code pushes and pops without counting anything.
//!
//! A frame is complete for everybody who reads memory as soon as it is pushed, but for lazy tuples
//! ([`crate::hir::inst::LazyTuple`]). What the interpreter counts besides (a reference to the code, a call for the recursion limit, the
//! words of the data stack) can only be asked for by what runs in this thread. Where the usual way through a callee calls nothing that
//! could, its frame is *light*: the counting is done before the first thing on an unusual way that could ask, and in side exits
//! ([`crate::runtime::frames::settle`]). Most callees are done before that.

use crate::hir::function::Function;
use crate::hir::inst::{Block, ContextId, Op, Upkeep, Value};

/// Home slots that a light frame can have: as many as are closed where the frame is popped.
pub const MAX_SLOTS: u32 = 24;

pub fn run(function: &mut Function) {
    let unusual = function.unusual_blocks();
    let order = function.reverse_postorder();
    // A callee comes after its caller.
    for index in (1..=function.contexts.len()).rev() {
        let context = ContextId(index as u32);
        let is_usual = |block: &Block| function.block(*block).context == context && !unusual[block.index()];
        let mut insts = order.iter().copied().filter(is_usual).flat_map(|block| &function.block(block).insts);
        let callee = &function.contexts[index - 1];
        if callee.code.nlocalsplus > MAX_SLOTS || insts.any(|value| can_ask(function, *value)) {
            continue;
        }
        let frame = callee.frame;
        if let Op::PushFrame { upkeep, .. } = &mut function.values[frame.index()].op {
            *upkeep = Upkeep::Light;
        }
    }
}

/// Whether an instruction, as it usually goes, calls what may ask for something that is counted late.
pub(super) fn can_ask(function: &Function, value: Value) -> bool {
    match &function.inst(value).op {
        Op::Helper { helper, .. } => helper.effects().may_run_python,
        Op::PushFrame { upkeep, .. } => *upkeep == Upkeep::Full,
        Op::CallDirect { .. } | Op::CallNative | Op::UnwindFrame | Op::Traceback | Op::TakeException { .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::after;
    use super::run;

    /// What becomes of the frame of a callee that does this.
    fn upkeep(body: &str) -> String {
        let text = format!(
            "
            function caller
            context c1 v1 b4 from c0 @12 callee
            b0:
                v0: ref = load_local 0
                v1: i64 = push_frame Full 0x55550000 nargs=1 has_self=true has_shim=false v0 v0
                jump b1
            b1: in c1
                v2: any = ref_to_obj v0
                {body}
            b2: in c1
                pop_frame 0x0 is_quiet=false
                jump b4(v2)
            b3: cold in c1
                v8: any = call load_attr v2 v2
                unwind_frame
                jump b4(v8)
            b4(v9: any?):
                return v9
        "
        );
        let text = after(run, &text);
        let frame = text.lines().find_map(|line| line.split_once("push_frame ")).expect("the frame is pushed");
        frame.1.split(' ').next().expect("its upkeep is told").to_owned()
    }

    #[test]
    fn only_what_is_usual_counts() {
        let looks = "
            v3: cond = compare.Eq v2 v2
            branch v3 b2 else b3";
        assert_eq!(upkeep(looks), "Light");
        let calls = "
            v3: any = call load_attr v2 v2
            v4: cond = compare.Eq v3 v2
            branch v4 b2 else b3";
        assert_eq!(upkeep(calls), "Full");
    }
}
