//! Numbers, and the iterators of ranges, from and to the interpreter's free lists, as the interpreter itself makes and frees them.
//!
//! Whoever wants to be told of new and dead objects (`PyRefTracer_SetTracer`, which tracemalloc uses) is: then, and where a
//! list is empty or full, the runtime is called.

use super::*;
use crate::cpython::{float, interp, long, object, range, reftracer};
use crate::hir::types::Kinds;
use crate::runtime::numbers;
use crate::runtime::ops::table::Helper;

/// A free list: where the interpreter keeps it, and how long it may become.
#[derive(Clone, Copy)]
struct FreeList {
    head: i32,
    len: i32,
    max: i64,
}

const FLOATS: FreeList = FreeList { head: float::FREELIST_HEAD, len: float::FREELIST_LEN, max: float::FREELIST_MAX };
const RANGE_ITERS: FreeList =
    FreeList { head: range::FREELIST_HEAD, len: range::FREELIST_LEN, max: range::FREELIST_MAX };
const INTS: FreeList = FreeList { head: long::FREELIST_HEAD, len: long::FREELIST_LEN, max: long::FREELIST_MAX };

impl Lowering<'_, '_> {
    /// A new float. Leaves if there is no memory.
    pub(super) fn new_float(&mut self, value: ir::Value, state: StateId) -> ir::Value {
        if self.is_cold {
            return self.made_by(Helper::FloatNew, value, state);
        }
        let (anew, done) = (self.block(), self.block());
        self.b.set_cold_block(anew);
        let result = self.b.append_block_param(done, types::I64);
        let popped = self.pop_float(value, anew);
        self.b.ins().jump(done, &[BlockArg::Value(popped)]);
        self.b.switch_to_block(anew);
        let made = self.made_by(Helper::FloatNew, value, state);
        self.b.ins().jump(done, &[BlockArg::Value(made)]);
        self.b.switch_to_block(done);
        result
    }

    /// A float from the list of dead ones, with this value; goes to `empty` if it must not be had from there.
    pub(super) fn pop_float(&mut self, value: ir::Value, empty: ir::Block) -> ir::Value {
        let popped = self.pop(FLOATS, empty);
        self.store(value, popped, float::OB_FVAL);
        popped
    }

    /// A new int, which is not one of those that the interpreter has once. Leaves if there is no memory.
    pub(super) fn new_int(&mut self, value: ir::Value, state: StateId) -> ir::Value {
        if self.is_cold {
            return self.made_by(Helper::LongFromI64, value, state);
        }
        let (compact, large, anew, done) = (self.block(), self.block(), self.block(), self.block());
        self.b.set_cold_block(large);
        self.b.set_cold_block(anew);
        let result = self.b.append_block_param(done, types::I64);
        let int = self.magnitude(value);
        self.b.ins().brif(int.has_one_digit, compact, &[], large, &[]);
        self.b.switch_to_block(compact);
        let popped = self.pop(INTS, anew);
        self.store_one_digit(int, popped);
        self.b.ins().jump(done, &[BlockArg::Value(popped)]);
        self.b.switch_to_block(large);
        if self.leave_unless_two_digits(int, anew) {
            let popped = self.pop(INTS, anew);
            self.store_two_digits(int, popped);
            self.b.ins().jump(done, &[BlockArg::Value(popped)]);
        }
        self.b.switch_to_block(anew);
        let made = self.made_by(Helper::LongFromI64, value, state);
        self.b.ins().jump(done, &[BlockArg::Value(made)]);
        self.b.switch_to_block(done);
        result
    }

    /// Whoever is told of the new object asks for the line that makes it.
    fn made_by(&mut self, helper: Helper, value: ir::Value, state: StateId) -> ir::Value {
        self.set_line_of(state);
        self.settle_if_traced();
        let stub = numbers::stubs().and_then(|stubs| match helper {
            Helper::LongFromI64 => Some(stubs.make_int),
            Helper::FloatNew => Some(stubs.make_float),
            _ => None,
        });
        let made = self.by_stub(stub, helper, &[value]);
        self.guard(made, state, Reason::Memory);
        made
    }

    /// Calls the stub, if there is one, or else the helper.
    fn by_stub(&mut self, stub: Option<usize>, helper: Helper, args: &[ir::Value]) -> ir::Value {
        match stub {
            Some(stub) => {
                let result = self.call_preserving_for_result(stub, args);
                self.b.ins().stack_load(types::I64, types::I64, result, 0)
            }
            None => self.call_aside_unsettled(helper.address(), args, Some(types::I64)).expect("has a result"),
        }
    }

