//! The sink for unwinders within the process: libgcc's, which C++ exceptions, `backtrace()` and Rust's panics use.
//!
//! Each region has a section of its own, so that it can be taken back alone. libgcc reads it where it is: it must stay
//! there until then.

use std::collections::BTreeMap;
use std::ffi::c_void;

use gimli::constants::DW_EH_PE_absptr;

use crate::eh_frame;
use crate::error::{Reason, SinkError};
use crate::region::CodeRegion;
use crate::registry::RegionId;
use crate::sink::Sink;

unsafe extern "C" {
    fn __register_frame(section: *const c_void);
    fn __deregister_frame(section: *const c_void);
}

/// A section that libgcc knows of.
struct Registered(Box<[u8]>);

impl Registered {
    fn new(section: Vec<u8>) -> Self {
        let section = section.into_boxed_slice();
        // SAFETY: a well-formed section with its terminator, which stays in place until it is taken back.
        unsafe { __register_frame(section.as_ptr().cast()) };
        Self(section)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        // SAFETY: it was registered with this address, and once.
        unsafe { __deregister_frame(self.0.as_ptr().cast()) };
    }
}

#[derive(Default)]
pub(crate) struct InProcessUnwinder {
    sections: BTreeMap<RegionId, Registered>,
}

impl Sink for InProcessUnwinder {
    fn add(&mut self, id: RegionId, region: &CodeRegion<'_>) -> Result<(), SinkError> {
        let Some(unwind) = region.unwind else { return Ok(()) };
        let section = eh_frame::section(unwind, region.start as u64, region.size() as u32, DW_EH_PE_absptr)
            .map_err(|error| SinkError { sink: "unwind table", path: None, reason: Reason::Encode(error) })?;
        self.sections.insert(id, Registered::new(section));
        Ok(())
    }

    fn remove(&mut self, id: RegionId) -> Result<(), SinkError> {
        self.sections.remove(&id);
        Ok(())
    }
}
