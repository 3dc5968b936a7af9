# SPDX-License-Identifier: Apache-2.0
"""PyIceberg writes rows and changes tables: append, overwrite, delete, upsert, schema, partitioning, order."""

import datetime

import pyarrow as pa
import pytest
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.expressions import EqualTo, GreaterThan
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import NullOrder
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform, MonthTransform, TruncateTransform
from pyiceberg.types import DoubleType, IntegerType, ListType, LongType, NestedField, StringType, StructType, TimestampType

PEOPLE = Schema(
    NestedField(1, "id", LongType(), required=True),
    NestedField(2, "name", StringType()),
    NestedField(3, "age", IntegerType()),
    identifier_field_ids=[1],
)


def people(*rows, columns=("id", "name", "age")):
    types = {"id": pa.int64(), "name": pa.string(), "age": pa.int32()}
    schema = pa.schema([pa.field(c, types[c], nullable=c != "id") for c in columns])
    return pa.Table.from_pylist([dict(zip(columns, r, strict=True)) for r in rows], schema=schema)


def rows(table, *columns):
    found = table.scan().to_arrow().select(list(columns) or ["id", "name", "age"]).to_pylist()
    return sorted(tuple(r.values()) for r in found)


@pytest.fixture
def table(catalog, ns):
    return catalog.create_table((*ns, "people"), PEOPLE)


def test_append(catalog, ns, table):
    table.append(people((1, "ada", 36), (2, "bob", None)))
    table.append(people((3, "eve", 20)))
    fresh = catalog.load_table((*ns, "people"))
    assert rows(fresh) == [(1, "ada", 36), (2, "bob", None), (3, "eve", 20)]
    assert len(fresh.snapshots()) == 2 and fresh.current_snapshot().summary["total-records"] == "3"
    assert fresh.last_sequence_number == 2
    assert [e.snapshot_id for e in fresh.history()] == [s.snapshot_id for s in fresh.snapshots()]


@pytest.mark.parametrize("version", [1, 2])
def test_append_to_each_version(catalog, ns, version):
    table = catalog.create_table((*ns, "v"), PEOPLE, properties={"format-version": str(version)})
    table.append(people((1, "ada", 36)))
    table.delete("id = 1")
    table.append(people((2, "bob", 1)))
    assert rows(catalog.load_table((*ns, "v"))) == [(2, "bob", 1)]


def test_append_to_a_stale_table(catalog, ns, table):
    """Two clients hold the same version; both appends stand."""
    other = catalog.load_table((*ns, "people"))
    table.append(people((1, "ada", 36)))
    other.append(people((2, "bob", 1)))
    assert rows(catalog.load_table((*ns, "people"))) == [(1, "ada", 36), (2, "bob", 1)]


def test_overwrite(catalog, ns, table):
    table.append(people((1, "ada", 36), (2, "bob", 1)))
    table.overwrite(people((9, "zoe", 5)))
    assert rows(catalog.load_table((*ns, "people"))) == [(9, "zoe", 5)]


def test_overwrite_by_filter(catalog, ns, table):
    table.append(people((1, "ada", 36), (2, "bob", 1), (3, "eve", 20)))
    table.overwrite(people((2, "rob", 2)), overwrite_filter=EqualTo("id", 2))
    assert rows(catalog.load_table((*ns, "people"))) == [(1, "ada", 36), (2, "rob", 2), (3, "eve", 20)]


def test_delete(catalog, ns, table):
    table.append(people((1, "ada", 36), (2, "bob", 1), (3, "eve", 20)))
    table.delete(GreaterThan("age", 19))
    assert rows(catalog.load_table((*ns, "people"))) == [(2, "bob", 1)]
    table.delete("id = 2")
    assert rows(catalog.load_table((*ns, "people"))) == []


def test_upsert(catalog, ns, table):
    table.append(people((1, "ada", 36), (2, "bob", 1)))
    done = table.upsert(people((2, "bob", 2), (3, "eve", 20)))
    assert (done.rows_updated, done.rows_inserted) == (1, 1)
    assert rows(catalog.load_table((*ns, "people"))) == [(1, "ada", 36), (2, "bob", 2), (3, "eve", 20)]


def test_dynamic_partition_overwrite(catalog, ns):
    spec = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "name"))
    table = catalog.create_table((*ns, "p"), PEOPLE, partition_spec=spec)
    table.append(people((1, "a", 1), (2, "b", 2)))
    table.dynamic_partition_overwrite(people((3, "b", 3)))
    assert rows(catalog.load_table((*ns, "p"))) == [(1, "a", 1), (3, "b", 3)]


