//! Where generators go on in machine code, by the address of the bytecode that they go on with.
//!
//! To find the machine code through the code object and its state takes a chain of loads for each item, longer than what
//! simple generators do. What is not in this table is looked for there. All of it is forgotten when anything changes, which is
//! when something is compiled or goes out of use.

use std::cell::UnsafeCell;
use std::num::NonZeroU64;

use super::executable::Body;
use crate::bytecode::opcode::CodeOffset;

/// Machine code that goes on with a generator.
#[derive(Copy, Clone, Debug)]
pub struct Resumption {
    /// The machine code.
    pub body: Body,
    /// If the generator waits for another one's next item: how it does that.
    pub delegation: Option<Delegation>,
}

/// The bytecodes by which a generator delegates to another one, in one word: what is found for each item travels in registers.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Delegation(NonZeroU64);

impl Delegation {
    const BITS: u32 = 21;
    const MASK: u64 = (1 << Self::BITS) - 1;

    /// `send` asks for the next item, `yields` goes on with it, `returned` with what the other one has returned. None if the code
    /// is too large.
    pub fn new(send: CodeOffset, yields: CodeOffset, returned: CodeOffset) -> Option<Delegation> {
        let parts = [send, yields, returned].map(|offset| u64::from(offset.0));
        let word = parts[0] | parts[1] << Self::BITS | parts[2] << (2 * Self::BITS);
        NonZeroU64::new(word).filter(|_| parts.iter().all(|part| *part <= Self::MASK)).map(Delegation)
    }

    fn part(self, index: u32) -> CodeOffset {
        CodeOffset((self.0.get() >> (index * Self::BITS) & Self::MASK) as u32)
    }

    /// The bytecode that asks for the next item.
    pub fn send(self) -> CodeOffset {
        self.part(0)
    }

    /// The one that goes on with an item.
    pub fn yields(self) -> CodeOffset {
        self.part(1)
    }

    /// The one that goes on with what the other one has returned.
    pub fn returned(self) -> CodeOffset {
        self.part(2)
    }
}

const SIZE: usize = 256;

/// The table. Loads from it are a good part of what an item of a simple generator costs, so nothing looks after who uses it.
struct Table(UnsafeCell<[Option<(usize, Resumption)>; SIZE]>);

// SAFETY: the functions below are only called with the GIL held, and keep no reference to what is in it.
unsafe impl Sync for Table {}

static TABLE: Table = Table(UnsafeCell::new([None; SIZE]));

const fn index(bytecode: usize) -> usize {
    // A code unit has two bytes, and there are several between places of one code object.
    (bytecode >> 1) % SIZE
}

/// The place in the table for what goes on at `bytecode`.
#[inline]
fn place(bytecode: usize) -> *mut Option<(usize, Resumption)> {
    // SAFETY: an index in the table.
    unsafe { TABLE.0.get().cast::<Option<(usize, Resumption)>>().add(index(bytecode)) }
}

/// The machine code that goes on there, if it is known.
#[inline]
pub fn get(bytecode: usize) -> Option<Resumption> {
    // SAFETY: the GIL is held.
    let (key, resumption) = unsafe { *place(bytecode) }?;
    (key == bytecode).then_some(resumption)
}

/// Notes the machine code that goes on there.
pub fn put(bytecode: usize, resumption: Resumption) {
    // SAFETY: the GIL is held.
    unsafe { *place(bytecode) = Some((bytecode, resumption)) };
}

/// Forgets all.
pub fn forget() {
    // SAFETY: the GIL is held.
    unsafe { *TABLE.0.get() = [None; SIZE] };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delegations_keep_their_offsets() {
        let [send, yields, returned] = [7, 9, (1 << 21) - 1].map(CodeOffset);
        let delegation = Delegation::new(send, yields, returned).expect("it fits");
        assert_eq!((delegation.send(), delegation.yields(), delegation.returned()), (send, yields, returned));
        assert_eq!(Delegation::new(send, yields, CodeOffset(1 << 21)), None);
    }
}
