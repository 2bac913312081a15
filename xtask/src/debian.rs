//! Interpreters from Debian's packages, unpacked under the target directory with every library it needs, down to its own
//! libc. Nothing is installed, so neither root nor the right Debian release is needed.
//!
//! `apt-get` is given a world of its own (state, cache, sources, and an empty list of installed packages, so that it
//! resolves every dependency), the packages are unpacked with `dpkg`, and `patchelf` points the interpreter at the
//! libraries beside it.

use crate::tools::Tools;
use crate::{process, ui};
use anyhow::{Context, Result, anyhow, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Written last, so that an interrupted run is not taken for a finished one.
const COMPLETE: &str = "complete";

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

const LIMIT: Duration = Duration::from_secs(900);

/// An interpreter that Debian has.
pub struct Packaged {
    name: &'static str,
    /// Inside the folder of unpacked packages.
    executable: &'static str,
    /// The suites that carry it, the newest first.
    suites: &'static [&'static str],
    packages: &'static [&'static str],
    /// Whether there are headers that must refer to each other.
    headers: bool,
}

/// The interpreter that rjit is for. Its test suite is a package of its own; the headers and the bundled pip are, too.
pub const CPYTHON: Packaged = Packaged {
    name: "CPython 3.15",
    executable: "usr/bin/python3.15",
    suites: &["unstable", "testing"],
    packages: &["python3.15-dev", "python3.15-venv", "libpython3.15-testsuite"],
    headers: true,
};

/// A peer for the benchmarks.
pub const PYPY: Packaged = Packaged {
    name: "PyPy",
    executable: "usr/bin/pypy3",
    suites: &["testing", "unstable"],
    packages: &["pypy3"],
    headers: false,
};

impl Packaged {
    /// The interpreter that an earlier run unpacked into `folder`.
    pub fn unpacked(&self, folder: &Path) -> Option<PathBuf> {
        folder.join(COMPLETE).exists().then(|| folder.join(self.executable))
    }

    /// Fills `folder` and returns the interpreter in it.
    pub fn unpack(&self, tools: &Tools, folder: &Path) -> Result<PathBuf> {
        for program in ["apt-get", "dpkg-deb"] {
            which::which(program)
                .map_err(|_| anyhow!("Debian's packages cannot be used: there is no `{program}` on this machine"))?;
        }
        let addresses = addresses(&process::capture(Command::new("apt-get").args([
            "indextargets",
            "--format",
            "$(SITE)|$(SIGNED_BY)",
        ]))?);
        if addresses.is_empty() {
            bail!("Debian's packages cannot be used: apt has no package source configured");
        }
        let mut reasons = Vec::new();
        for suite in self.suites {
            for address in &addresses {
                match self.unpack_suite(tools, folder, suite, address) {
                    Ok(executable) => return Ok(executable),
                    Err(reason) => reasons.push(format!("{suite}: {reason:#}")),
                }
            }
        }
        bail!("Debian's packages cannot be used\n{}", reasons.join("\n"))
    }

    fn unpack_suite(&self, tools: &Tools, folder: &Path, suite: &str, address: &Address) -> Result<PathBuf> {
        ui::step(format!("Downloading {} from Debian {suite} into target/python", self.name));
        let world = folder.with_file_name("apt");
        let lists = world.join("state/lists/partial");
        let archives = world.join("cache/archives");
        fs::create_dir_all(&lists)?;
        fs::create_dir_all(archives.join("partial"))?;
        let sources = world.join("sources.list");
        fs::write(&sources, address.source_line(suite))?;
        // Packages of another suite must not be unpacked with this one's.
        for package in packages_in(&archives)? {
            fs::remove_file(package)?;
        }

        let log = world.join("apt.log");
        process::logged(apt(&world, &sources).arg("update"), &log, LIMIT)?;
        process::logged(
            apt(&world, &sources)
                .args(["install", "--download-only", "--yes", "--no-install-recommends"])
                .args(self.packages),
            &log,
            LIMIT,
        )?;

        let packages = packages_in(&archives)?;
        ui::step(format!("Unpacking {} packages", packages.len()));
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        for package in &packages {
            process::capture(Command::new("dpkg-deb").arg("--extract").arg(package).arg(folder))?;
        }
        let executable = self.make_runnable(tools, folder)?;
        fs::write(folder.join(COMPLETE), format!("{suite}\n"))?;
        // They take as much room as what was unpacked, and an unpacked interpreter does not need them again.
        for package in packages {
            fs::remove_file(package)?;
        }
        Ok(executable)
    }

    /// Points the interpreter at the unpacked libraries and its headers at each other.
    fn make_runnable(&self, tools: &Tools, folder: &Path) -> Result<PathBuf> {
        let executable = folder.join(self.executable).canonicalize()?;
        let loader = loader(folder)?;
        let libraries = loader.parent().context("the loader lies in a folder")?;
        // An extension module inherits the search path of the executable from DT_RPATH only, hence --force-rpath.
        process::capture(
            tools
                .command("patchelf")
                .arg("--set-interpreter")
                .arg(&loader)
                .arg("--force-rpath")
                .arg("--set-rpath")
                .arg(libraries)
                .arg(&executable),
        )?;
        if self.headers {
            // Debian's pyconfig.h only includes the architecture's own, found from /usr/include. Putting the real one in its
            // place spares everybody who compiles against this tree a second include folder full of another libc's headers.
            let architecture = libraries.file_name().context("the libraries lie in a folder of the architecture")?;
            let include = folder.join("usr/include");
            fs::copy(include.join(architecture).join("python3.15/pyconfig.h"), include.join("python3.15/pyconfig.h"))
                .context("Debian's headers are not laid out as expected")?;
        }
        // Installing the packages would have compiled the standard library. Without that, every process that may not write
        // into its cache compiles what it imports anew.
        process::capture(
            Command::new(&executable)
                .args(["-m", "compileall", "-q", "-j0", "-x", "/test/"])
                .arg(folder.join("usr/lib").join(executable.file_name().unwrap_or_default())),
        )
        .context("the unpacked interpreter cannot compile its standard library")?;
        Ok(executable)
    }
}

