//! The writing side: a process describes its executables and counts what happens to them.
//!
//! One thread at a time writes descriptions, sites and refusals, which the lock of the table ensures; counters and events
//! need no lock.
//! Everything takes `&self`, so that a page can live in a static and be reached from anywhere in the process.

mod counters;
mod file;
mod image;
mod tables;

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

pub use self::counters::{GlobalCounters, SlotCounters};
pub use self::file::{CreateError, own_directory};
use self::file::{PublishedFile, UnfinishedFile};
use self::image::{
    OVERFLOW_NAME, SlotImage, generation_of, image, overflow_image, qualname_of, set_state, state_of, store_bytes,
};
use self::tables::Records;
pub use self::tables::{RefusalInfo, Seen, SiteId, SiteInfo};
use crate::copy::copy;
use crate::files;
use crate::layout::{self, event, header, slot};
use crate::mapping::Mapping;
use crate::process;
use crate::snapshot::{EventKind, Kind, Snapshot, State, Totals, monotonic_ns};
use crate::text::{self, Keep};

/// Memory for slots is reserved in steps of this many.
const RESERVED_AT_ONCE: usize = 128;
/// The same for events.
const EVENTS_RESERVED_AT_ONCE: usize = 32;

/// What the writer says about a new executable.
#[derive(Clone, Copy, Debug)]
pub struct ExecutableInfo<'a> {
    /// Qualified name of the code object.
    pub qualname: &'a str,
    /// File of the code object.
    pub filename: &'a str,
    /// First line of the code object.
    pub first_line: u32,
    /// For a loop the loop's line, otherwise the first line.
    pub line: u32,
    /// [`Kind::Function`] or [`Kind::Loop`].
    pub kind: Kind,
    /// Address of the machine code.
    pub address: u64,
    /// Size of the machine code in bytes.
    pub size: u64,
    /// How long compiling it took, in nanoseconds.
    pub compile_ns: u64,
}

/// An executable's place in the table. Goes stale when the executable is retired; a stale one is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SlotId {
    index: u32,
    generation: u32,
    size: u64,
}

impl SlotId {
    /// Index of the slot.
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many executables had the slot before.
    pub fn generation(self) -> u32 {
        self.generation
    }

    /// Whether the table was full, so that the executable is counted with others and not described.
    pub fn is_overflow(self) -> bool {
        self.index as usize == layout::OVERFLOW_SLOT
    }
}

/// Counters set aside for an executable that is being compiled.
#[derive(Debug)]
#[must_use = "counters stay taken until they are used or released"]
pub struct Reservation {
    /// Slot and generation, or none when the table is full.
    place: Option<(u32, u32)>,
}

/// The code that an event is about.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// An executable of the table.
    Executable(SlotId),
    /// Code without an executable, by its qualified name.
    Code(&'a str),
}

/// The page of this process.
///
/// Dropping it unmaps its memory, so it has to outlive all machine code that counts in it; [`Page::close`] ends what others
/// see and leaves the memory in place.
pub struct Page {
    mapping: Mapping,
    versions: [String; 2],
    /// How often the page was begun: once, and once more for each fork on the way to this process.
    epoch: AtomicU64,
    /// Places for events that can be written without fear of a full disk.
    events_reserved: AtomicUsize,
    table: Mutex<Table>,
}

/// What the writer knows by itself. It never reads a description back from the page, which a forked child still shares with
/// its parent until [`Page::after_fork_child`].
struct Table {
    slots: Vec<SlotImage>,
    retired: VecDeque<u32>,
    /// Slots that were set aside and given back, with their next generations.
    unused: Vec<(u32, u32)>,
    reserved: usize,
    overflowed: bool,
    sites: Records,
    refusals: Records,
    file: Option<PublishedFile>,
}

impl Page {
    /// Makes the page of this process where readers look for it.
    pub fn create(python_version: &str, rjit_version: &str) -> Result<Self, CreateError> {
        Self::create_in(&files::own_directory(), python_version, rjit_version)
    }

