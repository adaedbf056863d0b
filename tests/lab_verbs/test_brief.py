"""`org brief`: one page that says where an agent stands and what it types next."""

import json
from datetime import timedelta

import pytest
from laboratory import git, set_values
from played import Played

from org.lab import ideas, sweeps
from org.lab.guiding import situation
from org.lab.memory import footprints
from org.lab.verdicts import noise
from org.model.agent import ControlEvent
from org.model.errors import Refused
from org.model.message import OFFICE, Kind
from org.store import agents, mail
from org.store.tables import PROGRAMS

RECIPE = "fit/recipe.yaml"


def page(lab: Played, say, name: str = "junior-1") -> str:
    done = say(lab, name)("brief")
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def test_the_page_tells_what_was_tried_what_others_try_and_what_is_left(played: Played, say) -> None:
    for value, gain in ((0.7, -0.5), (0.3, 0.5)):
        made = played.change("junior-1", gain, lr=value)
        played.until(played.settled(made.id))
    played.held = True
    played.recipe("junior-2", decay=0.1)
    with played.lab.ledger.transaction() as tx:
        ideas.add(tx, "degree = 5", "human", played.now(), "free")
    say(played, "junior-2")("idea", "--draw", "1")
    shown = page(played, say)
    assert "Question: What helps? Claim: improve." in shown
    assert "1 merge since its root" in shown and "val_loss" in shown and "(lower is better)" in shown
    assert "Noise: σ 0.0" in shown and "is kept nine times in ten" in shown
    assert "Stop rule: 0 of 3 tries without a merge." in shown
    assert "- lr: E2 merged +0.5" in shown and "; E1 discarded -0.4" in shown
    assert "- E3 proposed decay 0.0 → 0.1 · junior-2" in shown.replace("decay 0 →", "decay 0.0 →")
    assert "1 degree = 5 (human, in the hands of junior-2)" in shown
    assert len(shown.splitlines()) < 60


def test_a_person_reads_any_agents_page_and_machines_read_json(played: Played, say) -> None:
    told = json.loads(say(played)("brief", "junior-2", "--json").output)
    assert told["agent"]["name"] == "junior-2" and told["program"]["slug"] == "free" and told["next"]
    assert say(played)("brief").exit_code != 0, "a person names an agent"


def test_the_allowance_and_the_limits_are_told(played: Played, say) -> None:
    with played.lab.ledger.transaction() as tx:
        PROGRAMS.update(tx, "free", allowance={"device_hours": 4.0})
    made = played.change("junior-1", -0.5, lr=0.7)
    played.until(played.settled(made.id))
    shown = page(played, say)
    assert "allowance of free (device_hours)" in shown and "of 4" in shown


def test_the_next_command_follows_the_work(played: Played, say) -> None:
    played.held = True
    path = played.lab.layout.worktree("junior-1")
    step = lambda: situation.of(played.lab, "junior-1", played.now()).next  # noqa: E731
    letters = situation.of(played.lab, "junior-1", played.now()).unread
    assert not letters or "org inbox" in step()
    played.tick()
    say(played, "junior-1")("inbox")
    played.tick()
    assert step() == "`org next` starts your next branch at the program's head"
    say(played, "junior-1")("next")
    assert step().startswith("edit one mechanism")
    (path / RECIPE).write_text(set_values((path / RECIPE).read_text(), {"lr": 0.3}))
    assert step().startswith("your change is not committed")
    git(path, "commit", "-qam", "lr")
    assert step().startswith("your commit waits: `org propose")
    played.propose("junior-1")
    assert step().startswith("`org next`")
    played.recipe("junior-1", lr=0.5)
    assert step().startswith("E1, E2 are open, which is all you may have: use the time.")


def test_what_hinders_work_comes_first(played: Played, say) -> None:
    with played.lab.ledger.transaction() as tx:
        mail.post(tx, OFFICE, "junior-1", Kind.NOTE, "hello", "…", played.now())
    played.tick()
    assert "letters first: `org inbox`" in page(played, say) or "letter first: `org inbox`" in page(played, say)
    with played.lab.ledger.transaction() as tx:
        agents.set_control(tx, "junior-1", ControlEvent.TAKE, played.now(), "mira")
    assert "Next: mira has your pane: do nothing until the hand-back" in page(played, say)
    with played.lab.ledger.transaction() as tx:
        agents.assign(tx, "junior-2", None, played.now(), "human")
    say(played, "junior-2")("inbox")
    played.tick()
    assert "the chief assigns one and a letter wakes you" in page(played, say, "junior-2")


def test_open_sweeps_are_told_so_that_nobody_sweeps_the_same(played: Played, say) -> None:
    played.edit("junior-2", {RECIPE: lambda t: set_values(t, {"decay": 0.1})})
    sweeps.ask(played.lab, "junior-2", "lr", 5, None, "junior-2", played.now())
    assert "S1 sweeps lr of free for junior-2: 0 of 5 trials begun" in page(played, say)


def test_before_the_noise_is_known_it_says_so(played: Played, say) -> None:
    assert f"Noise: {noise.UNKNOWN}." in page(played, say)


def test_the_chief_sees_every_program_and_the_decisions_that_wait(chiefly: Played, say) -> None:
    chiefly.recipe("junior-1", lr=0.3)
    chiefly.program("second")
    with chiefly.lab.ledger.transaction() as tx:
        agents.assign(tx, "junior-2", None, chiefly.now(), "human")
    chiefly.ticks(2)
    say(chiefly, "chief")("inbox")
    chiefly.tick()
    shown = page(chiefly, say, "chief")
    assert "second (open): What helps?" in shown and "junior-1; 0 open" in shown
    assert "E1 by junior-1 waits for your review" in shown
    assert "nobody works on free" in shown and "`org program assign SLUG junior-2`" in shown
    assert "Next: 3 decisions of yours, above" in shown
    assert "free-research" not in shown, "the shipped briefs edit files that this task does not have"
    told = json.loads(say(chiefly)("brief", "chief", "--json").output)
    assert [s["program"]["slug"] for s in told["programs"]] == ["free", "second"]


def test_a_long_history_stays_one_page(played: Played, say) -> None:
    from dataclasses import replace

    from org.model.experiment import State
    from org.store.tables import EXPERIMENTS

    made = played.recipe("junior-1", lr=0.3)
    with played.lab.ledger.transaction() as tx:
        for number in range(2, 300):
            done = replace(made, id=f"E{number}", state=State.DISCARDED, decided_at=played.now() - timedelta(hours=1))
            EXPERIMENTS.insert(tx, done)
    shown = page(played, say)
    assert "Tried and decided (298)" in shown and "; 295 earlier" in shown and len(shown.splitlines()) < 60


def test_a_ledger_without_a_root_commit_has_its_page_all_the_same(played: Played, say) -> None:
    played.recipe("junior-1", lr=0.3)
    with played.lab.ledger.transaction() as tx:
        tx.execute("DELETE FROM meta WHERE key = 'root_commit'")
    assert "lr = 0.3" in page(played, say)
    with pytest.raises(Refused, match="`org start` founds it"):
        footprints.measure(played.lab, "a tree", "another")
