//! What is known of a value: how it is represented in machine registers, and which Python types it can have.
//!
//! The lattice is deliberately small: a set of exact builtin types plus "anything else". It is what the guards of
//! the compiler can test with one comparison, and what decides whether an operation has a fast path.

use std::fmt;

/// How a value sits in a register.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Repr {
    /// An untagged `PyObject*`; 0 stands for a missing object.
    Obj,
    /// The raw bits of a `_PyStackRef`, tag included: an owned or borrowed object, NULL, or a tagged integer.
    Ref,
    /// A 64-bit signed integer.
    I64,
    /// A double.
    F64,
    /// A truth value in an 8-bit register, 0 or 1.
    Bool,
    /// The instruction has no result.
    None,
}

/// The Python types an object can have, as a set.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kinds(u32);

impl Kinds {
    pub const EMPTY: Kinds = Kinds(0);
    pub const NULL: Kinds = Kinds(1);
    pub const NONE: Kinds = Kinds(1 << 1);
    pub const BOOL: Kinds = Kinds(1 << 2);
    pub const LONG: Kinds = Kinds(1 << 3);
    pub const FLOAT: Kinds = Kinds(1 << 4);
    pub const STR: Kinds = Kinds(1 << 5);
    pub const LIST: Kinds = Kinds(1 << 6);
    pub const TUPLE: Kinds = Kinds(1 << 7);
    pub const DICT: Kinds = Kinds(1 << 8);
    pub const SET: Kinds = Kinds(1 << 9);
    pub const RANGE_ITER: Kinds = Kinds(1 << 10);
    pub const FUNCTION: Kinds = Kinds(1 << 11);
    pub const CELL: Kinds = Kinds(1 << 12);
    pub const ARRAY: Kinds = Kinds(1 << 13);
    pub const BYTES: Kinds = Kinds(1 << 14);
    pub const BYTEARRAY: Kinds = Kinds(1 << 15);
    pub const MEMORYVIEW: Kinds = Kinds(1 << 16);
    pub const ENUMERATE: Kinds = Kinds(1 << 17);
    pub const ZIP: Kinds = Kinds(1 << 18);
    pub const OTHER: Kinds = Kinds(1 << 31);
    pub const NUMBER: Kinds = Kinds::LONG.union(Kinds::FLOAT);
    /// Any object, never NULL.
    pub const ANY: Kinds = Kinds(!Kinds::NULL.0);
    /// Any object or NULL.
    pub const ANY_OR_NULL: Kinds = Kinds(u32::MAX);

