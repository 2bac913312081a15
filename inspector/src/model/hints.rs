//! What the numbers mean: does rjit do well for this program, and if not, where to look.

use std::collections::HashSet;

use rjit_sampling::Shares;
use rjit_telemetry::{Executable, Site, SiteKind, State};

use crate::app::tab::Tab;
use crate::format;
use crate::model::source::{Sampling, busy};
use crate::model::{Model, Place, Rates};
use crate::theme::Tone;

/// Looks whose mean counts as "now": some ten seconds.
const RECENT: usize = 20;
/// Fewer samples than this say nothing.
const ENOUGH_SAMPLES: u64 = 50;
/// A program that hardly runs does neither well nor badly.
const LEAST_BUSY: f64 = 0.01;
/// Deopts or reifications a second that somebody should know of.
const NOTABLE_RATE: f64 = 10.0;
/// So many a second cost more than compiling brings.
const STORM_RATE: f64 = 1_000.0;
/// Share of the time in the interpreter from which on it is worth asking why.
const NOTABLE_INTERPRETED: f64 = 0.25;
/// Share of the time in C code from which on the compiler matters little.
const NOTABLE_NATIVE: f64 = 0.5;
const NOTABLE_GC: f64 = 0.15;
const NOTABLE_COMPILING: f64 = 0.05;

/// A sentence about the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    pub tone: Tone,
    pub text: String,
    /// The view that shows more.
    pub see: Option<Tab>,
}

/// What to say about a process, the most urgent first.
pub fn hints(model: &Model) -> Vec<Hint> {
    let mut hints = Vec::new();
    hints.extend(deopts(model));
    hints.extend(reifications(model));
    hints.extend(invalidated(model));
    if let Some(shares) = recent_shares(model) {
        hints.extend(interpreted(model, shares));
        // In a storm the time goes to leaving compiled code, which is C code too.
        if !hints.iter().any(|hint| hint.tone == Tone::Bad) {
            hints.extend(elsewhere(shares));
        }
    }
    hints.extend(compiling(model));
    if model.snapshot.counters.overflow > 0 {
        let text = format!(
            "the table is full: {} executables are counted as one",
            format::count(model.snapshot.counters.overflow)
        );
        hints.push(hint(Tone::Warning, text, Some(Tab::Executables)));
    }
    if !hints.iter().any(|hint| matches!(hint.tone, Tone::Bad | Tone::Warning)) {
        hints.insert(0, all_is_well(model));
    }
    match &model.sampling {
        Sampling::Off(why) => hints.push(hint(Tone::Faint, format!("no samples: {why}"), None)),
        Sampling::On(samples) => {
            hints.extend(samples.caution.as_ref().map(|why| hint(Tone::Faint, format!("samples: {why}"), None)));
        }
        Sampling::Starting => {}
    }
    hints
}

fn hint(tone: Tone, text: String, see: Option<Tab>) -> Hint {
    Hint { tone, text, see }
}

/// What the time in which something ran goes to, if there was enough of it.
fn recent_shares(model: &Model) -> Option<Shares> {
    let samples = model.sampling.samples()?;
    let shares = [samples.recent, samples.total].into_iter().find(|shares| busy(shares) >= LEAST_BUSY)?;
    let whole = busy(&shares);
    (samples.taken >= ENOUGH_SAMPLES).then(|| Shares {
        compiled: shares.compiled / whole,
        interpreted: shares.interpreted / whole,
        native: shares.native / whole,
        gc: shares.gc / whole,
        idle: 0.0,
    })
}

fn all_is_well(model: &Model) -> Hint {
    if model.count(State::Live) == 0 {
        return hint(
            Tone::Text,
            "nothing is compiled yet: functions are once they have been called often".into(),
            Some(Tab::Events),
        );
    }
    let shares = recent_shares(model);
    let text = match shares {
        Some(shares) => format!(
            "rjit does well here: {} of the busy time is compiled code, {} interpreted",
            format::percent(shares.compiled),
            format::percent(shares.interpreted)
        ),
        None => "rjit does well here: no deopts or reifications to speak of".into(),
    };
    hint(Tone::Good, text, Some(Tab::Executables))
}

