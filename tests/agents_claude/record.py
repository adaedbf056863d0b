"""Records what the real Claude Code shows and writes, for the tests that run without it: `python tests/agents_claude/record.py`
(with ORG_TEST_CLIS, see claude_bench.py) makes recorded/VERSION/ anew. Paths of the machine are taken out.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1]), str(Path(__file__).parent)]

from claude_bench import Bench, Plan, bench_in, clis  # noqa: E402
from models import ModelServer, Turn, call, rate_limited, shell  # noqa: E402

from org.agents.claude import files, login  # noqa: E402
from org.agents.observation import Composer  # noqa: E402

SIZE = ("106", "33")  # a pane among nine
KEPT = ("user", "queue-operation", "attachment", "assistant")
DROPPED = ("rendered", "permissionDecision")
SESSION = ("pid", "sessionId", "procStart", "version", "kind", "status", "statusUpdatedAt", "waitingFor")
Scene = Callable[[Bench, Plan], None]


def edit(path: Path, change: Callable[[dict], object]) -> None:
    tree = json.loads(path.read_text())
    change(tree)
    path.write_text(json.dumps(tree))


class Recorder:
    """Writes into recorded/VERSION/."""

    def __init__(self, into: Path) -> None:
        self.into = into
        (into / "screens").mkdir(parents=True, exist_ok=True)

    @contextmanager
    def bench(self, **entry: object) -> Iterator[tuple[Bench, Plan]]:
        folder, plan = Path(tempfile.mkdtemp(prefix="org-r-")), Plan()
        with ModelServer(plan) as server:
            bench = bench_in(folder, server, plan, **entry)
            try:
                yield bench, plan
            finally:
                bench.grid.kill_server()
                shutil.rmtree(folder, ignore_errors=True)

    def screen(self, bench: Bench, name: str, words: str) -> None:
        """The screen once these words stand on it."""
        deadline = time.monotonic() + 40
        while not re.search(words, bench.screen):
            assert time.monotonic() < deadline, f"{name}: {bench.screen}"
            time.sleep(0.2)
        time.sleep(0.7)
        (self.into / "screens" / f"{name}.txt").write_text(clean(bench, bench.screen) + "\n")
        print(name)

    def opening(self, name: str, words: str, change: Callable[[Bench], object], strip: str = "") -> None:
        """A dialog that comes before the first prompt, after `change` took its answer away."""
        with self.bench() as (bench, _):
            spec = bench.spec()
            change(bench)
            open_pane(bench, replace(spec, command=[word for word in spec.command if word != strip]))
            self.screen(bench, name, words)


def open_pane(bench: Bench, spec: object = None) -> None:
    bench.grid.ensure([spec or bench.spec()])  # type: ignore[list-item]
    pane = bench.grid.find(bench.seat.agent).pane_id
    bench.grid.tmux.run(["resize-window", "-t", pane, "-x", SIZE[0], "-y", SIZE[1]])


def clean(bench: Bench, text: str) -> str:
    here = Path(__file__).resolve().parents[2]
    for form, word in ((bench.folder.resolve(), "lab"), (bench.folder, "lab"), (Path(sys.prefix), "python"), (here, "org")):
        text = text.replace(str(form), f"/{word}").replace(re.sub(r"[^A-Za-z0-9]", "-", str(form)), f"-{word}")
    text = re.sub(r"(/private)?/tmp/[\w./-]*", "/scratch", text)
    return "\n".join(line.rstrip() for line in text.splitlines()).rstrip()


def dialogs(recorder: Recorder) -> None:
    """What prepare() answers."""

    def config(change: Callable[[dict], object]) -> Callable[[Bench], object]:
        return lambda bench: edit(files.folder(bench.seat) / ".claude.json", change)

    def imports(bench: Bench) -> None:
        (bench.seat.worktree / "CLAUDE.md").write_text("@/etc/hostname\n")
        forget = lambda tree: [p.pop("hasClaudeMdExternalIncludesWarningShown") for p in tree["projects"].values()]  # noqa: E731
        edit(files.folder(bench.seat) / ".claude.json", forget)

    servers = '{"mcpServers": {"other": {"command": "true"}}}'
    ask = lambda bench: edit(files.settings_file(bench.seat), lambda t: t.pop("skipDangerousModePermissionPrompt"))  # noqa: E731
    recorder.opening("trust", "Yes, I trust", config(lambda tree: tree.pop("projects")))
    recorder.opening("api-key", "Do you want to use this API key", config(lambda tree: tree.pop("customApiKeyResponses")))
    recorder.opening(
        "no-onboarding", "Unable to connect|Choose the text", config(lambda tree: tree.pop("hasCompletedOnboarding"))
    )
    recorder.opening("bypass", "Yes, I accept", ask)
    recorder.opening(
        "mcp", "New MCP server", lambda bench: (bench.seat.worktree / ".mcp.json").write_text(servers), "--strict-mcp-config"
    )
    recorder.opening("imports", "external CLAUDE.md", imports)


def work(recorder: Recorder) -> None:
    """The input box in its forms, and a session's files."""
    with recorder.bench() as (bench, plan):
        open_pane(bench)
        bench.until(lambda: bool(bench.prompts) and bench.idle())
        recorder.screen(bench, "empty", "❯")
        bench.draft("half a thought")
        recorder.screen(bench, "draft", "half a thought")
        bench.key("C-s")
        recorder.screen(bench, "stashed", "stashed")
        bench.paste("ORG-1: one new letter")
        bench.until(lambda: "ORG-1: one new letter" in bench.prompts and bench.idle())
        recorder.screen(bench, "draft-restored", "half a thought")
        bench.key("C-u")
        long = "a draft that is much longer than the pane is wide and therefore goes on in a second row, and even in a third " * 2
        bench.draft(long.strip()[:170])
        recorder.screen(bench, "draft-of-rows", "goes on")
        for _ in range(4):
            bench.key("C-u")
        bench.until(lambda: bench.box is Composer.EMPTY)
        bench.draft("/res")
        recorder.screen(bench, "draft-command", "/resume")
        bench.key("C-u")
        bench.draft("!ls")
        recorder.screen(bench, "shell", "for shell mode")
        for key in ("C-u", "BSpace", "C-u"):
            bench.key(key)
        bench.until(lambda: bench.box is Composer.EMPTY)
        plan.turns["work long"] = shell("sleep 6; echo over", text="I begin.", output_tokens=50)
        bench.paste("work long")
        recorder.screen(bench, "working", "sleep 6")
        bench.paste("ORG-2: while it works")
        recorder.screen(bench, "queued", "edit queued")
        bench.until(lambda: "ORG-2: while it works" in bench.prompts and bench.idle())
        plan.turns["and again"] = shell("sleep 20")
        bench.paste("and again")
        bench.until(lambda: "$ sleep 20" in bench.screen)
        bench.key("Escape")
        recorder.screen(bench, "interrupted", "Interrupted")
        woken = bench.wake(3)
        bench.until(lambda: woken in bench.prompts and bench.idle())
        bench.type("!echo by hand")
        bench.until(lambda: "!echo by hand" in bench.prompts and bench.idle())
        plan.turns["in the background"] = call("Bash", command="sleep 1; echo over", run_in_background=True, description="x")
        bench.paste("in the background")
        bench.until(lambda: any("<task-notification>" in turn.prompt for turn in bench.server.turns()) and bench.idle())
        bench.type("/compact")
        recorder.screen(bench, "compacted", "Compacted")
        time.sleep(3)
        session_files(recorder, bench)
        bench.type("/model")
        recorder.screen(bench, "menu", "Select model")


