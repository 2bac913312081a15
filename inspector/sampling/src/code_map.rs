//! Which machine code is whose: from an address to the function, and to the line and the inlined calls where they are known.

use std::collections::{BTreeMap, HashSet};

use crate::stack::{Frame, FrameKind};

/// A position in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Qualified name of the function.
    pub function: String,
    /// Its file.
    pub file: String,
    /// The line.
    pub line: u32,
}

/// A stretch of machine code that stands for one position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// First address.
    pub start: u64,
    /// One past the last address.
    pub end: u64,
    /// The position, innermost first: what was inlined, then its callers, and last the function that was compiled.
    pub places: Vec<Place>,
}

/// The machine code of one executable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineCode {
    /// First address.
    pub start: u64,
    /// One past the last address.
    pub end: u64,
    /// Slot and generation: which executable.
    pub executable: (u32, u32),
    /// The function, its file, and the line where what was compiled begins.
    pub place: Place,
}

/// All machine code that is, or was, in a process. Addresses are never used again, so nothing is ever taken out.
#[derive(Clone, Debug, Default)]
pub struct CodeMap {
    codes: BTreeMap<u64, MachineCode>,
    ranges: BTreeMap<u64, Vec<Range>>,
    known: HashSet<(u32, u32)>,
    functions: HashSet<String>,
    /// Calls that were inlined: the caller, its line, the callee.
    inlined: HashSet<(String, u32, String)>,
}

impl CodeMap {
    /// Adds an executable. One that is known already is left as it is.
    pub fn insert(&mut self, code: MachineCode) {
        if code.start < code.end && self.known.insert(code.executable) {
            self.functions.insert(code.place.function.clone());
            self.codes.insert(code.start, code);
        }
    }

    /// Says which stretches of an executable stand for which positions.
    pub fn set_ranges(&mut self, executable: (u32, u32), mut ranges: Vec<Range>) {
        let Some(code) = self.codes.values().find(|code| code.executable == executable) else {
            return;
        };
        ranges.retain(|range| range.start < range.end && !range.places.is_empty());
        ranges.sort_by_key(|range| range.start);
        for pair in ranges.iter().flat_map(|range| range.places.windows(2)) {
            self.inlined.insert((pair[1].function.clone(), pair[1].line, pair[0].function.clone()));
        }
        self.ranges.insert(code.start, ranges);
    }

    /// Whether the stretches of an executable are known.
    pub fn has_ranges(&self, executable: (u32, u32)) -> bool {
        self.codes.values().any(|code| code.executable == executable && self.ranges.contains_key(&code.start))
    }

    /// Marks the frames of a stack, innermost first, that run in the machine code of their callers: as far as ranges are known, and
    /// unless this once the call was made after all, which memory does not tell.
    pub fn mark_inlined(&self, frames: &mut [Frame]) {
        for index in 1..frames.len() {
            let (callee, caller) = (&frames[index - 1], &frames[index]);
            let both = callee.kind == FrameKind::Compiled && caller.kind == FrameKind::Compiled;
            if both && self.inlined.contains(&(caller.function.clone(), caller.line, callee.function.clone())) {
                frames[index - 1].kind = FrameKind::Inlined;
            }
        }
    }

    /// Whether a function of this name has machine code of its own.
    pub fn has_function(&self, qualname: &str) -> bool {
        self.functions.contains(qualname)
    }

    /// The executable that contains an address.
    pub fn find(&self, address: u64) -> Option<&MachineCode> {
        let (_, code) = self.codes.range(..=address).next_back()?;
        (address < code.end).then_some(code)
    }

    /// The position of an address, innermost first; nothing if it is not known.
    pub fn places(&self, address: u64) -> &[Place] {
        let Some(ranges) = self.find(address).and_then(|code| self.ranges.get(&code.start)) else {
            return &[];
        };
        let after = ranges.partition_point(|range| range.start <= address);
        match after.checked_sub(1).map(|index| &ranges[index]) {
            Some(range) if address < range.end => &range.places,
            _ => &[],
        }
    }
}

#[cfg(test)]
pub mod build {
    use super::{MachineCode, Place};

    pub fn place(function: &str, line: u32) -> Place {
        Place { function: function.into(), file: "/srv/app/main.py".into(), line }
    }

    pub fn code(start: u64, size: u64, executable: (u32, u32), function: &str) -> MachineCode {
        MachineCode { start, end: start + size, executable, place: place(function, 10) }
    }
}

#[cfg(test)]
mod tests {
    use super::build::{code, place};
    use super::*;

    #[test]
    fn finds_executables_and_positions() {
        let mut map = CodeMap::default();
        map.insert(code(0x1000, 0x100, (0, 0), "f"));
        map.insert(code(0x3000, 0x100, (1, 2), "g"));
        map.insert(code(0x9000, 0x100, (1, 2), "known already"));
        map.insert(code(0x5000, 0, (2, 0), "nothing"));
        assert!(map.has_function("f") && !map.has_function("known already"));
        assert_eq!(map.find(0x0fff), None);
        assert_eq!(map.find(0x10ff).unwrap().place.function, "f");
        assert_eq!(map.find(0x1100), None);
        assert_eq!(map.find(0x9000), None);
        assert_eq!(map.find(0x5000), None);
        assert!(map.places(0x3010).is_empty());

        let places = vec![place("inlined", 3), place("g", 12)];
        let range = |start, end, places: &[Place]| Range { start, end, places: places.into() };
        map.set_ranges(
            (1, 2),
            vec![range(0x3020, 0x3030, &places), range(0x3000, 0x3020, &[place("g", 11)]), range(1, 2, &[])],
        );
        map.set_ranges((7, 7), Vec::new());
        assert!(map.has_ranges((1, 2)) && !map.has_ranges((0, 0)) && !map.has_ranges((7, 7)));
        assert_eq!(map.places(0x301f), [place("g", 11)]);
        assert_eq!(map.places(0x3020), places);
        assert!(map.places(0x3030).is_empty());

        let frame = |function: &str, line, kind| Frame { function: function.into(), file: String::new(), line, kind };
        let marked = |line, kind| {
            let mut frames = [
                frame("inlined", 3, kind),
                frame("g", line, FrameKind::Compiled),
                frame("g", line, FrameKind::Compiled),
            ];
            map.mark_inlined(&mut frames);
            frames.map(|frame| frame.kind)
        };
        let (compiled, interpreted) = (FrameKind::Compiled, FrameKind::Interpreted);
        assert_eq!(marked(12, compiled), [FrameKind::Inlined, compiled, compiled]);
        assert_eq!(marked(13, compiled), [compiled; 3]);
        assert_eq!(marked(12, interpreted), [interpreted, compiled, compiled]);
    }
}
