//! Reading the memory of another process with `process_vm_readv`, which neither stops it nor asks it.

use std::io;

use crate::python::memory::{Memory, Part, ReadError};

/// The most parts that the kernel takes in one call.
const MOST_PARTS: usize = 1024;

/// The memory of a live process.
#[derive(Debug)]
pub struct ProcessMemory {
    pid: libc::pid_t,
}

impl ProcessMemory {
    /// The memory of the process `pid`. Whether it may be read is found out by reading.
    pub fn new(pid: u32) -> Self {
        Self { pid: pid.cast_signed() }
    }
}

impl Memory for ProcessMemory {
    fn read(&self, parts: &mut [Part<'_>]) -> Result<(), ReadError> {
        for parts in parts.chunks_mut(MOST_PARTS) {
            let wanted: usize = parts.iter().map(|part| part.bytes.len()).sum();
            if wanted == 0 {
                continue;
            }
            let local: Vec<libc::iovec> = parts
                .iter_mut()
                .map(|part| libc::iovec { iov_base: part.bytes.as_mut_ptr().cast(), iov_len: part.bytes.len() })
                .collect();
            let remote: Vec<libc::iovec> = parts
                .iter()
                .map(|part| libc::iovec { iov_base: part.address as *mut _, iov_len: part.bytes.len() })
                .collect();
            let count = local.len() as libc::c_ulong;
            // SAFETY: the local parts are distinct byte slices, borrowed mutably until after the call; the kernel checks the others.
            let read = unsafe { libc::process_vm_readv(self.pid, local.as_ptr(), count, remote.as_ptr(), count, 0) };
            if read < 0 {
                let error = io::Error::last_os_error();
                return Err(match error.raw_os_error() {
                    Some(libc::ESRCH) => ReadError::Gone,
                    Some(libc::EPERM | libc::EACCES | libc::ENOSYS) => ReadError::Forbidden,
                    _ => ReadError::Fault,
                });
            }
            if read.cast_unsigned() != wanted {
                return Err(ReadError::Fault);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_its_own_memory_and_no_more() {
        let memory = ProcessMemory::new(std::process::id());
        let there = [1_u8, 2, 3, 4, 5];
        let (mut first, mut second) = ([0; 2], [0; 3]);
        let address = there.as_ptr() as u64;
        memory
            .read(&mut [Part { address, bytes: &mut first }, Part { address: address + 2, bytes: &mut second }])
            .unwrap();
        assert_eq!((first, second), ([1, 2], [3, 4, 5]));
        assert_eq!(memory.read(&mut [Part { address: 8, bytes: &mut first }]), Err(ReadError::Fault));
        let nobody = ProcessMemory::new(u32::MAX >> 1);
        assert_eq!(nobody.read(&mut [Part { address, bytes: &mut first }]), Err(ReadError::Gone));
    }
}