    /// Ends the block: frees a number, or the iterator of a range, whose last reference is gone, and goes on at `done`. Says whether it
    /// did: not if it may be something else.
    pub(super) fn free_number(&mut self, object: ir::Value, kinds: Kinds, done: ir::Block) -> bool {
        let other = match kinds {
            Kinds::FLOAT | Kinds::RANGE_ITER => {
                let other = self.block();
                self.push(if kinds == Kinds::FLOAT { FLOATS } else { RANGE_ITERS }, object, other, done);
                other
            }
            Kinds::LONG => {
                let (other, fits) = (self.block(), self.block());
                let tag = self.load(types::I64, object, long::LV_TAG);
                // The list has blocks of one size, whatever was in them.
                let limit = long::one_size_tag_limit() as i64;
                let is_of_size = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThan, tag, limit);
                self.b.ins().brif(is_of_size, fits, &[], other, &[]);
                self.b.switch_to_block(fits);
                self.push(INTS, object, other, done);
                other
            }
            _ => return false,
        };
        self.b.set_cold_block(other);
        self.b.switch_to_block(other);
        self.dealloc(object, kinds);
        self.b.ins().jump(done, &[]);
        true
    }

    /// Frees an object whose last reference is gone, on a way that is hardly ever taken.
    pub(super) fn dealloc(&mut self, object: ir::Value, kinds: Kinds) {
        const PLAIN: Kinds = Kinds::NUMBER.union(Kinds::STR);
        // Otherwise whoever frees the object has frames counted, where that is needed.
        if self.has_unmade() {
            if self.dies_quietly || kinds.is_within(PLAIN) {
                self.settle_if_traced();
            } else {
                self.settle();
            }
        }
        match numbers::stubs() {
            Some(stubs) => self.call_preserving(stubs.dealloc, &[object]),
            None => {
                self.call_aside_unsettled(deaths::dealloc as *const () as usize, &[object], None);
            }
        }
    }

    /// Puts a new number into a home slot, as the helper does, on such a way; returns its object, or NULL.
    pub(super) fn store_aside(&mut self, helper: Helper, slot: ir::Value, value: ir::Value) -> ir::Value {
        let stub = numbers::stubs().and_then(|stubs| match helper {
            Helper::StoreInt => Some(stubs.store_int),
            Helper::StoreFloat => Some(stubs.store_float),
            _ => None,
        });
        self.by_stub(stub, helper, &[slot, value])
    }

    /// Takes a dead number, which becomes a living one with a single reference. Goes to `empty` if there is none.
    fn pop(&mut self, list: FreeList, empty: ir::Block) -> ir::Value {
        let interp = self.untraced_or(empty);
        let popped = self.load(types::I64, interp, list.head);
        let some = self.block();
        self.b.ins().brif(popped, some, &[], empty, &[]);
        self.b.switch_to_block(some);
        let next = self.load(types::I64, popped, object::OB_REFCNT);
        self.store(next, interp, list.head);
        let len = self.load(types::I64, interp, list.len);
        let len = self.b.ins().iadd_imm_s(len, -1);
        self.store(len, interp, list.len);
        // The type is still there; the count and its flags are one word.
        let one = self.imm(1);
        self.store(one, popped, object::OB_REFCNT);
        popped
    }

    /// Ends the block: makes `object` the first of the dead ones and goes to `done`, or goes to `other` if it must not.
    fn push(&mut self, list: FreeList, object: ir::Value, other: ir::Block, done: ir::Block) {
        let interp = self.untraced_or(other);
        let len = self.load(types::I64, interp, list.len);
        // Below zero, which is large without its sign, the list is switched off.
        let room = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThan, len, list.max);
        let some = self.block();
        self.b.ins().brif(room, some, &[], other, &[]);
        self.b.switch_to_block(some);
        let head = self.load(types::I64, interp, list.head);
        self.store(head, object, object::OB_REFCNT);
        self.store(object, interp, list.head);
        let len = self.b.ins().iadd_imm_s(len, 1);
        self.store(len, interp, list.len);
        self.b.ins().jump(done, &[]);
    }

    /// The interpreter's state; goes to `traced` if somebody wants to be told of new and dead objects.
    fn untraced_or(&mut self, traced: ir::Block) -> ir::Value {
        let tracer = self.imm(reftracer::address() as i64);
        let tracer = self.load(types::I64, tracer, 0);
        let untraced = self.block();
        self.b.ins().brif(tracer, traced, &[], untraced, &[]);
        self.b.switch_to_block(untraced);
        self.imm(interp::address() as i64)
    }
}
