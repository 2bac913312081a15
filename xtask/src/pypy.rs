//! `cargo xtask pypy`: a PyPy for the benchmarks, found on PATH or unpacked from Debian's packages under the target
//! directory.

use crate::debian::PYPY;
use crate::tools::Tools;
use crate::{process, project};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;

const NAME: &str = "pypy3";

/// Prints the interpreter's path.
pub fn main() -> Result<()> {
    println!("{}", find()?.display());
    Ok(())
}

fn find() -> Result<PathBuf> {
    if let Ok(path) = which::which(NAME)
        && runs(&path).is_ok()
    {
        return Ok(path);
    }
    let folder = project::target().join("python/debian-pypy");
    if let Some(path) = PYPY.unpacked(&folder)
        && runs(&path).is_ok()
    {
        return Ok(path);
    }
    let path = PYPY.unpack(&Tools::provide()?, &folder)?;
    runs(&path)?;
    Ok(path)
}

fn runs(path: &PathBuf) -> Result<String> {
    process::capture(Command::new(path).args(["-I", "-c", "import bz2, hashlib, ssl"]))
        .with_context(|| format!("{} does not run", path.display()))
}
