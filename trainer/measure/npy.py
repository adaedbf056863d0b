"""Arrays as .npy files: one that is whole in memory, and one that is written as it comes."""

import io
import os
from pathlib import Path
from typing import IO

import numpy


def content(array: numpy.ndarray) -> bytes:
    """The file's bytes."""
    buffer = io.BytesIO()
    numpy.save(buffer, array)
    return buffer.getvalue()


class Growing:
    """One dimension, appended to while nobody knows how long it will be; after `close` the bytes that numpy.save writes."""

    def __init__(self, path: Path, dtype: type) -> None:
        self.path, self.count, self._dtype = path, 0, numpy.dtype(dtype)
        self._file: IO[bytes] = path.open("wb")
        self._begin = self._header()

    def append(self, values: numpy.ndarray) -> None:
        """Add at the end."""
        self._file.write(numpy.ascontiguousarray(values, dtype=self._dtype).tobytes())
        self.count += len(values)

    def close(self) -> None:
        """Say how many there are, and flush to the disk."""
        self._file.seek(0)
        if self._header() != self._begin:
            raise AssertionError("numpy writes headers of changing size")  # it leaves room for 21 digits since 1.24
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def _header(self) -> int:
        described = {"descr": numpy.lib.format.dtype_to_descr(self._dtype), "fortran_order": False, "shape": (self.count,)}
        numpy.lib.format.write_array_header_1_0(self._file, described)
        return self._file.tell()
