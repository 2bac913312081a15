//! `target/venv`: the virtual environment in which rjit is installed, tested and shown.

use crate::python::Python;
use crate::tools::Tools;
use crate::{process, project, ui};
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The project's virtual environment.
pub struct Venv {
    folder: PathBuf,
}

impl Venv {
    /// Finds the environment, making it anew when it is missing or belongs to another interpreter.
    pub fn provide(tools: &Tools, python: &Python) -> Result<Self> {
        let venv = Self { folder: project::target().join("venv") };
        let stamp = venv.folder.join("made-for.txt");
        let made_for = format!("{} {}\n", python.executable.display(), python.full_version);
        if fs::read_to_string(&stamp).is_ok_and(|found| found == made_for) && venv.python().exists() {
            return Ok(venv);
        }
        ui::step(format!("Making target/venv for CPython {}", python.full_version));
        let mut uv = tools.command("uv");
        uv.args(["venv", "--quiet", "--clear", "--no-project", "--python"]).arg(&python.executable).arg(&venv.folder);
        process::capture(&mut uv).context("the virtual environment could not be made")?;
        fs::write(&stamp, made_for)?;
        Ok(venv)
    }

    /// The environment's interpreter.
    pub fn python(&self) -> PathBuf {
        self.bin().join("python")
    }

    /// The folder of the environment's programs.
    pub fn bin(&self) -> PathBuf {
        self.folder.join("bin")
    }

    /// A file that a task keeps about the state of this environment; it goes when the environment is made anew.
    pub fn stamp(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A command that runs `program` of this environment as if the environment were activated. The caller's wishes
    /// about rjit do not reach it, as the tasks themselves decide where it is on; those about its tests do.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin().join(program));
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(is_wish) {
                command.env_remove(name);
            }
        }
        command
            .env("PATH", self.path())
            .env("VIRTUAL_ENV", &self.folder)
            .env_remove("PYTHONPATH")
            .env_remove("PYTHONHOME");
        command
    }

    /// PATH with this environment's programs first.
    pub fn path(&self) -> OsString {
        let mut path = self.bin().into_os_string();
        if let Some(rest) = std::env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        path
    }

    /// Installs what a requirements file lists, unless that was done already.
    pub fn install_requirements(&self, tools: &Tools, file: &Path) -> Result<()> {
        let wanted = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let stamp = self.stamp(&format!("{name}-installed.txt"));
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        ui::step(format!("Installing {} into target/venv", file.display()));
        let mut uv = tools.command("uv");
        uv.args(["pip", "install", "--quiet", "--python"]).arg(self.python()).arg("-r").arg(file);
        process::capture(&mut uv).with_context(|| format!("what {} lists could not be installed", file.display()))?;
        fs::write(stamp, wanted)?;
        Ok(())
    }
}

/// Whether a variable is a wish about rjit, rather than about its tests.
fn is_wish(variable: &str) -> bool {
    variable.starts_with("RJIT") && !variable.starts_with("RJIT_TEST_")
}

#[cfg(test)]
mod tests {
    use super::is_wish;

    #[test]
    fn wishes_about_tests_get_through() {
        assert!(is_wish("RJIT") && is_wish("RJIT_CALLS") && is_wish("RJIT_STRESS"));
        assert!(!is_wish("RJIT_TEST_STRESS") && !is_wish("PATH"));
    }
}
