#!/usr/bin/env python3
# make.py - writes the Avro files here that no Iceberg library writes: version 3, and hostile ones.
# SPDX-License-Identifier: Apache-2.0
# usage: python3 make.py      (needs nothing but Python; its output is committed beside it)
import json
import os
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
SYNC = b"0123456789abcdef"


def number(n):
    n = ((n << 1) ^ (n >> 63)) & ((1 << 64) - 1)
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def text(s):
    s = s.encode() if isinstance(s, str) else s
    return number(len(s)) + s


def encode(schema, value):
    """The value as Avro's binary encoding of the schema."""
    if isinstance(schema, list):
        at = schema.index("null") if value is None else next(i for i, s in enumerate(schema) if s != "null")
        return number(at) + encode(schema[at], value)
    kind = schema if isinstance(schema, str) else schema["type"]
    if kind == "null":
        return b""
    if kind in ("int", "long"):
        return number(value)
    if kind in ("string", "bytes"):
        return text(value)
    if kind == "boolean":
        return bytes([value])
    if kind == "record":
        return b"".join(encode(f["type"], value.get(f["name"])) for f in schema["fields"])
    if kind == "array":
        items = b"".join(encode(schema["items"], v) for v in value)
        # counted with its size, as Java writes long arrays
        return (number(-len(value)) + number(len(items)) + items if value else b"") + number(0)
    raise ValueError(kind)


def snappy(data):
    """Literals only, and Avro's checksum behind them."""
    n, length = len(data), b""
    while n > 0x7F:
        length, n = length + bytes([n & 0x7F | 0x80]), n >> 7
    literal = b"\xf4" + (len(data) - 1).to_bytes(2, "little") + data if data else b""
    return length + bytes([n]) + literal + zlib.crc32(data).to_bytes(4, "big")


def zstandard(data):
    """One frame of raw blocks of up to 100 bytes."""
    blocks = [data[i : i + 100] for i in range(0, len(data), 100)]
    heads = [(len(b) << 3 | (i == len(blocks) - 1)).to_bytes(3, "little") for i, b in enumerate(blocks)]
    frame = b"\x28\xb5\x2f\xfd\xa0" + len(data).to_bytes(4, "little")
    return frame + b"".join(h + b for h, b in zip(heads, blocks))


def container(schema, blocks, codec="null", meta=None, sizes=None):
    """blocks: (count, bytes).  sizes: what the blocks claim to be long, where that is not the truth."""
    schema = schema if isinstance(schema, bytes) else json.dumps(schema).encode()
    header = {"avro.schema": schema, "avro.codec": codec.encode(), **(meta or {})}
    out = b"Obj\x01" + number(len(header))
    for key, value in header.items():
        out += text(key) + text(value)
    out += number(0) + SYNC
    for i, (count, data) in enumerate(blocks):
        if codec == "deflate":
            z = zlib.compressobj(9, zlib.DEFLATED, -15)
            data = z.compress(data) + z.flush()
        elif codec in PACK:
            data = PACK[codec](data)
        out += number(count) + number(sizes[i] if sizes else len(data)) + data + SYNC
    return out


PACK = {"snappy": snappy, "zstandard": zstandard}


def field(name, field_id, kind, optional=False):
    f = {"name": name, "type": ["null", kind] if optional else kind, "field-id": field_id}
    if optional:
        f["default"] = None
    return f


SUMMARY = {"type": "record", "name": "r508", "fields": [
    field("contains_null", 509, "boolean"), field("contains_nan", 518, "boolean", True),
    field("lower_bound", 510, "bytes", True), field("upper_bound", 511, "bytes", True)]}
LIST3 = {"type": "record", "name": "manifest_file", "fields": [
    field("manifest_path", 500, "string"), field("manifest_length", 501, "long"), field("partition_spec_id", 502, "int"),
    field("content", 517, "int"), field("sequence_number", 515, "long"), field("min_sequence_number", 516, "long"),
    field("added_snapshot_id", 503, "long"), field("added_files_count", 504, "int"), field("existing_files_count", 505, "int"),
    field("deleted_files_count", 506, "int"), field("added_rows_count", 512, "long"), field("existing_rows_count", 513, "long"),
    field("deleted_rows_count", 514, "long"),
    field("partitions", 507, {"type": "array", "items": SUMMARY, "element-id": 508}, True),
    field("key_metadata", 519, "bytes", True), field("first_row_id", 520, "long", True)]}
COUNTS = {"type": "array", "logicalType": "map", "items": {"type": "record", "name": "k117_v118", "fields": [
    field("key", 117, "int"), field("value", 118, "long")]}}
