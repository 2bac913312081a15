//! `cargo xtask python`: a CPython 3.15 with headers, found or provided.
//!
//! Looked for in this order: `RJIT_PYTHON`; `python3.15` on PATH; uv's; Debian's packages, unpacked under the target
//! directory. Each place that does not serve says why, so that "none found" comes with its reasons.

use crate::debian::CPYTHON;
use crate::tools::Tools;
use crate::{process, project, ui};
use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The minor version of CPython 3 that rjit is for.
const MINOR: u32 = 15;

/// What headers must be there: rjit's tests compile C against the public and the internal ones.
const HEADERS: [&str; 2] = ["Python.h", "internal/pycore_frame.h"];

/// Long enough to download an interpreter over a slow line, short enough not to look hung.
const UV_INSTALL_LIMIT: Duration = Duration::from_secs(180);

/// Asks an interpreter about itself.
const PROBE: &str = r#"
import json, platform, sys, sysconfig
print(json.dumps({
    "executable": sys.executable,
    "implementation": platform.python_implementation(),
    "version": list(sys.version_info[:2]),
    "full_version": platform.python_version(),
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "debug": hasattr(sys, "gettotalrefcount"),
    "include": sysconfig.get_path("include"),
}))
"#;

#[derive(clap::Args)]
pub struct Options {
    /// Print the flags that a C compiler needs for this interpreter's headers instead
    #[arg(long)]
    cflags: bool,
}

/// An interpreter that serves.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Python {
    pub executable: PathBuf,
    implementation: String,
    version: (u32, u32),
    pub full_version: String,
    free_threaded: bool,
    debug: bool,
    include: PathBuf,
}

/// Prints the interpreter's path.
pub fn main(options: &Options) -> Result<()> {
    let python = find(&mut None)?;
    if options.cflags {
        println!("-I{}", python.include.display());
    } else {
        println!("{}", python.executable.display());
    }
    Ok(())
}

/// Finds or provides an interpreter. The tools are installed only if the search gets as far as needing them; a caller
/// that needs them anyway finds them in `tools` then.
pub fn find(tools: &mut Option<Tools>) -> Result<Python> {
    if let Some(path) = env::var_os("RJIT_PYTHON").filter(|path| !path.is_empty()) {
        return Python::probe(Path::new(&path)).with_context(|| {
            format!(
                "RJIT_PYTHON={} does not serve; name a CPython 3.{MINOR} with headers, or unset it to have one found",
                path.display()
            )
        });
    }
    let mut reasons = Vec::new();
    match on_path() {
        Ok(python) => return Ok(python),
        Err(reason) => reasons.push(reason),
    }
    if let Some(python) = provided() {
        return Ok(python);
    }
    for reason in &reasons {
        ui::note(format!("{reason:#}"));
    }
    if tools.is_none() {
        match Tools::provide() {
            Ok(provided) => *tools = Some(provided),
            Err(reason) => reasons.push(reason),
        }
    }
    if let Some(tools) = tools.as_ref() {
        for place in [from_uv, from_debian] {
            match place(tools) {
                Ok(python) => return Ok(python),
                Err(reason) => {
                    ui::note(format!("{reason:#}"));
                    reasons.push(reason);
                }
            }
        }
    }
    let reasons: Vec<String> = reasons.iter().map(|reason| format!("- {reason:#}")).collect();
    bail!(
        "no CPython 3.{MINOR} with headers was found, and none could be provided:\n{}\n\
         Install one (python3.{MINOR} and python3.{MINOR}-dev in Debian testing, or `uv python install 3.{MINOR}`) and put it \
         on PATH or name it in RJIT_PYTHON.",
        reasons.join("\n")
    )
}

fn on_path() -> Result<Python> {
    let name = format!("python3.{MINOR}");
    let path = which::which(&name).map_err(|_| anyhow!("no `{name}` on PATH"))?;
    Python::probe(&path)
}

/// What an earlier run provided.
fn provided() -> Option<Python> {
    let places = [CPYTHON.unpacked(&debian_folder()), Some(uv_link())];
    places.iter().flatten().filter(|path| path.exists()).find_map(|path| Python::probe(path).ok())
}

fn debian_folder() -> PathBuf {
    project::target().join("python/debian")
}

fn uv_folder() -> PathBuf {
    project::target().join("python/uv")
}

/// Where the interpreter that uv has is remembered.
fn uv_link() -> PathBuf {
    project::target().join("python/from-uv")
}

