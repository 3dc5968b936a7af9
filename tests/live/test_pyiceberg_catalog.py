# SPDX-License-Identifier: Apache-2.0
"""PyIceberg and names: namespaces, listing, rename, drop, purge, and every way to connect."""

import uuid

import pyarrow as pa
import pytest
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import (
    BadRequestError,
    NamespaceAlreadyExistsError,
    NamespaceNotEmptyError,
    NoSuchNamespaceError,
    NoSuchTableError,
    RESTError,
    TableAlreadyExistsError,
    UnauthorizedError,
)

SCHEMA = pa.schema([("id", pa.int64())])
NAMES = [
    "naïve café",
    "表",
    "имя",
    "a b",
    "a/b",
    "a.b",
    "a%2Fb",
    "a+b&c=d?e#f",
    "100%",
    "'quoted' \"twice\"",
    "tables",
    "-_~",
    "🐧",
]


def ids(table):
    return sorted(table.scan().to_arrow()["id"].to_pylist())


def unique(prefix="n"):
    return f"{prefix}{uuid.uuid4().hex[:10]}"


# --- namespaces ---------------------------------------------------------------------------------


def test_namespace(catalog):
    name = unique()
    catalog.create_namespace(name, {"owner": "me", "comment": "ü"})
    assert catalog.namespace_exists(name) and (name,) in catalog.list_namespaces()
    properties = catalog.load_namespace_properties(name)
    assert properties["owner"] == "me" and properties["comment"] == "ü"
    with pytest.raises(NamespaceAlreadyExistsError):
        catalog.create_namespace(name)
    catalog.create_namespace_if_not_exists(name)
    catalog.drop_namespace(name)
    assert not catalog.namespace_exists(name)
    with pytest.raises(NoSuchNamespaceError):
        catalog.load_namespace_properties(name)
    with pytest.raises(NoSuchNamespaceError):
        catalog.drop_namespace(name)


def test_namespace_properties(catalog, ns):
    catalog.update_namespace_properties(ns, updates={"a": "1", "b": "2"})
    done = catalog.update_namespace_properties(ns, removals={"a", "missing"}, updates={"b": "3", "c": "4"})
    assert sorted(done.updated) == ["b", "c"] and done.removed == ["a"] and done.missing == ["missing"]
    kept = catalog.load_namespace_properties(ns)
    assert (kept.get("a"), kept["b"], kept["c"]) == (None, "3", "4")
    with pytest.raises(NoSuchNamespaceError):
        catalog.update_namespace_properties(unique(), updates={"a": "1"})


@pytest.mark.ours
def test_nested_namespaces(catalog, ns):
    deep = (*ns, "b", "c", "d")
    for n in range(2, 5):
        catalog.create_namespace(deep[:n], {"depth": str(n)})
    assert catalog.list_namespaces(ns) == [deep[:2]]
    assert catalog.list_namespaces(deep[:3]) == [deep]
    assert catalog.list_namespaces(deep) == []
    assert not any(len(n) > 1 for n in catalog.list_namespaces())
    assert catalog.load_namespace_properties(deep)["depth"] == "4"
    catalog.create_table((*deep, "t"), SCHEMA).append(pa.table({"id": [1]}))
    assert catalog.list_tables(deep) == [(*deep, "t")] and catalog.list_tables(deep[:2]) == []
    assert ids(catalog.load_table((*deep, "t"))) == [1]


@pytest.mark.ours
def test_namespace_in_no_namespace(catalog, ns):
    """Making one makes those above it; nothing else does."""
    catalog.create_namespace((*ns, "made", "child"))
    assert catalog.list_namespaces(ns) == [(*ns, "made")]
    with pytest.raises(NoSuchNamespaceError):
        catalog.list_namespaces((*ns, "missing"))
    with pytest.raises(NoSuchNamespaceError):
        catalog.list_tables((*ns, "missing"))


@pytest.mark.ours
def test_drop_of_a_namespace_that_holds_something(catalog, ns):
    catalog.create_namespace((*ns, "child"))
    with pytest.raises(NamespaceNotEmptyError):
        catalog.drop_namespace(ns)
    catalog.drop_namespace((*ns, "child"))
    catalog.create_table((*ns, "t"), SCHEMA)
    with pytest.raises(NamespaceNotEmptyError):
        catalog.drop_namespace(ns)
    catalog.drop_table((*ns, "t"))
    catalog.drop_namespace(ns)
    assert not catalog.namespace_exists(ns)


