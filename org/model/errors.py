"""Every error a person can meet: one tree, each with the value and the way out in its message."""


class OrgError(Exception):
    """Base of all errors that are told to a person in one line; exit code 1."""

    exit_code = 1


class UsageError(OrgError):
    """The command line or a value on it is wrong; exit code 2."""

    exit_code = 2


class ConfigError(OrgError):
    """config.yaml, a role, a brief or a prompt is wrong; exit code 2. Several findings share one error."""

    exit_code = 2


class LedgerError(OrgError):
    """The ledger is missing, locked, damaged, or of a newer version."""


class IllegalMove(OrgError):
    """A state machine was asked for a transition that it does not have."""


class Refused(OrgError):
    """The lab declines a request and says why (a proposal, a merge, a command)."""


class WorkspaceError(OrgError):
    """git said no, or a folder is not what it should be."""


class TerminalError(OrgError):
    """tmux is missing, too old, or said no."""


class DeviceError(OrgError):
    """No device, or a device that cannot be leased."""


class DiskFull(OrgError):
    """Less free space than limits.min_free_gb; nothing was written."""
