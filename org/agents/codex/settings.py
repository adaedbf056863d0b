"""An agent's config.toml: what the person's own says of models and servers, and what a pane of the lab needs.

Left out of the person's: what reaches beyond the lab (connectors, notifications, hooks), what weakens a pane's own
environment or its role, what all agents would write into at once, and what changes the screen that is read.
"""

from collections.abc import Mapping
from typing import Any

from org.agents.backend import Seat
from org.agents.codex.login import OPENAI, PROVIDER

LEFT_OUT = frozenset({
    "mcp_servers", "notify", "hooks", "plugins", "marketplaces", "apps", "projects", "shell_environment_policy", "tui",
    "sandbox_mode", "sandbox_workspace_write", "approval_policy", "permissions", "default_permissions", "profile",
    "allow_login_shell", "disable_paste_burst", "agents", "instructions", "developer_instructions",
    "model_instructions_file", "experimental_instructions_file", "compact_prompt", "sqlite_home", "log_dir",
})  # fmt: skip
FEATURES = {
    "plugins": False,
    "apps": False,
    "remote_plugin": False,
    "daemon_auto_start": False,  # a daemon runs every pane's commands in the first pane's environment
    "multi_agent": False,  # conversations beside the pane's own: no person sees them
    "goals": False,
    "image_generation": False,
}
NOTICE = {"hide_rate_limit_model_nudge": True, "hide_full_access_warning": True, "hide_world_writable_warning": True}


def merged(person: Mapping[str, Any], seat: Seat) -> dict[str, Any]:
    """The settings of one agent. person: the person's config.toml, parsed."""
    kept = {key: value for key, value in person.items() if key not in LEFT_OUT}
    ours: dict[str, Any] = {
        "check_for_update_on_startup": False,
        "cli_auth_credentials_store": "file",  # a keyring keeps one login for each CODEX_HOME
        "allow_login_shell": False,  # a login shell sets PATH anew: `org` would not be found
        **_model(seat),
        "analytics": {"enabled": False},
        "tui": {"animations": False, "notifications": False, "show_tooltips": False},
        "features": FEATURES,
        "notice": NOTICE,
        "projects": {str(path): {"trust_level": "trusted"} for path in trusted(seat)},
        "shell_environment_policy": _environment(seat),
    }
    return _over(kept, ours)


def trusted(seat: Seat) -> list[str]:
    """The folders whose trust is asked for: Codex looks up the main worktree's real path for a worktree of it."""
    paths = (seat.root, seat.root.resolve(), seat.worktree, seat.worktree.resolve())
    return list(dict.fromkeys(str(path) for path in paths))


def _model(seat: Seat) -> dict[str, Any]:
    entry = seat.entry
    chosen: dict[str, Any] = {"model": entry.model} if entry.model else {}
    if entry.base_url or entry.key_env:
        provider = {"name": PROVIDER, "base_url": entry.base_url or OPENAI, "wire_api": "responses"}
        if entry.key_env:
            provider["env_key"] = entry.key_env
        chosen |= {"model_provider": PROVIDER, "model_providers": {PROVIDER: provider}}
    return chosen


def _environment(seat: Seat) -> dict[str, Any]:
    """What the agent's commands see: its pane's environment without keys, and surely its own name and no device."""
    return {
        "inherit": "all",
        "ignore_default_excludes": False,  # names with KEY, SECRET or TOKEN stay out
        "set": {"ORG_AGENT": seat.agent, "ORG_LAB": seat.lab, "CUDA_VISIBLE_DEVICES": ""},
    }


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """above laid over below, table by table."""
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        result[key] = _over(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result
