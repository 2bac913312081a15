//! Class methods and static methods that are called: the interpreter has no specialized instruction for looking them up, and
//! makes a bound method for each call of a class method.

use super::*;
use crate::cpython::class_bound::{self, ClassBound};
use crate::runtime::attr_cache::Known;

impl Builder<'_> {
    /// `LOAD_ATTR` for a call of what a class binds to itself, or gives out as it is, where the class or the instance that it is looked
    /// up on is known. What the interpreter would have as a bound method are the function and the class, as it has them in the call
    /// itself. Says whether it did.
    pub(super) fn load_bound_by_class(&mut self) -> bool {
        let is_for_call = self.instr.oparg & 1 != 0;
        let owner = self.peek(0);
        if self.instr.raw != Opcode::LoadAttr || !is_for_call || self.func.ty(owner.value).repr != Repr::Obj {
            return false;
        }
        let name = self.code.names[(self.instr.oparg >> 1) as usize].object;
        let expected = self.expect.get(&owner.value).copied();
        if let Some((bound, version, metaclass)) = expected.and_then(|class| self.profile.bound_in_class(class, name)) {
            self.guard_owning_class(owner.value, version, metaclass);
            self.push_bound(bound, owner.value);
            return true;
        }
        let version = match (self.facts.shapes.get(&owner.value), self.classes_of_local(owner.value)) {
            (Some(version), _) | (None, [version]) => *version,
            _ => return false,
        };
        let Some(Known::InClass { bound, keys }) = self.profile.attribute(version, name) else { return false };
        let ty = self.guard_version(owner.value, version);
        if let Some(keys) = keys {
            self.guard_inline_values(owner.value, ty);
            self.guard_shared_keys(ty, keys);
        }
        if let Some(class) = self.profile.class_with_version(version) {
            self.expect.insert(ty, class);
        }
        self.push_bound(bound, ty);
        true
    }

    /// Replaces the owner by what is called, and by `class` if that is its first argument.
    fn push_bound(&mut self, bound: ClassBound, class: Value) {
        let current = self.callable_of(bound);
        self.guard_equal(current, bound.callable as i64, Reason::Callee);
        let callable = self.known_obj(bound.callable);
        self.expect.insert(callable, bound.callable);
        if !bound.takes_class {
            return self.finish_load(callable);
        }
        self.emit(Op::IncRef, &[callable], Type::NONE);
        let owner = self.peek(0);
        let is_moved = owner.owned && owner.value == class;
        if !is_moved {
            self.emit(Op::IncRef, &[class], Type::NONE);
        }
        self.set_line();
        match is_moved {
            true => drop(self.pop()),
            false => self.close_top(1),
        }
        self.push(callable, true);
        self.push(class, true);
    }

    /// What a class method or static method calls now.
    pub(super) fn callable_of(&mut self, bound: ClassBound) -> Value {
        let descriptor = self.known_obj(bound.descriptor);
        let load = Op::Load { offset: class_bound::CALLABLE, mem: Mem::Obj };
        self.emit(load, &[descriptor], Type::OBJ_OR_NULL)
    }
}
