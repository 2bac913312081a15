//! Instances that were just made, as value numbering knows them: nobody else can have changed them.
//!
//! Until something may run Python code an instance has the class that it was made of, keeps its attributes in inline values,
//! and has those that were stored since.

use std::collections::HashMap;

use crate::cpython::{object, typeobject};
use crate::hir::function::Function;
use crate::hir::inst::{Inst, Mem, Op, Value};

/// When memory was last written: what classes look like, and the fields of objects.
#[derive(Copy, Clone, PartialEq, Eq)]
pub struct Time {
    pub shapes: u64,
    pub objects: u64,
}

/// What a part of an instance holds.
pub enum Content {
    Value(Value),
    Number(i64),
    Null,
}

struct Instance {
    class: Value,
    /// The time at which what is known was true last.
    known_at: Time,
    /// What was stored, by offset.
    fields: HashMap<i32, Value>,
}

/// The instances that a function has made so far.
#[derive(Default)]
pub struct Fresh(HashMap<Value, Instance>);

impl Fresh {
    /// An instance of `class` was made.
    pub fn made(&mut self, instance: Value, class: Value, now: Time) {
        self.0.insert(instance, Instance { class, known_at: now, fields: HashMap::new() });
    }

    /// Whether the object is the class of an instance that is alive: it cannot die.
    pub fn is_class(&self, object: Value, now: Time) -> bool {
        self.0.values().any(|instance| instance.class == object && instance.known_at.shapes == now.shapes)
    }

    /// A value was stored at an offset of an object, which has made `now` of the time `before`.
    pub fn stored(&mut self, (object, offset, value): (Value, i32, Value), before: Time, now: Time) {
        if self.0.get(&object).is_none_or(|instance| instance.known_at != before) {
            return;
        }
        for instance in self.0.values_mut().filter(|instance| instance.known_at == before) {
            instance.known_at = now;
        }
        if let Some(instance) = self.0.get_mut(&object) {
            instance.fields.insert(offset, value);
        }
    }

    /// What an instruction reads of an instance, if it does and that is known.
    pub fn read(&self, function: &Function, inst: &Inst, args: &[Value], now: Time) -> Option<Content> {
        let instance = |object: Value| self.0.get(&object).filter(|instance| instance.known_at.shapes == now.shapes);
        match inst.op {
            Op::TypeOf => Some(Content::Value(instance(args[0])?.class)),
            Op::Load { offset: typeobject::MANAGED_DICT, mem: Mem::I64 } if args.len() == 1 => {
                instance(args[0]).map(|_| Content::Number(0))
            }
            // The only bytes of an instance that are read tell that its attributes are in it.
            Op::Load { mem: Mem::U8, .. } if args.len() == 1 => {
                let place = function.inst(args[0]);
                let object = if place.op == Op::AddAddr { *place.args.first()? } else { args[0] };
                instance(object).map(|_| Content::Number(1))
            }
            Op::Load { offset, mem: Mem::Obj } if args.len() == 1 && offset >= object::OBJECT_SIZE => {
                let instance = instance(args[0]).filter(|instance| instance.known_at == now)?;
                Some(instance.fields.get(&offset).map_or(Content::Null, |value| Content::Value(*value)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::after;
    use super::super::number::run;

    #[test]
    fn nobody_else_has_changed_an_instance() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: any = call new_instance [0] v1
                on_error.Null v2 b5 else b1
            b1:
                v3: any = type_of v2
                v4: i64 = load.U32 +384 v3
                v5: i64 = load.I64 -24 v2
                v6: i64 = const_i64 0
                v7: cond = compare.Eq v5 v6
                guard Shape v7  ; @1 [v2]
                v8: any? = load.Obj +24 v2
                v9: cond = compare.Ne v8 v6
                branch v9 b3 else b2
            b3:
                store.Obj +24 v2 v1
                jump b4
            b2:
                call add_inline_value [24, 16] v2 v1
                jump b4
            b4:
                dec_ref v8
                v10: any = load.Obj +24 v2
                v11: any = load.Obj +32 v2
                v12: any = call binary_op [5] v10 v11
                v13: any = load.Obj +24 v2
                v14: i64 = load.U32 +384 v3
                v15: cond = compare.Eq v14 v4
                guard TypeVersion v15  ; @2 [v12, v13]
                return v2
            b5: cold
                unwind
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v2: any = call new_instance [0] v1
            on_error.Null v2 b5 else b1
        b1:
            v4: i64 = load.U32 +384 v1
            v5: i64 = const_i64 0
            v6: i64 = const_i64 0
            v7: cond = const_cond true
            v8: null = const_obj null
            v9: cond = const_cond false
            jump b2
        b2:
            call add_inline_value [24, 16] v2 v1
            jump b4
        b4:
            v11: null = const_obj null
            v12: any = call binary_op [5] v1 v11
            v13: any = load.Obj +24 v2
            v14: i64 = load.U32 +384 v1
            v15: cond = compare.Eq v14 v4
            guard TypeVersion v15  ; @2 [v12, v13]
            return v2
        b5: cold
            unwind
        ");
    }
}
