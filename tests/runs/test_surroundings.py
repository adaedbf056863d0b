"""What surrounds a run: its environment, the module that it imports, its progress, its device."""

import fcntl
import os
import stat
import sys
from pathlib import Path

import pytest
from bench import Bench

from org.config import CpuDevices
from org.model.errors import DeviceError
from org.runs import devices, environment, progress
from org.runs.devices import Device

SEEN = "import json, os, pathlib, sys; (pathlib.Path(sys.argv[1]) / 'train.json').write_text(json.dumps(dict(os.environ)))"
NOTHING = "import json; print(json.dumps({'value': 1}))"


def test_a_secret_of_the_parent_does_not_arrive(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MY_API_KEY", "ORG_AGENT", "ORG_LAB", "PYTHONSTARTUP", "PYTHONPATH", "LD_PRELOAD", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.setenv(name, "" if name == "LD_PRELOAD" else "hunter2")
    seen = bench.outcome(bench.start(SEEN, NOTHING)).record
    assert "hunter2" not in " ".join(f"{k}={v}" for k, v in seen.items())
    assert seen["PYTHONPATH"] == str(bench.folder / "snapshot") and seen["PYTHONSAFEPATH"] == "1"
    assert seen["CUDA_VISIBLE_DEVICES"] == "" and seen["OMP_NUM_THREADS"] == "1"
    built = environment.build(bench.device, Path())
    assert set(seen) - {"LC_CTYPE", "ORG_RUN"} == set(built), "LC_CTYPE is Python's own doing"
    assert seen["ORG_RUN"] == str((bench.folder / "runs" / "R1").resolve()), "by which the keeper knows its own"


def test_the_snapshots_module_is_imported_though_another_is_installed(bench: Bench) -> None:
    """`psutil` stands for a trainer that is installed beside org."""
    assert "site-packages" in str(__import__("psutil").__file__)
    bench.script("psutil.py", "WHOSE = 'snapshot'\n")
    train = f"import os, psutil; os.environ.clear(); os.environ['whose'] = psutil.WHOSE; {SEEN}"
    assert bench.outcome(bench.start(train, NOTHING)).record == {"whose": "snapshot"}


def test_a_module_beside_the_run_does_not_shadow_the_standard_library(bench: Bench) -> None:
    folder = bench.folder / "runs" / "R1"
    folder.mkdir(parents=True)
    (folder / "json.py").write_text("raise SystemExit('shadowed')")
    assert bench.outcome(bench.start(f"import os; os.chdir({str(folder)!r}); {SEEN}", NOTHING)).metric == 1.0


def test_a_gpu_run_sees_its_own_gpu_only() -> None:
    assert environment.build(Device("cuda:3", "H100", 4), Path("/s"))["CUDA_VISIBLE_DEVICES"] == "3"
    assert environment.python() == sys.executable


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ('{"step": 1, "steps": 9, "loss": 2.0}\n{"step": 2, "steps": 9, "loss": 1.0}\n', 2),
        ('{"step": 1, "steps": 9, "loss": 2.0}\n{"step": 2, "ste', 1),
        ('{"step": 1, "steps": 9}\n{"step": 2, "steps": 9}', 2),
        ('{"step": 1, "steps": 9}\n12\nnull\n"x"\n[]\n\xff\n', 1),
        ('{"step": 1, "st', None),
        ("", None),
    ],
)
def test_progress_is_the_last_whole_line(tmp_path: Path, text: str, step: int | None) -> None:
    (tmp_path / "metrics.jsonl").write_bytes(text.encode("latin-1"))
    found = progress.read(tmp_path)
    assert (found.step if found else None) == step


def test_progress_of_a_long_file_reads_its_end(tmp_path: Path) -> None:
    assert progress.read(tmp_path) is None
    lines = "".join(f'{{"step": {n}, "steps": 5000, "loss": null, "train_seconds": {n / 10}}}\n' for n in range(1, 5001))
    (tmp_path / "metrics.jsonl").write_text(lines)
    found = progress.read(tmp_path)
    assert found is not None and (found.step, found.loss, found.train_seconds) == (5000, None, 500.0)


