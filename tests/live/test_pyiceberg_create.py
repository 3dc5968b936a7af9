# SPDX-License-Identifier: Apache-2.0
"""PyIceberg makes tables: every type, partitioning, order, version; staged, registered, refused."""

import pyarrow as pa
import pytest
from pyiceberg.exceptions import (
    BadRequestError,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import NullOrder, SortDirection, SortField, SortOrder
from pyiceberg.transforms import (
    BucketTransform,
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    TruncateTransform,
    VoidTransform,
    YearTransform,
)
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FixedType,
    FloatType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampNanoType,
    TimestampType,
    TimestamptzNanoType,
    TimestamptzType,
    TimeType,
    UnknownType,
    UUIDType,
)

PRIMITIVES = [
    BooleanType(),
    IntegerType(),
    LongType(),
    FloatType(),
    DoubleType(),
    DecimalType(38, 10),
    DateType(),
    TimeType(),
    TimestampType(),
    TimestamptzType(),
    StringType(),
    UUIDType(),
    FixedType(16),
    BinaryType(),
]
EVENTS = Schema(
    NestedField(1, "id", LongType(), required=True),
    NestedField(2, "at", TimestamptzType(), required=True),
    NestedField(3, "kind", StringType()),
    NestedField(4, "amount", DecimalType(10, 2)),
    identifier_field_ids=[1],
)


def fields(*types):
    return Schema(*(NestedField(i, f"c{i}", t, required=i % 2 == 0, doc=f"column {i}") for i, t in enumerate(types, 1)))


def plain(location):
    """Java also writes file:/a where file:///a is meant."""
    return location.replace("file:///", "file:/")


def test_every_primitive_type(catalog, ns):
    schema = fields(*PRIMITIVES)
    made = catalog.create_table((*ns, "t"), schema)
    assert made.schema().as_struct() == schema.as_struct()
    assert catalog.load_table((*ns, "t")).schema().as_struct() == schema.as_struct()


def test_nested_types(catalog, ns):
    point = StructType(NestedField(20, "x", DoubleType(), required=True), NestedField(21, "y", DoubleType()))
    schema = Schema(
        NestedField(1, "tags", ListType(10, StringType(), element_required=True)),
        NestedField(2, "scores", MapType(11, StringType(), 12, IntegerType(), value_required=False)),
        NestedField(3, "points", MapType(13, StringType(), 14, ListType(15, point), value_required=True)),
        NestedField(4, "where", point),
    )
    table = catalog.create_table((*ns, "t"), schema)
    assert [f.name for f in table.schema().fields] == ["tags", "scores", "points", "where"]
    assert table.schema().find_field("points.value.element.x").required
    assert table.metadata.last_column_id == table.schema().highest_field_id
    rows = pa.Table.from_pylist(
        [{"tags": ["a"], "scores": {"s": 1}, "points": {"p": [{"x": 1.0, "y": None}]}, "where": {"x": 0.5, "y": 2.0}}],
        schema=table.schema().as_arrow(),
    )
    table.append(rows)
    assert catalog.load_table((*ns, "t")).scan().to_arrow().to_pylist() == rows.to_pylist()


def test_from_an_arrow_schema(catalog, ns):
    schema = pa.schema([("a", pa.int64()), ("b", pa.list_(pa.string())), ("c", pa.struct([("d", pa.date32())]))])
    table = catalog.create_table((*ns, "t"), schema)
    assert sorted(table.schema().column_names) == ["a", "b", "b.element", "c", "c.d"]


@pytest.mark.parametrize(
    "source, transform",
    [
        ("kind", IdentityTransform()),
        ("id", BucketTransform(16)),
        ("kind", BucketTransform(8)),
        ("kind", TruncateTransform(3)),
        ("amount", TruncateTransform(10)),
        ("at", YearTransform()),
        ("at", MonthTransform()),
        ("at", DayTransform()),
        ("at", HourTransform()),
        ("id", VoidTransform()),
    ],
    ids=str,
)
def test_partitioned(catalog, ns, source, transform):
    spec = PartitionSpec(PartitionField(EVENTS.find_field(source).field_id, 1000, transform, "p"))
    catalog.create_table((*ns, "t"), EVENTS, partition_spec=spec)
    (field,) = catalog.load_table((*ns, "t")).spec().fields
    assert (field.source_id, field.field_id, field.name) == (EVENTS.find_field(source).field_id, 1000, "p")
    assert field.transform == transform


