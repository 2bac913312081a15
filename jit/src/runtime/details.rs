//! The thread that tells details of executables to whoever asks over the socket beside the telemetry page.
//!
//! It is there once something is compiled, sleeps while nobody asks, and looks at no object: what it tells is kept beside the
//! machine code. All signals are blocked in it, and it has file descriptors of its own: the program has none that it has not
//! opened, and may close all. It is gone while the process forks, for the reasons that the ticker has.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rjit_telemetry::{Details, DetailsServer, Missing, SlotId};

use super::threads;
use crate::code::details::Known;
use crate::cpython::gil::GilCell;
use crate::telemetry;

/// The name of the thread, as debuggers and `ps -L` show it.
const NAME: &str = "rjit-details";
/// It prints and formats; Cranelift lowers code again, which goes no deeper than functions are inlined.
const STACK: usize = 2 << 20;

/// What can be told, by slot and generation.
type Executables = HashMap<(u32, u32), Arc<Known>>;

#[derive(Default)]
struct Service {
    known: Arc<Mutex<Executables>>,
    /// The thread says its number when it ends.
    running: Option<(DetailsServer, JoinHandle<i32>)>,
    process: u32,
    /// It was tried and cannot be.
    has_failed: bool,
}

static SERVICE: GilCell<Option<Service>> = GilCell::new(None);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it is held.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with<R>(work: impl FnOnce(&mut Service) -> R) -> R {
    SERVICE.with(|service| {
        let process = std::process::id();
        work(service.get_or_insert_with(|| Service { process, ..Service::default() }))
    })
}

/// Makes details of an executable available under its slot.
pub fn add(slot: SlotId, known: Known) {
    if slot.is_overflow() {
        return;
    }
    with(|service| {
        // A child that was forked in a way that tells nobody has no page either, and may have a lock that nobody gives back.
        if service.process == std::process::id() {
            lock(&service.known).insert((slot.index(), slot.generation()), Arc::new(known));
            service.start();
        }
    });
}

/// Makes them unavailable: the executable is about to be freed.
pub fn remove(slot: SlotId) {
    with(|service| {
        if service.process == std::process::id() {
            lock(&service.known).remove(&(slot.index(), slot.generation()));
        }
    });
}

/// Ends the thread until [`go_on`], because the process forks. The GIL must be held; the thread does not want it.
pub fn stop() {
    with(Service::stop);
}

/// Goes on after a fork, in the parent or, once it has a page of its own, in the child.
pub fn go_on() {
    with(|service| {
        let process = std::process::id();
        if service.process != process {
            service.process = process;
            service.has_failed |= !threads::may_stay();
        }
        if !lock(&service.known).is_empty() {
            service.start();
        }
    });
}

/// Ends it for good.
pub fn close() {
    with(|service| {
        service.stop();
        service.has_failed = true;
    });
}

impl Service {
    /// Starts the thread unless there is one.
    fn start(&mut self) {
        if self.has_failed || self.running.is_some() {
            return;
        }
        let Some(page) = telemetry::page().path() else { return };
        match self.spawn(&page) {
            Ok(running) => self.running = Some(running),
            Err(error) => {
                self.has_failed = true;
                warn(&error);
            }
        }
    }

    fn spawn(&self, page: &Path) -> io::Result<(DetailsServer, JoinHandle<i32>)> {
        let server = DetailsServer::beside(page)?;
        let (running, known) = (server.clone(), Arc::clone(&self.known));
        let thread = threads::spawn(NAME, STACK, move || {
            let answer = |slot, generation, is_stopped: &dyn Fn() -> bool| tell(&known, slot, generation, is_stopped);
            let ended = threads::leave_descriptors().and_then(|()| running.run(answer));
            if let Err(error) = ended {
                *lock(&FAILURE) = Some(error);
            }
            threads::number()
        })?;
        Ok((server, thread))
    }

    fn stop(&mut self) {
        if self.process != std::process::id() {
            return;
        }
        let Some((server, thread)) = self.running.take() else { return };
        if server.stop() {
            // What it panics about is not the program's business.
            let _ = thread.join().map(threads::wait_until_gone);
        } else {
            self.has_failed = true;
        }
        server.remove();
        if let Some(error) = lock(&FAILURE).take() {
            self.has_failed = true;
            warn(&error);
        }
    }
}

/// Why the thread has ended by itself. It has no standard error to say so.
static FAILURE: Mutex<Option<io::Error>> = Mutex::new(None);

fn warn(error: &io::Error) {
    telemetry::warn(format!("rjit-inspect cannot show details of what is compiled: {error}"));
}

fn tell(
    known: &Mutex<Executables>,
    slot: u32,
    generation: u32,
    is_stopped: &dyn Fn() -> bool,
) -> Result<Details, Missing> {
    if slot as usize == rjit_telemetry::layout::OVERFLOW_SLOT {
        return Err(Missing::Overflow);
    }
    let known = lock(known).get(&(slot, generation)).cloned();
    known.map(|known| known.details(is_stopped)).ok_or(Missing::Gone)
}
