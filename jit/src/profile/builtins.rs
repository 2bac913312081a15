//! The functions and classes of the interpreter that the compiler does in place.

use super::Profile;
use crate::cpython::kinds;
use crate::hir::types::Kinds;
use crate::runtime::ops::arith::SMOOTH;

/// One of them.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Builtin {
    Len,
    ListAppend,
    Abs,
    Min,
    Max,
    Round,
    Ord,
    Chr,
    Divmod,
    Id,
    IsInstance,
    /// The class `float`.
    Float,
    /// The class `int`.
    Int,
    /// The class `bool`.
    Bool,
    /// The class `type`.
    Type,
    /// The class `range`.
    Range,
    /// `math.sqrt`
    Sqrt,
    /// `math.fabs`
    Fabs,
    /// `math.floor`
    Floor,
    /// `math.ceil`
    Ceil,
    /// `math.trunc`
    Trunc,
    /// The function of the module `math` of this number among [`SMOOTH`].
    Smooth(usize),
}

impl Profile {
    /// The address of the definition of what is a C function; one that is done in place is known by it.
    pub fn definition_of(&self, object: usize) -> Option<usize> {
        kinds::definition_of(object)
    }

    /// Which of them the object is.
    pub fn builtin(&self, object: usize) -> Option<Builtin> {
        let classes = [(Kinds::FLOAT, Builtin::Float), (Kinds::LONG, Builtin::Int), (Kinds::BOOL, Builtin::Bool)];
        if let Some((_, builtin)) = classes.into_iter().find(|(kinds, _)| kinds::type_address(*kinds) == Some(object)) {
            return Some(builtin);
        }
        if object == kinds::type_type() {
            return Some(Builtin::Type);
        }
        if object == kinds::range_type() {
            return Some(Builtin::Range);
        }
        if object == kinds::list_append() {
            return Some(Builtin::ListAppend);
        }
        let (module, name) = kinds::own_function(object)?;
        Some(match (module, name) {
            ("builtins", "len") => Builtin::Len,
            ("builtins", "abs") => Builtin::Abs,
            ("builtins", "min") => Builtin::Min,
            ("builtins", "max") => Builtin::Max,
            ("builtins", "round") => Builtin::Round,
            ("builtins", "ord") => Builtin::Ord,
            ("builtins", "chr") => Builtin::Chr,
            ("builtins", "divmod") => Builtin::Divmod,
            ("builtins", "id") => Builtin::Id,
            ("builtins", "isinstance") => Builtin::IsInstance,
            ("math", "sqrt") => Builtin::Sqrt,
            ("math", "fabs") => Builtin::Fabs,
            ("math", "floor") => Builtin::Floor,
            ("math", "ceil") => Builtin::Ceil,
            ("math", "trunc") => Builtin::Trunc,
            ("math", name) => Builtin::Smooth(SMOOTH.iter().position(|(smooth, _)| *smooth == name)?),
            _ => return None,
        })
    }
}
