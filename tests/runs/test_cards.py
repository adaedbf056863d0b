"""Who computes on a run's cards beside it, and their energy; cards and driver are stand-ins."""

from org.runs import validity
from org.runs.cards import Watch
from org.runs.gpus import Gpu, Reading


class Cards:
    """NVML's answers, one a look."""

    def __init__(self, *looks: tuple[Gpu, ...]) -> None:
        self.looks = list(looks)

    def __call__(self) -> Reading:
        return Reading(self.looks.pop(0))


def looked(device: str, ours: set[int], *looks: tuple[Gpu, ...]) -> Watch:
    watch = Watch(device, Cards(*looks))
    for _ in looks:
        watch._next = 0.0
        watch.look(lambda: ours)
    return watch


def test_a_second_process_on_a_card_of_the_run_is_named() -> None:
    alone = (Gpu(0, "H100", processes=(11,)), Gpu(1, "H100", processes=(12,)), Gpu(2, "H100", processes=(77,)))
    with_company = (Gpu(0, "H100", processes=(11, 99)), Gpu(1, "H100", processes=(12,)))
    assert looked("cuda:0-1", {11, 12}, alone).told() == {}, "the third card is somebody else's"
    assert looked("cuda:0-1", {11, 12}, alone, with_company).told() == {"strangers": [99]}


def test_numbers_of_a_host_that_we_do_not_see_accuse_nobody() -> None:
    assert looked("cuda:0", {11}, (Gpu(0, "H100", processes=(40_011, 40_012)),)).told() == {}


def test_energy_is_the_difference_over_all_cards_of_the_run() -> None:
    first = (Gpu(0, "H100", energy_mj=1_000_000), Gpu(1, "H100", energy_mj=5_000), Gpu(2, "H100", energy_mj=7))
    last = (Gpu(0, "H100", energy_mj=1_250_000), Gpu(1, "H100", energy_mj=55_000), Gpu(2, "H100", energy_mj=9))
    assert looked("cuda:0-1", set(), first, last).told() == {"energy_joules": 300.0}
    assert looked("cuda:0", set(), (Gpu(0, "old card"),)).told() == {}


def test_a_processor_slot_asks_no_driver() -> None:
    watch = Watch("cpu:0", Cards())
    watch.look(lambda: set())
    assert watch.told() == {}


def test_a_run_with_company_on_its_card_does_not_count() -> None:
    assert validity.objection({"strangers": [99]}, {}, 0, "1step") == "process 99 computed on its card meanwhile"