/// The place that does most of something now, with its part of it; where nothing happens now, of all there was.
fn busiest(model: &Model, kind: SiteKind) -> Option<(&Site, f64)> {
    let now: f64 = model.places(kind).map(|place| place.rate).sum();
    let weight = |place: &Place<'_>| if now > 0.0 { place.rate } else { place.site.count as f64 };
    let all: f64 = model.places(kind).map(|place| weight(&place)).sum();
    let most = model.places(kind).max_by(|a, b| weight(a).total_cmp(&weight(b)))?;
    Some((most.site, weight(&most) / all.max(f64::MIN_POSITIVE)))
}

fn tone_of_rate(rate: f64) -> Tone {
    if rate >= STORM_RATE { Tone::Bad } else { Tone::Warning }
}

fn deopts(model: &Model) -> Option<Hint> {
    let rate = model.history.mean(RECENT, Rates::failed_guesses);
    if rate < NOTABLE_RATE {
        return None;
    }
    let mut text = format!("{} deopts", format::rate(rate));
    if let Some((site, part)) = busiest(model, SiteKind::Deopt) {
        text += &format!(
            ", {} at {}: {}",
            format::percent(part),
            format::place(&site.filename, site.line),
            format::guess(site)
        );
    }
    Some(hint(tone_of_rate(rate), text, Some(Tab::Deopts)))
}

fn reifications(model: &Model) -> Option<Hint> {
    let rate = model.history.mean(RECENT, |rates| rates.reifications);
    if rate < NOTABLE_RATE {
        return None;
    }
    let mut text = format!("{} frames completed for observers", format::rate(rate));
    if let Some((site, part)) = busiest(model, SiteKind::Reification) {
        text += &format!(", {}: {}", format::percent(part), site.reason);
        if let Some(observer) = &site.observer {
            text += &format!(" in {}", format::observer(observer));
        }
    }
    Some(hint(tone_of_rate(rate), text, Some(Tab::Reifications)))
}

/// Executables that were taken out of use, and that no other has taken the place of.
fn invalidated(model: &Model) -> Option<Hint> {
    let executables = &model.snapshot.executables;
    let name = |found: &Executable| (found.qualname.clone(), found.filename.clone(), found.line);
    let live: HashSet<_> = executables.iter().filter(|found| found.state == State::Live).map(name).collect();
    let mut lost = executables.iter().filter(|found| found.state == State::Invalidated && !live.contains(&name(found)));
    let first = lost.next()?;
    let more = match lost.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let text = format!("{}{more}: its code was invalidated, and is not compiled anew yet", first.qualname);
    Some(hint(Tone::Warning, text, Some(Tab::Executables)))
}

fn interpreted(model: &Model, shares: Shares) -> Option<Hint> {
    let part = shares.interpreted;
    if part < NOTABLE_INTERPRETED {
        return None;
    }
    let mut text = format!("{} of the busy time is interpreted", format::percent(part));
    let often = model.snapshot.refused.iter().max_by_key(|refused| refused.count);
    if let Some(refused) = often {
        let place = format::place(&refused.filename, refused.line);
        text += &format!("; {} was refused ({}, {place})", refused.qualname, refused.construct);
    }
    Some(hint(Tone::Warning, text, Some(if often.is_some() { Tab::Refused } else { Tab::Stacks })))
}

fn elsewhere(shares: Shares) -> Vec<Hint> {
    let mut hints = Vec::new();
    let Shares { gc, native, .. } = shares;
    if gc >= NOTABLE_GC {
        let text = format!("{} of the busy time goes to the garbage collector", format::percent(gc));
        hints.push(hint(Tone::Text, text, None));
    }
    if native >= NOTABLE_NATIVE {
        let text = format!("{} of the busy time goes to C code, which stays as it is", format::percent(native));
        hints.push(hint(Tone::Text, text, None));
    }
    hints
}