def questions(recorder: Recorder) -> None:
    """Dialogs in a turn."""
    with recorder.bench(args=("--permission-mode", "manual")) as (bench, plan):
        spec = bench.spec()
        edit(files.settings_file(bench.seat), lambda tree: tree.pop("permissions"))
        open_pane(bench, spec)
        bench.until(lambda: bool(bench.prompts) and bench.idle())
        plan.turns["make a file"] = shell("touch made")
        bench.paste("make a file")
        recorder.screen(bench, "permission", "Do you want to proceed")
        bench.key("Escape")
        bench.until(lambda: bench.box is Composer.EMPTY)
        plan.turns["edit a file"] = call("Write", file_path=str(bench.seat.worktree / "a.py"), content="print(1)\n" * 3)
        bench.paste("edit a file")
        recorder.screen(bench, "permission-edit", "Do you want to")
        bench.key("Escape")
        bench.until(lambda: bench.box is Composer.EMPTY)
        options = [{"label": word, "description": word} for word in ("wide", "deep")]
        asked = [{"question": "Which one?", "header": "Pick", "multiSelect": False, "options": options}]
        plan.turns["ask me"] = call("AskUserQuestion", questions=asked)
        bench.paste("ask me")
        recorder.screen(bench, "question", "Which one")


def refusals(recorder: Recorder) -> None:
    """A provider that refuses."""
    with recorder.bench() as (bench, plan):
        open_pane(bench)
        bench.until(lambda: bool(bench.prompts) and bench.idle())
        plan.always = rate_limited(40)
        bench.paste("go on")
        recorder.screen(bench, "retrying", r"retrying in \d+s")
    for name, days, words in (("limit", 0.1, "Continuing automatically"), ("limit-menu", 3, "What do you want to do")):
        with recorder.bench(base_url=None, key_env=None) as (bench, plan):
            environ = {**bench.seat.environment, login.OAUTH: "a-token", login.KEY: ""}
            bench.seat = replace(bench.seat, environment=environ)
            bench.more = {login.URL: bench.server.url, login.OAUTH: "a-token"}
            open_pane(bench)
            bench.until(lambda bench=bench: bool(bench.prompts) and bench.idle())  # type: ignore[misc]
            plan.always = usage_limit(int(time.time() + days * 86400))
            bench.paste("go on")
            recorder.screen(bench, name, words)
            if name == "limit":
                rows = [row for line in lines(bench) if (row := kept(line)) and row.get("isApiErrorMessage")]
                write(recorder.into / "refused.jsonl", bench, rows)
                put(recorder.into / "status-limit.json", bench, (bench.seat.home / "status.json").read_text())
    with recorder.bench(base_url=None, key_env=None) as (bench, plan):
        spec = bench.spec()
        open_pane(bench, replace(spec, keeps=("HOME", "PATH", "IS_SANDBOX")))
        recorder.screen(bench, "not-logged-in", "Please run /login")


