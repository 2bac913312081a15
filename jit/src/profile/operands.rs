//! What the operands of operators, comparisons and calls are for which the interpreter has no specialized instruction: those that
//! classes define, and some of numbers. So machine code notes itself what comes by, and is compiled anew with it.

use super::{Callee, Element, Profile};
use crate::bytecode::opcode::CodeOffset;
use crate::cpython::{kinds, typeobject};
use crate::hir::types::Kinds;
use crate::runtime::ops::specials::{self, Special};
use crate::tier;

/// The operands that came by at a place.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Operands {
    pub left: Operand,
    pub right: Operand,
}

impl Operands {
    /// Whether they are of those that are noted where a guess at them fails, too.
    pub fn are_noted_at_exits(self) -> bool {
        matches!(self.left, Operand::Buffer(..) | Operand::Function { .. })
    }

    /// Whether both are numbers, and not always ints.
    pub fn are_mixed_numbers(self) -> bool {
        match (self.left, self.right) {
            (Operand::Number(left), Operand::Number(right)) => left.union(right) != Kinds::LONG,
            _ => false,
        }
    }
}

/// What an operand is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Operand {
    /// An instance of the class with this version.
    Class(u32),
    /// An int or a float, or now the one and now the other.
    Number(Kinds),
    /// A container of numbers in memory, with the letter for them.
    Buffer(Kinds, u8),
    /// There is none: the other one is called, or is what an item is taken from.
    None,
    /// A Python function of the code object with the state at this address, with so many defaults, that has the namespaces of the code
    /// that calls it.
    Function { state: usize, defaults: u32 },
}

impl Operand {
    /// Whether nothing is known that could be tested for.
    fn is_unknown(self) -> bool {
        self == Operand::Class(0)
    }

    /// What is either of them, if there is a test for both.
    fn or(self, other: Operand) -> Option<Operand> {
        match (self, other) {
            (Operand::Number(one), Operand::Number(other)) => Some(Operand::Number(one.union(other))),
            _ => (self == other).then_some(self),
        }
    }
}

/// What came by at a place, and how often.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Noted {
    pub operands: Operands,
    /// Notes in a row that said nothing new.
    pub count: u32,
    /// Whether machine code was made anew for it, which is done once.
    pub is_used: bool,
}

impl Noted {
    /// A first note, if it says something.
    pub fn new(operands: Operands) -> Option<Noted> {
        let is_unknown = operands.left.is_unknown() || operands.right.is_unknown();
        (!is_unknown).then_some(Noted { operands, count: 1, is_used: false })
    }

    /// Adds a note.
    pub fn add(&mut self, operands: Operands) {
        let both = self.operands.left.or(operands.left).zip(self.operands.right.or(operands.right));
        let all = both.map_or(operands, |(left, right)| Operands { left, right });
        self.count = if all == self.operands { self.count + 1 } else { 1 };
        self.operands = all;
    }
}

impl Profile {
    /// The operands that came by at this place, the one first whose method it is, and the Python function that is called for them.
    pub fn special(&self, offset: CodeOffset, special: Special) -> Option<(Operands, usize)> {
        let mut operands = *self.lessons.operands.get(&offset)?;
        if matches!(special, Special::Reflected(_)) {
            operands = Operands { left: operands.right, right: operands.left };
        }
        let Operand::Class(version) = operands.left else { return None };
        let left = self.class_with_version(version)?;
        let right = match operands.right {
            Operand::Class(version) => Some(self.class_with_version(version)?),
            Operand::Number(Kinds::NUMBER) => return None,
            Operand::Number(kinds) => Some(kinds::class_of_number(kinds)),
            Operand::None => None,
            Operand::Function { .. } | Operand::Buffer(..) => return None,
        };
        // SAFETY: classes that are alive; the GIL is held while a compilation is planned.
        let method = unsafe {
            let view = |class: usize| typeobject::Type::from_ptr(class as *mut _);
            specials::method(special, view(left), right.map(view))?
        };
        Some((operands, method as usize))
    }

    /// The version of the class whose instances are called at this place, and what is entered then: a Python function of the class.
    pub fn called(&self, offset: CodeOffset) -> Option<(u32, usize)> {
        let Operands { left: Operand::Class(version), right: Operand::None } = *self.lessons.operands.get(&offset)?
        else {
            return None;
        };
        let class = self.class_with_version(version)?;
        // SAFETY: a class that is alive; the GIL is held while a compilation is planned.
        let method = unsafe { typeobject::call_method_of(class)? };
        (kinds::of_object(method) == Kinds::FUNCTION).then_some((version, method))
    }

    /// What functions are called at this place, if they have always had the same code, which is alive.
    pub fn called_function(&self, offset: CodeOffset) -> Option<Callee> {
        match *self.lessons.operands.get(&offset)? {
            Operands { left: Operand::Function { state, defaults }, .. } => {
                let code = tier::code_of_state(state)?;
                Some(Callee::Code { address: code.as_ptr() as usize, defaults })
            }
            _ => None,
        }
    }

    /// The container of numbers in memory that came by at this place, and the numbers.
    pub fn buffer(&self, offset: CodeOffset) -> Option<(Kinds, Element)> {
        match self.lessons.operands.get(&offset)?.left {
            Operand::Buffer(kinds, typecode) => Some((kinds, Element::of(typecode)?)),
            _ => None,
        }
    }

    /// The numbers that came by at this place, if nothing else did.
    pub fn numbers(&self, offset: CodeOffset) -> Option<(Kinds, Kinds)> {
        match self.lessons.operands.get(&offset)? {
            Operands { left: Operand::Number(left), right: Operand::Number(right) } => Some((*left, *right)),
            _ => None,
        }
    }
}