def test_transaction_of_several_changes(catalog, ns, table):
    with table.transaction() as t:
        with t.update_schema() as schema:
            schema.add_column("email", StringType())
        t.set_properties(owner="me")
        t.append(
            pa.Table.from_pylist(
                [{"id": 1, "name": "ada", "age": 3, "email": "a@b"}], schema=t.table_metadata.schema().as_arrow()
            )
        )
    fresh = catalog.load_table((*ns, "people"))
    assert rows(fresh, "id", "email") == [(1, "a@b")] and fresh.properties["owner"] == "me"


def test_schema_change_after_write_without_refresh(catalog, ns, table):
    """The very object that wrote goes on to change the schema: the catalog must know what it wrote."""
    table.append(people((1, "ada", 36)))
    with table.update_schema() as schema:
        schema.add_column("email", StringType(), doc="new")
    table.append(
        pa.Table.from_pylist([{"id": 2, "name": "bob", "age": 1, "email": "b@c"}], schema=table.schema().as_arrow())
    )
    fresh = catalog.load_table((*ns, "people"))
    assert rows(fresh, "id", "email") == [(1, None), (2, "b@c")]
    assert fresh.schema().find_field("email").field_id == 4


def test_schema_change_by_another_client_then_write(catalog, ns, table):
    with catalog.load_table((*ns, "people")).update_schema() as schema:
        schema.add_column("email", StringType())
    table.append(people((1, "ada", 36)))
    assert rows(catalog.load_table((*ns, "people")), "id", "email") == [(1, None)]


def test_five_schema_changes_in_a_row(catalog, ns, table):
    table.append(people((1, "ada", 36)))
    with table.update_schema() as s:
        s.add_column("email", StringType())
    with table.update_schema() as s:
        s.rename_column("name", "called")
    with table.update_schema() as s:
        s.update_column("age", LongType(), doc="in years")
    with table.update_schema() as s:
        s.move_first("age")
    with table.update_schema() as s:
        s.delete_column("email")
    fresh = catalog.load_table((*ns, "people"))
    assert fresh.schema().column_names == ["age", "id", "called"]
    assert fresh.schema().find_field("age").field_type == LongType()
    assert fresh.metadata.last_column_id == 4
    assert len(fresh.schemas()) == 6 and fresh.schema().schema_id == 5
    assert rows(fresh, "id", "called", "age") == [(1, "ada", 36)]


def test_schema_change_and_back_is_the_same_schema(catalog, ns, table):
    first = table.schema().schema_id
    with table.update_schema() as s:
        s.rename_column("name", "called")
    with table.update_schema() as s:
        s.rename_column("called", "name")
    fresh = catalog.load_table((*ns, "people"))
    assert fresh.schema().schema_id == first and len(fresh.schemas()) == 2


def test_nested_schema_changes(catalog, ns):
    point = StructType(NestedField(3, "x", IntegerType(), required=True))
    schema = Schema(NestedField(1, "id", LongType()), NestedField(2, "at", point))
    table = catalog.create_table((*ns, "t"), schema)
    with table.update_schema() as s:
        s.add_column(("at", "y"), DoubleType())
        s.rename_column("at.x", "east")
        s.make_column_optional("at.x")
    fresh = catalog.load_table((*ns, "t"))
    assert sorted(fresh.schema().column_names) == ["at", "at.east", "at.y", "id"]
    assert fresh.schema().find_field("at.y").field_id == 4
    assert not fresh.schema().find_field("at.east").required


def test_union_by_name(catalog, ns, table):
    more = Schema(
        NestedField(1, "id", LongType(), required=True),
        NestedField(2, "extra", ListType(3, IntegerType(), element_required=False)),
    )
    with table.update_schema() as s:
        s.union_by_name(more)
    names = catalog.load_table((*ns, "people")).schema().column_names
    assert sorted(names) == ["age", "extra", "extra.element", "id", "name"]


def test_dropped_columns_ids_are_not_used_again(catalog, ns, table):
    for _ in range(3):
        with table.update_schema() as s:
            s.add_column("temporary", StringType())
        with table.update_schema() as s:
            s.delete_column("temporary")
    assert catalog.load_table((*ns, "people")).metadata.last_column_id == 6


def test_concurrent_schema_changes_conflict(catalog, ns, table):
    other = catalog.load_table((*ns, "people"))
    with table.update_schema() as s:
        s.add_column("a", StringType())
    with pytest.raises(CommitFailedException):
        with other.update_schema() as s:
            s.add_column("b", StringType())
    assert catalog.load_table((*ns, "people")).schema().column_names == ["id", "name", "age", "a"]


