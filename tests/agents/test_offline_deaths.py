"""A junior that is killed between two of its steps, and the next one in its place."""

import json

import pytest
from offline_lab import RECIPE, OfflineLab, changed_keys, git, steps

from org.agents.offline import draft as drafts
from org.agents.offline.junior import Junior
from org.model.agent import ControlEvent, State
from org.model.message import Kind
from org.model.program import State as ProgramState
from org.store import agents
from org.store.tables import PROGRAMS


class Died(BaseException):
    """kill -9, as seen from inside: nothing after it runs."""


def unfinished(place: OfflineLab) -> drafts.Draft:
    draft = drafts.load(place.desk())
    assert draft is not None
    return draft


def dying_desk(place: OfflineLab, method: str):
    """A desk whose worktree or verbs die at one call."""
    desk = place.desk()

    class Dying:
        def __init__(self, real):
            self._real = real

        def __getattr__(self, name):
            if name == method:
                raise Died
            return getattr(self._real, name)

    desk.worktree = Dying(desk.worktree)
    return desk


def die_between_edit_and_commit(place: OfflineLab) -> drafts.Draft:
    with pytest.raises(Died):
        Junior(dying_desk(place, "commit")).step()
    assert place.recipe.read_text() != RECIPE
    return unfinished(place)


def test_killed_between_edit_and_commit_the_same_change_is_finished(place):
    draft = die_between_edit_and_commit(place)
    Junior(place.desk()).step()
    (experiment,) = place.experiments()
    assert experiment.subject == draft.subject
    assert git(place.layout.worktree("junior-1"), "status", "--porcelain", "--untracked-files=no") == ""
    assert drafts.load(place.desk()) is None
    assert len(place.calls("next")) == 1


def test_killed_in_the_middle_of_the_write_the_same_change_is_finished(place):
    draft = die_between_edit_and_commit(place)
    place.recipe.write_text(draft.after[: len(draft.after) // 2])
    Junior(place.desk()).step()
    assert [e.subject for e in place.experiments()] == [draft.subject]
    assert place.recipe.read_text() == draft.after


def test_killed_between_commit_and_propose_it_is_proposed_without_another_commit(place):
    place.refuse(propose="x")
    desk = place.desk()
    real = desk.org

    def dies(*arguments):
        if arguments[0] == "propose":
            raise Died
        return real(*arguments)

    desk.org = dies
    with pytest.raises(Died):
        Junior(desk).step()
    place.refuse()
    tip = git(place.layout.worktree("junior-1"), "rev-parse", "HEAD")
    Junior(place.desk()).step()
    assert [e.tip_commit for e in place.experiments()] == [tip]


def test_killed_after_propose_it_is_not_proposed_twice(place):
    desk = place.desk()
    real = desk.org

    def dies(*arguments):
        answer = real(*arguments)
        if arguments[0] == "propose":
            raise Died
        return answer

    desk.org = dies
    with pytest.raises(Died):
        Junior(desk).step()
    Junior(place.desk()).step()
    assert len(place.calls("propose")) == 1
    assert drafts.load(place.desk()) is None


def test_a_half_made_edit_is_taken_back_when_the_program_was_closed(place):
    die_between_edit_and_commit(place)
    with place.book.transaction() as tx:
        PROGRAMS.update(tx, "schedule", state=ProgramState.CLOSED)
    Junior(place.desk()).step()
    assert place.recipe.read_text() == RECIPE
    assert place.experiments() == []


def test_a_persons_edit_of_the_recipe_is_never_touched(place):
    die_between_edit_and_commit(place)
    mine = RECIPE.replace("15.0", "99.0  # mira's")
    place.recipe.write_text(mine)
    junior = Junior(place.desk())
    steps(place, junior, 3)
    assert place.recipe.read_text() == mine
    assert place.experiments() == []
    assert "uncommitted changes" in place.output.getvalue()


def test_a_draft_waits_while_a_person_has_the_pane(place):
    draft = die_between_edit_and_commit(place)
    place.control(ControlEvent.TAKE)
    Junior(place.desk()).step()
    assert place.experiments() == [] and unfinished(place) == draft
    assert git(place.layout.worktree("junior-1"), "rev-parse", "HEAD") == draft.base
    place.control(ControlEvent.HAND_BACK)
    Junior(place.desk()).step()
    assert [e.subject for e in place.experiments()] == [draft.subject]


def test_a_message_is_handled_again_when_the_reader_died_before_archiving(place):
    place.letter(Kind.STANDUP, "Standup", "office", id="standup-1-junior-1")
    desk = place.desk()
    real = desk.org

    def dies(*arguments):
        real(*arguments)
        raise Died

    desk.org = dies
    with pytest.raises(Died):
        Junior(desk).step()
    Junior(place.desk()).step()
    assert len(place.calls("reply")) == 2


def test_a_report_says_the_state_once_and_again_after_a_restart_of_the_pane(place):
    junior = Junior(place.desk())
    steps(place, junior, 4)
    path = place.layout.hooks("junior-1")
    before = len(path.read_text().splitlines())
    steps(place, junior, 3)
    assert len(path.read_text().splitlines()) == before
    with place.book.transaction() as tx:
        agents.set_state(tx, "junior-1", State.STARTING, place.now)
    junior.step()
    assert json.loads(path.read_text().splitlines()[-1])["state"] == "working"
    assert len(path.read_text().splitlines()) == before + 1


def test_the_head_is_never_proposed_to_a_program_that_moved_while_nobody_looked(place):
    draft = die_between_edit_and_commit(place)
    worktree = place.layout.worktree("junior-1")
    git(worktree, "stash", "--quiet")
    git(worktree, "switch", "--quiet", "-c", "elsewhere", place.head)
    place.recipe.write_text(RECIPE.replace("layers_kept: 4", "layers_kept: 5"))
    git(worktree, "commit", "--quiet", "-am", "A new head")
    moved = git(worktree, "rev-parse", "HEAD")
    git(worktree, "switch", "--quiet", "--detach", draft.base)
    git(worktree, "stash", "pop", "--quiet")
    with place.book.transaction() as tx:
        PROGRAMS.update(tx, "schedule", head_commit=moved)
    junior = Junior(place.desk())
    steps(place, junior, 2)
    assert [e.base_commit for e in place.experiments()] == [moved]
    assert len(changed_keys(place, moved, place.experiments()[0].tip_commit)) == 1
