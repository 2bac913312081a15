//! Memory to be read, of a process or of a test.

/// A stretch of memory to be read.
#[derive(Debug)]
pub struct Part<'a> {
    /// Where it begins.
    pub address: u64,
    /// Where the bytes go; as many are read as fit.
    pub bytes: &'a mut [u8],
}

/// Why memory cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Nothing is mapped there.
    #[error("nothing is mapped at an address that was followed")]
    Fault,
    /// There is no such process any more.
    #[error("the process has ended")]
    Gone,
    /// The kernel does not let us.
    #[error("the kernel does not let this user read the memory of the process")]
    Forbidden,
}

/// Memory that can be read.
pub trait Memory {
    /// Fills all parts, one after the other and as close together in time as can be.
    ///
    /// # Errors
    /// When any of it cannot be read. What the parts hold then means nothing.
    fn read(&self, parts: &mut [Part<'_>]) -> Result<(), ReadError>;

    /// Reads `length` bytes.
    ///
    /// # Errors
    /// As [`Memory::read`].
    fn bytes(&self, address: u64, length: usize) -> Result<Vec<u8>, ReadError> {
        let mut bytes = vec![0; length];
        self.read(&mut [Part { address, bytes: &mut bytes }])?;
        Ok(bytes)
    }

    /// Reads one word.
    ///
    /// # Errors
    /// As [`Memory::read`].
    fn word(&self, address: u64) -> Result<u64, ReadError> {
        let mut bytes = [0; 8];
        self.read(&mut [Part { address, bytes: &mut bytes }])?;
        Ok(u64::from_le_bytes(bytes))
    }
}

/// The word at an offset of bytes that were read, if they are that long.
pub fn word_at(bytes: &[u8], offset: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(offset..offset.checked_add(8)?)?.try_into().ok()?))
}

/// Half a word at an offset of bytes that were read, if they are that long.
pub fn half_at(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(offset..offset.checked_add(4)?)?.try_into().ok()?))
}

#[cfg(test)]
pub mod fake {
    //! Memory that a test has made up.

    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use super::{Memory, Part, ReadError};

    /// What happens to memory between two reads.
    type Change = Box<dyn FnMut(&mut BTreeMap<u64, u8>, usize)>;

    /// Bytes at addresses, and optionally somebody who changes them before each part is read.
    #[derive(Default)]
    pub struct Fake {
        bytes: RefCell<BTreeMap<u64, u8>>,
        change: RefCell<Option<Change>>,
        reads: RefCell<usize>,
    }

    impl Fake {
        pub fn put(&self, address: u64, bytes: &[u8]) {
            self.bytes.borrow_mut().extend((address..).zip(bytes.iter().copied()));
        }

        pub fn put_word(&self, address: u64, word: u64) {
            self.put(address, &word.to_le_bytes());
        }

        pub fn on_each_part(&self, change: impl FnMut(&mut BTreeMap<u64, u8>, usize) + 'static) {
            *self.change.borrow_mut() = Some(Box::new(change));
        }
    }

    impl Memory for Fake {
        fn read(&self, parts: &mut [Part<'_>]) -> Result<(), ReadError> {
            for part in parts {
                if let Some(change) = &mut *self.change.borrow_mut() {
                    change(&mut self.bytes.borrow_mut(), *self.reads.borrow());
                }
                *self.reads.borrow_mut() += 1;
                let bytes = self.bytes.borrow();
                for (address, byte) in (part.address..).zip(part.bytes.iter_mut()) {
                    *byte = *bytes.get(&address).ok_or(ReadError::Fault)?;
                }
            }
            Ok(())
        }
    }
}
