"""What the whole screen is drawn on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout import UIContent, UIControl
from prompt_toolkit.mouse_events import MouseEvent, MouseEventType

from session_cli.tui.theme import Line, classes


class Canvas(UIControl):
    """Draws lines that are made anew each time."""

    def __init__(
        self,
        lines: Callable[[int, int], Sequence[Line]],
        clean: Callable[[str], str],
        click: Callable[[int], None],
        scroll: Callable[[str], None],
    ) -> None:
        self.lines = lines
        self.clean = clean
        self.click = click
        self.scroll = scroll

    def is_focusable(self) -> bool:
        return True

    def create_content(self, width: int, height: int | None) -> UIContent:
        lines = self.lines(width, height or 0)
        drawn: list[StyleAndTextTuples] = [
            [(classes(style), self.clean(text)) for style, text in line] for line in lines
        ]
        return UIContent(drawn.__getitem__, len(drawn), show_cursor=False)

    def mouse_handler(self, mouse_event: MouseEvent) -> None:
        if mouse_event.event_type == MouseEventType.MOUSE_UP:
            self.click(mouse_event.position.y)
        elif mouse_event.event_type == MouseEventType.SCROLL_UP:
            self.scroll("up")
        elif mouse_event.event_type == MouseEventType.SCROLL_DOWN:
            self.scroll("down")


def lay_out(
    head: Sequence[Line],
    body: Callable[[int], list[Line]],
    foot: Callable[[], list[Line]],
    height: int,
) -> list[Line]:
    """The lines of a screen of that height; `body` makes at most as many as fit.

    The foot may name keys that only a body higher than the screen needs, so it is made twice.
    """
    above, below = len(head), len(foot())
    lines = body(max(1, height - above - below))
    hints = foot()
    if len(hints) != below:
        # only now it is known whether the body is higher than the screen
        lines = body(max(1, height - above - len(hints)))
    room = max(1, height - above - len(hints))
    return [*head, *lines[:room], *[[]] * (room - len(lines)), *hints]
