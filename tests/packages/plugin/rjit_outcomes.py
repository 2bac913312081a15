"""A plugin for pytest that writes down what becomes of each test at once, so that a crash loses none.

One line of JSON an event, into the file that the environment variable names. It is loaded into the
test runs of all sorts of packages: it imports nothing that they might have changed.
"""

import json
import os

import pytest

VARIABLE = "OUTCOMES_FILE"

# Failures of long tests are not worth more than this.
LONGEST_TEXT = 8000


class Writer:
    def __init__(self, path: str) -> None:
        self.file = open(path, "w", encoding="utf-8", buffering=1)  # noqa: SIM115

    def write(self, **event: object) -> None:
        self.file.write(json.dumps(event) + "\n")

    @pytest.hookimpl
    def pytest_itemcollected(self, item: pytest.Item) -> None:
        self.write(event="collected", test=item.nodeid, file=str(item.path))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.write(event="start", test=nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.write(event="finish", test=nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.report(report, report.when or "call")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if not report.passed:
            self.report(report, "collection")

    def report(self, report: pytest.TestReport | pytest.CollectReport, when: str) -> None:
        word = report.outcome
        if hasattr(report, "wasxfail"):
            word = "xfailed" if report.skipped else "xpassed"
        message = text = ""
        if not report.passed:
            text = report.longreprtext
            crash = getattr(report.longrepr, "reprcrash", None)
            if crash is not None:
                message = crash.message
            elif isinstance(report.longrepr, tuple):
                message = report.longrepr[2]
            for title, content in report.sections:
                text += f"\n---- {title} ----\n{content}"
        self.write(
            event="report",
            test=report.nodeid,
            when=when,
            outcome=word,
            message=message[:LONGEST_TEXT],
            text=text[-LONGEST_TEXT:],
        )


def pytest_configure(config: pytest.Config) -> None:
    # Processes that the tests start themselves are none of our business.
    if path := os.environ.pop(VARIABLE, None):
        config.pluginmanager.register(Writer(path), "rjit_outcomes_writer")
