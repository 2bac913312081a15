//! The command line.

use std::time::Duration;

use clap::{Parser, Subcommand};

/// Shows what rjit, the compiler inside a running Python process, is doing.
#[derive(Debug, Parser)]
#[command(name = "rjit-inspect", version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "Exit codes: 0 done, 1 failure, 2 wrong arguments, 3 no such process, 4 process without rjit, \
                        5 not permitted, 6 other layout version, 7 damaged page, 8 standard output is not a terminal.")]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The process to look into.
    #[arg(required = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub pid: Option<u32>,

    /// Print everything as JSON, once, instead of drawing a screen.
    #[arg(long, conflicts_with = "once")]
    pub json: bool,

    /// Print a summary as plain text, once, instead of drawing a screen.
    #[arg(long)]
    pub once: bool,

    /// Seconds between two looks at the process.
    #[arg(long, value_name = "SECONDS", default_value = "0.5", value_parser = interval)]
    pub interval: Duration,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the processes that run rjit.
    List {
        /// Print the list as JSON.
        #[arg(long)]
        json: bool,
    },
}

fn interval(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.05..=60.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("it has to be a number of seconds from 0.05 to 60".into()),
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
    fn takes_a_pid_or_a_command() {
        assert_eq!(Args::parse_from(["rjit-inspect", "12", "--json"]).pid, Some(12));
        assert!(matches!(
            Args::parse_from(["rjit-inspect", "list", "--json"]).command,
            Some(Command::List { json: true })
        ));
        for wrong in
            [&["x"][..], &["x", "0"], &["x", "one"], &["x", "1", "--json", "--once"], &["x", "1", "--interval", "0"]]
        {
            assert!(Args::try_parse_from(wrong).is_err(), "{wrong:?}");
        }
    }
}
