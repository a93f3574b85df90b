"""What a transaction holds while it runs, so that no other runs that needs the same."""

from __future__ import annotations

from enum import Enum


class Lane(Enum):
    """A COPY and a MERGE hold one each; any other statement that writes, and BEGIN, all of them."""

    COPY = "copy"
    MERGE = "merge"


NONE: tuple[Lane, ...] = ()
"""For a query on its own: it sees a snapshot."""

ALL = tuple(Lane)
"""In the order in which they are taken."""