fn compiling(model: &Model) -> Option<Hint> {
    let part = model.history.mean(RECENT, |rates: &Rates| rates.compile_ns) / 1e9;
    let text = format!("compiling takes {} of the time: the program is still warming up", format::percent(part));
    (part >= NOTABLE_COMPILING).then(|| hint(Tone::Text, text, Some(Tab::Events)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::source::{Look, Samples};
    use crate::sample;

    fn model(change: impl Fn(&mut rjit_telemetry::Snapshot), sampling: Sampling) -> Model {
        let mut model = Model::default();
        let mut quiet = sample::snapshot();
        quiet.executables.retain(|found| found.state != State::Invalidated);
        for second in 0..5 {
            model.update(Look {
                at: Duration::from_secs(second),
                snapshot: Some(quiet.clone()),
                sampling: sampling.clone(),
                ..Look::default()
            });
            change(&mut quiet);
        }
        model
    }

    fn shares(taken: u64, shares: Shares) -> Sampling {
        Sampling::On(Box::new(Samples { taken, recent: shares, total: shares, ..Samples::default() }))
    }

    fn texts(model: &Model) -> Vec<String> {
        hints(model).into_iter().map(|hint| hint.text).collect()
    }

    #[test]
    fn a_storm_names_its_line() {
        let stormy = model(
            |snapshot| {
                snapshot.executables[0].deopts += 4_000;
                snapshot.sites[0].count += 3_000;
                snapshot.sites[1].count += 1_000;
            },
            Sampling::Starting,
        );
        let first = &hints(&stormy)[0];
        assert_eq!((first.tone, first.see), (Tone::Bad, Some(Tab::Deopts)));
        assert!(first.text.contains("4.0k/s deopts, 75 % at deltablue.py:63"), "{}", first.text);
    }

    #[test]
    fn observers_are_named() {
        let watched = model(
            |snapshot| {
                // Who is observed is left, too.
                snapshot.executables[0].deopts += 50;
                snapshot.executables[0].reifications += 50;
                snapshot.sites[2].count += 50;
            },
            Sampling::Starting,
        );
        let first = &hints(&watched)[0];
        assert_eq!((first.tone, first.see), (Tone::Warning, Some(Tab::Reifications)));
        assert!(first.text.contains("sys._getframe in "), "{}", first.text);
    }

    #[test]
    fn the_interpreter_the_collector_and_c_are_told_apart() {
        let shares = |compiled: u64, interpreted: u64, native: u64, gc: u64| {
            let part = |count: u64| count as f64 / 200.0;
            let [compiled, interpreted, native, gc] = [compiled, interpreted, native, gc].map(part);
            texts(&model(|_| {}, shares(100, Shares { compiled, interpreted, native, gc, idle: 0.5 })))
        };
        assert!(shares(60, 40, 0, 0)[0].contains("40 % of the busy time is interpreted; walk was refused"));
        assert!(shares(80, 0, 0, 20)[1].contains("20 % of the busy time goes to the garbage collector"));
        assert!(shares(30, 0, 70, 0)[1].contains("70 % of the busy time goes to C code"));
        assert!(shares(99, 1, 0, 0)[0].contains("99 % of the busy time is compiled code, 1.0 % interpreted"));
        assert_eq!(shares(1, 0, 0, 0), ["rjit does well here: no deopts or reifications to speak of"]);
    }

    #[test]
    fn what_was_invalidated_and_compiled_anew_is_no_trouble() {
        let told = |again: bool| {
            let mut model = Model::default();
            let mut snapshot = sample::snapshot();
            if again {
                let old = snapshot.executables[3].clone();
                snapshot.executables.push(Executable { slot: 9, state: State::Live, ..old });
            }
            model.update(Look { snapshot: Some(snapshot), ..Look::default() });
            texts(&model)[0].clone()
        };
        assert!(told(false).starts_with("Strength.weaker: its code was invalidated"));
        assert!(told(true).starts_with("rjit does well here"));
    }

    #[test]
    fn missing_samples_are_explained() {
        let without = model(|_| {}, Sampling::Off("the kernel forbids it".into()));
        assert_eq!(texts(&without)[1], "no samples: the kernel forbids it");
    }

    #[test]
    fn what_samples_cannot_tell_is_said() {
        let caution = Some("the kernel gives none, so stacks are read".to_string());
        let coarse = model(|_| {}, Sampling::On(Box::new(Samples { caution, ..Samples::default() })));
        assert_eq!(texts(&coarse)[1], "samples: the kernel gives none, so stacks are read");
    }

    #[test]
    fn nothing_compiled_is_said() {
        let empty = model(|snapshot| snapshot.executables.clear(), Sampling::Starting);
        assert!(texts(&empty)[0].starts_with("nothing is compiled yet"));
    }
}
