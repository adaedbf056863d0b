"""Seeds are drawn by the lab, never by an agent: from a secret key, one sequence per purpose."""

import hashlib
import secrets
import sqlite3

from org.store import meta

MODULUS = 2**31 - 1


def pool_seed(con: sqlite3.Connection, slot: int) -> int:
    """The seed of a pool's slot. Candidates use the pool's seeds in the pool's order, so that pairs exist."""
    return _draw(con, "pool", slot)


def screen_seed(con: sqlite3.Connection, slot: int) -> int:
    """Of the screen's pool and its candidates; no full run has it."""
    return _draw(con, "screen", slot)


def fresh_seed(con: sqlite3.Connection, number: int) -> int:
    """A seed that selected nothing, for what is reported."""
    return _draw(con, "fresh", number)


def sweep_seed(con: sqlite3.Connection, sweep: str, number: int) -> int:
    """A sweep's own seeds: all its trials share number 0, and no pool or certificate knows it."""
    return _draw(con, f"sweep-{sweep}", number)


def curve_seed(con: sqlite3.Connection, study: str, number: int) -> int:
    """Of the base at another budget, for its compute curve."""
    return _draw(con, f"curve-{study}", number)


def noise_seed(con: sqlite3.Connection, study: str, number: int) -> int:
    """Of a study of the noise: initializations from 0, data orders further up."""
    return _draw(con, f"noise-{study}", number)


def certificate_seed(con: sqlite3.Connection, study: str, number: int) -> int:
    """Of a certificate: no run that selected anything had it."""
    return _draw(con, f"certificate-{study}", number)


def sentinel_seed(con: sqlite3.Connection, study: str, number: int) -> int:
    """Of a sentinel: the pool that it is held against does not have it."""
    return _draw(con, f"sentinel-{study}", number)


def screen_coin(con: sqlite3.Connection, experiment: str) -> float:
    """Uniform in [0, 1), the same whenever it is asked for: whether a failed screen is run in full all the same."""
    return _draw(con, f"screen-coin-{experiment}", 0) / MODULUS


def ensure_key(con: sqlite3.Connection) -> None:
    """Draw the lab's key once."""
    if meta.get(con, "seed_key") is None:
        meta.put(con, "seed_key", secrets.token_hex(16))


def _draw(con: sqlite3.Connection, purpose: str, number: int) -> int:
    digest = hashlib.sha256(f"{meta.get(con, 'seed_key')}:{purpose}:{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % MODULUS