@pytest.mark.parametrize(
    ("line", "budget", "words", "share"),
    [
        ('{"step": 4, "steps": 16}', "2e9flop", "step 4/16", 0.25),
        ('{"step": 4, "steps": null, "train_seconds": 15.2}', "60s", "step 4, 15/60 s", 0.2533),
        ('{"step": 4, "train_seconds": 90}', "60s", "step 4, 90/60 s", 1.0),
        ('{"step": 4}', "20step", "step 4", 0.0),
        ('{"step": 4, "steps": 16, "loss": "low"}', "16step", "step 4/16", 0.25),
    ],
)
def test_progress_is_known_under_every_kind_of_budget(tmp_path: Path, line: str, budget: str, words: str, share: float) -> None:
    (tmp_path / "metrics.jsonl").write_text(line + "\n")
    found = progress.read(tmp_path)
    assert found is not None and found.loss is None
    assert (found.words(budget), found.share(budget)) == (words, pytest.approx(share, abs=1e-4))


def test_devices_are_what_the_config_says_or_an_error_with_the_way_out() -> None:
    assert [d.name for d in devices.discover(CpuDevices(cpu=2, threads=3))] == ["cpu:0", "cpu:1"]
    assert devices.discover("auto")
    for wanted, told in (
        (CpuDevices(cpu=0), "at least one slot"), (["cuda:99"], "cuda:99, but this machine has"), ([], "the list is empty"),
        (["cpu:0", "cpu:0"], "cpu:0 is listed twice"),
    ):  # fmt: skip
        with pytest.raises(DeviceError, match=told):
            devices.discover(wanted)


def test_of_cards_of_several_models_races_get_the_commonest() -> None:
    cards = {"cuda:0": "T4", "cuda:1": "H100", "cuda:2": "A100", "cuda:3": "H100"}
    found = [Device(name, model) for name, model in devices.commonest_first(cards)]
    assert [d.name for d in found] == ["cuda:1", "cuda:3", "cuda:0", "cuda:2"]
    assert [d.name for d in devices.of_races(found)] == ["cuda:1", "cuda:3"]
    assert devices.models(found) == "2 × H100, 1 × T4, 1 × A100"


def test_device_locks_are_shared_by_all_users_of_the_host(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        lease = devices.lease("cpu:0", tmp_path / "locks", "me")
    finally:
        os.umask(before)
    assert lease is not None
    lease.release()
    assert stat.S_IMODE((tmp_path / "locks" / "cpu-0.lock").stat().st_mode) == 0o666
    assert stat.S_IMODE((tmp_path / "locks").stat().st_mode) == 0o1777


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
def test_who_only_looks_holds_no_device_and_wipes_no_name(tmp_path: Path) -> None:
    lease = devices.lease("cpu:0", tmp_path, "lab R1")
    assert lease is not None
    lease.release()
    with (tmp_path / "cpu-0.lock").open() as other:
        fcntl.flock(other, fcntl.LOCK_SH)  # another `org status` at this moment
        assert devices.holder("cpu:0", tmp_path) is None
        assert devices.lease("cpu:0", tmp_path, "lab R2") is None, "it is waited for, not run over"
    assert (tmp_path / "cpu-0.lock").read_text() == "lab R1\n"
    assert devices.lease("cpu:0", tmp_path, "lab R2") is not None
    assert devices.holder("cpu:0", tmp_path) == "lab R2"


def test_a_lock_that_cannot_be_written_is_let_go(bench: Bench) -> None:
    bench.locks.mkdir()
    (bench.locks / "cpu-0.lock").symlink_to("/dev/full")
    for _ in range(2):
        with pytest.raises(OSError):  # the second time too: held by our own first try, it would be None
            devices.lease("cpu:0", bench.locks, "lab R1")
