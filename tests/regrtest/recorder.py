"""Does what `python -m test` does, and writes down what becomes of each test at the moment it is known.

Run as `python recorder.py RECORD REPLACED ARGUMENTS...`. The runner's own reports do not serve: the XML has no
names for tests whose subtests fail, and nothing at all when the process dies. RECORD gets a JSON object
a line: `start` of a test, `end` with its outcome, `file` with what the runner says of the whole file.
REPLACED is a list, as JSON, of pairs of texts: in the source of the test file, which is the last argument,
the second text stands wherever the first one did.

This runs within the process under test, so it leaves as little behind as it can, and keeps nothing
open in between: tests look at open files, and fork.
"""

import importlib.machinery
import json
import os
import runpy
import sys


def main():
    """Prepare the runner, then be it."""
    record, replaced = os.path.abspath(sys.argv[1]), json.loads(sys.argv[2])
    del sys.argv[1:3]
    if replaced:
        sys.meta_path.insert(0, Finder(sys.argv[-1].removeprefix("test."), replaced))
    # As `python -m test` has it.
    sys.path[0] = os.getcwd()
    follow(record)
    runpy.run_module("test", run_name="__main__", alter_sys=True)


class Finder:
    """Finds the test file."""

    def __init__(self, name, replaced):
        self._names = (name, f"test.{name}")
        self._replaced = replaced

    def find_spec(self, name, path, target=None):
        if name not in self._names:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        spec.loader = Loader(spec.loader, self._replaced)
        return spec


class Loader(importlib.machinery.SourceFileLoader):
    """Compiles the test file's source after the replacements, past the cache of bytecode."""

    def __init__(self, loader, replaced):
        super().__init__(loader.name, loader.path)
        self._replaced = replaced

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        text = self.get_data(path).decode()
        for old, new in self._replaced:
            if old not in text:
                raise ImportError(f"{path} has no {old!r} to replace")
            text = text.replace(old, new)
        return self.source_to_code(text, path)


def follow(record):
    """Make the runner's classes tell what happens."""
    from test.libregrtest import results, testresult

    process = os.getpid()
    dumps, getpid = json.dumps, os.getpid
    open_file, write, close = os.open, os.write, os.close
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC

    def tell(event):
        if getpid() != process:
            return
        line = dumps(event) + "\n"
        try:
            file = open_file(record, flags, 0o600)
        except OSError:
            # A test may have used up all file descriptors. What is missing in the record is seen.
            return
        try:
            write(file, line.encode("ascii", "backslashreplace"))
        finally:
            close(file)

    class Result(testresult.RegressionTestResult):
        def startTest(self, test):
            tell({"event": "start", "test": test.id()})
            super().startTest(test)

        def __end(self, test, outcome, text=""):
            # Within a subtest skipping is told of that, all else of the test.
            whole = getattr(test, "test_case", test)
            event = {"event": "end", "test": whole.id(), "outcome": outcome, "text": text}
            if whole is not test:
                event["subtest"] = test._subDescription()
            tell(event)

        def addSuccess(self, test):
            self.__end(test, "ok")
            super().addSuccess(test)

        def addSkip(self, test, reason):
            self.__end(test, "skipped", str(reason))
            super().addSkip(test, reason)

        def addExpectedFailure(self, test, err):
            self.__end(test, "expected failure")
            super().addExpectedFailure(test, err)

        def addUnexpectedSuccess(self, test):
            self.__end(test, "unexpected success")
            super().addUnexpectedSuccess(test)

        def addFailure(self, test, err):
            super().addFailure(test, err)
            self.__end(test, "FAIL", self.failures[-1][1])

        def addError(self, test, err):
            super().addError(test, err)
            self.__end(test, "ERROR", self.errors[-1][1])

        def addSubTest(self, test, subtest, err):
            super().addSubTest(test, subtest, err)
            if err is None:
                return
            is_failure = issubclass(err[0], test.failureException)
            text = (self.failures if is_failure else self.errors)[-1][1]
            self.__end(subtest, "FAIL" if is_failure else "ERROR", text)

    testresult.RegressionTestResult = Result
    accumulate = results.TestResults.accumulate_result

    def accumulate_result(self, result, runtests):
        tell(
            {
                "event": "file",
                "test": result.test_name,
                "outcome": result.state,
                "text": "\n".join(result.env_changed_reasons or ()),
            }
        )
        return accumulate(self, result, runtests)

    results.TestResults.accumulate_result = accumulate_result


main()
