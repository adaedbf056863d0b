"""A claim without an experiment, a run or a commit is marked; honest sentences of other kinds are not."""

import pytest

from org.comms import claims

KNOWN = {"E1", "E12", "E41", "R7", "S3", "4f2c9d1"}


def marked(text: str) -> str:
    return claims.marked(text, KNOWN.__contains__)


@pytest.mark.parametrize(
    "sentence",
    [
        "Halving the windows improved the loss.",
        "Decay on the value tables helps.",
        "Muon's momentum 0.95 is clearly better.",
        "val_bpb went down to 1.0213.",
        "We now stand at 0.974 bpb.",
        "Windows: +0.004.",
        "The windows gave −0.0031, so I left them.",
        "GELU was 12 % slower.",
        "It trains 1.3x faster with the fused kernel.",
        "The effect was 2.4σ.",
        "Removing the softcap had no effect.",
        "QK norm reduced the validation loss a lot.",
        "Throughput rose by a third.",
        "It gained 0.004, next I will try the ablation.",
        "E999 improved the loss by 0.01.",  # no such experiment
        "Commit deadbee1 is faster.",
        "Everything I tried today hurt.",
        "After warmup the run with batch ramp diverged.",
        "The longer documents first beat the baseline by 3 sigmas.",
    ],
)
def test_a_claim_that_names_nothing_is_marked(sentence: str) -> None:
    assert marked(sentence) == f"{sentence} {claims.MARK}"


@pytest.mark.parametrize(
    "sentence",
    [
        "E12 improved the loss by 0.004.",
        "R7 reached a val_bpb of 1.0213.",
        "S3 says that the gain of 0.004 holds.",
        "With 4f2c9d1 the loss fell to 2.05.",
        "Next I will halve the windows; I predict +0.004.",
        "I expect a gain of about 0.004, and no change of the training loss.",
        "If the windows help, the loss falls by 0.01.",
        "Does decay help at depth 8?",
        "I set the learning rate to 0.02.",
        "lr 0.02 → 0.05 is racing now.",
        "The noise of one run is 0.0021 bpb.",
        "Smaller gains than 0.002 cannot be seen.",
        "Two experiments are open and one waits for a device.",
        "I lost an hour to a broken import.",
        "Blocked by nothing.",
        "Nothing was decided since the last standup.",
        "Muennighoff et al. report that repeats are 40 % worse after 16 epochs.",
        "knowledge/data.md says that curricula helped at 1 B tokens.",
        "Three of my four were discarded.",
        "3 more experiments are waiting for review.",
        "I read 20 % more of the code than yesterday.",
        "It is better to wait for the ablation.",
        "Then the next untried value in the space of free.",
        "No race ended since 2030-01-01 09:00 UTC.",
        "At 09:30 my worktree was clean, e.g. nothing was uncommitted.",
        "A loss weight of 0.1 comes next.",
        "My pane was taken over for 2.5 hours.",
        "An improved schedule is my next idea.",
        "What would refute it: a training loss that rises by 0.01.",
        "**Next.** E41 (lr 0.1 → 0.2) is racing: better, by about 0.004; then the next untried value in the space of free.",
        "4 races ended since 2030-01-01 09:00 UTC; 1 of them entered a head.",
    ],
)
def test_what_names_its_run_or_claims_nothing_is_left_alone(sentence: str) -> None:
    assert marked(sentence) == sentence


def test_what_follows_a_named_result_speaks_of_it() -> None:
    text = "E12 halved the windows. It improved the loss by 0.004. The gain was 2σ."
    assert marked(text) == text
    other = "E12 halved the windows. Muon's momentum helped too. It gained 0.004."
    assert marked(other) == other.replace("too.", f"too. {claims.MARK}").replace("0.004.", f"0.004. {claims.MARK}")


def test_items_under_a_line_or_heading_that_names_are_covered_and_others_are_not() -> None:
    text = "E12 showed two things:\n\n- the loss fell by 0.004\n- GELU was 12 % slower\n\n## E41\n\nThe windows helped."
    assert marked(text) == text
    bare = "Two things:\n- the loss fell by 0.004\n- E12 is racing"
    assert marked(bare) == f"Two things:\n- the loss fell by 0.004 {claims.MARK}\n- E12 is racing"


def test_a_sentence_over_two_lines_is_one_and_decimals_end_none() -> None:
    assert marked("The windows gained 0.004\nin E12.") == "The windows gained 0.004\nin E12."
    text = "I read the log.\nThe windows helped\na lot. E12 is next."
    assert marked(text) == text.replace("a lot.", f"a lot. {claims.MARK}")


def test_code_and_a_table_keep_their_form() -> None:
    code = "```\nloss 2.05\nval_bpb 1.02\n```"
    assert marked(code) == code
    assert marked("| change | gain |\n|---|---|\n| E12 | +0.004 |\n| windows | +0.003 |").splitlines()[2:] == [
        "| E12 | +0.004 |", f"| windows | +0.003 {claims.MARK} |",
    ]  # fmt: skip


def test_marks_come_off_again() -> None:
    text = "The windows helped. So did GELU.\n\n- it was 12 % slower"
    assert claims.MARK in marked(text) and claims.unmarked(marked(text)) == text


ENDLESS = {"digits": "1" * 50_000, "dots": "." * 50_000, "a.": "a. " * 20_000, "fell": "the loss " * 9_000 + "fell " * 5_000,
           "-.1": "-.1" * 20_000}  # fmt: skip


@pytest.mark.parametrize("kind", ENDLESS)
def test_long_text_of_any_kind_is_read_in_a_moment(kind: str) -> None:
    """Quadratic steps would take minutes here."""
    assert claims.unmarked(marked(ENDLESS[kind])) == ENDLESS[kind]
