//! What machine code returns, and what comes back from it: objects, and numbers that nobody has made objects of.

use super::*;
use crate::cpython::reftracer;
use crate::hir::inst::{Edge, Op};
use crate::hir::types::Number;
use crate::runtime::results;

impl Lowering<'_, '_> {
    /// What the machine code returns for a value: an object, or the tag of a number and the number.
    pub(super) fn result(&mut self, value: Value) -> [ir::Value; 2] {
        let word = self.value(value);
        let Some(number) = Number::represented(self.hir.ty(value).repr) else { return [word, word] };
        let tag = self.imm(number.tag() as i64);
        match number {
            Number::Int => [tag, word],
            Number::Float => [tag, self.b.ins().bitcast(types::I64, MemFlagsData::new(), word)],
        }
    }

    /// Whoever is told of new objects is told where they are made: while somebody is, the object is made here, at `site`, and
    /// returned in `epilogue`.
    pub(super) fn make_object_if_traced(
        &mut self,
        result: [ir::Value; 2],
        site: Option<CodeOffset>,
        epilogue: ir::Block,
    ) {
        let (traced, failed, untraced) = (self.block(), self.block(), self.block());
        self.b.set_cold_block(traced);
        self.b.set_cold_block(failed);
        let tracer = self.imm(reftracer::address() as i64);
        let tracer = self.load(types::I64, tracer, 0);
        self.b.ins().brif(tracer, traced, &[], untraced, &[]);
        self.b.switch_to_block(traced);
        if let Some(offset) = site {
            self.set_line(offset);
        }
        let address = results::object as *const () as usize;
        let object = self.call_runtime(address, &result, Some(types::I64)).expect("has a result");
        self.b.ins().brif(object, epilogue, &[BlockArg::Value(object); 2], failed, &[]);
        self.b.switch_to_block(failed);
        let (tstate, frame) = (self.tstate, self.frame);
        self.call_runtime(frames::add_traceback as *const () as usize, &[tstate, frame], None);
        self.unwind();
        self.b.switch_to_block(untraced);
    }

    /// Ends the block: leaves with the exception that is set.
    pub(super) fn unwind(&mut self) {
        let unwinding = *self.unwinding.get_or_insert_with(|| self.b.create_block());
        self.b.ins().jump(unwinding, &[]);
    }

    /// Returns something that is no number, for which the second register means nothing.
    pub(super) fn return_word(&mut self, word: ir::Value) {
        self.b.ins().return_(&[word, word]);
    }

    /// Ends the block: goes to `done` with the object that a call has returned, made here if it is a number, as
    /// [`Lowering::go_on_with`] does.
    pub(super) fn make_object(
        &mut self,
        call: Value,
        [word, second]: [ir::Value; 2],
        done: ir::Block,
        failed: Option<&Edge>,
    ) {
        let rare = self.block();
        self.b.set_cold_block(rare);
        let is_rare = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThanOrEqual, word, results::LAST_TAG as i64);
        self.b.ins().brif(is_rare, rare, &[], done, &[BlockArg::Value(word)]);
        self.b.switch_to_block(rare);
        let address = results::object as *const () as usize;
        let object = self.call_aside_unsettled(address, &[word, second], Some(types::I64)).expect("has a result");
        self.go_on_with(call, object, done, failed);
    }

    /// Ends the block: goes to `done` with an object, or to `failed`, if that is given, with NULL as what the call has returned.
    pub(super) fn go_on_with(&mut self, call: Value, object: ir::Value, done: ir::Block, failed: Option<&Edge>) {
        if let Some(failed) = failed {
            // A block of its own, or what the edge has to move would be in the midst of what usually runs.
            let there = self.block();
            self.b.set_cold_block(there);
            self.values.insert(call, object);
            let (failed, args) = self.edge(failed);
            self.b.ins().brif(object, there, &[], failed, &args);
            self.b.switch_to_block(there);
        }
        self.b.ins().jump(done, &[BlockArg::Value(object)]);
    }

    /// Whether a block ends in a direct call for an object and in nothing else than where to go on if that has failed, with no
    /// instance to be made before.
    pub(super) fn ends_in_call(&self, last: Value, terminator: &Terminator) -> bool {
        let op = &self.hir.inst(last).op;
        let calls = self.unmade.memory.is_none() && matches!(op, Op::CallDirect { number: None, has_shim: false, .. });
        calls && matches!(terminator, Terminator::OnError { value, kind: ErrorKind::Null, .. } if *value == last)
    }

    /// Ends the block with such a call: one comparison tells objects from all else.
    pub(super) fn call_at_end(&mut self, call: Value, terminator: &Terminator) {
        let Terminator::OnError { error, ok, .. } = terminator else { unreachable!("a block that ends in a call") };
        let result = self.call_direct(call, Some(error));
        self.values.insert(call, result);
        let (ok, args) = self.edge(ok);
        self.b.ins().jump(ok, &args);
    }

    /// What a call has returned: what is in the second register, or the object that is in the first one.
    pub(super) fn returned(&mut self, word: Value, repr: Repr) -> ir::Value {
        match repr {
            Repr::I64 => self.returned[&word],
            Repr::F64 => self.b.ins().bitcast(types::F64, MemFlagsData::new(), self.returned[&word]),
            _ => self.value(word),
        }
    }
}
