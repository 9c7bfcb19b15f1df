"""Draws the screens of the terminal programs, light and dark; `make pictures` runs it.

The one for the README goes to docs/pictures, all others to build/pictures, to be looked at.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from pictures import scenes
from pictures.stage import ROOT, Stage
from pictures.svg import DARK, THEMES, draw

README = ROOT / "docs" / "pictures" / "leaving-and-coming-back.svg"
OTHERS = ROOT / "build" / "pictures"


def main(names: list[str]) -> None:
    """Plays the scenes of these names, or all of them and the README's."""
    OTHERS.mkdir(parents=True, exist_ok=True)
    for scene in scenes.ALL:
        if names and scene.__name__ not in names:
            continue
        with tempfile.TemporaryDirectory() as folder, Stage(Path(folder)) as stage:
            for name, frame in scene(stage):
                for theme, colours in THEMES.items():
                    text = draw([frame], scenes.COLUMNS, colours, name)
                    (OTHERS / f"{name}-{theme}.svg").write_text(text, "utf-8")
                print(f"build/pictures/{name}-dark.svg and -light.svg", flush=True)
    if not names or "readme" in names:
        with tempfile.TemporaryDirectory() as folder, Stage(Path(folder)) as stage:
            frames = scenes.leaving_and_coming_back(stage)
        title = "An import is left at step 4, and resumed there after a night"
        README.parent.mkdir(parents=True, exist_ok=True)
        README.write_text(draw(frames, scenes.README_COLUMNS, DARK, title), "utf-8")
        print(README.relative_to(ROOT))


if __name__ == "__main__":
    main(sys.argv[1:])
