"""The command that prepares a task gets the way to the network; nothing else of the lab's environment reaches it."""

from pathlib import Path

import pytest
from laboratory import make

ASKED = 'prepare: "sh -c \\"env > {data}/env\\""\n  fingerprint'


def test_the_preparation_knows_the_way_to_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"HTTPS_PROXY": "http://proxy.invalid:1", "TRAINER_MIRROR": "http://mirror.invalid", "SOME_API_KEY": "secret"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    laboratory = make(tmp_path, configure=lambda text: text.replace("fingerprint", ASKED, 1))
    told = dict(line.partition("=")[::2] for line in (laboratory.lab.layout.data / "env").read_text().splitlines())
    laboratory.lab.ledger.close()
    assert {name: told.get(name) for name in given} == given | {"SOME_API_KEY": None}
