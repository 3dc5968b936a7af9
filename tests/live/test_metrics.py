# SPDX-License-Identifier: Apache-2.0
"""Metrics reports: what clients send is checked, kept in bounds, and shown to administrators."""

import concurrent.futures

import pytest

from test_admin import Api, log_in, make_tenant
from test_rest import SCHEMA, rest, space, table  # noqa: F401

pytestmark = pytest.mark.ours
KEPT = 100  # PANGOLIN_METRICS_PER_TABLE

METRICS = {
    "total-planning-duration": {"count": 1, "time-unit": "nanoseconds", "total-duration": 2644235116},
    "result-data-files": {"unit": "count", "value": 1},
}


def scan(snapshot=-1, **more):
    return {
        "report-type": "scan-report", "table-name": "demo.n.t", "snapshot-id": snapshot, "schema-id": 0,
        "filter": {"type": "eq", "term": "id", "value": "(1-digit-int)"}, "projected-field-ids": [1],
        "projected-field-names": ["id"], "metrics": METRICS, "metadata": {"engine-name": "spark"}, **more,
    }  # fmt: skip


def commit(snapshot):
    return {
        "report-type": "commit-report", "table-name": "demo.n.t", "snapshot-id": snapshot, "sequence-number": 1,
        "operation": "append", "metrics": METRICS,
    }  # fmt: skip


def kept(rest, table, query=""):
    return rest.server.api("GET", f"catalogs/{rest.site.catalog}{table}/metrics{query}").json()


def test_reports_come_back_as_they_were_sent(rest, table):
    rest.ask("POST", f"{table}/metrics", scan(5), 204, **{"User-Agent": "engine/1"})
    rest.ask("POST", f"{table}/metrics", commit(6), 204)
    newest, first = kept(rest, table)
    assert newest["report"] == commit(6) and first["report"] == scan(5)
    assert (first["report_type"], first["snapshot_id"], first["user_agent"]) == ("scan-report", 5, "engine/1")
    assert newest["report_type"] == "commit-report" and newest["received_at"] >= first["received_at"]
    assert [r["snapshot_id"] for r in kept(rest, table, "?limit=1")] == [6]
    assert [r["snapshot_id"] for r in kept(rest, table, "?limit=1&offset=1")] == [5]


def test_they_follow_the_table(rest, table, space):
    rest.ask("POST", f"{table}/metrics", scan(5), 204)
    names = {"source": {"namespace": [space], "name": "t"}, "destination": {"namespace": [space], "name": "u"}}
    rest.ask("POST", "/tables/rename", names, 204)
    assert len(kept(rest, table[:-1] + "u")) == 1
    rest.ask("POST", f"/namespaces/{space}/tables", {"name": "t", "schema": SCHEMA})
    assert kept(rest, table) == []


def test_what_is_no_report_is_refused(rest, table):
    for wrong in [{}, {"report-type": "scan-report"}, scan(filter={"type": "eq"}), scan(metrics={"m": 1})]:
        rest.error("POST", f"{table}/metrics", wrong, 400, "BadRequestException")
    rest.error("POST", f"{table}/metrics", scan(metadata={"x": "x" * 70000}), 413)
    rest.error("POST", table[:-1] + "missing/metrics", scan(), 404, "NoSuchTableException")
    assert kept(rest, table) == []


def test_a_flood_does_not_fill_the_store(rest, table):
    """However many come, from however many clients at once, the last ones stay."""

    def send(n):
        rest.ask("POST", f"{table}/metrics", scan(n), 204)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(KEPT + 50)))
    send(1000)
    reports = kept(rest, table)
    assert len(reports) == KEPT and reports[0]["snapshot_id"] == 1000
    # the first ones went; each of the other clients may have been slow with one
    assert sum(r["snapshot_id"] <= 40 for r in reports) <= 3


def test_only_administrators_read_them(rest, table):
    server = rest.server
    if not server.root_token:
        pytest.skip("authentication is off")
    root = Api(server.uri, server.headers(server.root_token))
    rest.ask("POST", f"{table}/metrics", scan(5), 204)
    path = f"catalogs/{rest.site.catalog}{table}/metrics"
    log_in(root, server.tenant, "tenant-user").fails(404, "GET", path)
    log_in(root, make_tenant(root), "tenant-admin").fails(404, "GET", path)
    assert len(log_in(root, server.tenant, "tenant-admin").ok("GET", path)) == 1
