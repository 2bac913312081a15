//! What the operands of operators are that classes define. The interpreter has no specialized instructions for them, so machine
//! code notes itself what comes by, and is compiled anew with it.

use super::Profile;
use crate::bytecode::opcode::CodeOffset;
use crate::cpython::{kinds, typeobject};
use crate::hir::types::Kinds;
use crate::runtime::ops::operators;

/// The operands that came by at a place.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Operands {
    /// The version of the left one's class.
    pub left: u32,
    pub right: RightOperand,
}

/// What a right operand is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum RightOperand {
    /// An instance of the class with this version.
    Class(u32),
    /// An int or a float.
    Kinds(Kinds),
}

impl Profile {
    /// The operands that came by at this place, and the Python function that is the operator for them.
    pub fn operator(&self, offset: CodeOffset, operator: u32) -> Option<(Operands, usize)> {
        let operands = *self.lessons.operands.get(&offset)?;
        let left = self.class_with_version(operands.left)?;
        let right = match operands.right {
            RightOperand::Class(version) => self.class_with_version(version)?,
            RightOperand::Kinds(kinds) => kinds::class_of_number(kinds),
        };
        // SAFETY: classes that are alive; the GIL is held while a compilation is planned.
        let method = unsafe {
            let view = |class: usize| typeobject::Type::from_ptr(class as *mut _);
            operators::method(view(left), view(right), operator as usize)?
        };
        Some((operands, method as usize))
    }
}
