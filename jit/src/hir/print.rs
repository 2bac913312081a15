//! The HIR's text form, for people and for tests, which also write it: what is printed here, `parse` reads.
//!
//! What follows from something else that is printed is left out, and of a direct call's target what only lowering asks
//! for.

use std::fmt::{self, Display, Formatter};

use super::function::{Context, Function, Kind};
use super::inst::{Block, ContextId, Edge, LazyTuple, NULL_REF, OUTERMOST, Op, Pending, StateId, Terminator, Value};
use super::origin::Origin;
use super::types::Repr;

impl Display for Function {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.rows().into_iter().try_for_each(|(_, row)| writeln!(f, "{row}"))
    }
}

impl Function {
    /// The lines of the text form, and what each stands for.
    pub fn rows(&self) -> Vec<(Option<Origin>, String)> {
        let scratch = if self.scratch > 0 { format!(" scratch={}", self.scratch) } else { String::new() };
        let mut rows = vec![match self.kind {
            Kind::Function => (None, format!("function {}{scratch}", self.name)),
            Kind::Loop(header) => (None, format!("loop {} @{header}{scratch}", self.name)),
            Kind::Resume(offset) => (None, format!("generator {} @{offset}{scratch}", self.name)),
        }];
        for (index, context) in self.contexts.iter().enumerate() {
            let (id, Context { code, caller, site, frame, resume, copy_of, .. }) =
                (ContextId(index as u32 + 1), context);
            let shim = if context.has_shim { " above a shim" } else { "" };
            let copy = copy_of.map_or(String::new(), |copied| format!(" copy of {copied}"));
            let text = format!("context {id} {frame} {resume} from {caller} @{site}{shim}{copy} {}", code.qualname);
            rows.push((None, text));
        }
        for block in self.reverse_postorder() {
            let data = self.block(block);
            rows.push((None, fmt::from_fn(|f| self.print_heading(f, block)).to_string()));
            for &value in &data.insts {
                rows.push((Some(Origin::Inst(value)), fmt::from_fn(|f| self.print_inst(f, value)).to_string()));
            }
            let terminator = fmt::from_fn(|f| self.print_terminator(f, &data.terminator));
            rows.push((Some(Origin::Terminator(block)), format!("    {terminator}")));
        }
        rows
    }

    fn print_heading(&self, f: &mut Formatter<'_>, block: Block) -> fmt::Result {
        let data = self.block(block);
        write!(f, "{block}")?;
        if !data.params.is_empty() {
            f.write_str("(")?;
            for (i, param) in data.params.iter().enumerate() {
                let comma = if i == 0 { "" } else { ", " };
                write!(f, "{comma}{param}: {}", self.ty(*param))?;
            }
            f.write_str(")")?;
        }
        f.write_str(if data.cold { ": cold" } else { ":" })?;
        if data.context != OUTERMOST {
            write!(f, " in {}", data.context)?;
        }
        Ok(())
    }

    /// The line of the text form that `origin` stands for.
    pub fn describe(&self, origin: Origin) -> String {
        let text = match origin {
            Origin::Inst(value) => fmt::from_fn(|f| self.print_inst(f, value)).to_string(),
            Origin::Terminator(block) => {
                let terminator = &self.block(block).terminator;
                format!("{block}: {}", fmt::from_fn(|f| self.print_terminator(f, terminator)))
            }
            Origin::Exit(state) => format!("side exit{}", fmt::from_fn(|f| self.print_state(f, state))),
        };
        text.trim().to_string()
    }

