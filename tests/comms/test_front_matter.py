"""What of a page a person reads."""

import pytest

from org.comms import front_matter


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("---\nstandup: 1\n---\n\n# Standup\n\n---\n\nwords\n", "# Standup\n\n---\n\nwords\n"),
        ("# Standup\n\n---\n", "# Standup\n\n---\n"),
        ("---\nnever closed\n", "---\nnever closed\n"),
        ("---\n---\nbare\n", "bare\n"),
        ("", ""),
    ],
)
def test_a_person_reads_the_page_and_not_its_front_matter(text: str, page: str) -> None:
    assert front_matter.without(text) == page
