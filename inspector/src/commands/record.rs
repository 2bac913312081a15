//! Records what looks at a process see.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::commands::target::{Attached, directory};
use crate::commands::until_signal;
use crate::failure::Failure;
use crate::format;
use crate::source::recording::{Header, Writer};
use crate::source::watch::{Health, Watch};

/// How soon a signal to end is noticed.
const PATIENCE: Duration = Duration::from_millis(50);

/// Records a process until it ends, the time is over, or somebody interrupts it.
pub fn run(
    attached: &Attached,
    output: &Path,
    duration: Option<Duration>,
    interval: Duration,
    hz: u32,
) -> Result<(), Failure> {
    let mut watch = Watch::attach(attached.pid, hz)?;
    let header = Header::new(attached.pid, watch.command(), directory(attached.pid));
    let mut writer = Writer::create(output, &header)?;
    let ended = until_signal()?;
    let start = Instant::now();
    let end = duration.map(|duration| start + duration);
    let (mut looks, mut samples) = (0_u64, 0);
    let mut next = start;
    loop {
        let (step, found) = watch.step(true);
        let over = matches!(step.health, Health::Exited | Health::Unreadable(_))
            || ended.load(Ordering::Relaxed)
            || end.is_some_and(|end| Instant::now() >= end);
        if looks == 0
            && let Err(why) = &step.sampled
        {
            eprintln!("rjit-inspect: the recording will have no samples: {why}");
        }
        looks += 1;
        samples += step.window.samples.len();
        for (executable, details) in found {
            writer.details(executable, details)?;
        }
        writer.step(step)?;
        if over {
            break;
        }
        next += interval;
        next = end.map_or(next, |end| next.min(end));
        while Instant::now() < next && !ended.load(Ordering::Relaxed) {
            std::thread::sleep(next.saturating_duration_since(Instant::now()).min(PATIENCE));
        }
    }
    let size = writer.finish()?;
    eprintln!(
        "rjit-inspect: {} of process {}: {looks} looks, {samples} samples, {} in {}",
        format::duration(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)),
        attached.pid,
        format::bytes(size),
        output.display()
    );
    Ok(())
}
