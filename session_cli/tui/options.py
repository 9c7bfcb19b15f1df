"""What a program was started with. The script that starts it has refused wrong flags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields


@dataclass
class Options:
    """The flags of a program; empty where one was not given.

    `dir` and `file` are the sessions folder and the pointer; `called` is the command, as a person
    types it, that starts the program again.
    """

    dir: str = ""
    file: str = ""
    called: str = ""
    context: str = ""
    app_space: str = ""
    view: str = ""
    space: str = ""
    namespace: list[str] = field(default_factory=list)
    resume: bool = False
    new: bool = False
    status: bool = False
    demo: bool = False
    yes: bool = False
    once: bool = False
    plain: bool = False


def read_options(words: Sequence[str]) -> Options:
    """The options in `words`, each `--name VALUE`, or `--name` for a switch."""
    options = Options()
    kinds = {each.name: each.type for each in fields(Options)}
    rest = list(words)
    while rest:
        name = rest.pop(0).removeprefix("--").replace("-", "_")
        if kinds[name] == "bool":
            setattr(options, name, True)
        elif name == "namespace":
            options.namespace.append(rest.pop(0))
        else:
            setattr(options, name, rest.pop(0))
    return options
