"""reproduce.sh: the baseline and the change on the published seeds, compared with the published values. It stands alone: sh,
git, tar and a Python, and nothing of org."""

SCRIPT = r"""#!/bin/sh
# Runs the baseline and the change on the published seeds and compares. Usage: sh reproduce.sh [SEEDS]
#   SEEDS   only the first so many of each arm
#   PYTHON  the interpreter of the runs (python3)      DEVICE  cpu or cuda (as published)
#   WORK    where to work (./reproduced)               DATA    the task's data folder (WORK/data, prepared when missing)
# Ends with 0 when the gain is there again, 1 when it is not.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P)
WORK=${WORK:-$here/reproduced}
PYTHON=${PYTHON:-python3}
mkdir -p "$WORK"
WORK=$(CDPATH= cd -- "$WORK" && pwd -P)
for arm in base change; do
    [ -d "$WORK/$arm" ] && continue
    rm -rf "$WORK/.$arm" && mkdir "$WORK/.$arm"
    tar -xzf "$here/base.tar.gz" -C "$WORK/.$arm"
    if [ "$arm" = change ]; then
        (cd "$WORK/.$arm" && GIT_CEILING_DIRECTORIES="$WORK" git apply --whitespace=nowarn "$here/change.patch")
    fi
    mv "$WORK/.$arm" "$WORK/$arm"
done
export HERE="$here" WORK SEEDS="${1:-0}" DEVICE="${DEVICE:-}" DATA="${DATA:-$WORK/data}"
exec "$PYTHON" - <<'END'
import hashlib, json, math, os, pathlib, re, shlex, subprocess, sys

here, work = pathlib.Path(os.environ["HERE"]), pathlib.Path(os.environ["WORK"])
told = json.loads((here / "runs.json").read_text("utf-8"))
task, most = told["task"], int(os.environ["SEEDS"]) or 10**9
for path, digest in told["files"].items():
    file = work / "change" / path
    found = hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else None
    if found != digest:
        sys.exit(f"{path} is not as published: the patch did not apply as it should")


def environment(arm, threads):
    kept = {k: os.environ[k] for k in ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_HOME") if k in os.environ}
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        kept[name] = str(threads)
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")
    return kept | {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(work / arm), "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1",
                   "PYTHONDONTWRITEBYTECODE": "1", **({"CUDA_VISIBLE_DEVICES": seen} if seen is not None else {})}


def call(template, arm, run, log):
    device = os.environ["DEVICE"] or (run["device"] or "cpu").split(":")[0]
    values = {"python": sys.executable, "seed": str(run["seed"]), "data_seed": str(run["data_seed"]), "budget": run["budget"],
              "depth": "" if run["depth"] is None else str(run["depth"]), "data": os.environ["DATA"], "device": device,
              "run": str(log.parent), "gang": str(run["gang"])}
    command = [part.format_map(values) for part in shlex.split(template)]
    with log.open("ab") as err:
        done = subprocess.run(command, cwd=work / arm, env=environment(arm, run["threads"]), stdout=subprocess.PIPE, stderr=err)
    log.open("ab").write(done.stdout)
    if done.returncode:
        sys.exit(f"{run['id']}: `{' '.join(command)}` ended with {done.returncode}; its output: {log}")
    return done.stdout.decode("utf-8", "replace")


def value(arm, run):
    folder = work / "runs" / run["id"]
    kept = folder / "value.json"
    if kept.exists():
        return json.loads(kept.read_text("utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    printed = call(task["command"], arm, run, folder / "train.log")
    if task["evaluate"]:
        found = float(json.loads(call(task["evaluate"], arm, run, folder / "evaluate.log").strip().splitlines()[-1])["value"])
    else:
        found = float(re.findall(task["pattern"], printed, re.M)[-1])
    kept.write_text(json.dumps(found), "utf-8")
    return found


if task["prepare"] and "{data}" in task["command"] and not pathlib.Path(os.environ["DATA"]).exists():
    pathlib.Path(os.environ["DATA"]).mkdir(parents=True)
    call(task["prepare"], "base", told["runs"][0], work / "prepare.log")
again, before = {"base": [], "change": []}, {"base": [], "change": []}
print(f"{'run':8} {'arm':7} {'seed':>12} {'published':>14} {'here':>14} {'difference':>12}")
for run in told["runs"]:
    arm = run["arm"]
    if run["counts"] and len(again[arm]) < most:
        found = value(arm, run)
        again[arm].append(found)
        before[arm].append(run["value"])
        row = f"{run['id']:8} {arm:7} {run['seed']:>12} {run['value']:>14.8g} {found:>14.8g} {found - run['value']:>+12.2g}"
        print(row, flush=True)
sign = 1.0 if task["direction"] == "lower" else -1.0
mean = lambda values: sum(values) / len(values)
there, here_ = (sign * (mean(both["base"]) - mean(both["change"])) for both in (before, again))
pairs = [(a, b) for arm in again for a, b in zip(before[arm], again[arm])]
equal = sum(abs(a - b) <= 1e-9 * max(abs(a), 1.0) for a, b in pairs)
se = told["sigma"] * math.sqrt(1 / len(again["base"]) + 1 / len(again["change"]))
print(f"{equal} of {len(pairs)} values are the same; gain published {there:+.6g}, here {here_:+.6g} (standard error {se:.2g})")
fine = equal == len(pairs) or abs(here_ - there) <= 3 * math.sqrt(2) * se
print("reproduced" if fine else "NOT reproduced: the difference is more than noise explains")
sys.exit(0 if fine else 1)
END
"""
