"""What a person wrote: the config, roles and prompts; and whether a key stands in them, or git would keep the lab's folders."""

from collections.abc import Iterator

from org.agents import briefing
from org.lab import prompts
from org.lab.doctor.finding import Finding, ok, problem, warning
from org.lab.doctor.subject import Subject
from org.model.errors import ConfigError
from org.store import secrets
from org.store.layout import Layout
from org.workspace.git import Git


def examine(subject: Subject) -> Iterator[Finding]:
    """Config, roles, keys, ignored folders."""
    for said in subject.trouble:
        yield problem("config", said, "correct it, then run `org doctor` again")
    if subject.config is None:
        if not subject.trouble:
            yield warning("config", "there is no lab here", "`org init .` makes one")
        return
    yield ok("config", f"{subject.config_file}: lab {subject.config.lab}")
    yield from _roles(subject)
    yield from _keys(subject)
    if subject.layout is not None:
        Git(subject.layout.root).require()
        yield from _ignored(subject.layout)


def _roles(subject: Subject) -> Iterator[Finding]:
    assert subject.config is not None
    names = list(dict.fromkeys(agent.role for agent in subject.config.agents))
    broken = 0
    for name in names:
        try:
            briefing.role(subject.roles, name, prompts.variables(subject.config, "agent"))
        except ConfigError as error:
            broken += 1
            yield problem("roles", str(error), f"correct the file, or name another role in {subject.config_file}")
    if not broken:
        yield ok("roles", f"{', '.join(names)} in {subject.roles}")


def _keys(subject: Subject) -> Iterator[Finding]:
    """A key in a file that git keeps or every agent reads. Only the file is named."""
    files = [*([subject.config_file] if subject.config_file else []), *subject.roles.glob("*.md"), *subject.prompts.rglob("*.md")]
    known = secrets.of(subject.environ)
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace")
        if secrets.conceal(text, known) != text:
            yield problem("keys", f"a key stands in {file}", "take it out, revoke it, and name its variable with `key_env`")


def _ignored(layout: Layout) -> Iterator[Finding]:
    git = Git(layout.root)
    inside = [folder for folder in (layout.comms, layout.worktrees) if folder.is_relative_to(layout.root)]
    kept = [folder for folder in inside if git.ask("check-ignore", "--quiet", str(folder / "x")).code != 0]
    for folder in kept:
        name = folder.relative_to(layout.root).as_posix()
        says = f"{name}/ is not ignored: `git add -A` would keep what the lab writes"
        yield warning("git", says, f"echo '/{name}/' >> .gitignore")
