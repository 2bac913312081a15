//! What became of a function, from the page.

use std::collections::BTreeSet;
use std::fmt::Write;

use rjit_telemetry::{Executable, PageView, Refused, Site, SiteKind, Snapshot, State};
use serde::Serialize;

use crate::commands::print;
use crate::failure::Failure;
use crate::{format, words};

const SCHEMA: u32 = 1;
/// So many names are offered instead of one that is not known.
const MOST_SIMILAR: usize = 5;

/// Says what became of a function of a process; of all that have its name.
pub fn run(pid: u32, name: &str, json: bool) -> Result<(), Failure> {
    let snapshot = PageView::open(pid)?.snapshot()?;
    let stories = Story::all(&snapshot, name);
    if stories.is_empty() {
        return Err(Failure::NoFunction { name: name.into(), pid, similar: similar(&snapshot, name) });
    }
    print(if json {
        as_json(&stories, name)
    } else {
        stories.iter().map(Story::as_text).collect::<Vec<_>>().join("\n")
    })
}

/// All that the page says about a function.
struct Story<'a> {
    qualname: &'a str,
    filename: &'a str,
    executables: Vec<&'a Executable>,
    sites: Vec<&'a Site>,
    refused: Vec<&'a Refused>,
}

impl<'a> Story<'a> {
    /// Those of the functions that have this qualified name, or one that ends in it.
    fn all(snapshot: &'a Snapshot, name: &str) -> Vec<Self> {
        let meant = |qualname: &str| qualname == name || qualname.ends_with(&format!(".{name}"));
        let executables = snapshot.executables.iter().map(|found| (found.qualname.as_str(), found.filename.as_str()));
        let sites = snapshot.sites.iter().map(|found| (found.qualname.as_str(), found.filename.as_str()));
        let refused = snapshot.refused.iter().map(|found| (found.qualname.as_str(), found.filename.as_str()));
        let functions: BTreeSet<(&str, &str)> =
            executables.chain(sites).chain(refused).filter(|(qualname, _)| meant(qualname)).collect();
        functions.into_iter().map(|(qualname, filename)| Self::of(snapshot, qualname, filename)).collect()
    }

    fn of(snapshot: &'a Snapshot, qualname: &'a str, filename: &'a str) -> Self {
        let same = |name: &str, file: &str| name == qualname && file == filename;
        Self {
            qualname,
            filename,
            executables: snapshot.executables.iter().filter(|found| same(&found.qualname, &found.filename)).collect(),
            sites: snapshot.sites.iter().filter(|found| same(&found.qualname, &found.filename)).collect(),
            refused: snapshot.refused.iter().filter(|found| same(&found.qualname, &found.filename)).collect(),
        }
    }

    /// The answer in a sentence.
    fn verdict(&self) -> String {
        let name = self.qualname;
        let count = |state: State| self.executables.iter().filter(|found| found.state == state).count();
        let newest = self.executables.iter().max_by_key(|found| found.created_ns);
        let refused = self.refused.iter().max_by_key(|found| found.last_ns);
        match (newest, refused) {
            (Some(newest), _) if count(State::Live) > 0 => {
                let before = match self.executables.len() - count(State::Live) {
                    0 => String::new(),
                    1 => ", after one that was given up".to_owned(),
                    many => format!(", after {many} that were given up"),
                };
                let deopts: u64 =
                    self.sites.iter().filter(|site| site.kind == SiteKind::Deopt).map(|site| site.count).sum();
                let leaves = match deopts {
                    0 => "it has never gone back to the interpreter because a guess failed".to_owned(),
                    _ => format!("it went back to the interpreter {} times", format::count(deopts)),
                };
                let kind = words::kind(newest.kind);
                format!("{name} is compiled (as a {kind}{before}); {leaves}.")
            }
            (_, Some(refused)) => format!(
                "{name} is not compiled: line {} has {}, which rjit does not compile.",
                refused.line, refused.construct
            ),
            (Some(_), None) => format!(
                "{name} is not compiled any more: its machine code was given up. It is compiled anew when it is hot and \
                 the interpreter has learned more, unless its guesses have failed too often."
            ),
            (None, None) => format!("{name} is a part of the machine code of others, into which it was inlined."),
        }
    }

