//! What the screen knows: what the last look has seen, the rates since the one before, and what happened until now.
//!
//! Nothing here touches a terminal, a process or a clock: looks come in with their time.

pub mod events;
pub mod heat;
pub mod hints;
pub mod history;
pub mod listing;
pub mod source;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

pub use rjit_telemetry::Details;
use rjit_telemetry::{Counters, Executable, Identity, Site, SiteKind, Snapshot, State, Totals};

use crate::model::events::EventLog;
use crate::model::history::History;
use crate::model::source::{Look, Position, Sampling, Stacks, Status};

/// Slot and generation: one executable.
pub type Key = (u32, u32);

/// Changes for each second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    pub entries: f64,
    pub deopts: f64,
    pub reifications: f64,
    /// Nanoseconds of compiling.
    pub compile_ns: f64,
}

impl Rates {
    /// Deopts that no observer has brought about.
    pub fn failed_guesses(&self) -> f64 {
        (self.deopts - self.reifications).max(0.0)
    }
}

/// A place where frames went on in the interpreter.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub site: &'a Site,
    /// The same from one look to the next.
    pub id: u64,
    /// How many did for each second.
    pub rate: f64,
}

/// What the screen shows of the process.
pub struct Model {
    pub status: Status,
    pub command: String,
    pub age_ns: u64,
    pub snapshot: Snapshot,
    pub totals: Totals,
    pub rates: Rates,
    pub history: History,
    pub events: EventLog,
    pub sampling: Sampling,
    pub stacks: Stacks,
    pub position: Option<Position>,
    at: Option<Duration>,
    executable_rates: HashMap<Key, f64>,
    /// Identity and rate of each site, in the order of the sites.
    places: Vec<(u64, f64)>,
    refused_rates: HashMap<u64, f64>,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            status: Status::default(),
            command: String::new(),
            age_ns: 0,
            snapshot: nothing(),
            totals: Totals::default(),
            rates: Rates::default(),
            history: History::default(),
            events: EventLog::default(),
            sampling: Sampling::default(),
            stacks: Ok(Vec::new()),
            position: None,
            at: None,
            executable_rates: HashMap::new(),
            places: Vec::new(),
            refused_rates: HashMap::new(),
        }
    }
}

impl Model {
    /// Takes in what a look has seen. What came without a page changes nothing but the status.
    pub fn update(&mut self, look: Look) {
        self.status = look.status;
        self.position = look.position;
        let Some(snapshot) = look.snapshot else { return };
        let another = snapshot.identity.pid != self.snapshot.identity.pid;
        if self.at.is_some_and(|before| look.at < before || another) {
            // A recording was wound back, or another process is shown.
            self.forget();
        }
        self.command = look.command;
        self.age_ns = look.age_ns;
        self.sampling = look.sampling;
        self.stacks = look.stacks;
        self.events.take_in(&snapshot);
        let seconds = self.at.map(|before| look.at.saturating_sub(before).as_secs_f64());
        if seconds.is_none_or(|seconds| seconds > 0.0) {
            self.at = Some(look.at);
            self.measure(&snapshot, seconds);
            self.places = self.find_places(&snapshot, seconds);
            self.totals = snapshot.totals();
            self.snapshot = snapshot;
        }
    }

    /// Executables in a state.
    pub fn count(&self, state: State) -> usize {
        self.snapshot.executables.iter().filter(|found| found.state == state).count()
    }

    /// The executable of this identity.
    pub fn executable(&self, key: Key) -> Option<&Executable> {
        self.snapshot.executables.iter().find(|found| key_of(found) == key)
    }

    /// Entries of an executable for each second.
    pub fn entry_rate(&self, key: Key) -> f64 {
        self.executable_rates.get(&key).copied().unwrap_or(0.0)
    }

    /// Attempts to compile a function for each second.
    pub fn refused_rate(&self, id: u64) -> f64 {
        self.refused_rates.get(&id).copied().unwrap_or(0.0)
    }

