"""Where things are. Everything that is made lies below target/bench."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
BENCH = REPOSITORY / "target" / "bench"
DATA = BENCH / "data"
OUT = BENCH / "out"
SNOWLINE = REPOSITORY / "target" / "release" / "snowline"
ARROW_RS = BENCH / "cargo" / "release" / "bench-arrow-rs"
ARROW_RS_LOCK = REPOSITORY / "bench" / "arrow-rs" / "Cargo.lock"