fn from_uv(tools: &Tools) -> Result<Python> {
    let request = format!("cpython@3.{MINOR}");
    let find = |installed: Option<&Path>| -> Result<Python> {
        let mut uv = tools.command("uv");
        uv.args(["python", "find", "--system", "--no-project", "--no-python-downloads"]).arg(&request);
        if let Some(folder) = installed {
            uv.env("UV_PYTHON_INSTALL_DIR", folder);
        }
        Python::probe(Path::new(&process::capture(&mut uv)?))
    };
    let python = match find(None) {
        Ok(python) => python,
        Err(_) => {
            ui::step(format!("Asking uv for CPython 3.{MINOR}"));
            let folder = uv_folder();
            std::fs::create_dir_all(&folder)?;
            let mut uv = tools.command("uv");
            uv.args(["python", "install", "--no-bin", "--install-dir"])
                .arg(&folder)
                .arg(&request)
                .env("UV_HTTP_RETRIES", "0")
                .env("UV_HTTP_CONNECT_TIMEOUT", "10");
            process::logged(&mut uv, &folder.join("install.log"), UV_INSTALL_LIMIT)
                .map_err(|error| anyhow!("uv could not install CPython 3.{MINOR}: {}", last_line(&error)))?;
            find(Some(&folder)).context("the interpreter that uv installed does not serve")?
        }
    };
    let link = uv_link();
    let _absent = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(&python.executable, &link)?;
    Ok(python)
}

fn from_debian(tools: &Tools) -> Result<Python> {
    let executable = CPYTHON.unpack(tools, &debian_folder())?;
    Python::probe(&executable).context("the interpreter of Debian's packages does not serve")
}

/// uv's errors end with the innermost cause, which is the one that says something.
fn last_line(error: &anyhow::Error) -> String {
    error.to_string().lines().last().unwrap_or_default().trim().to_string()
}

impl Python {
    /// Asks the interpreter at `path` what it is, and refuses one that does not serve.
    pub fn probe(path: &Path) -> Result<Self> {
        let answer = process::capture(Command::new(path).args(["-I", "-c", PROBE]))
            .with_context(|| format!("{} does not run", path.display()))?;
        let python = Self::from_answer(&answer).with_context(|| format!("{} gave no answer", path.display()))?;
        python.suits().map_err(|reason| anyhow!("{} is passed over: {reason}", path.display()))?;
        Ok(python)
    }

    fn from_answer(answer: &str) -> Result<Self> {
        // A startup file may print something of its own first.
        let line = answer.lines().last().unwrap_or_default();
        Ok(serde_json::from_str(line)?)
    }

    fn suits(&self) -> Result<(), String> {
        if self.implementation != "CPython" {
            return Err(format!("it is {}, not CPython", self.implementation));
        }
        if self.version != (3, MINOR) {
            return Err(format!("it is version {}, not 3.{MINOR}", self.full_version));
        }
        if self.free_threaded {
            return Err("it is a free-threaded build".into());
        }
        if self.debug {
            return Err("it is a debug build".into());
        }
        for header in HEADERS {
            if !self.include.join(header).exists() {
                return Err(format!(
                    "its header {header} is missing in {} (on Debian: install python3.{MINOR}-dev)",
                    self.include.display()
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn python(include: &Path) -> Python {
        Python {
            executable: "/usr/bin/python3.15".into(),
            implementation: "CPython".into(),
            version: (3, 15),
            full_version: "3.15.2".into(),
            free_threaded: false,
            debug: false,
            include: include.to_path_buf(),
        }
    }

    fn headers() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("internal")).unwrap();
        for header in HEADERS {
            fs::write(folder.path().join(header), "").unwrap();
        }
        folder
    }

    #[test]
    fn a_default_build_with_headers_suits() {
        assert_eq!(python(headers().path()).suits(), Ok(()));
    }

    #[test]
    fn each_unsuitable_kind_is_told_apart() {
        let headers = headers();
        let good = python(headers.path());
        type Change = fn(&mut Python);
        let cases: [(Change, &str); 4] = [
            (|p| p.implementation = "PyPy".into(), "not CPython"),
            (|p| (p.version, p.full_version) = ((3, 14), "3.14.1".into()), "version 3.14.1"),
            (|p| p.free_threaded = true, "free-threaded"),
            (|p| p.debug = true, "debug build"),
        ];
        for (change, expected) in cases {
            let mut bad = good.clone();
            change(&mut bad);
            let reason = bad.suits().unwrap_err();
            assert!(reason.contains(expected), "{reason}");
        }
    }

    #[test]
    fn missing_internal_headers_are_named() {
        let headers = headers();
        fs::remove_file(headers.path().join("internal/pycore_frame.h")).unwrap();
        let reason = python(headers.path()).suits().unwrap_err();
        assert!(reason.contains("internal/pycore_frame.h"), "{reason}");
        assert!(reason.contains("python3.15-dev"), "{reason}");
    }

    #[test]
    fn the_answer_is_the_last_line() {
        let answer = r#"a startup file says hello
{"executable": "/p/python", "implementation": "CPython", "version": [3, 15], "full_version": "3.15.0rc1", "free_threaded": false, "debug": false, "include": "/p/include"}"#;
        let python = Python::from_answer(answer).unwrap();
        assert_eq!(python.version, (3, 15));
        assert_eq!(python.full_version, "3.15.0rc1");
        assert!(Python::from_answer("").is_err());
    }

    #[test]
    fn an_interpreter_that_does_not_run_is_named() {
        let error = Python::probe(Path::new("/no/such/python")).unwrap_err();
        assert!(format!("{error:#}").contains("/no/such/python does not run"), "{error:#}");
    }
}
