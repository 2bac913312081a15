//! A live process as the source of the screen's numbers, and its children if they are wanted.

use std::fs;
use std::path::{Path, PathBuf};

use crate::model::Key;
use crate::model::source::{Fetch, Look, Seek, Source, Status, Wanted};
use crate::source::family;
use crate::source::tally::Tally;
use crate::source::watch::{Step, Watch};

/// A process that runs, at least at first.
pub struct Live {
    /// The process, then its children in the order in which they were found.
    members: Vec<Member>,
    /// Which of them is shown.
    current: usize,
    /// How often children are sampled, if they are watched.
    children_hz: Option<u32>,
}

struct Member {
    watch: Watch,
    tally: Tally,
    /// Where it is at home, as long as that can be asked.
    directory: Option<PathBuf>,
    ended: bool,
}

impl Member {
    fn new(watch: Watch) -> Self {
        let directory = fs::read_link(format!("/proc/{}/cwd", watch.pid())).ok();
        Self { watch, tally: Tally::default(), directory, ended: false }
    }

    fn step(&mut self, stacks: bool) -> Step {
        let (step, _) = self.watch.step(stacks);
        self.tally.add(&step);
        step
    }
}

impl Live {
    /// Shows the process that is watched; with a rate of samples, its children, too.
    pub fn new(watch: Watch, children_hz: Option<u32>) -> Self {
        Self { members: vec![Member::new(watch)], current: 0, children_hz }
    }

    /// Watches children that are new, and keeps the samples of those that are not shown.
    fn tend(&mut self) {
        let Some(hz) = self.children_hz else { return };
        for pid in family::descendants(self.members[0].watch.pid()) {
            let known = self.members.iter().any(|member| member.watch.pid() == pid);
            // One that has ended again by now is none.
            if !known && let Ok(watch) = Watch::attach(pid, hz) {
                self.members.push(Member::new(watch));
            }
        }
        let current = self.current;
        for (_, member) in
            self.members.iter_mut().enumerate().filter(|(index, member)| *index != current && !member.ended)
        {
            let step = member.step(false);
            member.ended = matches!(step.health, crate::source::watch::Health::Exited);
        }
    }

    fn shown(&self) -> &Member {
        &self.members[self.current]
    }
}

impl Source for Live {
    fn look(&mut self, wanted: Wanted) -> Look {
        self.tend();
        let count = self.members.len();
        let member = &mut self.members[self.current];
        let step = member.step(wanted.stacks);
        let mut look = member.tally.look(&step, member.watch.command(), None);
        member.ended = look.status == Status::Exited;
        if count > 1 {
            // In front, because long command lines are cut.
            look.command = format!("({} of {count} processes) {}", self.current + 1, look.command);
        }
        look
    }

    fn details(&mut self, (slot, generation): Key) -> Fetch {
        let pid = self.shown().watch.pid();
        Box::new(move || rjit_telemetry::details(pid, slot, generation).map_err(|error| error.to_string()))
    }

    /// As the process names it, and as it is seen from here where the process lives in another root.
    fn source_files(&self, filename: &str) -> Vec<PathBuf> {
        let member = self.shown();
        let named = member.directory.as_deref().unwrap_or(Path::new("/")).join(filename);
        let root = PathBuf::from(format!("/proc/{}/root", member.watch.pid()));
        let inside = named.strip_prefix("/").map(|path| root.join(path));
        inside.into_iter().chain([named.clone()]).collect()
    }

    fn seek(&mut self, to: Seek) {
        if to == Seek::Process {
            self.current = (self.current + 1) % self.members.len();
            // Children come and go; those that are gone are passed over, but for the first.
            while self.current != 0 && self.shown().ended {
                self.current = (self.current + 1) % self.members.len();
            }
        }
    }
}
