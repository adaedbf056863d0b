"""What the office says in its window."""

from dataclasses import replace

from played import Played


def test_a_race_is_told_when_it_begins_and_when_it_ends(played: Played) -> None:
    said: list[str] = []
    played.office = replace(played.office, say=said.append)
    made = played.change("junior-1", 0.5, lr=0.3)
    played.until(played.settled(made.id))
    mine = [line for line in said if line.startswith(f"{made.id} ")]
    assert mine[0] == f"{made.id} racing · lr = 0.3" and len(played.runs(made.id)) > 2
    assert [line.split(" ")[1] for line in mine] == ["racing", "merged"]
