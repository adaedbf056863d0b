"""Whose account or key an agent's Codex works with. Keys stand in no file that is made here; only their names do."""

import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from org.agents.backend import Seat
from org.model.errors import ConfigError

PROGRAM = "codex"
PROVIDER = "org"  # the provider's name in config.toml when the entry names a server or a key
OPENAI = "https://api.openai.com/v1"
REMEMBERED = "person"  # in the agent's home: the person's CODEX_HOME, which only `org start` sees


@dataclass(frozen=True, slots=True)
class Login:
    """file: the person's auth.json, None when a key or nothing is needed. keys: variables that the provider reads."""

    file: Path | None
    keys: tuple[str, ...] = ()


def program(seat: Seat) -> str | None:
    """Where the codex program is; None: not on PATH."""
    return shutil.which(PROGRAM, path=seat.environment.get("PATH"))


def persons_home(seat: Seat) -> Path:
    """The person's own CODEX_HOME."""
    named = seat.environment.get("CODEX_HOME")
    remembered = seat.home / REMEMBERED
    if named is None and remembered.is_file():
        named = remembered.read_text(encoding="utf-8").strip()
    return Path(named) if named else Path(seat.environment.get("HOME") or Path.home()) / ".codex"


def persons_config(seat: Seat) -> dict[str, Any]:
    """The person's config.toml; {} when there is none. ConfigError names file and fault."""
    path = persons_home(seat) / "config.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}, from which agent {seat.agent} gets its settings, cannot be read: {error}") from error


def find(seat: Seat, config: Mapping[str, Any]) -> Login:
    """The login of this seat. config: the person's."""
    entry = seat.entry
    if entry.base_url or entry.key_env:
        return Login(None, (entry.key_env,) if entry.key_env else ())
    chosen = config.get("model_provider", "openai")
    provider = config.get("model_providers", {}).get(chosen, {})
    if chosen != "openai" and not provider.get("requires_openai_auth"):
        named = [provider.get("env_key"), *(provider.get("env_http_headers") or {}).values()]
        return Login(None, tuple(str(name) for name in named if name))
    return Login(persons_home(seat) / "auth.json")


def missing(seat: Seat, login: Login) -> list[str]:
    """What the login lacks, each with its fix."""
    unset = [name for name in login.keys if not seat.environment.get(name)]
    if unset:
        return [f"agent {seat.agent}: codex takes its key from {', '.join(unset)}, which is not set; export it, then start again"]
    if login.file is not None and not login.file.is_file():
        return [
            f"agent {seat.agent}: codex has no login (there is no {login.file}); run `codex login -c "
            "cli_auth_credentials_store=file`, or add `key_env: OPENAI_API_KEY` to its entry and export that variable"
        ]
    return []
