"""Memory of failures: found by words, grouped by what was worked on, with what authors said of it."""

import json

import pytest
from played import Played

from org.lab.memory import lessons, likeness
from org.model.errors import Refused, UsageError
from org.store.tables import EVENTS

TEXTS = {
    "E1": ("Delete the logit softcap", "trainer/model.py", "capping does nothing at this size", "discarded"),
    "E2": ("Decay on the value tables", "ve_weight_decay", "rare tokens get few updates", "merged"),
    "E3": ("adam_beta1 0.8 → 0.9", "adam_beta1", "longer memory", "discarded"),
    "E4": ("A shorter memory of AdamW", "adam_beta2 0.95 → 0.9", "the softcap is not the reason", "discarded"),
}
WEIGHTS = lessons.WEIGHTS


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("softcap", ["E1", "E4"]),  # the title before the reasons
        ("soft cap on logits", ["E1", "E4"]),  # beginnings of words
        ("sofcap", ["E1", "E4"]),  # misspelled
        ("decaying value embeddings", ["E2"]),  # by stem
        ("beta1", ["E3"]),
        ("beta memory", ["E3", "E4"]),
        ("unicorn", []),
    ],
)
def test_the_likest_come_first(query: str, found: list[str]) -> None:
    assert [id for id, _ in likeness.search(query, TEXTS, WEIGHTS)] == found


def test_a_search_without_words_says_so() -> None:
    with pytest.raises(UsageError, match="give a word"):
        likeness.search("…", TEXTS, WEIGHTS)


def test_a_query_cannot_break_the_index() -> None:
    assert likeness.search('softcap" OR NEAR( * ^', TEXTS, WEIGHTS)[0][0] == "E1"


def test_titles_are_alike_by_their_words_not_their_order() -> None:
    assert likeness.titles("Scale the fit's inputs", "scale the inputs of the fit") > 0.75
    assert likeness.titles("Scale the fit's inputs", "delete the softcap") < 0.5


def test_results_and_lessons_find_what_was_tried_by_words(played: Played, say) -> None:
    wide = played.change("junior-1", -0.5, lr=0.7)
    played.until(played.settled(wide.id))
    decay = played.recipe("junior-2", "shrink the weights", decay=0.1)
    org = say(played)
    found = json.loads(org("results", "--like", "lr", "--json").output)
    assert [e["id"] for e in found] == [wide.id]
    found = json.loads(org("results", "--like", "shrinking", "--json").output)
    assert [e["id"] for e in found] == [decay.id], "what is open can be found too"
    told = json.loads(org("lessons", "--like", "lr decay", "--json").output)
    assert [line["experiment"] for line in told["found"]] == [wide.id], "only what was decided is a lesson"
    assert "nothing that was proposed speaks of 'unicorn'" in org("results", "--like", "unicorn").output


def test_lessons_stand_by_what_was_worked_on_with_their_authors_words(played: Played, say) -> None:
    for value, gain in ((0.7, -0.5), (0.3, 0.5)):
        made = played.change("junior-1", gain, lr=value)
        played.until(played.settled(made.id))
    junior = say(played, "junior-1")
    assert "kept with E1" in junior("lessons", "--note", "E1", "I was wrong because the step\nis unstable.").output
    page = junior("lessons").output
    assert "# lr: 2 tried, 1 kept" in page
    assert page.index("E2 merged +0.5") < page.index("E1 discarded -0.4") and "lr 0.2 → 0.7 · junior-1" in page
    assert "junior-1: “I was wrong because the step is unstable.”" in page
    told = json.loads(say(played)("lessons", "--program", "free", "--json").output)
    assert told["groups"][0]["surface"] == "lr" and told["notes"][0]["by"] == "junior-1"


def test_a_lesson_follows_its_verdict(played: Played) -> None:
    made = played.recipe("junior-1", lr=0.3)
    with pytest.raises(Refused, match="its verdict comes first"), played.lab.ledger.transaction() as tx:
        lessons.note(tx, made.id, "it is clear already", "junior-1", played.now())
    assert not EVENTS.count(played.lab.ledger.reader, "WHERE kind = ?", lessons.NOTED)


def test_a_closed_programs_reason_is_a_lesson(played: Played, say) -> None:
    made = played.change("junior-1", -0.5, lr=0.7)
    played.until(played.settled(made.id))
    assert played.ask("program", what="close", slug="free", reason="Steps above 0.5 diverge.").state == "done"
    page = say(played)("lessons").output
    assert "# free is closed: What helps?" in page and "“Steps above 0.5 diverge.”" in page
