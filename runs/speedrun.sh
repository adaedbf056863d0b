#!/usr/bin/env bash
# Time to GPT-2: data, tokenizer, a model of depth 24 on eight GPUs, its bits per byte and its CORE, one line a run.
#
#   runs/speedrun.sh                     one run on an 8-GPU box
#   RUNS=4 PRIOR=DIR runs/speedrun.sh    four runs, each beside one of the checkout of the record before it (runs/README.md)
#   SCALE=tiny runs/speedrun.sh          the same way in a minute on a laptop: a toy, with a toy for CORE
#   DRY_RUN=1 runs/speedrun.sh           print the commands
#
# Stopped or killed, it goes on where it was when it is started again. Every step has a log and a line in steps.tsv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# --- values; each may be given in the environment ---
SCALE="${SCALE:-gpt2}"                       # gpt2 | tiny
case "$SCALE" in
  gpt2)
    GPUS="${GPUS:-8}"
    DEPTH="${DEPTH:-24}"
    RECIPE="${RECIPE:-runs/speedrun.yaml}"   # laid over trainer/recipe.yaml
    BUDGET="${BUDGET:-}"                     # empty: what `trainer plan` suggests for this depth and recipe
    CORPUS="${CORPUS:---corpus climbmix --shards 170 --vocab 32768 --context 2048}"
    CORE="${CORE:-}"                         # more arguments of `trainer core`
    ;;
  tiny)
    GPUS="${GPUS:-0}"
    DEPTH="${DEPTH:-1}"
    RECIPE="${RECIPE:-runs/tiny.yaml}"
    BUDGET="${BUDGET:-30step}"
    CORPUS="${CORPUS:---corpus stdlib --max-mb 0.4 --vocab 512}"
    CORE="${CORE:---partial}"
    ;;
  *) echo "SCALE=$SCALE: want gpt2 or tiny" >&2; exit 2 ;;
esac
RUNS="${RUNS:-1}"                            # with seeds SEED, SEED + 1, …
SEED="${SEED:-1}"
FIRST="${FIRST:-1}"                          # number of the first run's folder
PRIOR="${PRIOR:-}"                           # checkout of the record before this one: its own script, run by run beside this
OUT="${OUT:-speedrun}"                       # everything is written here
CAMPAIGN="${CAMPAIGN:-$SCALE}"               # a new name begins new runs; data and bundle stay
BUNDLE="${BUNDLE:-}"                         # evaluation bundle; empty: downloaded once (tiny: made up)
BUNDLE_URL="${BUNDLE_URL:-https://karpathy-public.s3.us-west-2.amazonaws.com/eval_bundle.zip}"
DRY_RUN="${DRY_RUN:-}"
BESIDE="${BESIDE:-}"                         # set for the script of the record before
PYTHON="${PYTHON:-$([ -x .venv/bin/python ] && echo "$PWD/.venv/bin/python" || command -v python3)}"

