"""Refuses Parquet that Snowflake cannot be relied on to read: v2 data pages, DELTA encodings.

The file's footer lists the encodings of each column chunk but not the kind of its pages, so the
page headers themselves are read (Thrift's compact protocol).
"""

from __future__ import annotations

import pyarrow.parquet as pq

ENCODINGS = {"PLAIN", "PLAIN_DICTIONARY", "RLE_DICTIONARY", "RLE", "BIT_PACKED"}
"""RLE and BIT_PACKED encode levels and dictionary indices."""

CODECS = {"UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "BROTLI", "LZO"}

_DATA_PAGE, _INDEX_PAGE, _DICTIONARY_PAGE = 0, 1, 2
_TYPE, _COMPRESSED_SIZE = 1, 3
_STOP, _TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = (
    0, 1, 2, 3, 7, 8, 9, 10, 11, 12,
)


class UnsupportedPages(Exception):
    """The file is Parquet, but not of the kind Snowflake reads."""


def check(data: bytes, metadata: pq.FileMetaData) -> None:
    """Raises `UnsupportedPages` unless every page is v1 and PLAIN or dictionary encoded."""
    for group in range(metadata.num_row_groups):
        for index in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(index)
            if unknown := set(chunk.encodings) - ENCODINGS:
                raise UnsupportedPages(f"column {chunk.path_in_schema} is encoded {sorted(unknown)}")
            if chunk.compression not in CODECS:
                raise UnsupportedPages(f"column {chunk.path_in_schema} is {chunk.compression}")
            start = chunk.data_page_offset
            if chunk.dictionary_page_offset:
                start = min(start, chunk.dictionary_page_offset)
            _check_chunk(data, start, start + chunk.total_compressed_size, chunk.path_in_schema)


def _check_chunk(data: bytes, position: int, end: int, column: str) -> None:
    while position < end:
        header = _Header(data, position)
        fields = header.struct()
        if fields.get(_TYPE) not in (_DATA_PAGE, _INDEX_PAGE, _DICTIONARY_PAGE):
            raise UnsupportedPages(f"column {column} has data pages of version 2")
        position = header.position + fields[_COMPRESSED_SIZE]


class _Header:
    """Reads one page header, keeping the top-level integers."""

    def __init__(self, data: bytes, position: int) -> None:
        self.data = data
        self.position = position

    def struct(self) -> dict[int, int]:
        fields: dict[int, int] = {}
        field = 0
        while True:
            byte = self._byte()
            kind = byte & 0x0F
            if kind == _STOP:
                return fields
            field = field + (byte >> 4) if byte >> 4 else self._zigzag()
            if _BYTE < kind < _DOUBLE:
                fields[field] = self._zigzag()
            else:
                self._skip(kind)

    def _skip(self, kind: int) -> None:
        if kind in (_TRUE, _FALSE):
            return
        if kind == _BYTE:
            self.position += 1
        elif kind < _DOUBLE:
            self._varint()
        elif kind == _DOUBLE:
            self.position += 8
        elif kind == _BINARY:
            size = self._varint()
            self.position += size
        elif kind in (_LIST, _SET):
            self._skip_list()
        elif kind == _STRUCT:
            self.struct()
        else:
            raise UnsupportedPages("a page header cannot be read")

    def _skip_list(self) -> None:
        byte = self._byte()
        size = byte >> 4
        if size == 15:
            size = self._varint()
        for _ in range(size):
            if byte & 0x0F in (_TRUE, _FALSE):
                self.position += 1
            else:
                self._skip(byte & 0x0F)

    def _byte(self) -> int:
        self.position += 1
        return self.data[self.position - 1]

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