def test_partitioned_by_several(catalog, ns):
    spec = PartitionSpec(
        PartitionField(3, 1000, IdentityTransform(), "kind"),
        PartitionField(2, 1001, DayTransform(), "day"),
        PartitionField(1, 1002, BucketTransform(4), "id_bucket"),
    )
    table = catalog.create_table((*ns, "t"), EVENTS, partition_spec=spec)
    assert table.spec().fields == spec.fields
    assert table.metadata.last_partition_id == 1002


def test_sorted(catalog, ns):
    order = SortOrder(
        SortField(2, DayTransform(), SortDirection.DESC, NullOrder.NULLS_LAST),
        SortField(3, IdentityTransform(), SortDirection.ASC, NullOrder.NULLS_FIRST),
    )
    catalog.create_table((*ns, "t"), EVENTS, sort_order=order)
    kept = catalog.load_table((*ns, "t")).sort_order()
    assert kept.fields == order.fields and kept.order_id == 1


def test_identifier_fields(catalog, ns):
    assert catalog.create_table((*ns, "t"), EVENTS).schema().identifier_field_names() == {"id"}


@pytest.mark.parametrize("version", [1, 2, 3])
def test_format_version(catalog, ns, version):
    table = catalog.create_table((*ns, "t"), EVENTS, properties={"format-version": str(version), "kept": "yes"})
    loaded = catalog.load_table((*ns, "t"))
    assert table.format_version == loaded.format_version == version
    assert loaded.properties["kept"] == "yes" and "format-version" not in loaded.properties
    assert loaded.schema().as_struct() == EVENTS.as_struct()


def test_version_3_types(catalog, ns):
    schema = fields(TimestampNanoType(), TimestamptzNanoType())
    schema = Schema(*schema.fields, NestedField(3, "nothing", UnknownType()))
    catalog.create_table((*ns, "t"), schema, properties={"format-version": "3"})
    assert catalog.load_table((*ns, "t")).schema().as_struct() == schema.as_struct()


def test_version_3_default_values(catalog, ns):
    table = catalog.create_table((*ns, "t"), fields(LongType()), properties={"format-version": "3"})
    with table.update_schema() as schema:
        schema.add_column("grade", StringType(), required=True, default_value="none")
    field = catalog.load_table((*ns, "t")).schema().find_field("grade")
    assert (field.initial_default, field.write_default, field.required) == ("none", "none", True)


def test_upgrade(catalog, ns):
    table = catalog.create_table((*ns, "t"), EVENTS, properties={"format-version": "1"})
    with table.transaction() as t:
        t.upgrade_table_version(2)
    assert catalog.load_table((*ns, "t")).format_version == 2


def test_location_is_the_warehouses(catalog, ns):
    table = catalog.create_table((*ns, "t"), EVENTS)
    assert plain(table.metadata_location).startswith(plain(table.location()) + "/metadata/")
    assert table.metadata_location.endswith(".metadata.json")


def test_location_of_the_callers_choice(catalog, ns):
    near = catalog.create_table((*ns, "near"), EVENTS).location()
    table = catalog.create_table((*ns, "t"), EVENTS, location=near.rsplit("/", 1)[0] + "/elsewhere/")
    assert table.location().endswith("/elsewhere")
    table.append(pa.Table.from_pylist([], schema=table.schema().as_arrow()))


@pytest.mark.ours
def test_location_outside_of_the_warehouse(catalog, ns):
    for location in ("file:///etc/t", "s3://another-bucket/t", "file:///tmp/../etc", "ftp://x/y"):
        with pytest.raises(BadRequestError):
            catalog.create_table((*ns, "t"), EVENTS, location=location)
    assert not catalog.table_exists((*ns, "t"))


@pytest.mark.ours
def test_location_of_another_table(catalog, ns):
    taken = catalog.create_table((*ns, "a"), EVENTS).location()
    for location in (taken, f"{taken}/inside", taken.rsplit("/", 1)[0]):
        with pytest.raises((BadRequestError, TableAlreadyExistsError)):
            catalog.create_table((*ns, "b"), EVENTS, location=location)
    assert catalog.list_tables(ns) == [(*ns, "a")]