    fn as_text(&self) -> String {
        let mut text = self.verdict() + "\n";
        for found in &self.executables {
            let _ = write!(
                text,
                "\n{} {} {}:{}\n  {}, {} at {:#x}, compiled in {}; {} entries, {} deopts, {} reifications\n",
                words::kind(found.kind),
                found.qualname,
                found.filename,
                found.line,
                words::state(found.state),
                format::bytes(found.size),
                found.address,
                format::duration(found.compile_ns),
                format::count(found.entries),
                format::count(found.deopts),
                format::count(found.reifications)
            );
        }
        for (kind, title) in
            [(SiteKind::Deopt, "Where guesses failed"), (SiteKind::Reification, "Who looked at its frames")]
        {
            let mut sites: Vec<&&Site> = self.sites.iter().filter(|site| site.kind == kind).collect();
            sites.sort_by_key(|site| std::cmp::Reverse(site.count));
            if !sites.is_empty() {
                let _ = writeln!(text, "\n{title}:");
            }
            for site in sites {
                let _ =
                    writeln!(text, "  {:>9} times  line {}: {}", format::count(site.count), site.line, describe(site));
            }
        }
        if !self.refused.is_empty() {
            let _ = writeln!(text, "\nWhat is not compiled:");
        }
        for found in &self.refused {
            let _ = writeln!(
                text,
                "  {} {}:{}: {}, tried {} times",
                found.qualname,
                found.filename,
                found.line,
                found.construct,
                format::count(found.count)
            );
        }
        text
    }
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    name: &'a str,
    functions: Vec<FunctionReport<'a>>,
}

#[derive(Serialize)]
struct FunctionReport<'a> {
    qualname: &'a str,
    filename: &'a str,
    verdict: String,
    executables: Vec<ExecutableReport>,
    sites: &'a [&'a Site],
    refused: &'a [&'a Refused],
}

#[derive(Serialize)]
struct ExecutableReport {
    slot: u32,
    generation: u32,
    line: u32,
    kind: &'static str,
    state: &'static str,
    size: u64,
    entries: u64,
    deopts: u64,
    reifications: u64,
}

fn as_json(stories: &[Story], name: &str) -> String {
    let executable = |found: &&Executable| ExecutableReport {
        slot: found.slot,
        generation: found.generation,
        line: found.line,
        kind: words::kind(found.kind),
        state: words::state(found.state),
        size: found.size,
        entries: found.entries,
        deopts: found.deopts,
        reifications: found.reifications,
    };
    let functions = stories.iter().map(|story| FunctionReport {
        qualname: story.qualname,
        filename: story.filename,
        verdict: story.verdict(),
        executables: story.executables.iter().map(executable).collect(),
        sites: &story.sites,
        refused: &story.refused,
    });
    let report = Report { schema: SCHEMA, name, functions: functions.collect() };
    serde_json::to_string_pretty(&report).expect("a report is plain data") + "\n"
}

fn describe(site: &Site) -> String {
    let mut text = site.reason.clone();
    if let Some(expected) = &site.expected {
        let _ = write!(text, ", expected {expected}");
    }
    if let Some(seen) = &site.seen {
        let _ = write!(text, ", got {seen}");
    }
    if let Some(observer) = &site.observer {
        let _ = write!(text, ", by {observer}");
    }
    text
}

/// Names that contain this one, to be offered.
fn similar(snapshot: &Snapshot, name: &str) -> String {
    let lower = name.to_lowercase();
    let all = snapshot.executables.iter().map(|found| &found.qualname);
    let mut found: Vec<&str> = all
        .chain(snapshot.refused.iter().map(|found| &found.qualname))
        .filter(|qualname| qualname.to_lowercase().contains(&lower))
        .map(String::as_str)
        .collect();
    found.sort_unstable();
    found.dedup();
    found.truncate(MOST_SIMILAR);
    if found.is_empty() { String::new() } else { format!("; there are {}", found.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn says_what_is_and_why() {
        let snapshot = sample::snapshot();
        let text = |name: &str| Story::all(&snapshot, name)[0].as_text();
        assert!(
            text("Constraint.satisfy").starts_with("Constraint.satisfy is compiled (as a function)"),
            "{}",
            text("Constraint.satisfy")
        );
        assert!(text("satisfy").contains("deltablue.py:128"));
        assert!(text("Old.gone").contains("is not compiled any more"));
        let refused = &snapshot.refused[0];
        let told = text(&refused.qualname);
        assert!(told.contains("is not compiled: line") && told.contains(&refused.construct), "{told}");
        let site = snapshot.sites.iter().find(|site| site.kind == SiteKind::Deopt).unwrap();
        assert!(text(&site.qualname).contains(&describe(site)), "{}", text(&site.qualname));
        assert!(Story::all(&snapshot, "atisfy").is_empty());
        assert!(similar(&snapshot, "ATISFY").contains("Constraint.satisfy"));
        assert_eq!(similar(&snapshot, "nothing like it"), "");
    }

    #[test]
    fn json_has_the_promised_fields() {
        let snapshot = sample::snapshot();
        let report: serde_json::Value =
            serde_json::from_str(&as_json(&Story::all(&snapshot, "satisfy"), "satisfy")).unwrap();
        assert_eq!(report["schema"], 1);
        let function = &report["functions"][0];
        assert_eq!(function["executables"][0]["state"], "live");
        assert!(function["verdict"].as_str().unwrap().contains("compiled"));
    }
}
