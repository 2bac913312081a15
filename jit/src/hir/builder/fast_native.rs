//! Calls of C functions. What the interpreter has specialized the call for says how the function wants its arguments, so it
//! is called at once, past the vectorcall protocol.
//!
//! The functions that the interpreter calls only with some C stack left need no test for that: machine code does not run
//! without.

use super::*;
use crate::cpython::{kinds, method};

/// What a C function is called with, behind what it is bound to.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Convention {
    Nothing,
    One,
    Array,
    /// There are no names in the calls here.
    ArrayAndNames,
}

impl Convention {
    /// The flags of functions that want it, none besides.
    fn flags(self) -> i32 {
        match self {
            Convention::Nothing => method::METH_NOARGS,
            Convention::One => method::METH_O,
            Convention::Array => method::METH_FASTCALL,
            Convention::ArrayAndNames => method::METH_FASTCALL | method::METH_KEYWORDS,
        }
    }

    /// Whether so many arguments, without the self of a method, are as it wants them.
    fn takes(self, count: usize) -> bool {
        match self {
            Convention::Nothing => count == 0,
            Convention::One => count == 1,
            Convention::Array | Convention::ArrayAndNames => true,
        }
    }
}

impl Builder<'_> {
    /// Translates the call if it is one of a C function. Says whether it did.
    pub(super) fn call_native(&mut self) -> Result<bool, Refusal> {
        if self.profile.has_failed(self.instr.start) {
            return Ok(false);
        }
        let nargs = self.instr.oparg as usize;
        let receiver = self.peek(nargs).value;
        let has_self = match self.func.ty(receiver).repr {
            Repr::Obj => true,
            _ if matches!(self.func.inst(receiver).op, Op::ConstRef(NULL_REF)) => false,
            _ => return Ok(false),
        };
        let count = nargs + usize::from(has_self);
        match self.instr.raw {
            Opcode::CallBuiltinO => self.call_function(Convention::One, count),
            Opcode::CallBuiltinFast => self.call_function(Convention::Array, count),
            Opcode::CallBuiltinFastWithKeywords => self.call_function(Convention::ArrayAndNames, count),
            Opcode::CallMethodDescriptorNoargs => self.call_method(Convention::Nothing, count),
            Opcode::CallMethodDescriptorO => self.call_method(Convention::One, count),
            Opcode::CallMethodDescriptorFast => self.call_method(Convention::Array, count),
            Opcode::CallMethodDescriptorFastWithKeywords => self.call_method(Convention::ArrayAndNames, count),
            Opcode::CallStr1 | Opcode::CallTuple1 | Opcode::CallBuiltinClass if !has_self => self.call_class(nargs),
            _ => Ok(false),
        }
    }

    fn call_function(&mut self, convention: Convention, count: usize) -> Result<bool, Refusal> {
        if !convention.takes(count) {
            return Ok(false);
        }
        self.box_operands(count);
        let callable = self.peek_obj(self.instr.oparg as usize + 1);
        let ty = self.emit(Op::TypeOf, &[callable], Type::obj(Kinds::OTHER));
        self.guard_equal(ty, kinds::c_function_type() as i64, Reason::Callee);
        let function = self.guard_convention(callable, method::M_ML, convention);
        let this = self.emit(Op::Load { offset: method::M_SELF, mem: Mem::Obj }, &[callable], Type::OBJ_OR_NULL);
        let arguments = self.operands(count);
        self.finish_native(function, this, &arguments, convention)?;
        Ok(true)
    }

    fn call_method(&mut self, convention: Convention, count: usize) -> Result<bool, Refusal> {
        let Some(given) = count.checked_sub(1).filter(|given| convention.takes(*given)) else { return Ok(false) };
        let callable = self.peek(self.instr.oparg as usize + 1).value;
        let known = match self.func.inst(callable).op {
            Op::ConstObj { address, .. } => match self.profile.native_method(address) {
                Some(known) if known.flags == convention.flags() => Some(known),
                _ => return Ok(false),
            },
            _ => None,
        };
        self.box_operands(count);
        let arguments = self.operands(count);
        let this = arguments[0];
        let function = if let Some(known) = known {
            if kinds::type_address(self.func.ty(this).kinds) != Some(known.class)
                && !self.is_known_below(this, known.class)
            {
                let ty = self.emit(Op::TypeOf, &[this], Type::obj(Kinds::OTHER));
                self.guard_equal(ty, known.class as i64, Reason::Type);
            }
            self.const_i64(known.function as i64)
        } else {
            let callable = self.peek_obj(self.instr.oparg as usize + 1);
            let ty = self.emit(Op::TypeOf, &[callable], Type::obj(Kinds::OTHER));
            self.guard_equal(ty, kinds::method_descriptor_type() as i64, Reason::Callee);
            let function = self.guard_convention(callable, method::D_METHOD, convention);
            let class = self.emit(Op::Load { offset: method::D_TYPE, mem: Mem::I64 }, &[callable], Type::I64);
            let ty = self.emit(Op::TypeOf, &[this], Type::obj(Kinds::OTHER));
            let is_own = self.emit(Op::Compare(Cond::Eq), &[ty, class], Type::BOOL);
            self.emit_guarded(Op::Guard { reason: Reason::Type }, &[is_own], Type::NONE);
            function
        };
        debug_assert_eq!(given + 1, arguments.len());
        self.finish_native(function, this, &arguments[1..], convention)?;
        Ok(true)
    }

    /// Whether a guard has found the object to be an instance of a subclass of `class`.
    pub(super) fn is_known_below(&self, object: Value, class: usize) -> bool {
        self.facts.shapes.get(&object).is_some_and(|version| self.profile.is_below(*version, class))
    }

    /// The function in a callable whose definition is at `offset`, after a guard that it wants its arguments so.
    fn guard_convention(&mut self, callable: Value, offset: i32, convention: Convention) -> Value {
        let definition = self.emit(Op::Load { offset, mem: Mem::I64 }, &[callable], Type::I64);
        let load = Op::Load { offset: method::ML_FLAGS, mem: Mem::I32 };
        let flags = self.emit(load, &[definition], Type::I64);
        self.guard_equal(flags, i64::from(convention.flags()), Reason::Callee);
        self.emit(Op::Load { offset: method::ML_METH, mem: Mem::I64 }, &[definition], Type::I64)
    }

    /// A call of a class that is a part of the interpreter.
    fn call_class(&mut self, nargs: usize) -> Result<bool, Refusal> {
        let callable = self.peek(nargs + 1).value;
        let class = match self.instr.raw {
            Opcode::CallStr1 => kinds::type_address(Kinds::STR),
            Opcode::CallTuple1 => kinds::type_address(Kinds::TUPLE),
            _ => self.expect.get(&callable).copied(),
        };
        let Some((class, function)) = class.and_then(|class| Some((class, self.profile.native_constructor(class)?)))
        else {
            return Ok(false);
        };
        self.box_operands(nargs);
        let callable = self.peek_obj(nargs + 1);
        self.guard_equal(callable, class as i64, Reason::Callee);
        let function = self.const_i64(function as i64);
        let arguments = self.operands(nargs);
        self.finish_native(function, callable, &arguments, Convention::ArrayAndNames)?;
        // Other classes may return instances of subclasses.
        let exact = [Kinds::LIST, Kinds::TUPLE, Kinds::DICT, Kinds::SET];
        if let Some(kinds) = exact.into_iter().find(|kinds| kinds::type_address(*kinds) == Some(class)) {
            let StackEntry { value, owned } = self.pop();
            let value = self.emit(Op::Refine { kinds }, &[value], Type::obj(kinds));
            self.push(value, owned);
        }
        Ok(true)
    }

    /// Calls the function, closes the operands in the order that the interpreter's instruction has, and pushes the result.
    fn finish_native(
        &mut self,
        function: Value,
        this: Value,
        arguments: &[Value],
        convention: Convention,
    ) -> Result<(), Refusal> {
        self.set_line();
        let mut words = vec![function, this];
        match convention {
            Convention::Nothing => words.push(self.const_i64(0)),
            Convention::One => words.push(arguments[0]),
            Convention::Array | Convention::ArrayAndNames => {
                let at = self.scratch(arguments.len().max(1) as u32);
                if !arguments.is_empty() {
                    self.emit(Op::SpillArgs { at }, arguments, Type::NONE);
                }
                words.push(self.emit(Op::ScratchAddr { at }, &[], Type::I64));
                words.push(self.const_i64(arguments.len() as i64));
                if convention == Convention::ArrayAndNames {
                    words.push(self.const_i64(0));
                }
            }
        }
        let result = self.emit(Op::CallNative, &words, Type::OBJ);
        self.check(result, ErrorKind::Null)?;
        let count = self.instr.oparg as usize + 2;
        if matches!(convention, Convention::Nothing | Convention::One) {
            self.close_top(count);
        } else {
            let entries = self.state.stack.split_off(self.state.stack.len() - count);
            let (callable, receiver) = (entries[0], entries[1]);
            self.close(callable);
            for argument in entries[2..].iter().rev() {
                self.close(*argument);
            }
            self.close(receiver);
        }
        self.push_call_result(result)
    }
}
