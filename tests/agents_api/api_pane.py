"""`python api_pane.py FOLDER PROVIDER URL`: an api agent on the scripted server, in this terminal."""

import sys
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

import api_agent

from org.agents.api import play


def main(folder: str, provider: str, url: str) -> None:
    urls = SimpleNamespace(url=url, openai_url=f"{url}/v1")
    play.run(api_agent.seat(Path(folder), provider, urls), api_agent.price)


if __name__ == "__main__":
    main(*sys.argv[1:])
