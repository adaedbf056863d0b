"""`org steer`: a person's direction reaches its agents and the chief, and stands until lifted, replaced or answered."""

import json
from datetime import timedelta

import pytest
from played import Played

from org.lab import standup as lab_standup
from org.lab.guiding import prompting, steering
from org.model.errors import Refused, UsageError
from org.model.message import HUMAN, Kind
from org.store import steering as stored
from org.store.tables import EVENTS, MESSAGES, STANDUPS


def letters(lab: Played, to: str) -> list[str]:
    return [m.body for m in MESSAGES.select(lab.lab.ledger.reader, 'WHERE "to" = ? AND kind = ?', to, Kind.STEERING.value)]


def test_a_program_is_directed_by_a_letter_to_its_agents_and_the_chief(chiefly: Played, say) -> None:
    done = say(chiefly)("steer", "free", "Leave the betas; look at the head.")
    assert done.exit_code == 0 and "told junior-1, junior-2, chief" in done.output
    for reader in ("junior-1", "junior-2", "chief"):
        assert letters(chiefly, reader) == ["Leave the betas; look at the head."]
    [event] = EVENTS.select(chiefly.lab.ledger.reader, "WHERE kind = 'steer.given'")
    assert (event.subject, event.actor, event.detail["text"]) == ("free", HUMAN, "Leave the betas; look at the head.")


def test_an_agent_is_directed_alone(chiefly: Played) -> None:
    steering.steer(chiefly.lab, "junior-2", "Write it simpler.", HUMAN, chiefly.now())
    assert letters(chiefly, "junior-2") and letters(chiefly, "chief") and not letters(chiefly, "junior-1")
    con = chiefly.lab.ledger.reader
    assert [d.target for d in stored.standing(con, "junior-2", "free")] == ["junior-2"]
    assert not stored.standing(con, "junior-1", "free")


def test_all_are_directed_at_once(chiefly: Played, say) -> None:
    assert "told" in say(chiefly)("steer", "all", "Ablate what was kept.").output
    assert all(letters(chiefly, reader) == ["Ablate what was kept."] for reader in ("junior-1", "junior-2", "chief"))
    assert "“Ablate what was kept.”" in say(chiefly, "junior-2")("brief").output


def test_a_newer_direction_replaces_the_older_one_unless_it_is_added(played: Played, say) -> None:
    org = say(played)
    org("steer", "free", "first")
    assert "it replaces: first" in org("steer", "free", "second").output
    assert "replaces" not in org("steer", "free", "third", "--add").output
    assert [d.text for d in stored.standing(played.lab.ledger.reader)] == ["third", "second"]
    assert "lifted: second; third" in org("steer", "free", "--lift").output.replace("third; second", "second; third")
    assert "no direction is in force" in org("steer").output


def test_a_direction_stands_in_the_brief_until_it_is_answered(played: Played, say) -> None:
    given, _ = steering.steer(played.lab, "free", "Leave the betas.", HUMAN, played.now())
    junior = say(played, "junior-1")
    assert "A person directs:" in (page := junior("brief").output) and "“Leave the betas.”" in page
    assert f"org reply {given.letters['junior-1']}" in page
    assert junior("reply", given.letters["junior-1"], "I stay away from them.").exit_code == 0
    [now] = stored.standing(played.lab.ledger.reader)
    assert now.answered == {"junior-1"} and now.unanswered == ("junior-2",)
    assert "org reply steer-" not in junior("brief").output
    assert "org reply steer-" in say(played, "junior-2")("brief").output


def test_a_direction_in_force_is_in_the_role_page_newest_first(played: Played) -> None:
    for text in ("Leave the betas.", "Look at the head."):
        steering.steer(played.lab, "free", text, HUMAN, played.now(), add=True)
    page = prompting.role_page(played.lab, "junior-1")
    assert page.index("Look at the head.") < page.index("Leave the betas.")
    steering.lift(played.lab, "free", HUMAN, played.now())
    assert "Leave the betas." not in prompting.role_page(played.lab, "junior-1")


def test_the_standup_shows_directions_and_who_has_not_answered(played: Played) -> None:
    steering.steer(played.lab, "free", "Leave the betas.", HUMAN, played.now())
    lab_standup.ask(played.lab, played.now())
    lab_standup.step(played.lab, played.now() + timedelta(hours=1))
    [standup] = STANDUPS.select(played.lab.ledger.reader)
    page = played.lab.layout.standup(standup.day).read_text()
    assert "## Your directions in force" in page
    assert "Leave the betas. — no answer yet from junior-1, junior-2" in page


def test_directions_are_a_persons(played: Played, say) -> None:
    with pytest.raises(Refused, match="a person's"):
        steering.steer(played.lab, "free", "do as I say", "junior-1", played.now())
    with pytest.raises(UsageError, match="neither an agent nor a program; there are junior-1, junior-2, free"):
        steering.steer(played.lab, "nobody", "do", HUMAN, played.now())
    with pytest.raises(Refused, match="no direction is in force for free"):
        steering.lift(played.lab, "free", HUMAN, played.now())
    assert json.loads(say(played)("steer", "--json").output) == []