def test_create_what_exists(catalog, ns):
    first = catalog.create_table((*ns, "t"), EVENTS)
    with pytest.raises(TableAlreadyExistsError):
        catalog.create_table((*ns, "t"), EVENTS)
    again = catalog.create_table_if_not_exists((*ns, "t"), EVENTS)
    assert again.metadata.table_uuid == first.metadata.table_uuid


@pytest.mark.ours
def test_create_in_no_namespace(catalog):
    with pytest.raises(NoSuchNamespaceError):
        catalog.create_table(("nowhere_to_be_found", "t"), EVENTS)


def test_exists(catalog, ns):
    assert not catalog.table_exists((*ns, "t"))
    catalog.create_table((*ns, "t"), EVENTS)
    assert catalog.table_exists((*ns, "t"))
    assert not catalog.table_exists(("never_a_namespace", "t"))
    catalog.drop_table((*ns, "t"))
    assert not catalog.table_exists((*ns, "t"))
    with pytest.raises(NoSuchTableError):
        catalog.load_table((*ns, "t"))


def test_staged(catalog, ns):
    spec = PartitionSpec(PartitionField(3, 1000, IdentityTransform(), "kind"))
    order = SortOrder(SortField(1, IdentityTransform(), SortDirection.ASC, NullOrder.NULLS_LAST))
    staged = catalog.create_table_transaction(
        (*ns, "t"), EVENTS, partition_spec=spec, sort_order=order, properties={"a": "1"}
    )
    assert not catalog.table_exists((*ns, "t")), "a staged table is not there yet"
    with staged:
        with staged.update_schema() as schema:
            schema.add_column("note", StringType())
        staged.set_properties(b="2")
    table = catalog.load_table((*ns, "t"))
    assert table.schema().column_names == ["id", "at", "kind", "amount", "note"]
    assert table.spec().fields == spec.fields and table.sort_order().fields == order.fields
    assert table.properties["a"] == "1" and table.properties["b"] == "2"


def test_staged_with_rows(catalog, ns):
    schema = pa.schema([("id", pa.int64())])
    with catalog.create_table_transaction((*ns, "t"), schema) as staged:
        staged.append(pa.table({"id": [1, 2, 3]}))
    assert catalog.load_table((*ns, "t")).scan().to_arrow()["id"].to_pylist() == [1, 2, 3]


def test_staged_twice(catalog, ns):
    """Both may stage; the first to commit has the name."""
    first = catalog.create_table_transaction((*ns, "t"), EVENTS)
    second = catalog.create_table_transaction((*ns, "t"), EVENTS)
    first.commit_transaction()
    with pytest.raises(Exception) as refused:
        second.commit_transaction()
    assert type(refused.value).__name__ == "CommitFailedException"


def test_register(catalog, ns):
    table = catalog.create_table((*ns, "t"), pa.schema([("id", pa.int64())]))
    table.append(pa.table({"id": [7]}))
    where, uuid = table.metadata_location, table.metadata.table_uuid
    catalog.drop_table((*ns, "t"))
    assert not catalog.table_exists((*ns, "t"))

    back = catalog.register_table((*ns, "back"), where)
    assert back.metadata.table_uuid == uuid and back.metadata_location == where
    back.append(pa.table({"id": [8]}))
    assert sorted(catalog.load_table((*ns, "back")).scan().to_arrow()["id"].to_pylist()) == [7, 8]


def test_register_what_exists(catalog, ns):
    table = catalog.create_table((*ns, "t"), EVENTS)
    with pytest.raises(TableAlreadyExistsError):
        catalog.register_table((*ns, "t"), table.metadata_location)


@pytest.mark.ours
def test_register_what_is_not_there(catalog, ns):
    table = catalog.create_table((*ns, "t"), EVENTS)
    with pytest.raises((BadRequestError, NoSuchTableError)):
        catalog.register_table((*ns, "u"), f"{table.location()}/metadata/00001-none.metadata.json")
    assert not catalog.table_exists((*ns, "u"))
