# SPDX-License-Identifier: Apache-2.0
"""Makes bad requests out of good ones, the same ones for the same seed."""

import copy
import json
import random
from dataclasses import dataclass, field

SCHEMA = {
    "type": "struct",
    "schema-id": 0,
    "fields": [
        {"id": 1, "name": "id", "type": "long", "required": True},
        {"id": 2, "name": "tags", "required": False, "type": {"type": "list", "element-id": 3, "element": "string", "element-required": False}},
        {"id": 4, "name": "m", "required": False, "type": {"type": "map", "key-id": 5, "key": "string", "value-id": 6, "value": "int", "value-required": False}},
    ],
}
SPEC = {"spec-id": 0, "fields": [{"source-id": 1, "field-id": 1000, "name": "b", "transform": "bucket[4]"}]}
ORDER = {"order-id": 1, "fields": [{"source-id": 1, "transform": "identity", "direction": "asc", "null-order": "nulls-first"}]}
SNAPSHOT = {
    "snapshot-id": 77, "sequence-number": 9, "timestamp-ms": 1700000000000, "manifest-list": "s3://lake/x/m.avro",
    "summary": {"operation": "append"}, "schema-id": 0,
}  # fmt: skip
UPDATES = [
    {"action": "assign-uuid", "uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1"},
    {"action": "upgrade-format-version", "format-version": 2},
    {"action": "add-schema", "schema": SCHEMA, "last-column-id": 6},
    {"action": "set-current-schema", "schema-id": -1},
    {"action": "add-spec", "spec": SPEC},
    {"action": "set-default-spec", "spec-id": -1},
    {"action": "add-sort-order", "sort-order": ORDER},
    {"action": "set-default-sort-order", "sort-order-id": -1},
    {"action": "add-snapshot", "snapshot": SNAPSHOT},
    {"action": "set-snapshot-ref", "ref-name": "b", "type": "branch", "snapshot-id": 77, "max-ref-age-ms": 1},
    {"action": "remove-snapshots", "snapshot-ids": [77]},
    {"action": "remove-snapshot-ref", "ref-name": "b"},
    {"action": "set-location", "location": "s3://lake/x"},
    {"action": "set-properties", "updates": {"a": "b", "write.metadata.previous-versions-max": "3"}},
    {"action": "remove-properties", "removals": ["a"]},
    {"action": "set-statistics", "snapshot-id": 77, "statistics": {"snapshot-id": 77, "statistics-path": "s", "file-size-in-bytes": 1, "file-footer-size-in-bytes": 1, "blob-metadata": []}},
    {"action": "remove-statistics", "snapshot-id": 77},
    {"action": "set-partition-statistics", "partition-statistics": {"snapshot-id": 77, "statistics-path": "s", "file-size-in-bytes": 1}},
    {"action": "remove-partition-statistics", "snapshot-id": 77},
    {"action": "remove-partition-specs", "spec-ids": [1]},
    {"action": "remove-schemas", "schema-ids": [1]},
    {"action": "add-encryption-key", "encryption-key": {"key-id": "k", "encrypted-key-metadata": "AA=="}},
    {"action": "remove-encryption-key", "key-id": "k"},
]
REQUIREMENTS = [
    {"type": "assert-create"},
    {"type": "assert-table-uuid", "uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1"},
    {"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": None},
    {"type": "assert-last-assigned-field-id", "last-assigned-field-id": 6},
    {"type": "assert-current-schema-id", "current-schema-id": 0},
    {"type": "assert-last-assigned-partition-id", "last-assigned-partition-id": 999},
    {"type": "assert-default-spec-id", "default-spec-id": 0},
    {"type": "assert-default-sort-order-id", "default-sort-order-id": 0},
]
LOGIN = "username=u&password=p"
OAUTH = "grant_type=client_credentials&client_id=9c12d441-03fe-4693-9a96-a0705ddf69c1&client_secret=s&scope=catalog"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def good_requests(catalog, namespace, table):
    """Every route with what it takes: (method, path, body)."""
    n, t = f"/v1/{catalog}/namespaces", f"/v1/{catalog}/namespaces/{namespace}/tables"
    metrics = {
        "report-type": "scan-report", "table-name": "t", "snapshot-id": 1, "filter": True, "schema-id": 0,
        "projected-field-ids": [1], "projected-field-names": ["id"], "metrics": {},
    }  # fmt: skip
    commit = {"requirements": REQUIREMENTS[:1], "updates": UPDATES}
    create = {
        "name": table, "schema": SCHEMA, "partition-spec": SPEC, "write-order": ORDER, "stage-create": False,
        "properties": {"format-version": "2"}, "location": "file:///tmp/x",
    }  # fmt: skip
    rename = {"source": {"namespace": [namespace], "name": table}, "destination": {"namespace": [namespace], "name": "r"}}
    made = [
        ("GET", f"/v1/config?warehouse={catalog}", None),
        ("GET", f"{n}?parent={namespace}&pageToken=&pageSize=3", None),
        ("POST", n, {"namespace": [namespace, "x"], "properties": {"a": "b"}}),
        ("GET", f"{n}/{namespace}", None),
        ("HEAD", f"{n}/{namespace}", None),
        ("DELETE", f"{n}/{namespace}", None),
        ("POST", f"{n}/{namespace}/properties", {"removals": ["a"], "updates": {"b": "c"}}),
        ("GET", f"{t}?pageSize=2&pageToken=", None),
        ("POST", t, create),
        ("GET", f"{t}/{table}?snapshots=refs", None),
        ("HEAD", f"{t}/{table}", None),
        ("DELETE", f"{t}/{table}?purgeRequested=false", None),
        ("POST", f"{t}/{table}", commit),
        ("POST", f"{t}/{table}", {"identifier": rename["source"], **commit}),
        ("POST", f"{t}/{table}/metrics", metrics),
        ("GET", f"{t}/{table}/credentials", None),
        ("POST", f"/v1/{catalog}/namespaces/{namespace}/register", {"name": table, "metadata-location": "file:///tmp/x/metadata/1.metadata.json"}),
        ("POST", f"/v1/{catalog}/tables/rename", rename),
        ("POST", f"/v1/{catalog}/transactions/commit", {"table-changes": [{"identifier": rename["source"], **commit}]}),
        ("POST", "/v1/oauth/tokens", OAUTH),
        ("POST", f"/v1/{catalog}/v1/oauth/tokens", OAUTH),
        ("POST", "/api/v1/users/login", {"username": "u", "password": "p", "tenant-id": "9c12d441-03fe-4693-9a96-a0705ddf69c1"}),
        ("GET", "/api/v1/tenants", None),
        ("GET", "/api/v1/warehouses?limit=3&offset=1", None),
        ("POST", "/api/v1/warehouses", {"name": "bad-w", "use_sts": False, "storage_config": {"s3.bucket": "b", "s3.region": "r"}, "vending_strategy": {"AwsStatic": {"access_key_id": "a", "secret_access_key": "b"}}}),
        ("PUT", "/api/v1/warehouses/bad-w", {"storage_config": {"s3.bucket": "b"}}),
        ("DELETE", "/api/v1/warehouses/bad-w", None),
        ("GET", "/api/v1/catalogs", None),
        ("POST", "/api/v1/catalogs", {"name": "bad-c", "warehouse_name": "bad-w", "properties": {"a": "b"}}),
        ("PUT", "/api/v1/catalogs/bad-c", {"properties": {"a": "c"}}),
        ("DELETE", "/api/v1/catalogs/bad-c", None),
        ("GET", "/health", None),
        ("GET", "/api/v1/app-config", None),
    ]  # fmt: skip
    made += [("POST", f"{t}/{table}", {"requirements": [], "updates": [u]}) for u in UPDATES]
    made += [("POST", f"{t}/{table}", {"requirements": [r], "updates": []}) for r in REQUIREMENTS]
    return made


