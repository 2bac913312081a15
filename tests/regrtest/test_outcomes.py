"""What is read from a record, and when two runs differ."""

import json

from regrtest.outcomes import CRASH, EXIT, TIMEOUT, Difference, FileResult, Outcome, compare, read


def result(state: str = "PASSED", exit_code: int = 0, **tests: str | Outcome) -> FileResult:
    """A result in which test `C_x` of the keywords is known as `test_f.C.x`."""
    outcomes = {
        name.replace("_", ".", 1): outcome if isinstance(outcome, Outcome) else Outcome(outcome)
        for name, outcome in tests.items()
    }
    return FileResult(state, exit_code, 1.0, outcomes)


def found(plain: FileResult, rjit: FileResult) -> list[tuple[str, str, str]]:
    differences = compare("test_f", plain, rjit)
    return [(found.test, found.plain, found.rjit) for found in differences]


def test_the_same_is_no_difference() -> None:
    tests = {"C_a": "ok", "C_b": "skipped", "C_c": "expected failure"}
    assert found(result(**tests), result(**tests)) == []


def test_failing_in_both_is_no_difference() -> None:
    assert found(result("FAILED", 2, C_a="FAIL"), result("FAILED", 2, C_a="ERROR")) == []


def test_failing_in_one_is_a_difference() -> None:
    failed = result("FAILED", 2, C_a=Outcome("FAIL", "why"), C_b="ok")
    passed = result(C_a="ok", C_b="ok")
    assert compare("test_f", passed, failed) == [Difference("test_f", "C.a", "ok", "FAIL", "why")]
    assert compare("test_f", failed, passed) == [Difference("test_f", "C.a", "FAIL", "ok", "why")]


def test_being_skipped_in_one_is_a_difference() -> None:
    assert found(result(C_a="ok"), result(C_a="skipped")) == [("C.a", "ok", "skipped")]


def test_a_missing_test_is_a_difference() -> None:
    assert found(result(C_a="ok", C_b="ok"), result(C_a="ok")) == [("C.b", "ok", "not run")]
    assert found(result(C_a="ok"), result(C_a="ok", C_b="ok")) == [("C.b", "not run", "ok")]


def test_tests_of_a_class_that_cannot_be_set_up_are_not_listed() -> None:
    rjit = result("FAILED", 2)
    rjit.tests["setUpClass (C)"] = Outcome("ERROR", "why")
    differences = found(result(C_a="ok", C_b="ok"), rjit)
    assert differences == [("setUpClass (C)", "not run", "ERROR")]


def test_a_crash_is_told_once() -> None:
    rjit = result(CRASH, -11, C_a="ok", C_b="FAIL")
    rjit.running = "C.c"
    plain = result(C_a="ok", C_b="ok", C_c="ok", C_d="ok")
    assert found(plain, rjit) == [("", "PASSED", "killed by SIGSEGV"), ("C.b", "ok", "FAIL")]
    (difference, _) = compare("test_f", plain, rjit)
    assert difference.is_fatal
    assert "It was in C.c." in difference.text


def test_ending_badly_counts_under_rjit_only() -> None:
    for state in (TIMEOUT, CRASH, EXIT):
        bad = result(state, -9, C_a="ok")
        assert found(bad, bad) == []
        assert found(bad, result(C_a="ok", C_b="ok")) == []
        ((test, plain, rjit),) = found(result(C_a="ok", C_b="ok"), bad)
        assert (test, plain) == ("", "PASSED")
        assert rjit == bad.ending()


def test_a_changed_environment_is_a_difference() -> None:
    changed = result("ENV_CHANGED", C_a="ok")
    changed.detail = "sys.path was modified"
    (difference,) = compare("test_f", result(C_a="ok"), changed)
    assert (difference.test, difference.rjit) == ("", "ENV_CHANGED")
    assert "sys.path was modified" in difference.text


def test_a_file_that_cannot_be_imported_is_a_difference() -> None:
    rjit = result("UNCAUGHT_EXC", 2)
    assert ("", "PASSED", "UNCAUGHT_EXC") in found(result(C_a="ok"), rjit)


def test_another_exit_code_is_a_difference() -> None:
    differences = found(result(C_a="ok"), result("PASSED", 120, C_a="ok"))
    assert differences == [("", "PASSED, exit code 0", "PASSED, exit code 120")]


def events(*lines: dict) -> list[str]:
    return [json.dumps(line) for line in lines]


def read_from(*lines: dict, exit_code: int = 0) -> FileResult:
    return read(events(*lines), exit_code=exit_code, seconds=1, timed_out=False, output="")


def start(test: str) -> dict:
    return {"event": "start", "test": test}


def end(test: str, outcome: str, text: str = "", **more: str) -> dict:
    return {"event": "end", "test": test, "outcome": outcome, "text": text} | more


FILE = {"event": "file", "test": "test_f", "outcome": "PASSED", "text": ""}


def test_a_record_is_read() -> None:
    record = read_from(
        start("C.a"), end("C.a", "ok"), start("C.b"), end("C.b", "FAIL", "why"), FILE
    )
    assert record.tests == {"C.a": Outcome("ok"), "C.b": Outcome("FAIL", "why")}
    assert (record.state, record.running) == ("PASSED", None)


def test_a_failed_subtest_fails_its_test() -> None:
    one = read_from(start("C.a"), end("C.a", "FAIL", "why", subtest="(i=1)"), FILE)
    assert one.tests["C.a (i=1)"] == Outcome("FAIL", "why", is_subtest=True)
    assert one.tests["C.a"].is_bad
    # Another subtest fails: the test fails in both, and yet there is a difference.
    other = read_from(start("C.a"), end("C.a", "ERROR", "so", subtest="(i=2)"), FILE)
    assert found(one, other) == [("C.a (i=1)", "FAIL", "ok"), ("C.a (i=2)", "ok", "ERROR")]
    assert found(result(C_a="ok"), one) == [("C.a (i=1)", "ok", "FAIL")]


def test_tests_of_the_same_name_are_numbered() -> None:
    record = read_from(start("C.a"), end("C.a", "ok"), start("C.a"), end("C.a", "FAIL"), FILE)
    assert {name: outcome.kind for name, outcome in record.tests.items()} == {
        "C.a": "ok",
        "C.a #2": "FAIL",
    }


def test_addresses_do_not_matter() -> None:
    one = read_from(start("C.a"), end("C.a", "FAIL", subtest="(f=<f at 0x7f12>)"), FILE)
    other = read_from(start("C.a"), end("C.a", "FAIL", subtest="(f=<f at 0x7f34>)"), FILE)
    assert found(one, other) == []


def test_a_record_that_breaks_off() -> None:
    lines = [*events(start("C.a"), end("C.a", "ok"), start("C.b")), '{"event": "en']
    record = read(lines, exit_code=-6, seconds=1, timed_out=False, output="")
    assert (record.state, record.running) == (CRASH, "C.b")
    assert record.ending() == "killed by SIGABRT"


def test_results_survive_being_stored() -> None:
    record = read_from(start("C.a"), end("C.a", "FAIL", "why"), FILE)
    assert FileResult.from_json(json.loads(json.dumps(record.to_json()))) == record
