//! What machine code takes for granted, and who is told when it changes.
//!
//! Names of modules hardly ever get another value, and functions hardly ever other code. So machine code has what such a name stands
//! for as a constant, and the interpreter tells when it changes: dicts, classes and functions have watchers. All machine code that relies
//! on what has changed is void then: its next test ([`Validity`]) leaves, and it is compiled anew. What has changed once is not taken for
//! granted again, but loaded and compared.
//!
//! A dict that is written to all the time, such as a module's that counts in a global, is not watched for long: each change costs
//! a call.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::code::validity::Validity;
use crate::cpython::gil::GilCell;
use crate::cpython::{naming, watch};
use crate::profile::Assumption;

/// So many changes of a dict that nothing relied on, in less than this time, and it is watched no more: to be told of them takes some
/// twenty nanoseconds each.
const BUDGET: u32 = 1000;
const OFTEN: Duration = Duration::from_millis(10);

/// Changes of everything in a dict, after which it is watched no more.
const UPHEAVALS: u32 = 3;

/// What of a dict has changed.
pub enum Change {
    /// The value of this key, interned, to this one; 0 for none.
    Name { key: usize, value: usize },
    /// The same of a string that is not interned.
    Text { key: String, value: usize },
    /// Something else, maybe everything.
    Anything,
    /// It dies.
    Death,
}

/// What a name of a namespace is, and the machine code that relies on it.
struct Name {
    /// 0 if there is no such name.
    object: usize,
    /// Its text: the string at its address may be gone one day.
    text: String,
    relying: Relying,
}

#[derive(Default)]
struct Relying(Vec<Weak<Validity>>);

impl Relying {
    fn add(&mut self, validity: &Arc<Validity>) {
        if self.0.iter().any(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(validity))) {
            return;
        }
        if self.0.len().is_power_of_two() {
            self.0.retain(|known| known.strong_count() > 0);
        }
        self.0.push(Arc::downgrade(validity));
    }

    fn void(self, what: &str) {
        for validity in self.0.iter().filter_map(Weak::upgrade) {
            validity.void(what.to_owned());
        }
    }
}

/// A dict that is watched.
struct Namespace {
    names: HashMap<usize, Name>,
    /// Names that have changed while something relied on them.
    changed: HashSet<usize>,
    /// Changes that are looked at before it is asked how long they took, 0 when it is not watched any more.
    budget: u32,
    since: Instant,
    upheavals: u32,
}

impl Namespace {
    fn is_settled(&self, name: usize) -> bool {
        self.budget > 0 && !self.changed.contains(&name)
    }

    /// Counts a change that nothing relied on. Says whether there were too many.
    fn spend(&mut self) -> bool {
        self.budget = self.budget.saturating_sub(1);
        if self.budget == 0 && self.since.elapsed() >= OFTEN {
            (self.budget, self.since) = (BUDGET, Instant::now());
        }
        self.budget == 0
    }

    /// The name of this text that something relies on.
    fn known(&self, text: &str) -> Option<usize> {
        self.names.iter().find(|(_, name)| name.text == text).map(|(known, _)| *known)
    }

    /// A name gets another value. Says whether there were too many changes.
    fn change(&mut self, name: usize, value: usize) -> bool {
        if self.names.get(&name).is_none_or(|known| known.object == value) {
            return self.spend();
        }
        self.changed.insert(name);
        if let Some(known) = self.names.remove(&name) {
            known.relying.void(&said_of(&known.text));
        }
        false
    }

    fn void_all(&mut self) {
        for (_, Name { relying, text, .. }) in self.names.drain() {
            relying.void(&said_of(&text));
        }
    }
}

#[derive(Default)]
struct Invariants {
    namespaces: HashMap<usize, Namespace>,
    functions: HashMap<usize, Relying>,
    /// Classes, with the versions that are relied on.
    classes: HashMap<usize, (u32, Relying)>,
    /// Functions and classes that have changed while something relied on them.
    changed: HashSet<usize>,
}

/// What people are told of a name.
fn said_of(name: &str) -> String {
    format!("global {name}")
}

static INVARIANTS: GilCell<Option<Invariants>> = GilCell::new(None);

fn with<R>(work: impl FnOnce(&mut Invariants) -> R) -> R {
    INVARIANTS.with(|invariants| work(invariants.get_or_insert_default()))
}

