//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Parser, Subcommand};
use clap_complete::Shell;

use crate::source::watch::USUAL_HZ;
use crate::theme::ThemeName;

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failure, 2 wrong arguments, 3 no such process, 4 process without rjit, \
                          5 not permitted, 6 other layout version, 7 damaged page or recording, 8 standard output is not a \
                          terminal, 9 no samples, 10 nothing of that name. Of a program that was started, its own.";

/// Shows what rjit, the compiler inside a running Python process, is doing.
#[derive(Debug, Parser)]
#[command(name = "rjit-inspect", version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = EXIT_CODES)]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub target: Target,

    /// Print everything as JSON, once, instead of drawing a screen.
    #[arg(long, conflicts_with = "once")]
    pub json: bool,

    /// Print a summary as plain text, once, instead of drawing a screen.
    #[arg(long)]
    pub once: bool,

    /// Seconds between two looks at the process.
    #[arg(long, value_name = "SECONDS", default_value = "0.5", value_parser = interval)]
    pub interval: Duration,

    /// Watch the children of the process, too, forked or started; `w` goes from one to the next.
    #[arg(long, conflicts_with_all = ["json", "once"])]
    pub children: bool,

    #[command(flatten)]
    pub rate: Rate,

    /// Colours of the screen.
    #[arg(long, value_enum, value_name = "THEME", default_value_t)]
    pub theme: ThemeName,
}

/// Which process.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("which").required(true).multiple(false))]
pub struct Target {
    /// The process to look into.
    #[arg(group = "which", value_parser = clap::value_parser!(u32).range(1..))]
    pub pid: Option<u32>,

    /// The process whose command line contains this.
    #[arg(long, value_name = "TEXT", group = "which")]
    pub name: Option<String>,

    /// Wait until the process starts, or until rjit is enabled in it.
    #[arg(long)]
    pub wait: bool,

    /// Where the output of a program that is started goes. Without this it follows when the screen is closed.
    #[arg(long, value_name = "FILE", requires = "program")]
    pub program_output: Option<PathBuf>,

    /// A program to start, with RJIT=1 in its environment, and to look into.
    #[arg(last = true, value_name = "PROGRAM", group = "which")]
    pub program: Vec<OsString>,
}

/// How often samples are taken.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Rate {
    /// Samples for each second that a thread of the process runs.
    #[arg(long = "rate", value_name = "HZ", default_value_t = USUAL_HZ, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub hz: u32,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the processes that run rjit.
    List {
        /// Print the list as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Record a process, to be shown later by `open`.
    Record {
        #[command(flatten)]
        target: Target,

        /// The file to write.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,

        /// Seconds to record; otherwise until the process ends or Ctrl-C.
        #[arg(long, value_name = "SECONDS", value_parser = duration)]
        duration: Option<Duration>,

        /// Seconds between two looks at the process.
        #[arg(long, value_name = "SECONDS", default_value = "0.5", value_parser = interval)]
        interval: Duration,

        #[command(flatten)]
        rate: Rate,
    },
    /// Show a recording on the screen.
    Open {
        /// The recording.
        file: PathBuf,

        /// Print what it ended with as JSON instead.
        #[arg(long, conflicts_with = "once")]
        json: bool,

        /// Print a summary of what it ended with instead.
        #[arg(long)]
        once: bool,

        /// Colours of the screen.
        #[arg(long, value_enum, value_name = "THEME", default_value_t)]
        theme: ThemeName,
    },
    /// Draw where the time of a process goes, as an SVG picture.
    Flamegraph {
        #[command(flatten)]
        sampled: Sampled,

        /// The picture to write.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,

        /// Write folded stacks instead, a line of text each, for other tools.
        #[arg(long)]
        folded: bool,
    },
    /// Show which functions take the time of a process, most first.
    Top {
        #[command(flatten)]
        sampled: Sampled,

        /// Print once as JSON.
        #[arg(long, conflicts_with = "once")]
        json: bool,

        /// Print once as text, after the duration.
        #[arg(long)]
        once: bool,

        /// The number of functions.
        #[arg(long, value_name = "COUNT", default_value_t = 30)]
        limit: usize,
    },
    /// Say what became of a function: whether it is compiled, and if not, or not any more, why.
    #[command(override_usage = "rjit-inspect explain [OPTIONS] <FUNCTION> <PID|--name <TEXT>>")]
    Explain {
        /// Its qualified name, or the end of it.
        function: String,

        #[command(flatten)]
        target: Target,

        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page.
    Man,
}

/// What samples are of, and for how long.
#[derive(Debug, clap::Args)]
pub struct Sampled {
    #[command(flatten)]
    pub target: Target,

    /// Take the samples of a recording instead.
    #[arg(long, value_name = "FILE", group = "which")]
    pub recording: Option<PathBuf>,

    /// Seconds to sample; less if the process ends.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = duration)]
    pub duration: Duration,

    /// Sample the children of the process, too.
    #[arg(long)]
    pub children: bool,

    #[command(flatten)]
    pub rate: Rate,
}

fn interval(text: &str) -> Result<Duration, String> {
    seconds(text, 0.05, 60.0)
}

fn duration(text: &str) -> Result<Duration, String> {
    seconds(text, 0.1, 1e6)
}

fn seconds(text: &str, least: f64, most: f64) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (least..=most).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!("it has to be a number of seconds from {least} to {most}")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn is_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn takes_a_process_or_a_command() {
        let parse = |arguments: &[&str]| Args::parse_from([&["rjit-inspect"], arguments].concat());
        assert_eq!(parse(&["12", "--json"]).target.pid, Some(12));
        assert_eq!(parse(&["--name", "app.py", "--wait"]).target.name.as_deref(), Some("app.py"));
        assert_eq!(parse(&["--", "python", "app.py", "--json"]).target.program.len(), 3);
        assert!(matches!(parse(&["list", "--json"]).command, Some(Command::List { json: true })));
        let Some(Command::Record { target, .. }) = parse(&["record", "-o", "x", "--", "python"]).command else {
            panic!("it is a command");
        };
        assert_eq!(target.program, ["python"]);
        assert!(matches!(parse(&["top", "--recording", "x"]).command, Some(Command::Top { .. })));
        assert!(matches!(parse(&["explain", "f", "12"]).command, Some(Command::Explain { .. })));
        for wrong in [
            &["x"][..],
            &["x", "0"],
            &["x", "one"],
            &["x", "1", "--json", "--once"],
            &["x", "1", "--interval", "0"],
            &["x", "1", "--name", "y"],
            &["x", "1", "--", "python"],
            &["x", "record", "1"],
            &["x", "record", "-o", "f"],
            &["x", "top"],
            &["x", "top", "1", "--recording", "f"],
            &["x", "explain", "f"],
            &["x", "top", "1", "--duration", "0"],
        ] {
            assert!(Args::try_parse_from(wrong).is_err(), "{wrong:?}");
        }
    }
}
