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
}
