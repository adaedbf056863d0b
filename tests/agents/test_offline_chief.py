"""The chief: rules as values, and its steps against a real ledger."""

from dataclasses import replace
from pathlib import Path

import pytest
from offline_lab import SPACE, START, OfflineLab

from org.agents.offline import orders, rota
from org.agents.offline.chief import Chief
from org.agents.offline.orders import Act
from org.agents.offline.rota import Assign, Close, Open, Shipped
from org.comms import mailbox
from org.model.agent import Agent, Control, ControlEvent, State
from org.model.brief import Brief
from org.model.idea import Idea
from org.model.message import Kind
from org.model.program import Program
from org.model.program import State as ProgramState
from org.store import agents, meta
from org.store.tables import AGENTS, EXPERIMENTS, IDEAS, PROGRAMS


def shipped(slug: str, *needs: str) -> Shipped:
    return Shipped(Path(f"programs/{slug}.md"), Brief(slug, slug.title(), f"What of {slug}?", "", needs=needs, space=SPACE))


BRIEFS = [shipped("attention", "cuda"), shipped("batch"), shipped("init"), shipped("norms")]


def junior(number: int, program: str | None = None) -> Agent:
    return Agent(f"junior-{number}", "junior", "offline", State.IDLE, Control.AGENT, START, START, program)


def program(slug: str, state: ProgramState = ProgramState.OPEN, **stop: float) -> Program:
    return Program(slug, slug, state, "?", "improve", 0.0, "time", (), SPACE, {}, stop, "", "chief", START)


def lab(juniors=(), programs=(), found=(), has=("cpu",), exhausted=()) -> rota.Lab:
    return rota.Lab(juniors, programs, found, BRIEFS, has, exhausted)


def test_programs_are_opened_in_order_for_half_as_many_as_there_are_juniors():
    four = [junior(n) for n in range(4)]
    assert rota.decide(lab(four)) == [Open(BRIEFS[1]), Open(BRIEFS[2])]
    assert rota.decide(lab(four, has=("cpu", "cuda"))) == [Open(BRIEFS[0]), Open(BRIEFS[1])]


def test_juniors_without_a_program_go_where_the_fewest_are():
    people = [junior(1, "batch"), junior(2), junior(3), junior(4)]
    orders_ = rota.decide(lab(people, [program("batch"), program("init")]))
    assert orders_ == [Assign("init", "junior-2"), Assign("batch", "junior-3"), Assign("init", "junior-4")]


def test_several_juniors_share_the_last_program_when_no_brief_is_left():
    programs = [program(s, ProgramState.CLOSED) for s in ("batch", "init")] + [program("norms")]
    orders_ = rota.decide(lab([junior(n) for n in range(4)], programs))
    assert orders_ == [Assign("norms", f"junior-{n}") for n in range(4)]


def test_a_closed_program_is_never_opened_again():
    closed = [program(s.brief.slug, ProgramState.CLOSED) for s in BRIEFS]
    assert rota.decide(lab([junior(1)], closed)) == []


def test_a_program_ends_by_its_stop_rule_and_the_next_opens(place):
    first, second, third = (decided(place, "discard") for _ in range(3))
    assert rota.streak([first, second, third]) == 3
    found = [replace(e, program="batch") for e in (first, second, third)]
    closing, opening = rota.decide(lab([junior(1, "batch")], [program("batch", discards=3)], found))
    assert isinstance(closing, Close) and closing.reason.startswith("3 verdicts in a row without a merge")
    assert opening == Open(BRIEFS[2])
    assert rota.decide(lab([junior(1, "batch")], [program("batch", discards=4)], found)) == []


def test_a_merge_starts_the_count_again(place):
    found = [decided(place, what) for what in ("discard", "discard", "merge", "discard")]
    assert rota.streak(found) == 1


def test_an_exhausted_program_ends_once_nothing_of_it_races():
    (closing, _) = rota.decide(lab([junior(1, "batch")], [program("batch")], exhausted={"batch"}))
    assert closing == Close("batch", "every value that its space allows was tried (0 verdicts)")


