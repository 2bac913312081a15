//! Attributes of objects of several classes: a chain of tests for the versions of the classes that came by, with a way for
//! each that ends where all ways meet, and the general way for any other class.
//!
//! Nothing here leaves by a side exit: what is not as expected goes the general way.

use super::*;
use crate::cpython::class_bound::ClassBound;
use crate::cpython::{dict, function, method, typeobject};
use crate::runtime::attr_cache::Known;

/// Classes that a place has a way for.
const MAX_CASES: usize = 4;

/// What is at hand while the ways for several classes are built.
pub(super) struct Fork {
    /// The way for what is not as expected.
    pub(super) general: Block,
    /// Where all ways meet, with the results as parameters.
    join: Block,
    /// The state in which each way begins, and what is known there.
    start: (State, Option<CodeOffset>, Facts),
    /// The state in which they end, but for their results.
    end: Option<State>,
}

impl Builder<'_> {
    /// The classes that the owner on top of the stack may have, and what name number `index` is in their instances.
    pub(super) fn known_cases(&mut self, index: u32) -> Vec<(u32, Known)> {
        let owner = self.peek(0).value;
        let name = self.code.names[index as usize].object;
        if let Some(classes) = self.only_classes(owner) {
            let cases =
                classes.into_iter().filter_map(|version| Some((version, self.profile.attribute(version, name)?)));
            return cases.take(MAX_CASES).collect();
        }
        let mut versions = self.classes.get(&owner).cloned().unwrap_or_default();
        let cached = match self.instr.raw {
            Opcode::LoadAttr | Opcode::StoreAttr => None,
            _ => Some(self.instr.cache_u32(1)),
        };
        let seen = self.profile.classes_at(self.instr.start).iter().copied().chain(cached);
        for version in seen.chain(self.classes_of_local(owner).iter().copied()) {
            if !versions.contains(&version) {
                versions.push(version);
            }
        }
        self.classes.insert(owner, versions.clone());
        let cases = versions.into_iter().filter_map(|version| Some((version, self.profile.attribute(version, name)?)));
        cases.take(MAX_CASES).collect()
    }

    /// At the end of a chain for `cases`: takes the general way with objects of any other class. As long as there is room for
    /// more classes and each that was seen helps, such an object leaves by a side exit instead, and its class is known the
    /// next time.
    fn end_chain(&mut self, fork: &Fork, cases: &[(u32, Known)]) {
        let is_open = cases.len() < MAX_CASES && cases.iter().all(|(_, known)| *known != Known::Nothing);
        if self.profile.is_learning() && is_open {
            let state = self.before_state();
            self.terminate(Terminator::Exit { state, reason: Reason::TypeVersion });
        } else {
            self.terminate(Terminator::Jump(Edge::to(fork.general)));
        }
    }

    pub(super) fn fork(&mut self, results: &[Type]) -> Fork {
        let (general, join) = (self.func.new_block(true), self.func.new_block(false));
        for ty in results {
            self.func.add_param(join, *ty);
        }
        Fork { general, join, start: (self.state.clone(), self.line, self.facts.clone()), end: None }
    }

    /// Begins one of the ways in `block`.
    pub(super) fn begin_way(&mut self, fork: &Fork, block: Block) {
        (self.state, self.line, self.facts) = fork.start.clone();
        self.before = None;
        self.noisy = false;
        self.switch_to(block);
    }

    /// Ends one of the ways, with its results, stackrefs excepted owned objects, pushed where the operands were.
    pub(super) fn end_way(&mut self, fork: &mut Fork, results: &[Value], must_look: bool) -> Result<(), Refusal> {
        for result in results {
            self.push(*result, true);
        }
        if must_look || self.noisy {
            self.safepoint(false)?;
        }
        for _ in results {
            self.pop();
        }
        self.terminate(Terminator::Jump(Edge { block: fork.join, args: results.to_vec() }));
        fork.end = Some(self.state.clone());
        Ok(())
    }

    /// Goes on where all ways have met.
    pub(super) fn join(&mut self, fork: Fork) -> Vec<Value> {
        self.state = fork.end.expect("at least the general way ends");
        self.before = None;
        self.noisy = false;
        self.forget();
        self.switch_to(fork.join);
        self.func.block(fork.join).params.clone()
    }

    /// Goes on in a new block when `value` is `expected`, takes the general way otherwise.
    pub(super) fn expect_equal(&mut self, fork: &Fork, value: Value, expected: i64) {
        self.expect_that(fork, Cond::Eq, value, expected);
    }

    fn expect_that(&mut self, fork: &Fork, cond: Cond, value: Value, than: i64) {
        let than = self.const_i64(than);
        let cond = self.emit(Op::Compare(cond), &[value, than], Type::BOOL);
        let next = self.func.new_block(false);
        self.terminate(Terminator::Branch { cond, then: Edge::to(next), otherwise: Edge::to(fork.general) });
        self.switch_to(next);
    }

    /// Ends the current block with a test, and returns the blocks for when it holds and for when it does not.
    pub(super) fn split(&mut self, value: Value, expected: i64) -> (Block, Block) {
        let expected = self.const_i64(expected);
        let cond = self.emit(Op::Compare(Cond::Eq), &[value, expected], Type::BOOL);
        let (hit, next) = (self.func.new_block(false), self.func.new_block(false));
        self.terminate(Terminator::Branch { cond, then: Edge::to(hit), otherwise: Edge::to(next) });
        (hit, next)
    }

    /// The type of the owner and its version.
    fn class_of(&mut self, owner: Value) -> (Value, Value) {
        let ty = self.emit(Op::TypeOf, &[owner], Type::obj(Kinds::OTHER));
        let tag = self.emit(Op::Load { offset: typeobject::TP_VERSION_TAG, mem: Mem::U32 }, &[ty], Type::I64);
        (ty, tag)
    }

    fn expect_inline_values(&mut self, fork: &Fork, owner: Value, ty: Value, version: u32) {
        let size = self.fixed_size(Some(version));
        let valid = self.are_values_valid(owner, ty, size);
        self.expect_that(fork, Cond::Ne, valid, 0);
    }

    /// Expects that an instance has no attribute of its own that would hide the class's.
    fn expect_shared_keys(&mut self, fork: &Fork, owner: Value, (ty, version): (Value, u32), keys: u32) {
        self.expect_inline_values(fork, owner, ty, version);
        let shared = self.emit(Op::Load { offset: typeobject::HT_CACHED_KEYS, mem: Mem::I64 }, &[ty], Type::I64);
        let found = self.emit(Op::Load { offset: dict::DK_VERSION, mem: Mem::U32 }, &[shared], Type::I64);
        self.expect_equal(fork, found, i64::from(keys));
    }

    /// A new reference to the value at `offset`, which must be there.
    fn expect_value(&mut self, fork: &Fork, owner: Value, offset: i32) -> Value {
        let value = self.emit(Op::Load { offset, mem: Mem::Obj }, &[owner], Type::OBJ_OR_NULL);
        self.expect_that(fork, Cond::Ne, value, 0);
        let value = self.emit(Op::Refine { kinds: Kinds::ANY }, &[value], Type::OBJ);
        self.emit(Op::IncRef, &[value], Type::NONE);
        value
    }

    /// The value of an attribute that instances have themselves, as a new reference.
    fn expect_own(&mut self, fork: &Fork, owner: Value, (ty, version): (Value, u32), known: Known) -> Option<Value> {
        match known {
            Known::Value { offset, .. } => {
                self.expect_inline_values(fork, owner, ty, version);
                Some(self.expect_value(fork, owner, offset))
            }
            Known::Slot { offset } => Some(self.expect_value(fork, owner, offset)),
            _ => None,
        }
    }

    /// `LOAD_ATTR` for a value.
    pub(super) fn load_attr_by_class(&mut self, cases: &[(u32, Known)]) -> Result<(), Refusal> {
        let name = self.const_name(self.instr.oparg >> 1);
        let owner = self.peek_obj(0);
        self.set_line();
        let (ty, tag) = self.class_of(owner);
        let mut fork = self.fork(&[Type::OBJ]);
        for (version, known) in cases {
            let (hit, next) = self.split(tag, i64::from(*version));
            self.begin_way(&fork, hit);
            if let Known::Property { property, getter } = *known {
                self.get_property(&mut fork, property as usize, getter as usize)?;
            } else if let Some(value) = self.expect_own(&fork, owner, (ty, *version), *known) {
                self.close_top(1);
                self.end_way(&mut fork, &[value], false)?;
            } else {
                self.terminate(Terminator::Jump(Edge::to(fork.general)));
            }
            self.begin_way(&fork, next);
        }
        self.end_chain(&fork, cases);
        self.begin_way(&fork, fork.general);
        let result = self.helper(Helper::LoadAttr, &[owner, name], &[]);
        self.check_and_close(result, ErrorKind::Null, 1)?;
        self.end_way(&mut fork, &[result], true)?;
        let results = self.join(fork);
        self.push(results[0], true);
        Ok(())
    }

    /// The way of a property, whose getter takes the owner over.
    fn get_property(&mut self, fork: &mut Fork, property: usize, getter: usize) -> Result<(), Refusal> {
        let binding = self.profile.binding(getter, 1, &[]).filter(|binding| binding.defaults.is_none());
        let Some(binding) = binding else {
            self.terminate(Terminator::Jump(Edge::to(fork.general)));
            return Ok(());
        };
        let property = self.known_obj(property);
        let current = self.emit(Op::Load { offset: method::PROP_GET, mem: Mem::Obj }, &[property], Type::OBJ_OR_NULL);
        self.expect_equal(fork, current, getter as i64);
        let object = getter;
        let getter = self.known_obj(getter);
        let load = Op::Load { offset: function::FUNC_CODE, mem: Mem::Obj };
        let code = self.emit(load, &[getter], Type::OBJ);
        self.expect_equal(fork, code, binding.target.code as i64);
        self.emit(Op::IncRef, &[getter], Type::NONE);
        let callable = self.emit(Op::ToRef { borrowed: false }, &[getter], Type::REF);
        let null = self.null_ref();
        let owner = self.take_refs(1)[0];
        self.scratch(3);
        let (target, refs) = (binding.target, &[callable, null, owner]);
        let call = KnownCall { has_self: false, ..KnownCall::new(object, target, refs) };
        self.call_known_and_join(&call, |builder, result| {
            builder.check(result, ErrorKind::Null)?;
            builder.end_way(fork, &[result], true)
        })
    }

    /// `LOAD_ATTR` for a call.
    pub(super) fn load_method_by_class(&mut self, cases: &[(u32, Known)]) -> Result<(), Refusal> {
        let name = self.const_name(self.instr.oparg >> 1);
        let owner = self.peek_obj(0);
        self.set_line();
        let (ty, tag) = self.class_of(owner);
        let mut fork = self.fork(&[Type::OBJ, Type::REF]);
        let mut methods: Vec<(usize, Vec<u32>)> = Vec::new();
        let note = |methods: &mut Vec<(usize, Vec<u32>)>, method: usize, version: Option<u32>| match methods
            .iter_mut()
            .find(|(known, _)| *known == method)
        {
            Some((_, versions)) => versions.extend(version),
            None => methods.push((method, Vec::from_iter(version))),
        };
        for (version, known) in cases {
            let (hit, next) = self.split(tag, i64::from(*version));
            self.begin_way(&fork, hit);
            let method = match *known {
                Known::Method { method, keys } => {
                    self.expect_shared_keys(&fork, owner, (ty, *version), keys);
                    Some(method)
                }
                Known::OnlyMethod { method } => Some(method),
                _ => None,
            };
            if let Known::InClass { bound, keys } = *known {
                // The first argument is the class.
                if bound.takes_class {
                    note(&mut methods, bound.callable, None);
                }
                self.load_bound_in_way(&mut fork, bound, (owner, ty, *version), keys)?;
            } else if let Some(method) = method {
                let method = method as usize;
                note(&mut methods, method, Some(*version));
                let callable = self.known_obj(method);
                self.emit(Op::IncRef, &[callable], Type::NONE);
                let receiver = self.take_refs(1)[0];
                self.end_way(&mut fork, &[callable, receiver], false)?;
            } else if let Some(value) = self.expect_own(&fork, owner, (ty, *version), *known) {
                self.close_top(1);
                let null = self.null_ref();
                self.end_way(&mut fork, &[value, null], false)?;
            } else {
                self.terminate(Terminator::Jump(Edge::to(fork.general)));
            }
            self.begin_way(&fork, next);
        }
        self.end_chain(&fork, cases);
        self.begin_way(&fork, fork.general);
        let at = self.scratch(1);
        let out = self.emit(Op::ScratchAddr { at }, &[], Type::I64);
        let is_owned = i64::from(self.is_counted(self.peek(0)));
        let callable = self.helper(Helper::LoadMethod, &[owner, name, out], &[is_owned]);
        let receiver = self.emit(Op::LoadScratch { at, repr: Repr::Ref }, &[], Type::REF);
        self.check_and_close(callable, ErrorKind::Null, 1)?;
        self.end_way(&mut fork, &[callable, receiver], true)?;
        let results = self.join(fork);
        self.methods.insert(results[0], methods);
        self.push(results[0], true);
        self.push(results[1], true);
        Ok(())
    }

    /// The way of a class method or static method.
    fn load_bound_in_way(
        &mut self,
        fork: &mut Fork,
        bound: ClassBound,
        (owner, ty, version): (Value, Value, u32),
        keys: Option<u32>,
    ) -> Result<(), Refusal> {
        if let Some(keys) = keys {
            self.expect_shared_keys(fork, owner, (ty, version), keys);
        }
        let current = self.callable_of(bound);
        self.expect_equal(fork, current, bound.callable as i64);
        let callable = self.known_obj(bound.callable);
        self.emit(Op::IncRef, &[callable], Type::NONE);
        let receiver = if bound.takes_class {
            self.emit(Op::IncRef, &[ty], Type::NONE);
            self.emit(Op::ToRef { borrowed: false }, &[ty], Type::REF)
        } else {
            self.null_ref()
        };
        self.close_top(1);
        self.end_way(fork, &[callable, receiver], false)
    }

    /// `STORE_ATTR`, where instances keep the attribute themselves.
    pub(super) fn store_attr_by_class(&mut self, cases: &[(u32, Known)]) -> Result<(), Refusal> {
        let name = self.const_name(self.instr.oparg);
        self.box_operands(2);
        let (value, owner) = (self.peek_obj(1), self.peek_obj(0));
        self.set_line();
        let (ty, tag) = self.class_of(owner);
        let mut fork = self.fork(&[]);
        for (version, known) in cases {
            let Known::Value { offset, stored_plainly: true } = *known else { continue };
            let (hit, next) = self.split(tag, i64::from(*version));
            self.begin_way(&fork, hit);
            let namespace = Op::Load { offset: typeobject::MANAGED_DICT, mem: Mem::I64 };
            let namespace = self.emit(namespace, &[owner], Type::I64);
            self.expect_equal(&fork, namespace, 0);
            self.expect_inline_values(&fork, owner, ty, *version);
            let old = self.emit(Op::Load { offset, mem: Mem::Obj }, &[owner], Type::OBJ_OR_NULL);
            self.expect_that(&fork, Cond::Ne, old, 0);
            let old = self.emit(Op::Refine { kinds: Kinds::ANY }, &[old], Type::OBJ);
            let entry = self.peek(1);
            let new = self.to_owned(entry);
            self.emit(Op::Store { offset, mem: Mem::Obj }, &[owner, new], Type::NONE);
            let owner = self.pop();
            self.pop();
            self.emit(Op::DecRef, &[old], Type::NONE);
            self.close(owner);
            self.end_way(&mut fork, &[], false)?;
            self.begin_way(&fork, next);
        }
        self.end_chain(&fork, cases);
        self.begin_way(&fork, fork.general);
        let status = self.helper(Helper::StoreAttr, &[value, owner, name], &[]);
        self.check_and_close(status, ErrorKind::Negative, 2)?;
        self.end_way(&mut fork, &[], true)?;
        self.join(fork);
        Ok(())
    }

    /// Calls a method that was looked up on objects of several classes: each function that it may be is entered directly.
    /// Says whether it did.
    pub(super) fn call_one_of(&mut self, callable: Value) -> Result<bool, Refusal> {
        let nargs = self.instr.oparg as usize;
        let bindings: Vec<_> = self.methods.get(&callable).map_or(Vec::new(), |methods| {
            let bound = |(method, classes): &(usize, Vec<u32>)| {
                Some((*method, classes.clone(), self.profile.binding(*method, nargs as u32 + 1, &[])?))
            };
            methods.iter().filter_map(bound).collect()
        });
        if bindings.is_empty() {
            return Ok(false);
        }
        self.set_line();
        let refs = self.take_refs(nargs + 2);
        let receiver = self.emit(Op::Bits, &[refs[1]], Type::I64);
        let mut fork = self.fork(&[Type::OBJ]);
        self.expect_that(&fork, Cond::Ne, receiver, NULL_REF as i64);
        for (method, classes, binding) in bindings {
            let (hit, next) = self.split(callable, method as i64);
            self.begin_way(&fork, hit);
            let load = Op::Load { offset: function::FUNC_CODE, mem: Mem::Obj };
            let code = self.emit(load, &[callable], Type::OBJ);
            self.expect_equal(&fork, code, binding.target.code as i64);
            let defaults = match binding.defaults {
                None => None,
                Some(count) => {
                    let load = Op::Load { offset: function::FUNC_DEFAULTS, mem: Mem::Obj };
                    let defaults = self.emit(load, &[callable], Type::OBJ_OR_NULL);
                    self.expect_that(&fork, Cond::Ne, defaults, 0);
                    let defaults = self.emit(Op::Refine { kinds: Kinds::ANY }, &[defaults], Type::OBJ);
                    let size = self.var_size(defaults);
                    self.expect_equal(&fork, size, i64::from(count));
                    Some(defaults)
                }
            };
            let mut operands = vec![refs[0]];
            operands.extend(self.bound(&binding, defaults, |_, index| refs[index as usize + 1]));
            self.scratch(operands.len() as u32);
            let (object, target, refs) = (method, binding.target, &operands);
            let call = KnownCall { classes: &classes, ..KnownCall::new(object, target, refs) };
            self.call_known_and_join(&call, |builder, result| {
                builder.check(result, ErrorKind::Null)?;
                builder.end_call(&mut fork, result);
                Ok(())
            })?;
            self.begin_way(&fork, next);
        }
        self.terminate(Terminator::Jump(Edge::to(fork.general)));
        self.begin_way(&fork, fork.general);
        let at = self.scratch(refs.len() as u32);
        self.emit(Op::SpillArgs { at }, &refs, Type::NONE);
        let address = self.emit(Op::ScratchAddr { at }, &[], Type::I64);
        let result = self.helper(Helper::Call, &[address], &[nargs as i64]);
        self.check(result, ErrorKind::Null)?;
        self.end_call(&mut fork, result);
        let results = self.join(fork);
        self.push(results[0], true);
        self.safepoint(true)?;
        Ok(true)
    }

    /// Ends the way of a call; what follows every call comes where the ways meet.
    fn end_call(&mut self, fork: &mut Fork, result: Value) {
        self.terminate(Terminator::Jump(Edge { block: fork.join, args: vec![result] }));
        fork.end = Some(self.state.clone());
    }
}
