//! The sink for debuggers: ELF files in memory, which they are told of through the interface that gdb has defined.
//!
//! A debugger takes far longer for a thousand files of one function than for one file of a thousand. So what stays is
//! put together: [`GROUP`] files of one region each become one file, and so do as many of these. When a region goes,
//! its file is replaced by one without it.

mod interface;

use std::collections::BTreeMap;

use crate::error::{Reason, SinkError};
use crate::image::Image;
use crate::region::CodeRegion;
use crate::registry::RegionId;
use crate::sink::Sink;
use interface::Registered;

/// How many files become one.
const GROUP: usize = 16;
/// How often that happens to a region at most. Large files are slow to replace.
const LEVELS: usize = 2;

/// A file and the regions in it, in the order in which they are there.
struct Group {
    level: usize,
    regions: Vec<RegionId>,
    file: Registered,
}

pub(crate) struct GdbInterface {
    /// Where relative file names count from.
    directory: String,
    /// By a number that is used once.
    groups: BTreeMap<u64, Group>,
    next: u64,
    /// The groups of each level that are not joined yet.
    loose: [Vec<u64>; LEVELS],
    /// The group of each region.
    homes: BTreeMap<RegionId, u64>,
}

impl GdbInterface {
    pub(crate) fn new() -> Self {
        let directory = std::env::current_dir().unwrap_or_default().to_string_lossy().into_owned();
        let homes = BTreeMap::new();
        Self { directory, groups: BTreeMap::new(), next: 0, loose: Default::default(), homes }
    }

    fn insert(&mut self, group: Group) {
        let number = self.next;
        self.next += 1;
        self.homes.extend(group.regions.iter().map(|&id| (id, number)));
        let loose = self.loose.get_mut(group.level);
        self.groups.insert(number, group);
        if let Some(loose) = loose {
            loose.push(number);
        }
    }

    /// Puts the groups of a level together when there are enough of them.
    fn join(&mut self, level: usize) {
        if self.loose[level].len() < GROUP {
            return;
        }
        let groups: Vec<Group> =
            std::mem::take(&mut self.loose[level]).iter().filter_map(|number| self.groups.remove(number)).collect();
        let image = Image::join(groups.iter().map(|group| group.file.image()), &self.directory);
        let regions = groups.iter().flat_map(|group| &group.regions).copied().collect();
        // Debuggers must not see two files for the same addresses.
        drop(groups);
        self.insert(Group { level: level + 1, regions, file: Registered::new(image) });
    }
}

impl Sink for GdbInterface {
    fn add(&mut self, id: RegionId, region: &CodeRegion<'_>) -> Result<(), SinkError> {
        let image = Image::new(region, &self.directory).map_err(|error| SinkError {
            sink: "gdb interface",
            path: None,
            reason: Reason::Encode(error),
        })?;
        self.insert(Group { level: 0, regions: vec![id], file: Registered::new(image) });
        (0..LEVELS).for_each(|level| self.join(level));
        Ok(())
    }

    fn remove(&mut self, id: RegionId) -> Result<(), SinkError> {
        let Some(number) = self.homes.remove(&id) else { return Ok(()) };
        let Some(Group { level, mut regions, file }) = self.groups.remove(&number) else { return Ok(()) };
        let index = regions.iter().position(|region| *region == id);
        if let Some(index) = index
            && regions.len() > 1
        {
            regions.remove(index);
            let image = file.image().without(index, &self.directory);
            drop(file);
            self.groups.insert(number, Group { level, regions, file: Registered::new(image) });
        } else if let Some(loose) = self.loose.get_mut(level) {
            loose.retain(|other| *other != number);
        }
        Ok(())
    }
}