    pub(in crate::hir) const NAMES: [(Kinds, &'static str); 20] = [
        (Kinds::NULL, "null"),
        (Kinds::NONE, "none"),
        (Kinds::BOOL, "bool"),
        (Kinds::LONG, "int"),
        (Kinds::FLOAT, "float"),
        (Kinds::STR, "str"),
        (Kinds::LIST, "list"),
        (Kinds::TUPLE, "tuple"),
        (Kinds::DICT, "dict"),
        (Kinds::SET, "set"),
        (Kinds::RANGE_ITER, "range_iterator"),
        (Kinds::FUNCTION, "function"),
        (Kinds::CELL, "cell"),
        (Kinds::ARRAY, "array"),
        (Kinds::BYTES, "bytes"),
        (Kinds::BYTEARRAY, "bytearray"),
        (Kinds::MEMORYVIEW, "memoryview"),
        (Kinds::ENUMERATE, "enumerate"),
        (Kinds::ZIP, "zip"),
        (Kinds::OTHER, "other"),
    ];

    /// Each of the kinds, by itself.
    pub fn singles() -> impl Iterator<Item = Kinds> {
        Kinds::NAMES.into_iter().map(|(kinds, _)| kinds)
    }

    pub const fn union(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    pub const fn intersect(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }

    /// Whether every type in `self` is also in `other`.
    pub const fn is_within(self, other: Kinds) -> bool {
        self.0 & !other.0 == 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether objects of these types never reach reference count zero.
    pub const fn is_immortal(self) -> bool {
        self.is_within(Kinds(Kinds::NONE.0 | Kinds::BOOL.0 | Kinds::NULL.0))
    }
}

impl Kinds {
    /// Each of them alone.
    pub const ALL: [Kinds; Kinds::NAMES.len()] = {
        let mut all = [Kinds::EMPTY; Kinds::NAMES.len()];
        let mut index = 0;
        while index < all.len() {
            all[index] = Kinds::NAMES[index].0;
            index += 1;
        }
        all
    };

    /// The types' names in Python, for people.
    pub fn words(self) -> String {
        let names = Kinds::NAMES.into_iter().filter(|(kind, _)| kind.is_within(self)).map(|(kind, name)| match kind {
            Kinds::NONE => "None",
            Kinds::NULL => "nothing",
            Kinds::OTHER => "another type",
            _ => name,
        });
        names.collect::<Vec<_>>().join(" or ")
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Kinds::ANY => return f.write_str("any"),
            Kinds::ANY_OR_NULL => return f.write_str("any?"),
            Kinds::EMPTY => return f.write_str("never"),
            _ => {}
        }
        let mut first = true;
        for (kind, name) in Kinds::NAMES {
            if kind.is_within(*self) {
                if !first {
                    f.write_str("|")?;
                }
                first = false;
                f.write_str(name)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Representation and, for objects, the possible Python types.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct Type {
    pub repr: Repr,
    pub kinds: Kinds,
}

impl Type {
    pub const OBJ: Type = Type::obj(Kinds::ANY);
    pub const OBJ_OR_NULL: Type = Type::obj(Kinds::ANY_OR_NULL);
    pub const REF: Type = Type { repr: Repr::Ref, kinds: Kinds::ANY_OR_NULL };
    pub const I64: Type = Type { repr: Repr::I64, kinds: Kinds::LONG };
    pub const F64: Type = Type { repr: Repr::F64, kinds: Kinds::FLOAT };
    pub const BOOL: Type = Type { repr: Repr::Bool, kinds: Kinds::BOOL };
    pub const NONE: Type = Type { repr: Repr::None, kinds: Kinds::EMPTY };

    /// An object of one of `kinds`.
    pub const fn obj(kinds: Kinds) -> Type {
        Type { repr: Repr::Obj, kinds }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.repr {
            Repr::Obj => write!(f, "{}", self.kinds),
            Repr::Ref => f.write_str("ref"),
            Repr::I64 => f.write_str("i64"),
            Repr::F64 => f.write_str("f64"),
            Repr::Bool => f.write_str("cond"),
            Repr::None => f.write_str("-"),
        }
    }
}

/// The kinds of numbers that machine code computes with.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Number {
    Int,
    Float,
}

impl Number {
    pub const ALL: [Number; 2] = [Number::Int, Number::Float];

    /// The numbers that objects of these types are, if they are of one kind.
    pub fn of(kinds: Kinds) -> Option<Number> {
        Number::ALL.into_iter().find(|number| number.kinds() == kinds)
    }

    /// The kind that is represented so.
    pub fn represented(repr: Repr) -> Option<Number> {
        Number::ALL.into_iter().find(|number| number.ty().repr == repr)
    }

    /// What machine code returns in the place of an object that it does not make of a number: no object has such an address.
    pub const fn tag(self) -> u64 {
        match self {
            Number::Int => 1,
            Number::Float => 2,
        }
    }

    /// The type of the objects.
    pub fn kinds(self) -> Kinds {
        match self {
            Number::Int => Kinds::LONG,
            Number::Float => Kinds::FLOAT,
        }
    }

    /// The type of the numbers.
    pub fn ty(self) -> Type {
        match self {
            Number::Int => Type::I64,
            Number::Float => Type::F64,
        }
    }
}
