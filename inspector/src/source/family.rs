//! The children of a process that run rjit, too: forked, or started as programs of their own.

use rjit_sampling::children;
use rjit_telemetry::PageView;

/// The processes that a process has started, and those that they have started, as far as they have a page by now.
pub fn descendants(root: u32) -> Vec<u32> {
    let mut all = vec![root];
    let mut next = 0;
    while let Some(&pid) = all.get(next) {
        let new: Vec<u32> = children(pid).into_iter().filter(|child| !all.contains(child)).collect();
        all.extend(new);
        next += 1;
    }
    all.into_iter().skip(1).filter(|&pid| PageView::open(pid).is_ok()).collect()
}
