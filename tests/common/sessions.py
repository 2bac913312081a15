"""Processes that lead a session, so that all they have started can be ended with them."""

import contextlib
import os
import signal
import subprocess


def kill(process: subprocess.Popen) -> None:
    """Kills the whole session, whether its leader still runs or not."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def end(process: subprocess.Popen) -> None:
    """Kills the whole session, and waits for its leader."""
    kill(process)
    process.wait()
