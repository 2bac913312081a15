"""The table of packages: what is tested, in which version, with what, and how."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

TABLE = Path(__file__).with_name("packages.toml")


@dataclass(frozen=True)
class Package:
    """One package of the table."""

    name: str
    version: str
    # What pytest is asked to run, in the folder of the unpacked source distribution.
    tests: tuple[str, ...]
    # Which part of the suite that is, and why it is not all.
    part: str
    # Further arguments for pytest.
    options: tuple[str, ...] = ()
    # What the tests need besides the package, with versions.
    requirements: tuple[str, ...] = ()
    # Whether a wheel of the index may be used in place of building the source distribution.
    wheel: bool = False
    # Folders of the source distribution that are copied into site-packages: tests which have to
    # lie in the installed package, but are not installed with it.
    install_tests: dict[str, str] = field(default_factory=dict, hash=False)


def load(path: Path = TABLE) -> dict[str, Package]:
    """All packages by name, in the order of the table."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    common = tuple(data.pop("requirements", ()))
    packages = {}
    for name, entry in data.items():
        entry["requirements"] = (*common, *entry.get("requirements", ()))
        entry["tests"] = tuple(entry["tests"])
        entry["options"] = tuple(entry.get("options", ()))
        packages[name] = Package(name=name, **entry)
    return packages
