//! Samples added up: shares of time, and what each function, line, executable and stack has of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::sampler::{Sample, SampleFrame, Share, Window};
use crate::stack::FrameKind;

/// Samples that ended in something, and samples that had it anywhere on their stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// It was the innermost.
    pub own: u64,
    /// It was on the stack, counted once a sample.
    pub total: u64,
}

/// A function, as one who runs it: compiled and interpreted runs of the same function are told apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FunctionKey {
    /// Qualified name, or symbol.
    pub function: String,
    /// Its file, or module.
    pub file: String,
    /// Who runs it.
    pub kind: FrameKind,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LineKey {
    /// The file.
    pub file: String,
    /// The line.
    pub line: u32,
}

/// Parts of the time; together 1, or all zero if there was no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shares {
    /// In machine code of rjit.
    pub compiled: f64,
    /// In the interpreter's loop.
    pub interpreted: f64,
    /// In other native code, the kernel included.
    pub native: f64,
    /// In the garbage collector.
    pub gc: f64,
    /// Neither running nor waiting for a CPU.
    pub idle: f64,
}

/// What samples add up to.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    samples: u64,
    by_share: BTreeMap<Share, u64>,
    busy_ns: u64,
    idle_ns: u64,
    kernel_ns: u64,
    functions: HashMap<FunctionKey, Count>,
    lines: HashMap<LineKey, Count>,
    executables: HashMap<(u32, u32), Count>,
    addresses: HashMap<u64, u64>,
    stacks: HashMap<Vec<FunctionKey>, u64>,
}

impl Profile {
    /// Adds what was sampled in a stretch of time.
    pub fn add(&mut self, window: &Window) {
        let (busy, idle, kernel) = times(window);
        self.busy_ns += busy;
        self.idle_ns += idle;
        self.kernel_ns += kernel;
        for sample in &window.samples {
            self.change(sample, |count| *count += 1);
        }
    }

    /// Takes away what was added, for a profile of the last seconds.
    pub fn subtract(&mut self, window: &Window) {
        let (busy, idle, kernel) = times(window);
        self.busy_ns = self.busy_ns.saturating_sub(busy);
        self.idle_ns = self.idle_ns.saturating_sub(idle);
        self.kernel_ns = self.kernel_ns.saturating_sub(kernel);
        for sample in &window.samples {
            self.change(sample, |count| *count = count.saturating_sub(1));
        }
        self.by_share.retain(|_, count| *count > 0);
        self.functions.retain(|_, count| count.total > 0);
        self.lines.retain(|_, count| count.total > 0);
        self.executables.retain(|_, count| count.total > 0);
        self.addresses.retain(|_, count| *count > 0);
        self.stacks.retain(|_, count| *count > 0);
    }

    /// How many samples were added.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// CPU time of all threads, and the time in which none of them ran or waited for a CPU, in nanoseconds.
    pub fn times_ns(&self) -> (u64, u64) {
        (self.busy_ns, self.idle_ns)
    }

    /// How many samples went to something.
    pub fn count(&self, share: Share) -> u64 {
        self.by_share.get(&share).copied().unwrap_or(0)
    }

    /// CPU time in which no samples are taken, which is that in the kernel where it does not permit them there.
    pub fn unsampled_ns(&self) -> u64 {
        self.kernel_ns
    }

    /// All executables that were sampled, by slot and generation, in no order.
    pub fn executables(&self) -> impl Iterator<Item = ((u32, u32), Count)> {
        self.executables.iter().map(|(&key, &count)| (key, count))
    }

    /// What the time went to.
    pub fn shares(&self) -> Shares {
        let total = (self.busy_ns + self.idle_ns) as f64;
        if total == 0.0 {
            return Shares::default();
        }
        let sampled = self.busy_ns.saturating_sub(self.kernel_ns) as f64;
        let part = |share: Share| {
            let count = self.count(share) as f64;
            if self.samples == 0 { 0.0 } else { sampled * count / self.samples as f64 / total }
        };
        let unsampled = if self.samples == 0 { self.busy_ns } else { self.kernel_ns } as f64 / total;
        Shares {
            compiled: part(Share::Compiled),
            interpreted: part(Share::Interpreted),
            native: part(Share::Native) + unsampled,
            gc: part(Share::Gc),
            idle: self.idle_ns as f64 / total,
        }
    }

