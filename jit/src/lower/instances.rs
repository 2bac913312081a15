//! Instances: attributes among their inline values.

use super::*;
use crate::cpython::{dict, object, typeobject};

impl Lowering<'_, '_> {
    /// Puts `value` into the empty place at `offset` of the object's inline values, and the attribute into their order. They are behind
    /// the first `size` bytes of the object, or where its class says if that is 0.
    pub(super) fn add_inline_value(&mut self, owner: ir::Value, value: ir::Value, offset: i64, size: i64) {
        let (values, index) = if size == 0 {
            let ty = self.load(types::I64, owner, object::OB_TYPE);
            let size = self.load(types::I64, ty, typeobject::TP_BASICSIZE);
            let values = self.b.ins().iadd(owner, size);
            let first = self.b.ins().iadd_imm_s(size, i64::from(dict::VALUES_VALUES));
            let offset = self.imm(offset);
            let distance = self.b.ins().isub(offset, first);
            let index = self.b.ins().ushr_imm_s(distance, 3);
            (values, self.b.ins().ireduce(types::I8, index))
        } else {
            let index = (offset - size - i64::from(dict::VALUES_VALUES)) / 8;
            (self.b.ins().iadd_imm_s(owner, size), self.b.ins().iconst(types::I8, index))
        };
        self.store(value, owner, offset as i32);
        // The order of insertion is an array of bytes behind the values.
        let capacity = self.load(types::I8, values, dict::VALUES_CAPACITY);
        let capacity = self.b.ins().uextend(types::I64, capacity);
        let capacity = self.b.ins().ishl_imm_s(capacity, 3);
        let count = self.load(types::I8, values, dict::VALUES_SIZE);
        let more = self.b.ins().iadd_imm_s(count, 1);
        self.store(more, values, dict::VALUES_SIZE);
        let count = self.b.ins().uextend(types::I64, count);
        let order = self.b.ins().iadd(values, capacity);
        let place = self.b.ins().iadd(order, count);
        self.store(index, place, dict::VALUES_VALUES);
    }
}