def test_partition_evolution(catalog, ns):
    schema = Schema(
        NestedField(1, "id", LongType()), NestedField(2, "at", TimestampType()), NestedField(3, "kind", StringType())
    )
    table = catalog.create_table((*ns, "t"), schema)
    day = datetime.datetime(2024, 5, 17, 12)
    one = pa.Table.from_pylist([{"id": 1, "at": day, "kind": "abc"}], schema=table.schema().as_arrow())
    table.append(one)
    with table.update_spec() as spec:
        spec.add_field("at", MonthTransform(), "month")
    table.append(one)
    with table.update_spec() as spec:
        spec.add_field("id", BucketTransform(4), "bucket")
        spec.add_field("kind", TruncateTransform(2), "kind_2")
    table.append(one)
    with table.update_spec() as spec:
        spec.remove_field("month")
        spec.add_field("at", DayTransform(), "day")
        spec.rename_field("bucket", "shard")
    table.append(one)
    fresh = catalog.load_table((*ns, "t"))
    assert [(f.name, f.field_id) for f in fresh.spec().fields] == [("shard", 1001), ("kind_2", 1002), ("day", 1003)]
    assert len(fresh.specs()) == 4 and fresh.metadata.last_partition_id == 1003
    assert fresh.scan(row_filter="at >= '2024-05-01T00:00:00'").to_arrow().num_rows == 4


def test_sort_evolution(catalog, ns, table):
    with table.update_sort_order() as order:
        order.asc("name", IdentityTransform(), NullOrder.NULLS_FIRST)
    with table.update_sort_order() as order:
        order.desc("age", IdentityTransform(), NullOrder.NULLS_LAST)
    fresh = catalog.load_table((*ns, "people"))
    assert fresh.sort_order().order_id == 2 and len(fresh.sort_orders()) == 3
    with fresh.update_sort_order() as order:
        order.asc("name", IdentityTransform(), NullOrder.NULLS_FIRST)
    assert catalog.load_table((*ns, "people")).sort_order().order_id == 1, "an equal order is used again"


def test_properties(catalog, ns, table):
    with table.transaction() as t:
        t.set_properties({"a": "1", "b": "2", "comment": 'ünï "quoted" \\ \n'})
    with table.transaction() as t:
        t.remove_properties("a")
        t.set_properties(b="3")
    kept = catalog.load_table((*ns, "people")).properties
    assert "a" not in kept and kept["b"] == "3" and kept["comment"] == 'ünï "quoted" \\ \n'


def test_metadata_log(catalog, ns):
    table = catalog.create_table((*ns, "t"), PEOPLE, properties={"write.metadata.previous-versions-max": "3"})
    seen = [table.metadata_location]
    for i in range(5):
        with table.transaction() as t:
            t.set_properties(i=str(i))
        seen.append(table.metadata_location)
    fresh = catalog.load_table((*ns, "t"))
    assert [e.metadata_file for e in fresh.metadata.metadata_log] == seen[-4:-1]
    assert len(set(seen)) == 6


def test_metadata_files_of_old_versions_go_when_asked(site, catalog, ns):
    properties = {"write.metadata.previous-versions-max": "1", "write.metadata.delete-after-commit.enabled": "true"}
    table = catalog.create_table((*ns, "t"), PEOPLE, properties=properties)
    first = table.metadata_location
    for i in range(3):
        with table.transaction() as t:
            t.set_properties(i=str(i))
    if not site.server.reference:
        site.server.work()
    assert not site.storage.exists(first) and site.storage.exists(table.metadata_location)


def test_compressed_metadata(site, catalog, ns):
    table = catalog.create_table((*ns, "t"), PEOPLE, properties={"write.metadata.compression-codec": "gzip"})
    assert table.metadata_location.endswith(".gz.metadata.json")
    table.append(people((1, "ada", 36)))
    fresh = catalog.load_table((*ns, "t"))
    assert fresh.metadata_location.endswith(".gz.metadata.json") and rows(fresh) == [(1, "ada", 36)]


def test_add_files(site, catalog, ns, table):
    import pyarrow.parquet as pq

    path = f"{table.location()}/data/added.parquet"
    with table.io.new_output(path).create() as out:
        pq.write_table(people((5, "kim", 50)), out)
    table.add_files([path])
    assert rows(catalog.load_table((*ns, "people"))) == [(5, "kim", 50)]


def test_many_rows_in_many_partitions(catalog, ns, size):
    n = size(2000, 50000)
    spec = PartitionSpec(PartitionField(1, 1000, BucketTransform(16), "b"))
    table = catalog.create_table((*ns, "t"), PEOPLE, partition_spec=spec)
    table.append(people(*((i, f"n{i}", i % 90) for i in range(n))))
    assert catalog.load_table((*ns, "t")).scan(row_filter="age = 7").to_arrow().num_rows == len(range(7, n, 90))
