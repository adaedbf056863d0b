"""A junior, step by step, against a real ledger and a real worktree."""

from dataclasses import replace

from offline_lab import OfflineLab, changed_keys, steps

from org.agents import hooks
from org.agents.offline import section
from org.agents.offline.junior import Junior
from org.comms import mailbox
from org.model.agent import State
from org.model.experiment import Event
from org.model.idea import Idea
from org.model.message import Kind
from org.model.program import State as ProgramState
from org.store import agents, meta
from org.store.tables import AGENTS, IDEAS, PROGRAMS


def test_a_junior_keeps_two_experiments_open_and_no_more(place):
    steps(place, Junior(place.desk()), 5)
    assert [e.id for e in place.experiments()] == ["E1", "E2"]
    assert len(place.calls("propose")) == 2


def test_each_proposal_changes_one_key_from_the_programs_head(place):
    junior = Junior(place.desk())
    for _ in range(4):
        steps(place, junior, 2)
        for experiment in place.experiments():
            if experiment.is_open:
                place.discard(experiment.id)
    tried = [(e.subject, changed_keys(place, e.base_commit, e.tip_commit)) for e in place.experiments()]
    assert len(tried) == 8
    assert all(len(keys) == 1 for _, keys in tried)
    assert len({subject for subject, _ in tried}) == len(tried)


def test_a_merge_moves_the_values_that_the_next_proposal_starts_from(place):
    junior = Junior(place.desk())
    steps(place, junior, 2)
    first, second = place.experiments()
    place.discard(second.id)
    merged = place.merge(first.id)
    steps(place, junior, 1)
    last = place.experiments()[-1]
    assert last.base_commit == merged.tip_commit
    assert len(changed_keys(place, last.base_commit, last.tip_commit)) == 1


def test_a_proposal_says_why_and_what_it_expects_from_what_is_known(place):
    junior = Junior(place.desk())
    for _ in range(4):
        steps(place, junior, 2)
        for experiment in place.experiments():
            if experiment.is_open:
                place.discard(experiment.id, gain=-0.0123)
    told = [e for e in place.experiments() if "Nearest known result: E" in e.because]
    assert told
    assert "worse by 0.0123" in told[-1].because
    assert "noise of one run is 0.002" in told[-1].predict
    gains = [float(c[c.index("--predicted-gain") + 1]) for c in place.calls("propose") if "--predicted-gain" in c]
    assert gains and all(-0.0123 < gain < 0 for gain in gains)


def test_a_refused_proposal_is_an_answer_and_another_one_follows_later(place):
    place.refuse(propose="E7 was this very tree")
    junior = Junior(place.desk())
    junior.step()
    assert "refused" in place.output.getvalue() and "E7 was this very tree" in place.output.getvalue()
    junior.step()
    assert len(place.calls("propose")) == 1
    place.refuse()
    place.later(3)
    junior.step()
    first, second = place.calls("propose")
    assert first[first.index("--subject") + 1] != second[second.index("--subject") + 1]
    assert [e.id for e in place.experiments()] == ["E1"]


def test_of_many_verdicts_a_section_lists_the_merges_and_what_came_nearest(place):
    junior = Junior(place.desk())
    steps(place, junior, 2)
    first, second = place.experiments()
    merged, lost = place.merge(first.id), place.discard(second.id, gain=-0.004)
    many = [merged, *(replace(lost, id=f"E{n}", decision={**lost.decision, "gain": -0.001 * n}) for n in range(10, 20))]
    opening, _, *lines = section.told(many[::-1], "").split("\n")
    assert opening == "11 were decided. Merges first, then what came nearest:"
    assert [line.split(" ")[1] for line in lines[:-1]] == ["E1", "E10", "E11", "E12", "E13"]
    assert lines[-1] == "- 6 more, none of them in a head."


def two_programs(place: OfflineLab, space: dict[str, list[object]]) -> None:
    """The junior's, and one named later, both over this space."""
    place.add_program("later", space=space)
    with place.book.transaction() as tx:
        PROGRAMS.update(tx, "schedule", space=space)


def assign(place: OfflineLab, slug: str) -> None:
    with place.book.transaction() as tx:
        AGENTS.update(tx, "junior-1", program=slug)


def test_what_another_program_tried_is_not_proposed_only_to_be_refused(place):
    space = {"window_pattern": ["L", "SL"], "value_embeddings": [True, False]}
    two_programs(place, space)
    junior = Junior(place.desk())
    junior.step()
    [first] = place.experiments()
    place.discard(first.id)
    assign(place, "later")
    steps(place, junior, 3)
    assert [e.program for e in place.experiments()] == ["schedule", "later"]
    assert place.experiments()[1].subject != first.subject


def test_what_another_program_never_judged_is_proposed(place):
    two_programs(place, {"window_pattern": ["L", "SL"]})
    junior = Junior(place.desk())
    junior.step()
    [first] = place.experiments()
    place.decide(first.id, 0.0, Event.CANCEL)
    assign(place, "later")
    steps(place, junior, 2)
    assert [e.subject for e in place.experiments()] == [first.subject] * 2