ENTRY3 = {"type": "record", "name": "manifest_entry", "fields": [
    field("status", 0, "int"), field("snapshot_id", 1, "long", True), field("sequence_number", 3, "long", True),
    field("file_sequence_number", 4, "long", True),
    field("data_file", 2, {"type": "record", "name": "r2", "fields": [
        field("content", 134, "int"), field("file_path", 100, "string"), field("file_format", 101, "string"),
        field("partition", 102, {"type": "record", "name": "r102", "fields": [field("day", 1000, {"type": "int", "logicalType": "date"}, True)]}),
        field("record_count", 103, "long"), field("file_size_in_bytes", 104, "long"), field("column_sizes", 108, COUNTS, True),
        field("key_metadata", 131, "bytes", True), field("split_offsets", 132, {"type": "array", "items": "long", "element-id": 133}, True),
        field("sort_order_id", 140, "int", True), field("first_row_id", 142, "long", True),
        field("referenced_data_file", 143, "string", True), field("content_offset", 144, "long", True),
        field("content_size_in_bytes", 145, "long", True)]})]}

manifests = [
    {"manifest_path": "s3://b/m1.avro", "manifest_length": 7, "partition_spec_id": 2, "content": 0, "sequence_number": 5,
     "min_sequence_number": 4, "added_snapshot_id": 9, "added_files_count": 1, "existing_files_count": 2, "deleted_files_count": 3,
     "added_rows_count": 10, "existing_rows_count": 20, "deleted_rows_count": 30,
     "partitions": [{"contains_null": False, "lower_bound": b"\0", "upper_bound": b"\1"}, {"contains_null": True}],
     "key_metadata": b"k", "first_row_id": 1000},
    {"manifest_path": "s3://b/m2.avro", "manifest_length": 1 << 40, "partition_spec_id": 0, "content": 1, "sequence_number": 6,
     "min_sequence_number": 6, "added_snapshot_id": 10, "added_files_count": 0, "existing_files_count": 0, "deleted_files_count": 0,
     "added_rows_count": 0, "existing_rows_count": 0, "deleted_rows_count": 0, "partitions": []}]
entries = [
    {"status": 1, "snapshot_id": 9, "data_file": {"content": 0, "file_path": "s3://b/1.parquet", "file_format": "PARQUET",
     "partition": {"day": 17}, "record_count": 100, "file_size_in_bytes": 5000,
     "column_sizes": [{"key": 1, "value": 2}, {"key": 2, "value": 3}], "split_offsets": [4, 1000], "sort_order_id": 1, "first_row_id": 1000}},
    {"status": 0, "snapshot_id": 8, "sequence_number": 3, "file_sequence_number": 3, "data_file": {"content": 1,
     "file_path": "s3://b/dv.puffin", "file_format": "PUFFIN", "partition": {}, "record_count": 2, "file_size_in_bytes": 99,
     "referenced_data_file": "s3://b/1.parquet", "content_offset": 4, "content_size_in_bytes": 40}},
    {"status": 2, "data_file": {"content": 2, "file_path": "s3://b/\u00e9q.avro", "file_format": "AVRO", "partition": {},
     "record_count": 1, "file_size_in_bytes": 9, "split_offsets": []}}]


def rows(schema, values):
    return [(len(values), b"".join(encode(schema, v) for v in values))]


def record(kind):
    return {"type": "record", "name": "r", "fields": [{"name": "a", "type": kind}]}


def without_ids(schema):
    if isinstance(schema, dict):
        return {k: without_ids(v) for k, v in schema.items() if not k.endswith("-id")}
    return [without_ids(s) for s in schema] if isinstance(schema, list) else schema


def deep():
    return b'{"type":"record","name":"r","fields":[{"name":"a","type":' + b'{"type":"array","items":' * 300 + b'"int"' + b"}" * 300 + b"}]}"


def wide():
    """Each record holds the one before it twice: 2^40 values of no bytes."""
    kinds = [{"type": "record", "name": "r0", "fields": []}]
    for i in range(1, 41):
        kinds.append({"type": "record", "name": f"r{i}", "fields": [{"name": x, "type": f"r{i - 1}"} for x in "ab"]})
    return {"type": "record", "name": "all", "fields": [{"name": f"f{i}", "type": k} for i, k in enumerate(kinds)]}


def named(name, kind):
    return {"type": "record", "name": "manifest_file", "fields": [field("manifest_path", 500, "string") if kind is None else
            {"name": name, "type": kind, "field-id": 500}]}


