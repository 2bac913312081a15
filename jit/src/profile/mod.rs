//! What the interpreter has learned about a code object, and what the compiler may know about the objects it names.
//!
//! The inline caches come with the bytecode. This module answers the questions behind them: what type a constant has,
//! which object a cached global is at the moment, whether a callee can be entered directly. Every answer is only a
//! guess about the future; the builder guards it.

mod builtins;
mod operands;
mod seen;
mod untried;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use pyo3::ffi::PyObject;

use crate::bytecode::decode::Instr;
use crate::bytecode::info::CodeInfo;
use crate::bytecode::opcode::CodeOffset;
use crate::code::binding::names_in;
use crate::cpython::class_bound::{self, ClassBound};
use crate::cpython::classes::Classes;
use crate::cpython::constructor::{self, Constructor};
use crate::cpython::interp::COMMON_CONSTS_LEN;
use crate::cpython::method::{self, NativeMethod};
use crate::cpython::{array, binary_op, dict, kinds, long, typeobject};
use crate::hir::inst::Binding;
use crate::hir::types::Kinds;
use crate::runtime::attr_cache::{self, Known};
use crate::runtime::instances;

pub use builtins::Builtin;
pub use operands::{Noted, Operand, Operands};
pub use seen::{Element, Method, buffer_at};
pub use untried::{is_untried, was_tried_in_vain};

/// Where a cached global is.
#[derive(Copy, Clone, Debug)]
pub struct GlobalEntry {
    pub globals_version: u32,
    /// Set when the value is in the builtins instead.
    pub builtins_version: Option<u32>,
    /// The value's place in the table of keys, in bytes.
    pub offset: i32,
    /// The value now.
    pub object: usize,
}

/// What a call enters, as far as it is known when compiling.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Callee {
    /// The object at this address, if it is a function.
    Function(usize),
    /// Any function of the code object at this address with so many defaults.
    Code { address: usize, defaults: u32 },
}

/// Finds out how a call comes to its parameters, by callee, number of arguments and the names of the last ones.
pub type Bindings = Box<dyn Fn(Callee, u32, &[usize]) -> Option<Binding>>;

/// What may be taken for granted: who changes it tells.
#[derive(Copy, Clone, Debug)]
pub enum Assumption {
    /// The name, an interned string, stands for this object in the namespace of the globals; or, if a second namespace is given, in that
    /// one, of builtins, and in the first one for nothing. All by address, 0 for no namespace.
    Global { namespaces: [usize; 2], name: usize, object: usize },
    /// A function keeps its code.
    Function { function: usize },
    /// A class that has no metaclass of its own keeps this version.
    Class { class: usize, version: u32 },
}

/// Asks whether that may be taken for granted; tells the address of a word that is 0 as long as all of it holds that the machine code
/// relies on.
pub type Assume = Rc<dyn Fn(&Assumption) -> Option<usize>>;

/// A function whose code can become a part of its callers'.
pub struct Inlinee {
    pub code: Arc<CodeInfo>,
    pub profile: Profile,
}

/// Finds what may be inlined, by callee; one of which only the code is known has the namespaces that are given.
pub type Inlinees = Rc<dyn Fn(Callee, [*mut PyObject; 2]) -> Option<Rc<Inlinee>>>;

/// What earlier machine code of the same code object has taught.
pub struct Lessons {
    /// The bytecodes not to guess at.
    pub failed: HashSet<CodeOffset>,
    /// Arithmetic of which only that is guessed of which it makes no difference which numbers there are.
    pub doubtful: HashSet<CodeOffset>,
    /// Bytecode at which objects have died too often that may have run something.
    pub noisy: HashSet<CodeOffset>,
    /// Calls that are not to be guessed to return numbers.
    pub objects: HashSet<CodeOffset>,
    /// Arithmetic not to be guessed to be of numbers.
    pub no_numbers: HashSet<CodeOffset>,
    /// Versions of the classes that came by there.
    pub seen: HashMap<CodeOffset, Vec<u32>>,
    /// Versions of the classes that came by in locals, by slot.
    pub in_locals: HashMap<u32, Vec<u32>>,
    /// What operands of operators came by.
    pub operands: HashMap<CodeOffset, Operands>,
    /// Whether more of them may leave by a side exit to be seen.
    pub is_learning: bool,
}

