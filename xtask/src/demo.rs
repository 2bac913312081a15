//! `cargo xtask demo`: the examples interpreted and compiled, side by side, then one of them seen from outside while it
//! runs compiled: its Python stack by py-spy, its machine code by perf, the compiler's own view by the inspector.
//!
//! What is shown goes to stdout. A tool that is missing or not permitted is named and left out.

use crate::build::{self, Built};
use crate::system::{self, PERF};
use crate::{process, project, ui};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs;
use std::io::{IsTerminal, Write, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long the example that is looked at runs before anybody looks: long enough to be compiled.
const WARM_UP: Duration = Duration::from_secs(3);

/// For how many seconds perf samples.
const SAMPLED: &str = "2";

const PERF_ROWS: usize = 15;

/// Runs a program over and over, as one and the same code, so that there is time to look at it.
const AGAIN: &str = "\
import sys

sys.argv = sys.argv[1:]
with open(sys.argv[0], encoding='utf-8') as file:
    code = compile(file.read(), sys.argv[0], 'exec')
while True:
    exec(code, {'__name__': '__main__', '__file__': sys.argv[0]})
";

#[derive(clap::Args)]
pub struct Options {
    /// Run only these examples (names without .py)
    examples: Vec<String>,
    /// Pass this size to each example instead of its default
    #[arg(long)]
    size: Option<u64>,
}

/// Shows everything; fails if an example's output differs between its two runs.
pub fn main(options: &Options) -> Result<()> {
    let built = build::build(false)?;
    let examples = chosen(&options.examples)?;
    let work = project::target().join("demo");
    fs::create_dir_all(&work)?;

    let mut comparisons = Vec::new();
    for example in &examples {
        ui::step(format!("Running {} interpreted and compiled", name(example)));
        comparisons.push(compare(&built, &work, example, options.size)?);
    }
    println!("\n{}", ui::table(&rows(&comparisons)));

    let longest =
        comparisons.iter().max_by_key(|comparison| comparison.compiled.time).context("there is an example")?;
    look_at(&built, &work, &longest.example, options.size)?;

    let wrong: Vec<String> = comparisons
        .iter()
        .filter(|comparison| !comparison.same())
        .map(|comparison| name(&comparison.example))
        .collect();
    if !wrong.is_empty() {
        bail!("compiled, these did not do what they do interpreted: {}", wrong.join(", "));
    }
    Ok(())
}

/// The examples of these names, or all.
fn chosen(names: &[String]) -> Result<Vec<PathBuf>> {
    let folder = project::root().join("examples");
    let mut found: Vec<PathBuf> = fs::read_dir(&folder)
        .with_context(|| format!("cannot list {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    found.sort();
    if let Some(unknown) = names.iter().find(|&wanted| !found.iter().any(|path| name(path) == *wanted)) {
        let known: Vec<String> = found.iter().map(|path| name(path)).collect();
        bail!("there is no example {unknown}; there are: {}", known.join(", "));
    }
    if !names.is_empty() {
        found.retain(|path| names.contains(&name(path)));
    }
    if found.is_empty() {
        bail!("there are no examples in {}", folder.display());
    }
    Ok(found)
}

fn name(example: &Path) -> String {
    example.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// An example's two runs.
struct Comparison {
    example: PathBuf,
    interpreted: Run,
    compiled: Run,
    statistics: Value,
}

struct Run {
    time: Duration,
    stdout: Vec<u8>,
    code: Option<i32>,
}

impl Comparison {
    fn same(&self) -> bool {
        self.interpreted.stdout == self.compiled.stdout && self.interpreted.code == self.compiled.code
    }
}

fn compare(built: &Built, work: &Path, example: &Path, size: Option<u64>) -> Result<Comparison> {
    let size = size.map(|size| size.to_string());
    let interpreted = run(built.venv.command("python").arg(example).args(&size))?;
    if interpreted.code != Some(0) {
        bail!("{} fails even interpreted; what it said is above", example.display());
    }
    let report = work.join(format!("{}.json", name(example)));
    let _absent = fs::remove_file(&report);
    let mut compiled = built.venv.command("python");
    compiled.args(["-m", "rjit", "--stats-json"]).arg(&report).arg(example).args(&size);
    let compiled = run(&mut compiled)?;
    // A run that crashed leaves no report; its row says so by its empty cells and its differing output.
    let statistics = match fs::read(&report) {
        Ok(text) => serde_json::from_slice(&text).with_context(|| format!("{} is no JSON", report.display()))?,
        Err(_) => Value::Null,
    };
    Ok(Comparison { example: example.to_path_buf(), interpreted, compiled, statistics })
}

fn run(command: &mut Command) -> Result<Run> {
    let start = Instant::now();
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run `{}`", process::shown(command)))?;
    Ok(Run { time: start.elapsed(), stdout: output.stdout, code: output.status.code() })
}

fn rows(comparisons: &[Comparison]) -> Vec<Vec<String>> {
    let titles = ["example", "interpreted", "compiled", "ratio", "executables", "deopts", "reifications", "output"];
    let mut rows = vec![titles.map(String::from).to_vec()];
    for comparison in comparisons {
        let [before, after] = [&comparison.interpreted, &comparison.compiled].map(|run| run.time.as_secs_f64());
        let count = |key: &str| {
            let value = comparison.statistics.get(key).and_then(Value::as_u64);
            value.map_or("-".to_string(), |value| value.to_string())
        };
        rows.push(vec![
            name(&comparison.example),
            format!("{before:.2} s"),
            format!("{after:.2} s"),
            format!("{:.2}x", before / after),
            count("executables"),
            count("deopts"),
            count("reifications"),
            if comparison.same() { "same" } else { "DIFFERS" }.to_string(),
        ]);
    }
    rows
}

/// A process that ends with the demo, however the demo ends.
struct Watched(Child);

impl Drop for Watched {
    fn drop(&mut self) {
        // It may have ended by itself, and there is nobody left to tell.
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn look_at(built: &Built, work: &Path, example: &Path, size: Option<u64>) -> Result<()> {
    ui::step(format!("Looking at {} while it runs compiled", name(example)));
    let requirements = project::root().join("tests/requirements.txt");
    if let Err(error) = built.venv.install_requirements(&built.tools, &requirements) {
        ui::note(format!("{error:#}"));
    }
    let perf_is_missing = !system::provide(&[PERF]).is_empty();

    let again = work.join("again.py");
    fs::write(&again, AGAIN)?;
    let mut watched = Watched(
        built
            .venv
            .command("python")
            .args(["-m", "rjit"])
            .arg(again)
            .arg(example)
            .args(size.map(|size| size.to_string()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?,
    );
    sleep(WARM_UP);
    if let Some(status) = watched.0.try_wait()? {
        bail!("{} ended while it was to be looked at ({status})", name(example));
    }
    let pid = watched.0.id().to_string();

    println!("py-spy dump --locals --pid {pid}\n");
    match process::capture(built.venv.command("py-spy").args(["dump", "--locals", "--pid", &pid])) {
        Ok(stack) => println!("{stack}\n"),
        Err(error) => println!("py-spy cannot show it: {error:#}\n"),
    }
    println!("perf record -e cpu-clock -g --pid {pid}\n");
    if perf_is_missing {
        println!("perf is not on this machine (on Debian: apt-get install linux-perf)\n");
    } else {
        match top_symbols(work, &pid) {
            Ok(symbols) => println!("{symbols}\n"),
            Err(error) => println!("perf cannot show it: {error:#}\n"),
        }
    }
    offer_inspector(built, &pid)
}

fn top_symbols(work: &Path, pid: &str) -> Result<String> {
    let data = work.join("perf.data");
    process::capture(
        Command::new("perf")
            .args(["record", "--quiet", "-e", "cpu-clock", "-g", "--pid", pid, "--output"])
            .arg(&data)
            .args(["--", "sleep", SAMPLED]),
    )?;
    let report = process::capture(
        Command::new("perf")
            .args(["report", "--stdio", "--no-children", "--call-graph", "none", "--fields", "overhead,dso,symbol"])
            .arg("--input")
            .arg(&data),
    )?;
    let symbols = top_rows(&report);
    if symbols.is_empty() {
        bail!("it recorded nothing");
    }
    Ok(symbols)
}

/// The first rows of a report, without its comments.
fn top_rows(report: &str) -> String {
    report
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .take(PERF_ROWS)
        .collect::<Vec<_>>()
        .join("\n")
}

fn offer_inspector(built: &Built, pid: &str) -> Result<()> {
    if !stdout().is_terminal() || !stdin().is_terminal() {
        return Ok(());
    }
    print!("Open the inspector on it (rjit-inspect {pid}; q leaves)? [Y/n] ");
    stdout().flush()?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    // An empty answer is a line break; nothing at all is the end of the input.
    if matches!(answer.to_lowercase().as_str(), "\n" | "y\n" | "yes\n") {
        process::run(built.venv.command("rjit-inspect").arg(pid))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(milliseconds: u64, stdout: &str, code: i32) -> Run {
        Run { time: Duration::from_millis(milliseconds), stdout: stdout.into(), code: Some(code) }
    }

    fn comparison(compiled: Run, statistics: Value) -> Comparison {
        Comparison { example: "examples/nbody.py".into(), interpreted: run(3000, "42\n", 0), compiled, statistics }
    }

    #[test]
    fn a_row_shows_times_counts_and_equality() {
        let statistics = serde_json::json!({"executables": 7, "deopts": 2, "compile_ms": 1.5});
        let rows = rows(&[comparison(run(1500, "42\n", 0), statistics)]);
        assert_eq!(rows[1], ["nbody", "3.00 s", "1.50 s", "2.00x", "7", "2", "-", "same"]);
    }

    #[test]
    fn other_output_or_exit_code_differs() {
        for wrong in [run(1500, "43\n", 0), run(1500, "42\n", 1)] {
            let comparison = comparison(wrong, Value::Null);
            assert!(!comparison.same());
            assert_eq!(rows(&[comparison])[1][4..], ["-", "-", "-", "DIFFERS"]);
        }
    }

    #[test]
    fn comments_of_a_report_are_left_out() {
        let report = "# Samples\n#\n\n    61.20%  [.] py::advance:nbody.py   \n    10.00%  [.] b\n";
        assert_eq!(top_rows(report), "    61.20%  [.] py::advance:nbody.py\n    10.00%  [.] b");
    }

    #[test]
    fn an_unknown_example_is_named() {
        let error = chosen(&["no-such-example".into()]).unwrap_err();
        assert!(format!("{error:#}").contains("no-such-example"), "{error:#}");
    }
}
