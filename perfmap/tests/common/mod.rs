//! What tests of several sinks need.

use std::path::Path;

use rjit_perfmap::{CodeRegion, Reason, Registry};

/// Registers twice and returns the only warning there may be, which is about the file at `path`.
pub fn only_reason(mut registry: Registry, region: &CodeRegion<'_>, path: &Path) -> Reason {
    registry.register(region);
    let mut warnings = registry.take_warnings();
    assert_eq!(warnings.len(), 1);
    let warning = warnings.remove(0);
    assert_eq!(warning.path.as_deref(), Some(path));
    assert!(warning.to_string().contains(path.to_str().unwrap()));
    registry.register(region);
    assert!(registry.take_warnings().is_empty(), "a sink that is off spoke again");
    warning.reason
}

/// Runs something in a forked child; returns the child's id once it ended well.
pub fn in_child(body: impl FnOnce()) -> u32 {
    // SAFETY: the child only runs `body` and ends without returning into the test harness.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork: {}", std::io::Error::last_os_error());
    if pid == 0 {
        let ended_well = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).is_ok();
        // SAFETY: it ends the process and has no preconditions.
        unsafe { libc::_exit(if ended_well { 0 } else { 1 }) };
    }
    let mut status = 0;
    // SAFETY: `status` is live, the child is ours and nobody else waits for it.
    assert_eq!(unsafe { libc::waitpid(pid, &mut status, 0) }, pid);
    assert_eq!(status, 0, "the child failed");
    pid.cast_unsigned()
}
