//! What a sink is: one way in which some tool wants to be told about code.

use crate::error::SinkError;
use crate::region::CodeRegion;
use crate::registry::RegionId;

/// One way of telling about code. An error from any method is the sink's last word: the registry drops it.
pub(crate) trait Sink: Send {
    /// Code came into being.
    fn add(&mut self, id: RegionId, region: &CodeRegion<'_>) -> Result<(), SinkError>;

    /// Code went away. Formats that cannot take anything back leave this as it is.
    fn remove(&mut self, _id: RegionId) -> Result<(), SinkError> {
        Ok(())
    }

    /// This process is a new child, which has the parent's code in its memory: tell about all of it anew. There is nothing
    /// to do for sinks that tell through memory.
    fn after_fork_child(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    /// The process is about to end, or wants to be told about no more.
    fn close(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}