# --- derived ---
absolute() { case "$1" in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
OUT="$(absolute "$OUT")"
DATA="$OUT/data-$(printf %s "$CORPUS" | cksum | cut -d ' ' -f 1)"   # another corpus is another folder
FOLDER="$OUT/$CAMPAIGN"
read -ra CORPUS <<< "$CORPUS"
read -ra CORE <<< "$CORE"
if [ "$GPUS" -gt 0 ]; then DEVICE=cuda; DEVICES="$(seq -s, -f 'cuda:%g' 0 $((GPUS - 1)))"; else DEVICE=cpu; DEVICES=cpu; fi
LAUNCH=("$PYTHON" -m)
if [ "$GPUS" -gt 1 ]; then LAUNCH=("$PYTHON" -m torch.distributed.run --standalone "--nproc_per_node=$GPUS" -m); fi

# step NAME COMMAND…: run it, with its words in a log and its seconds in steps.tsv. Returns its exit code.
step() {
  local name="$1" began="$SECONDS" code=0
  shift
  if [ -n "$DRY_RUN" ]; then echo "$*"; return; fi
  echo "[$(date -u +%FT%TZ)] $name: $*"
  "$@" 2>&1 | tee -a "$FOLDER/logs/$name.log" || code=$?
  printf '%s\t%s\t%s\n' "$name" $((SECONDS - began)) "$code" >> "$FOLDER/steps.tsv"
  [ "$code" -eq 0 ] || echo "$name ended with $code; its words: $FOLDER/logs/$name.log; the same command goes on from here" >&2
  return "$code"
}

# ended FILE WORD: whether a run's record is there and says so
ended() { [ -z "$DRY_RUN" ] && grep -q "\"status\": \"$2\"" "$1" 2> /dev/null; }
diverged() { ended "$1" failed && grep -q '"reason": "nan' "$1"; }
there() { [ -z "$DRY_RUN" ] && [ -e "$1" ]; }

# scored RUN FILE: whether the file is there and is of the checkpoint that the run has now
scored() { there "$1/$2" && [ "$(checkpoint "$1/$2")" = "$(checkpoint "$1/train.json")" ]; }
checkpoint() { sed -n 's/^ *"checkpoint_digest": "\(.*\)".*/\1/p' "$1"; }

# with -dirty behind it where tracked files differ, or a run would import or read what is not tracked
commit() {
  local dirty=""
  [ -z "$({ git status --porcelain --untracked-files=no && git status --porcelain trainer "$RECIPE"; } 2> /dev/null || echo none)" ] \
    || dirty="-dirty"
  echo "$(git rev-parse HEAD 2> /dev/null || echo unknown)$dirty"
}

# run NUMBER SEED: train, score, CORE. A run that diverged is kept as it is, and the next one begins; on one device so is one that
# failed by itself in another way (exit 3; torchrun makes a 1 of every code, which ends the campaign).
run() {
  local name code=0
  name="$(printf %03d "$1")"
  local folder="$FOLDER/$name"
  if [ -z "$DRY_RUN" ]; then
    mkdir -p "$folder"
  fi
  if ! ended "$folder/train.json" succeeded && ! ended "$folder/train.json" failed; then
    # one that goes on from what it saved is of the commit that it began with: the trainer refuses any other code. One that was
    # killed before it saved anything begins again, and the trainer refuses a folder with half a run
    if [ -z "$DRY_RUN" ] && ! there "$folder/checkpoint.resume.pt"; then
      rm -f "$folder"/{metrics.jsonl,checkpoint.pt,train.json}
      commit > "$folder/commit"
    fi
    step "$name-train" "${LAUNCH[@]}" trainer train --device "$DEVICE" --seed "$2" --budget "$BUDGET" --depth "$DEPTH" \
      --recipe "$RECIPE" --data "$DATA" --out "$folder" || code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 3 ] || diverged "$folder/train.json" || exit "$code"
  fi
  if ended "$folder/train.json" failed; then return; fi
  scored "$folder" result.json || step "$name-evaluate" "$PYTHON" -m trainer evaluate --run "$folder" --data "$DATA" --device "$DEVICE"
  scored "$folder" core.json || step "$name-core" "$PYTHON" -m trainer core --run "$folder" --data "$DATA" --bundle "$BUNDLE" \
    --device "$DEVICES" ${CORE[@]+"${CORE[@]}"}
}

# beside NUMBER SEED: the same of the record before, by its own script and values
beside() {
  env -u DEPTH -u RECIPE -u BUDGET -u CORPUS -u CORE BESIDE=1 PRIOR= RUNS=1 FIRST="$1" SEED="$2" SCALE="$SCALE" GPUS="$GPUS" \
    OUT="$OUT" CAMPAIGN="$CAMPAIGN" BUNDLE="$BUNDLE" PYTHON="$PYTHON" DRY_RUN="$DRY_RUN" "$PRIOR/runs/speedrun.sh"
}

[ -n "$DRY_RUN" ] || mkdir -p "$FOLDER/logs"
step prepare "$PYTHON" -m trainer prepare --data "$DATA" "${CORPUS[@]}"
if [ -z "$BUNDLE" ] && [ "$SCALE" = tiny ]; then
  BUNDLE="$OUT/toy_bundle"
  there "$BUNDLE/core.yaml" || step bundle "$PYTHON" -m runs.toy_bundle "$BUNDLE"
elif [ -z "$BUNDLE" ]; then
  BUNDLE="$OUT/eval_bundle"
  if ! there "$BUNDLE/core.yaml"; then
    step bundle curl --fail --location --retry 5 --output "$OUT/eval_bundle.zip" "$BUNDLE_URL"
    step bundle "$PYTHON" -m zipfile -e "$OUT/eval_bundle.zip" "$OUT"
  fi
fi
BUNDLE="$(absolute "$BUNDLE")"
if [ -z "$BUDGET" ]; then
  PLAN=("$PYTHON" -m trainer plan --depth "$DEPTH" --data "$DATA" --recipe "$RECIPE" --json)
  BUDGET=PLANNED
  if [ -n "$DRY_RUN" ]; then
    echo "${PLAN[*]}"
  else
    BUDGET="$("${PLAN[@]}" | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["budget"])')"
  fi
fi
number="$FIRST"
for seed in $(seq "$SEED" $((SEED + RUNS - 1))); do
  run "$number" "$seed"
  number=$((number + 1))
  if [ -n "$PRIOR" ]; then
    beside "$number" "$seed"
    number=$((number + 1))
  fi
done
[ -z "$DRY_RUN" ] && [ -z "$BESIDE" ] || exit 0
for folder in "$FOLDER"/[0-9]*; do "$PYTHON" -m runs.leaderboard line "$folder"; done | tee "$FOLDER/record.jsonl"
awk -F '\t' '{ total += $2; part[$1 ~ /-/ ? substr($1, 5) : $1] += $2 }
  END { printf "total %d h %02d min %02d s:", total / 3600, total % 3600 / 60, total % 60
        for (name in part) printf " %s %d s;", name, part[name]; print "" }' "$FOLDER/steps.tsv"
[ "$SCALE" = tiny ] || echo "next: $PYTHON -m runs.leaderboard add $FOLDER"
