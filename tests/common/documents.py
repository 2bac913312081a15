"""What the suites write into documents: a part between two marks."""

from pathlib import Path


def with_part(document: str, begin: str, end: str, text: str, path: Path) -> str:
    """The document with `text` between the marks. `path` is where it comes from, for whoever has to look for them."""
    before, found, rest = document.partition(begin)
    _old, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(
            f"{path} has lost the marks {begin} and {end}, between which a part of it goes"
        )
    return f"{before}{begin}\n{text}\n{end}{after}"
