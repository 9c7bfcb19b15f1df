"""Whatever happens in whatever order: every state that was saved stands somewhere, and when all is
well again all machines have the same.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import waiting
from guard import SCRIPTS
from hub.running import RunningHub
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from processes import forked
from sync import proxy as behaviours
from sync.conftest import People
from sync.homes import Home, sha256
from sync.proxy import Behaviour, Cut, Exchange, Proxy
from system.folders import BEGIN, DAY, HOUR

from session_cli import quick

# more would have older snapshots pruned, which is no loss
SAVES_OF_A_HOME = 7
STEPS = ["scan", "review", "select", "connect", "verify"]
# what does not make another state of it
MOVING = ("revision", "updated_at", "resumed_at", "log_file", "previous_log_file")
LINES: dict[str, Behaviour] = {
    "lost answers": behaviours.drop_answer,
    "truncated answers": behaviours.truncate_answer,
    "lost requests": behaviours.cut_in_request,
    "a page": behaviours.say(200),
    "a page that is gone": behaviours.say(410),
    "unavailable": behaviours.say(503, Retry_After="1"),
}
# the codes that say why something was not done; 1 and 127 and a signal would not
ANSWERS = (0, 4, 6, 8)
# nobody has it, or somebody has it open
NOT_RESUMED = (3, 5)
homes = st.integers(0, 2)


class Machine(RuleBasedStateMachine):
    """Machines of one person, each with a line of its own to one hub."""

    def __init__(self, hub: RunningHub, folder: Path, count: int) -> None:
        super().__init__()
        self.hub, self.folder = hub, folder
        self.copy = folder / "copy"
        self.people = People(hub)
        # before a copy of the store is taken that would not know them
        self.people.ask("alex", "GET", "")
        self.proxies = [Proxy(hub.port).start() for _ in range(count)]
        self.homes = [self._make_home(number) for number in range(count)]
        # what was saved, by session: sha256 of the document -> the home it was saved in
        self.saved: dict[str, dict[str, int]] = {}
        self.number = 0
        self._save(0, "scan")
        self.homes[0].settle()
        # the one that all work on
        self.session_id = str(self.homes[0].load()["session_id"])
        for home in self.homes[1:]:
            self.people.hand_to(home, self.homes[0].load())

    def _make_home(self, number: int) -> Home:
        token = self.people.token_more("alex")
        place, now = self.folder / f"home{number}", BEGIN + number * HOUR
        home = Home(place, self.proxies[number].url, token, now).play_in_forks()
        home.login()
        return home

    def _home(self, number: int) -> Home:
        return self.homes[number % len(self.homes)]

    def _proxy(self, number: int) -> Proxy:
        return self.proxies[number % len(self.homes)]

    @rule(at=homes, step=st.sampled_from(STEPS))
    def edit(self, at: int, step: str) -> None:
        """Somebody saves, and nothing is sent yet."""
        home = self._home(at)
        with home.nobody_sends():
            self._save(at, step)

    @rule(at=homes, step=st.sampled_from(STEPS))
    def edit_and_send(self, at: int, step: str) -> None:
        """Somebody saves, and the child sends it, if it can."""
        self._save(at, step)
        self._home(at).settle()

    def _save(self, at: int, step: str) -> None:
        if self._saves_of(at) < SAVES_OF_A_HOME:
            self.number += 1
            self._home(at).save_only(step, note=f"save {self.number}")
            self._note(at)

    def _saves_of(self, at: int) -> int:
        saved = [number for each in self.saved.values() for number in each.values()]
        return saved.count(at % len(self.homes))

    def _note(self, at: int) -> None:
        """What is the latest there was saved there."""
        home = self._home(at)
        state = home.load()
        if state:
            here = self.saved.setdefault(state["session_id"], {})
            here[sha256(home.raw())] = at % len(self.homes)

    @rule(at=homes)
    def sync(self, at: int) -> None:
        self._sync(at)

    def _sync(self, at: int) -> None:
        answer = self._home(at)("sync")
        assert answer.code in ANSWERS, answer
        assert "Traceback" not in answer.stderr, answer

    @rule(at=homes, line=st.sampled_from(sorted(LINES)))
    def spoil(self, at: int, line: str) -> None:
        self._proxy(at).behave(LINES[line])

    @rule(at=homes)
    def cut(self, at: int) -> None:
        self._proxy(at).refuse()

    @rule(at=homes)
    def heal(self, at: int) -> None:
        self._proxy(at).heal()

    @rule(at=homes, options=st.sampled_from([(), ("--take-over",)]))
    def resume(self, at: int, options: tuple[str, ...]) -> None:
        """The person takes the session up on this machine."""
        answer = self._home(at)("resume", self.session_id, *options)
        assert answer.code in (*ANSWERS, *NOT_RESUMED), answer
        self._home(at).settle()
        self._note(at)

    @rule(at=homes)
    def delete(self, at: int) -> None:
        home = self._home(at)
        with home.nobody_sends():
            answer = home("delete", "--yes", self.session_id)
        assert answer.code in (0, 3), answer
        if answer.code == 0:
            self._forget_saves_of(at)

    def _forget_saves_of(self, at: int) -> None:
        """The person wanted what was saved here to be gone."""
        here = self.saved.get(self.session_id, {})
        for sha, number in list(here.items()):
            if number == at % len(self.homes):
                del here[sha]

    @rule(at=homes, nth=st.integers(1, 3), heard=st.booleans())
    def kill(self, at: int, nth: int, heard: bool) -> None:
        """A `sync` is killed at a request, before the hub has heard of it or after."""
        killed: list[int] = []
        count = [0]

        def shoot(exchange: Exchange) -> None:
            count[0] += 1
            if count[0] < nth:
                behaviours.pass_on(exchange)
                return
            if heard:
                exchange.forward()
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
            raise Cut

        self._proxy(at).behave(shoot)
        home = self._home(at)
        answer = forked(quick.main, killed.append)("sync", env=home.environment())
        assert answer.code in (*ANSWERS, -signal.SIGKILL), answer
        self._proxy(at).heal()

    @rule(at=homes, other=homes, step=st.sampled_from(STEPS))
    def suspend(self, at: int, other: int, step: str) -> None:
        """The lid is closed between question and answer, and another machine goes on meanwhile."""
        if at % len(self.homes) == other % len(self.homes):
            return
        proxy = self._proxy(at)
        proxy.forget()
        proxy.behave(behaviours.hold_answers)
        program = start_sync(self._home(at))
        waiting.eventually(lambda: proxy.requests or program.poll() is not None)
        program.send_signal(signal.SIGSTOP)
        with self._home(other).nobody_sends():
            self._save(other, step)
        self._sync(other)
        program.send_signal(signal.SIGCONT)
        proxy.heal()
        _, err = waiting.communicate(program)
        assert program.returncode in ANSWERS, err

    @rule(at=homes, days=st.sampled_from([-1, 1]))
    def set_clock(self, at: int, days: int) -> None:
        self._home(at).now += days * DAY

    @rule(at=homes)
    def revoke(self, at: int) -> None:
        """Its token ends; the person signs in again when all is well."""
        self.people.end_token(self._home(at).token)

    @rule()
    def take_copy(self) -> None:
        """Of the hub's store."""
        self.hub.stop()
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.hub.folder, self.copy)
        self.hub.start()

    @precondition(lambda self: self.copy.exists())
    @rule()
    def put_back(self) -> None:
        """The hub's store is what it was."""
        self.hub.stop()
        shutil.rmtree(self.hub.folder)
        shutil.copytree(self.copy, self.hub.folder)
        self.hub.start()

    def teardown(self) -> None:
        try:
            self._make_well()
            self.all_stands()
            self._check_that_all_agree()
        finally:
            for proxy in self.proxies:
                proxy.stop()
            shutil.rmtree(self.folder, ignore_errors=True)

    @invariant()
    def all_stands(self) -> None:
        """Whatever was saved and not deleted by who saved it."""
        places: set[str] = set()
        for home in self.homes:
            places |= home.everything()
        for session in self.people.sessions():
            unique = session["id"]
            places.add(sha256(self.people.document(unique)))
            places |= set(map(sha256, self.people.versions(unique)))
        for session_id, saved in self.saved.items():
            lost = {sha: at for sha, at in saved.items() if sha not in places}
            assert not lost, f"of {session_id} saved at home and nowhere now: {lost}"

    def _make_well(self) -> None:
        for home, proxy in zip(self.homes, self.proxies, strict=True):
            proxy.heal()
            home.token = self.people.token_more("alex")
            home.login()
        # nobody is heard of who has it open
        self.hub.advance(91)
        for home in self.homes:
            self._take_up_again(home)
        self.hub.advance(91)
        for _ in range(2):
            for number in range(len(self.homes)):
                self._sync(number)

    def _take_up_again(self, home: Home) -> None:
        """What was saved after another device had it open goes only when the person says so."""
        for row in json.loads(home("sync", "--json").stdout):
            if row["why"] == "lease_lost":
                home("resume", row["session_id"], "--take-over")
                home.settle()

    def _check_that_all_agree(self) -> None:
        there = {each["id"]: self.people.document(each["id"]) for each in self.people.sessions()}
        for number, home in enumerate(self.homes):
            found = {row["id"]: row["why"] for row in json.loads(home("sync", "--json").stdout)}
            # of the last two a person has been told, and nothing is left to do
            assert set(found.values()) <= {"clean", "converged", "diverged", "remote_deleted"}
            for unique, state in newest_states(home).items():
                if found.get(unique) == "remote_deleted":
                    # deleted elsewhere, and brought back here by a person: it stays here
                    continue
                assert unique in there, f"home {number} has {state['session_id']}, and the hub not"
                known = content(json.loads(there[unique]))
                assert content(state) == known, f"home {number} has another state than the hub"


