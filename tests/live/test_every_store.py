# SPDX-License-Identifier: Apache-2.0
"""Create, write, read, update: on every store, by a client that is given credentials and by one that has its own."""

import pyarrow as pa
import pytest
import requests
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField, StringType

STORES = ["sqlite", "memory", "postgresql", "mongodb"]
PLACES = [f"{store}-{kind}" for store in STORES for kind in ("vended", "s3")]

pytestmark = pytest.mark.ours

SCHEMA = Schema(NestedField(1, "id", LongType()), NestedField(2, "name", StringType()))


def rows(**columns):
    return pa.table({k: pa.array(v, pa.int64() if k == "id" else pa.string()) for k, v in columns.items()})


@pytest.fixture
def table(catalog, ns):
    made = catalog.create_table((*ns, "t"), SCHEMA)
    made.append(rows(id=[1, 2], name=["ada", "bob"]))
    return made


def test_create_write_read(catalog, ns, table):
    table.append(rows(id=[3], name=["eve"]))
    found = catalog.load_table((*ns, "t")).scan().to_arrow().sort_by("id")
    assert found.to_pydict() == {"id": [1, 2, 3], "name": ["ada", "bob", "eve"]}


def test_update_schema_after_data(catalog, ns, table):
    with table.update_schema() as change:
        change.add_column("city", StringType())
        change.rename_column("name", "who")
    table.append(rows(id=[3], who=["eve"], city=["oslo"]))
    found = catalog.load_table((*ns, "t")).scan().to_arrow().sort_by("id")
    assert found.to_pydict() == {"id": [1, 2, 3], "who": ["ada", "bob", "eve"], "city": [None, None, "oslo"]}


def test_update_properties_and_rows(catalog, ns, table):
    with table.transaction() as change:
        change.set_properties(owner="ada")
    table.delete("id = 1")
    table.overwrite(rows(id=[2], name=["bo"]), "id = 2")
    fresh = catalog.load_table((*ns, "t"))
    assert fresh.properties["owner"] == "ada"
    assert fresh.scan().to_arrow().to_pydict() == {"id": [2], "name": ["bo"]}


def test_keys_are_only_given_where_they_are_vended(site, ns, table):
    """A client with its own keys is told none; a vended one is never told the warehouse's."""
    url = f"{site.server.uri}/v1/{site.catalog}/namespaces/{ns[0]}/tables/t"
    asked = {"X-Iceberg-Access-Delegation": "vended-credentials"} if site.place.endswith("-vended") else {}
    answer = requests.get(url, headers={**site.server.headers(), **asked}, timeout=60)
    config = answer.json()["config"]
    assert site.storage.config()["s3.secret-access-key"] not in answer.text
    assert ("s3.session-token" in config) == bool(asked) == ("s3.secret-access-key" in config)


def test_drop_and_list(catalog, ns, table):
    catalog.rename_table((*ns, "t"), (*ns, "u"))
    assert catalog.list_tables(ns) == [(*ns, "u")]
    catalog.drop_table((*ns, "u"))
    assert catalog.list_tables(ns) == []
