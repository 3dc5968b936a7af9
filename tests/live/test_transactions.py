# SPDX-License-Identifier: Apache-2.0
"""Transactions over several tables: all or nothing, also where writers meet and where responders are killed."""

import multiprocessing
import os
import random
import signal
import time
import uuid

import pyarrow as pa
import pytest
import requests

from commits import append_to

spawn = multiprocessing.get_context("spawn")
START = 1000
NUMBERS = pa.schema([("id", pa.int64())])


class Rest:
    """A catalog's routes for one namespace."""

    def __init__(self, site, ns, session=None):
        self.base, self.ns = f"{site.server.uri}/v1/{site.catalog}", ns
        self.headers = site.server.headers()
        self.http = session or requests.Session()

    def __call__(self, method, path, body=None):
        return self.http.request(method, f"{self.base}/{path}", json=body, headers=self.headers, timeout=60)

    def load(self, name):
        answer = self("GET", f"namespaces/{self.ns}/tables/{name}")
        assert answer.status_code == 200, answer.text
        return answer.json()["metadata"]

    def commit(self, *changes):
        """Changes are (table's name, requirements and updates)."""
        body = [{"identifier": {"namespace": [self.ns], "name": name}, **change} for name, change in changes]
        return self("POST", "transactions/commit", {"table-changes": body})


def set_property(key, value, *requirements):
    return {"requirements": list(requirements), "updates": [{"action": "set-properties", "updates": {key: value}}]}


@pytest.fixture
def rest(site, ns):
    return Rest(site, ns[0])


@pytest.fixture
def pair(catalog, ns):
    return [catalog.create_table((*ns, name), NUMBERS) for name in ("t", "u")]


@pytest.mark.ours
def test_all_or_nothing(rest, pair):
    assert rest.commit(("t", set_property("k", "1")), ("u", set_property("k", "1"))).status_code == 204
    never = {"type": "assert-table-uuid", "uuid": str(uuid.uuid4())}
    lost = rest.commit(("t", set_property("k", "2")), ("u", set_property("k", "2", never)))
    assert lost.status_code == 409 and lost.json()["error"]["type"] == "CommitFailedException"
    assert [rest.load(name)["properties"]["k"] for name in "tu"] == ["1", "1"]


@pytest.mark.ours
def test_pyiceberg_writes_two_tables_at_once(rest, pair, catalog, ns):
    """PyIceberg makes the files and the updates of each table; one request commits them."""
    rows = pa.table({"id": [1, 2, 3]})
    changes = []
    for table in pair:
        writer = table.transaction()
        writer.append(rows)
        models = [[m.model_dump(mode="json", by_alias=True) for m in list] for list in (writer._requirements, writer._updates)]
        changes.append((table.name()[-1], dict(zip(("requirements", "updates"), models))))
    answer = rest.commit(*changes)
    assert answer.status_code == 204, answer.text
    assert [catalog.load_table((*ns, name)).scan().to_arrow()["id"].to_pylist() for name in "tu"] == [[1, 2, 3]] * 2
    assert rest.commit(*changes).status_code == 409, "the second time the first one stands in the way"


# --- money is moved between two tables ---------------------------------------------------------------


def balance(metadata):
    """Of the current snapshot, and the number of moves up to it."""
    if metadata.get("current-snapshot-id") in (None, -1):
        return START
    by_id = {s["snapshot-id"]: s for s in metadata["snapshots"]}
    return int(by_id[metadata["current-snapshot-id"]]["summary"]["balance"])


