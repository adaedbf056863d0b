"""`org brief` as text: one page, the newest and nearest first, everything longer behind another verb."""

from collections.abc import Iterable, Sequence

from org.comms.figures import metric, plural
from org.lab.guiding.overview import Overview, Standing
from org.lab.guiding.situation import Backlog, Situation
from org.lab.memory.lessons import Note
from org.lab.memory.tried import Group
from org.lab.verdicts import noise
from org.model.agent import Agent
from org.model.direction import Direction
from org.model.message import Message

SURFACES, LINES, NOTES, IDEAS, LETTERS, OTHERS = 12, 3, 5, 8, 5, 12


def of_junior(s: Situation, metric_name: str, direction: str) -> str:
    """The page of an agent that works on a program."""
    parts = [_title(s.agent, s.at.strftime("%Y-%m-%d %H:%M UTC")), _directions(s.directions, s.agent.name)]
    if s.program is not None:
        parts += [_program(s, metric_name, direction), _open(s), _tried(s), _notes(s.notes), _closed(s)]
    parts += [_ideas(s.ideas), _letters(s.unread), f"Next: {s.next}"]
    return "\n\n".join(part for part in parts if part)


def of_chief(o: Overview) -> str:
    """The page of the chief: what waits for it, then every program."""
    totals = f"{o.totals.proposed} proposed, {plural(o.totals.verdicts, 'verdict')}, {o.totals.merged} merged"
    parts = [
        f"{_title(o.agent, o.at.strftime('%Y-%m-%d %H:%M UTC'))}\n{'; '.join([totals, *o.spent])}",
        _directions(o.directions, o.agent.name),
        _list("Decisions due", o.due),
        *(_standing(s) for s in o.programs),
        _list("Programs that wait in the backlog (`org program open SLUG`)", o.waiting),
        _list("Briefs that nobody opened (`org program new NAME`)", o.new),
        _ideas(o.ideas), _letters(o.unread), f"Next: {o.next}",
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part)


def _title(agent: Agent, at: str) -> str:
    return f"# {agent.name} · {agent.program or agent.role} · {at}"


def _directions(found: Sequence[Direction], reader: str) -> str:
    """A person's words: the only ones on this page that are orders."""
    lines = []
    for d in found:
        waits = reader in d.unanswered
        ask = f"\n  say what you do about it: `org reply {d.letters[reader]} …`" if waits else ""
        lines.append(f"- {d.at:%m-%d %H:%M} UTC, to {d.target}: “{' '.join(d.text.split())}”{ask}")
    return "\n".join(["A person directs:", *lines]) if lines else ""


def _program(s: Situation, metric_name: str, direction: str) -> str:
    p = s.program
    assert p is not None
    head = f"{p.head_commit[:10]}, {plural(s.merges, 'merge')} since its root" if p.head_commit else "none yet"
    value = f"; {metric_name} {metric(s.noise.mean)} over {plural(s.noise.runs, 'run')}" if s.noise.mean is not None else ""
    margin = f" (not worse by more than {p.margin:g})" if p.claim == "simplify" else ""
    return "\n".join(
        [
            f"Question: {p.question} Claim: {p.claim}{margin}.",
            f"Head: {head}{value} ({direction} is better).",
            f"Noise: {noise.words(s.noise)}.",
            f"What can be seen: {noise.detectable(s.noise)}.",
            *([s.stop.words[0].upper() + s.stop.words[1:] + "."] if s.stop else []),
            *(line[0].upper() + line[1:] + "." for line in s.spent),
        ]
    )


def _open(s: Situation) -> str:
    lines = [f"- {line.words} · yours" for line in s.mine]
    lines += [f"- {line.words} · {line.author}" for line in s.others[-OTHERS:]]
    lines += [f"- {sweep}" for sweep in s.sweeps]
    return "\n".join(["Open now; do not repeat these:", *lines]) if lines else "Nothing is open now."


def _tried(s: Situation) -> str:
    if not s.groups:
        return "Nothing was decided in this program yet."
    count = sum(len(g.lines) for g in s.groups)
    shown = [_group(group) for group in s.groups[:SURFACES]]
    more = len(s.groups) - len(shown)
    rest = [f"… and {more} more: `org lessons --program {s.program.slug}`"] if more and s.program else []
    return "\n".join([f"Tried and decided ({count}), by what was worked on; `org show E…` has the page:", *shown, *rest])


def _group(group: Group) -> str:
    newest = [line.words for line in reversed(group.lines[-LINES:])]
    more = [f"{len(group.lines) - len(newest)} earlier"] if len(group.lines) > len(newest) else []
    return f"- {group.surface}: " + "; ".join([*newest, *more])


def _notes(found: Sequence[Note]) -> str:
    return _list("Lessons their authors wrote", [f"{n.experiment}, {n.by}: “{n.text}”" for n in reversed(found[-NOTES:])])


def _closed(s: Situation) -> str:
    return _list("Closed programs", [f"{c.program}: “{c.reason}”" for c in s.closed[-NOTES:]])


def _ideas(found: Sequence[Backlog]) -> str:
    lines = [
        f"{b.idea.id} {b.idea.text} ({b.idea.author}{f', in the hands of {b.holder}' if b.holder else ''})" for b in found[:IDEAS]
    ]
    more = [f"… and {len(found) - IDEAS} more: `org idea`"] if len(found) > IDEAS else []
    return _list("Ideas of the backlog (`org idea --draw N` takes one in hand)", [*lines, *more])


def _letters(found: Sequence[Message]) -> str:
    return _list(f"{plural(len(found), 'unread letter')}", [f"{m.sender}: {m.subject}" for m in found[:LETTERS]])


def _standing(s: Standing) -> str:
    p = s.program
    people = ", ".join(s.people) or "nobody"
    return "\n".join(
        [
            f"{p.slug} ({p.state.value}): {p.question}",
            f"  {people}; {s.open} open, {plural(s.merges, 'merge')}; {s.stop.words}",
            f"  {noise.words(s.noise)}",
            *(f"  {line}" for line in s.spent),
        ]
    )


def _list(title: str, lines: Iterable[str]) -> str:
    found = [f"- {line}" for line in lines]
    return "\n".join([f"{title}:", *found]) if found else ""