@pytest.mark.ours
def test_a_table_and_a_namespace_of_the_same_name(catalog, ns):
    catalog.create_namespace((*ns, "x"))
    catalog.create_table((*ns, "x"), SCHEMA)
    catalog.create_table((*ns, "x", "x"), SCHEMA)
    assert catalog.list_tables(ns) == [(*ns, "x")]
    assert catalog.list_namespaces(ns) == [(*ns, "x")]


# --- names --------------------------------------------------------------------------------------


@pytest.mark.ours
@pytest.mark.parametrize("name", NAMES)
def test_names(catalog, ns, name):
    space, table = (*ns, name), (*ns, name, name)
    catalog.create_namespace(space, {"k": "v"})
    assert catalog.namespace_exists(space) and catalog.load_namespace_properties(space)["k"] == "v"
    catalog.create_table(table, SCHEMA).append(pa.table({"id": [1]}))
    assert catalog.table_exists(table) and catalog.list_tables(space) == [table]
    catalog.load_table(table).append(pa.table({"id": [2]}))
    assert ids(catalog.load_table(table)) == [1, 2]
    catalog.rename_table(table, (*space, f"{name} 2"))
    assert ids(catalog.load_table((*space, f"{name} 2"))) == [1, 2]
    catalog.drop_table((*space, f"{name} 2"))
    catalog.drop_namespace(space)
    assert catalog.list_namespaces(ns) == []


@pytest.mark.ours
@pytest.mark.parametrize("name", ["", "a\0b", "a\x1fb", "a\nb", ".", "..", "t@branch", "x" * 1100])
def test_names_that_are_refused(catalog, ns, name):
    with pytest.raises((BadRequestError, NoSuchNamespaceError)):
        catalog.create_table((*ns, name), SCHEMA)
    assert catalog.list_tables(ns) == []


def test_case_matters(catalog, ns):
    for name in ("t", "T"):
        catalog.create_table((*ns, name), SCHEMA)
    assert sorted(catalog.list_tables(ns)) == [(*ns, "T"), (*ns, "t")]


# --- lists --------------------------------------------------------------------------------------


def pages(site, path, key, size, **query):
    """Reads a list page by page."""
    import requests

    seen, token = [], ""
    while True:
        r = requests.get(
            f"{site.server.uri}/v1/{site.catalog}/{path}",
            params={**query, "pageToken": token, "pageSize": str(size)},
            headers=site.server.headers(),
        )
        assert r.status_code == 200, r.text
        assert len(r.json()[key]) <= size
        seen += r.json()[key]
        token = r.json().get("next-page-token")
        if not token:
            return seen


@pytest.mark.ours
def test_pages_of_tables(site, catalog, ns, size):
    n = size(23, 500)
    for i in range(n):
        catalog.create_table((*ns, f"t{i:04}"), SCHEMA)
    assert catalog.list_tables(ns) == [(*ns, f"t{i:04}") for i in range(n)]
    for length in (1, 7, n, n + 1) if n < 100 else (7, n):
        found = pages(site, f"namespaces/{ns[0]}/tables", "identifiers", length)
        assert [t["name"] for t in found] == [f"t{i:04}" for i in range(n)]


@pytest.mark.ours
def test_pages_of_namespaces(site, catalog, ns, size):
    n = size(23, 500)
    for i in range(n):
        catalog.create_namespace((*ns, f"c{i:04}"))
        if i % 3 == 0:
            catalog.create_namespace((*ns, f"c{i:04}", "below"))
    assert catalog.list_namespaces(ns) == [(*ns, f"c{i:04}") for i in range(n)]
    found = pages(site, "namespaces", "namespaces", 5, parent=ns[0])
    assert found == [[*ns, f"c{i:04}"] for i in range(n)]


@pytest.mark.ours
def test_pages_while_tables_come_and_go(site, catalog, ns):
    """What stays is listed exactly once, whatever happens between two pages."""
    import requests

    for i in range(10):
        catalog.create_table((*ns, f"t{i}"), SCHEMA)
    url = f"{site.server.uri}/v1/{site.catalog}/namespaces/{ns[0]}/tables"

    def page(token):
        r = requests.get(url, params={"pageToken": token, "pageSize": "4"}, headers=site.server.headers()).json()
        return [t["name"] for t in r["identifiers"]], r.get("next-page-token")

    first, token = page("")
    catalog.drop_table((*ns, "t1"))
    catalog.drop_table((*ns, "t3"))
    catalog.create_table((*ns, "t00"), SCHEMA)
    second, token = page(token)
    third, token = page(token)
    assert first + second + third == [f"t{i}" for i in range(10)] and not token


# --- rename, drop, purge ------------------------------------------------------------------------


