//! Options, from keywords and `RJIT_*` variables, checked once.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use rjit_perfmap::{Kinds, UnknownKind};

use crate::hir::opt;

/// Calls after which a function is compiled, unless said otherwise.
pub const DEFAULT_CALLS: u32 = 60;
/// Backward jumps after which a running loop is compiled, unless said otherwise.
pub const DEFAULT_LOOPS: u32 = 600;

/// When to compile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// At this call a function is compiled. With 1 functions get their entry when they are made, and are compiled when
    /// they are first called.
    pub calls: u32,
    /// At this backward jump a loop is compiled and entered.
    pub loops: u32,
}

impl Options {
    /// Whether functions are compiled at their very first call.
    pub fn is_eager(&self) -> bool {
        self.calls <= 1
    }

    /// Whether functions are executed often enough before they are compiled for the interpreter to specialize what they do.
    pub fn has_profiles(&self) -> bool {
        self.calls > 2
    }

    /// Whether the thresholds are the usual ones, so that compiling may also wait for other reasons. Who sets lower ones
    /// wants them as they are.
    pub fn is_patient(&self) -> bool {
        self.calls >= DEFAULT_CALLS && self.loops >= DEFAULT_LOOPS
    }

    /// What the keywords say, else the environment, else the defaults. A keyword is its text and `None` when it was not
    /// given.
    ///
    /// # Errors
    /// What is wrong, and what to do about it.
    pub fn resolve(
        calls: Option<&str>,
        loops: Option<&str>,
        env: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Options, String> {
        let threshold = |keyword: &str, given: Option<&str>, variable: &str, default: u32| {
            if let Some(text) = given {
                return parse(text).ok_or_else(|| format!("{keyword} must be {RANGE}, not {text}"));
            }
            match env(variable) {
                Some(value) if !value.is_empty() => parse_os(&value).ok_or_else(|| {
                    let value = value.to_string_lossy();
                    format!("{variable}={value} is not {RANGE}; correct it, or unset it to use {default}")
                }),
                _ => Ok(default),
            }
        };
        Ok(Options {
            calls: threshold("calls", calls, "RJIT_CALLS", DEFAULT_CALLS)?,
            loops: threshold("loops", loops, "RJIT_LOOPS", DEFAULT_LOOPS)?,
        })
    }
}

/// The folder that compiled code is to be dumped into, if any, as an absolute path: the program may change the current
/// folder.
///
/// # Errors
/// What is wrong, and what to do about it.
pub fn dump_folder(env: impl Fn(&str) -> Option<OsString>) -> Result<Option<PathBuf>, String> {
    let Some(value) = env("RJIT_DUMP").filter(|value| !value.is_empty()) else { return Ok(None) };
    let path = PathBuf::from(value);
    if path.exists() && !path.is_dir() {
        return Err(format!("RJIT_DUMP={} is not a folder; name one, or unset it", path.display()));
    }
    std::path::absolute(&path).map(Some).map_err(|error| format!("RJIT_DUMP={}: {error}", path.display()))
}

/// Which native tools are told about compiled code: `RJIT_PERF`.
///
/// # Errors
/// What is wrong, and what is allowed.
pub fn perf_kinds(env: impl Fn(&str) -> Option<OsString>) -> Result<Kinds, String> {
    let Some(value) = env("RJIT_PERF").filter(|value| !value.is_empty()) else { return Ok(Kinds::default()) };
    let text = value.to_string_lossy();
    text.parse().map_err(|UnknownKind { word }| {
        let known: Vec<_> = UnknownKind::known().collect();
        format!(
            "RJIT_PERF={text} has {word:?} in it; give a list, separated by commas, of {}, or all, or off, or unset it",
            known.join(", ")
        )
    })
}

/// What `RJIT_PASSES` calls it that machine code takes things for granted. That is decided before there is anything for a pass.
pub const ASSUME: &str = "assume";

/// The optimizations that are left out: `RJIT_PASSES`, for tests.
///
/// # Errors
/// What is wrong, and what is allowed.
pub fn passes_off(env: impl Fn(&str) -> Option<OsString>) -> Result<Vec<&'static str>, String> {
    let Some(value) = env("RJIT_PASSES") else { return Ok(Vec::new()) };
    let text = value.to_string_lossy();
    let words = text.split(',').map(str::trim).filter(|_| !text.trim().is_empty());
    let names = || opt::names().chain([ASSUME]);
    let off = words.map(|word| names().find(|name| word.strip_prefix('-') == Some(name)));
    off.collect::<Option<_>>().ok_or_else(|| {
        let known: Vec<_> = names().map(|name| format!("-{name}")).collect();
        format!(
            "RJIT_PASSES={text} is not a list, separated by commas, of {}; correct it, or unset it",
            known.join(", ")
        )
    })
}