/// A package mirror and the keys that its lists are signed with.
#[derive(Debug, PartialEq)]
struct Address {
    site: String,
    keys: Vec<String>,
}

impl Address {
    fn source_line(&self, suite: &str) -> String {
        if self.keys.is_empty() {
            format!("deb {} {suite} main\n", self.site)
        } else {
            format!("deb [signed-by={}] {} {suite} main\n", self.keys.join(","), self.site)
        }
    }
}

/// Reads `SITE|SIGNED_BY` lines. Sites of security updates carry no full suite and are left out.
fn addresses(targets: &str) -> Vec<Address> {
    let mut found: Vec<Address> = Vec::new();
    for line in targets.lines() {
        let Some((site, signed_by)) = line.split_once('|') else {
            continue;
        };
        if site.is_empty() || site.contains("-security") || found.iter().any(|address| address.site == site) {
            continue;
        }
        // apt leaves `$(SIGNED_BY)` as it is where the source names no key file, and it may also be a fingerprint.
        let keys = [KEYRING, signed_by]
            .into_iter()
            .filter(|key| Path::new(key).is_absolute() && Path::new(key).exists())
            .map(String::from)
            .fold(Vec::new(), |mut keys, key| {
                if !keys.contains(&key) {
                    keys.push(key);
                }
                keys
            });
        found.push(Address { site: site.to_string(), keys });
    }
    found
}

fn apt(world: &Path, sources: &Path) -> Command {
    let mut apt = Command::new("apt-get");
    for (name, value) in [
        ("Dir::State", world.join("state").as_path()),
        ("Dir::State::status", Path::new("/dev/null")),
        ("Dir::Cache", &world.join("cache")),
        ("Dir::Etc::sourcelist", sources),
        ("Dir::Etc::sourceparts", Path::new("/dev/null")),
        ("Dir::Etc::preferences", Path::new("/dev/null")),
        ("Dir::Etc::preferencesparts", Path::new("/dev/null")),
    ] {
        apt.arg("-o").arg(format!("{name}={}", value.display()));
    }
    apt.args(["-o", "Acquire::Languages=none", "-o", "Acquire::Retries=2", "-q"]);
    // Where apt runs as root it downloads as a user of its own, who may be shut out of the target directory.
    apt.args(["-o", "APT::Sandbox::User=root"]);
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    apt
}

fn packages_in(archives: &Path) -> Result<Vec<PathBuf>> {
    let mut packages = Vec::new();
    for entry in fs::read_dir(archives)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            packages.push(path);
        }
    }
    packages.sort();
    Ok(packages)
}

/// The dynamic loader, whose name depends on the architecture.
fn loader(folder: &Path) -> Result<PathBuf> {
    let libraries = folder.join("usr/lib");
    for architecture in fs::read_dir(&libraries)? {
        let architecture = architecture?.path();
        if !architecture.is_dir() {
            continue;
        }
        for library in fs::read_dir(&architecture)? {
            let library = library?.path();
            let name = library.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("ld-linux-") && name.contains(".so.") {
                return Ok(library);
            }
        }
    }
    bail!("no dynamic loader in {}", libraries.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_once_and_without_security_sites() {
        let targets = "http://mirror.example/debian|$(SIGNED_BY)\n\
                       http://mirror.example/debian|$(SIGNED_BY)\n\
                       http://mirror.example/debian-security|$(SIGNED_BY)\n\
                       \n\
                       http://other.example/debian|/no/such/key.gpg\n";
        let sites: Vec<String> = addresses(targets).into_iter().map(|address| address.site).collect();
        assert_eq!(sites, ["http://mirror.example/debian", "http://other.example/debian"]);
    }

    #[test]
    fn only_key_files_that_exist_are_used() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key.gpg");
        fs::write(&key, "").unwrap();
        let key = key.to_str().unwrap();
        let keys = |signed_by: &str| addresses(&format!("http://m.example/debian|{signed_by}")).remove(0).keys;
        assert!(keys(key).contains(&key.to_string()));
        assert!(!keys("$(SIGNED_BY)").contains(&"$(SIGNED_BY)".to_string()));
        assert!(!keys("/no/such/key.gpg").contains(&"/no/such/key.gpg".to_string()));
    }

    #[test]
    fn source_lines_name_the_keys() {
        let mut address =
            Address { site: "http://m.example/debian".into(), keys: vec!["/k/a.gpg".into(), "/k/b.gpg".into()] };
        assert_eq!(
            address.source_line("unstable"),
            "deb [signed-by=/k/a.gpg,/k/b.gpg] http://m.example/debian unstable main\n"
        );
        address.keys.clear();
        assert_eq!(address.source_line("testing"), "deb http://m.example/debian testing main\n");
    }

    #[test]
    fn the_loader_is_found_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        assert!(loader(folder.path()).is_err());
        let libraries = folder.path().join("usr/lib/x86_64-linux-gnu");
        fs::create_dir_all(&libraries).unwrap();
        fs::write(libraries.join("libc.so.6"), "").unwrap();
        assert!(loader(folder.path()).is_err());
        fs::write(libraries.join("ld-linux-x86-64.so.2"), "").unwrap();
        assert_eq!(loader(folder.path()).unwrap(), libraries.join("ld-linux-x86-64.so.2"));
    }
}