def test_a_program_that_a_junior_with_a_model_works_on_goes_on_without_the_offline_one_that_tried_it_out():
    offline, real = junior(1, "batch"), replace(junior(2, "batch"), backend="claude")
    people, exhausted = [offline, real, junior(3, "init")], {"batch"}
    assert rota.decide(lab(people, [program("batch"), program("init")], exhausted=exhausted)) == [Assign("init", "junior-1")]
    assert rota.decide(lab([offline, real], [program("batch")], exhausted=exhausted)) == [Open(BRIEFS[2])]


def test_a_brief_without_a_space_is_left_to_agents_that_need_none():
    free = Shipped(Path("programs/free.md"), Brief("free", "Free", "What helps?", ""))
    offline, real = junior(1), replace(junior(2), backend="claude")
    assert rota.decide(rota.Lab([offline], [], [], [free, BRIEFS[1]], ("cpu",))) == [Open(BRIEFS[1])]
    both = [Open(free), Open(BRIEFS[1])]
    assert rota.decide(rota.Lab([offline, real], [], [], [free, *BRIEFS[1:]], ("cpu",))) == both, "one for each kind"
    opened = [replace(program("free"), space={}), program("batch")]
    assert rota.decide(lab([offline, real], opened)) == [Assign("batch", "junior-1"), Assign("free", "junior-2")]
    assert rota.decide(lab([offline], opened[:1])) == [Open(BRIEFS[1])], "there it could try nothing"
    closing = rota.decide(lab([offline], [replace(program("free"), space={})], exhausted={"free"}))[0]
    assert closing == Close("free", "its brief has no space for offline juniors (0 verdicts)")


def decided(place: OfflineLab, what: str):
    from org.agents.offline.junior import Junior

    place.later()
    step = Junior(place.desk())
    step.step()
    open_ones = [e for e in place.experiments() if e.is_open]
    return getattr(place, what)(open_ones[0].id)


# --- steps --------------------------------------------------------------------------------------------------------


def chief(place: OfflineLab, has=("cpu",)) -> Chief:
    return Chief(place.desk("chief"), lambda: BRIEFS, has)


def test_a_chief_opens_a_program_and_assigns_whoever_has_none(place):
    for number in (2, 3):
        place.add_agent(f"junior-{number}")
    one = chief(place)
    one.step()
    assert place.calls("program", "new") == [["program", "new", "programs/batch.md"]]
    place.add_program("batch")
    with place.book.transaction() as tx:
        agents.assign(tx, "junior-2", "schedule", place.now, "chief")
    one.step()
    assert [c[2:] for c in place.calls("program", "assign")] == [["schedule", "junior-2"], ["batch", "junior-3"]]


def test_an_order_that_waits_for_the_office_is_not_given_again_at_once(place):
    with place.book.transaction() as tx:
        agents.assign(tx, "junior-1", None, place.now, "mira")
    one = chief(place)
    for _ in range(3):
        one.step()
    assert len(place.calls("program", "assign")) == 1
    place.later(61)
    one.step()
    assert len(place.calls("program", "assign")) == 2


def test_a_refused_order_is_said_and_the_chief_goes_on(place):
    place.refuse(program="the office is closed")
    with place.book.transaction() as tx:
        agents.assign(tx, "junior-1", None, place.now, "mira")
    chief(place).step()
    assert "assign junior-1 to schedule: refused: the office is closed" in place.output.getvalue()


def test_a_stop_rule_closes_with_its_reason(place):
    for _ in range(3):
        decided(place, "discard")
    chief(place).step()
    ((_, _, slug, _, reason),) = place.calls("program", "close")
    assert slug == "schedule" and "3 verdicts in a row without a merge" in reason


def test_a_note_of_a_junior_that_its_space_is_exhausted_closes_the_program(place):
    place.letter(Kind.NOTE, "space exhausted: schedule", "junior-1", "chief")
    chief(place).step()
    assert "every value that its space allows" in place.calls("program", "close")[0][4]


def test_a_paused_lab_or_chief_changes_no_program(place):
    with place.book.transaction() as tx:
        agents.assign(tx, "junior-1", None, place.now, "mira")
        meta.put(tx, "paused", "the power is cut at six")
    chief(place).step()
    with place.book.transaction() as tx:
        meta.put(tx, "paused", None)
        agents.set_state(tx, "chief", State.PAUSED, place.now)
    chief(place).step()
    assert place.calls() == []


