"""Drawings as PNG, by resvg: the one door to it. It is an extra, because only pictures for elsewhere need it."""

import struct
import zlib
from functools import cache
from typing import Any

from org.model.errors import OrgError
from org.plots.svg import MADE_BY

INSTALL = 'PNG needs one more package: pip install "research-org[plots]"; --to FILE.svg needs none'
NO_FONTS = "this machine has no fonts, so a PNG would have no words: install one (fonts-dejavu-core), or use --to FILE.svg"
_WORD = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">{}</svg>'


def of(svg: str, scale: float = 2.0) -> bytes:
    """The picture at `scale` pixels per unit. OrgError when resvg, or every font, is missing."""
    renderer = _renderer()
    if not _has_fonts():
        raise OrgError(NO_FONTS)
    return _signed(bytes(renderer.svg_to_bytes(svg_string=svg, zoom=scale)))


def _signed(content: bytes) -> bytes:
    """With a tEXt chunk after the header (which ends at byte 33) that says who drew it."""
    body = b"tEXt" + b"Software\0" + MADE_BY.encode("latin-1")
    return content[:33] + struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body)) + content[33:]


def _renderer() -> Any:
    try:
        import resvg_py
    except ImportError as error:
        raise OrgError(INSTALL) from error
    return resvg_py


@cache
def _has_fonts() -> bool:
    """resvg leaves words out silently where there is no font."""
    word, nothing = (_renderer().svg_to_bytes(svg_string=_WORD.format(text)) for text in ('<text y="15">word</text>', ""))
    return bytes(word) != bytes(nothing)