def test_rename(catalog, ns):
    table = catalog.create_table((*ns, "a"), SCHEMA)
    table.append(pa.table({"id": [1]}))
    moved = catalog.rename_table((*ns, "a"), (*ns, "b"))
    assert moved.metadata.table_uuid == table.metadata.table_uuid and ids(moved) == [1]
    assert catalog.list_tables(ns) == [(*ns, "b")]
    moved.append(pa.table({"id": [2]}))
    catalog.create_table((*ns, "a"), SCHEMA)
    assert ids(catalog.load_table((*ns, "b"))) == [1, 2] and ids(catalog.load_table((*ns, "a"))) == []


def test_rename_to_another_namespace(catalog, ns):
    other = (unique(),)
    catalog.create_namespace(other)
    catalog.create_table((*ns, "a"), SCHEMA).append(pa.table({"id": [1]}))
    catalog.rename_table((*ns, "a"), (*other, "a"))
    assert catalog.list_tables(ns) == [] and ids(catalog.load_table((*other, "a"))) == [1]


@pytest.mark.ours
def test_rename_across_levels(catalog, ns):
    catalog.create_namespace((*ns, "deep"))
    catalog.create_table((*ns, "a"), SCHEMA).append(pa.table({"id": [1]}))
    catalog.rename_table((*ns, "a"), (*ns, "deep", "a"))
    assert ids(catalog.load_table((*ns, "deep", "a"))) == [1]


def test_rename_refused(catalog, ns):
    catalog.create_table((*ns, "a"), SCHEMA)
    catalog.create_table((*ns, "b"), SCHEMA)
    with pytest.raises(TableAlreadyExistsError):
        catalog.rename_table((*ns, "a"), (*ns, "b"))
    with pytest.raises(NoSuchTableError):
        catalog.rename_table((*ns, "missing"), (*ns, "c"))
    with pytest.raises(NoSuchNamespaceError):
        catalog.rename_table((*ns, "a"), (unique(), "a"))
    assert sorted(catalog.list_tables(ns)) == [(*ns, "a"), (*ns, "b")]


def test_write_to_a_table_that_was_renamed(catalog, ns):
    table = catalog.create_table((*ns, "a"), SCHEMA)
    catalog.rename_table((*ns, "a"), (*ns, "b"))
    with pytest.raises(RESTError, match="NoSuchTable"):
        table.append(pa.table({"id": [1]}))
    assert ids(catalog.load_table((*ns, "b"))) == []


def test_write_to_a_table_that_was_made_anew(catalog, ns):
    table = catalog.create_table((*ns, "a"), SCHEMA)
    catalog.drop_table((*ns, "a"))
    catalog.create_table((*ns, "a"), SCHEMA)
    with pytest.raises(Exception) as refused:
        with table.transaction() as t:
            t.set_properties(a="1")
    assert type(refused.value).__name__ == "CommitFailedException"


def test_drop(site, catalog, ns):
    table = catalog.create_table((*ns, "t"), SCHEMA)
    table.append(pa.table({"id": [1]}))
    catalog.drop_table((*ns, "t"))
    assert catalog.list_tables(ns) == [] and site.storage.exists(table.metadata_location)
    with pytest.raises(NoSuchTableError):
        catalog.drop_table((*ns, "t"))
    with pytest.raises(NoSuchTableError):
        catalog.load_table((*ns, "t"))


def test_drop_and_make_anew(catalog, ns):
    first = catalog.create_table((*ns, "t"), SCHEMA)
    first.append(pa.table({"id": [1]}))
    catalog.drop_table((*ns, "t"))
    second = catalog.create_table((*ns, "t"), SCHEMA)
    assert second.metadata.table_uuid != first.metadata.table_uuid and ids(second) == []


@pytest.mark.ours
def test_purge(site, catalog, ns):
    """Every file of the table goes, and no other."""
    kept = catalog.create_table((*ns, "kept"), SCHEMA)
    kept.append(pa.table({"id": [1]}))
    table = catalog.create_table((*ns, "t"), SCHEMA, properties={"write.metadata.previous-versions-max": "10"})
    table.append(pa.table({"id": pa.array([], pa.int64())}))  # its manifest list names no manifest
    for i in range(3):
        table.append(pa.table({"id": [i]}))
    table.delete("id = 1")
    assert len(site.storage.list(table.location())) > 10
    before = site.storage.list(kept.location())

    catalog.purge_table((*ns, "t"))
    assert not catalog.table_exists((*ns, "t"))
    site.server.work()
    assert site.storage.list(table.location()) == []
    assert site.storage.list(kept.location()) == before and ids(catalog.load_table((*ns, "kept"))) == [1]


