"""The colours of the style words: the terminal's own sixteen, or some of its 256.

Upstream's palette: Flux cyan, Argo CD purple, Helm orange, ConfigHub green; ok, warning, error and
an accent.
"""

from __future__ import annotations

from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import BaseStyle, Style

from session_cli.tui.theme import PREFIX

_ATTRIBUTES = {
    "title": "bold",
    "strong": "bold",
    "cursor": "reverse",
    "tab": "reverse bold",
    "heading": "underline",
}
# legible on black and on white: each has a contrast of 3.8 or more with both
_256 = {
    "owner.flux": "#008787",
    "owner.argocd": "#875fd7",
    "owner.helm": "#af5f00",
    "owner.confighub": "#008700",
    "owner.native": "#767676",
    "owner.other": "#767676",
    "ok": "#008700",
    "warn": "#af5f00",
    "error": "#d70000",
    "accent": "#d7005f",
    "dim": "#767676",
}
_16 = {
    "owner.flux": "ansicyan",
    "owner.argocd": "ansimagenta",
    "owner.helm": "ansiyellow",
    "owner.confighub": "ansigreen",
    "owner.native": "",
    "owner.other": "",
    "ok": "ansigreen",
    "warn": "ansiyellow",
    "error": "ansired",
    "accent": "ansimagenta",
    "dim": "",
}


def style_for(depth: ColorDepth) -> BaseStyle:
    """The looks of all words at a depth of colour."""
    few = depth in (ColorDepth.DEPTH_1_BIT, ColorDepth.DEPTH_4_BIT)
    colours = _16 if few else _256
    rules = {word: f"fg:{colour}" for word, colour in colours.items() if colour}
    joined = {
        PREFIX + word: f"{rules.get(word, '')} {_ATTRIBUTES.get(word, '')}".strip()
        for word in [*_ATTRIBUTES, *rules]
    }
    return Style.from_dict(joined)
