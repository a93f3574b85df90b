"""Inflates a gzip file to nowhere, on one thread: `python -m bench.curves.inflate isal FILE BYTES`."""

from __future__ import annotations

import sys

from isal import igzip
from zlib_ng import gzip_ng

from bench.measure import ready

OPENERS = {"isal": igzip.open, "zlib-ng": gzip_ng.open}
BUFFER_BYTES = 1 << 20


def inflate(inflater: str, path: str) -> int:
    """Returns the number of bytes it inflated to."""
    buffer, total = bytearray(BUFFER_BYTES), 0
    with OPENERS[inflater](path, "rb") as file:
        while read := file.readinto(buffer):
            total += read
    return total


if __name__ == "__main__":
    ready()
    found, wanted = inflate(sys.argv[1], sys.argv[2]), int(sys.argv[3])
    sys.exit(0 if found == wanted else f"{found} bytes, not {wanted}")
