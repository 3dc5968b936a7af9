# SPDX-License-Identifier: Apache-2.0
"""What an Iceberg catalog is for, before the reader's eyes: create, append, evolve, read back, travel in time.

Needs PANGOLIN_URI, PANGOLIN_CATALOG and PANGOLIN_TOKEN ($PANGOLIN_RUN/env); for a warehouse on S3 also the AWS_ variables.
"""

import os
import pathlib

import pyarrow as pa
import pyarrow.csv
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError, NoSuchTableError
from pyiceberg.types import StringType

HERE = pathlib.Path(__file__).parent
NAME = ("zoo", "sightings")


def connect():
    properties = {"uri": os.environ["PANGOLIN_URI"], "warehouse": os.environ["PANGOLIN_CATALOG"]}
    if os.environ.get("PANGOLIN_TOKEN"):
        properties["token"] = os.environ["PANGOLIN_TOKEN"]
    if os.environ.get("WAREHOUSE", "").startswith("s3:"):
        for name, variable in (
            ("s3.access-key-id", "AWS_ACCESS_KEY_ID"),
            ("s3.secret-access-key", "AWS_SECRET_ACCESS_KEY"),
            ("s3.session-token", "AWS_SESSION_TOKEN"),
            ("s3.region", "AWS_REGION"),
            ("s3.endpoint", "S3_ENDPOINT"),
        ):
            if os.environ.get(variable):
                properties[name] = os.environ[variable]
    return load_catalog("demo", type="rest", **properties)


def read_csv(name):
    return pyarrow.csv.read_csv(HERE / name)


def show(rows):
    columns = rows.column_names
    lines = [columns] + [["" if v is None else str(v) for v in row.values()] for row in rows.to_pylist()]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        print("      " + "  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())


def main():
    catalog = connect()
    try:
        catalog.create_namespace(NAME[0])
    except NamespaceAlreadyExistsError:
        pass
    try:
        catalog.drop_table(NAME)
    except NoSuchTableError:
        pass

    rows = read_csv("sightings.csv")
    table = catalog.create_table(NAME, schema=rows.schema)
    table.append(rows)
    first = table.current_snapshot().snapshot_id
    print(f"  1. created {'.'.join(NAME)} from sightings.csv: {rows.num_rows} rows at {table.location()}")

    more = read_csv("more.csv")
    table.append(more)
    print(f"  2. appended more.csv: {more.num_rows} rows")

    with table.update_schema() as update:
        update.add_column("ranger", StringType())
    table.append(
        pa.table({"id": [11], "species": ["Manis javanica"], "animals": [1], "ranger": ["Linh"]})
        .cast(pa.schema([("id", pa.int64()), ("species", pa.string()), ("animals", pa.int64()), ("ranger", pa.string())]))
    )
    print("  3. added the column ranger, and a row that has it")

    table = catalog.load_table(NAME)
    rows = table.scan().to_arrow().sort_by("id")
    print(f"  4. read back: {rows.num_rows} rows, {len(table.snapshots())} snapshots")
    show(rows)
    before = table.scan(snapshot_id=first).to_arrow().num_rows
    print(f"  5. the table as of its first snapshot: {before} rows")
    assert (rows.num_rows, before) == (11, 8), "rows are missing"
    assert rows.column("ranger").to_pylist() == [None] * 10 + ["Linh"]


main()
