"""Turns what `tmux capture-pane -e` prints, text with colours, into an SVG that looks like the terminal."""

import re
from dataclasses import dataclass, replace
from html import escape

SGR = re.compile(r"\x1b\[([\d;]*)m")
OTHER = re.compile(r"\x1b(?:\[[^a-zA-Z]*[a-zA-Z]|\(.|[\x0e\x0f])|[\x0e\x0f]")

BACKGROUND = "#15191f"
FOREGROUND = "#d0d0d0"
# The sixteen colours, as many terminals show them.
NAMED = [
    *("#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5"),
    *("#808080", "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff"),
]
LEVELS = (0, 95, 135, 175, 215, 255)

COLUMN = 8.4
LINE = 18
MARGIN = 12
FONT = "14px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


@dataclass(frozen=True)
class Style:
    """How a run of letters looks."""

    fg: str | None = None
    bg: str | None = None
    bold: bool = False
    dim: bool = False
    underline: bool = False
    reverse: bool = False


def indexed(number: int) -> str:
    """A colour of the 256."""
    if number < 16:
        return NAMED[number]
    if number >= 232:
        grey = 8 + 10 * (number - 232)
        return f"#{grey:02x}{grey:02x}{grey:02x}"
    number -= 16
    parts = (number // 36, number // 6 % 6, number % 6)
    return "#" + "".join(f"{LEVELS[part]:02x}" for part in parts)


def extended(codes: list[int]) -> str:
    """A colour of 256 or of all, which is taken off the codes."""
    if codes.pop(0) == 5:
        return indexed(codes.pop(0))
    red, green, blue = (codes.pop(0) for _ in range(3))
    return f"#{red:02x}{green:02x}{blue:02x}"


def changed(style: Style, sequence: str) -> Style:
    """The style after a sequence of codes."""
    codes = [int(code or 0) for code in sequence.split(";")]
    flags = {1: "bold", 2: "dim", 4: "underline", 7: "reverse"}
    while codes:
        match codes.pop(0):
            case 0:
                style = Style()
            case code if code in flags:
                style = replace(style, **{flags[code]: True})
            case 22:
                style = replace(style, bold=False, dim=False)
            case 24:
                style = replace(style, underline=False)
            case 27:
                style = replace(style, reverse=False)
            case code if 30 <= code <= 37 or 90 <= code <= 97:
                style = replace(style, fg=NAMED[code - 30 if code < 90 else code - 82])
            case code if 40 <= code <= 47 or 100 <= code <= 107:
                style = replace(style, bg=NAMED[code - 40 if code < 100 else code - 92])
            case 38:
                style = replace(style, fg=extended(codes))
            case 39:
                style = replace(style, fg=None)
            case 48:
                style = replace(style, bg=extended(codes))
            case 49:
                style = replace(style, bg=None)
    return style


def runs(text: str) -> list[list[tuple[str, Style]]]:
    """The lines of a captured screen, each as pieces of text with their styles."""
    style = Style()
    lines = []
    for line in text.rstrip("\n").split("\n"):
        pieces = []
        # Text and codes by turns.
        for number, part in enumerate(SGR.split(line)):
            if number % 2:
                style = changed(style, part)
            elif part := OTHER.sub("", part):
                pieces.append((part, style))
        lines.append(pieces)
    return lines


def rectangle(x: float, y: float, width: float, height: float, fill: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"/>'


def piece(text: str, style: Style, column: int, line: int) -> str:
    """One piece of text, with its background if it has one."""
    fg, bg = style.fg or FOREGROUND, style.bg
    if style.reverse:
        fg, bg = bg or BACKGROUND, fg
    x, y = round(MARGIN + column * COLUMN, 1), MARGIN + line * LINE
    width = round(len(text) * COLUMN, 1)
    out = rectangle(x, y, width, LINE, bg) if bg else ""
    if shown := text.strip():
        x = round(x + (len(text) - len(text.lstrip())) * COLUMN, 1)
        # The length is said, so that columns stand below each other in any font.
        wide = f'textLength="{len(shown) * COLUMN:g}" lengthAdjust="spacingAndGlyphs"'
        more = ' font-weight="bold"' if style.bold else ""
        more += ' opacity="0.6"' if style.dim else ""
        more += ' text-decoration="underline"' if style.underline else ""
        out += f'<text x="{x:g}" y="{y + 13.5:g}" {wide} fill="{fg}"{more}>{escape(shown)}</text>'
    return out


def picture(captured: str, title: str) -> str:
    """The screen as an SVG."""
    lines = runs(captured)
    columns = max(sum(len(text) for text, _ in line) for line in lines)
    width, height = round(2 * MARGIN + columns * COLUMN), 2 * MARGIN + len(lines) * LINE
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" style="font: {FONT}; white-space: pre" xml:space="preserve">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" rx="6" fill="{BACKGROUND}"/>',
    ]
    for number, line in enumerate(lines):
        column = 0
        drawn = []
        for text, style in line:
            drawn.append(piece(text, style, column, number))
            column += len(text)
        if "".join(drawn):
            out.append("".join(drawn))
    out.append("</svg>")
    return "\n".join(out) + "\n"
