//! `cargo xtask build`: the wheel, made by maturin and installed into target/venv, and the inspector beside it.
//!
//! Repeated runs are quick: when neither sources nor settings changed, nothing is started at all. `.cargo/config.toml`
//! tells pyo3 what it needs to know about the interpreter, so this build and a plain `cargo build --release` share every
//! compiled crate.

use crate::python;
use crate::tools::Tools;
use crate::venv::Venv;
use crate::{process, project, ui};
use anyhow::{Context, Result, bail};
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

/// What the wheel and the inspector are made of, relative to the root.
const SOURCES: [&str; 8] =
    [".cargo", "Cargo.lock", "Cargo.toml", "frames", "inspector", "jit", "perfmap", "xtask/tools.txt"];

const INSPECTOR: &str = "rjit-inspect";

#[derive(clap::Args)]
pub struct Options {
    /// Build without optimization, with full debug information and the compiler's own checks
    #[arg(long)]
    debug: bool,
}

/// What the other tasks work with.
pub struct Built {
    pub tools: Tools,
    pub venv: Venv,
}

/// Builds and installs, and says where.
pub fn main(options: &Options) -> Result<()> {
    let built = build(options.debug)?;
    ui::step(format!("rjit is installed in {}", built.venv.bin().display()));
    Ok(())
}

/// Sees to interpreter, tools and environment, then builds and installs what changed.
pub fn build(debug: bool) -> Result<Built> {
    let mut tools = None;
    let python = python::find(&mut tools)?;
    let tools = match tools {
        Some(tools) => tools,
        None => Tools::provide()?,
    };
    let venv = Venv::provide(&tools, &python)?;

    let stamp = venv.stamp("rjit-built.txt");
    let state = state(debug)?;
    if !fs::read_to_string(&stamp).is_ok_and(|built| built == state) {
        let _absent = fs::remove_file(&stamp);
        wheel(&tools, &venv, debug)?;
        inspector(&venv, debug)?;
        fs::write(&stamp, state)?;
    }
    Ok(Built { tools, venv })
}

fn wheel(tools: &Tools, venv: &Venv, debug: bool) -> Result<()> {
    ui::step("Building the rjit wheel");
    let wheels = project::target().join("wheels");
    if wheels.exists() {
        fs::remove_dir_all(&wheels)?;
    }
    let mut maturin = tools.command("maturin");
    maturin
        .arg("build")
        .args(["--quiet", "--manifest-path"])
        .arg(project::root().join("jit/Cargo.toml"))
        .arg("--interpreter")
        .arg(venv.python())
        .arg("--out")
        .arg(&wheels);
    if !debug {
        maturin.arg("--release");
    }
    process::run(&mut maturin).context("the wheel could not be built; the compiler's messages are above")?;

    let mut found = fs::read_dir(&wheels)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "whl"));
    let (Some(wheel), None) = (found.next(), found.next()) else {
        bail!("maturin should have put one wheel into {}", wheels.display());
    };
    let mut uv = tools.command("uv");
    uv.args(["pip", "install", "--quiet", "--reinstall", "--no-deps", "--no-index", "--python"])
        .arg(venv.python())
        .arg(wheel);
    process::capture(&mut uv).context("the wheel could not be installed into target/venv")?;
    // As pip does: every process would compile the package's files anew if it may not write what it has compiled.
    let mut compileall = Command::new(venv.python());
    compileall.args(["-c", COMPILE_INSTALLED]);
    process::capture(&mut compileall).context("the installed package could not be compiled to bytecode")?;
    Ok(())
}

const COMPILE_INSTALLED: &str = "\
import compileall, importlib.util, pathlib
package = pathlib.Path(importlib.util.find_spec('rjit').origin).parent
compileall.compile_dir(package, quiet=1)
compileall.compile_file(package.parent / '_rjit_startup.py', quiet=1)
";

fn inspector(venv: &Venv, debug: bool) -> Result<()> {
    ui::step(format!("Building {INSPECTOR}"));
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(project::root()).args(["build", "--quiet", "--package", INSPECTOR]);
    if !debug {
        cargo.arg("--release");
    }
    process::run(&mut cargo)?;
    let built = project::target().join(if debug { "debug" } else { "release" }).join(INSPECTOR);
    // Renamed into place, for the installed one may be running.
    let installed = venv.bin().join(INSPECTOR);
    let beside = installed.with_extension("new");
    fs::copy(&built, &beside).with_context(|| format!("cannot copy {}", built.display()))?;
    fs::rename(&beside, &installed)?;
    Ok(())
}

/// Describes everything that decides what a build comes out as.
fn state(debug: bool) -> Result<String> {
    let root = project::root();
    let mut files = Vec::new();
    for source in SOURCES {
        list(&root.join(source), &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in &files {
        let metadata = fs::metadata(file)?;
        (file, metadata.len(), metadata.modified()?.duration_since(UNIX_EPOCH)?).hash(&mut hasher);
    }
    std::env::var_os("RUSTFLAGS").hash(&mut hasher);
    let profile = if debug { "debug" } else { "release" };
    Ok(format!("{profile} {} files {:016x}\n", files.len(), hasher.finish()))
}

fn list(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        // Python writes its caches while the tests run.
        if entry.file_name() != "__pycache__" {
            list(&entry.path(), files)?;
        }
    }
    Ok(())
}
