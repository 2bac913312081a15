//! The page as JSON for scripts and as plain text for logs.
//!
//! Field names are promised to scripts: `SCHEMA` changes when one goes or changes its meaning, not when one is added.

use std::fmt::Write;

use rjit_telemetry::{Event, Executable, Kind, Listing, PageView, Refused, Site, Snapshot, command_line};
use serde::Serialize;

use crate::{format, words};

const SCHEMA: u32 = 1;
const EVENTS_IN_TEXT: usize = 10;

#[derive(Serialize)]
struct ProcessReport<'a> {
    schema: u32,
    #[serde(flatten)]
    process: ProcessLine<'a>,
    closed: bool,
    counters: CounterReport,
    executables: Vec<ExecutableReport<'a>>,
    torn_slots: usize,
    sites: Vec<SiteReport<'a>>,
    sites_lost: u64,
    refused: Vec<RefusedReport<'a>>,
    refused_lost: u64,
    events: Vec<EventReport<'a>>,
    events_lost: u64,
}

#[derive(Serialize)]
struct ProcessLine<'a> {
    pid: u32,
    parent_pid: Option<u32>,
    command: String,
    python: &'a str,
    rjit: &'a str,
    uptime_ns: u64,
}

#[derive(Serialize)]
struct CounterReport {
    entries: u64,
    deopts: u64,
    reifications: u64,
    compiles: u64,
    refusals: u64,
    compile_ns: u64,
    code_bytes: u64,
    evaluations: u64,
    invalidations: u64,
    retirements: u64,
    overflow: u64,
}

#[derive(Serialize)]
struct ExecutableReport<'a> {
    slot: u32,
    generation: u32,
    qualname: &'a str,
    filename: &'a str,
    first_line: u32,
    line: u32,
    kind: &'static str,
    state: &'static str,
    address: u64,
    size: u64,
    created_ns: u64,
    compile_ns: u64,
    entries: u64,
    deopts: u64,
    reifications: u64,
}

#[derive(Serialize)]
struct SiteReport<'a> {
    kind: &'static str,
    slot: u32,
    generation: u32,
    qualname: &'a str,
    filename: &'a str,
    line: Option<u32>,
    reason: &'a str,
    opcode: &'a str,
    expected: Option<&'a str>,
    seen: Option<&'a str>,
    observer: Option<&'a str>,
    count: u64,
    first_ns: u64,
    last_ns: u64,
}

#[derive(Serialize)]
struct RefusedReport<'a> {
    qualname: &'a str,
    filename: &'a str,
    first_line: u32,
    line: u32,
    construct: &'a str,
    count: u64,
    first_ns: u64,
    last_ns: u64,
}

#[derive(Serialize)]
struct EventReport<'a> {
    number: u64,
    time_ns: u64,
    kind: &'static str,
    slot: Option<u32>,
    generation: Option<u32>,
    line: Option<u32>,
    subject: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct ListReport<'a> {
    schema: u32,
    processes: Vec<ProcessLine<'a>>,
    unreadable: Vec<UnreadableReport>,
}

#[derive(Serialize)]
struct UnreadableReport {
    pid: u32,
    why: String,
}

/// One process as JSON.
pub fn json(snapshot: &Snapshot, command: &str) -> String {
    let identity = &snapshot.identity;
    let (totals, counters) = (snapshot.totals(), &snapshot.counters);
    render(&ProcessReport {
        schema: SCHEMA,
        process: ProcessLine {
            pid: identity.pid,
            parent_pid: identity.parent_pid,
            command: command.into(),
            python: &identity.python,
            rjit: &identity.rjit,
            uptime_ns: identity.age_ns(),
        },
        closed: snapshot.closed,
        counters: CounterReport {
            entries: totals.entries,
            deopts: totals.deopts,
            reifications: totals.reifications,
            compiles: counters.compiles,
            refusals: counters.refusals,
            compile_ns: counters.compile_ns,
            code_bytes: counters.code_bytes,
            evaluations: counters.evaluations,
            invalidations: counters.invalidations,
            retirements: counters.retirements,
            overflow: counters.overflow,
        },
        executables: snapshot.executables.iter().map(executable_report).collect(),
        torn_slots: snapshot.torn_slots,
        sites: snapshot.sites.iter().map(site_report).collect(),
        sites_lost: snapshot.sites_lost,
        refused: snapshot.refused.iter().map(refused_report).collect(),
        refused_lost: snapshot.refused_lost,
        events: snapshot.events.iter().map(event_report).collect(),
        events_lost: snapshot.events_lost,
    })
}

