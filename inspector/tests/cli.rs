//! The program as scripts and people run it, against a process that writes a page. Needs no Python.

#[path = "../examples/fake_target.rs"]
mod fake_target;

use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Set where this program is run again as the target.
const AS_TARGET: &str = "RJIT_INSPECT_TEST_TARGET";
/// Somebody who has left nothing on any machine, as `nobody` may have.
const OTHER_USER: u32 = 48_321;

/// Not a test: the process that the others look into.
#[test]
#[ignore = "only the other tests run it"]
fn target() {
    if std::env::var_os(AS_TARGET).is_some() {
        fake_target::main();
    }
}

struct Target {
    child: Child,
    runtime: TempDir,
}

impl Target {
    fn start() -> Self {
        let runtime = tempfile::tempdir().unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "target", "--ignored", "--nocapture"])
            .env("XDG_RUNTIME_DIR", runtime.path())
            .env(AS_TARGET, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let target = Self { child, runtime };
        let end = Instant::now() + Duration::from_secs(20);
        while !target.page().exists() || target.inspect(&["--json"]).map(|seen| entries(&seen)) == Some(0) {
            assert!(Instant::now() < end, "the target makes no page");
            std::thread::sleep(Duration::from_millis(10));
        }
        target
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn page(&self) -> PathBuf {
        self.runtime.path().join("rjit").join(format!("{}.page", self.pid()))
    }

    fn run(&self, arguments: &[&str]) -> Output {
        inspect(self.runtime.path(), arguments)
    }

    fn inspect(&self, options: &[&str]) -> Option<Value> {
        let output = self.run(&[&[self.pid().to_string().as_str()], options].concat());
        serde_json::from_slice(&output.stdout).ok()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}

fn inspect(runtime: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rjit-inspect"));
    command.args(arguments).env("XDG_RUNTIME_DIR", runtime).stdin(Stdio::null()).output().unwrap()
}

fn entries(seen: &Value) -> u64 {
    seen["counters"]["entries"].as_u64().unwrap()
}

/// Asserts that the program failed with this code and said this.
fn failed(output: &Output, code: i32, message: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(message), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn json_has_the_promised_fields() {
    let target = Target::start();
    let seen = target.inspect(&["--json"]).unwrap();
    assert_eq!(seen["schema"], 1);
    assert_eq!(seen["pid"], target.pid());
    assert_eq!((&seen["python"], &seen["closed"]), (&Value::from("3.15.2"), &Value::from(false)));
    assert!(seen["command"].as_str().unwrap().contains("--exact target"));
    let first = &seen["executables"][0];
    assert_eq!(first["qualname"], "Constraint.satisfy");
    assert_eq!((&first["filename"], &first["line"]), (&Value::from("/srv/app/deltablue.py"), &Value::from(128)));
    assert_eq!((&first["kind"], &first["state"]), (&Value::from("function"), &Value::from("live")));
    assert_eq!(seen["events"][1]["kind"], "compiled");
    assert_eq!(seen["events"][1]["slot"], 0);
    assert!(seen["events"][0]["slot"].is_null());
    assert_eq!(seen["parent_pid"], std::process::id());
    let deopt = &seen["sites"][0];
    assert_eq!((&deopt["kind"], &deopt["qualname"]), (&Value::from("deopt"), &Value::from("Constraint.satisfy")));
    assert_eq!((&deopt["line"], &deopt["opcode"]), (&Value::from(131), &Value::from("LOAD_ATTR_SLOT")));
    assert_eq!(deopt["reason"], "guard class version failed");
    let (expected, found) = (&Value::from("EqualityConstraint"), &Value::from("ScaleConstraint"));
    assert_eq!((&deopt["expected"], &deopt["seen"]), (expected, found));
    assert!(deopt["observer"].is_null() && deopt["count"].as_u64() > Some(0));
    assert_eq!((&seen["sites_lost"], &seen["refused_lost"]), (&Value::from(0), &Value::from(0)));

    std::thread::sleep(Duration::from_millis(200));
    let later = target.inspect(&["--json"]).unwrap();
    assert!(entries(&later) > entries(&seen));
    assert!(later["uptime_ns"].as_u64() > seen["uptime_ns"].as_u64());
}

#[test]
fn text_is_for_logs() {
    let target = Target::start();
    let output = target.run(&[&target.pid().to_string(), "--once"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for part in ["Python 3.15.2", "Constraint.satisfy (/srv/app/deltablue.py:128)", "compiled", "machine code"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert!(!text.contains('\x1b'));
}

#[test]
fn the_list_shows_live_processes_and_removes_dead_ones() {
    let target = Target::start();
    let dead = target.page().with_file_name("999999999.page");
    fs::copy(target.page(), &dead).unwrap();
    let listed = target.run(&["list", "--json"]);
    assert!(listed.status.success());
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let pids: Vec<_> = listed["processes"].as_array().unwrap().iter().map(|found| found["pid"].clone()).collect();
    assert!(pids.contains(&Value::from(target.pid())), "{pids:?}");
    assert!(!pids.contains(&Value::from(999_999_999)), "{pids:?}");
    assert!(!dead.exists());
    let text = String::from_utf8(target.run(&["list"]).stdout).unwrap();
    assert!(text.contains(&target.pid().to_string()), "{text}");
}

#[test]
fn every_failure_has_its_code_and_message() {
    let mut target = Target::start();
    let pid = target.pid().to_string();
    failed(&target.run(&["999999999", "--json"]), 3, "there is no process 999999999");
    failed(&target.run(&[&std::process::id().to_string(), "--json"]), 4, "does not run rjit");
    failed(&target.run(&[&pid]), 8, "use --json or --once");
    failed(&target.run(&["many"]), 2, "invalid value");
    failed(&target.run(&[]), 2, "Usage");

    let file = fs::OpenOptions::new().write(true).open(target.page()).unwrap();
    let with_byte = |offset, byte: u8, restored: u8| {
        file.write_all_at(&[byte], offset).unwrap();
        let output = target.run(&[&pid, "--json"]);
        let listed = target.run(&["list", "--json"]);
        file.write_all_at(&[restored], offset).unwrap();
        assert!(String::from_utf8_lossy(&listed.stdout).contains(&format!("\"pid\": {pid},\n      \"why\"")));
        output
    };
    failed(&with_byte(8, 9, 2), 6, "layout version 9, and this program reads version 2");
    failed(&with_byte(0, b'X', b'R'), 7, "does not begin like a page");
    failed(&with_byte(68, 1, 128), 7, "damaged");
    fs::set_permissions(target.page(), fs::Permissions::from_mode(0o622)).unwrap();
    failed(&target.run(&[&pid, "--json"]), 5, "others may write it");
    fs::set_permissions(target.page(), fs::Permissions::from_mode(0o600)).unwrap();

    let page = target.page();
    let left = fs::read(&page).unwrap();
    drop(target.child.stdin.take());
    target.child.wait().unwrap();
    assert!(!page.exists(), "the page outlives its process");
    failed(&target.run(&[&pid, "--json"]), 3, "there is no process");
    fs::write(&page, left).unwrap();
    failed(&target.run(&[&pid, "--json"]), 3, "has ended");
}

#[test]
fn the_process_of_another_user_is_out_of_reach() {
    let target = Target::start();
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        failed(&target.run(&["1", "--json"]), 5, "belongs to user 0");
        return;
    }
    let public = tempfile::tempdir().unwrap();
    fs::set_permissions(public.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = public.path().join("rjit-inspect");
    fs::copy(env!("CARGO_BIN_EXE_rjit-inspect"), &program).unwrap();
    let mut command = Command::new(program);
    command
        .args([&target.pid().to_string(), "--json"])
        .env("XDG_RUNTIME_DIR", target.runtime.path())
        .current_dir("/")
        .uid(OTHER_USER)
        .gid(OTHER_USER);
    let output = loop {
        match command.output() {
            // Another test has started a process while the copy was being written, and that has not become its program yet.
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
            other => break other.unwrap(),
        }
    };
    failed(&output, 5, "belongs to user 0, and only that user and root");
}