@pytest.mark.ours
def test_purge_leaves_what_is_not_the_tables(site, catalog, ns):
    table = catalog.create_table((*ns, "t"), SCHEMA)
    table.append(pa.table({"id": [1]}))
    stranger = f"{table.location()}/notes.txt"
    with table.io.new_output(stranger).create() as out:
        out.write(b"mine")
    catalog.purge_table((*ns, "t"))
    site.server.work()
    assert site.storage.list(table.location()) == [stranger.replace("file://", "")]


# --- ways to connect ----------------------------------------------------------------------------


def check(catalog):
    """A little of everything through this client."""
    name = unique()
    catalog.create_namespace((name,))
    catalog.create_table((name, "t"), SCHEMA).append(pa.table({"id": [1]}))
    catalog.load_table((name, "t")).append(pa.table({"id": [2]}))
    assert ids(catalog.load_table((name, "t"))) == [1, 2]
    assert catalog.list_tables(name) == [(name, "t")] and (name,) in catalog.list_namespaces()
    catalog.rename_table((name, "t"), (name, "u"))
    catalog.drop_table((name, "u"))
    catalog.drop_namespace(name)


@pytest.mark.ours
@pytest.mark.parametrize("slash", ["", "/"], ids=["", "slash"])
@pytest.mark.parametrize("way", ["warehouse", "prefix", "path", "path and warehouse", "path and prefix"])
def test_connect(site, way, slash):
    server, name = site.server, site.catalog
    uri = server.uri + (f"/v1/{name}" if "path" in way else "") + slash
    properties = {"uri": uri, "token": server.token, **site.storage.client}
    properties |= {key: name for key in ("warehouse", "prefix") if key in way}
    check(load_catalog("live", type="rest", **properties))


@pytest.mark.ours
def test_connect_to_no_catalog(site):
    for properties in ({"warehouse": "no-such-catalog"}, {"prefix": "no-such-catalog"}):
        with pytest.raises(Exception) as refused:
            load_catalog("live", type="rest", uri=site.server.uri, token=site.server.token, **properties).list_namespaces()
        assert "no-such-catalog" in str(refused.value)


@pytest.mark.ours
@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "", None])
def test_connect_without_a_good_token(site, token):
    properties = {"token": token} if token is not None else {}
    with pytest.raises((UnauthorizedError, Exception)) as refused:
        load_catalog("live", type="rest", uri=site.server.uri, warehouse=site.catalog, **properties).list_namespaces()
    assert "401" in str(refused.value) or type(refused.value).__name__ in ("UnauthorizedError", "OAuthError")


@pytest.fixture(scope="module")
def service_user(site):
    made = site.server.api("POST", "service-users", json={"name": unique("robot-"), "role": "tenant-admin"}).json()
    id = made.get("service_user_id") or made.get("service-user-id") or made["id"]
    return id, made["api_key"]


@pytest.mark.ours
@pytest.mark.parametrize("where", ["default", "named", "path"])
def test_connect_by_client_credentials(site, service_user, where):
    server = site.server
    properties = {"uri": server.uri, "warehouse": site.catalog, "credential": ":".join(service_user)}
    if where == "named":
        properties["oauth2-server-uri"] = f"{server.uri}/v1/oauth/tokens"
    if where == "path":
        properties["uri"] += f"/v1/{site.catalog}"
    check(load_catalog("live", type="rest", **properties, **site.storage.client))


@pytest.mark.ours
def test_connect_by_wrong_client_credentials(site, service_user):
    for credential in (f"{service_user[0]}:wrong", f"{uuid.uuid4()}:{service_user[1]}", "x:y"):
        with pytest.raises(Exception) as refused:
            load_catalog("live", type="rest", uri=site.server.uri, warehouse=site.catalog, credential=credential)
        assert "invalid_client" in str(refused.value)


@pytest.mark.ours
def test_connect_by_api_key(site, service_user):
    properties = {"uri": site.server.uri, "warehouse": site.catalog, "header.X-API-Key": service_user[1]}
    check(load_catalog("live", type="rest", **properties, **site.storage.client))


@pytest.mark.ours
def test_config_names_what_is_there(site):
    import requests

    config = requests.get(
        f"{site.server.uri}/v1/config", params={"warehouse": site.catalog}, headers=site.server.headers()
    ).json()
    endpoints = set(config["endpoints"])
    assert "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}" in endpoints
    assert "HEAD /v1/{prefix}/namespaces/{namespace}" in endpoints
    assert "POST /v1/{prefix}/views/rename" in endpoints
    assert config["overrides"].get("prefix") == site.catalog
