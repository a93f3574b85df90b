"""What a load test runs with."""

from __future__ import annotations

from dataclasses import dataclass

from local.demo.site import TIMING
from local.stack import Timing

MAX_BATCH_WITHOUT_WINDOW = 10
MEGABYTE = 10**6


@dataclass(frozen=True)
class Settings:
    """What a load test runs with. Rate is in lines a second.

    The producer is held while more than `most_waiting_mb` of text wait in Firehose or, landed, for
    their COPY, or while the rows of three intervals wait for their merge: where each merge takes its
    whole interval, those of two do. `compress` is how it compresses each record, so that the stream must
    not compress objects; Firehose then counts compressed bytes.
    `buffer_mib` and `buffer_s` are the buffering hints of the delivery stream, `window_s` is the batch
    window of the load queue. `loads` are batches that load at once, `transforms` the instances of the
    transform that this machine has room for.
    """

    rate: int
    seconds: int
    buffer_mib: int
    buffer_s: int
    window_s: int
    loads: int
    transforms: int
    most_waiting_mb: int
    publish_every_s: int
    compress: str
    seed: int

    @property
    def rows_an_interval(self) -> int:
        """Rows that come between two merges."""
        return self.rate * self.publish_every_s

    def holds(self, waiting: float, not_merged: int) -> bool:
        """Whether the producer has to wait, for bytes of text not yet in staging or for rows not merged."""
        return waiting > self.most_waiting_mb * MEGABYTE or not_merged > 3 * self.rows_an_interval

    @property
    def parameters(self) -> dict[str, str]:
        """Parameters of the template."""
        without_window = {"LoadBatchFiles": str(MAX_BATCH_WITHOUT_WINDOW)} if self.window_s == 0 else {}
        return without_window | {
            "LandingCompression": "GZIP" if self.compress == "none" else "UNCOMPRESSED",
            "FirehoseBufferMiB": str(self.buffer_mib),
            "FirehoseBufferSeconds": str(self.buffer_s),
            "LoadBatchWindowSeconds": str(self.window_s),
            "LoadMaximumConcurrency": str(self.loads),
        }

    @property
    def timing(self) -> Timing:
        """Buffer and window are the template's; what fails is given up within seconds."""
        return Timing(retry_delays_s=TIMING.retry_delays_s, redelivery_s=TIMING.redelivery_s)
