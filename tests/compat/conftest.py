"""Real tools against live programs, each of them run plainly and compiled."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import watching

# Far above what any of these tests takes; a tool that hangs must not hang the whole run.
TIMEOUT = 180

needs_rjit = pytest.mark.skipif(
    not watching.rjit_installed(),
    reason="rjit is not installed in this environment (cargo xtask build installs it)",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(TIMEOUT))


@pytest.fixture(params=["plain", pytest.param("compiled", marks=needs_rjit)])
def mode(request: pytest.FixtureRequest) -> str:
    """How the watched program runs."""
    return request.param


@pytest.fixture(
    params=[
        pytest.param("default", marks=needs_rjit),
        pytest.param("compiled", marks=needs_rjit),
    ]
)
def rjit_mode(request: pytest.FixtureRequest) -> str:
    """A way of running compiled, to be compared with a plain run."""
    return request.param


@pytest.fixture
def live(mode: str, tmp_path: Path) -> Iterator[watching.Start]:
    """Starts a program of `programs/` in the mode, and kills it after the test."""
    with watching.starter(mode, tmp_path) as start:
        yield start
