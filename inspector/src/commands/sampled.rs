//! Samples added up: of a process and, if wanted, its children, for some time, or of a recording.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rjit_sampling::Profile;

use crate::args::Sampled;
use crate::commands::target::{self, Attached};
use crate::commands::until_signal;
use crate::failure::Failure;
use crate::source::family;
use crate::source::recording::Recording;
use crate::source::watch::{Health, Watch};

/// How often samples are taken in while nobody looks.
const INTERVAL: Duration = Duration::from_millis(100);

/// Adds samples up and does something with them, and with words that say what they are of.
pub fn with(sampled: &Sampled, act: impl FnOnce(&Profile, &str) -> Result<(), Failure>) -> Result<ExitCode, Failure> {
    if let Some(path) = &sampled.recording {
        let recording = Recording::open(path)?;
        if recording.truncated {
            eprintln!("rjit-inspect: {} is cut off; it is shown up to there", path.display());
        }
        let mut profile = Profile::default();
        recording.steps.iter().for_each(|step| profile.add(&step.window));
        if profile.samples() == 0 {
            let why = recording.steps.iter().find_map(|step| step.sampled.as_ref().err());
            return Err(none(why.map_or("the process did not run while it was recorded", String::as_str)));
        }
        act(&profile, &recording.header.command)?;
        return Ok(ExitCode::SUCCESS);
    }
    target::with(&sampled.target, false, |attached| {
        let ended = until_signal()?;
        let mut family = Family::attach(attached, sampled.children, sampled.rate.hz)?;
        family.collect_for(sampled.duration, &ended);
        if family.profile.samples() == 0 {
            return Err(none(family.why_not().unwrap_or("the process did not run meanwhile")));
        }
        act(&family.profile, &family.title())
    })
}

fn none(why: &str) -> Failure {
    Failure::NoSamples(format!("there are no samples: {why}"))
}

/// A process and its children, as far as they run rjit.
pub struct Family {
    root: u32,
    command: String,
    hz: u32,
    watches: Vec<Watch>,
    with_children: bool,
    children: usize,
    /// The samples of all of them so far.
    pub profile: Profile,
    why_not: Option<String>,
    over: bool,
}

impl Family {
    /// Begins to sample a process and its children.
    pub fn attach(attached: &Attached, with_children: bool, hz: u32) -> Result<Self, Failure> {
        let watches = vec![Watch::attach(attached.pid, hz)?];
        let profile = Profile::default();
        let command = watches[0].command().to_owned();
        Ok(Self {
            root: attached.pid,
            command,
            hz,
            watches,
            with_children,
            children: 0,
            profile,
            why_not: None,
            over: false,
        })
    }

    /// Takes in the samples of so much time; less if the process ends or it is interrupted.
    pub fn collect_for(&mut self, duration: Duration, ended: &AtomicBool) {
        let end = Instant::now() + duration;
        while !self.over && !ended.load(Ordering::Relaxed) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            std::thread::sleep(left.min(INTERVAL));
            self.collect();
        }
    }

    /// Takes in the samples since the last time.
    pub fn collect(&mut self) {
        if self.with_children {
            self.find_children();
        }
        let (root, profile, why_not) = (self.root, &mut self.profile, &mut self.why_not);
        let mut over = false;
        self.watches.retain_mut(|watch| {
            let (step, _) = watch.step(false);
            profile.add(&step.window);
            if let Err(why) = step.sampled {
                *why_not = Some(why);
            }
            let gone = matches!(step.health, Health::Exited | Health::Unreadable(_));
            over |= gone && watch.pid() == root;
            !gone
        });
        self.over = self.over || (over && self.watches.is_empty());
    }

    /// Whether the process has ended.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Why there are no samples.
    pub fn why_not(&self) -> Option<&str> {
        self.why_not.as_deref()
    }

    /// What the samples are of.
    pub fn title(&self) -> String {
        let command = self.command.clone();
        match self.children {
            0 => command,
            1 => format!("{command} and one child"),
            many => format!("{command} and {many} children"),
        }
    }

    /// Children have a page as soon as they exist if they were forked, and later if they are other programs.
    fn find_children(&mut self) {
        for pid in family::descendants(self.root) {
            let known = self.watches.iter().any(|watch| watch.pid() == pid);
            if !known && let Ok(watch) = Watch::attach(pid, self.hz) {
                self.watches.push(watch);
                self.children += 1;
            }
        }
    }
}
