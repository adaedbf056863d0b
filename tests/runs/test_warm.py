"""Runs that are forked from an image: as `python -m` would have started them, kept as any other, and never lost to it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from bench import Bench, child_of, eventually, is_gone, keeper_of, kill

from org.runs import environment, executor, processes, spec, warm
from org.runs.devices import Device
from org.runs.spec import End
from org.runs.warm import Images

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="images are Linux only; elsewhere every run starts cold")

# What a program can tell of how it was started.
TELL = """
import json, os, sys
told = {"argv": sys.argv[1:], "name": __name__, "file": __file__, "package": __package__, "path": sys.path[:2],
        "cwd": os.getcwd(), "environ": {k: v for k, v in os.environ.items() if k != "LC_CTYPE"}, "flags": list(sys.flags),
        "main": sys.modules["__main__"].__dict__ is globals(), "session": os.getsid(0) == os.getpid(),
        "descriptors": len(os.listdir("/proc/self/fd")), "org": [name for name in ("org", "psutil") if name in sys.modules],
        "stdin": os.readlink("/proc/self/fd/0"), "warm": "decimal" in sys.modules}
open(sys.argv[1] + "/told.json", "w").write(json.dumps(told))
print("score 1.5")
sys.exit(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
"""
SLEEP = "import time\ntime.sleep(600)\n"
ENDS_WITH_A_POOL = """
import atexit, os, signal
from concurrent.futures import ThreadPoolExecutor
from org.runs import image
def run():
    global pool
    pool = ThreadPoolExecutor(1)
    pool.submit(print, "worked").result()
    atexit.register(print, "exit handler")
if os.fork() == 0:
    signal.alarm(60)  # where it does not end
    os._exit(image._status(run))
print("status", os.waitstatus_to_exitcode(os.wait()[1]))
"""


@pytest.fixture
def images() -> Iterator[Images]:
    held = Images(patience_seconds=120)
    yield held
    held.close()


def ready(bench: Bench, images: Images) -> None:
    """Have the image made by a first run, and wait for it."""
    folder = bench.start("", pattern="(.)", run="R0", images=images)
    bench.outcome(folder)
    eventually(bench.is_free)
    eventually(lambda: all(image.is_ready() for image in images._images.values()))


def is_forked(folder: Path) -> bool:
    return "image.py" in " ".join(psutil.Process(child_of(folder)).cmdline())


def test_a_forked_run_is_what_python_would_have_started(bench: Bench, images: Images) -> None:
    ready(bench, images)
    told = []
    for run in ("R1", "R2"):
        folder = bench.start(TELL, pattern=r"score (\S+)", run=run, images=images)
        assert bench.outcome(folder).metric == 1.5
        eventually(bench.is_free)
        told.append(json.loads((folder / "told.json").read_text().replace(f"runs/{run}", "runs/R")))
        images.close()  # the second one starts as ever: its image is only made
    warmly, coldly = told
    assert (warmly.pop("warm"), coldly.pop("warm")) == (True, False)
    assert warmly == coldly


def test_its_exit_status_and_last_words_are_told(bench: Bench, images: Images) -> None:
    ready(bench, images)
    outcome = bench.outcome(bench.start("raise ValueError('no such thing')", pattern="x", images=images))
    assert (outcome.end, outcome.train_exit, outcome.reason) == (End.FAILED, 1, "ValueError: no such thing")


def test_it_ends_though_a_pool_that_a_module_keeps_is_idle() -> None:
    done = subprocess.run([sys.executable, "-c", ENDS_WITH_A_POOL], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["worked", "exit handler", "status 0", ""]


def test_it_is_cancelled_and_found_as_an_orphan_by_its_mark(bench: Bench, images: Images) -> None:
    ready(bench, images)
    folder = bench.start(SLEEP, pattern="x", images=images)
    child = child_of(folder)
    assert is_forked(folder)
    assert [p.pid for p in processes._marked(folder)] and not bench.is_free()
    keeper = keeper_of(folder)
    assert {p.pid for p in processes._marked(folder)} == {keeper, child}
    kill(keeper)
    eventually(bench.is_free)
    assert executor.end_orphan(folder) and is_gone(child)

    folder = bench.start(SLEEP, pattern="x", run="R2", images=images)
    eventually(lambda: is_forked(folder))
    executor.cancel(folder)
    assert bench.outcome(folder).end is End.CANCELLED


def test_keepers_and_their_runs_outlive_the_image_and_the_next_run_starts_without_it(bench: Bench, images: Images) -> None:
    ready(bench, images)
    folder = bench.start(SLEEP, pattern="x", images=images)
    (image,) = images._images.values()
    child = child_of(folder)
    image.process.kill()
    image.process.wait()
    assert not is_gone(child) and executor.is_kept(folder)
    executor.cancel(folder)
    assert bench.outcome(folder).end is End.CANCELLED
    eventually(bench.is_free)
    folder = bench.start("print('score 2')", pattern=r"score (\d)", run="R2", images=images)
    assert bench.outcome(folder).metric == 2


def test_an_image_that_does_not_answer_loses_no_run(bench: Bench, images: Images) -> None:
    ready(bench, images)
    images.patience_seconds = 0.01
    (image,) = images._images.values()
    psutil.Process(image.process.pid).suspend()
    folder = bench.start("print('score 2')", pattern=r"score (\d)", images=images)
    assert bench.outcome(folder).metric == 2
    assert image.process.poll() is not None, "it was ended: it held the locks of the run"
    eventually(bench.is_free)


def test_an_image_that_still_imports_is_neither_waited_for_nor_ended(tmp_path: Path) -> None:
    images = Images(patience_seconds=0.01)
    (tmp_path / "long.py").write_text(SLEEP)
    images._start("", ["long"], {"PYTHONPATH": str(tmp_path)}, tmp_path)
    (image,) = images._images.values()
    assert not image.is_ready() and not image.is_ready() and image.process.poll() is None
    images.close()


def test_a_device_with_several_threads_has_an_image_too(bench: Bench, images: Images) -> None:
    folder = bench.start("print('score 2')", pattern=r"score (\d)")
    several = environment.build(Device("cuda:0", "H100", 4), bench.folder, forked=True)
    assert several["OMP_NUM_THREADS"] == "4" and several["OPENBLAS_NUM_THREADS"] == "1"
    assert not images.fork(folder, replace(spec.read_spec(folder), warm=("numpy",), environment=several), 2, [])
    (image,) = images._images.values()
    eventually(image.is_ready)
    bench.outcome(folder)


def test_a_snapshot_that_has_a_module_of_that_name_is_run_as_ever(bench: Bench, images: Images) -> None:
    ready(bench, images)
    bench.script("decimal.py", "mine = 3\n")
    folder = bench.start("import decimal\nprint('score', decimal.mine)", pattern=r"score (\d)", images=images)
    assert bench.outcome(folder).metric == 3


def test_an_image_ends_with_the_process_that_asked_for_it(bench: Bench) -> None:
    images = Images()
    ready(bench, images)
    (image,) = images._images.values()
    image.channel.close()  # what the kernel does for a supervisor that was killed
    assert image.process.wait(60) == 0


def test_an_image_that_always_dies_is_given_up(bench: Bench, images: Images) -> None:
    folder = bench.start("print('score 2')", pattern=r"score (\d)")
    told = replace(spec.read_spec(folder), warm=("no_such_module",))
    made = 0
    for _ in range(4 * warm.MOST_STARTS):
        assert not images.fork(folder, told, 2, [])
        for image in list(images._images.values()):
            made += 1
            assert image.process.wait(60) == 1
            assert not images.fork(folder, told, 2, []), "its end is noticed"
    assert made == warm.MOST_STARTS
    (told,) = images.given_up()
    assert told.startswith("runs start without no_such_module imported") and "R1/warm.log" in told
    assert "ModuleNotFoundError: No module named 'no_such_module'" in told and images.given_up() == []
    assert bench.outcome(folder).metric == 2


def test_an_image_that_cannot_be_started_loses_no_run(bench: Bench, images: Images) -> None:
    (bench.folder / "runs" / "R1" / "warm.log").mkdir(parents=True)  # where its output would go
    assert bench.outcome(bench.start("print('score 2')", pattern=r"score (\d)", images=images)).metric == 2
    assert not images._images