/// Answers for one compilation. Made and used while the GIL is held and no Python code runs in between.
pub struct Profile {
    /// Operands on the frame's stack when a loop is entered.
    pub entry_depth: u32,
    lessons: Lessons,
    globals: *mut PyObject,
    builtins: *mut PyObject,
    /// Whether the code always runs with these namespaces: it is that of a known function.
    has_own_namespaces: bool,
    common: [usize; COMMON_CONSTS_LEN as usize],
    bindings: Bindings,
    inlinees: Option<Inlinees>,
    assume: Option<Assume>,
    /// Whether many callees may become a part of the code.
    pub has_room: bool,
    /// Counted down by what is executed without a profile; nothing if that is not to be noticed.
    pub untried: Option<Box<AtomicI64>>,
    /// What is in the locals of the frame that is running the code, and where a loop is entered on its stack; 0 for what is not
    /// known.
    locals: Vec<usize>,
    classes: Classes,
}

impl Profile {
    /// `globals` and `builtins` are the dicts that the code runs with (or NULL when they are not known); `common` the
    /// constants of `LOAD_COMMON_CONSTANT`; `locals` the objects in the home slots of a frame that runs the code, and on its stack, or
    /// nothing.
    pub fn new(
        entry_depth: u32,
        lessons: Lessons,
        globals: *mut PyObject,
        builtins: *mut PyObject,
        common: [usize; COMMON_CONSTS_LEN as usize],
        bindings: Bindings,
        locals: Vec<usize>,
    ) -> Profile {
        array::find_class();
        let (untried, inlinees, assume) = (None, None, None);
        let has_room = true;
        Profile {
            entry_depth,
            lessons,
            globals,
            builtins,
            has_own_namespaces: false,
            common,
            bindings,
            inlinees,
            assume,
            has_room,
            untried,
            locals,
            classes: Classes::default(),
        }
    }

    /// The same with callees that may be inlined.
    pub fn with_inlinees(self, inlinees: Inlinees) -> Profile {
        Profile { inlinees: Some(inlinees), ..self }
    }

    /// The same of a known function, which always has these namespaces.
    pub fn with_own_namespaces(self) -> Profile {
        Profile { has_own_namespaces: true, ..self }
    }

    /// The namespaces, globals and builtins, that the frame's have to be compared with: it may be that of another function of the same code.
    pub fn namespaces_to_test(&self) -> Option<[usize; 2]> {
        (!self.has_own_namespaces).then_some([self.globals as usize, self.builtins as usize])
    }

    /// The same where things may be taken for granted.
    pub fn with_assumptions(self, assume: Assume) -> Profile {
        Profile { assume: Some(assume), ..self }
    }

    /// The code and profile of a callee, if its code can become a part of its callers'.
    pub fn inlinee(&self, callee: Callee) -> Option<Rc<Inlinee>> {
        self.inlinees.as_ref()?(callee, [self.globals, self.builtins])
    }

    /// Whether guesses at this bytecode failed too often to be made again.
    pub fn has_failed(&self, offset: CodeOffset) -> bool {
        self.lessons.failed.contains(&offset)
    }

    /// Whether guesses at this arithmetic, or at some beside it, failed too often.
    pub fn is_doubtful(&self, offset: CodeOffset) -> bool {
        self.has_failed(offset) || self.lessons.doubtful.contains(&offset)
    }

    /// Whether what dies at this place may be guessed to run nothing.
    pub fn may_die_quietly(&self, offset: CodeOffset) -> bool {
        !self.lessons.noisy.contains(&offset) && !self.has_failed(offset)
    }

    /// Whether the call at this place may be guessed to return a number where the callee does.
    pub fn may_return_number(&self, offset: CodeOffset) -> bool {
        !self.lessons.objects.contains(&offset)
    }

    /// Whether the operands of this arithmetic, about which more exact guesses failed, may still be guessed to be numbers.
    pub fn may_be_of_numbers(&self, offset: CodeOffset) -> bool {
        !self.lessons.no_numbers.contains(&offset)
    }