def move(site, ns, locations, writer, reports, seconds, patient):
    """Moves random sums between t and u; reports each move and how it ended."""
    rng, rest, end = random.Random(writer), Rest(site, ns), time.time() + seconds
    n = 0
    while time.time() < end:
        try:
            was = {name: rest.load(name) for name in rng.sample("tu", 2)}
        except (AssertionError, requests.RequestException):
            if not patient:
                raise
            continue
        sum, n, mine = rng.randrange(1, 100), n + 1, f"{writer}-{n}"
        new = {"t": balance(was["t"]) - sum, "u": balance(was["u"]) + sum}
        changes = [(k, append_to(was[k], locations[k], balance=str(new[k]), move=mine)) for k in was]
        try:
            answer = rest.commit(*changes)
        except requests.RequestException as e:
            assert patient, e
            reports.put((mine, "unknown"))
            continue
        assert answer.status_code in ((204, 409, 500, 502, 503) if patient else (204, 409)), answer.text
        if answer.status_code != 409:
            reports.put((mine, "done" if answer.status_code == 204 else "unknown"))
    reports.put(None)


class Where:
    """What a spawned process needs of the site."""

    def __init__(self, site):
        self.server, self.catalog = site.server, site.catalog


def run_movers(site, ns, pair, seconds, patient=False, meanwhile=None):
    """Four processes; the moves that were acknowledged, and those of unknown end."""
    reports, locations = spawn.Queue(), {t.name()[-1]: t.location() for t in pair}
    movers = [
        spawn.Process(target=move, args=(Where(site), ns, locations, w, reports, seconds, patient)) for w in range(4)
    ]
    for m in movers:
        m.start()
    ended, left, limit = {}, len(movers), time.time() + seconds + 90
    while left:
        assert time.time() < limit, "movers hang"
        if meanwhile:
            meanwhile()
        while not reports.empty():
            report = reports.get()
            if report:
                ended[report[0]] = report[1]
            else:
                left -= 1
        assert all(m.is_alive() or m.exitcode == 0 for m in movers)
        time.sleep(0.05)
    for m in movers:
        m.join(30)
        assert m.exitcode == 0
    return {k for k, v in ended.items() if v == "done"}, {k for k, v in ended.items() if v != "done"}


def check_books(rest, done, unknown):
    """Every move is in both tables, in one order, and nothing was made or lost."""
    t, u = rest.load("t"), rest.load("u")
    moves = [[s["summary"]["move"] for s in sorted(m.get("snapshots", []), key=lambda s: s["sequence-number"])] for m in (t, u)]
    assert moves[0] == moves[1], "a move is in one table only"
    assert len(set(moves[0])) == len(moves[0])
    assert done <= set(moves[0]), f"lost: {sorted(done - set(moves[0]))}"
    assert set(moves[0]) <= done | unknown
    assert balance(t) + balance(u) == 2 * START
    return moves[0]


@pytest.mark.ours
def test_four_processes_move_between_two_tables(site, rest, pair, size):
    done, unknown = run_movers(site, rest.ns, pair, size(5, 60))
    assert not unknown
    check_books(rest, done, unknown)
    assert len(done) > 4
    print(f"note: {len(done)} transactions of 4 writers over the same two tables at {site.place}, sums equal")


@pytest.mark.ours
def test_responders_are_killed_while_processes_move(own_server, servers, size):
    """kill -9 in a loop: no move is ever in one table only, and none that was acknowledged is lost."""
    site = Where.__new__(Where)
    site.server, site.catalog = own_server, own_server.make_catalog(servers.storage("file", own_server).config())
    rest = Rest(site, f"kill{os.getpid()}")
    assert rest("POST", "namespaces", {"namespace": [rest.ns]}).status_code == 200
    schema = {"type": "struct", "fields": [{"id": 1, "name": "id", "type": "long", "required": False}]}
    for name in "tu":
        assert rest("POST", f"namespaces/{rest.ns}/tables", {"name": name, "schema": schema}).status_code == 200
    rng, killed, next_kill = random.Random(5), [], [time.monotonic() + 0.5]

    def kill_one():
        pids = list(own_server.responders("tables"))
        if time.monotonic() < next_kill[0] or not pids:
            return
        next_kill[0] = time.monotonic() + rng.uniform(0.05, 0.4)
        killed.append(rng.choice(pids))
        os.kill(killed[-1], signal.SIGKILL)

    class Named:
        def __init__(self, name):
            self.name, self.location = (lambda: (rest.ns, name)), (lambda: rest.load(name)["location"])

    done, unknown = run_movers(site, rest.ns, [Named("t"), Named("u")], size(8, 60), True, kill_one)
    found = check_books(rest, done, unknown)
    print(f"note: {len(killed)} killed, {len(done)} moves acknowledged, {len(unknown)} unknown, {len(found)} found, all whole")
    assert len(killed) > 5 and done


