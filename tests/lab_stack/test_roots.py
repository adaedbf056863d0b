"""A person's commit under the heads: what goes on from it, who is told, what is refused, kills in between."""

from collections.abc import Callable

import pytest
from click.testing import Result
from heads_of import RECIPE, Heads
from laboratory import Laboratory, git
from test_stacks import opened

from org.lab.merging import heads, roots
from org.lab.publish import facts as publishing_facts
from org.lab.studies import certificate
from org.model.errors import Refused
from org.model.experiment import State
from org.model.merge import Kind as Move
from org.store import mail, reads
from org.store.tables import MERGES, POOLS, PROGRAMS
from org.workspace import refs

Say = Callable[..., Result]
Reopen = Callable[[Laboratory], Heads]


def task_of(lab: Heads, commit: str) -> dict[str, str]:
    return roots.task_of(lab.lab, commit, None)


def root(lab: Heads, commit: str, program: str | None = None, why: str = "a new baseline") -> str:
    found = task_of(lab, commit)
    return lab.request("root", commit=commit, program=program, why=why, task=found).answer


def test_the_lab_and_its_open_programs_go_on_from_a_persons_commit(played: Heads) -> None:
    one = played.merged(lr=0.3)
    before = played.head()
    commit = played.persons_commit(pause=0.001)
    assert f"{commit[:12]} is the root of lab test and its open programs" in root(played, commit)
    program = PROGRAMS.get(played.lab.ledger.reader, "free")
    assert program.root_commit == commit == played.lab_head() == played.fact("root_commit")
    assert played.recipe_at(played.head()) | {"lr": 0.3, "pause": 0.001} == played.recipe_at(played.head())
    assert git(played.lab.layout.root, "rev-list", "--parents", "-1", played.head()).split()[1:] == [commit, before]
    assert played.experiment(one.id).state is State.MERGED
    tree = heads.tree(played.lab, program)
    assert POOLS.select(played.lab.ledger.reader, "WHERE tree = ?", tree), "a pool of its own"
    for reader in ("junior-1", "human"):
        assert any(m.subject.startswith("A new root of") for m in mail.of_reader(played.lab.ledger.reader, reader))
    assert git(played.lab.layout.root, "rev-parse", "main") == commit, "a person's branch is only read"


def test_juniors_go_on_from_the_new_head_and_merge_into_it(played: Heads) -> None:
    played.merged(lr=0.3)
    old = played.recipe("junior-2", decay=0.01)
    root(played, played.persons_commit(pause=0.001))
    played.effects["decay", 0.01] = 0.1
    played.run_until(lambda: not played.experiment(old.id).is_open)
    assert played.experiment(old.id).state is State.MERGED, "checked again on the new head"
    played.merged(degree=4)
    assert played.recipe_at(played.head()) == {"lr": 0.3, "degree": 4, "decay": 0.01, "unused": 1, "pause": 0.001}


def test_a_branch_from_an_earlier_root_takes_no_more_proposals(played: Heads) -> None:
    played.edit("junior-1", {RECIPE: lambda t: t.replace("lr: 0.2", "lr: 0.3")})
    root(played, played.persons_commit(pause=0.001))
    with pytest.raises(Refused, match="`org next` starts one"):
        played.propose("junior-1")


def test_the_arms_of_a_certificate_and_of_a_publication_after_a_root_differ_by_the_merge_alone(played: Heads) -> None:
    one = played.merged(lr=0.3)
    text = (played.lab.layout.root / "fit/__main__.py").read_text() + "\n# another evaluator\n"
    root(played, played.persons_commit({"fit/__main__.py": text}))
    played.ask_for_pool()
    played.ticks(4)
    with played.lab.ledger.transaction() as tx:
        plan = certificate.ask(played.lab, tx, one.id, "human", played.now()).plan
    assert git(played.lab.layout.root, "diff", "--name-only", plan["old"], plan["new"]) == RECIPE
    assert "another evaluator" in git(played.lab.layout.root, "show", f"{plan['new']}:fit/__main__.py"), "as it is run today"
    published = publishing_facts.of(played.lab, one.id)
    assert (published.old, published.new) == (one.base_tree, one.run_tree), "as they were run then"


def test_one_program_may_stand_on_a_root_of_its_own(played: Heads) -> None:
    lab_root = played.lab_head()
    commit = played.persons_commit(pause=0.001)
    assert "is the root of program free" in root(played, commit, "free")
    assert played.head() == commit and played.lab_head() == lab_root == played.fact("root_commit")


def test_a_root_with_another_task_changes_the_environment_with_every_pool(played: Heads) -> None:
    one = played.merged(lr=0.3)
    pool = played.experiment(one.id).pool
    before = played.fact("environment")
    text = (played.lab.layout.root / "fit/__main__.py").read_text()
    commit = played.persons_commit({"fit/__main__.py": text + "\n# another evaluator\n"})
    with pytest.raises(Refused, match="cannot be the root of free alone"):
        roots.task_of(played.lab, commit, "free")
    root(played, commit)
    assert played.fact("environment") != before
    tree = heads.tree(played.lab, PROGRAMS.get(played.lab.ledger.reader, "free"))
    assert {p.id for p in POOLS.select(played.lab.ledger.reader, "WHERE tree = ?", tree)} != {pool}
    assert "another evaluator" in git(played.lab.layout.root, "show", f"{played.head()}:fit/__main__.py")


