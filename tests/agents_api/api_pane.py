"""`python api_pane.py FOLDER PROVIDER URL [SECONDS]`: an api agent on the scripted server, in this terminal; SECONDS: how long
it waits for another one with its conversation."""

import sys
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

import api_agent

from org.agents.api import play


def main(folder: str, provider: str, url: str, seconds: float = play.LOCK_SECONDS) -> None:
    urls = SimpleNamespace(url=url, openai_url=f"{url}/v1")
    play.run(api_agent.seat(Path(folder), provider, urls), api_agent.price, float(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
