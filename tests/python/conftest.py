"""Shares the runs among the tests, and starts them all as soon as it is known which are wanted."""

import harness
import pytest

RUNNER = pytest.StashKey[harness.Runner]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RUNNER] = harness.Runner()


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.collectonly:
        return
    runnable = {harness.PLAIN, harness.AGAIN}
    if harness.rjit_installed():
        runnable |= harness.COMPILED_MODES.keys() | harness.STRESS_MODES.keys()
        runnable |= harness.PASS_MODES.keys()
    wanted = []
    for item in session.items:
        params = getattr(item, "callspec", None) and item.callspec.params
        if params and {"case", "mode"} <= params.keys() and params["mode"] in runnable:
            wanted += [(params["case"], harness.PLAIN), (params["case"], params["mode"])]
    session.config.stash[RUNNER].start(wanted)


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[RUNNER].close()


@pytest.fixture
def runner(request: pytest.FixtureRequest) -> harness.Runner:
    return request.config.stash[RUNNER]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not harness.rjit_installed():
        terminalreporter.write_line(
            "rjit is not installed here: nothing was compiled, only the cases were checked"
        )