    /// Versions of the classes that came by where a guess at the owner's class failed.
    pub fn classes_at(&self, offset: CodeOffset) -> &[u32] {
        self.lessons.seen.get(&offset).map_or(&[], Vec::as_slice)
    }

    /// Versions of the classes whose instances came by in the local in `slot`.
    pub fn classes_in(&self, slot: u32) -> &[u32] {
        self.lessons.in_locals.get(&slot).map_or(&[], Vec::as_slice)
    }

    /// Whether one more class at a place that knows some may leave by a side exit, so that it is known the next time.
    pub fn is_learning(&self) -> bool {
        self.lessons.is_learning
    }

    /// What the name at `name` is in instances of the class with this version; None when there is no such class any more.
    pub fn attribute(&self, version: u32, name: usize) -> Option<Known> {
        Some(attr_cache::known(self.class_with_version(version)?, name))
    }

    /// The exact type of an object, as the lattice has it.
    pub fn kinds_of(&self, address: usize) -> Kinds {
        kinds::of_object(address)
    }

    pub fn small_int(&self, value: u32) -> usize {
        long::small_address(i64::from(value))
    }

    /// The object that `LOAD_COMMON_CONSTANT` pushes.
    pub fn common_constant(&self, index: u32) -> usize {
        self.common[index as usize]
    }

    pub fn none(&self) -> usize {
        kinds::none()
    }

    pub fn not_implemented(&self) -> usize {
        kinds::not_implemented()
    }

    pub fn module_type(&self) -> usize {
        kinds::module_type()
    }

    /// The value of an int constant that fits a machine integer.
    pub fn int_value(&self, address: usize) -> Option<i64> {
        kinds::int_value(address)
    }

    /// The value of a float constant.
    pub fn float_value(&self, address: usize) -> Option<f64> {
        kinds::float_value(address)
    }

    /// Where the global that a specialized `LOAD_GLOBAL` names is now. The inline cache is only a hint: it stays behind
    /// when names are added to the namespaces.
    pub fn global_entry(&self, instr: &Instr, name: usize) -> Option<GlobalEntry> {
        let hint = usize::from(instr.cache_u16(3));
        let globals = versioned_keys(self.globals)?;
        if let Some((offset, object)) = find(globals, name, hint) {
            return Some(GlobalEntry { globals_version: globals.version(), builtins_version: None, offset, object });
        }
        let builtins = versioned_keys(self.builtins)?;
        let (offset, object) = find(builtins, name, hint)?;
        Some(GlobalEntry {
            globals_version: globals.version(),
            builtins_version: Some(builtins.version()),
            offset,
            object,
        })
    }

    /// The address of the word that tells whether the global is still what it was, if that may be taken for granted.
    pub fn constant_global(&self, entry: &GlobalEntry, name: usize) -> Option<usize> {
        let builtins = if entry.builtins_version.is_some() { self.builtins as usize } else { 0 };
        let namespaces = [self.globals as usize, builtins];
        self.assume.as_ref()?(&Assumption::Global { namespaces, name, object: entry.object })
    }

    /// The address of the word that tells whether the function has kept its code, if that may be taken for granted.
    pub fn constant_code(&self, function: usize) -> Option<usize> {
        self.assume.as_ref()?(&Assumption::Function { function })
    }

    /// The same of an attribute of a module, which is this object now.
    pub fn constant_in_module(&self, module: usize, name: usize, object: usize) -> Option<usize> {
        let dict = kinds::module_dict(module)?;
        self.assume.as_ref()?(&Assumption::Global { namespaces: [dict as usize, 0], name, object })
    }

    /// The same of a class.
    pub fn constant_class(&self, class: usize, version: u32) -> Option<usize> {
        self.assume.as_ref()?(&Assumption::Class { class, version })
    }

    /// Where the attribute number `index` of a module is among the keys of its namespace, in bytes, and what it is now, if the keys
    /// have this version.
    pub fn module_entry(&self, module: usize, version: u32, index: usize) -> Option<(i32, usize)> {
        let keys = versioned_keys(kinds::module_dict(module)?).filter(|keys| keys.version() == version)?;
        let object = keys.value(index)? as usize;
        Some((value_offset(keys, index)?, object))
    }