# --- creations, registrations ----------------------------------------------------------------------------


def creation(staged):
    """What a client commits after a staged create: all of the table."""
    m = staged["metadata"]
    updates = [
        {"action": "assign-uuid", "uuid": m["table-uuid"]},
        {"action": "upgrade-format-version", "format-version": m["format-version"]},
        {"action": "add-schema", "schema": m["schemas"][0]},
        {"action": "set-current-schema", "schema-id": -1},
        {"action": "add-spec", "spec": m["partition-specs"][0]},
        {"action": "set-default-spec", "spec-id": -1},
        {"action": "add-sort-order", "sort-order": m["sort-orders"][0]},
        {"action": "set-default-sort-order", "sort-order-id": -1},
        {"action": "set-location", "location": m["location"]},
    ]
    return {"requirements": [{"type": "assert-create"}], "updates": updates}


@pytest.mark.ours
def test_creation_inside_a_transaction(rest, pair, catalog, ns):
    body = {"name": "made", "stage-create": True, "schema": rest.load("t")["schemas"][0]}
    staged = rest("POST", f"namespaces/{rest.ns}/tables", body)
    assert staged.status_code == 200 and not catalog.table_exists((*ns, "made"))
    made = creation(staged.json())
    never = {"type": "assert-table-uuid", "uuid": str(uuid.uuid4())}
    assert rest.commit(("made", made), ("t", set_property("k", "v", never))).status_code == 409
    assert not catalog.table_exists((*ns, "made"))
    assert rest.commit(("made", made), ("t", set_property("k", "v"))).status_code == 204
    table = catalog.load_table((*ns, "made"))
    assert table.location() == staged.json()["metadata"]["location"]
    table.append(pa.table({"id": [5]}))
    lost = rest.commit(("made", made))
    assert lost.status_code == 409 and "table already exists" in lost.json()["error"]["message"]


@pytest.mark.ours
def test_unregister_and_register(rest, catalog, ns):
    table = catalog.create_table((*ns, "t"), NUMBERS)
    table.append(pa.table({"id": [7]}))
    where = table.metadata_location
    answer = rest("POST", f"namespaces/{rest.ns}/tables/t/unregister")
    assert answer.status_code == 200 and answer.json()["metadata-location"] == where
    assert answer.json()["metadata"]["table-uuid"] == str(table.metadata.table_uuid)
    assert not catalog.table_exists((*ns, "t"))
    with pytest.raises(Exception, match="Table does not exist"):
        table.append(pa.table({"id": [8]}))
    back = catalog.register_table((*ns, "back"), where)
    back.append(pa.table({"id": [9]}))
    assert sorted(catalog.load_table((*ns, "back")).scan().to_arrow()["id"].to_pylist()) == [7, 9]
    # and it is put back to what it was
    body = {"name": "back", "metadata-location": where, "overwrite": True}
    assert rest("POST", f"namespaces/{rest.ns}/register", body).status_code == 200
    assert catalog.load_table((*ns, "back")).scan().to_arrow()["id"].to_pylist() == [7]


def test_rename_across_namespaces(catalog, ns):
    other = (f"{ns[0]}x",)
    catalog.create_namespace(other)
    table = catalog.create_table((*ns, "t"), NUMBERS)
    table.append(pa.table({"id": [1]}))
    moved = catalog.rename_table((*ns, "t"), (*other, "moved"))
    assert moved.metadata_location == table.metadata_location and not catalog.table_exists((*ns, "t"))
    moved.append(pa.table({"id": [2]}))
    assert sorted(catalog.load_table((*other, "moved")).scan().to_arrow()["id"].to_pylist()) == [1, 2]
    assert catalog.list_tables(ns) == [] and catalog.list_tables(other) == [(*other, "moved")]