    /// Makes the page of this process in a directory, which is made if it is missing.
    pub fn create_in(directory: &Path, python_version: &str, rjit_version: &str) -> Result<Self, CreateError> {
        let unfinished = UnfinishedFile::create(directory)?;
        let mapping = unfinished.attempt(Mapping::shared(&unfinished.file, layout::PAGE_SIZE))?;
        let page = Self::over(mapping, python_version, rjit_version);
        unfinished.attempt(page.begin(unfinished.start))?;
        let file = unfinished.publish()?;
        page.table().file = Some(file);
        Ok(page)
    }

    /// A page that only this process sees, for when [`Page::create`] fails: the counters work all the same.
    ///
    /// # Panics
    ///
    /// When the process has not even the address space for it.
    pub fn anonymous(python_version: &str, rjit_version: &str) -> Self {
        let mapping = Mapping::anonymous(layout::PAGE_SIZE).expect("no address space left for the telemetry page");
        let page = Self::over(mapping, python_version, rjit_version);
        page.begin(process::start_ticks(std::process::id()).unwrap_or(0))
            .expect("no memory left for the telemetry page");
        page
    }

    /// The page of this process, or an anonymous one and the reason why it is that.
    pub fn create_or_anonymous(python_version: &str, rjit_version: &str) -> (Self, Option<CreateError>) {
        match Self::create(python_version, rjit_version) {
            Ok(page) => (page, None),
            Err(error) => (Self::anonymous(python_version, rjit_version), Some(error)),
        }
    }

    /// The file of the page, unless it is anonymous or closed.
    pub fn path(&self) -> Option<PathBuf> {
        self.table().file.as_ref().map(|file| file.path.clone())
    }

