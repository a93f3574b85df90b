"""The orders to convert, and the files that other measurements need of them."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.places import DATA

SEED = 1
START = "2026-03-01T00:00:00Z"
GZIP_LEVEL = 6
MEMBER_BYTES = 4 << 20


@dataclass(frozen=True)
class Orders:
    """A file of JSON lines. All of them are good: the other engines cannot read bad ones."""

    path: Path
    rows: int
    bytes: int
    sha256: str


def generate(snowline: Path, rows: int) -> Orders:
    """Writes the orders; the same bytes each time."""
    DATA.mkdir(parents=True, exist_ok=True)
    path = DATA / f"orders-{rows}.json"
    command = [snowline, "generate", "--count", rows, "--seed", SEED, "--start", START, "--bad", 0, "--to", "-"]
    with path.open("wb") as out:
        subprocess.run([str(word) for word in command], stdout=out, stderr=subprocess.DEVNULL, check=True)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Orders(path, rows, path.stat().st_size, digest)


def describe(orders: Orders) -> dict[str, int | str]:
    """What tells this input from others."""
    return {name: value for name, value in asdict(orders).items() if name != "path"}


def gzipped(orders: Orders) -> dict[str, Path]:
    """The orders in gzip files: one member, as a delivery stream writes it, and many."""
    one, many = DATA / "one-member.json.gz", DATA / "many-members.json.gz"
    with orders.path.open("rb") as lines, gzip.open(one, "wb", GZIP_LEVEL) as out:
        shutil.copyfileobj(lines, out, MEMBER_BYTES)
    with orders.path.open("rb") as lines, many.open("wb") as out:
        while part := lines.read(MEMBER_BYTES):
            out.write(gzip.compress(part, GZIP_LEVEL))
    return {"one member": one, "many members": many}


def cut(orders: Orders, piece_bytes: int) -> list[Path]:
    """The orders in files of about this size, in whole lines."""
    folder = DATA / "pieces"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    pieces = []
    with orders.path.open("rb") as lines:
        while part := lines.read(piece_bytes) + lines.readline():
            pieces.append(folder / f"piece-{len(pieces):05}.json")
            pieces[-1].write_bytes(part)
    return pieces


def fill(orders: Orders, path: Path, size: int) -> None:
    """Writes the orders again and again until the file has this size, in whole lines."""
    with path.open("wb") as out:
        while out.tell() < size:
            with orders.path.open("rb") as lines:
                # In parts: what is read at once counts as memory of every process measured later.
                while (missing := size - out.tell()) > 0 and (part := lines.read(min(missing, MEMBER_BYTES))):
                    out.write(part)
                out.write(lines.readline())
