//! Methods that are called by `super()`.

use super::*;
use crate::cpython::supers::{self, SuperMethod};
use crate::cpython::typeobject;

/// Classes of objects that a place tests for.
const MAX_CLASSES: usize = 8;

impl Builder<'_> {
    /// `LOAD_SUPER_ATTR` for a call, if the objects are of classes for which the next class has one and the same method. Says whether it
    /// is.
    pub(super) fn super_method(&mut self) -> bool {
        let (site, oparg) = (self.instr.start, self.instr.oparg);
        let owner = self.peek(0).value;
        if oparg & 1 == 0 || self.profile.has_failed(site) || self.func.ty(owner).repr != Repr::Obj {
            return false;
        }
        let known = self.facts.shapes.get(&owner).copied();
        let seen = || self.profile.classes_at(site).iter().chain(self.classes_of_local(owner)).copied();
        let mut versions: Vec<u32> = known.map_or_else(|| seen().collect(), |version| vec![version]);
        versions.sort_unstable();
        versions.dedup();
        let start = self.expect.get(&self.peek(1).value).copied();
        let name = self.code.names[(oparg >> 2) as usize].object;
        let definer = (self.code.name.as_str(), self.code.code_units);
        let found: Vec<Option<SuperMethod>> =
            versions.iter().map(|version| supers::method(*version, start, definer, name)).collect();
        let Some(Some(SuperMethod { start, method })) = found.first().copied() else { return false };
        if versions.len() > MAX_CLASSES || found.iter().any(|other| *other != found[0]) {
            return false;
        }
        let (class, callable) = (self.peek(1).value, self.peek(2).value);
        self.guard_equal(callable, supers::class() as i64, Reason::Callee);
        self.guard_equal(class, start as i64, Reason::Callee);
        match versions[..] {
            [version] => _ = self.guard_version(owner, version),
            _ => self.guard_one_of(owner, &versions),
        }
        // The object's class has the other one among its bases.
        self.facts.held.extend([class, callable]);
        let owner = self.pop();
        self.set_line_to_close(2);
        self.close_top(2);
        let value = self.known_obj(method);
        self.expect.insert(value, method);
        self.emit(Op::IncRef, &[value], Type::NONE);
        self.push(value, true);
        self.push(owner.value, owner.owned);
        true
    }

    /// Goes on if the object's class has one of these versions.
    fn guard_one_of(&mut self, object: Value, versions: &[u32]) {
        let ty = self.emit(Op::TypeOf, &[object], Type::obj(Kinds::OTHER));
        let tag = Op::Load { offset: typeobject::TP_VERSION_TAG, mem: Mem::U32 };
        let tag = self.emit(tag, &[ty], Type::I64);
        let state = self.before_state();
        let known = self.func.new_block(false);
        for version in versions {
            let (hit, next) = self.split(tag, i64::from(*version));
            self.switch_to(hit);
            self.terminate(Terminator::Jump(Edge::to(known)));
            self.switch_to(next);
        }
        self.terminate(Terminator::Exit { state, reason: Reason::TypeVersion });
        self.switch_to(known);
    }
}
