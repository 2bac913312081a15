//! What is known of locals around loops: that one is an object of a type, or what number it is.
//!
//! At the end of a loop's round that often is plain, because the body has tested or computed it. For the next round to
//! know it as well, the ways into the loop have to find out, and a number needs a parameter of the loop's header. Since
//! the end of the round is seen only when the loop is built, a function whose loops have something to carry is built
//! again, until no more is found: loops around others find out only then.

use super::*;

/// Loops that carry something are seldom nested deeper.
pub(super) const MAX_ROUNDS: usize = 4;

/// What is known of a local.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Known {
    /// The number in it.
    Number(Number),
    /// The double that it is, or that is nearest to the int that it is.
    Double,
    /// That it is of this type, one that a guard can test for.
    Kind(Kinds),
}

/// What the headers of loops get to know.
pub type Carried = BTreeMap<(CodeOffset, u32), Known>;

/// Types that are worth a test before the loop.
const TESTED: [Kinds; 7] =
    [Kinds::LONG, Kinds::FLOAT, Kinds::LIST, Kinds::TUPLE, Kinds::DICT, Kinds::STR, Kinds::ARRAY];

impl Known {
    fn kinds(self) -> Kinds {
        match self {
            Known::Number(number) => number.kinds(),
            Known::Double => Kinds::NUMBER,
            Known::Kind(kinds) => kinds,
        }
    }
}

impl Builder<'_> {
    /// Whether `state` has what is known of a local in just that form.
    pub(super) fn is_known(&self, state: &State, slot: u32, known: Known) -> bool {
        let Local::Value(object) = state.locals[slot as usize] else { return false };
        match known {
            Known::Number(number) => self.number_in(state, object) == Some(number),
            Known::Double => {
                self.number_in(state, object) == Some(Number::Float) || self.double_in(state, object).is_some()
            }
            Known::Kind(kinds) => self.func.ty(object).kinds.is_within(kinds),
        }
    }

    /// What a block gets to know of the local in `slot` from all ways in.
    pub(super) fn carried(&self, start: CodeOffset, slot: u32, incoming: &[Incoming]) -> Option<Known> {
        if self.cfg.loops.contains_key(&start) {
            return self.carry.get(&(start, slot)).copied();
        }
        let first = &incoming[0].state;
        let Local::Value(object) = first.locals[slot as usize] else { return None };
        if incoming.iter().all(|other| other.state.locals[slot as usize] == Local::Value(object)) {
            return None;
        }
        let exactly = self.number_in(first, object).map(Known::Number);
        let mut choices = exactly.into_iter().chain([Known::Double]);
        choices.find(|known| incoming.iter().all(|other| self.is_known(&other.state, slot, *known)))
    }

    /// Gives the current block, which is still empty, a parameter for what is known of a local.
    pub(super) fn receive(&mut self, slot: u32, known: Known) {
        let object = match known {
            Known::Kind(kinds) => self.func.add_param(self.cur, Type::obj(kinds)),
            Known::Number(_) | Known::Double => {
                let ty = if let Known::Number(number) = known { number.ty() } else { Type::F64 };
                let param = self.func.add_param(self.cur, ty);
                let object = self.home(slot, Type::obj(known.kinds()));
                self.state.numbers.insert(object, param);
                object
            }
        };
        self.state.locals[slot as usize] = Local::Value(object);
    }

    /// What an edge has to pass for that parameter.
    pub(super) fn bring(&mut self, slot: u32, known: Known) -> Value {
        let object = match self.state.locals[slot as usize] {
            Local::Value(object) => object,
            _ => {
                let object = self.home(slot, Type::OBJ_OR_NULL);
                self.guard_not_null(object)
            }
        };
        if known == Known::Double {
            return self.double_of(object);
        }
        let object = if self.func.ty(object).kinds.is_within(known.kinds()) {
            object
        } else {
            self.emit_guarded(Op::GuardKinds { kinds: known.kinds() }, &[object], Type::obj(known.kinds()))
        };
        self.state.locals[slot as usize] = Local::Value(object);
        match known {
            Known::Kind(_) | Known::Double => object,
            Known::Number(number) => self.number_of(object, number),
        }
    }

    /// The double that an object is or, if it is an int, is nearest to.
    pub(super) fn double_of(&mut self, object: Value) -> Value {
        if let Some(double) = self.double_in(&self.state, object) {
            return double;
        }
        let kinds = self.func.ty(object).kinds;
        if kinds.is_within(Kinds::FLOAT) {
            return self.number_of(object, Number::Float);
        }
        if kinds.is_within(Kinds::LONG) {
            let int = self.number_of(object, Number::Int);
            return self.emit(Op::IntToFloat, &[int], Type::F64);
        }
        self.emit_guarded(Op::UnboxNumber { exact: false }, &[object], Type::F64)
    }

    /// At the ways into a loop: notes what a local can be there, which is nothing where a guess has failed before.
    pub(super) fn note_ways_in(&mut self, header: CodeOffset, incoming: &[Incoming]) {
        let has_failed = incoming.iter().any(|way| self.profile.has_failed(way.site));
        for &slot in &self.cfg.loops[&header].needed {
            let kinds = incoming.iter().map(|way| match way.state.locals[slot as usize] {
                Local::Value(object) => self.func.ty(object).kinds,
                Local::Home => Kinds::ANY,
                Local::Null => Kinds::EMPTY,
            });
            let entry = self.found.entry((header, slot)).or_default();
            let kinds = kinds.fold(entry.may_be, Kinds::intersect);
            entry.may_be = if has_failed { Kinds::EMPTY } else { kinds };
        }
    }

    /// At the end of a loop's round: notes what could be carried to the next one.
    pub(super) fn note_back_edge(&mut self, header: CodeOffset, state: &State) {
        for &slot in &self.cfg.loops[&header].needed {
            let known = match state.locals[slot as usize] {
                Local::Value(object) => match self.number_in(state, object) {
                    Some(number) => Some(Known::Number(number)),
                    None => Some(self.func.ty(object).kinds).filter(|kinds| TESTED.contains(kinds)).map(Known::Kind),
                },
                _ => None,
            };
            self.found.entry((header, slot)).or_default().rounds.push(known);
        }
    }

    /// What the loops that were built could carry.
    pub(super) fn could_carry(&self) -> Carried {
        let found = self.found.iter().filter_map(|(place, found)| {
            let known = found.rounds.first().copied().flatten()?;
            let agree = found.rounds.iter().all(|other| *other == Some(known));
            let may_be = |known: Known| !found.may_be.intersect(known.kinds()).is_empty();
            // As in `total = 0` before a loop that adds floats to it.
            let becomes_float = known == Known::Number(Number::Float) && found.may_be.is_within(Kinds::LONG);
            let known = if becomes_float { Known::Double } else { known };
            (agree && may_be(known)).then_some((*place, known))
        });
        found.collect()
    }
}

/// What was seen of a local at the ways to a loop's header.
pub(super) struct Found {
    /// What it may be at the ways in.
    may_be: Kinds,
    /// What is known at the end of each round.
    rounds: Vec<Option<Known>>,
}

impl Default for Found {
    fn default() -> Found {
        Found { may_be: Kinds::ANY, rounds: Vec::new() }
    }
}
