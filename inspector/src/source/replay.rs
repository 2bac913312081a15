//! A recording as the source of the screen's numbers.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::model::Key;
use crate::model::source::{Fetch, Look, Position, Seek, Source, Wanted};
use crate::source::recording::Recording;
use crate::source::tally::Tally;

/// How far one key press moves.
const STRIDE: Duration = Duration::from_secs(5);

/// Shows a recording, as fast as it was.
pub struct Replay {
    recording: Recording,
    tally: Tally,
    /// The steps before this one are in the tally; the last of them is shown.
    next: usize,
    at: Duration,
    playing: bool,
    clock: Instant,
}

impl Replay {
    /// Starts at the first step.
    pub fn new(recording: Recording) -> Self {
        Self {
            at: recording.steps[0].at,
            recording,
            tally: Tally::default(),
            next: 0,
            playing: true,
            clock: Instant::now(),
        }
    }

    fn ends(&self) -> (Duration, Duration) {
        let steps = &self.recording.steps;
        (steps[0].at, steps[steps.len() - 1].at)
    }

    /// Lets so much time pass.
    fn advance(&mut self, passed: Duration) {
        if self.playing {
            self.move_to(self.at + passed);
            self.playing = self.at < self.ends().1;
        }
    }

    fn move_to(&mut self, to: Duration) {
        let (first, last) = self.ends();
        self.at = to.clamp(first, last);
        let next = self.recording.steps.partition_point(|step| step.at <= self.at);
        if next < self.next {
            self.tally = Tally::default();
            self.next = 0;
        }
        for step in &self.recording.steps[self.next..next] {
            self.tally.add(step);
        }
        self.next = next;
    }
}

impl Source for Replay {
    fn look(&mut self, _wanted: Wanted) -> Look {
        let passed = self.clock.elapsed();
        self.clock = Instant::now();
        self.advance(passed);
        // Also takes in the first step.
        self.move_to(self.at);
        let (first, last) = self.ends();
        let position =
            Position { at: self.at.saturating_sub(first), length: last.saturating_sub(first), playing: self.playing };
        let step = &self.recording.steps[self.next - 1];
        self.tally.look(step, &self.recording.header.command, Some(position))
    }

    fn details(&mut self, key: Key) -> Fetch {
        let found = self.recording.details.get(&key).cloned();
        Box::new(move || found.ok_or_else(|| "the recording has no details of it: only of what was sampled".to_owned()))
    }

    fn source_files(&self, filename: &str) -> Vec<PathBuf> {
        let home = self.recording.header.directory.iter().map(|directory| directory.join(filename));
        home.chain([PathBuf::from(filename)]).collect()
    }

    fn seek(&mut self, to: Seek) {
        let (first, last) = self.ends();
        match to {
            Seek::Toggle if self.at == last => {
                self.move_to(first);
                self.playing = true;
            }
            Seek::Toggle => self.playing = !self.playing,
            Seek::Back => self.move_to(self.at.saturating_sub(STRIDE)),
            Seek::Forward => self.move_to(self.at + STRIDE),
            Seek::Start => self.move_to(first),
            Seek::End => self.move_to(last),
            // A recording is of one.
            Seek::Process => {}
        }
        self.clock = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::source::Sampling;
    use crate::source::recording::build;

    fn replay() -> Replay {
        Replay::new(build::read(&build::bytes(20)).unwrap())
    }

    /// Second and samples of compiled code so far.
    fn seen(replay: &mut Replay) -> (u64, u64) {
        replay.playing = false;
        let look = replay.look(Wanted::default());
        let Sampling::On(samples) = look.sampling else { panic!("it was sampled") };
        (look.at.as_secs(), samples.taken)
    }

    #[test]
    fn moves_both_ways_and_stays_inside() {
        let mut replay = replay();
        assert_eq!(seen(&mut replay), (0, 10));
        replay.seek(Seek::Forward);
        assert_eq!(seen(&mut replay), (5, 60));
        replay.seek(Seek::Back);
        replay.seek(Seek::Back);
        assert_eq!(seen(&mut replay), (0, 10));
        replay.seek(Seek::End);
        replay.seek(Seek::Forward);
        assert_eq!(seen(&mut replay), (19, 200));
        replay.seek(Seek::Start);
        assert_eq!(seen(&mut replay), (0, 10));
    }

    #[test]
    fn plays_until_its_end() {
        let mut replay = replay();
        replay.advance(Duration::from_millis(2500));
        assert!(replay.playing);
        assert_eq!(seen(&mut replay), (2, 30));
        replay.seek(Seek::Toggle);
        assert!(replay.playing);
        replay.advance(Duration::from_secs(60));
        assert!(!replay.playing);
        assert_eq!(replay.look(Wanted::default()).position.unwrap().at, Duration::from_secs(19));
        replay.seek(Seek::Toggle);
        assert!(replay.playing);
        assert_eq!(replay.at, Duration::ZERO);
    }

    #[test]
    fn tells_the_details_that_were_recorded() {
        let mut replay = replay();
        assert_eq!(replay.details((1, 0))(), Ok(crate::sample::details()));
        assert!(replay.details((9, 9))().unwrap_err().contains("only of what was sampled"));
        assert_eq!(replay.source_files("a.py")[0], PathBuf::from("/srv/app/a.py"));
    }
}
