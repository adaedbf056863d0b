"""What a chief with a model is told: digests after verdicts, stop rules that fire, proposals with what they resemble."""

import json

from laboratory import make
from played import Played
from setups import with_chief

from org.lab import stops
from org.lab.guiding import digests
from org.model.message import HUMAN
from org.store.tables import EXPERIMENTS, MESSAGES, PROGRAMS


def digest_letters(lab: Played, to: str = "chief") -> list:
    return MESSAGES.select(lab.lab.ledger.reader, "WHERE id LIKE 'digest-%' AND \"to\" = ? ORDER BY sent_at", to)


def decide(lab: Played, gain: float, **recipe: object) -> str:
    made = lab.change("junior-1", gain, **recipe)
    while lab.experiment(made.id).state.value == "proposed":
        lab.tick()
        lab.ask("approve", "chief", experiment=made.id)
    lab.until(lab.settled(made.id))
    return made.id


def test_after_every_few_verdicts_one_digest_says_what_changed_and_what_is_due(chiefly: Played) -> None:
    lab = chiefly.lab
    with lab.ledger.transaction() as tx:
        PROGRAMS.update(tx, "free", stop={"discards": 50})
    for number in range(4):
        decide(chiefly, -0.5, lr=0.3 + 0.1 * number)
    assert digests.step(lab, chiefly.now()) == [], "four are not five"
    decide(chiefly, 0.5, degree=5)
    assert digests.step(lab, chiefly.now()) == ["digest: 5 verdicts"]
    assert digests.step(lab, chiefly.now()) == [], "once"
    [letter] = digest_letters(chiefly)
    assert "# free (open): What helps?" in letter.body and "junior-1, junior-2" in letter.body
    assert "- E5 merged +0.5" in letter.body and "degree 3 → 5" in letter.body and "- E1 discarded" in letter.body
    decide(chiefly, -0.5, decay=0.4)
    assert digests.step(lab, chiefly.now()) == []


def test_a_stop_rule_that_fires_is_one_letter_until_the_next_merge(chiefly: Played, say) -> None:
    for number in range(3):
        assert digests.step(chiefly.lab, chiefly.now()) == []
        decide(chiefly, -0.5, lr=0.3 + 0.1 * number)
    [told] = digests.step(chiefly.lab, chiefly.now())
    assert told.startswith("free: its stop rule fires")
    [letter] = digest_letters(chiefly)
    assert "stop rule: 3 of 3 tries without a merge; it fires: `org program close free --reason …`" in letter.body
    decide(chiefly, -0.5, lr=0.9)
    assert digests.step(chiefly.lab, chiefly.now()) == [], "the same firing is told once"
    decide(chiefly, 0.5, degree=5)
    for value in (0.2, 0.3, 0.4):
        decide(chiefly, -0.5, decay=value)
    assert len(digests.step(chiefly.lab, chiefly.now())) == 1 and len(digest_letters(chiefly)) == 2
    shown = say(chiefly)("program", "show", "free")
    assert "stop rule: 3 of 3 tries without a merge; it fires" in shown.output
    assert json.loads(say(chiefly)("program", "show", "free", "--json").output)["fires"] is True


def test_a_stop_rule_counts_up_to_its_limit(played: Played, say) -> None:
    made = played.change("junior-1", -0.5, lr=0.7)
    played.until(played.settled(made.id))
    assert "stop rule: 1 of 3 tries without a merge\n" in say(played)("program", "show", "free").output
    program = PROGRAMS.get(played.lab.ledger.reader, "free")
    assert not stops.of(played.lab.ledger.reader, program).fires


def test_a_chief_by_rule_gets_no_digest(tmp_path, played: Played) -> None:
    made = make(tmp_path / "rule", configure=lambda text: with_chief(text).replace("claude", "offline"))
    lab = Played(made.lab, made.office)
    lab.program(stop={"discards": 1})
    decide(lab, -0.5, lr=0.7)
    assert digests.step(lab.lab, lab.now()) == [] and not digest_letters(lab)
    lab.lab.ledger.close()


def test_without_a_chief_the_person_is_told_of_a_stop_rule_once(played: Played) -> None:
    for value in (0.4, 0.6, 0.8):
        made = played.change("junior-1", -0.5, lr=value)
        played.until(played.settled(made.id))
    assert digests.step(played.lab, played.now()) == ["free: its stop rule fires"]
    assert digests.step(played.lab, played.now()) == []
    assert MESSAGES.count(played.lab.ledger.reader, "WHERE id LIKE 'stop-%' AND \"to\" = ?", HUMAN) == 1


def test_a_review_letter_quotes_the_author_and_says_what_it_resembles(chiefly: Played) -> None:
    lab = chiefly
    first = decide(lab, -0.5, lr=0.3)
    second = lab.recipe("junior-2", lr=0.31)
    lab.tick()
    letter = MESSAGES.get(lab.lab.ledger.reader, f"review-{second.id}")
    assert letter.to == "chief" and "> because it may help" in letter.body
    assert "Changes: lr 0.2 → 0.31 (+1 −1 lines)" in letter.body
    assert f"near {first} by junior-1 (its lr 0.2 → 0.3): discarded" in letter.body
    assert f"org approve {second.id}" in letter.body
    assert EXPERIMENTS.get(lab.lab.ledger.reader, second.id).state == "proposed"


def test_a_row_is_counted_as_the_chief_by_rule_counts_it(played: Played) -> None:
    from org.agents.offline import rota

    for gain, recipe in ((-0.5, {"lr": 0.7}), (0.5, {"degree": 5}), (-0.5, {"lr": 0.8}), (-0.5, {"decay": 0.4})):
        made = played.change("junior-1", gain, **recipe)
        played.until(played.settled(made.id))
        con = played.lab.ledger.reader
        stop = stops.of(con, PROGRAMS.get(con, "free"))
        assert stop.in_a_row == rota.streak(EXPERIMENTS.select(con)), recipe
    assert (stop.in_a_row, stop.decided, stop.merges) == (2, 4, 1)
