"""train, evaluate, fingerprint: the contract of a task."""

import argparse
import hashlib
import json
import time
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from fit import model

HERE = Path(__file__).parent


def target(x: np.ndarray) -> np.ndarray:
    return np.sin(3 * x)


def train(args: argparse.Namespace) -> int:
    recipe = YAML(typ="safe").load((HERE / "recipe.yaml").read_text())
    rng = np.random.default_rng(args.seed)
    steps = int(args.budget.removesuffix("step"))
    weights = 0.1 * rng.standard_normal(recipe["degree"] + 1)
    args.out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with (args.out / "metrics.jsonl").open("w") as log:
        for step in range(1, steps + 1):
            x = rng.uniform(-1, 1, 64)
            y = target(x) + 0.1 * rng.standard_normal(64)
            f = model.features(x, recipe["degree"])
            error = f @ weights - y
            weights -= recipe["lr"] * (f.T @ error / 64 + recipe["decay"] * weights)
            if step % 50 == 0 or step == steps:
                row = {"step": step, "steps": steps, "loss": float((error**2).mean())}
                row |= {"train_seconds": time.monotonic() - started}
                log.write(json.dumps(row) + "\n")
                log.flush()
                print(f"step {step}/{steps} loss {row['loss']:.4f}", flush=True)
            if recipe["pause"]:
                time.sleep(recipe["pause"])
    if not np.isfinite(weights).all():
        (args.out / "train.json").write_text(json.dumps({"status": "failed", "reason": "nan"}))
        return 3
    (args.out / "checkpoint.json").write_text(json.dumps({"weights": weights.tolist(), "degree": recipe["degree"]}))
    record = {"seed": args.seed, "budget": args.budget, "steps": steps, "status": "succeeded", **fingerprint()}
    (args.out / "train.json").write_text(json.dumps(record))
    return 0


def evaluate(args: argparse.Namespace) -> int:
    saved = json.loads((args.run / "checkpoint.json").read_text())
    x = np.linspace(-1, 1, 512)
    value = float(((model.features(x, saved["degree"]) @ np.array(saved["weights"]) - target(x)) ** 2).mean())
    result = {"metric": "val_loss", "value": 1.0 + value, "valid": True, "reason": None}
    print(json.dumps(result))
    (args.run / "result.json").write_text(json.dumps(result))
    return 0


def fingerprint() -> dict[str, str]:
    return {"evaluator_digest": hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]}


def main() -> int:
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers(dest="verb", required=True)
    t = verbs.add_parser("train")
    t.add_argument("--seed", type=int, required=True)
    t.add_argument("--budget", required=True)
    t.add_argument("--out", type=Path, required=True)
    e = verbs.add_parser("evaluate")
    e.add_argument("--run", type=Path, required=True)
    verbs.add_parser("fingerprint")
    args = parser.parse_args()
    if args.verb == "train":
        return train(args)
    if args.verb == "evaluate":
        return evaluate(args)
    print(json.dumps(fingerprint()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
