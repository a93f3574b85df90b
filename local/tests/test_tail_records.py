"""What `snowline tail` makes of lines: joined, converted, compressed. Python's csv and json are the oracle."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.tests.log_writers import by_copy, by_rename_and_gzip
from local.tests.tail_agent import STREAM, Agent, Receiver, wait_until
from local.tests.test_compressed_records import GZIP, ZSTD, text_of

KILLS = 8
ROWS = 3_000
FAST = ("--poll", "50ms", "--max-delay", "20ms")
RIDES = ("--contract", "rides")
COLUMNS = ("city", "rideNumber", "fare", "pickup.lat", "pickup.zone", "tags", "note")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


def agent_of(receiver: Receiver, logs: Path, *options: str) -> Agent:
    return Agent([logs / "*.log"], logs.parent / "state", STREAM.name, receiver.environment, *FAST, *options)


def a_ride(number: int, choice: random.Random) -> dict[str, Any]:
    """What a record should become, in the contract's form."""
    city = "".join(choice.choices('äb,"\n\r\t \\;', k=choice.randint(1, 8))) + "x"
    tags = choice.choice([None, ["a", 'b"c'], []])
    has_pickup = choice.random() < 0.8
    pickup = {"lat": choice.choice([None, 53.5]), "zone": choice.choice(["HH-1", "B-2"])} if has_pickup else None
    fare = choice.choice([None, 18.45, 0.1])
    ride = {"city": city, "rideNumber": number, "fare": fare, "pickup": pickup, "tags": tags}
    return ride | ({"note": "n"} if choice.random() < 0.5 else {})


def csv_fields(ride: dict[str, Any]) -> list[str]:
    pickup = ride["pickup"] or {}
    values = [ride["city"], ride["rideNumber"], ride["fare"], pickup.get("lat"), pickup.get("zone")]
    tags = None if ride["tags"] is None else json.dumps(ride["tags"])
    return ["" if value is None else str(value) for value in (*values, tags, ride.get("note"))]


def csv_text(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def test_csv_with_a_header_a_file_survives_kills_and_rotations(receiver: Receiver, logs: Path) -> None:
    choice = random.Random(5)
    rides = [a_ride(number, choice) for number in range(ROWS)]
    path = logs / "rides.log"
    agent = agent_of(receiver, logs, *RIDES, "--from", "csv")
    share = ROWS // KILLS
    for kill in range(KILLS):
        part = rides[kill * share : (kill + 1) * share]
        if kill:
            wait_until(lambda: agent.knows(path), "a checkpoint")
        if kill in (2, 5):
            by_rename_and_gzip(path) if kill == 2 else by_copy(path)
        header = [] if path.exists() and path.stat().st_size else [list(COLUMNS)]
        agent.start()
        with path.open("ab") as file:
            file.write(csv_text(header + [csv_fields(ride) for ride in part]))
        last = part[-1]["rideNumber"]
        # Some are killed before they have taken everything, some after it.
        wanted = choice.randrange(part[0]["rideNumber"], last + 1)
        wait_until(lambda wanted=wanted: wanted in numbers(receiver), "records")
        wait_until(lambda: agent.knows(path), "a checkpoint")
        agent.kill()
    agent.once()
    came = {record["rideNumber"]: record for record in map(json.loads, receiver.lines)}
    assert came == {ride["rideNumber"]: ride for ride in rides[: share * KILLS]}


def numbers(receiver: Receiver) -> set[int]:
    return {json.loads(line)["rideNumber"] for line in list(receiver.lines)}


def test_records_of_several_lines_reach_the_contract_whole(receiver: Receiver, logs: Path) -> None:
    pattern = r"(?s)^(?<updated_at>\d+) n=(?<ride_number>\d+) (?<status>.*)$"
    texts = [f"{1000 + n} n={n} state {n}\n\tat x.y({n})\n\n\tcaused" for n in range(500)]
    (logs / "a.log").write_text("no record\n" + "\n".join(texts) + "\n")
    joined = ("--multiline-start", r"^\d+ n=", "--multiline-timeout", "200ms")
    with agent_of(receiver, logs, *RIDES, "--from", "log", "--pattern", pattern, *joined) as agent:
        wait_until(lambda: len(receiver.lines) == 1 + len(texts), "all records")
        agent.stop()
    assert receiver.lines[0] == b"no record\n"
    states = [text.partition(f"n={n} ")[2] for n, text in enumerate(texts)]
    expected = [{"updatedAt": 1000 + n, "rideNumber": n, "status": state} for n, state in enumerate(states)]
    assert [json.loads(line) for line in receiver.lines[1:]] == expected


def test_pretty_printed_json_becomes_lines(receiver: Receiver, logs: Path) -> None:
    values = [{"n": n, "deep": {"list": [1, {"x": "y"}]}} for n in range(500)]
    (logs / "a.log").write_text("".join(json.dumps(value, indent=2) + "\n" for value in values))
    agent = agent_of(receiver, logs, "--multiline-start", r"^\{")
    agent.once()
    assert [json.loads(line) for line in receiver.lines] == values


@pytest.mark.parametrize(("form", "magic"), [("gzip", GZIP), ("zstd", ZSTD)])
def test_records_are_compressed_each(logs: Path, form: str, magic: bytes) -> None:
    lines = [b'{"n":%d}\n' % n for n in range(20_000)]
    (logs / "a.log").write_bytes(b"".join(lines))
    with Receiver(text_of) as receiver:
        agent_of(receiver, logs, "--compress", form).once()
        assert receiver.lines == lines
        assert receiver.bodies and all(body.startswith(magic) for body in receiver.bodies)