    /// The counters of the process.
    pub fn counters(&self) -> GlobalCounters<'_> {
        GlobalCounters { words: self.words(layout::COUNTERS_OFFSET, layout::COUNTER_COUNT * 8) }
    }

    /// The counters of an executable.
    pub fn slot_counters(&self, id: SlotId) -> SlotCounters<'_> {
        SlotCounters { words: self.slot_words(id.index as usize) }
    }

    /// Sets counters aside for an executable that is about to be compiled, so that its machine code can have their
    /// addresses in it. To be followed by [`Page::add_reserved`] or [`Page::release`].
    pub fn reserve(&self) -> Reservation {
        let mut table = self.table();
        let place = table.unused.pop().or_else(|| self.free_slot(&mut table));
        if let Some((index, _)) = place {
            self.reset_counters(index as usize);
        }
        Reservation { place }
    }

    /// The counters that were set aside. Those of the overflow slot when the table is full.
    pub fn reserved_counters(&self, reservation: &Reservation) -> SlotCounters<'_> {
        let index = reservation.place.map_or(layout::OVERFLOW_SLOT, |(index, _)| index as usize);
        SlotCounters { words: self.slot_words(index) }
    }

    /// Gives back counters for which there is no executable after all.
    pub fn release(&self, reservation: Reservation) {
        self.table().unused.extend(reservation.place);
    }

    /// Describes a new executable, counts it, and records the event.
    pub fn add_executable(&self, info: &ExecutableInfo<'_>) -> SlotId {
        self.add_reserved(self.reserve(), info)
    }

    /// The same for an executable whose counters were set aside.
    pub fn add_reserved(&self, reservation: Reservation, info: &ExecutableInfo<'_>) -> SlotId {
        let mut table = self.table();
        let id = match reservation.place {
            Some((index, generation)) => {
                let image = image(info, generation, self.now());
                table.slots[index as usize] = image;
                self.write_slot(index as usize, &image, true);
                if table.slots.len() as u64 > self.word(header::SLOTS_USED).load(Ordering::Relaxed) {
                    self.word(header::SLOTS_USED).store(table.slots.len() as u64, Ordering::Release);
                }
                SlotId { index, generation, size: info.size }
            }
            None => self.overflow(&mut table, info.size),
        };
        drop(table);
        let counters = self.counters();
        counters.add(layout::COUNTER_COMPILES, 1);
        counters.add(layout::COUNTER_COMPILE_NS, info.compile_ns);
        counters.add(layout::COUNTER_CODE_BYTES, info.size);
        let reason = format!("{} bytes in {:.1} ms", info.size, info.compile_ns as f64 / 1e6);
        self.write_event(EventKind::Compiled, Some(id), info.qualname, info.line, &reason);
        id
    }

    /// Counts a compilation that was refused, and records the event.
    pub fn refuse(&self, info: &RefusalInfo<'_>, compile_ns: u64) {
        self.counters().add(layout::COUNTER_REFUSALS, 1);
        self.counters().add(layout::COUNTER_COMPILE_NS, compile_ns);
        self.refuse_again(info);
        self.record(EventKind::Refused, Subject::Code(info.qualname), info.line, info.construct);
    }

    /// Says that an executable is not entered any more, counts it, and records the event.
    pub fn invalidate(&self, id: SlotId, reason: &str) {
        if self.change_state(id, State::Invalidated) {
            self.counters().add(layout::COUNTER_INVALIDATIONS, 1);
            self.record(EventKind::Invalidated, Subject::Executable(id), 0, reason);
        }
    }

    /// Says that the machine code of an executable is gone, counts it, and records the event. Its counters may be given to
    /// another executable from now on, so nothing may increment them any more. To be called once for each executable.
    pub fn retire(&self, id: SlotId, reason: &str) {
        if self.change_state(id, State::Retired) {
            self.counters().add(layout::COUNTER_RETIREMENTS, 1);
            self.counters().add(layout::COUNTER_CODE_BYTES, id.size.wrapping_neg());
            self.record(EventKind::Retired, Subject::Executable(id), 0, reason);
        }
    }

    /// Records an event. `line` is zero when there is none. Counts nothing.
    pub fn record(&self, kind: EventKind, subject: Subject<'_>, line: u32, reason: &str) {
        match subject {
            Subject::Code(qualname) => self.write_event(kind, None, qualname, line, reason),
            Subject::Executable(id) if id.is_overflow() => {
                self.write_event(kind, Some(id), OVERFLOW_NAME, line, reason);
            }
            Subject::Executable(id) => {
                let qualname = self.table().slots.get(id.index as usize).map(qualname_of);
                self.write_event(kind, Some(id), &qualname.unwrap_or_default(), line, reason);
            }
        }
    }

    /// The sums over all executables that ever were.
    pub fn totals(&self) -> Totals {
        let counters = self.counters();
        let mut totals = Totals {
            entries: counters.load(layout::COUNTER_ENTRIES),
            deopts: counters.load(layout::COUNTER_DEOPTS),
            reifications: counters.load(layout::COUNTER_REIFICATIONS),
        };
        let used = self.table().slots.len();
        for index in (0..used).chain([layout::OVERFLOW_SLOT]) {
            let slot = SlotCounters { words: self.slot_words(index) };
            totals.entries += slot.entries().load(Ordering::Relaxed);
            totals.deopts += slot.deopts().load(Ordering::Relaxed);
            totals.reifications += slot.reifications().load(Ordering::Relaxed);
        }
        totals
    }

    /// The page as a reader would see it.
    pub fn snapshot(&self) -> Snapshot {
        let bytes = copy(self.mapping.words()).expect("the page was laid out by this version");
        Snapshot::parse(&bytes).expect("the page was laid out by this version")
    }

    /// Gives the child of a `fork` a page of its own, at the same addresses, with the same executables and no counts.
    /// To be called in the child before it runs compiled code. On an error the child's page is an anonymous one.
    pub fn after_fork_child(&self) -> Result<(), CreateError> {
        let writer = (self.word(header::VERSION_AND_PID).load(Ordering::Relaxed) >> 32) as u32;
        if writer == std::process::id() {
            return Ok(());
        }
        let inherited = self.table().file.take();
        let moved = match inherited.as_ref().and_then(|file| file.path.parent()) {
            Some(directory) => self.move_to(directory),
            None => {
                self.move_to_anonymous();
                return Ok(());
            }
        };
        moved.inspect_err(|_| self.move_to_anonymous())
    }

    /// Ends the page for readers and removes its file. The memory stays, and counting goes on unseen.
    pub fn close(&self) {
        let mut table = self.table();
        let Some(file) = table.file.take() else {
            return;
        };
        if file.pid == std::process::id() {
            self.word(header::FLAGS).fetch_or(header::FLAG_CLOSED, Ordering::Release);
            // A file that somebody else has removed already is as gone as it should be.
            let _ = fs::remove_file(&file.path);
        }
    }

    fn over(mapping: Mapping, python_version: &str, rjit_version: &str) -> Self {
        let table = Table {
            slots: Vec::new(),
            retired: VecDeque::new(),
            unused: Vec::new(),
            reserved: 0,
            overflowed: false,
            sites: Records::default(),
            refusals: Records::default(),
            file: None,
        };
        let versions = [python_version.into(), rjit_version.into()];
        Self {
            mapping,
            versions,
            epoch: AtomicU64::new(0),
            events_reserved: AtomicUsize::new(0),
            table: Mutex::new(table),
        }
    }

    /// Lays out fresh memory: the header, with its magic last.
    fn begin(&self, start_ticks: u64) -> io::Result<()> {
        self.mapping.reserve(0, layout::EVENTS_OFFSET)?;
        self.events_reserved.store(0, Ordering::Relaxed);
        self.mapping.reserve(layout::SITES_OFFSET - layout::SLOT_SIZE, layout::SITES_OFFSET)?;
        self.epoch.fetch_add(1, Ordering::Relaxed);
        let mut table = self.table();
        (table.reserved, table.sites, table.refusals) = (0, Records::default(), Records::default());
        drop(table);
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let pair = |low: usize, high: usize| low as u64 | (high as u64) << 32;
        let (pid, parent) = (std::process::id(), rustix::process::getppid());
        let parent = parent.map_or(0, |parent| parent.as_raw_pid() as usize);
        let version = u64::from(layout::MAJOR) | u64::from(layout::MINOR) << 16 | u64::from(pid) << 32;
        let fields = [
            (header::VERSION_AND_PID, version),
            (header::START_TICKS, start_ticks),
            (header::CREATED_REALTIME, since_1970.as_nanos() as u64),
            (header::CREATED_MONOTONIC, monotonic_ns()),
            (header::COUNTERS, pair(layout::COUNTERS_OFFSET, layout::COUNTER_COUNT)),
            (header::EVENTS, pair(layout::EVENTS_OFFSET, layout::EVENT_SIZE)),
            (header::EVENT_CAPACITY, pair(layout::EVENT_CAPACITY, parent)),
            (header::SLOTS, pair(layout::SLOTS_OFFSET, layout::SLOT_SIZE)),
            (header::SLOT_CAPACITY, pair(layout::SLOT_CAPACITY, 0)),
            (header::SITES, pair(layout::SITES_OFFSET, layout::SITE_SIZE)),
            (header::SITE_CAPACITY, pair(layout::SITE_CAPACITY, 0)),
            (header::REFUSALS, pair(layout::REFUSALS_OFFSET, layout::REFUSAL_SIZE)),
            (header::REFUSAL_CAPACITY, pair(layout::REFUSAL_CAPACITY, 0)),
        ];
        for (offset, value) in fields {
            self.word(offset).store(value, Ordering::Relaxed);
        }
        for (offset, version) in [header::PYTHON, header::RJIT].into_iter().zip(&self.versions) {
            let mut field = [0; header::VERSION_TEXT];
            text::store(&mut field, version, Keep::Start);
            store_bytes(self.words(offset, header::VERSION_TEXT), &field);
        }
        self.word(0).store(u64::from_le_bytes(layout::MAGIC), Ordering::Release);
        Ok(())
    }

    /// Puts a fresh file in the place of the inherited memory and describes the executables there again.
    fn move_to(&self, directory: &Path) -> Result<(), CreateError> {
        let unfinished = UnfinishedFile::create(directory)?;
        unfinished.attempt(self.mapping.replace(Some(&unfinished.file)))?;
        unfinished.attempt(self.begin(unfinished.start))?;
        unfinished.attempt(self.rewrite())?;
        let file = unfinished.publish()?;
        self.table().file = Some(file);
        Ok(())
    }

    /// The same with memory of this process alone.
    fn move_to_anonymous(&self) {
        let moved = self.mapping.replace(None).and_then(|()| {
            self.begin(process::start_ticks(std::process::id()).unwrap_or(0))?;
            self.rewrite()
        });
        moved.expect("no memory left for the telemetry page");
    }

    /// Writes all descriptions into fresh memory.
    fn rewrite(&self) -> io::Result<()> {
        let mut table = self.table();
        let mut code_bytes = 0;
        for index in 0..table.slots.len() {
            self.reserve_slot(&mut table, index)?;
            let image = table.slots[index];
            if state_of(&image) == 0 {
                continue;
            }
            self.write_slot(index, &image, true);
            if state_of(&image) != State::Retired.code() {
                code_bytes += image[slot::SIZE / 8];
            }
        }
        if table.overflowed {
            self.write_slot(layout::OVERFLOW_SLOT, &overflow_image(), false);
        }
        self.word(header::SLOTS_USED).store(table.slots.len() as u64, Ordering::Release);
        self.counters().add(layout::COUNTER_CODE_BYTES, code_bytes);
        Ok(())
    }

    /// A slot and its generation for one more executable, or `None` when there is none to be had.
    fn free_slot(&self, table: &mut Table) -> Option<(u32, u32)> {
        let next = table.slots.len();
        if next < layout::OVERFLOW_SLOT && self.reserve_slot(table, next).is_ok() {
            table.slots.push([0; layout::SLOT_SIZE / 8]);
            return Some((next as u32, 0));
        }
        let index = table.retired.pop_front()?;
        let slot = SlotCounters { words: self.slot_words(index as usize) };
        let counters = self.counters();
        counters.add(layout::COUNTER_ENTRIES, slot.entries().load(Ordering::Relaxed));
        counters.add(layout::COUNTER_DEOPTS, slot.deopts().load(Ordering::Relaxed));
        counters.add(layout::COUNTER_REIFICATIONS, slot.reifications().load(Ordering::Relaxed));
        Some((index, generation_of(&table.slots[index as usize]).wrapping_add(1)))
    }

    fn overflow(&self, table: &mut Table, size: u64) -> SlotId {
        if !table.overflowed {
            table.overflowed = true;
            self.write_slot(layout::OVERFLOW_SLOT, &overflow_image(), false);
        }
        self.counters().add(layout::COUNTER_OVERFLOW, 1);
        SlotId { index: layout::OVERFLOW_SLOT as u32, generation: 0, size }
    }

    /// Makes sure that the slot can be written without fear of a full disk.
    fn reserve_slot(&self, table: &mut Table, index: usize) -> io::Result<()> {
        if index >= table.reserved {
            let end = (index + RESERVED_AT_ONCE).min(layout::SLOT_CAPACITY);
            let offset = |index: usize| layout::SLOTS_OFFSET + index * layout::SLOT_SIZE;
            self.mapping.reserve(offset(index), offset(end))?;
            table.reserved = end;
        }
        Ok(())
    }

    /// Changes the state of an executable and says whether there was anything to change.
    fn change_state(&self, id: SlotId, state: State) -> bool {
        if id.is_overflow() {
            return true;
        }
        let mut table = self.table();
        let Some(image) = table.slots.get_mut(id.index as usize) else {
            return false;
        };
        if generation_of(image) != id.generation || state_of(image) >= state.code() {
            return false;
        }
        set_state(image, state);
        let image = *image;
        self.write_slot(id.index as usize, &image, false);
        if state == State::Retired {
            table.retired.push_back(id.index);
        }
        true
    }

    /// Writes a description under its sequence, and zeroes the counters if they are a new executable's.
    fn write_slot(&self, index: usize, image: &SlotImage, reset_counters: bool) {
        let words = self.slot_words(index);
        let sequence = words[slot::SEQUENCE / 8].load(Ordering::Relaxed);
        words[slot::SEQUENCE / 8].store(sequence.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        if reset_counters {
            self.reset_counters(index);
        }
        for (word, &value) in words.iter().zip(image).skip(slot::GUARDED / 8) {
            word.store(value, Ordering::Relaxed);
        }
        words[slot::SEQUENCE / 8].store(sequence.wrapping_add(2), Ordering::Release);
    }

    fn reset_counters(&self, index: usize) {
        let words = self.slot_words(index);
        for offset in [layout::ENTRIES_OFFSET, layout::DEOPTS_OFFSET, layout::REIFICATIONS_OFFSET] {
            words[offset / 8].store(0, Ordering::Relaxed);
        }
    }

    fn write_event(&self, kind: EventKind, id: Option<SlotId>, subject: &str, line: u32, reason: &str) {
        let mut record = [0; layout::EVENT_SIZE];
        record[event::TIME..][..8].copy_from_slice(&self.now().to_le_bytes());
        let (slot, generation) = id.map_or((event::NO_SLOT, 0), |id| (id.index, id.generation));
        record[event::SLOT..][..4].copy_from_slice(&slot.to_le_bytes());
        record[event::GENERATION..][..4].copy_from_slice(&generation.to_le_bytes());
        record[event::LINE..][..4].copy_from_slice(&line.to_le_bytes());
        record[event::KIND] = kind.code();
        text::store(&mut record[event::SUBJECT..][..event::SUBJECT_SIZE], subject, Keep::Start);
        text::store(&mut record[event::REASON..][..event::REASON_SIZE], reason, Keep::Start);

        let number = self.word(header::EVENTS_WRITTEN).fetch_add(1, Ordering::AcqRel);
        let index = number as usize % layout::EVENT_CAPACITY;
        if self.reserve_event(index).is_err() {
            // Readers count it among those that are lost.
            return;
        }
        let offset = layout::EVENTS_OFFSET + index * layout::EVENT_SIZE;
        let words = self.words(offset, layout::EVENT_SIZE);
        words[event::NUMBER / 8].store(0, Ordering::Relaxed);
        fence(Ordering::Release);
        store_bytes(&words[event::TIME / 8..], &record[event::TIME..]);
        words[event::NUMBER / 8].store(number + 1, Ordering::Release);
    }

    /// Makes sure that an event can be written without fear of a full disk. Programs that end soon write few, and each page of the
    /// file takes time.
    fn reserve_event(&self, index: usize) -> io::Result<()> {
        if index >= self.events_reserved.load(Ordering::Relaxed) {
            let end = (index + EVENTS_RESERVED_AT_ONCE).min(layout::EVENT_CAPACITY);
            let offset = |index: usize| layout::EVENTS_OFFSET + index * layout::EVENT_SIZE;
            self.mapping.reserve(offset(index), offset(end))?;
            self.events_reserved.fetch_max(end, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Nanoseconds since the page was made.
    fn now(&self) -> u64 {
        monotonic_ns().saturating_sub(self.word(header::CREATED_MONOTONIC).load(Ordering::Relaxed))
    }

    fn word(&self, offset: usize) -> &AtomicU64 {
        &self.mapping.words()[offset / 8]
    }

    fn words(&self, offset: usize, size: usize) -> &[AtomicU64] {
        &self.mapping.words()[offset / 8..(offset + size) / 8]
    }

    fn slot_words(&self, index: usize) -> &[AtomicU64] {
        self.words(layout::SLOTS_OFFSET + index * layout::SLOT_SIZE, layout::SLOT_SIZE)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.close();
    }
}