def newest_states(home: Home) -> dict[str, dict[str, Any]]:
    """The newest state of each session that is not archived here."""
    states: dict[str, dict[str, Any]] = {}
    for raw in home.snapshots().values():
        state = json.loads(raw)
        if state["revision"] > states.get(state["id"], {}).get("revision", 0):
            states[state["id"]] = state
    return states


def content(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name not in MOVING}


def start_sync(home: Home) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **home.environment()}
    return subprocess.Popen(
        [SCRIPTS / "session-cli", "sync"],
        env={name: value for name, value in environment.items() if value is not None},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """One for all examples, whose people are their own."""
    running = RunningHub(tmp_path_factory.mktemp("hub") / "store").start()
    yield running
    running.stop()


def is_soak() -> bool:
    return not hypothesis.settings.default.derandomize


@pytest.mark.parametrize("count", [2, 3], ids=["two machines", "three machines"])
def test_every_saved_state_stands_somewhere_and_all_agree_in_the_end(
    count: int, hub: RunningHub, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def make() -> Machine:
        return Machine(hub, tmp_path_factory.mktemp("any"), count)

    settings = hypothesis.settings(
        max_examples=200 if is_soak() else 6,
        stateful_step_count=14,
        # to find the shortest way to a failure would take minutes
        phases=[hypothesis.Phase.generate],
    )

    run_state_machine_as_test(make, settings=settings)