    /// The functions, most own samples first.
    pub fn functions(&self) -> Vec<(&FunctionKey, Count)> {
        sorted(&self.functions)
    }

    /// The lines of Python code, most own samples first.
    pub fn lines(&self) -> Vec<(&LineKey, Count)> {
        sorted(&self.lines)
    }

    /// A line of Python code.
    pub fn line(&self, file: &str, line: u32) -> Count {
        self.lines.get(&LineKey { file: file.into(), line }).copied().unwrap_or_default()
    }

    /// An executable by slot and generation. Its own samples are those whose innermost Python frame is in it: what its
    /// machine code calls in the runtime counts.
    pub fn executable(&self, executable: (u32, u32)) -> Count {
        self.executables.get(&executable).copied().unwrap_or_default()
    }

    /// Samples by the address of machine code that ran, for heat beside a disassembly.
    pub fn addresses(&self) -> &HashMap<u64, u64> {
        &self.addresses
    }

    /// Stacks, outermost function first, with the number of their samples, in order.
    pub fn stacks(&self) -> Vec<(&[FunctionKey], u64)> {
        let mut found: Vec<_> = self.stacks.iter().map(|(stack, &count)| (stack.as_slice(), count)).collect();
        found.sort();
        found
    }

    fn change(&mut self, sample: &Sample, change: impl Fn(&mut u64)) {
        change(&mut self.samples);
        change(self.by_share.entry(sample.share).or_default());
        let key = |frame: &SampleFrame| FunctionKey {
            function: frame.function.clone(),
            file: frame.file.clone(),
            kind: frame.kind,
        };
        if let Some(innermost) = sample.frames.first() {
            change(&mut self.functions.entry(key(innermost)).or_default().own);
            if let Some(address) = innermost.address {
                change(self.addresses.entry(address).or_default());
            }
        }
        let is_python = |frame: &&SampleFrame| frame.kind != FrameKind::Native || frame.line != 0;
        if let Some(innermost) = sample.frames.iter().find(is_python) {
            change(
                &mut self.lines.entry(LineKey { file: innermost.file.clone(), line: innermost.line }).or_default().own,
            );
            if let Some(executable) = innermost.executable {
                change(&mut self.executables.entry(executable).or_default().own);
            }
        }
        // A function that recurs is on the stack once.
        let functions: HashSet<FunctionKey> = sample.frames.iter().map(key).collect();
        for function in functions {
            change(&mut self.functions.entry(function).or_default().total);
        }
        let lines: HashSet<(&str, u32)> =
            sample.frames.iter().filter(is_python).map(|frame| (frame.file.as_str(), frame.line)).collect();
        for (file, line) in lines {
            change(&mut self.lines.entry(LineKey { file: file.into(), line }).or_default().total);
        }
        let executables: HashSet<(u32, u32)> = sample.frames.iter().filter_map(|frame| frame.executable).collect();
        for executable in executables {
            change(&mut self.executables.entry(executable).or_default().total);
        }
        change(self.stacks.entry(sample.frames.iter().rev().map(key).collect()).or_default());
    }
}

/// Busy and idle time of a window, and how much of the busy time the kernel kept to itself.
fn times(window: &Window) -> (u64, u64, u64) {
    // A thread that waits for a CPU is not idle: the machine is busy with others.
    let idle = window.wall_ns.saturating_sub(window.cpu_ns).saturating_sub(window.waited_ns);
    let sampled = (window.samples.len() as u64 + window.lost) * window.period_ns;
    let kernel = if window.sees_kernel { 0 } else { window.cpu_ns.saturating_sub(sampled) };
    (window.cpu_ns, idle, kernel)
}

