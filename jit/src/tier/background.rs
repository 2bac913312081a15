//! Compiling beside the program.
//!
//! Reading bytecode, inline caches and objects needs the GIL and takes little; making machine code of it takes long and
//! needs none. So a thread does that ([`crate::runtime::worker`]), while the program goes on interpreted, and what it
//! has made is installed by a pending call.
//!
//! The machine code has addresses of the code objects in it that it is made of. They are not kept alive meanwhile, which their
//! reference counts would tell: when one of them dies what is being made is not wanted any more. Guesses that were right when the plan was made may be wrong by then: that is what guards are for.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::build::{self, Entry, Ordered};
use super::{growth, registry, retire, sampling, switch};
use crate::code::extra::StateRef;
use crate::compile::Made;
use crate::cpython::code::Code;
use crate::cpython::gil::GilCell;
use crate::hir::builder::Refusal;
use crate::hir::function::Kind;
use crate::runtime::worker;

/// Plans that are waiting or being worked on, at most. More than that is no hurry to begin with.
const MOST: usize = 8;

/// A plan on its way.
struct Order {
    code: Code,
    state: StateRef,
    ordered: Ordered,
    /// Why it is to replace machine code that is in use, if it is.
    replaces: Option<&'static str>,
    /// Which switching on it belongs to.
    since: Option<Instant>,
    /// Addresses of the states of the code objects whose addresses are in the machine code.
    states: Vec<usize>,
}

/// By number, and what is on its way for a code object's state.
static ORDERS: GilCell<(u64, BTreeMap<u64, Order>)> = GilCell::new((0, BTreeMap::new()));

/// Whether the machine code of `kind` is being made.
pub fn is_ordered(state: StateRef, kind: Kind) -> bool {
    ORDERS.with(|(_, orders)| orders.values().any(|order| order.state == state && order.ordered.kind == kind))
}

/// The same, for who would run it now.
pub fn is_missed(state: StateRef, kind: Kind) -> bool {
    let is_it = |order: &Order| order.state == state && order.ordered.kind == kind;
    let number = ORDERS.with(|(_, orders)| orders.iter().find(|(_, order)| is_it(order)).map(|(number, _)| *number));
    number.inspect(|number| worker::miss(*number)).is_some()
}

/// How many pieces of machine code are being made for the state at `address`.
pub fn orders(address: usize) -> usize {
    ORDERS.with(|(_, orders)| orders.values().filter(|order| order.state.address() == address).count())
}

/// Whether there is no point in ordering more now.
pub fn is_full() -> bool {
    ORDERS.with(|(_, orders)| orders.len() >= MOST)
}

/// How many pieces of machine code are being made.
pub fn ordered() -> usize {
    ORDERS.with(|(_, orders)| orders.len())
}

/// Has `code` compiled as `kind`.
///
/// # Errors
/// The reason why it cannot be compiled, which is on record already.
pub fn order(code: Code, state: StateRef, kind: Kind, entry: Entry) -> Result<(), Refusal> {
    send(code, state, kind, entry, None)
}

/// Has `code` compiled once more as `kind`. The machine code that there is stays in use until then. A refusal is on record.
pub fn replace(code: Code, state: StateRef, kind: Kind, entry: Entry, why: &'static str) {
    if let Kind::Loop(header) = kind {
        state.with(|state| state.outdated.remove(&header));
    }
    if send(code, state, kind, entry, Some(why)).is_err() {
        state.with(|state| retire::withdraw(state, kind, why));
    }
}

fn send(code: Code, state: StateRef, kind: Kind, entry: Entry, replaces: Option<&'static str>) -> Result<(), Refusal> {
    let (plan, codes, ordered) = build::plan(code, state, kind, entry)?;
    // Those that had no state have one from here on, so that their death is noticed.
    let states: Option<Vec<usize>> = codes.into_iter().map(|code| Some(registry::state(code)?.address())).collect();
    let Some(states) = states else {
        build::cancel(ordered);
        return Ok(());
    };
    let since = switch::since();
    let number = ORDERS.with(|(last, orders)| {
        *last += 1;
        orders.insert(*last, Order { code, state, ordered, replaces, since, states });
        *last
    });
    worker::work(number, plan);
    Ok(())
}

/// The same, unless it is on its way already or there is no point in ordering more now. A refusal is on record.
pub fn order_once(code: Code, state: StateRef, kind: Kind, entry: Entry) {
    if !is_missed(state, kind) && !is_full() {
        let _ = order(code, state, kind, entry);
    }
}

/// Forgets all that is on its way: nobody works on it any more.
pub fn abandon_orders() {
    for (_, order) in ORDERS.with(|(_, orders)| std::mem::take(orders)) {
        want_again(&order);
        build::cancel(order.ordered);
    }
}

/// Forgets what is made of the code object whose state is at `address`, which dies or has become known better. What else that was a part of
/// is found again.
pub fn forget(address: usize) {
    let forgotten = ORDERS.with(|(_, orders)| {
        let is_of_it = |order: &Order| order.states.contains(&address);
        let numbers: Vec<u64> = orders.iter().filter(|(_, order)| is_of_it(order)).map(|(number, _)| *number).collect();
        numbers.into_iter().filter_map(|number| Some((number, orders.remove(&number)?))).collect::<Vec<_>>()
    });
    worker::forget(&forgotten.iter().map(|(number, _)| *number).collect::<Vec<_>>());
    for (_, order) in forgotten {
        if order.state.address() != address {
            want_again(&order);
        }
        build::cancel(order.ordered);
    }
}

/// Has what was on its way ordered once more, if it still runs: its starts and jumps were reported no more.
fn want_again(order: &Order) {
    match (order.replaces, order.ordered.kind) {
        (Some(why), Kind::Loop(header)) => _ = order.state.with(|state| state.outdated.insert(header, why)),
        (Some(growth::WHY), Kind::Function) => order.state.with(growth::want),
        (Some(_), _) => {}
        (None, _) => sampling::postpone(order.state),
    }
}

/// Installs what was made, or records why it was not.
pub fn finish(py: Python<'_>, number: u64, made: Result<Made, Refusal>, took: Duration) {
    let Some(order) = ORDERS.with(|(_, orders)| orders.remove(&number)) else { return };
    let Order { code, state, ordered, replaces, since, .. } = order;
    let kind = ordered.kind;
    if let Some(why) = replaces {
        state.with(|state| retire::withdraw(state, kind, why));
    }
    let exists = state.read(|state| match kind {
        Kind::Function => state.function.is_some() || state.refused.is_some(),
        Kind::Loop(at) | Kind::Resume(at) => state.inner.contains_key(&at) || state.refused.is_some(),
    });
    if exists || since.is_none() || since != switch::since() {
        build::cancel(ordered);
    } else if build::finish(code, state, ordered, made, took).is_ok() {
        // Its next start or jump is where the machine code is entered.
        sampling::count(py, code, state);
    }
}
