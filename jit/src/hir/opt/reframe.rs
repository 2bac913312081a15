//! Frames that are pushed where the same frame was before.
//!
//! The frames of callees that are parts of the code have places of their own behind the caller's, one for each chain of callees. When one
//! is popped its memory stays as it is until something else is put there. So where nothing has run since the same function's frame was
//! pushed there the last time, its head is still right: code, function, namespaces, and what it lies on. Only what changes from call to
//! call is written again.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::hir::function::Function;
use crate::hir::inst::{Block, ContextId, Op, Upkeep, Value};
use crate::hir::noise::Noise;

/// The code objects of a chain of callees, and whether each has a frame of the interpreter's own below it.
pub type Place = Vec<(usize, bool)>;

/// The frames whose memory is as it was left: by their places, the function, and how much was counted.
type Known = BTreeMap<Place, (usize, bool)>;

pub fn run(function: &mut Function) {
    let order = function.reverse_postorder();
    if !order.iter().flat_map(|block| &function.block(*block).insts).any(|value| is_push(function, *value)) {
        return;
    }
    let noise = Noise::of(function, &order);
    let needless = noise.needless_safepoints(function, &order);
    let mut frames = Frames { function, noise, needless, places: HashMap::new() };
    for index in 1..=function.contexts.len() as u32 {
        frames.places.insert(ContextId(index), place_of(function, ContextId(index)));
    }
    let again = frames.find(&order);
    for value in again {
        if let Op::PushFrame { again, .. } = &mut function.values[value.index()].op {
            *again = true;
        }
    }
}

/// Where the frame of a callee is put.
pub fn place_of(function: &Function, context: ContextId) -> Place {
    let Some(callee) = function.callee(context) else { return Place::new() };
    let mut place = place_of(function, callee.caller);
    place.push((callee.address, callee.has_shim));
    place
}

fn is_push(function: &Function, value: Value) -> bool {
    matches!(function.inst(value).op, Op::PushFrame { .. })
}

struct Frames<'a> {
    function: &'a Function,
    noise: Noise,
    needless: HashSet<Value>,
    places: HashMap<ContextId, Place>,
}

impl Frames<'_> {
    /// The frames that are pushed where the same was before, on all ways there.
    fn find(&self, order: &[Block]) -> HashSet<Value> {
        let mut starts: HashMap<Block, Known> = HashMap::new();
        starts.insert(self.function.entry, Known::new());
        starts.extend(self.function.contexts.iter().map(|context| (context.resume, Known::new())));
        let mut has_changed = true;
        let mut again = HashSet::new();
        while has_changed {
            has_changed = false;
            again.clear();
            for &block in order {
                let Some(mut known) = starts.get(&block).cloned() else { continue };
                for &value in &self.function.block(block).insts {
                    if self.step(value, &mut known) {
                        again.insert(value);
                    }
                }
                for edge in self.function.block(block).terminator.edges() {
                    match starts.get_mut(&edge.block) {
                        None => {
                            starts.insert(edge.block, known.clone());
                            has_changed = true;
                        }
                        Some(before) => {
                            let count = before.len();
                            before.retain(|place, frame| known.get(place) == Some(frame));
                            has_changed |= before.len() != count;
                        }
                    }
                }
            }
        }
        again
    }

    /// What is known behind an instruction. Says whether it pushes a frame that is there.
    fn step(&self, value: Value, known: &mut Known) -> bool {
        match self.function.inst(value).op {
            Op::PushFrame { upkeep, .. } => {
                let Some(place) = self.function.callee_in(value).map(|context| &self.places[&context]) else {
                    known.clear();
                    return false;
                };
                match self.callee(value) {
                    Some(callee) if upkeep != Upkeep::Full => {
                        let frame = (callee, upkeep == Upkeep::Lent);
                        return known.insert(place.clone(), frame) == Some(frame);
                    }
                    _ => {
                        known.remove(place);
                    }
                }
            }
            Op::Safepoint { leaves: true, .. } => {}
            _ if self.noise.is_quiet(self.function, value) || self.needless.contains(&value) => {}
            _ => known.clear(),
        }
        false
    }

    /// The function that is called, if it is known.
    fn callee(&self, push: Value) -> Option<usize> {
        let mut object = *self.function.inst(push).args.first()?;
        loop {
            let inst = self.function.inst(object);
            match inst.op {
                Op::ToRef { .. } | Op::Refine { .. } | Op::GuardKinds { .. } => object = inst.args[0],
                Op::ConstObj { address, .. } => return Some(address),
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::after;
    use super::run;

    /// Which of the frames that this pushes are there.
    fn again(text: &str) -> Vec<bool> {
        let text = after(run, text);
        text.lines().filter(|line| line.contains("push_frame")).map(|line| line.contains("again=true")).collect()
    }

    fn calls(between: &str, second: &str) -> String {
        format!(
            "
            function caller
            context c1 v1 b9 from c0 @12 callee
            context c2 v2 b9 from c0 @14 callee
            b0:
                v0: function = const_obj 0x70
                v3: ref = own_ref v0
                v4: function = const_obj 0x80
                v5: ref = own_ref v4
                v9: any = ref_to_obj v3
                v1: i64 = push_frame Lent 0x55550000 nargs=1 has_self=true has_shim=false v3 v3
                jump b1
            b1: in c1
                pop_frame 0x1 is_quiet=true
                jump b2
            b2:
                {between}
                v2: i64 = push_frame Lent 0x55550000 nargs=1 has_self=true has_shim=false {second} v3
                jump b3
            b3: in c2
                pop_frame 0x1 is_quiet=true
                jump b2
            b9(v7: any?):
                return v7
        "
        )
    }

    #[test]
    fn the_same_function_twice() {
        assert_eq!(again(&calls("", "v3")), [false, true]);
    }

    #[test]
    fn another_function_of_the_same_code() {
        assert_eq!(again(&calls("", "v5")), [false, false]);
    }

    #[test]
    fn something_may_run_in_between() {
        assert_eq!(again(&calls("v8: any = call load_attr v9 v9", "v3")), [false, false]);
        assert_eq!(again(&calls("dec_ref v9", "v3")), [false, false]);
        let leaves = "dec_ref v9\n v8: i64 = safepoint periodic=false leaves=true  ; @13 []";
        assert_eq!(again(&calls(leaves, "v3")), [false, true]);
    }
}
