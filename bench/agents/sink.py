"""An HTTP server that takes what agents send and counts the lines, as fast as Python can.

    python -m bench.agents.sink PORT_FILE TOTAL_FILE

Writes its port to the one file, and to the other, whenever it has changed, how many lines it was
sent. It answers PutRecordBatch as Firehose does when it takes every record, says of its stream that
it does not compress, and answers everything else with 200.
"""

from __future__ import annotations

import asyncio
import binascii
import json
import re
import sys
import zlib
from pathlib import Path

import pyarrow

PUT = b"x-amz-target: firehose_20150804.putrecordbatch"
DESCRIBE = b"x-amz-target: firehose_20150804.describedeliverystream"
S3 = {"BucketARN": "arn:aws:s3:::bench", "RoleARN": "arn:aws:iam::123456789012:role/bench",
      "CompressionFormat": "UNCOMPRESSED"}
STREAM = {
    "DeliveryStreamName": "bench", "DeliveryStreamARN": "arn:aws:firehose:us-east-1:123456789012:deliverystream/bench",
    "DeliveryStreamStatus": "ACTIVE", "DeliveryStreamType": "DirectPut", "VersionId": "1", "HasMoreDestinations": False,
    "Destinations": [{"DestinationId": "destinationId-000000000001", "ExtendedS3DestinationDescription": S3}],
}
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
DATA = re.compile(rb'"Data" *: *"([^"]*)"')
REPORT_S = 0.02


class Sink:
    """Lines so far, of all connections."""

    def __init__(self) -> None:
        self.lines = 0

    def answer(self, head: bytes, body: bytes) -> bytes:
        """Counts the lines of a request and says what is answered."""
        head = head.lower()
        if DESCRIBE in head:
            return json.dumps({"DeliveryStreamDescription": STREAM}).encode()
        if PUT not in head:
            self.lines += body.count(b"\n")
            return b""
        records = DATA.findall(body)
        self.lines += sum(text(binascii.a2b_base64(record)).count(b"\n") for record in records)
        taken = [{"RecordId": str(number)} for number in range(len(records))]
        return json.dumps({"FailedPutCount": 0, "Encrypted": False, "RequestResponses": taken}).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers requests until the agent hangs up."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                found = LENGTH.search(head)
                if b"expect: 100-continue" in head.lower():
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = await reader.readexactly(int(found[1]) if found else 0)
                answer = self.answer(head, body)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\n")
                writer.write(b"Content-Length: %d\r\n\r\n" % len(answer) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def text(record: bytes) -> bytes:
    """A record as it was before it was compressed, if it was."""
    if record.startswith(b"\x1f\x8b"):
        return zlib.decompress(record, zlib.MAX_WBITS | 16)
    if record.startswith(b"\x28\xb5\x2f\xfd"):
        return pyarrow.input_stream(pyarrow.BufferReader(record), compression="zstd").read()
    return record


async def main(port_file: Path, total_file: Path) -> None:
    """Serves until it is ended."""
    sink = Sink()
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0, limit=8 << 20)
    port_file.write_text(str(server.sockets[0].getsockname()[1]))
    reported = -1
    while True:
        if sink.lines != reported:
            reported = sink.lines
            total_file.write_text(str(reported))
        await asyncio.sleep(REPORT_S)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
