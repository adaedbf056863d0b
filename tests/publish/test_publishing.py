"""`org publish`: what is refused, and what the card and the folder say."""

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from played import Played

from org.lab.publish import facts as publishing_facts
from org.lab.publish import publishing
from org.model.errors import Refused
from org.model.experiment import Experiment
from org.store.tables import EXPERIMENTS

slow = pytest.mark.slow

Say = Callable[..., Result]


def test_a_finding_is_published_and_withdrawn_when_it_is_taken_out_of_the_head(
    played: Played, certified: Experiment, say: Say, tmp_path: Path
) -> None:
    folder, root = tmp_path / "out", played.lab.layout.root
    (played.lab.layout.data / "data.json").write_text(json.dumps({"request": {"corpus": f"{root}/mine"}, "schema": 1}))
    run = publishing_facts.of(played.lab, certified.id).shown[0].run
    log = played.lab.layout.run(run.id) / "train.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(f"reading {root}/data\n")
    done = say(played, "publish", certified.id, "--to", str(folder))
    assert done.exit_code == 0 and "a finding" in done.output and "look before" not in done.output, done.output
    card = (folder / "README.md").read_text()
    links = re.findall(r"\]\(([^)#]+)\)", card)
    assert f"runs/{run.id}" in links and all((folder / link).exists() for link in links) and "| not kept |" in card
    listed = re.findall(r"^\| `([^`]+)` \| ", card.split("## Files")[1], re.M)
    assert all((folder / name).exists() for name in listed) and "data.json" in listed
    for path in folder.rglob("*"):
        assert not path.is_file() or str(root).encode() not in path.read_bytes(), path
    log.unlink()
    publishing.publish(played.lab, certified.id, folder)
    assert (folder / "README.md").read_text() == card, "its logs are published still, though the lab has them no more"
    with played.lab.ledger.transaction() as tx:
        EXPERIMENTS.update(tx, certified.id, state="reverted", reason=f"it read {root}/val\ntwice")
    for _ in range(2):
        done = say(played, "publish", certified.id, "--to", str(folder))
        assert done.exit_code == 0 and "E1 is withdrawn" in done.output
        text = (folder / "README.md").read_text()
        assert text.startswith("# lr = 0.3\n\n> **Withdrawn.** E1 is reverted: it read LAB/val twice. It is in no head")
        assert text.count("Withdrawn") == 1 and text.endswith(card.partition("\n")[2].lstrip())
    done = say(played, "publish", certified.id, "--to", str(tmp_path / "new"))
    assert isinstance(done.exception, Refused) and "is reverted, not merged" in str(done.exception)


