//! Adds steps up to what the screen shows.

use std::collections::VecDeque;
use std::time::Duration;

use rjit_sampling::{Method, Profile, Window};

use crate::model::source::{Look, Position, Samples, Sampling, Status};
use crate::source::watch::{Health, Sampled, Step};

/// How far back "in the last seconds" goes.
const RECENT: Duration = Duration::from_secs(10);

/// What was sampled so far.
#[derive(Default)]
pub struct Tally {
    total: Profile,
    recent: Profile,
    /// What `recent` is made of, with the end of each window.
    windows: VecDeque<(Duration, Window)>,
}

impl Tally {
    /// Takes in the next step.
    pub fn add(&mut self, step: &Step) {
        if step.sampled.is_err() {
            return;
        }
        self.total.add(&step.window);
        self.recent.add(&step.window);
        self.windows.push_back((step.at, step.window.clone()));
        while let Some((end, window)) = self.windows.front()
            && step.at.saturating_sub(*end) > RECENT
        {
            self.recent.subtract(window);
            self.windows.pop_front();
        }
    }

    /// What the screen shows after a step that was taken in.
    pub fn look(&self, step: &Step, command: &str, position: Option<Position>) -> Look {
        Look {
            status: match &step.health {
                Health::Running => Status::Running,
                Health::Closed => Status::Closed,
                Health::Exited => Status::Exited,
                Health::Unreadable(why) => Status::Unreadable(why.clone()),
            },
            at: step.at,
            age_ns: step.age_ns,
            command: command.into(),
            snapshot: step.snapshot.clone(),
            sampling: match &step.sampled {
                Ok(_) if self.total.samples() == 0 && step.at < RECENT => Sampling::Starting,
                Ok(sampled) => Sampling::On(Box::new(self.samples(sampled))),
                Err(why) => Sampling::Off(why.clone()),
            },
            stacks: step.threads.clone().unwrap_or_else(|| Ok(Vec::new())),
            position,
        }
    }

    fn samples(&self, sampled: &Sampled) -> Samples {
        let own = self.total.executables().filter(|(_, count)| count.own > 0);
        let lines = self.total.lines().into_iter().filter(|(_, count)| count.own > 0);
        Samples {
            method: match sampled.method {
                Method::PerfEvents => "perf events",
                Method::StackReads => "stack reads",
            }
            .into(),
            hz: sampled.hz.into(),
            overhead: sampled.overhead,
            taken: self.total.samples(),
            lost: sampled.lost,
            total: self.total.shares(),
            recent: self.recent.shares(),
            caution: (!sampled.notes.is_empty()).then(|| sampled.notes.join("; ")),
            by_executable: own.map(|(key, count)| (key, count.own)).collect(),
            by_line: lines.map(|(key, count)| ((key.file.clone(), key.line), count.own)).collect(),
            by_address: self.total.addresses().clone(),
        }
    }
}

#[cfg(test)]
pub mod build {
    use super::*;
    use rjit_sampling::{FrameKind, Sample, SampleFrame, Share};

    /// A step with so many samples of compiled code, at a second.
    pub fn step(second: u64, samples: u64) -> Step {
        let frame = SampleFrame {
            function: "work".into(),
            file: "/srv/app/main.py".into(),
            line: 7,
            kind: FrameKind::Compiled,
            executable: Some((1, 0)),
            address: Some(0x7000),
        };
        let sample = Sample { time_ns: second, tid: 9, share: Share::Compiled, frames: vec![frame] };
        Step {
            health: Health::Running,
            at: Duration::from_secs(second),
            age_ns: second * 1_000_000_000,
            snapshot: Some(crate::sample::snapshot()),
            window: Window {
                samples: vec![sample; samples as usize],
                wall_ns: 1_000_000_000,
                cpu_ns: samples * 10_000_000,
                waited_ns: 0,
                period_ns: 10_000_000,
                lost: 0,
                sees_kernel: true,
            },
            sampled: Ok(Sampled {
                method: Method::PerfEvents,
                hz: 100,
                notes: Vec::new(),
                samples,
                lost: 0,
                overhead: Some(0.001),
            }),
            threads: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_seconds_forget() {
        let mut tally = Tally::default();
        for second in 0..40 {
            tally.add(&build::step(second, if second < 20 { 50 } else { 10 }));
        }
        let look = tally.look(&build::step(39, 0), "python app.py", None);
        let Sampling::On(samples) = look.sampling else { panic!("there are samples") };
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
        near(samples.total.compiled, 0.3);
        near(samples.total.idle, 0.7);
        near(samples.recent.compiled, 0.1);
        near(samples.recent.idle, 0.9);
        assert_eq!(samples.taken, 1200);
        assert_eq!(samples.by_executable[&(1, 0)], 1200);
        assert_eq!(samples.by_line[&("/srv/app/main.py".to_owned(), 7)], 1200);
        assert_eq!(samples.by_address[&0x7000], 1200);
    }

    #[test]
    fn what_cannot_be_sampled_says_why() {
        let step = Step { sampled: Err("not permitted".into()), threads: Some(Err("no".into())), ..build::step(1, 0) };
        let mut tally = Tally::default();
        tally.add(&step);
        let look = tally.look(&step, "", None);
        assert_eq!(look.sampling, Sampling::Off("not permitted".into()));
        assert_eq!(look.stacks, Err("no".into()));
    }
}
