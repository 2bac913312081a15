//! Whether what machine code takes for granted still holds.
//!
//! Machine code that relies on a name or a function staying as it is tests one word after whatever may have run anything, however much
//! it relies on. The word belongs to the machine code; who changes what that relies on writes it ([`crate::tier::invariants`]).

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// What a piece of machine code takes for granted, and whether that holds.
#[derive(Default, Debug)]
pub struct Validity {
    /// Not 0 once something does not hold any more. Machine code reads it.
    void: AtomicU32,
    /// What is taken for granted, for people.
    taken: Mutex<Vec<String>>,
    /// The first thing that did not hold any more.
    broken: OnceLock<String>,
}

impl Validity {
    /// The address of the word that is 0 as long as all holds.
    pub fn address(&self) -> usize {
        self.void.as_ptr() as usize
    }

    /// Adds to what is taken for granted.
    pub fn take(&self, what: String) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if !taken.contains(&what) {
            taken.push(what);
        }
    }

    /// What is taken for granted.
    pub fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Something that was taken for granted does not hold any more.
    pub fn void(&self, what: String) {
        let _ = self.broken.set(what);
        self.void.store(1, Ordering::Relaxed);
    }

    /// What does not hold any more.
    pub fn broken(&self) -> Option<&str> {
        self.broken.get().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_change_is_remembered() {
        let validity = Validity::default();
        let word = || validity.void.load(Ordering::Relaxed);
        validity.take("global a".to_owned());
        validity.take("global a".to_owned());
        assert_eq!((word(), validity.broken(), validity.taken()), (0, None, vec!["global a".to_owned()]));
        validity.void("global a".to_owned());
        validity.void("global b".to_owned());
        assert_eq!((word(), validity.broken()), (1, Some("global a")));
    }
}
