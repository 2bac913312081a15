//! Optimizations, one pass a file, in the order they run.

mod boxes;
mod compact;
mod elide;
mod fresh;
mod infer;
pub mod light;
mod number;
mod peel;
mod ranges;
mod refcounts;
pub mod reframe;
mod rewrite;
mod sink;
mod straighten;
mod sweep;
pub mod unmade;

use super::function::Function;
use super::verify::verify;

type Pass = (&'static str, fn(&mut Function));

const PASSES: [Pass; 16] = [
    ("straighten", straighten::run),
    ("infer", infer::run),
    ("fold", number::run),
    ("light", light::run),
    ("refcounts", refcounts::run),
    ("ranges", ranges::run),
    ("peel", peel::run),
    ("number", number::run),
    ("boxes", boxes::run),
    ("join", straighten::run),
    ("sweep", sweep::run),
    ("sink", sink::run),
    ("elide", elide::run),
    ("unmade", unmade::run),
    ("reframe", reframe::run),
    ("compact", compact::run),
];

/// The names of the passes, in the order they run.
pub fn names() -> impl Iterator<Item = &'static str> {
    PASSES.iter().map(|(name, _)| *name)
}

/// Runs the passes but those that are `off`. The error is a broken invariant of the compiler itself.
pub fn optimize(function: &mut Function, off: &[&str]) -> Result<(), String> {
    verify(function)?;
    for (name, pass) in PASSES.iter().filter(|(name, _)| !off.contains(name)) {
        pass(function);
        verify(function).map_err(|error| format!("after {name}: {error}"))?;
    }
    Ok(())
}

/// What `pass` makes of a function, as text.
#[cfg(test)]
fn after(pass: fn(&mut Function), text: &str) -> String {
    let mut function = super::parse::parse(text).unwrap();
    verify(&function).unwrap();
    pass(&mut function);
    verify(&function).unwrap();
    function.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hir::parse::parse;

    #[test]
    fn passes_work_together() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: int = const_obj 0x10
                v3: cond = const_cond true
                branch v3 b1(v1, v2) else b2
            b2:
                jump b1(v1, v2)
            b1(v4: any, v5: any):
                v6: int = guard_type int v5  ; @2 []
                v7: any = type_of v4
                return v6
        ";
        let pass = |function: &mut Function| optimize(function, &[]).unwrap();
        insta::assert_snapshot!(after(pass, text), @r"
        function f
        b0:
            v0: int = const_obj 0x10
            return v0
        ");
    }

    #[test]
    fn broken_functions_are_not_optimized() {
        let mut function = parse("function f\nb0:\n    return v0\n").unwrap();
        assert_eq!(optimize(&mut function, &[]), Err("v0, used in b0, is not defined in a reachable block".to_owned()));
    }
}