def test_a_conflict_with_what_was_merged_is_refused_and_nothing_moves(played: Heads) -> None:
    played.merged(lr=0.3)
    before = played.head(), played.lab_head()
    answer = root(played, played.persons_commit(lr=0.5))
    assert "what free has merged does not go on" in answer
    assert "lr: the new root 0.5, merged 0.3, the old root 0.2" in answer and "Merge org/test/program/free into" in answer
    assert (played.head(), played.lab_head()) == before


def test_a_commit_that_has_merged_the_head_is_a_root_without_conflict(played: Heads) -> None:
    played.merged(lr=0.3)
    git(played.lab.layout.root, "merge", "-q", "-m", "take it", "org/test/program/free")
    commit = played.persons_commit(lr=0.5)
    root(played, commit)
    assert played.recipe_at(played.head())["lr"] == 0.3, "a change made after the merge in a commit of the person conflicts"


def test_unknown_uncommitted_and_unproposable_commits_are_refused(played: Heads, say: Say) -> None:
    def refused(commit: str) -> str:
        said = say(played, "root", commit, "--why", "x")
        assert said.exit_code != 0, said.output
        return str(said.exception)

    top = played.lab.layout.root
    assert "names no commit" in refused("nowhere")
    assert "is the lab's root already" in refused("HEAD")
    (top / RECIPE).write_text((top / RECIPE).read_text() + "more: 1\n")
    assert f"not committed: {RECIPE}" in refused("HEAD")
    git(top, "checkout", "-q", RECIPE)
    git(top, "rm", "-q", "fit/model.py")
    git(top, "commit", "-q", "-m", "no model")
    assert "has nothing at fit/model.py" in refused("HEAD")
    (top / "fit/model.py").symlink_to("recipe.yaml")
    played.persons_commit()
    assert "is a link" in refused("HEAD")
    git(top, "reset", "-q", "--hard", "HEAD~2")
    played.persons_commit({RECIPE: "- a list\n"})
    assert "is not a mapping" in refused("HEAD")
    assert not MERGES.count(played.lab.ledger.reader, "WHERE kind = 'root'")


def test_an_agent_does_not_say_what_the_lab_stands_on(played: Heads) -> None:
    commit = played.persons_commit(pause=0.001)
    found = task_of(played, commit)
    answer = played.request("root", "junior-1", commit=commit, program=None, why="better", task=found).answer
    assert "is for a person to say" in answer and played.lab_head() != commit


def test_a_root_whose_task_does_not_work_is_refused(played: Heads, say: Say) -> None:
    played.persons_commit({"fit/__main__.py": "raise SystemExit('broken')\n"})
    said = say(played, "root", "HEAD", "--why", "x")
    assert said.exit_code != 0 and "ended with 1: broken" in str(said.exception)


@pytest.mark.parametrize("moved", [0, 1])
def test_a_root_that_was_killed_is_finished_once(played: Heads, reopened: Reopen, moved: int) -> None:
    played.merged(lr=0.3)
    commit = played.persons_commit(pause=0.001)
    found, (_, plans) = task_of(played, commit), roots.check(played.lab, commit, None)
    with played.lab.ledger.transaction() as tx:
        begun = [roots._intend(played.lab, tx, plan, commit, "why", found, "human", played.now()) for plan in plans]
    for move in begun[:moved]:
        refs.update(played.lab.git, move.ref, move.new, move.old)
    lab = reopened(played)
    for _ in range(2):
        lab.ticks(2)
        assert lab.lab_head() == commit and lab.head() == begun[1].new
        done = MERGES.select(lab.lab.ledger.reader, "WHERE kind = 'root'")
        assert [m.state.value for m in done] == ["done", "done"]
        letters = [m for m in mail.of_reader(lab.lab.ledger.reader, "junior-1") if m.subject.startswith("A new root")]
        assert len(letters) == 1
        assert "is the root of lab test" in root(lab, commit), "asked again, nothing moves twice"
        lab = reopened(lab)
    lab.lab.ledger.close()


def test_a_stack_on_the_old_root_is_asked_for_anew_on_the_new_one(played: Heads) -> None:
    one = played.merged(lr=0.3)
    played.held = True
    played.request("stack", programs=[], why="")
    first = opened(played)
    commit = played.persons_commit(pause=0.001)
    root(played, commit)
    played.held = False
    played.ticks(1)
    assert played.study(first).state.value == "cancelled"
    found = played.settle(opened(played))
    assert found.plan["head"] == commit and found.outcome["taken"] == [one.id]
    assert [m.kind for m in MERGES.select(played.lab.ledger.reader, "WHERE program = '' ORDER BY id")] == [Move.ROOT, Move.STACK]
    assert reads.in_lab_head(played.lab.ledger.reader) == {one.id: found.id}
