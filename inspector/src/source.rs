//! Where looks come from: a live process, watched and sampled, or a recording of one.

pub mod family;
pub mod live;
pub mod recording;
pub mod replay;
pub mod tally;
pub mod watch;