    /// How a call of the function `object` with `count` arguments, the last of them by `names`, comes to its parameters,
    /// if that is simple.
    pub fn binding(&self, object: usize, count: u32, names: &[usize]) -> Option<Binding> {
        self.binding_of(Callee::Function(object), count, names)
    }

    /// The same for what is known of a callee.
    pub fn binding_of(&self, callee: Callee, count: u32, names: &[usize]) -> Option<Binding> {
        (self.bindings)(callee, count, names)
    }

    /// The items of a constant, if it is a tuple of names.
    pub fn names_in(&self, address: usize) -> Option<Vec<usize>> {
        names_in(address)
    }

    /// What a call of the class `object` does, if that is simple.
    pub fn constructor(&self, object: usize) -> Option<Constructor> {
        constructor::of(object)
    }

    /// Whether instances of the class `object` give up their attributes when they die, and do nothing else.
    pub fn dies_plainly(&self, object: usize) -> bool {
        instances::dies_plainly(object)
    }

    /// The kinds of numbers that a `BINARY_OP_EXTEND` is specialized for, by the address in its inline cache.
    pub fn extended_numbers(&self, descr: u64) -> Option<(Kinds, Kinds)> {
        binary_op::numbers(descr as usize)
    }

    /// The class method or static method that the class `object` has under a name; with its version, and that of its metaclass if it
    /// has one of its own.
    pub fn bound_in_class(&self, object: usize, name: usize) -> Option<(ClassBound, u32, Option<u32>)> {
        class_bound::of_class(object, name)
    }

    /// The Python function of the bound method `object`, if it is one.
    pub fn bound_function(&self, object: usize) -> Option<usize> {
        method::bound_function(object)
    }

    /// The C function behind the method descriptor `object`.
    pub fn native_method(&self, object: usize) -> Option<NativeMethod> {
        method::native(object)
    }

    /// What a call of the class `object` enters, if that is a part of the interpreter.
    pub fn native_constructor(&self, object: usize) -> Option<usize> {
        constructor::native(object)
    }

    /// Whether the class with this version is another one than `class`, and derived from it.
    pub fn is_below(&self, version: u32, class: usize) -> bool {
        self.class_with_version(version).is_some_and(|found| found != class && typeobject::is_subclass(found, class))
    }

    /// How many bytes the fixed part of the instances of a class has.
    pub fn fixed_size(&self, class: usize) -> i32 {
        typeobject::fixed_size(class)
    }

    /// The class that has this version.
    pub fn class_with_version(&self, version: u32) -> Option<usize> {
        self.classes.with_version(version)
    }

    /// An object that an inline cache has of the class with this version. None when that is gone: then the object may be, too.
    pub fn cached_of(&self, version: u32, address: u64) -> Option<usize> {
        self.class_with_version(version).map(|_| address as usize)
    }
}

/// The keys of a namespace whose layout has a version to guard.
fn versioned_keys(namespace: *mut PyObject) -> Option<dict::Keys> {
    let keys = kinds::exact_dict_keys(namespace as usize)?;
    (keys.version() != 0 && keys.kind() != dict::KIND_GENERAL).then_some(keys)
}

/// The place of the value for `name`, in bytes from the keys' start, and the value; `hint` is tried first.
fn find(keys: dict::Keys, name: usize, hint: usize) -> Option<(i32, usize)> {
    let is_name = |index: &usize| keys.key(*index).is_some_and(|key| key as usize == name);
    let index = Some(hint).filter(is_name).or_else(|| (0..keys.len()).find(is_name))?;
    let object = keys.value(index)? as usize;
    Some((value_offset(keys, index)?, object))
}

/// Where value number `index` is, in bytes from the keys' start.
fn value_offset(keys: dict::Keys, index: usize) -> Option<i32> {
    i32::try_from(keys.entry(index) - keys.address() + dict::UNICODE_ENTRY_VALUE as usize).ok()
}