    /// The places of one kind.
    pub fn places(&self, kind: SiteKind) -> impl Iterator<Item = Place<'_>> {
        let all = self.snapshot.sites.iter().zip(&self.places);
        all.filter(move |(site, _)| site.kind == kind).map(|(site, &(id, rate))| Place { site, id, rate })
    }

    /// Share of the samples in which an executable ran.
    pub fn share(&self, key: Key) -> Option<f64> {
        let samples = self.sampling.samples()?;
        let own = samples.by_executable.get(&key).copied().unwrap_or(0);
        Some(share(own, samples.taken))
    }

    fn measure(&mut self, snapshot: &Snapshot, seconds: Option<f64>) {
        let Some(seconds) = seconds else { return };
        let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
        let (totals, before) = (snapshot.totals(), &self.totals);
        self.rates = Rates {
            entries: rate(totals.entries, before.entries),
            deopts: rate(totals.deopts, before.deopts),
            reifications: rate(totals.reifications, before.reifications),
            compile_ns: rate(snapshot.counters.compile_ns, self.snapshot.counters.compile_ns),
        };
        self.history.push(self.rates);
        let entries = |of: &Snapshot| of.executables.iter().map(|found| (key_of(found), found.entries)).collect();
        self.executable_rates = rates(entries(snapshot), &entries(&self.snapshot), rate);
        let refused = |of: &Snapshot| of.refused.iter().map(|found| (refused_id(found), found.count)).collect();
        self.refused_rates = rates(refused(snapshot), &refused(&self.snapshot), rate);
    }

    /// Tells places apart from look to look. What was seen at a place may change, so places that differ in nothing else are
    /// counted.
    fn find_places(&self, snapshot: &Snapshot, seconds: Option<f64>) -> Vec<(u64, f64)> {
        let known = self.places.iter().zip(&self.snapshot.sites);
        let before: HashMap<u64, u64> = known.map(|(&(id, _), site)| (id, site.count)).collect();
        let mut alike: HashMap<u64, u64> = HashMap::new();
        let place = |site: &Site| {
            let names = (&site.qualname, &site.filename, site.line);
            let reasons = (&site.reason, &site.opcode, &site.expected, &site.observer);
            let same = id_of(&(site.kind == SiteKind::Deopt, names, reasons));
            let number = alike.entry(same).or_default();
            *number += 1;
            let id = id_of(&(same, *number));
            let new = site.count.saturating_sub(before.get(&id).copied().unwrap_or(0));
            (id, seconds.map_or(0.0, |seconds| new as f64 / seconds))
        };
        snapshot.sites.iter().map(place).collect()
    }

    fn forget(&mut self) {
        *self = Self { status: self.status.clone(), position: self.position, ..Self::default() };
    }
}

fn rates<K: Copy + Eq + Hash>(
    now: HashMap<K, u64>,
    before: &HashMap<K, u64>,
    rate: impl Fn(u64, u64) -> f64,
) -> HashMap<K, f64> {
    now.into_iter().map(|(key, count)| (key, rate(count, before.get(&key).copied().unwrap_or(0)))).collect()
}

/// The page before the first look.
fn nothing() -> Snapshot {
    Snapshot {
        identity: Identity::default(),
        closed: false,
        counters: Counters::default(),
        executables: Vec::new(),
        torn_slots: 0,
        sites: Vec::new(),
        sites_lost: 0,
        refused: Vec::new(),
        refused_lost: 0,
        events: Vec::new(),
        events_lost: 0,
    }
}

/// A part of a whole, from 0 to 1.
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The identity of an executable.
pub fn key_of(found: &Executable) -> Key {
    (found.slot, found.generation)
}

/// A number that stays with a refused function from one look to the next.
pub fn refused_id(refused: &rjit_telemetry::Refused) -> u64 {
    id_of(&(&refused.qualname, &refused.filename, refused.first_line, refused.line, &refused.construct))
}

