"""The letters that belong together: what a message answers, itself, and the answers to it."""

from collections.abc import Sequence

from org.model.message import Message


def thread_of(message: Message, known: Sequence[Message]) -> list[Message]:
    """Oldest first, of those that are known."""
    by_id = {m.id: m for m in known} | {message.id: message}
    first, seen = message, {message.id}
    while first.reply_to in by_id and first.reply_to not in seen:  # letters of others may answer each other in a circle
        first = by_id[first.reply_to]
        seen.add(first.id)
    found, rest = [first], [m for m in by_id.values() if m.id != first.id]
    for m in sorted(rest, key=lambda m: (m.sent_at, m.id)):
        if m.reply_to in {other.id for other in found}:
            found.append(m)
    return found
