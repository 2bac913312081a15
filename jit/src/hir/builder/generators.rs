//! Generators. Their machine code begins where a generator goes on and ends where it yields, with the frame as the
//! interpreter would leave it, so the next item can come from either.

use super::*;

impl Builder<'_> {
    /// Ends the block: the generator yields. In a loop that was taken over the interpreter does that.
    pub(super) fn yield_value(&mut self) {
        if !self.kind.owns_frame() {
            self.set_line();
            let state = self.before_state();
            return self.terminate(Terminator::Leave { state });
        }
        let entry = self.peek(0);
        let value = self.to_owned(entry);
        self.pop();
        let state = self.state_at(self.instr.next);
        self.terminate(Terminator::Yield { value, delegates: self.instr.oparg != 0, state });
    }

    /// Ends the block: asks what is delegated to for its next item, and yields that or goes on with what it has returned.
    pub(super) fn send(&mut self) -> Result<(), Refusal> {
        // What is sent is None, by those who only ask for the next item. Whatever else goes on in the interpreter.
        let sent = self.peek_obj(0);
        let none = self.const_obj(self.profile.none());
        let is_none = self.emit(Op::Compare(Cond::Eq), &[sent, none], Type::BOOL);
        self.emit_guarded(Op::Guard { reason: Reason::Layout }, &[is_none], Type::NONE);
        let receiver = self.peek_obj(2);
        let index = self.peek(1).value;
        self.set_line();
        let at = self.scratch(2);
        self.emit(Op::SpillArgs { at }, &[index], Type::NONE);
        let words = self.emit(Op::ScratchAddr { at }, &[], Type::I64);
        let result = self.helper(Helper::SendNone, &[receiver, words], &[]);
        self.check(result, ErrorKind::Null)?;
        let index = self.emit(Op::LoadScratch { at, repr: Repr::Ref }, &[], Type::REF);
        self.poke(1, StackEntry { value: index, owned: true });
        let returned = self.emit(Op::LoadScratch { at: at + 1, repr: Repr::I64 }, &[], Type::I64);
        self.close_top(1);
        self.push(result, true);
        let zero = self.const_i64(0);
        let has_returned = self.emit(Op::Compare(Cond::Ne), &[returned, zero], Type::BOOL);
        let target = self.instr.jump_target().expect("it says where it goes on");
        self.branch_noisily(has_returned, target, self.instr.next);
        Ok(())
    }

    /// Gives up what was delegated to, and keeps what it has returned.
    pub(super) fn end_send(&mut self) {
        self.set_line();
        let result = self.pop();
        self.close_top(2);
        self.push(result.value, result.owned);
    }
}