def test_an_idea_that_names_a_key_and_a_value_is_tried_first(place):
    with place.book.transaction() as tx:
        IDEAS.insert(tx, Idea(3, "Let us try softcap = 30 some day", "mira", place.now))
    Junior(place.desk()).step()
    assert place.experiments()[0].subject == "softcap 15 → 30"
    call = place.calls("propose")[0]
    assert call[call.index("--idea") + 1] == "3"
    assert "Idea 3 by mira" in call[call.index("--because") + 1]


def test_without_a_program_a_junior_waits_and_says_so(place):
    with place.book.transaction() as tx:
        agents.assign(tx, "junior-1", None, place.now, "chief")
    Junior(place.desk()).step()
    assert place.raw_calls() == []
    report = hooks.read(place.layout.hooks("junior-1"))[0][-1]
    assert report.state is State.IDLE and "no program" in report.words


def test_a_paused_program_gets_no_proposal(place):
    with place.book.transaction() as tx:
        PROGRAMS.update(tx, "schedule", state=ProgramState.PAUSED)
    Junior(place.desk()).step()
    assert place.raw_calls() == []


def test_a_paused_agent_answers_the_standup_and_starts_nothing(place):
    with place.book.transaction() as tx:
        agents.set_state(tx, "junior-1", State.PAUSED, place.now, "mira says so")
    place.letter(Kind.STANDUP, "Standup of 2026-03-02", "office", id="standup-1-junior-1")
    junior = Junior(place.desk())
    steps(place, junior, 2)
    assert {call[0] for call in place.calls()} == {"reply"}


def test_a_standup_request_is_answered_with_done_next_and_blocked(place):
    junior = Junior(place.desk())
    steps(place, junior, 2)
    place.discard("E1")
    place.later(60)
    place.letter(Kind.STANDUP, "Standup of 2026-03-02", "office", id="standup-1-junior-1")
    junior.step()
    ((_, id, text),) = place.calls("reply")
    assert id == "standup-1-junior-1"
    assert "**Done.** E1" in text and "was discarded: measured gain" in text
    assert "**Next.** E2" in text and "**Blocked.** By nothing." in text
    assert mailbox.unread(place.layout.mailbox("junior-1")).messages == ()


def test_a_persons_words_with_a_key_and_a_value_become_an_idea(place):
    place.letter(Kind.NOTE, "please try warmdown_ratio 0.3 next")
    Junior(place.desk()).step()
    assert place.calls("idea") == [["idea", "warmdown_ratio = 0.3", "--program", "schedule"]]
    assert "warmdown_ratio = 0.3" in place.calls("reply")[0][2]


def test_a_bad_letter_is_told_once_and_holds_up_nothing(place):
    box = place.layout.mailbox("junior-1")
    mailbox.make(box)
    (box / "new" / "broken.md").write_text("no fence")
    place.letter(Kind.STANDUP, "Standup", "office", id="standup-1-junior-1")
    steps(place, Junior(place.desk()), 2)
    assert len(place.calls("reply")) == 1
    assert place.output.getvalue().count("broken.md:1") == 1


def test_an_exhausted_space_is_told_to_the_chief_once(place):
    with place.book.transaction() as tx:
        PROGRAMS.update(tx, "schedule", space={"window_pattern": ["L", "SL"]})
    junior = Junior(place.desk())
    steps(place, junior, 1)
    steps(place, junior, 1)
    assert [e.subject for e in place.experiments()] == ["window_pattern L → SL"]
    assert [call[1:3] for call in place.calls("send")] == [["chief", "space exhausted: schedule"]]
    place.letter(Kind.NOTE, "space exhausted: schedule", "junior-1", "chief")
    steps(place, Junior(place.desk()), 1)
    assert len(place.calls("send")) == 1


def test_runs_and_verdicts_are_told_as_they_come(place):
    junior = Junior(place.desk())
    steps(place, junior, 1)
    place.decide("E1", 0.0, Event.APPROVE, Event.RACE)
    junior.step()
    assert "E1 races" in place.output.getvalue()
    place.decide("E1", -0.001, Event.DISCARD)
    junior.step()
    told = place.output.getvalue()
    assert "✗ E1 (" in told and "was discarded: measured gain -0.0010" in told


def test_a_restart_does_not_tell_old_verdicts_again(place):
    steps(place, Junior(place.desk()), 2)
    place.discard("E1")
    place.output.truncate(0)
    Junior(place.desk()).step()
    assert "was discarded" not in place.output.getvalue()


def test_the_pane_names_agent_role_program_branch_device_and_the_note_on_the_root(place):
    with place.book.transaction() as tx:
        meta.put(tx, "root_note", "warmdown switched off on purpose")
    Junior(place.desk()).step()
    shown = place.output.getvalue()
    branch = AGENTS.get(place.book.reader, "junior-1").branch
    for words in ("junior-1 · junior · offline", "What does schedule do?", "cpu:0", "switched off on purpose", branch):
        assert words in shown
    assert shown.index("predicted:") < shown.index("commit ") < shown.index("E1 proposed")
