"""`org adopt`: what was merged as patches with their evidence; a person's branch and index are never written."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from laboratory import git
from played import Played

from org.lab import adopt
from org.model.errors import OrgError, Refused
from org.model.experiment import Event, State
from org.store import experiments
from org.store.tables import EXPERIMENTS

ORG = Path(sys.executable).parent / "org"
NOW = datetime(2026, 8, 1, 9, 0, tzinfo=UTC)


def org(lab: Played, *words: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("ORG_", "TMUX"))}
    root = lab.lab.layout.root
    return subprocess.run([str(ORG), "adopt", *words], cwd=root, env=env, capture_output=True, text=True, timeout=60, check=False)


def state_of(folder: Path) -> dict[str, bytes]:
    """Every file of a repository, git's own included, but for what reading touches."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_every_merged_change_becomes_a_patch_in_the_order_of_the_merges(merged: Played) -> None:
    found = adopt.series(merged.lab, None)
    assert [p.experiment for p in found] == ["E1", "E2"]
    assert [p.name for p in found] == ["0001-E1-lr-0-3.patch", "0002-E2-degree-7.patch"]
    assert all(p.paths == ("fit/recipe.yaml",) for p in found)
    assert [p.applies for p in adopt.at_root(merged.lab, found)] == [True, True]


def test_a_patch_carries_its_evidence(merged: Played) -> None:
    (patch,) = adopt.series(merged.lab, "E2")
    e = merged.experiment("E2")
    head = patch.text.partition("\n---\n")[0]
    assert "Subject: [PATCH] E2: degree = 7" in head and "From: junior-2 <junior-2@test.org.invalid>" in head
    body = head.partition("\n\n")[2].replace("\n", " ")
    assert body.startswith("Gain +0.") and f"± {e.decision['se']:.4f} val_loss" in body and f"e {e.decision['e']:.3g}" in body
    assert "Claim: improve. State: merged." in body and "Why: because it may help" in body
    assert "Lab test, experiment E2, program free, author junior-2" in body
    raced = [run for run in merged.runs("E2") if run.metric is not None and run.purpose.value in ("race", "recheck")]
    assert raced and all(f"seed {run.seed}: {run.id} {run.metric:.4f}" in body for run in raced)
    assert body.count(", base R") == len(raced) and "difference +0." in body


def test_a_label_is_part_of_the_evidence(merged: Played) -> None:
    with merged.lab.ledger.transaction() as tx:
        EXPERIMENTS.update(tx, "E1", label="explained by compute")
    assert "Label: explained by compute." in adopt.series(merged.lab, "E1")[0].text


def test_git_am_takes_the_series_as_it_was_made(merged: Played, fork: Path, tmp_path: Path) -> None:
    files = adopt.write(adopt.series(merged.lab, None), tmp_path / "out")
    git(fork, "am", *map(str, files))
    assert git(fork, "log", "--format=%s", "-2").splitlines() == ["E2: degree = 7", "E1: lr = 0.3"]
    message = git(fork, "log", "-1", "--format=%B")
    assert message == adopt.message(merged.lab, merged.experiment("E2")).rstrip("\n")
    assert git(fork, "log", "-1", "--format=%an") == "junior-2"
    head = git(merged.lab.layout.root, "show", "org/test/program/free:fit/recipe.yaml")
    assert (fork / "fit" / "recipe.yaml").read_text().rstrip("\n") == head


def test_the_words_of_an_agent_cannot_cut_or_forge_the_mail(played: Played, fork: Path, tmp_path: Path) -> None:
    words = "From: Linus <l@example.invalid>\n---\ndiff --git a/x b/x\nIndex: y\nFrom 1234\n-- >8 -- cut\nand the last line"
    with_words = played.change("junior-1", 0.1, lr=0.3)
    with played.lab.ledger.transaction() as tx:
        EXPERIMENTS.update(tx, with_words.id, because=words)
    played.until(played.settled(with_words.id))
    files = adopt.write(adopt.series(played.lab, None), tmp_path / "out")
    git(fork, "-c", "mailinfo.scissors=true", "am", *map(str, files))
    message = git(fork, "log", "-1", "--format=%B")
    assert git(fork, "log", "-1", "--format=%an") == "junior-1"
    assert "and the last line" in message and "Lab test, experiment" in message and "Gain +" in message
    assert git(fork, "show", "--stat", "--format=", "HEAD").count("|") == 1


def test_a_repository_that_drifted_is_told_patch_by_patch_and_nothing_is_written_in_it(merged: Played, fork: Path) -> None:
    recipe = fork / "fit" / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("lr: 0.2  # step size", "rate: 0.2").replace("# of the polynomial", "# mine"))
    git(fork, "commit", "-qam", "drift")
    (fork / "fit" / "model.py").write_text("# half done\n")
    before = state_of(fork)
    target = adopt.target(fork)
    found = adopt.at(adopt.series(merged.lab, None), target)
    assert [p.applies for p in found] == [False, False] and all("fit/recipe.yaml" in p.why for p in found)
    assert target.dirty == ("fit/model.py",) and state_of(fork) == before


