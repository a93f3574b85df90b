"""Programs that write log files, and what rotates them, as `snowline tail` meets them."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

BURST_LINES = 20
PAUSE_S = 0.25
HALF_LINE_SHARE = 0.2
HALF_LINE_PAUSE_S = 0.02
ROTATION_LINES = (30, 200)
KEPT = 200


class Writer:
    """Appends lines to one file in bursts, sometimes half a line first, and lets it be rotated.

    `rotate` gets the path between two lines, so that nothing is written meanwhile; the writer opens the
    path anew after it. It is called only while `may_rotate` says so. `generations` holds the lines of
    each content of the file, in order.
    """

    def __init__(
        self,
        path: Path,
        lines: Iterator[bytes],
        rotate: Callable[[Path], None],
        may_rotate: Callable[[Path], bool],
        choice: random.Random,
    ) -> None:
        self.path = path
        self.generations: list[list[bytes]] = [[]]
        self._lines, self._rotate, self._may_rotate, self._choice = lines, rotate, may_rotate, choice

    @property
    def written(self) -> list[bytes]:
        """Every line, in order."""
        return [line for lines in self.generations for line in lines]

    def run(self, over: threading.Event) -> None:
        """Writes until `over`, or until there are no more lines."""
        choice = self._choice
        until_rotation = choice.randint(*ROTATION_LINES)
        file = self.path.open("ab", buffering=0)
        while not over.wait(choice.uniform(0, PAUSE_S)):
            burst = [line for line, _ in zip(self._lines, range(choice.randint(1, BURST_LINES)), strict=False)]
            if not burst:
                break
            self._write(file.fileno(), b"".join(burst), over)
            self.generations[-1] += burst
            until_rotation -= len(burst)
            if until_rotation <= 0 and self._may_rotate(self.path):
                self._rotate(self.path)
                self.generations.append([])
                file.close()
                file = self.path.open("ab", buffering=0)
                until_rotation = choice.randint(*ROTATION_LINES)
        file.close()

    def _write(self, file: int, data: bytes, over: threading.Event) -> None:
        if self._choice.random() < HALF_LINE_SHARE:
            half = self._choice.randrange(len(data))
            os.write(file, data[:half])
            over.wait(HALF_LINE_PAUSE_S)
            data = data[half:]
        os.write(file, data)


def by_rename(path: Path) -> None:
    """Rotates as logrotate does with `create`."""
    _make_room(path)
    path.rename(_rotated(path, 1))


def by_rename_and_gzip(path: Path) -> None:
    """Rotates as logrotate does with `create` and `compress`."""
    by_rename(path)
    _compress(_rotated(path, 1))


def by_rename_and_late_gzip(path: Path) -> None:
    """Rotates as logrotate does with `create`, `compress` and `delaycompress`."""
    by_rename(path)
    if (previous := _rotated(path, 2)).exists():
        _compress(previous)


def by_copy(path: Path) -> None:
    """Rotates as logrotate does with `copytruncate`."""
    _make_room(path)
    shutil.copy2(path, _rotated(path, 1))
    os.truncate(path, 0)


def by_copy_and_gzip(path: Path) -> None:
    """Rotates as logrotate does with `copytruncate` and `compress`."""
    by_copy(path)
    _compress(_rotated(path, 1))


def _rotated(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _make_room(path: Path) -> None:
    """Gives what was rotated before the next number, the oldest first."""
    for number in range(KEPT, 0, -1):
        for ending in ("", ".gz"):
            old = path.with_name(f"{path.name}.{number}{ending}")
            if old.exists():
                old.rename(path.with_name(f"{path.name}.{number + 1}{ending}"))


def _compress(path: Path) -> None:
    """Compresses as gzip does: the file goes when the compressed one is there."""
    compressed = path.with_name(f"{path.name}.gz")
    with path.open("rb") as source, gzip.open(compressed, "wb") as target:
        shutil.copyfileobj(source, target)
    path.unlink()