def test_a_published_merge_that_is_doubted_since_is_in_the_head_still(played: Played, merged: Experiment, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    publishing.publish(played.lab, merged.id, folder, anyway=True)
    card = (folder / "README.md").read_text()
    with played.lab.ledger.transaction() as tx:
        EXPERIMENTS.update(tx, merged.id, state="racing")
    with pytest.raises(Refused, match="E1 is racing: it is in the head, and it is being raced again"):
        publishing.publish(played.lab, merged.id, folder)
    assert (folder / "README.md").read_text() == card
    with played.lab.ledger.transaction() as tx:
        EXPERIMENTS.update(tx, merged.id, state="discarded", reason="not better")
    assert publishing.publish(played.lab, merged.id, folder).withdrawn
    told = (folder / "README.md").read_text()
    assert "E1 is discarded: not better. It is still in the head, but racing it again did not confirm it" in told
    with pytest.raises(Refused, match="it is in the head, and racing it again did not confirm it"):
        publishing.publish(played.lab, merged.id, tmp_path / "new", anyway=True)


@slow
def test_what_its_certificate_failed_is_published_as_no_finding_only(
    played: Played, certified: Experiment, say: Say, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    publishing.publish(played.lab, certified.id, folder)
    with played.lab.ledger.transaction() as tx:
        EXPERIMENTS.update(tx, certified.id, state="uncertified")
        tx.execute("UPDATE studies SET outcome = json_set(outcome, '$.certified', json('false')) WHERE kind = 'certificate'")
    done = say(played, "publish", certified.id, "--to", str(folder))
    assert isinstance(done.exception, Refused) and "--anyway corrects its card" in str(done.exception)
    done = say(played, "publish", certified.id, "--to", str(folder), "--anyway")
    assert done.exit_code == 0 and "NOT a finding" in done.output
    card = (folder / "README.md").read_text()
    assert "> **Not a finding.** E1 is uncertified" in card and "its fresh runs do not show it" in card and "not reached" in card


@slow
def test_a_finding_becomes_a_folder_that_stands_alone(played: Played, certified: Experiment, say: Say, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    done = say(played, "publish", certified.id, "--to", str(folder))
    assert done.exit_code == 0, done.output
    assert "a finding" in done.output and "next: read README.md" in done.output
    names = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert {"README.md", "change.patch", "base.tar.gz", "runs.json", "reproduce.sh", "compute.svg", "publish.json"} <= names
    assert (folder / "reproduce.sh").stat().st_mode & stat.S_IXUSR
    assert "+lr: 0.3" in (folder / "change.patch").read_text()


@slow
def test_the_card_states_what_the_ledger_says(played: Played, certified: Experiment, tmp_path: Path) -> None:
    publishing.publish(played.lab, certified.id, tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text()
    facts = publishing_facts.of(played.lab, certified.id)
    told = facts.certificate.outcome if facts.certificate else {}
    assert "Not a finding" not in card and f"**Claim:** {facts.line.claim}." in card
    assert f"{told['gain']:+.4f} ± {told['se']:.4f}" in card and f"{told['e']:.4g}" in card
    for shown in facts.shown:
        assert f"| {shown.run.id} | {shown.arm} | {shown.run.seed} |" in card
    assert "Fresh seeds, which selected nothing" in card and "their difference flatters it" in card
    assert "## Label: " in card and "![Loss against compute" in card and "numpy 2.0" in card
    assert "effective tokens" in card and "energy | not recorded" in card


@slow
def test_fresh_runs_are_what_reproduces_a_certified_change(played: Played, certified: Experiment, tmp_path: Path) -> None:
    publishing.publish(played.lab, certified.id, tmp_path / "out")
    told = json.loads((tmp_path / "out" / "runs.json").read_text())
    counting = [run for run in told["runs"] if run["counts"]]
    assert len(counting) == 8 and not any(run["selected"] for run in counting)
    assert sorted(run["arm"] for run in counting) == ["base"] * 4 + ["change"] * 4
    assert told["sigma"] > 0 and set(told["files"]) == {"fit/recipe.yaml"}


@slow
def test_what_is_merged_and_no_finding_is_refused_unless_wanted(
    played: Played, merged: Experiment, say: Say, tmp_path: Path
) -> None:
    done = say(played, "publish", merged.id, "--to", str(tmp_path / "out"))
    assert isinstance(done.exception, Refused) and "is no finding" in str(done.exception) and "--anyway" in str(done.exception)
    assert not (tmp_path / "out").exists()
    done = say(played, "publish", merged.id, "--to", str(tmp_path / "out"), "--anyway")
    assert done.exit_code == 0 and "NOT a finding" in done.output
    card = (tmp_path / "out" / "README.md").read_text()
    assert "> **Not a finding.** E1 is merged" in card and "**Claim:** none." in card
    assert "None: no fresh runs have tested it." in card


@slow
def test_what_is_not_in_a_head_is_never_published(played: Played, tmp_path: Path) -> None:
    made = played.change("junior-1", 0.0, lr=0.3)
    played.until(played.settled(made.id))
    with pytest.raises(Refused, match="is discarded, not merged"):
        publishing.publish(played.lab, made.id, tmp_path / "out", anyway=True)


@slow
def test_others_files_are_never_written_over(played: Played, certified: Experiment, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "README.md").write_text("my own")
    with pytest.raises(Refused, match="holds something else"):
        publishing.publish(played.lab, certified.id, mine)
    assert (mine / "README.md").read_text() == "my own"
    out = tmp_path / "out"
    publishing.publish(played.lab, certified.id, out)
    before = (out / "README.md").read_text()
    publishing.publish(played.lab, certified.id, out)
    assert (out / "README.md").read_text() == before
    (out / "README.md").write_text(before + "edited by hand")
    with pytest.raises(Refused, match="was changed since"):
        publishing.publish(played.lab, certified.id, out)


@slow
def test_logs_come_without_keys_and_without_this_machines_folders(played: Played, certified: Experiment, tmp_path: Path) -> None:
    run = publishing_facts.of(played.lab, certified.id).shown[0].run
    log = played.lab.layout.run(run.id) / "train.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    key = "sk-ant-" + "a1" * 20
    log.write_text(f"reading {played.lab.layout.comms}/data with {key}\nstep 100 loss 0.4\n")
    publishing.publish(played.lab, certified.id, tmp_path / "out")
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file() and path.suffix != ".gz":
            text = path.read_text()
            assert key not in text and str(played.lab.layout.root) not in text, path
    assert "step 100 loss 0.4" in (tmp_path / "out" / "runs" / run.id / "train.log").read_text()


@slow
def test_a_checkpoint_comes_only_when_asked_for_and_kept(played: Played, certified: Experiment, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no checkpoint of E1 is kept"):
        publishing.publish(played.lab, certified.id, tmp_path / "out", checkpoint=True)
    assert not (tmp_path / "out").exists()
    change = next(s.run for s in publishing_facts.of(played.lab, certified.id).shown if s.arm == "change")
    file = played.lab.layout.run(change.id) / "checkpoint.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("weights")
    publishing.publish(played.lab, certified.id, tmp_path / "out", checkpoint=True)
    assert (tmp_path / "out" / "checkpoint" / "checkpoint.json").read_text() == "weights"
    publishing.publish(played.lab, certified.id, tmp_path / "plain")
    assert not (tmp_path / "plain" / "checkpoint").exists()


@pytest.mark.parametrize(("epochs", "worth"), [(0.5, 1.0), (1.0, 1.0), (4.0, 3.735)])
def test_repeated_tokens_are_worth_less(epochs: float, worth: float) -> None:
    """Muennighoff et al.: four epochs are worth nearly four times the unique tokens."""
    found = publishing_facts.effective_tokens({"tokens": 100.0 * epochs, "epochs": epochs})
    assert found is not None
    seen, unique, effective = found
    assert seen == 100.0 * epochs and unique == 100.0 * min(epochs, 1.0) and effective / unique == pytest.approx(worth, abs=0.01)


@slow
def test_the_label_is_on_the_card(played: Played, certified: Experiment, tmp_path: Path) -> None:
    with played.lab.ledger.transaction() as tx:
        EXPERIMENTS.update(tx, certified.id, label="explained by compute", label_detail={"reason": "x1.3 FLOPs explain it"})
    publishing.publish(played.lab, certified.id, tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text()
    assert "## Label: explained by compute\n\nX1.3 FLOPs explain it" in card and "no claim about learning" in card
    assert not re.search(r"better by [\d.]+ \([^)]*\) at equal compute", card)
