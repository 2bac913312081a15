//! The operators of `BINARY_OP`, by its argument (`NB_*` in `Include/opcode.h`).

/// How many operators there are; behind them come the same ones in place, and then the subscript.
pub const OPERATORS: u32 = 13;

pub const NB_ADD: u32 = 0;
pub const NB_AND: u32 = 1;
pub const NB_FLOOR_DIVIDE: u32 = 2;
pub const NB_LSHIFT: u32 = 3;
pub const NB_MULTIPLY: u32 = 5;
pub const NB_REMAINDER: u32 = 6;
pub const NB_OR: u32 = 7;
pub const NB_POWER: u32 = 8;
pub const NB_RSHIFT: u32 = 9;
pub const NB_SUBTRACT: u32 = 10;
pub const NB_TRUE_DIVIDE: u32 = 11;
pub const NB_XOR: u32 = 12;
/// Loads an item.
pub const NB_SUBSCR: u32 = 2 * OPERATORS;