VALUES = [
    None, True, False, 0, -1, 1, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 0.5, -0.0, 1e308, "", " ", "a",
    "0", "\x00", "a\x00b", "é\u2028\U0001f427", "../..", "/etc/passwd", "file:///etc/passwd", "s3://", "a" * 300,
    "b" * 100_000, [], {}, [[]], [None], {"": ""}, {"a": {"a": {"a": []}}}, "main", "struct", "list", "decimal(99,99)",
    "decimal(9999999999999999999,1)", "fixed[-1]", "fixed[99999999999]", "bucket[0]", "truncate[99999999999999999999]", "%s%n",
]  # fmt: skip
SEGMENTS = [
    b"", b".", b"..", b"%2e%2e", b"%2E", b"%00", b"a%00b", b"%", b"%z", b"%zz", b"%1", b"%1F", b"%1Fa", b"a%1F", b"a%1F%1Fb",
    b"%0A", b"%0D%0Ax: y", b"%7F", b"%C0%AF", b"%FF", b"%ED%A0%80", b"%F0%9F%90%A7", b"a%2Fb", b"%2F", b"%5C", b"%25", b"a;b", b"a:b",
    b"a@b", b"@", b"*", b"'", b'"', b"%3Cscript%3E", b"\xff\xfe", "имя".encode(), b"x" * 2000, b"%41" * 700, b"tables", b"namespaces",
]  # fmt: skip
HEADERS = [
    ("Authorization", b""), ("Authorization", b"Bearer"), ("Authorization", b"Bearer "), ("Authorization", b"Bearer a.b.c"),
    ("Authorization", b"Bearer " + b"A" * 20000), ("Authorization", b"Basic !!!"), ("Authorization", b"Basic OnBhc3M="),
    ("Authorization", b"Basic " + b"QQ==" * 500), ("Authorization", b"Bearer eyJhbGciOiJub25lIn0.e30."), ("Authorization", b"\xff\xfe"),
    ("X-API-Key", b"pgl_x"), ("X-API-Key", b"x" * 5000), ("X-Pangolin-Tenant", b"not-a-uuid"), ("X-Pangolin-Tenant", b"../x"),
    ("If-None-Match", b'"' * 3000), ("If-None-Match", b"W/"), ("If-None-Match", b"*"), ("Content-Type", b"text/plain"), ("Content-Type", b""),
    ("Content-Encoding", b"gzip"), ("Accept", b"image/png"), ("X-Iceberg-Access-Delegation", b"magic,\x01"), ("X-Request-Id", b"a b\tc"),
    ("X-Request-Id", b"x" * 5000), ("Host", b""), ("Host", b"evil.example"), ("X-Forwarded-For", b"::::"), ("X-Forwarded-Host", b"evil"),
    ("Idempotency-Key", b"x"), ("Idempotency-Key", b"\xc3"), ("Origin", b"http://a\x0bb"), ("Origin", b"null"), ("Expect", b"100-continue"),
    ("Range", b"bytes=0-1"), ("Cookie", b"a=b;" * 1000), ("X-Big", b"x" * 31000), ("X-Bigger", b"x" * 70000),
]  # fmt: skip
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "PROPFIND", "FOO", "X" * 200]
QUERIES = [
    b"pageSize=-1", b"pageSize=0", b"pageSize=x", b"pageSize=99999999999999999999", b"pageToken=%00", b"pageToken=!!!!", b"pageToken=%FF",
    b"pageToken=" + b"A" * 5000, b"parent=%1F", b"parent=a%1F%1Fb", b"parent=%00", b"snapshots=none", b"purgeRequested=maybe", b"warehouse=%00",
    b"warehouse=" + b"w" * 3000, b"limit=-5", b"offset=-1", b"offset=x", b"%zz=1", b"=&=&&&", b"a=%", b"branch=%00", b"branch=..", b"?" * 50,
    b"pageSize=1&pageSize=2",
]  # fmt: skip