const RANGE: &str = "a whole number from 1 to 4294967295";

fn parse_os(value: &OsStr) -> Option<u32> {
    parse(value.to_str()?)
}

fn parse(text: &str) -> Option<u32> {
    text.trim().parse().ok().filter(|&number| number >= 1)
}

/// What machine code is put through on purpose, for tests: `RJIT_STRESS`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Stress {
    /// Guards that fail whatever they find.
    pub deopt: Option<ForcedDeopt>,
    /// At safepoints machine code is taken out of use, as if all it assumes were void.
    pub invalidate: bool,
    /// At safepoints frame objects are made and locals are read.
    pub reify: bool,
    /// At safepoints the cyclic garbage collector runs.
    pub gc: bool,
}

/// Which guards fail whatever they find.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ForcedDeopt {
    /// The one that is executed as the Nth of the process.
    Nth(u32),
    /// Each Nth that is executed.
    Every(u32),
    /// Each, when it is executed for the first time.
    All,
}

impl Stress {
    /// Whether anything is asked for.
    pub fn is_on(self) -> bool {
        self != Stress::default()
    }

    /// What the environment says.
    ///
    /// # Errors
    /// What is wrong, and what is allowed.
    pub fn resolve(env: impl Fn(&str) -> Option<OsString>) -> Result<Stress, String> {
        let Some(value) = env("RJIT_STRESS") else { return Ok(Stress::default()) };
        let parsed = value.to_str().and_then(Stress::parse);
        parsed.ok_or_else(|| {
            let value = value.to_string_lossy();
            format!("RJIT_STRESS={value} is not {STRESSES}; correct it, or unset it")
        })
    }

    fn parse(text: &str) -> Option<Stress> {
        let mut stress = Stress::default();
        if text.trim().is_empty() {
            return Some(stress);
        }
        for word in text.split(',') {
            match word.trim() {
                "invalidate" => stress.invalidate = true,
                "reify" => stress.reify = true,
                "gc" => stress.gc = true,
                word => {
                    let forced = match word.strip_prefix("deopt:")? {
                        "all" => ForcedDeopt::All,
                        number => match number.strip_prefix("every:") {
                            Some(number) => ForcedDeopt::Every(parse(number)?),
                            None => ForcedDeopt::Nth(parse(number)?),
                        },
                    };
                    if stress.deopt.replace(forced).is_some() {
                        return None;
                    }
                }
            }
        }
        Some(stress)
    }
}

impl fmt::Display for Stress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words: Vec<String> = Vec::new();
        words.extend(self.deopt.map(|forced| match forced {
            ForcedDeopt::Nth(number) => format!("deopt:{number}"),
            ForcedDeopt::Every(number) => format!("deopt:every:{number}"),
            ForcedDeopt::All => "deopt:all".into(),
        }));
        let flags = [(self.invalidate, "invalidate"), (self.reify, "reify"), (self.gc, "gc")];
        words.extend(flags.iter().filter(|(is_on, _)| *is_on).map(|(_, word)| (*word).into()));
        f.write_str(&words.join(","))
    }
}

const STRESSES: &str = "a list, separated by commas, of invalidate, reify, gc, and at most one of deopt:N, deopt:every:N \
                        and deopt:all (N from 1 to 4294967295)";

#[cfg(test)]
mod tests {
    use super::*;