def usage_limit(end: int) -> Turn:
    """As a claude.ai account is told."""
    unified = {"reset": end, "status": "rejected", "representative_claim": "five_hour", "5h_reset": end, "5h_utilization": "1.0"}
    headers = {f"anthropic_ratelimit_unified_{key}": str(value) for key, value in {**unified, "5h_status": "rejected"}.items()}
    return rate_limited(60, x_should_retry="false", **headers)


def session_files(recorder: Recorder, bench: Bench) -> None:
    write(recorder.into / "transcript.jsonl", bench, [row for line in lines(bench) if (row := kept(line))])
    put(recorder.into / "hooks.jsonl", bench, bench.seat.hooks.read_text())
    (session,) = files.sessions(bench.seat).glob("*.json")
    told = {key: value for key, value in json.loads(session.read_text()).items() if key in SESSION}
    put(recorder.into / "session.json", bench, json.dumps(told))
    put(recorder.into / "status.json", bench, (bench.seat.home / "status.json").read_text())


def lines(bench: Bench) -> list[str]:
    (path,) = (files.folder(bench.seat) / "projects").glob(f"*/{bench.session}.jsonl")
    return path.read_text().splitlines()


def kept(line: str) -> dict | None:
    """A row as far as anything is read of it."""
    row = json.loads(line)
    if row.get("type") not in KEPT or (row["type"] == "attachment" and row["attachment"].get("type") != "queued_command"):
        return None
    row = {key: value for key, value in row.items() if key not in DROPPED}
    return {**row, "toolUseResult": True} if "toolUseResult" in row else row


def write(path: Path, bench: Bench, rows: list[dict]) -> None:
    put(path, bench, "\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows))


def put(path: Path, bench: Bench, text: str) -> None:
    path.write_text(clean(bench, text) + "\n")


def main() -> None:
    program = f"{clis()}/claude"
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()[0]
    recorder = Recorder(Path(__file__).parent / "recorded" / version)
    chosen = sys.argv[1:]
    for part in (dialogs, work, questions, refusals):
        if not chosen or part.__name__ in chosen:
            part(recorder)


if __name__ == "__main__":
    main()
