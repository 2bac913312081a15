//! Where the frames of callees lie whose code is a part of the function.
//!
//! Each chain of callees has a place of its own behind the caller's frame, so what a popped frame leaves there stays until
//! the same callee is called the next time ([`crate::hir::opt::reframe`]). Where that would take much room, and in generators, which
//! do not know how much there is, frames follow one another as close as they can.

use std::collections::{BTreeMap, HashSet};

use super::shim_bytes;
use crate::hir::function::{Function, Kind};
use crate::hir::inst::{ContextId, Op};
use crate::hir::opt::reframe::{Place, place_of};

/// Bytes behind the outermost frame up to which each chain of callees has its own.
const MAX_BYTES: i64 = 3072;

/// The places of callees' frames, in bytes behind the caller's.
#[derive(Default)]
pub(super) struct Stack {
    /// By context, the outermost one first, which has none.
    starts: Vec<i64>,
    /// The places where a frame is pushed that is there already, as far as they are used so.
    reused: HashSet<Place>,
    places: Vec<Place>,
    /// How much all of them need.
    pub bytes: i64,
}

/// A callee, and the callees that it calls.
#[derive(Default)]
struct Node {
    size: i64,
    callees: BTreeMap<(usize, bool), Node>,
}

impl Node {
    fn insert(&mut self, place: &[(usize, bool)], size: i64) {
        match place {
            [] => self.size = size,
            [first, rest @ ..] => self.callees.entry(*first).or_default().insert(rest, size),
        }
    }

    /// Gives each chain its place; returns where the next one can begin.
    fn arrange(&self, start: i64, place: &mut Place, found: &mut BTreeMap<Place, i64>) -> i64 {
        found.insert(place.clone(), start);
        let mut end = start + self.size;
        for (key, callee) in &self.callees {
            place.push(*key);
            end = callee.arrange(end + shim_bytes(key.1), place, found);
            place.pop();
        }
        end
    }
}

impl Stack {
    pub fn of(hir: &Function) -> Stack {
        let contexts: Vec<ContextId> = (0..=hir.contexts.len() as u32).map(ContextId).collect();
        let places: Vec<Place> = contexts.iter().map(|context| place_of(hir, *context)).collect();
        let size = |context: ContextId| hir.callee(context).map_or(0, |callee| 8 * i64::from(callee.code.framesize));
        let mut root = Node::default();
        for (context, place) in contexts.iter().zip(&places) {
            root.insert(place, size(*context));
        }
        let mut found = BTreeMap::new();
        let bytes = root.arrange(0, &mut Place::new(), &mut found);
        if bytes <= MAX_BYTES && !matches!(hir.kind, Kind::Resume(_)) {
            let starts = places.iter().map(|place| found[place]).collect();
            let is_reused = |context: &&ContextId| {
                let push = hir.callee(**context).map(|callee| &hir.inst(callee.frame).op);
                matches!(push, Some(Op::PushFrame { again: true, .. }))
            };
            let reused = contexts.iter().filter(is_reused).map(|context| places[context.index()].clone()).collect();
            return Stack { starts, reused, places, bytes };
        }
        let mut starts = vec![0; contexts.len()];
        let mut bytes = 0;
        for &context in &contexts[1..] {
            let callee = hir.callee(context).expect("it is not the outermost");
            let caller = callee.caller;
            starts[context.index()] = starts[caller.index()] + size(caller) + shim_bytes(callee.has_shim);
            bytes = bytes.max(starts[context.index()] + size(context));
        }
        Stack { starts, reused: HashSet::new(), places, bytes }
    }

    /// Where the frame of a callee begins.
    pub fn start(&self, context: ContextId) -> i64 {
        self.starts[context.index()]
    }

    /// Whether a frame of the callee may be pushed where the same was before.
    pub fn is_reused(&self, context: ContextId) -> bool {
        self.reused.contains(&self.places[context.index()])
    }
}
