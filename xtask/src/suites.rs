//! `cargo xtask regrtest|fuzz|packages|matrix|bench`: the long suites that compare compiled with interpreted Python, and
//! `captures`, which makes pictures of the inspector.
//!
//! They are Python programs, packages below `tests/`, because what they deal with is Python. The tasks here provide what
//! the programs need and hand all arguments on to them, `--help` included.

use crate::system::{self, GDB, PERF, TMUX};
use crate::{build, process, project};
use anyhow::{Result, bail};

#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Options {
    /// Passed on to the suite; `--help` shows what it understands
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Runs the suite that is the package `tests/NAME`.
pub fn main(name: &str, options: &Options) -> Result<()> {
    let built = build::build(false)?;
    let tests = project::root().join("tests");
    built.venv.install_requirements(&built.tools, &tests.join("requirements.txt"))?;
    // Crashes are reported with their native stack; the matrix has both look; captures are made on a terminal of tmux.
    system::provide(&[GDB, PERF, TMUX]);
    let mut suite = built.venv.command("python");
    suite.current_dir(project::root()).arg("-m").arg(name).args(&options.arguments).env("PYTHONPATH", &tests);
    // The benchmarks ask for a PyPy only when it is among the peers.
    suite.env("XTASK", std::env::current_exe()?);
    if !process::status(&mut suite)?.success() {
        bail!("cargo xtask {name}: not all is as it should be, see above");
    }
    Ok(())
}
