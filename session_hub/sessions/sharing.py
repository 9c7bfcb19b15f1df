"""Sharing a session, and handing it over to somebody."""

from __future__ import annotations

from session_hub import free_text, limits
from session_hub.access import can
from session_hub.clock import now
from session_hub.http import Answer, Call, as_json
from session_hub.problems import Problem
from session_hub.sessions import audit, finding
from session_hub.sessions.summary import Session, etag, summarize
from session_hub.writer import Row, Stale, Statement

SCOPES = ("personal", "team", "org")


async def share(call: Call) -> Answer:
    """PUT /{id}/share: who else sees it, and whether a team may resume it."""
    call.query()
    wanted = await call.json()
    scope, team, allow_resume = _read_share(wanted)
    while True:
        session = await finding.find(call, "share")
        team_id = _find_team(call, team) if scope == "team" else None
        statement = Statement(
            "share_session",
            {
                "id": session["id"],
                "changes": session["changes"],
                "scope": scope,
                "team_id": team_id,
                "team": team,
                "allow_resume": allow_resume,
            },
            guards=True,
        )
        record = audit.record(
            call, "share.set", session, scope=scope, team=team, allow_resume=allow_resume
        )
        try:
            rows = await call.hub.store.writer.put(statement, record)
        except Stale:
            continue
        return _answer(call, rows[0])


def _read_share(wanted: dict[str, object]) -> tuple[str, str | None, bool]:
    scope, team, allow_resume = (
        wanted.get("scope"),
        wanted.get("team"),
        wanted.get("allow_resume", False),
    )
    is_known = wanted.keys() <= {"scope", "team", "allow_resume"} and scope in SCOPES
    names_team = isinstance(team, str) if scope == "team" else team is None
    if not is_known or not names_team or type(allow_resume) is not bool:
        raise Problem(
            "invalid-request",
            'The body is {"scope": "personal"}, {"scope": "org"} or {"scope": "team", "team":'
            ' "payments", "allow_resume": true}.',
        )
    if allow_resume and scope != "team":
        raise Problem("invalid-request", "allow_resume is for a team.")
    return str(scope), team if isinstance(team, str) else None, allow_resume


def _find_team(call: Call, slug: str | None) -> str:
    """A team that the person is not in answers as one that is not there."""
    for team_id, name in call.actor.teams.items():
        if name == slug:
            return team_id
    raise Problem("not-found", "There is no such team, or you are not in it.")


async def offer(call: Call) -> Answer:
    """PUT /{id}/handoff: offers it to a person of the organization for three days."""
    call.query()
    to, note = _read_offer(await call.json())
    while True:
        session = await finding.find(call, "hand_off")
        person = await call.hub.store.one("find_member", org_id=call.actor.org_id, name=to)
        if person is None or person["disabled_at"] is not None:
            raise Problem("not-found", "There is no such person in your organization.")
        if person["id"] == call.actor.user_id:
            raise Problem("invalid-request", "It is yours already.")
        statement = Statement(
            "offer_handoff",
            {
                "id": session["id"],
                "changes": session["changes"],
                "user": call.actor.user,
                "to_id": person["id"],
                "to": person["name"],
                "note": note,
                "handoff_seconds": limits.HANDOFF_SECONDS,
            },
            guards=True,
        )
        record = audit.record(call, "handoff.offer", session, to=person["name"])
        try:
            rows = await call.hub.store.writer.put(statement, record)
        except Stale:
            continue
        return _answer(call, rows[0])


def _read_offer(wanted: dict[str, object]) -> tuple[str, str]:
    to, note = wanted.get("to"), wanted.get("note", "")
    is_known = wanted.keys() <= {"to", "note"} and isinstance(to, str) and isinstance(note, str)
    if not is_known or len(str(note)) > limits.NOTE_LENGTH:
        raise Problem(
            "invalid-request",
            f'The body is {{"to": "sam", "note": "…"}}, the note of at most {limits.NOTE_LENGTH}'
            " characters.",
        )
    free_text.check(str(note), "The note")
    return str(to), str(note)


async def withdraw(call: Call) -> Answer:
    """DELETE /{id}/handoff: 204 also when nothing was offered."""
    call.query()
    while True:
        session = await finding.find(call, "hand_off")
        if session["handoff_to"] is None:
            return Answer(204)
        try:
            await _end(call, session, "handoff.withdraw")
        except Stale:
            continue
        return Answer(204)


async def decline(call: Call) -> Answer:
    """POST /{id}/handoff/decline: 204; the session stays with its owner."""
    call.query()
    while True:
        session = await finding.find(call, "accept")
        try:
            await _end(call, session, "handoff.decline")
        except Stale:
            continue
        return Answer(204)


async def _end(call: Call, session: Session, action: str) -> None:
    statement = Statement(
        "end_handoff", {"id": session["id"], "changes": session["changes"]}, guards=True
    )
    rows = await call.hub.store.writer.put(
        statement, audit.record(call, action, session, to=session["handoff_user"])
    )
    call.hub.feed.publish(rows[0])


async def accept(call: Call) -> Answer:
    """POST /{id}/handoff/accept: the session becomes the caller's; the giver's lease ends."""
    call.query()
    while True:
        session = await finding.find(call, "summarize")
        if call.actor.owns(session):
            return _answer(call, session)
        if not can(call.actor, "accept", session, now()):
            await finding.permit(call, "accept", session)
        try:
            rows = await call.hub.store.writer.put(
                *give(session, call.actor.user_id, call.actor.user),
                audit.record(call, "handoff.accept", session, giver=session["owner"]),
            )
        except Stale:
            continue
        return _answer(call, next(row for row in rows if row is not None))


def give(session: Row, to_id: str, to: str) -> list[Statement]:
    """What makes the session somebody else's. What was saved until then is kept as a version."""
    unique = session["id"]
    return [
        Statement("keep_version", {"id": unique, "reason": "handed over"}),
        Statement(
            "give_session",
            {"id": unique, "changes": session["changes"], "to_id": to_id, "to": to},
            guards=True,
        ),
        Statement("note_handover", {"id": unique, "from_id": session["owner_id"], "to": to}),
        Statement("forget_handover", {"id": unique, "user_id": to_id}),
        Statement("trim_versions", {"id": unique, "versions": limits.VERSIONS}),
    ]


def _answer(call: Call, session: Session) -> Answer:
    call.hub.feed.publish(session)
    summary = summarize(session, call.actor, now())
    return as_json(summary, headers=[("etag", etag(session))])