/// One process as plain text.
pub fn text(snapshot: &Snapshot, command: &str) -> String {
    let (identity, totals, counters) = (&snapshot.identity, snapshot.totals(), &snapshot.counters);
    let mut out = format!(
        "process {}: {command}\nPython {}, rjit {}, for {}\n\n",
        identity.pid,
        identity.python,
        identity.rjit,
        format::duration(identity.age_ns())
    );
    let numbers = [
        ("entries", format::count(totals.entries)),
        ("deopts", format::count(totals.deopts)),
        ("reifications", format::count(totals.reifications)),
        ("compiled", format::count(counters.compiles)),
        ("refused", format::count(counters.refusals)),
        ("invalidated", format::count(counters.invalidations)),
        ("retired", format::count(counters.retirements)),
        ("evaluations", format::count(counters.evaluations)),
        ("compile time", format::duration(counters.compile_ns)),
        ("machine code", format::bytes(counters.code_bytes)),
    ];
    for (name, number) in numbers {
        line(&mut out, format_args!("{name:<14}{number:>16}"));
    }
    line(&mut out, format_args!(""));
    line(
        &mut out,
        format_args!(
            "{:>12} {:>8} {:>8} {:>9}  {:<8} {:<11}  {}",
            "entries", "deopts", "reified", "bytes", "kind", "state", "function"
        ),
    );
    let mut executables: Vec<_> = snapshot.executables.iter().collect();
    executables.sort_by_key(|executable| std::cmp::Reverse(executable.entries));
    for found in executables {
        let place = match found.kind {
            Kind::Overflow => String::new(),
            _ => format!(" ({}:{})", found.filename, found.line),
        };
        line(
            &mut out,
            format_args!(
                "{:>12} {:>8} {:>8} {:>9}  {:<8} {:<11}  {}{}",
                found.entries,
                found.deopts,
                found.reifications,
                found.size,
                words::kind(found.kind),
                words::state(found.state),
                found.qualname,
                place
            ),
        );
    }
    line(&mut out, format_args!(""));
    for event in snapshot.events.iter().rev().take(EVENTS_IN_TEXT).rev() {
        line(&mut out, format_args!("{}", event_line(event)));
    }
    out
}

/// One event as a line.
pub fn event_line(event: &Event) -> String {
    let mut out = format!("{:>10.3}s  {:<11}", event.time_ns as f64 / 1e9, words::event(event.kind));
    let subject = match event.line {
        Some(line) => format!("{}:{line}", event.subject),
        None => event.subject.clone(),
    };
    for part in [&subject, &event.reason] {
        if !part.is_empty() {
            out += "  ";
            out += part;
        }
    }
    out
}

/// All processes as JSON.
pub fn list_json(listing: &Listing) -> String {
    render(&ListReport {
        schema: SCHEMA,
        processes: listing.views.iter().map(process_line).collect(),
        unreadable: listing
            .unreadable
            .iter()
            .map(|(pid, error)| UnreadableReport { pid: *pid, why: error.to_string() })
            .collect(),
    })
}

/// All processes as plain text.
pub fn list_text(listing: &Listing) -> String {
    if listing.views.is_empty() {
        return "no process runs rjit\n".into();
    }
    let mut out = format!("{:>8}  {:<8} {:<8} {:>9}  {}\n", "pid", "python", "rjit", "up", "command");
    for view in &listing.views {
        let found = process_line(view);
        line(
            &mut out,
            format_args!(
                "{:>8}  {:<8} {:<8} {:>9}  {}",
                found.pid,
                found.python,
                found.rjit,
                format::duration(found.uptime_ns),
                found.command
            ),
        );
    }
    out
}

fn process_line(view: &PageView) -> ProcessLine<'_> {
    let identity = view.identity();
    ProcessLine {
        pid: identity.pid,
        parent_pid: identity.parent_pid,
        command: command_line(identity.pid),
        python: &identity.python,
        rjit: &identity.rjit,
        uptime_ns: identity.age_ns(),
    }
}

fn executable_report(found: &Executable) -> ExecutableReport<'_> {
    ExecutableReport {
        slot: found.slot,
        generation: found.generation,
        qualname: &found.qualname,
        filename: &found.filename,
        first_line: found.first_line,
        line: found.line,
        kind: words::kind(found.kind),
        state: words::state(found.state),
        address: found.address,
        size: found.size,
        created_ns: found.created_ns,
        compile_ns: found.compile_ns,
        entries: found.entries,
        deopts: found.deopts,
        reifications: found.reifications,
    }
}

fn site_report(found: &Site) -> SiteReport<'_> {
    SiteReport {
        kind: words::site(found.kind),
        slot: found.slot,
        generation: found.generation,
        qualname: &found.qualname,
        filename: &found.filename,
        line: (found.line != 0).then_some(found.line),
        reason: &found.reason,
        opcode: &found.opcode,
        expected: found.expected.as_deref(),
        seen: found.seen.as_deref(),
        observer: found.observer.as_deref(),
        count: found.count,
        first_ns: found.first_ns,
        last_ns: found.last_ns,
    }
}

fn refused_report(found: &Refused) -> RefusedReport<'_> {
    RefusedReport {
        qualname: &found.qualname,
        filename: &found.filename,
        first_line: found.first_line,
        line: found.line,
        construct: &found.construct,
        count: found.count,
        first_ns: found.first_ns,
        last_ns: found.last_ns,
    }
}

fn event_report(event: &Event) -> EventReport<'_> {
    EventReport {
        number: event.number,
        time_ns: event.time_ns,
        kind: words::event(event.kind),
        slot: event.executable.map(|(slot, _)| slot),
        generation: event.executable.map(|(_, generation)| generation),
        line: event.line,
        subject: &event.subject,
        reason: &event.reason,
    }
}

fn render(report: &impl Serialize) -> String {
    let mut out = serde_json::to_string_pretty(report).expect("reports have string keys only");
    out.push('\n');
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("writing to a string does not fail");
}
