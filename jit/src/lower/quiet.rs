//! Which safepoints have little or nothing to do.
//!
//! A safepoint comes after what could have run Python code. When that is an object given up, it has run none unless the object
//! has died, which happens aside: there is the place to look, and the usual way needs no test. And where another pass
//! has removed what could have been noticed, the safepoint has nothing to do.

use std::collections::{HashMap, HashSet};

use crate::hir::effects::is_quiet;
use crate::hir::function::Function;
use crate::hir::inst::{Op, Value};
use crate::hir::noise::{Noise, is_needless};

/// The safepoints of a function that need not be where they are.
#[derive(Default)]
pub struct Quiet {
    /// By the instruction right before a safepoint that gives an object up, which is all that it has to look after.
    pub after_death: HashMap<Value, Value>,
    /// Those with nothing to look after.
    pub needless: HashSet<Value>,
    /// What gives an object up as the first of several before a safepoint that leaves if any of them has died noisily.
    pub first_deaths: HashSet<Value>,
}

impl Quiet {
    /// Looks for them in a function. Under stress all safepoints are where they are.
    pub fn of(function: &Function, is_stressed: bool) -> Quiet {
        let order = function.reverse_postorder();
        let noise = Noise::of(function, &order);
        let mut quiet = Quiet::default();
        for block in order {
            let context = function.block(block).context;
            let mut unseen = noise.at_start(block).clone();
            // What came right before, and whether there was nothing to look after before that.
            let mut before = None;
            let mut first = None;
            let mut has_forgotten = unseen.has_died;
            for &value in &function.block(block).insts {
                let op = &function.inst(value).op;
                let gives_up = matches!(op, Op::DecRef | Op::CloseRef) && !is_quiet(function, value);
                match op {
                    Op::Safepoint { periodic, boxes, leaves } => {
                        let is_plain = !periodic && *boxes as usize == function.inst(value).args.len();
                        match before {
                            _ if is_stressed => {}
                            _ if is_needless(function, block, value, &unseen) => {
                                quiet.needless.insert(value);
                            }
                            Some((given, true)) if is_plain => {
                                quiet.after_death.insert(given, value);
                            }
                            _ => {}
                        }
                        let is_aside = |given: &Value| quiet.after_death.contains_key(given);
                        let noted = first.take().filter(|given| *leaves && !is_aside(given) && !has_forgotten);
                        quiet.first_deaths.extend(noted);
                        has_forgotten = false;
                    }
                    // Otherwise a store does that itself, where it gives something up.
                    Op::StoreInt { .. } | Op::StoreFloat { .. } if is_stressed => first = first.or(Some(value)),
                    // The safepoint comes where the caller goes on.
                    Op::PopFrame { .. } if noise.is_tame(value) => {
                        quiet.first_deaths.insert(value);
                    }
                    _ if gives_up => first = first.or(Some(value)),
                    _ => {}
                }
                before = Some((value, gives_up && unseen.is_quiet(context)));
                noise.step(function, block, value, &mut unseen);
            }
        }
        quiet
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hir::parse::parse;

    /// The safepoints of `text` that follow a death only, with what dies, and the needless ones, by their numbers.
    fn found(text: &str) -> (Vec<(usize, usize)>, Vec<usize>) {
        let function = parse(text).unwrap();
        let quiet = Quiet::of(&function, false);
        let index = |value: &Value| {
            let order = function.blocks.iter().flat_map(|block| &block.insts);
            order.into_iter().position(|inst| inst == value).unwrap()
        };
        let mut deaths: Vec<_> = quiet.after_death.iter().map(|(given, point)| (index(given), index(point))).collect();
        let mut needless: Vec<_> = quiet.needless.iter().map(index).collect();
        deaths.sort_unstable();
        needless.sort_unstable();
        (deaths, needless)
    }

    #[test]
    fn one_death_right_before() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: ref = swap_local 1 v0
                close_ref v1
                v3: i64 = safepoint periodic=false  ; @4 []
                v4: i64 = safepoint periodic=false  ; @6 []
                v5: ref = swap_local 2 v0
                v6: ref = swap_local 3 v0
                close_ref v5
                close_ref v6
                v9: i64 = safepoint periodic=false  ; @8 []
                v10: i64 = safepoint periodic=true  ; @10 []
                unwind
        ";
        assert_eq!(found(text), (vec![(2, 3)], vec![4]));
    }

    #[test]
    fn what_came_before_a_block_counts() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: i64 = safepoint periodic=true  ; @2 []
                on_error.Negative v2 b3 else b1
            b1:
                dec_ref v1
                v4: i64 = safepoint periodic=false  ; @4 []
                v5: any = call unary_negative v1
                on_error.Null v5 b3 else b2
            b2:
                dec_ref v5
                v7: i64 = safepoint periodic=false  ; @6 []
                return v1
            b3: cold
                v8: i64 = safepoint periodic=false  ; @8 []
                unwind
        ";
        assert_eq!(found(text), (vec![(3, 4)], vec![]));
    }
}