/// A number for what identifies a row.
pub fn id_of(identity: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    identity.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn look(snapshot: Snapshot, milliseconds: u64) -> Look {
        Look { at: Duration::from_millis(milliseconds), snapshot: Some(snapshot), ..Look::default() }
    }

    #[test]
    fn rates_are_changes_over_time() {
        let mut model = Model::default();
        model.update(look(sample::snapshot(), 10_000));
        assert_eq!(model.rates, Rates::default());
        let mut later = sample::snapshot();
        later.executables[0].entries += 500;
        later.counters.compile_ns += 1_000;
        later.sites[0].count += 10;
        model.update(look(later.clone(), 10_500));
        assert_eq!((model.rates.entries, model.rates.compile_ns), (1000.0, 2000.0));
        assert_eq!(model.entry_rate((0, 0)), 1000.0);
        assert_eq!(model.places(SiteKind::Deopt).map(|place| place.rate).collect::<Vec<_>>(), [20.0, 0.0]);
        model.update(look(later.clone(), 10_500));
        assert_eq!(model.rates.entries, 1000.0, "no time has passed");

        later.executables[0].generation += 1;
        later.executables[0].entries = 3;
        model.update(look(later, 11_500));
        assert_eq!(model.rates.entries, 0.0);
        assert_eq!(model.entry_rate((0, 1)), 3.0, "a new executable in an old slot counts from zero");
    }

    #[test]
    fn places_stay_themselves_whatever_is_seen_there() {
        let mut model = Model::default();
        let mut snapshot = sample::snapshot();
        snapshot.sites.push(Site { seen: Some("float".into()), ..snapshot.sites[0].clone() });
        model.update(look(snapshot.clone(), 0));
        let ids = |model: &Model| model.places(SiteKind::Deopt).map(|place| place.id).collect::<Vec<_>>();
        let before = ids(&model);
        assert_ne!(before[0], before[2]);
        snapshot.sites[0].seen = Some("bytes".into());
        snapshot.sites[0].count += 1;
        model.update(look(snapshot, 1_000));
        assert_eq!(ids(&model), before);
        assert_eq!(model.places(SiteKind::Deopt).map(|place| place.rate).collect::<Vec<_>>(), [1.0, 0.0, 0.0]);
    }

    #[test]
    fn a_recording_that_is_wound_back_starts_anew() {
        let mut model = Model::default();
        model.update(look(sample::snapshot(), 2_000));
        model.update(look(sample::snapshot(), 3_000));
        assert_eq!(model.history.len(), 1);
        model.update(look(sample::snapshot(), 500));
        assert_eq!(model.history.len(), 0);
        assert_eq!(model.snapshot, sample::snapshot());
    }

    #[test]
    fn another_process_starts_anew() {
        let mut model = Model::default();
        model.update(look(sample::snapshot(), 2_000));
        let mut other = sample::snapshot();
        other.identity.pid += 1;
        other.events.truncate(1);
        model.update(look(other, 3_000));
        assert_eq!((model.rates.entries, model.events.iter().len()), (0.0, 1));
    }

    #[test]
    fn a_look_without_a_page_keeps_the_numbers() {
        let mut model = Model::default();
        model.update(look(sample::snapshot(), 1_000));
        model.update(Look { status: Status::Unreadable("it was cut off".into()), ..Look::default() });
        assert_eq!(model.status, Status::Unreadable("it was cut off".into()));
        assert_eq!(model.snapshot, sample::snapshot());
    }

    #[test]
    fn shares_are_of_the_time_something_ran() {
        let mut model = Model::default();
        assert_eq!(model.share((1, 0)), None);
        model.update(Look { sampling: sample::sampling(), ..look(sample::snapshot(), 0) });
        assert_eq!(model.share((1, 0)), Some(0.5));
        assert_eq!(model.share((9, 9)), Some(0.0));
    }
}
