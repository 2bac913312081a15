//! The kinds of sinks by name, as users list them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::registry::Config;

/// Which kinds of sinks are wanted. Written as a list of words with commas between them, or as `all` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds {
    /// `map`: the perf map.
    pub map: bool,
    /// `jitdump`: the jitdump.
    pub jitdump: bool,
    /// `gdb`: the interface of gdb and lldb.
    pub gdb: bool,
    /// `unwind`: unwinders within the process.
    pub unwind: bool,
}

/// A word that stands for a kind, and its place in the set.
type Word = (&'static str, fn(&mut Kinds) -> &mut bool);

const WORDS: [Word; 4] = [
    ("map", |kinds| &mut kinds.map),
    ("jitdump", |kinds| &mut kinds.jitdump),
    ("gdb", |kinds| &mut kinds.gdb),
    ("unwind", |kinds| &mut kinds.unwind),
];

impl Kinds {
    /// None at all.
    pub const OFF: Kinds = Kinds { map: false, jitdump: false, gdb: false, unwind: false };

    /// The configuration that has these kinds, with jitdumps in the given directory.
    pub fn config(self, jitdump: PathBuf) -> Config {
        Config {
            perf_map: self.map.then(|| PathBuf::from("/tmp")),
            jitdump: self.jitdump.then_some(jitdump),
            gdb: self.gdb,
            unwind: self.unwind,
        }
    }
}

impl Default for Kinds {
    /// What costs next to nothing.
    fn default() -> Self {
        Kinds { map: true, jitdump: false, gdb: true, unwind: true }
    }
}

impl FromStr for Kinds {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        let mut kinds = Kinds::OFF;
        match text.trim() {
            "off" => {}
            "all" => WORDS.iter().for_each(|(_, member)| *member(&mut kinds) = true),
            list => {
                for word in list.split(',').map(str::trim) {
                    let known = WORDS.iter().find(|(known, _)| *known == word);
                    let (_, member) = known.ok_or_else(|| UnknownKind { word: word.into() })?;
                    *member(&mut kinds) = true;
                }
            }
        }
        Ok(kinds)
    }
}

/// A word in a list of kinds that stands for none. `all` and `off` stand alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKind {
    /// The word.
    pub word: String,
}

impl UnknownKind {
    /// The words that stand for a kind.
    pub fn known() -> impl Iterator<Item = &'static str> {
        WORDS.iter().map(|(word, _)| *word)
    }
}

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<_> = Self::known().collect();
        write!(f, "{:?} is none of {}, and all or off stand alone", self.word, known.join(", "))
    }
}

impl std::error::Error for UnknownKind {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_a_list_of_words() {
        assert_eq!("map,gdb,unwind".parse(), Ok(Kinds::default()));
        assert_eq!(" jitdump , map,map".parse(), Ok(Kinds { map: true, jitdump: true, gdb: false, unwind: false }));
        assert_eq!("off".parse(), Ok(Kinds::OFF));
        assert_eq!("all".parse(), Ok(Kinds { map: true, jitdump: true, gdb: true, unwind: true }));
    }

    #[test]
    fn an_unknown_word_is_named_with_those_that_are_known() {
        for (text, word) in [("map,perf", "perf"), ("", ""), ("map,", ""), ("MAP", "MAP"), ("all,map", "all")] {
            let error = text.parse::<Kinds>().unwrap_err();
            assert_eq!(error.word, word);
            assert!(error.to_string().contains("map, jitdump, gdb, unwind"), "{error}");
        }
    }

    #[test]
    fn the_default_configuration_has_the_default_kinds() {
        let config = Kinds::default().config("/nowhere".into());
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
    }
}