/// Has `validity` tell whether the assumption holds. Says whether it may be made.
pub fn assume(assumption: &Assumption, validity: &Arc<Validity>) -> bool {
    match *assumption {
        Assumption::Global { namespaces, name, object } => {
            let [globals, builtins] = namespaces;
            // A name of the builtins is one that the globals do not have.
            let expected = [(globals, if builtins == 0 { object } else { 0 }), (builtins, object)];
            let expected = expected.iter().filter(|(dict, _)| *dict != 0);
            with(|invariants| {
                let is_fine = expected.clone().all(|(dict, _)| invariants.watches(*dict, name));
                if is_fine {
                    let text = naming::string(name);
                    expected.for_each(|(dict, object)| invariants.take(*dict, name, *object, &text, validity));
                    validity.take(said_of(&text));
                }
                is_fine
            })
        }
        Assumption::Function { function } => with(|invariants| {
            let is_fine = !invariants.changed.contains(&function);
            if is_fine {
                invariants.functions.entry(function).or_default().add(validity);
            }
            is_fine
        }),
        Assumption::Class { class, version } => with(|invariants| {
            let is_fine = !invariants.changed.contains(&class) && watch::watch_class(class, version);
            if is_fine {
                invariants.take_class(class, version, validity);
                validity.take(format!("class {}", naming::class_at(class)));
            }
            is_fine
        }),
    }
}

impl Invariants {
    /// Whether a dict is watched, if it may be, and this name of it has not changed so far.
    fn watches(&mut self, dict: usize, name: usize) -> bool {
        if let Some(namespace) = self.namespaces.get(&dict) {
            return namespace.is_settled(name);
        }
        let is_watched = watch::watch_dict(dict);
        if is_watched {
            let (names, changed, upheavals) = Default::default();
            let since = Instant::now();
            self.namespaces.insert(dict, Namespace { names, changed, budget: BUDGET, since, upheavals });
        }
        is_watched
    }

    fn take(&mut self, dict: usize, name: usize, object: usize, text: &str, validity: &Arc<Validity>) {
        let Some(namespace) = self.namespaces.get_mut(&dict) else { return };
        let new = || Name { object, text: text.to_owned(), relying: Relying::default() };
        let known = namespace.names.entry(name).or_insert_with(new);
        if known.object != object {
            // A string that is gone was at the address of this one, and whoever relied on that name is gone, too.
            let Name { relying, text, .. } = std::mem::replace(known, new());
            relying.void(&said_of(&text));
        }
        known.relying.add(validity);
    }

    fn take_class(&mut self, class: usize, version: u32, validity: &Arc<Validity>) {
        let (known, relying) = self.classes.entry(class).or_insert_with(|| (version, Relying::default()));
        if *known != version {
            // Another class was at this address, and whoever relied on it cannot come by it again.
            std::mem::take(relying).void("a class");
            *known = version;
        }
        relying.add(validity);
    }
}

/// A dict is about to change.
pub fn dict_changes(dict: usize, change: &Change) {
    with(|invariants| {
        let Some(namespace) = invariants.namespaces.get_mut(&dict) else { return };
        let is_too_much = match change {
            Change::Name { key, value } => namespace.change(*key, *value),
            Change::Text { key, value } => match namespace.known(key) {
                Some(known) => namespace.change(known, *value),
                None => namespace.spend(),
            },
            Change::Anything => {
                namespace.void_all();
                namespace.upheavals += 1;
                namespace.upheavals >= UPHEAVALS
            }
            Change::Death => {
                namespace.void_all();
                invariants.namespaces.remove(&dict);
                return;
            }
        };
        if is_too_much {
            namespace.budget = 0;
            namespace.void_all();
            watch::unwatch_dict(dict);
        }
    });
}

/// A function is about to get other code.
pub fn code_changes(function: usize) {
    with(|invariants| {
        if let Some(relying) = invariants.functions.remove(&function) {
            invariants.changed.insert(function);
            relying.void("the code of a function");
        }
    });
}

/// A class has changed, or one that it inherits from.
pub fn class_changes(class: usize) {
    with(|invariants| {
        if let Some((_, relying)) = invariants.classes.remove(&class) {
            invariants.changed.insert(class);
            relying.void(&format!("class {}", naming::class_at(class)));
        }
    });
}
