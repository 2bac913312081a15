"""Results of plain runs, kept between runs of the suite: they do not depend on rjit."""

import hashlib
import json
import os
import sys
from pathlib import Path

from regrtest import outcomes
from regrtest.outcomes import FileResult
from regrtest.runs import RECORDER, Run


class Cache:
    """Results by file, for one interpreter and one way of running."""

    def __init__(self, folder: Path, *, is_fresh: bool = False) -> None:
        self._folder = folder / _identity()
        self._is_fresh = is_fresh

    def get(self, run: Run) -> FileResult | None:
        """What came of this run when it was last made."""
        if self._is_fresh:
            return None
        return self.last(run)

    def last(self, run: Run) -> FileResult | None:
        """The same, even if it is not to be used for comparing."""
        try:
            return FileResult.from_json(json.loads(self._path(run).read_text("utf-8")))
        except OSError, ValueError, TypeError:
            return None

    def put(self, run: Run, result: FileResult) -> None:
        """Keeps a result, unless it says more about this machine at this moment than about the tests."""
        if result.state == outcomes.TIMEOUT:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(run)
        beside = path.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps(result.to_json()), "utf-8")
        beside.replace(path)

    def _path(self, run: Run) -> Path:
        chosen = json.dumps([run.methods, run.ignored, str(run.test_folder)])
        return self._folder / f"{run.file}-{_digest(chosen)}.json"


def _identity() -> str:
    """Changes with the interpreter and with what is recorded."""
    program = Path(sys.executable).resolve()
    status = program.stat()
    here = Path(__file__).parent
    parts = [
        *(sys.version, str(program), str(status.st_size), str(status.st_mtime_ns)),
        *(RECORDER.read_text("utf-8"), (here / "outcomes.py").read_text("utf-8")),
    ]
    return _digest("\n".join(parts))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