    fn print_inst(&self, f: &mut Formatter<'_>, value: Value) -> fmt::Result {
        let inst = self.inst(value);
        f.write_str("    ")?;
        if inst.ty.repr != Repr::None {
            write!(f, "{value}: {} = ", inst.ty)?;
        }
        match &inst.op {
            Op::ConstObj { address: 0, .. } => f.write_str("const_obj null")?,
            Op::ConstObj { address, .. } => write!(f, "const_obj {address:#x}")?,
            Op::ConstRef(NULL_REF) => f.write_str("const_ref null")?,
            Op::ConstRef(bits) => write!(f, "const_ref {bits:#x}")?,
            Op::ConstI64(v) => write!(f, "const_i64 {v}")?,
            // NaNs differ in their bits.
            Op::ConstF64(bits) if f64::from_bits(*bits).is_nan() => write!(f, "const_f64 nan {bits:#x}")?,
            Op::ConstF64(bits) => write!(f, "const_f64 {:?}", f64::from_bits(*bits))?,
            Op::ConstBool(v) => write!(f, "const_cond {v}")?,
            Op::LoadLocal { slot } => write!(f, "load_local {slot}")?,
            Op::SwapLocal { slot } => write!(f, "swap_local {slot}")?,
            Op::StoreInt { slot } => write!(f, "store_int {slot}")?,
            Op::StoreFloat { slot } => write!(f, "store_float {slot}")?,
            Op::ReplaceInt { offset } => write!(f, "replace_int {offset:+}")?,
            Op::ReplaceFloat { offset } => write!(f, "replace_float {offset:+}")?,
            Op::ToRef { borrowed } => f.write_str(if *borrowed { "borrow_ref" } else { "own_ref" })?,
            Op::GuardKinds { kinds } => write!(f, "guard_type {kinds}")?,
            Op::Guard { reason } => write!(f, "guard {reason:?}")?,
            Op::Refine { kinds } => write!(f, "refine {kinds}")?,
            Op::Int(op) => write!(f, "int.{op:?}")?,
            Op::Float(op) => write!(f, "float.{op:?}")?,
            Op::Compare(cond) => write!(f, "compare.{cond:?}")?,
            Op::FloatCompare(cond) => write!(f, "float_compare.{cond:?}")?,
            Op::Load { offset, mem } => write!(f, "load.{mem:?} {offset:+}")?,
            Op::Store { offset, mem } => write!(f, "store.{mem:?} {offset:+}")?,
            Op::ShiftRight { by } => write!(f, "shift_right {by}")?,
            Op::Helper { helper, imms } => {
                write!(f, "call {}", helper.name())?;
                if !imms.is_empty() {
                    write!(f, " {imms:?}")?;
                }
            }
            Op::AddUnmade { offset, is_slot } => write!(f, "add_unmade {offset:+} is_slot={is_slot}")?,
            Op::SpillArgs { at } => write!(f, "spill_args @{at}")?,
            Op::ScratchAddr { at } => write!(f, "scratch_addr @{at}")?,
            Op::Select { .. } => f.write_str("select")?,
            Op::LoadScratch { at, .. } => write!(f, "load_scratch @{at}")?,
            Op::CallDirect { target, has_self, has_shim, number } => {
                let (code, nargs) = (target.code, target.nargs);
                write!(f, "call_direct {code:#x} nargs={nargs} has_self={has_self} has_shim={has_shim}")?;
                if let Some(number) = number {
                    write!(f, " number={}", number.ty())?;
                }
            }
            Op::Returned { .. } => f.write_str("returned")?,
            Op::CanInline { target, has_shim } => write!(f, "can_inline {:#x} has_shim={has_shim}", target.code)?,
            Op::PushFrame { target, has_self, has_shim, upkeep, lazy, again } => {
                let (code, nargs) = (target.code, target.nargs);
                write!(f, "push_frame {upkeep:?} {code:#x} nargs={nargs} has_self={has_self} has_shim={has_shim}")?;
                if let Some(LazyTuple { slot, len, homes, lent, is_operand }) = lazy {
                    write!(f, " lazy={slot} len={len} homes={homes} lent={lent} is_operand={is_operand}")?;
                }
                if *again {
                    write!(f, " again=true")?;
                }
            }
            Op::UnboxNumber { exact } => write!(f, "unbox_number exact={exact}")?,
            Op::PopFrame { settled, is_quiet } => write!(f, "pop_frame {settled:#x} is_quiet={is_quiet}")?,
            Op::SetLine { offset } => write!(f, "set_line @{offset}")?,
            Op::TakeException { handler } => write!(f, "take_exception @{handler}")?,
            Op::Safepoint { periodic, boxes, leaves } => {
                write!(f, "safepoint periodic={periodic}")?;
                if *boxes != 0 {
                    write!(f, " boxes={boxes}")?;
                }
                if *leaves {
                    write!(f, " leaves=true")?;
                }
            }
            op => write!(f, "{}", snake(&format!("{op:?}")))?,
        }
        for arg in &inst.args {
            write!(f, " {arg}")?;
        }
        match inst.state {
            Some(state) => self.print_state(f, state),
            None => Ok(()),
        }
    }