    fn with(keywords: (Option<&str>, Option<&str>), variables: &[(&str, &str)]) -> Result<Options, String> {
        Options::resolve(keywords.0, keywords.1, |name| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into())
        })
    }

    #[test]
    fn keywords_go_before_variables_and_variables_before_defaults() {
        let defaults = Options { calls: DEFAULT_CALLS, loops: DEFAULT_LOOPS };
        assert_eq!(with((None, None), &[]), Ok(defaults));
        assert_eq!(with((None, None), &[("RJIT_CALLS", "")]), Ok(defaults));
        let variables = [("RJIT_CALLS", "7"), ("RJIT_LOOPS", " 9 ")];
        assert_eq!(with((None, None), &variables), Ok(Options { calls: 7, loops: 9 }));
        assert_eq!(with((Some("2"), None), &variables), Ok(Options { calls: 2, loops: 9 }));
    }

    #[test]
    fn bad_values_say_what_to_do() {
        let message = with((Some("0"), None), &[]).unwrap_err();
        assert_eq!(message, "calls must be a whole number from 1 to 4294967295, not 0");
        let message = with((None, None), &[("RJIT_LOOPS", "many")]).unwrap_err();
        assert!(message.starts_with("RJIT_LOOPS=many is not a whole number"), "{message}");
        assert!(message.ends_with("unset it to use 600"), "{message}");
    }

    #[test]
    fn a_folder_to_dump_into_is_made_absolute() {
        let folder = |value: &'static str| dump_folder(|name| (name == "RJIT_DUMP").then(|| value.into()));
        assert_eq!(dump_folder(|_| None), Ok(None));
        assert_eq!(folder(""), Ok(None));
        assert_eq!(folder("some/where"), Ok(Some(std::env::current_dir().unwrap().join("some/where"))));
        let message = folder("/dev/null").unwrap_err();
        assert_eq!(message, "RJIT_DUMP=/dev/null is not a folder; name one, or unset it");
    }

    #[test]
    fn native_tools_are_a_list() {
        let kinds = |text: &'static str| perf_kinds(|name| (name == "RJIT_PERF").then(|| text.into()));
        assert_eq!(perf_kinds(|_| None), Ok(Kinds::default()));
        assert_eq!(kinds(""), Ok(Kinds::default()));
        assert_eq!(kinds("off"), Ok(Kinds::OFF));
        assert_eq!(kinds("map,jitdump"), Ok(Kinds { map: true, jitdump: true, ..Kinds::OFF }));
        let message = kinds("map,perf").unwrap_err();
        assert!(message.starts_with("RJIT_PERF=map,perf has \"perf\" in it; give a list"), "{message}");
        assert!(message.contains("map, jitdump, gdb, unwind") && message.contains("unset it"), "{message}");
    }

    #[test]
    fn stress_is_a_list() {
        let stress = |text: &'static str| Stress::resolve(|name| (name == "RJIT_STRESS").then(|| text.into()));
        assert_eq!(Stress::resolve(|_| None), Ok(Stress::default()));
        assert_eq!(stress(""), Ok(Stress::default()));
        let forced = |deopt| Stress { deopt: Some(deopt), ..Stress::default() };
        assert_eq!(stress("deopt:12"), Ok(forced(ForcedDeopt::Nth(12))));
        assert_eq!(stress("deopt:every:3"), Ok(forced(ForcedDeopt::Every(3))));
        let all = stress("gc, deopt:all,reify,invalidate").unwrap();
        assert_eq!(all, Stress { deopt: Some(ForcedDeopt::All), invalidate: true, reify: true, gc: true });
        for text in ["deopt:all,invalidate,reify,gc", "deopt:7,gc", "deopt:every:2", "reify", ""] {
            assert_eq!(stress(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn passes_can_be_left_out() {
        let off = |text: &'static str| passes_off(|name| (name == "RJIT_PASSES").then(|| text.into()));
        assert_eq!(passes_off(|_| None), Ok(vec![]));
        assert_eq!(off(""), Ok(vec![]));
        assert_eq!(off("-number, -infer"), Ok(vec!["number", "infer"]));
        for text in ["number", "-all", "-infer,", "-"] {
            let message = off(text).unwrap_err();
            assert!(message.starts_with(&format!("RJIT_PASSES={text} is not a list")), "{message}");
            assert!(
                message
                    .contains("-straighten, -infer, -fold, -light, -refcounts, -ranges, -peel, -number, -boxes, -join, -sweep, -sink, -elide, -unmade, -reframe, -compact, -assume;"),
                "{message}"
            );
        }
    }

    #[test]
    fn bad_stress_says_what_is_allowed() {
        let bad = ["deopt", "deopt:", "deopt:0", "deopt:x", "deopt:every:0", "deopt:1,deopt:all", "gc,", "GC", "yes"];
        for text in bad {
            let message = Stress::resolve(|_| Some(text.into())).unwrap_err();
            assert!(message.starts_with(&format!("RJIT_STRESS={text} is not a list")), "{message}");
            assert!(message.contains("deopt:every:N") && message.contains("unset it"), "{message}");
        }
    }
}