@pytest.mark.parametrize(
    ("note", "call"),
    [
        ("please pause schedule, the numbers look odd", ["program", "pause", "schedule"]),
        ("resume schedule", ["program", "resume", "schedule"]),
        ("stop schedule", ["program", "close", "schedule", "--reason", "asked for by a person: stop schedule"]),
        ("open init", ["program", "new", "programs/init.md"]),
        ("assign junior-1 to schedule", ["program", "assign", "schedule", "junior-1"]),
        ("focus on schedule", ["program", "assign", "schedule", "junior-1"]),
        ("softcap = 20 looks worth it in schedule", ["idea", "softcap = 20 looks worth it in schedule", "--program", "schedule"]),
    ],
)  # fmt: skip
def test_a_persons_note_is_followed_and_answered(place, note, call):
    message = place.letter(Kind.STEERING, note, to="chief")
    chief(place).step()
    assert call in place.calls()
    ((_, id, text),) = place.calls("reply")
    assert id == message.id and note in text
    assert mailbox.unread(place.layout.mailbox("chief")).messages == ()


def test_a_brief_that_this_machine_cannot_run_is_not_opened_on_a_note(place):
    place.letter(Kind.NOTE, "open attention", to="chief")
    chief(place).step()
    assert place.calls("program", "new") == []
    assert "needs cuda" in place.calls("reply")[0][2]


def test_a_note_that_is_read_twice_is_one_idea(place):
    place.letter(Kind.NOTE, "look at the data", to="chief")
    chief(place).step()
    assert place.calls("idea") == [["idea", "look at the data"]]
    with place.book.transaction() as tx:
        IDEAS.insert(tx, Idea(1, "look at the data", "chief", place.now))
    place.letter(Kind.NOTE, "look at the data", to="chief", id="again")
    chief(place).step()
    assert len(place.calls("idea")) == 1
    assert "in the backlog already" in place.calls("reply")[1][2]


def test_an_order_needs_a_first_word_and_a_known_program():
    known, people = {"batch", "init"}, {"junior-1"}
    asked = orders.read("- close batch\n\nwe should close it\nclose everything\nassign batch", known, people)
    assert [a.act for a in asked] == [Act.CLOSE, Act.IDEA, Act.IDEA, Act.IDEA]


def test_the_digest_tells_every_verdict_from_the_ledger(place):
    for what in ("discard", "merge"):
        decided(place, what)
    place.later()
    place.control(ControlEvent.TAKE)
    with place.book.transaction() as tx:
        meta.put(tx, "root_note", "warmdown was switched off")
    place.letter(Kind.STANDUP, "Standup", "office", "chief", id="standup-1-chief")
    chief(place).step()
    ((_, _, text),) = place.calls("reply")
    for experiment in EXPERIMENTS.select(place.book.reader):
        assert f"{experiment.id} ({experiment.subject})" in text
    assert "2 races ended" in text and "1 of them entered a head" in text
    assert "junior-1 is in the hands of mira" in text and "warmdown was switched off" in text


def test_verdicts_of_a_last_standup_are_not_told_again(place):
    from org.model.standup import Standup
    from org.store.tables import STANDUPS

    decided(place, "discard")
    place.later(3600)
    with place.book.transaction() as tx:
        STANDUPS.insert(tx, Standup(1, "2026-03-02", place.now, place.now))
    place.later(60)
    place.letter(Kind.STANDUP, "Standup", "office", "chief", id="standup-2-chief")
    chief(place).step()
    assert "No race ended since" in place.calls("reply")[0][2]


def test_without_a_brief_left_the_chief_waits_and_tells_the_person_once(place):
    with place.book.transaction() as tx:
        PROGRAMS.update(tx, "schedule", state=ProgramState.CLOSED)
        agents.assign(tx, "junior-1", None, place.now, "chief")
    one = Chief(place.desk("chief"), lambda: [shipped("attention", "cuda")], ("cpu",))
    for _ in range(3):
        one.step()
    assert place.output.getvalue().count("no brief is left that this machine can run") == 1
    assert [call[1:3] for call in place.calls("send")] == [["human", "Nothing is left to do: every program is closed (1)"]]
    assert AGENTS.get(place.book.reader, "junior-1").program is None
