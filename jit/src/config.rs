//! Options, from keywords and `RJIT_*` variables, checked once.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

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

const RANGE: &str = "a whole number from 1 to 4294967295";

fn parse_os(value: &OsStr) -> Option<u32> {
    parse(value.to_str()?)
}

fn parse(text: &str) -> Option<u32> {
    text.trim().parse().ok().filter(|&number| number >= 1)
}

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
}
