//! Optimizations, one pass a file, in the order they run.

mod infer;
mod rewrite;
mod sweep;

use super::function::Function;
use super::verify::verify;

/// Runs all passes. The error is a broken invariant of the compiler itself.
pub fn optimize(function: &mut Function) -> Result<(), String> {
    type Pass = (&'static str, fn(&mut Function));
    const PASSES: [Pass; 2] = [("infer", infer::run), ("sweep", sweep::run)];
    verify(function)?;
    for (name, pass) in PASSES {
        pass(function);
        verify(function).map_err(|error| format!("after {name}: {error}"))?;
    }
    Ok(())
}