@dataclass
class Request:
    method: str
    target: bytes
    body: bytes
    headers: dict = field(default_factory=dict)
    kind: str = ""
    length: int | None = None  # what Content-Length says, where that is not so


class BadInput:
    """Bad requests without end."""

    def __init__(self, seed, catalog, namespace, table, token):
        self.rng = random.Random(seed)
        self.good = good_requests(catalog, namespace, table)
        self.token = token
        self.kinds = [
            (8, self.bad_value),
            (3, self.bad_bytes),
            (1, self.deep),
            (4, self.bad_path),
            (2, self.bad_query),
            (2, self.bad_header),
            (2, self.bad_method),
            (1, self.bad_length),
        ]

    def next(self):
        method, target, body = self.rng.choice(self.good)
        form = isinstance(body, str)
        data = b"" if body is None else body.encode() if form else json.dumps(body).encode()
        request = Request(method, target.encode(), data)
        request.headers = {"Authorization": f"Bearer {self.token}".encode()}
        if body is not None:
            request.headers["Content-Type"] = (FORM if form else JSON).encode()
        (kind,) = self.rng.choices([k for _, k in self.kinds], [w for w, _ in self.kinds])
        request.kind = kind.__name__
        kind(request, body)
        return request

    # --- JSON ---

    def bad_value(self, request, body):
        if not isinstance(body, dict):
            return self.bad_bytes(request, body)
        made = copy.deepcopy(body)
        for _ in range(self.rng.choice([1, 1, 1, 2, 5])):
            self.change(made)
        text = json.dumps(made, ensure_ascii=self.rng.random() < 0.5)
        if self.rng.random() < 0.1:  # a key twice
            text = text.replace('{"', '{"a": 1, "a": 2, "', 1)
        request.body = text.encode("utf-8", "surrogatepass")

    def change(self, node):
        places = list(self.places(node))
        if not places:
            return
        parent, key = self.rng.choice(places)
        what = self.rng.random()
        if what < 0.15:
            del parent[key]
        elif what < 0.25 and isinstance(parent, dict):
            parent[self.rng.choice(["", "x", "\x00", "type", "é", "k" * 2000])] = self.rng.choice(VALUES)
        elif what < 0.35 and isinstance(parent, list):
            parent.extend(copy.deepcopy(parent) * self.rng.choice([1, 2, 100]))
        else:
            parent[key] = copy.deepcopy(self.rng.choice(VALUES))

    def places(self, node):
        if isinstance(node, (dict, list)):
            for key in list(node) if isinstance(node, dict) else range(len(node)):
                yield node, key
                yield from self.places(node[key])

    def deep(self, request, body):
        n = self.rng.choice([30, 127, 129, 1000, 100_000])
        opened, closed = self.rng.choice([(b"[", b"]"), (b'{"a":', b"}"), (b'{"namespace":[', b"]}")])
        request.body = opened * n + b"1" + closed * self.rng.choice([n, n - 1, 0])

    # --- bytes ---

    def bad_bytes(self, request, body):
        data = bytearray(request.body or b'{"a": 1}')
        for _ in range(self.rng.choice([1, 1, 3, 20])):
            at = self.rng.randrange(len(data) + 1)
            what = self.rng.randrange(5)
            if what == 0:
                del data[at:]
            elif what == 1:
                data[at:at] = self.rng.randbytes(self.rng.choice([1, 4, 50]))
            elif what == 2 and at < len(data):
                data[at] ^= 1 << self.rng.randrange(8)
            elif what == 3:
                data[at:at] = self.rng.choice([b"\x00", b"\xff", b"NaN", b"Infinity", b"\xef\xbb\xbf", b"//", b"\\u0000", b"\\ud800", b"1e999"])
            elif len(data) > at + 3:
                del data[at : at + 3]
        if self.rng.random() < 0.02:
            data += b" " * self.rng.choice([1_000_000, 17_000_000])
        request.body = bytes(data)

    def bad_length(self, request, body):
        request.length = len(request.body) + self.rng.choice([-3, -1, 1, 100, 10**12, 10**30])

    # --- the head ---

    def bad_path(self, request, body):
        path, question, query = request.target.partition(b"?")
        parts = path.split(b"/")
        for _ in range(self.rng.choice([1, 1, 2])):
            at = self.rng.randrange(1, len(parts))
            segment = self.rng.choice(SEGMENTS)
            if self.rng.random() < 0.3:
                parts[at:at] = [segment]
            elif self.rng.random() < 0.2:
                del parts[at]
                parts = parts if len(parts) > 1 else [b"", b""]
            else:
                parts[at] = segment
        request.target = b"/".join(parts) + question + query

    def bad_query(self, request, body):
        path = request.target.partition(b"?")[0]
        request.target = path + b"?" + b"&".join(self.rng.choices(QUERIES, k=self.rng.choice([1, 1, 2, 5])))

    def bad_header(self, request, body):
        for name, value in self.rng.choices(HEADERS, k=self.rng.choice([1, 1, 2])):
            request.headers[name] = value

    def bad_method(self, request, body):
        request.method = self.rng.choice(METHODS)