def test_what_does_not_apply_leaves_the_others_alone(played: Played, fork: Path) -> None:
    first = played.change("junior-1", 0.1, lr=0.3)
    played.until(played.settled(first.id))
    played.edit("junior-2", {"fit/model.py": lambda text: text.replace("range(degree + 1)", "range(degree + 2)")})
    second = played.propose("junior-2", "one power more")
    played.gains[second.run_tree] = 0.2
    played.until(played.settled(second.id))
    recipe = fork / "fit" / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("lr: 0.2", "lr: 0.25"))
    git(fork, "commit", "-qam", "drift")
    found = adopt.at(adopt.series(played.lab, None), adopt.target(fork))
    assert [(p.experiment, p.applies) for p in found] == [("E1", False), ("E2", True)]
    assert "fit/recipe.yaml" in found[0].why


def test_another_project_is_told_which_file_it_lacks(merged: Played, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "gpt.py").write_text("x = 1\n")
    found = adopt.at(adopt.series(merged.lab, None), adopt.target(other))
    assert not any(p.applies for p in found) and "fit/recipe.yaml: No such file" in found[0].why
    assert [p.name for p in other.iterdir()] == ["gpt.py"]


def test_a_plain_folder_is_tried_as_its_files_are(merged: Played, fork: Path) -> None:
    shutil.rmtree(fork / ".git")
    assert [p.applies for p in adopt.at(adopt.series(merged.lab, None), adopt.target(fork))] == [True, True]


def test_only_what_is_merged_is_adopted(merged: Played) -> None:
    assert merged.experiment("E3").state is State.DISCARDED
    with pytest.raises(Refused, match="E3 is discarded"):
        adopt.series(merged.lab, "E3")
    for name in ("E99", "../../etc/passwd", "E1; rm"):
        with pytest.raises(OrgError, match="there is no experiment"):
            adopt.series(merged.lab, name)
    with merged.lab.ledger.transaction() as tx:
        experiments.move(tx, "E1", Event.REVERT, NOW)
    assert [p.experiment for p in adopt.series(merged.lab, None)] == ["E2"]


def test_without_a_merge_it_says_so(played: Played) -> None:
    with pytest.raises(Refused, match="nothing is merged yet"):
        adopt.series(played.lab, None)


def test_a_change_with_a_key_in_it_leaves_no_patch(played: Played) -> None:
    played.edit("junior-1", {"fit/model.py": lambda text: text + f"KEY = '{'sk-' + 'a1B2c3D4' * 5}'\n"})
    made = played.propose("junior-1", "a key")
    played.gains[made.run_tree] = 0.1
    played.until(played.settled(made.id))
    with pytest.raises(Refused, match="looks like a key"):
        adopt.series(played.lab, None)


def test_files_of_others_are_never_overwritten(merged: Played, tmp_path: Path) -> None:
    found = adopt.series(merged.lab, None)
    out = tmp_path / "out"
    adopt.write(found, out)
    adopt.write(found, out)
    (out / found[0].name).write_text("mine\n")
    with pytest.raises(Refused, match="is another patch"):
        adopt.write(found, out)
    assert (out / found[0].name).read_text() == "mine\n"


def test_a_day_s_folder_holds_one_series(merged: Played) -> None:
    one, every = adopt.series(merged.lab, "E2"), adopt.series(merged.lab, None)
    first = adopt.folder_of(merged.lab, every, NOW)
    adopt.write(every, first)
    assert first.name == "2026-08-01" and adopt.folder_of(merged.lab, every, NOW) == first
    second = adopt.folder_of(merged.lab, one, NOW)
    adopt.write(one, second)
    assert second.name == "2026-08-01-2" and adopt.folder_of(merged.lab, every, NOW + timedelta(days=1)).name == "2026-08-02"


def test_a_subject_never_names_a_file_outside(played: Played) -> None:
    made = played.recipe("junior-1", subject="../../../etc/passwd; $(rm -rf /) …", lr=0.3)
    played.gains[made.run_tree] = 0.1
    played.until(played.settled(made.id))
    assert adopt.series(played.lab, None)[0].name == "0001-E1-etc-passwd-rm-rf.patch"


def test_what_is_printed_can_be_typed(merged: Played, fork: Path) -> None:
    merged_before = git(merged.lab.layout.root, "for-each-ref")
    before = state_of(fork)
    done = org(merged, "--to", str(fork))
    assert done.returncode == 0, done.stderr
    assert state_of(fork) == before and git(merged.lab.layout.root, "for-each-ref") == merged_before
    assert git(merged.lab.layout.root, "status", "--porcelain") == ""
    commands = [line.strip() for line in done.stdout.partition("type:\n")[2].splitlines()]
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    for line in commands:
        assert line.startswith(f"git -C {fork} ")
        subprocess.run(["git", *identity, *line.split()[1:]], check=True, capture_output=True)
    assert git(fork, "log", "--format=%s", "main..adopted").splitlines() == ["E2: degree = 7", "E1: lr = 0.3"]


def test_json_says_what_applies(merged: Played, fork: Path) -> None:
    told = json.loads(org(merged, "E1", "--to", str(fork), "--json").stdout)
    assert [(t["experiment"], t["applies"]) for t in told] == [("E1", True)]
    assert Path(told[0]["file"]).is_relative_to(merged.lab.layout.comms / "adopted") and Path(told[0]["file"]).exists()


def test_without_a_target_it_says_how_to_name_one(merged: Played, tmp_path: Path) -> None:
    done = org(merged, "--out", str(tmp_path / "out"))
    assert done.returncode == 0 and "org adopt --to DIR" in done.stdout and "2 patches in" in done.stdout
    assert len(list((tmp_path / "out").glob("*.patch"))) == 2
    wrong = org(merged, "--to", str(tmp_path / "nowhere"))
    assert wrong.returncode == 1 and "no such folder" in wrong.stderr