fn sorted<K: Ord>(counts: &HashMap<K, Count>) -> Vec<(&K, Count)> {
    let mut found: Vec<_> = counts.iter().map(|(key, &count)| (key, count)).collect();
    found.sort_by(|(x, a), (y, b)| (b.own, b.total).cmp(&(a.own, a.total)).then_with(|| x.cmp(y)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(function: &str, line: u32, kind: FrameKind) -> SampleFrame {
        let executable = (kind == FrameKind::Compiled).then_some((3, 1));
        SampleFrame { function: function.into(), file: "main.py".into(), line, kind, executable, address: None }
    }

    fn window(samples: Vec<Sample>, wall_ms: u64, cpu_ms: u64, sees_kernel: bool) -> Window {
        let (wall_ns, cpu_ns) = (wall_ms * 1_000_000, cpu_ms * 1_000_000);
        Window { samples, wall_ns, cpu_ns, period_ns: 10_000_000, sees_kernel, ..Window::default() }
    }

    fn sample(share: Share, frames: Vec<SampleFrame>) -> Sample {
        Sample { time_ns: 1, tid: 1, share, frames }
    }

    fn samples() -> Vec<Sample> {
        let module = || frame("<module>", 7, FrameKind::Interpreted);
        let work = |line| frame("work", line, FrameKind::Compiled);
        let native = SampleFrame { file: "libm.so".into(), executable: None, ..frame("sin", 0, FrameKind::Native) };
        vec![
            sample(Share::Compiled, vec![work(3), work(2), module()]),
            sample(Share::Native, vec![native, work(3), module()]),
            sample(Share::Interpreted, vec![module()]),
        ]
    }

    #[test]
    fn counts_once_a_sample() {
        let mut profile = Profile::default();
        profile.add(&window(samples(), 100, 30, true));
        let executable = profile.executable((3, 1));
        assert_eq!((executable.own, executable.total), (2, 2));
        assert_eq!(profile.line("main.py", 3), Count { own: 2, total: 2 });
        assert_eq!(profile.line("main.py", 7), Count { own: 1, total: 3 });
        let functions: Vec<_> = profile
            .functions()
            .into_iter()
            .map(|(key, count)| (key.function.as_str(), count.own, count.total))
            .collect();
        assert_eq!(functions, [("<module>", 1, 3), ("work", 1, 2), ("sin", 1, 1)]);
        assert_eq!(profile.stacks().len(), 3);
        assert!(!profile.lines().iter().any(|(key, _)| key.file == "libm.so"));
    }

    #[test]
    fn shares_are_of_all_time() {
        let mut profile = Profile::default();
        assert_eq!(profile.shares(), Shares::default());
        profile.add(&window(samples(), 100, 30, true));
        let shares = profile.shares();
        assert!((shares.idle - 0.7).abs() < 1e-9);
        assert!((shares.compiled - 0.1).abs() < 1e-9);
        assert_eq!(shares.gc, 0.0);
        profile.add(&Window { waited_ns: 60_000_000, ..window(Vec::new(), 100, 30, true) });
        assert_eq!(profile.times_ns(), (60_000_000, 80_000_000));
        profile.add(&window(Vec::new(), 100, 400, true));
        let shares = profile.shares();
        assert!((shares.compiled + shares.interpreted + shares.native + shares.gc + shares.idle - 1.0).abs() < 1e-9);
    }

    #[test]
    fn time_in_the_kernel_is_native() {
        let mut profile = Profile::default();
        profile.add(&window(samples(), 100, 60, false));
        let shares = profile.shares();
        assert!((shares.native - 0.4).abs() < 1e-9, "{shares:?}");
        let mut profile = Profile::default();
        profile.add(&window(Vec::new(), 100, 50, true));
        assert!((profile.shares().native - 0.5).abs() < 1e-9);
    }

    #[test]
    fn what_is_subtracted_is_gone() {
        let mut profile = Profile::default();
        let first = window(samples(), 100, 30, true);
        profile.add(&first);
        let second = window(samples()[2..].to_vec(), 50, 10, true);
        profile.add(&second);
        profile.subtract(&first);
        assert_eq!(profile.samples(), 1);
        assert_eq!(profile.functions().len(), 1);
        assert_eq!(profile.times_ns(), (10_000_000, 40_000_000));
        assert_eq!(profile.executable((3, 1)), Count::default());
        profile.subtract(&second);
        assert!(profile.stacks().is_empty() && profile.lines().is_empty());
    }
}