one = manifests[:1]
files = {
    "list-v3.avro": container(LIST3, rows(LIST3, manifests), "deflate", {"format-version": b"3", "binary": b"\xff\0"}),
    "list-v3-names.avro": container(without_ids(LIST3), rows(LIST3, manifests)),
    "manifest-v3.avro": container(ENTRY3, rows(ENTRY3, entries[:1]) + rows(ENTRY3, entries[1:]), "deflate"),
    "manifest-v3-names.avro": container(without_ids(ENTRY3), rows(ENTRY3, entries)),
    "list-v3-snappy.avro": container(LIST3, rows(LIST3, manifests), "snappy"),
    "list-v3-zstd.avro": container(LIST3, rows(LIST3, manifests), "zstandard"),
    "list-empty.avro": container(LIST3, []),
    "bad-content.avro": container(LIST3, rows(LIST3, [{**manifests[0], "content": 2}])),
    "bad-status.avro": container(ENTRY3, rows(ENTRY3, [{**entries[0], "status": 3}])),
    "bad-file-content.avro": container(ENTRY3, rows(ENTRY3, [{**entries[0], "data_file": {**entries[0]["data_file"], "content": 3}}])),
    "bad-path-nul.avro": container(LIST3, rows(LIST3, [{**manifests[0], "manifest_path": "a\0b"}])),
    "bad-path-utf8.avro": container(LIST3, rows(LIST3, [{**manifests[0], "manifest_path": b"a\xff"}])),
    "bad-path-number.avro": container(named("manifest_path", "long"), [(1, number(5))]),
    "bad-magic.avro": b"Obj\x02" + container(LIST3, rows(LIST3, one))[4:],
    "bad-sync.avro": container(LIST3, rows(LIST3, one))[:-1] + b"!",
    "bad-cut.avro": container(LIST3, rows(LIST3, one))[:-30],
    "bad-codec.avro": container(LIST3, rows(LIST3, one), "xz"),
    "bad-snappy.avro": container(LIST3, rows(LIST3, one), "snappy").replace(b"s3://b/m1", b"s3://b/m2"),
    "bad-zstd.avro": container(LIST3, rows(LIST3, one), "zstandard").replace(b"\x28\xb5\x2f\xfd", b"\x28\xb5\x2f\xfe"),
    "bad-deflate.avro": container(LIST3, rows(LIST3, one), "null").replace(b"avro.codec" + text("null"), b"avro.codec" + text("deflate")),
    "bad-behind.avro": container(LIST3, [(1, encode(LIST3, one[0]) + b"x")]),
    "bad-count.avro": container(LIST3, [(3, encode(LIST3, one[0]))]),
    "bad-count-negative.avro": container(LIST3, [(-1, encode(LIST3, one[0]))]),
    "bad-size-huge.avro": container(LIST3, rows(LIST3, one), sizes=[1 << 60]),
    "bad-size-negative.avro": container(LIST3, rows(LIST3, one), sizes=[-(1 << 40)]),
    "bad-string-huge.avro": container(named("manifest_path", None), [(1, number(1 << 62))]),
    "bad-string-negative.avro": container(named("manifest_path", None), [(1, number(-5))]),
    "bad-number-long.avro": container(record("long"), [(1, b"\xff" * 11 + b"\0")]),
    "bad-union.avro": container(record(["null", "int"]), [(1, number(7))]),
    "bad-union-negative.avro": container(record(["null", "int"]), [(1, number(-7))]),
    "bad-enum.avro": container(record({"type": "enum", "name": "e", "symbols": ["a"]}), [(1, number(1 << 40))]),
    "bad-fixed.avro": container(record({"type": "fixed", "name": "f", "size": 1 << 40}), [(1, b"")]),
    "bad-fixed-short.avro": container(record({"type": "fixed", "name": "f", "size": 1000}), [(1, b"abc")]),
    "bad-nulls.avro": container(record({"type": "array", "items": "null"}), [(1, number(1 << 60) + number(0))]),
    "bad-records.avro": container({"type": "record", "name": "r", "fields": []}, [(1 << 60, b"")]),
    "bad-wide.avro": container(wide(), [(1, b"")]),
    "bad-recursive.avro": container({"type": "record", "name": "r", "fields": [{"name": "n", "type": ["null", "r"]}]}, [(1, number(1) * 5000)]),
    "bad-deep.avro": container(deep(), [(1, b"\0")]),
    "bad-schema.avro": container(b'{"type":"record","name":"r"}', []),
    "bad-schema-json.avro": container(b'{"type":', []),
    "bad-schema-type.avro": container(record("moon"), []),
    "bad-header-huge.avro": b"Obj\x01" + number(1 << 60) + text("k") + text("v"),
    "bad-header-negative.avro": b"Obj\x01" + number(-(1 << 62)) + number(1) + text("k") + text("v"),
    "bad-no-schema.avro": b"Obj\x01" + number(1) + text("k") + text("v") + number(0) + SYNC,
    "bad-empty.avro": b"",
}

for name, data in files.items():
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(data)
print(len(files), "files,", sum(len(d) for d in files.values()), "bytes")