    fn print_state(&self, f: &mut Formatter<'_>, id: StateId) -> fmt::Result {
        let state = self.state(id);
        write!(f, "  ; @{} ", state.offset)?;
        if state.site != state.offset {
            write!(f, "from @{} ", state.site)?;
        }
        f.write_str("[")?;
        for (i, entry) in state.stack.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            let own = if entry.owned { "" } else { "&" };
            write!(f, "{comma}{own}{}", entry.value)?;
        }
        f.write_str("]")?;
        if !state.late.is_empty() {
            let late: Vec<_> = state.late.iter().map(ToString::to_string).collect();
            write!(f, " late [{}]", late.join(", "))?;
        }
        for (i, Pending { object, offset, value }) in state.pending.iter().enumerate() {
            let start = if i == 0 { " {" } else { ", " };
            write!(f, "{start}{object} {offset:+} = {value}")?;
        }
        f.write_str(if state.pending.is_empty() { "" } else { "}" })
    }

    fn print_terminator(&self, f: &mut Formatter<'_>, terminator: &Terminator) -> fmt::Result {
        match terminator {
            Terminator::Jump(edge) => write!(f, "jump {edge}"),
            Terminator::Branch { cond, then, otherwise } => write!(f, "branch {cond} {then} else {otherwise}"),
            Terminator::OnError { value, kind, error, ok } => write!(f, "on_error.{kind:?} {value} {error} else {ok}"),
            Terminator::Return { value, as_is } => {
                write!(f, "return {}{value}", if *as_is { "as_is " } else { "" })
            }
            Terminator::ReturnGenerator { state } => {
                f.write_str("return_generator")?;
                self.print_state(f, *state)
            }
            Terminator::Unwind => f.write_str("unwind"),
            Terminator::Yield { value, delegates, state } => {
                write!(f, "yield {value}{}", if *delegates { " delegates" } else { "" })?;
                self.print_state(f, *state)
            }
            Terminator::Throw { state } => {
                f.write_str("throw")?;
                self.print_state(f, *state)
            }
            Terminator::Leave { state } => {
                f.write_str("leave")?;
                self.print_state(f, *state)
            }
            Terminator::Exit { state, reason } => {
                write!(f, "exit {reason:?}")?;
                self.print_state(f, *state)
            }
            Terminator::Open => f.write_str("open"),
        }
    }
}

impl Display for Edge {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.block)?;
        if !self.args.is_empty() {
            f.write_str("(")?;
            for (i, arg) in self.args.iter().enumerate() {
                let comma = if i == 0 { "" } else { ", " };
                write!(f, "{comma}{arg}")?;
            }
            f.write_str(")")?;
        }
        Ok(())
    }
}

pub(super) fn snake(camel: &str) -> String {
    let mut out = String::new();
    for c in camel.chars() {
        if c.is_ascii_uppercase() {
            if !out.is_empty() {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
        } else {
            out.push(c);
        }
    }
    out
}
