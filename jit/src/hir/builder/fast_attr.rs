//! Attributes and globals: the interpreter's inline caches name the class version, the dict version and the place of
//! the value; compiled code guards the versions and loads.

use super::*;
use crate::cpython::{dict, function, module, object, typeobject};
use crate::runtime::attr_cache::Known;

impl Builder<'_> {
    /// Guards that the class of `object` still has the version that the cache was made for.
    pub(super) fn guard_version(&mut self, object: Value, version: u32) -> Value {
        let ty = self.emit(Op::TypeOf, &[object], Type::obj(Kinds::OTHER));
        if self.facts.shapes.get(&object) == Some(&version) {
            return ty;
        }
        let tag = self.emit(Op::Load { offset: typeobject::TP_VERSION_TAG, mem: Mem::U32 }, &[ty], Type::I64);
        self.guard_equal(tag, i64::from(version), Reason::TypeVersion);
        self.facts.shapes.insert(object, version);
        ty
    }

    pub(super) fn guard_equal(&mut self, value: Value, expected: i64, reason: Reason) {
        let expected = self.const_i64(expected);
        let cond = self.emit(Op::Compare(Cond::Eq), &[value, expected], Type::BOOL);
        self.emit_guarded(Op::Guard { reason }, &[cond], Type::NONE);
    }

    pub(super) fn guard_not_null(&mut self, value: Value) -> Value {
        let zero = self.const_i64(0);
        let cond = self.emit(Op::Compare(Cond::Ne), &[value, zero], Type::BOOL);
        self.emit_guarded(Op::Guard { reason: Reason::Missing }, &[cond], Type::NONE);
        self.emit(Op::Refine { kinds: Kinds::ANY }, &[value], Type::OBJ)
    }

    /// Guards that the object keeps its attributes in the inline array behind its fixed part.
    pub(super) fn guard_inline_values(&mut self, object: Value, ty: Value) {
        if !self.facts.inline.insert(object) {
            return;
        }
        let size = self.fixed_size(self.facts.shapes.get(&object).copied());
        let valid = self.are_values_valid(object, ty, size);
        let zero = self.const_i64(0);
        let cond = self.emit(Op::Compare(Cond::Ne), &[valid, zero], Type::BOOL);
        self.emit_guarded(Op::Guard { reason: Reason::Shape }, &[cond], Type::NONE);
    }

    /// How many bytes the fixed part of instances has of which it is guarded that their class has this version, if it is known.
    pub(super) fn fixed_size(&self, version: Option<u32>) -> Option<i32> {
        let class = self.profile.class_with_version(version?)?;
        Some(self.profile.fixed_size(class))
    }

    /// Whether the array behind an object's fixed part, whose size may be known, is where it keeps its attributes; not 0 if so.
    pub(super) fn are_values_valid(&mut self, object: Value, ty: Value, size: Option<i32>) -> Value {
        let (base, offset) = if let Some(size) = size {
            (object, dict::VALUES_VALID + size)
        } else {
            let size = self.emit(Op::Load { offset: typeobject::TP_BASICSIZE, mem: Mem::I64 }, &[ty], Type::I64);
            (self.emit(Op::AddAddr, &[object, size], Type::I64), dict::VALUES_VALID)
        };
        self.emit(Op::Load { offset, mem: Mem::U8 }, &[base], Type::I64)
    }

    /// Puts `value` into the empty place at `offset` of an object whose attributes are behind its fixed part.
    fn add_inline_value(&mut self, owner: Value, value: Value, offset: i32) {
        let size = self.fixed_size(self.facts.shapes.get(&owner).copied()).unwrap_or(0);
        self.helper(Helper::AddInlineValue, &[owner, value], &[i64::from(offset), i64::from(size)]);
    }

    /// Whether to guess the class of the object whose attribute the current instruction loads or stores.
    fn is_trusted(&mut self) -> bool {
        let owner = self.peek(0).value;
        let is_specialized = !matches!(self.instr.raw, Opcode::LoadAttr | Opcode::StoreAttr);
        let is_mixed = match self.only_classes(owner) {
            Some(classes) if is_specialized => classes != [self.instr.cache_u32(1)],
            Some(classes) => classes.len() > 1,
            None => self.classes_of_local(owner).len() > 1,
        };
        if is_mixed || self.profile.has_failed(self.instr.start) {
            self.distrusted.insert(owner);
        }
        !self.distrusted.contains(&owner)
    }

    /// The classes that came by in the local that a value was loaded from.
    pub(super) fn classes_of_local(&self, value: Value) -> &[u32] {
        self.sources.get(&value).map_or(&[], |slot| self.profile.classes_in(*slot))
    }

    pub(super) fn load_attr(&mut self) -> Result<(), Refusal> {
        let is_trusted = self.is_trusted();
        if is_trusted && self.fast_load_attr()? {
            return Ok(());
        }
        if is_trusted && self.load_bound_by_class() {
            return Ok(());
        }
        let oparg = self.instr.oparg;
        if !is_trusted && self.load_of_only_class() {
            return Ok(());
        }
        if !is_trusted || self.instr.raw == Opcode::LoadAttrProperty {
            let cases = self.known_cases(oparg >> 1);
            if cases.iter().any(|(_, known)| *known != Known::Nothing) {
                return if oparg & 1 == 0 {
                    self.load_attr_by_class(&cases)
                } else {
                    self.load_method_by_class(&cases)
                };
            }
        }
        let name = self.const_name(oparg >> 1);
        let owner = self.peek_obj(0);
        self.set_line();
        if oparg & 1 == 0 {
            let result = self.helper(Helper::LoadAttr, &[owner, name], &[]);
            self.check_and_close(result, ErrorKind::Null, 1)?;
            self.push(result, true);
        } else {
            let at = self.scratch(1);
            let out = self.emit(Op::ScratchAddr { at }, &[], Type::I64);
            let is_owned = i64::from(self.is_counted(self.peek(0)));
            let result = self.helper(Helper::LoadMethod, &[owner, name, out], &[is_owned]);
            return self.finish_method(result, at, 1);
        }
        self.safepoint(false)
    }

    /// Loads an attribute of an object that can have but one class, which is not the one that the inline cache names. Says whether it did.
    fn load_of_only_class(&mut self) -> bool {
        let owner = self.peek(0).value;
        let Some((version, known)) = self.of_only_class(owner, self.instr.oparg >> 1) else { return false };
        let is_for_call = self.instr.oparg & 1 != 0;
        match known {
            Known::Value { offset, .. } => self.load_inline_value(version, offset),
            Known::Slot { offset } => self.load_slot(version, offset),
            Known::Method { method, keys } if is_for_call => {
                self.load_method_beside_values(version, keys, method as usize)
            }
            Known::OnlyMethod { method } if is_for_call => self.load_only_method(version, method as usize),
            _ => return false,
        }
        true
    }

    /// What name number `index` is in instances of the only class that an object can have.
    fn of_only_class(&mut self, owner: Value, index: u32) -> Option<(u32, Known)> {
        let [version] = self.only_classes(owner)?[..] else { return None };
        let name = self.code.names[index as usize].object;
        let known = self.profile.attribute(version, name)?;
        (!self.profile.has_failed(self.instr.start)).then_some((version, known))
    }

    fn load_inline_value(&mut self, version: u32, offset: i32) {
        let owner = self.peek_obj(0);
        let ty = self.guard_version(owner, version);
        self.guard_inline_values(owner, ty);
        self.finish_load_at(owner, offset);
    }

    fn load_slot(&mut self, version: u32, offset: i32) {
        let owner = self.peek_obj(0);
        self.guard_version(owner, version);
        self.finish_load_at(owner, offset);
    }

    fn finish_load_at(&mut self, owner: Value, offset: i32) {
        let value = self.emit(Op::Load { offset, mem: Mem::Obj }, &[owner], Type::OBJ_OR_NULL);
        let value = self.guard_not_null(value);
        self.finish_load(value);
    }

    fn load_method_beside_values(&mut self, version: u32, keys: u32, method: usize) {
        let owner = self.peek_obj(0);
        let ty = self.guard_version(owner, version);
        self.guard_inline_values(owner, ty);
        self.guard_shared_keys(ty, keys);
        self.push_method(method);
    }

    fn load_only_method(&mut self, version: u32, method: usize) {
        let owner = self.peek_obj(0);
        self.guard_version(owner, version);
        self.push_method(method);
    }

    /// Replaces the owner on the stack by an attribute that `value` borrows, with a NULL above it if the instruction
    /// prepares a call.
    pub(super) fn finish_load(&mut self, value: Value) {
        self.emit(Op::IncRef, &[value], Type::NONE);
        self.set_line();
        let owner = self.peek(0);
        let owner_stays = !self.is_counted(owner) || self.facts.held.contains(&owner.value);
        self.close_top(1);
        if owner_stays {
            self.facts.held.insert(value);
        }
        self.push(value, true);
        if self.instr.oparg & 1 != 0 {
            let null = self.null_ref();
            self.push(null, true);
        }
    }

    /// Replaces a class on the stack by what it has under a name.
    fn finish_class_attr(&mut self, attribute: usize) {
        let value = self.known_obj(attribute);
        self.expect.insert(value, attribute);
        self.finish_load(value);
    }

    /// What the inline cache of the current instruction borrows from a class, 0 if it is nothing. None when that class is gone.
    fn cached_object(&self) -> Option<usize> {
        let place = match self.instr.raw {
            Opcode::LoadAttrMethodWithValues
            | Opcode::LoadAttrMethodNoDict
            | Opcode::LoadAttrMethodLazyDict
            | Opcode::LoadAttrNondescriptorWithValues
            | Opcode::LoadAttrNondescriptorNoDict
            | Opcode::LoadAttrClass => 1,
            Opcode::LoadAttrClassWithMetaclassCheck => 3,
            _ => return Some(0),
        };
        self.profile.cached_of(self.instr.cache_u32(place), self.instr.cache_u64(5))
    }

    fn fast_load_attr(&mut self) -> Result<bool, Refusal> {
        let instr = self.instr.clone();
        let Some(cached) = self.cached_object() else { return Ok(false) };
        match instr.raw {
            Opcode::LoadAttrInstanceValue => {
                self.load_inline_value(instr.cache_u32(1), i32::from(instr.cache_u16(3)));
            }
            Opcode::LoadAttrSlot => self.load_slot(instr.cache_u32(1), i32::from(instr.cache_u16(3))),
            Opcode::LoadAttrWithHint => {
                let owner = self.peek_obj(0);
                self.guard_version(owner, instr.cache_u32(1));
                let name = self.const_name(instr.oparg >> 1);
                let hint = i64::from(instr.cache_u16(3));
                let value = self.helper(Helper::LoadAttrHint, &[owner, name], &[hint]);
                let value = self.guard_not_null(value);
                self.finish_load(value);
            }
            Opcode::LoadAttrMethodWithValues => {
                let (version, keys) = (instr.cache_u32(1), instr.cache_u32(3));
                self.load_method_beside_values(version, keys, cached);
            }
            Opcode::LoadAttrMethodNoDict => self.load_only_method(instr.cache_u32(1), cached),
            Opcode::LoadAttrMethodLazyDict => {
                let owner = self.peek_obj(0);
                self.guard_version(owner, instr.cache_u32(1));
                // The offset is negative for managed dicts; the cache keeps it as 16 bits.
                let offset = i32::from(instr.cache_u16(3) as i16);
                let dict = self.emit(Op::Load { offset, mem: Mem::Obj }, &[owner], Type::OBJ_OR_NULL);
                self.guard_equal(dict, 0, Reason::Shape);
                self.push_method(cached);
            }
            Opcode::LoadAttrNondescriptorWithValues => {
                let owner = self.peek_obj(0);
                let ty = self.guard_version(owner, instr.cache_u32(1));
                self.guard_inline_values(owner, ty);
                self.guard_shared_keys(ty, instr.cache_u32(3));
                let value = self.known_obj(cached);
                self.finish_load(value);
            }
            Opcode::LoadAttrNondescriptorNoDict => {
                let owner = self.peek_obj(0);
                self.guard_version(owner, instr.cache_u32(1));
                let value = self.known_obj(cached);
                self.finish_load(value);
            }
            Opcode::LoadAttrClass => {
                let owner = self.peek_obj(0);
                self.guard_owning_class(owner, instr.cache_u32(1), None);
                self.finish_class_attr(cached);
            }
            Opcode::LoadAttrClassWithMetaclassCheck => {
                let owner = self.peek_obj(0);
                self.guard_owning_class(owner, instr.cache_u32(3), Some(instr.cache_u32(1)));
                self.finish_class_attr(cached);
            }
            Opcode::LoadAttrModule => {
                let owner = self.peek_obj(0);
                let ty = self.emit(Op::TypeOf, &[owner], Type::obj(Kinds::OTHER));
                let module_type = self.profile.module_type();
                self.guard_equal(ty, module_type as i64, Reason::Type);
                if self.load_known_of_module(&instr, owner) {
                    return Ok(true);
                }
                let dict = self.emit(Op::Load { offset: module::MD_DICT, mem: Mem::Obj }, &[owner], Type::OBJ);
                let version = instr.cache_u32(1);
                let keys = self.guard_keys(dict, version);
                let index = instr.cache_u16(3);
                let module = self.expect.get(&owner).copied();
                let place = module.and_then(|module| self.profile.module_entry(module, version, usize::from(index)));
                let value = match place {
                    Some((offset, _)) => self.emit(Op::Load { offset, mem: Mem::Obj }, &[keys], Type::OBJ_OR_NULL),
                    None => self.helper(Helper::KeysValue, &[keys], &[i64::from(index)]),
                };
                let value = self.guard_not_null(value);
                if let Some((_, object)) = place {
                    self.expect.insert(value, object);
                }
                self.finish_load(value);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Loads an attribute of a module that is known, if that may be taken for granted. Says whether it did.
    fn load_known_of_module(&mut self, instr: &Instr, owner: Value) -> bool {
        let Op::ConstObj { address: module, .. } = self.func.inst(owner).op else { return false };
        let place = self.profile.module_entry(module, instr.cache_u32(1), usize::from(instr.cache_u16(3)));
        let Some((_, object)) = place.filter(|(_, object)| *object != 0) else { return false };
        let name = self.name_of(instr);
        let Some(validity) = self.profile.constant_in_module(module, name, object) else { return false };
        self.guard_valid(validity);
        let value = self.known_obj(object);
        self.expect.insert(value, object);
        self.finish_load(value);
        true
    }

    /// Guards that an object is the class that has this version, and that its metaclass, if it has one of its own, has that one.
    pub(super) fn guard_owning_class(&mut self, owner: Value, version: u32, metaclass: Option<u32>) {
        if let (Op::ConstObj { address, .. }, None) = (&self.func.inst(owner).op, metaclass)
            && let Some(validity) = self.profile.constant_class(*address, version)
        {
            self.guard_valid(validity);
            return;
        }
        if let Some(metaclass) = metaclass {
            // A metaclass of this version makes types.
            self.guard_version(owner, metaclass);
        } else {
            let ty = self.emit(Op::TypeOf, &[owner], Type::obj(Kinds::OTHER));
            let flags = self.emit(Op::Load { offset: typeobject::TP_FLAGS, mem: Mem::I64 }, &[ty], Type::I64);
            let bit = self.const_i64(typeobject::FLAG_TYPE_SUBCLASS as i64);
            let is_type = self.emit(Op::Int(IntOp::And), &[flags, bit], Type::I64);
            self.guard_equal(is_type, typeobject::FLAG_TYPE_SUBCLASS as i64, Reason::Type);
        }
        let tag = Op::Load { offset: typeobject::TP_VERSION_TAG, mem: Mem::U32 };
        let tag = self.emit(tag, &[owner], Type::I64);
        self.guard_equal(tag, i64::from(version), Reason::TypeVersion);
    }

    /// An object that the inline cache names. It is only read behind the guards that keep the cache valid.
    pub(super) fn known_obj(&mut self, address: usize) -> Value {
        let kinds = self.profile.kinds_of(address);
        self.emit(Op::ConstObj { address, kinds }, &[], Type::obj(kinds))
    }

    /// Replaces the owner by an unbound method and the owner as its self.
    fn push_method(&mut self, method: usize) {
        let value = self.known_obj(method);
        self.expect.insert(value, method);
        self.emit(Op::IncRef, &[value], Type::NONE);
        let owner = self.pop();
        self.push(value, true);
        self.push(owner.value, owner.owned);
    }

    fn guard_keys(&mut self, dict: Value, version: u32) -> Value {
        let keys = self.emit(Op::Load { offset: dict::MA_KEYS, mem: Mem::I64 }, &[dict], Type::I64);
        let found = self.emit(Op::Load { offset: dict::DK_VERSION, mem: Mem::U32 }, &[keys], Type::I64);
        self.guard_equal(found, i64::from(version), Reason::KeysVersion);
        keys
    }

    /// Guards that no instance of the class has got an attribute of a new name, which would hide the class's own.
    pub(super) fn guard_shared_keys(&mut self, ty: Value, version: u32) {
        let keys = self.emit(Op::Load { offset: typeobject::HT_CACHED_KEYS, mem: Mem::I64 }, &[ty], Type::I64);
        let found = self.emit(Op::Load { offset: dict::DK_VERSION, mem: Mem::U32 }, &[keys], Type::I64);
        self.guard_equal(found, i64::from(version), Reason::KeysVersion);
    }

    pub(super) fn const_name(&mut self, index: u32) -> Value {
        let address = self.code.names[index as usize].object;
        self.emit(Op::ConstObj { address, kinds: Kinds::STR }, &[], Type::obj(Kinds::STR))
    }

    pub(super) fn load_global(&mut self) -> Result<(), Refusal> {
        let instr = self.instr.clone();
        if !self.profile.has_failed(instr.start) {
            let place = match instr.raw {
                Opcode::LoadGlobalModule | Opcode::LoadGlobalBuiltin => {
                    self.profile.global_entry(&instr, self.name_of(&instr))
                }
                _ => None,
            };
            if let Some(place) = &place
                && let Some(validity) = self.profile.constant_global(place, self.name_of(&instr))
            {
                self.guard_namespaces(place.builtins_version.is_some());
                self.guard_valid(validity);
                let value = self.known_obj(place.object);
                self.push_known_global(value, place.object);
                return Ok(());
            }
            if let Some(place) = place {
                let globals = self.emit(Op::FrameGlobals, &[], Type::OBJ);
                let mut keys = self.guard_keys(globals, place.globals_version);
                if let Some(version) = place.builtins_version {
                    let builtins = self.emit(Op::FrameBuiltins, &[], Type::OBJ);
                    keys = self.guard_keys(builtins, version);
                }
                let load = Op::Load { offset: place.offset, mem: Mem::Obj };
                let value = self.emit(load, &[keys], Type::OBJ_OR_NULL);
                let value = self.guard_not_null(value);
                self.push_known_global(value, place.object);
                return Ok(());
            }
        }
        let name = self.const_name(instr.oparg >> 1);
        let globals = self.emit(Op::FrameGlobals, &[], Type::OBJ);
        let builtins = self.emit(Op::FrameBuiltins, &[], Type::OBJ);
        self.set_line();
        let value = self.helper(Helper::LoadGlobal, &[globals, builtins, name], &[]);
        self.check(value, ErrorKind::Null)?;
        self.push_global(value);
        self.safepoint(false)
    }

    /// The name that a `LOAD_GLOBAL` or a `LOAD_ATTR` mentions.
    fn name_of(&self, instr: &Instr) -> usize {
        self.code.names[(instr.oparg >> 1) as usize].object
    }

    /// Guards that the frame has the namespaces that were looked at.
    fn guard_namespaces(&mut self, with_builtins: bool) {
        let Some([globals, builtins]) = self.profile.namespaces_to_test() else { return };
        let found = self.emit(Op::FrameGlobals, &[], Type::OBJ);
        self.guard_equal(found, globals as i64, Reason::KeysVersion);
        if with_builtins {
            let found = self.emit(Op::FrameBuiltins, &[], Type::OBJ);
            self.guard_equal(found, builtins as i64, Reason::KeysVersion);
        }
    }

    /// Guards that all holds that is taken for granted, as the word at this address tells.
    pub(super) fn guard_valid(&mut self, validity: usize) {
        let word = self.const_i64(validity as i64);
        let void = self.emit(Op::Load { offset: 0, mem: Mem::U32 }, &[word], Type::I64);
        self.guard_equal(void, 0, Reason::Assumption);
    }

    /// Pushes what was this object when the code was compiled. The namespace holds it.
    fn push_known_global(&mut self, value: Value, object: usize) {
        self.expect.insert(value, object);
        self.emit(Op::IncRef, &[value], Type::NONE);
        self.facts.held.insert(value);
        self.push_global(value);
    }

    fn push_global(&mut self, value: Value) {
        self.push(value, true);
        if self.instr.oparg & 1 != 0 {
            let null = self.null_ref();
            self.push(null, true);
        }
    }

    pub(super) fn store_attr(&mut self) -> Result<(), Refusal> {
        let instr = self.instr.clone();
        if self.is_trusted() {
            match instr.raw {
                Opcode::StoreAttrInstanceValue => {
                    return self.store_inline_value(instr.cache_u32(1), i32::from(instr.cache_u16(3)));
                }
                Opcode::StoreAttrSlot if self.is_number(1) => {
                    let owner = self.peek_obj(0);
                    self.guard_version(owner, instr.cache_u32(1));
                    self.store_number_into(owner, i32::from(instr.cache_u16(3)), false);
                    return Ok(());
                }
                Opcode::StoreAttrSlot => {
                    self.peek_obj(1);
                    let owner = self.peek_obj(0);
                    self.guard_version(owner, instr.cache_u32(1));
                    let offset = i32::from(instr.cache_u16(3));
                    self.set_line();
                    if self.is_first(owner, offset) {
                        self.add_first(owner, offset, false);
                        return Ok(());
                    }
                    let entry = self.peek(1);
                    let value = self.to_owned(entry);
                    let old = self.emit(Op::Load { offset, mem: Mem::Obj }, &[owner], Type::OBJ_OR_NULL);
                    self.emit(Op::Store { offset, mem: Mem::Obj }, &[owner, value], Type::NONE);
                    self.finish_store(old);
                    return Ok(());
                }
                _ => {}
            }
        } else {
            let owner = self.peek(0).value;
            if let Some((version, Known::Value { offset, stored_plainly: true })) =
                self.of_only_class(owner, instr.oparg)
            {
                return self.store_inline_value(version, offset);
            }
            let cases = self.known_cases(instr.oparg);
            if cases.iter().any(|(_, known)| matches!(known, Known::Value { stored_plainly: true, .. })) {
                return self.store_attr_by_class(&cases);
            }
        }
        let name = self.const_name(instr.oparg);
        let (value, owner) = (self.peek_obj(1), self.peek_obj(0));
        self.set_line();
        let status = self.helper(Helper::StoreAttr, &[value, owner, name], &[]);
        self.check_and_close(status, ErrorKind::Negative, 2)?;
        self.safepoint(false)
    }

    /// Stores the unboxed number below the owner into the owner, where it replaces a number of its kind or nothing. Where it
    /// replaces something else the interpreter does it, until this place is no more trusted. `is_inline` is for values that
    /// the object keeps in order.
    fn store_number_into(&mut self, owner: Value, offset: i32, is_inline: bool) {
        let number = self.peek(1).value;
        if self.is_first(owner, offset) {
            let boxed = self.boxed(StackEntry { value: number, owned: false }).value;
            self.add_attribute(owner, boxed, offset, is_inline);
            self.set_line();
            self.close_top(2);
            return;
        }
        let old = self.emit(Op::Load { offset, mem: Mem::Obj }, &[owner], Type::OBJ_OR_NULL);
        let zero = self.const_i64(0);
        let bound = self.emit(Op::Compare(Cond::Ne), &[old, zero], Type::BOOL);
        let (replace, add) = (self.func.new_block(false), self.func.new_block(true));
        let join = self.func.new_block(false);
        self.terminate(Terminator::Branch { cond: bound, then: Edge::to(replace), otherwise: Edge::to(add) });
        self.switch_to(replace);
        let old = self.emit(Op::Refine { kinds: Kinds::ANY }, &[old], Type::OBJ);
        self.replace_number(number, old, (owner, offset), None);
        self.terminate(Terminator::Jump(Edge::to(join)));
        self.switch_to(add);
        let boxed = self.boxed(StackEntry { value: number, owned: false }).value;
        self.add_attribute(owner, boxed, offset, is_inline);
        self.terminate(Terminator::Jump(Edge::to(join)));
        self.switch_to(join);
        self.set_line();
        self.close_top(2);
    }

    /// Whether an instance was just made and has no attribute at a place, which it gets now. Another one may be the same as others that
    /// were just made.
    fn is_first(&mut self, owner: Value, offset: i32) -> bool {
        self.facts.fresh.retain(|instance, _| *instance == owner);
        self.facts.fresh.get_mut(&owner).is_some_and(|places| places.insert(offset))
    }

    /// Puts `value` into an empty place of an object, which takes over the reference.
    fn add_attribute(&mut self, owner: Value, value: Value, offset: i32, is_inline: bool) {
        match is_inline {
            true => self.add_inline_value(owner, value, offset),
            false => _ = self.helper(Helper::InitSlot, &[owner, value], &[i64::from(offset)]),
        }
    }

    /// Puts the operand below the owner into a place of an instance that has nothing there, and closes both.
    fn add_first(&mut self, owner: Value, offset: i32, is_inline: bool) {
        let entry = self.peek(1);
        let value = self.to_owned(entry);
        self.add_attribute(owner, value, offset, is_inline);
        let owner = self.pop();
        self.pop();
        if !self.is_counted(owner) || self.facts.held.contains(&owner.value) {
            self.facts.held.insert(value);
        }
        self.close(owner);
    }

    /// Whether the operand is an unboxed number.
    pub(super) fn is_number(&self, depth: usize) -> bool {
        matches!(self.func.ty(self.peek(depth).value).repr, Repr::I64 | Repr::F64)
    }

    /// Puts an unboxed number at a place, in the words of `Op::ReplaceInt`, where `old` is found to be a number of its kind.
    pub(super) fn replace_number(
        &mut self,
        number: Value,
        old: Value,
        (base, offset): (Value, i32),
        index: Option<Value>,
    ) {
        let (kinds, op) = match self.func.ty(number).repr {
            Repr::F64 => (Kinds::FLOAT, Op::ReplaceFloat { offset }),
            _ => (Kinds::LONG, Op::ReplaceInt { offset }),
        };
        let old = self.emit_guarded(Op::GuardKinds { kinds }, &[old], Type::obj(kinds));
        let mut args = vec![base, old, number];
        args.extend(index);
        self.emit_guarded(op, &args, Type::NONE);
    }

    /// After the value has moved into the object: drops what was there, then the owner.
    fn finish_store(&mut self, old: Value) {
        let owner = self.pop();
        self.pop();
        self.emit(Op::DecRef, &[old], Type::NONE);
        self.close(owner);
    }

    fn store_inline_value(&mut self, version: u32, offset: i32) -> Result<(), Refusal> {
        let owner = self.peek_obj(0);
        let ty = self.guard_version(owner, version);
        let dict = Op::Load { offset: typeobject::MANAGED_DICT, mem: Mem::I64 };
        let dict = self.emit(dict, &[owner], Type::I64);
        self.guard_equal(dict, 0, Reason::Shape);
        self.guard_inline_values(owner, ty);
        self.set_line();
        if self.is_number(1) {
            self.store_number_into(owner, offset, true);
            return Ok(());
        }
        self.peek_obj(1);
        if self.is_first(owner, offset) {
            self.add_first(owner, offset, true);
            return Ok(());
        }
        let entry = self.peek(1);
        let value = self.to_owned(entry);
        let old = self.emit(Op::Load { offset, mem: Mem::Obj }, &[owner], Type::OBJ_OR_NULL);
        let zero = self.const_i64(0);
        let bound = self.emit(Op::Compare(Cond::Ne), &[old, zero], Type::BOOL);
        let (replace, add) = (self.func.new_block(false), self.func.new_block(false));
        let join = self.func.new_block(false);
        self.terminate(Terminator::Branch { cond: bound, then: Edge::to(replace), otherwise: Edge::to(add) });
        self.switch_to(replace);
        self.emit(Op::Store { offset, mem: Mem::Obj }, &[owner, value], Type::NONE);
        self.terminate(Terminator::Jump(Edge::to(join)));
        self.switch_to(add);
        self.add_inline_value(owner, value, offset);
        self.terminate(Terminator::Jump(Edge::to(join)));
        self.switch_to(join);
        self.finish_store(old);
        Ok(())
    }

    /// Guards that a callable is the function `address` and still has the code that was compiled against.
    pub(super) fn guard_function(&mut self, callable: Value, address: usize, code: usize) {
        if !matches!(self.func.inst(callable).op, Op::ConstObj { .. }) {
            self.guard_equal(callable, address as i64, Reason::Callee);
        } else if let Some(validity) = self.profile.constant_code(address) {
            // What holds a constant holds it as long as nothing is known to have changed, so it is this very function.
            self.guard_valid(validity);
            return;
        }
        let load = Op::Load { offset: function::FUNC_CODE, mem: Mem::Obj };
        let found = self.emit(load, &[callable], Type::OBJ);
        self.guard_equal(found, code as i64, Reason::Callee);
    }

    /// The size of a list, tuple or other variable-sized object.
    pub(super) fn var_size(&mut self, object: Value) -> Value {
        self.emit(Op::Load { offset: object::OB_SIZE, mem: Mem::I64 }, &[object], Type::I64)
    }
}
