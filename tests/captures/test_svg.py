"""Captured screens as pictures."""

from xml.etree import ElementTree

import pytest

from captures.svg import Style, changed, indexed, picture, runs

NAMESPACE = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("codes", "style"),
    [
        ("", Style()),
        ("1;31", Style(bold=True, fg="#cd3131")),
        ("38;5;166;48;2;0;95;135", Style(fg="#d75f00", bg="#005f87")),
        ("90;104", Style(fg="#808080", bg="#3b8eea")),
        ("2;4;7", Style(dim=True, underline=True, reverse=True)),
        ("1;31;22;39", Style()),
    ],
)
def test_codes_make_styles(codes, style):
    assert changed(Style(), codes) == style


def test_indexed_colours():
    assert [indexed(number) for number in (0, 15, 16, 231, 244)] == [
        *("#000000", "#ffffff", "#000000", "#ffffff", "#808080")
    ]


def test_styles_go_on_over_the_ends_of_lines():
    first, second = runs("a\x1b[31mb\nc\x1b[0md\n")
    red = Style(fg="#cd3131")
    assert first == [("a", Style()), ("b", red)]
    assert second == [("c", red), ("d", Style())]


def test_a_picture_is_a_document_with_the_text():
    drawn = picture("x < y\n\x1b[7m & \x1b[0m│\x1b(B\n", "a screen")
    root = ElementTree.fromstring(drawn)
    assert root.find(f"{NAMESPACE}title").text == "a screen"
    texts = [found.text for found in root.iter(f"{NAMESPACE}text")]
    assert texts == ["x < y", "&", "│"]
    reversed_background = root.findall(f"{NAMESPACE}rect")[1].get("fill")
    assert reversed_background == "#d0d0d0"
