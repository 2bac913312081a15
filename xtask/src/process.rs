//! Running other programs so that a failure says which command failed, and what it said.

use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;
use wait_timeout::ChildExt;

/// How much of a failed program's output an error repeats.
const TAIL_LINES: usize = 15;

/// The command as a person would type it.
pub fn shown(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| {
            let word = word.to_string_lossy();
            if word.is_empty() || word.contains(|c: char| c.is_whitespace() || "'\"$()".contains(c)) {
                format!("'{}'", word.replace('\'', r"'\''"))
            } else {
                word.into_owned()
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs a command whose output the user wants to see, and returns how it ended.
pub fn status(command: &mut Command) -> Result<ExitStatus> {
    command.status().with_context(|| format!("cannot run `{}`", shown(command)))
}

/// Runs a command whose output the user wants to see; its failure is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs a command and returns what it wrote to stdout, trimmed. A failure carries the end of its stderr.
pub fn capture(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run `{}`", shown(command)))?;
    if !output.status.success() {
        bail!("`{}` failed ({})\n{}", shown(command), output.status, tail(&String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// Runs a chatty command with its output kept in `log`, and at most for `limit`.
pub fn logged(command: &mut Command, log: &Path, limit: Duration) -> Result<()> {
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .with_context(|| format!("cannot run `{}`", shown(command)))?;
    let Some(status) = child.wait_timeout(limit)? else {
        child.kill()?;
        child.wait()?;
        bail!("`{}` did not end within {} s", shown(command), limit.as_secs());
    };
    if !status.success() {
        let mut said = Vec::new();
        File::open(log)?.read_to_end(&mut said)?;
        bail!("`{}` failed ({status})\n{}", shown(command), tail(&String::from_utf8_lossy(&said)));
    }
    Ok(())
}

/// The last lines of a program's output.
pub fn tail(output: &str) -> String {
    let lines: Vec<&str> = output.trim_end().lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_quotes_what_a_shell_would_split() {
        let mut command = Command::new("python3");
        command.args(["-c", "print('a')", ""]);
        assert_eq!(shown(&command), r"python3 -c 'print('\''a'\'')' ''");
    }

    #[test]
    fn capture_trims_and_reports() {
        assert_eq!(capture(Command::new("sh").args(["-c", "echo ' a '"])).unwrap(), "a");
        let error = capture(Command::new("sh").args(["-c", "echo why >&2; exit 3"])).unwrap_err();
        assert!(error.to_string().contains("why"), "{error}");
        assert!(error.to_string().contains("exit status: 3"), "{error}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = capture(&mut Command::new("/no/such/program")).unwrap_err();
        assert!(error.to_string().contains("/no/such/program"), "{error}");
    }

    #[test]
    fn logged_stops_what_takes_too_long() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let error = logged(Command::new("sleep").arg("60"), &log, Duration::from_millis(50)).unwrap_err();
        assert!(error.to_string().contains("did not end"), "{error}");
    }

    #[test]
    fn tail_keeps_the_end() {
        let long: String = (0..40).map(|n| format!("{n}\n")).collect();
        assert!(tail(&long).starts_with("25\n"));
        assert!(tail(&long).ends_with("39"));
    }
}
