"""moto's S3, made safe for an object that is written and read at the same time."""

from __future__ import annotations

from moto.s3.models import FakeKey

_ETAG = FakeKey.etag.fget
_DISPOSE = FakeKey.dispose


def attach() -> None:
    """Makes reads and overwrites of an object atomic in this process, as they are in the service.

    moto closes an object's bytes when it is overwritten, also for those who still read them, and
    computes an eTag while others may read from the same buffer.
    """
    FakeKey.etag = property(_etag)
    FakeKey.dispose = _dispose_unused


def _etag(key: FakeKey) -> str:
    with key.lock:
        return _ETAG(key)


def _dispose_unused(key: FakeKey, garbage: bool = False) -> None:
    # `garbage` tells that nobody holds it any more.
    if garbage:
        _DISPOSE(key)
