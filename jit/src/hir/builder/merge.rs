//! Joining control flow: which operands and locals become block parameters, and what an edge has to do so that its
//! values fit.

use super::*;

impl Builder<'_> {
    /// The HIR block of a bytecode block.
    fn target(&mut self, start: CodeOffset) -> &mut Target {
        let func = &mut self.func;
        self.targets.entry(start).or_insert_with(|| Target {
            block: func.new_block(false),
            incoming: Vec::new(),
            expected: None,
        })
    }

    /// An edge to a bytecode block, to be put into the current block's terminator as its edge number `edge`.
    pub(super) fn edge_to(&mut self, start: CodeOffset, edge: usize) -> Edge {
        let (from, site, state, facts) = (self.cur, self.instr.start, self.state.clone(), self.facts.clone());
        let target = self.target(start);
        let block = target.block;
        target.incoming.push(Incoming { from, edge, site, state, facts });
        Edge::to(block)
    }

    /// Ends the current block with a jump to a bytecode block.
    pub(super) fn jump_to(&mut self, start: CodeOffset) {
        let edge = self.edge_to(start, 0);
        self.terminate(Terminator::Jump(edge));
        self.settle(start);
    }

    /// Delivers the values for edges to a block that is already built (back edges).
    pub(super) fn settle(&mut self, start: CodeOffset) {
        if !self.done.contains(&start) {
            return;
        }
        let target = self.targets.get_mut(&start).expect("a built block has a target");
        let expected = target.expected.clone().expect("a built block has its shape");
        for incoming in std::mem::take(&mut target.incoming) {
            if self.cfg.loops.contains_key(&start) {
                self.note_back_edge(start, &incoming.state);
            }
            self.deliver(start, incoming, &expected);
        }
    }

    /// Whether an edge into the bytecode block has been made.
    pub(super) fn has_way_in(&self, start: CodeOffset) -> bool {
        self.targets.get(&start).is_some_and(|target| !target.incoming.is_empty())
    }

    /// Starts building a bytecode block, which has a way in: joins what is known on all edges into it.
    pub(super) fn enter(&mut self, start: CodeOffset) -> Result<(), Refusal> {
        let target = self.target(start);
        let block = target.block;
        let incoming = std::mem::take(&mut target.incoming);
        let depth = incoming[0].state.stack.len();
        if incoming.iter().any(|i| i.state.stack.len() != depth) {
            return Err(Refusal::new("operand stack depths differ where control flow joins"));
        }
        let info = self.cfg.loops.get(&start).cloned();
        if info.is_some() {
            self.note_ways_in(start, &incoming);
        }
        let mut state = State::new(self.code.nlocalsplus as usize);
        state.numbers = common_numbers(&incoming);
        // What the rounds of a loop do is not known yet.
        let facts = if info.is_some() { Facts::default() } else { common_facts(&incoming) };
        let mut expected = Expected { stack: Vec::new(), locals: Vec::new(), carried: Vec::new(), range: None };
        let range = self.range_at(start, &incoming);
        for position in 0..depth {
            if range == Some(position) {
                let param = self.func.add_param(block, Type::obj(Kinds::RANGE_ITER));
                expected.stack.push((Slot { repr: Repr::Obj, owned: true }, true));
                expected.range = Some((position, param));
                state.stack.push(StackEntry { value: param, owned: true });
                continue;
            }
            let entries: Vec<StackEntry> = incoming.iter().map(|i| i.state.stack[position]).collect();
            let first = entries[0];
            if info.is_none() && entries.iter().all(|e| *e == first) {
                expected.stack.push((self.slot_of(first), false));
                state.stack.push(first);
                continue;
            }
            let slot = self.join_slots(&entries, info.is_some());
            let kinds = self.join_kinds(entries.iter().map(|e| e.value), info.is_some());
            let ty = match slot.repr {
                Repr::Obj => Type::obj(kinds),
                Repr::I64 => Type::I64,
                Repr::F64 => Type::F64,
                Repr::Bool => Type::BOOL,
                _ => Type::REF,
            };
            let param = self.func.add_param(block, ty);
            expected.stack.push((slot, true));
            state.stack.push(StackEntry { value: param, owned: slot.owned });
        }
        for slot in 0..self.code.nlocalsplus {
            let index = slot as usize;
            let locals: Vec<Local> = incoming.iter().map(|i| i.state.locals[index]).collect();
            let first = locals[0];
            let (written, deleted) = match &info {
                Some(info) => (info.written.contains(&slot), info.deleted.contains(&slot)),
                None => (false, false),
            };
            let all_bound = locals.iter().all(|l| matches!(l, Local::Value(_)));
            state.locals[index] = if deleted || info.as_ref().is_some_and(|info| info.irreducible) {
                Local::Home
            } else if let Some(known) = self.carried(start, slot, &incoming) {
                expected.carried.push((slot, known));
                Local::Home
            } else if !written && locals.iter().all(|l| *l == first) {
                first
            } else if all_bound {
                let kinds = self.join_kinds(
                    locals.iter().filter_map(|l| if let Local::Value(v) = l { Some(*v) } else { None }),
                    written,
                );
                let param = self.func.add_param(block, Type::obj(kinds));
                expected.locals.push(slot);
                Local::Value(param)
            } else {
                Local::Home
            };
        }
        self.targets.get_mut(&start).expect("just made").expected = Some(expected.clone());
        for incoming in incoming {
            self.deliver(start, incoming, &expected);
        }
        self.cur = block;
        self.state = state;
        self.line = None;
        self.facts = facts;
        for (slot, known) in expected.carried {
            self.receive(slot, known);
        }
        Ok(())
    }

    fn slot_of(&self, entry: StackEntry) -> Slot {
        Slot { repr: self.func.ty(entry.value).repr, owned: entry.owned }
    }

    fn join_slots(&self, entries: &[StackEntry], is_loop: bool) -> Slot {
        let first = self.slot_of(entries[0]);
        let same = entries.iter().all(|e| self.slot_of(*e) == first);
        let any_ref = entries.iter().any(|e| self.func.ty(e.value).repr == Repr::Ref);
        match first.repr {
            _ if any_ref => Slot { repr: Repr::Ref, owned: true },
            Repr::Obj if same && !is_loop => first,
            Repr::Obj => Slot { repr: Repr::Obj, owned: true },
            _ if same && !is_loop => first,
            _ => Slot { repr: Repr::Obj, owned: true },
        }
    }

    /// The types that reach a parameter. What a loop's back edge brings is not known yet: type inference narrows it.
    fn join_kinds(&self, values: impl Iterator<Item = Value>, is_loop: bool) -> Kinds {
        if is_loop {
            return Kinds::ANY;
        }
        values.fold(Kinds::EMPTY, |kinds, value| kinds.union(self.func.ty(value).kinds))
    }

    /// Fills in one edge's arguments, converting values in a block of its own where other ways out of the source
    /// block must not see the conversion.
    fn deliver(&mut self, start: CodeOffset, incoming: Incoming, expected: &Expected) {
        let Incoming { from, edge, site, state, .. } = incoming;
        let mut needs_code = false;
        for ((slot, is_param), entry) in expected.stack.iter().zip(&state.stack) {
            needs_code |= *is_param && self.slot_of(*entry) != *slot;
        }
        for slot in &expected.locals {
            needs_code |= !matches!(state.locals[*slot as usize], Local::Value(_));
        }
        for (slot, known) in &expected.carried {
            needs_code |= !self.is_known(&state, *slot, *known);
        }
        let range = expected.range.filter(|(position, param)| state.stack[*position].value != *param);
        needs_code |= range.is_some();
        let target = self.targets[&start].block;
        let saved = (self.cur, self.line, self.before, self.state.clone(), self.func.site);
        self.func.site = Some(site);
        let alone = matches!(self.func.block(from).terminator, Terminator::Jump(_));
        let mut place = from;
        if needs_code && !alone {
            place = self.func.new_block(false);
            self.func.block_mut(place).site = Some(site);
            self.func.block_mut(from).terminator.edges_mut()[edge].block = place;
            self.func.block_mut(from).terminator.edges_mut()[edge].args.clear();
        }
        self.cur = place;
        self.state = state;
        if let Some((position, _)) = range {
            self.before = Some(self.state_from(site, start));
            self.guard_range(position);
        }
        // Boxing for the edge may run out of memory; the interpreter then goes on at the target. All boxes come before
        // the first reference is taken: the interpreter would not know of it.
        for (position, (slot, is_param)) in expected.stack.iter().enumerate() {
            let entry = self.state.stack[position];
            if *is_param && self.slot_of(entry) != *slot {
                self.before = Some(self.state_from(site, start));
                self.state.stack[position] = self.boxed(entry);
            }
        }
        if !expected.carried.is_empty() {
            self.before = Some(self.state_from(site, start));
        }
        let carried: Vec<Value> = expected.carried.iter().map(|(slot, known)| self.bring(*slot, *known)).collect();
        let mut args = Vec::new();
        for (position, (slot, is_param)) in expected.stack.iter().enumerate() {
            if *is_param {
                args.push(self.convert(self.state.stack[position], *slot));
            }
        }
        for slot in &expected.locals {
            args.push(self.load_local(*slot));
        }
        args.extend(carried);
        if needs_code && !alone {
            self.func.block_mut(place).terminator = Terminator::Jump(Edge { block: target, args });
        } else {
            let mut edges = self.func.block_mut(from).terminator.edges_mut();
            edges[if alone { 0 } else { edge }].args = args;
        }
        (self.cur, self.line, self.before, self.state, self.func.site) = saved;
    }

    fn convert(&mut self, entry: StackEntry, slot: Slot) -> Value {
        if self.slot_of(entry) == slot {
            return entry.value;
        }
        match slot.repr {
            Repr::Ref => self.to_ref(entry),
            Repr::Obj if slot.owned => self.to_owned(entry),
            _ => entry.value,
        }
    }
}

/// Numbers that are known in the same way wherever control comes from.
fn common_numbers(incoming: &[Incoming]) -> HashMap<Value, Value> {
    let mut numbers = incoming[0].state.numbers.clone();
    numbers.retain(|object, number| incoming.iter().all(|other| other.state.numbers.get(object) == Some(number)));
    numbers
}

/// What is known on all ways into a block.
fn common_facts(incoming: &[Incoming]) -> Facts {
    let mut ways = incoming.iter().map(|way| &way.facts);
    let mut facts = ways.next().cloned().unwrap_or_default();
    ways.for_each(|way| facts.keep_common(way));
    facts
}
