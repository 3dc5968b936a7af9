# SPDX-License-Identifier: Apache-2.0
"""pypangolin's branches, tags, merge_operations, and the branch commands of its console, unchanged."""

import pytest
from pypangolin.exceptions import PangolinError

from test_admin import fresh, root, uri  # noqa: F401 (fixtures)
from test_console import by_admin, home, whole  # noqa: F401 (fixtures)
from test_pypangolin import admin, lake, operator, server, tenant  # noqa: F401 (fixtures)

pytestmark = pytest.mark.ours


def change(admin, lake, branch, name):  # noqa: F811
    admin.post(f"/v1/{lake}/namespaces?branch={branch}", json={"namespace": [name]})


def test_branches(admin, lake):  # noqa: F811
    name = fresh("dev")
    made = admin.branches.create(name, from_branch="main", catalog_name=lake)
    assert (made.name, made.branch_type) == (name, "experimental")
    assert {"main", name} <= {b.name for b in admin.branches.list(lake)}
    assert admin.branches.get(name).name == name
    change(admin, lake, name, fresh("n"))
    commits = admin.branches.list_commits(name, catalog_name=lake)
    assert commits[0].message == "create_namespace" and commits[0].parent_id == commits[1].id
    merged = admin.branches.merge(name, "main", catalog_name=lake)
    assert merged.status == "completed" and merged.source_branch == name
    admin.branches.rebase(name, catalog_name=lake)


def test_tags(admin, lake):  # noqa: F811
    name = fresh("v")
    commit = admin.branches.list_commits("main", catalog_name=lake)[0].id
    assert admin.tags.create(name, commit, lake).commit_id == commit
    assert name in [t.name for t in admin.tags.list(lake)]
    admin.tags.delete(name, lake)
    assert name not in [t.name for t in admin.tags.list(lake)]


def test_merge_operations(admin, lake):  # noqa: F811
    name, both = fresh("dev"), fresh("both")
    admin.branches.create(name, catalog_name=lake)
    change(admin, lake, name, both)
    change(admin, lake, "main", both)
    with pytest.raises(PangolinError):
        admin.branches.merge(name, "main", catalog_name=lake)
    found = [m for m in admin.merge_operations.list(lake) if m.source_branch == name]
    operation = admin.merge_operations.get(found[0].id)
    assert operation.status == "conflicted" and len(operation.conflicts) == 1
    (conflict,) = admin.merge_operations.list_conflicts(operation.id)
    assert conflict.conflict_type == "created_twice" and conflict.asset_name == both
    admin.merge_operations.resolve_conflict(conflict.id, "target")
    admin.merge_operations.complete(operation.id)
    assert admin.merge_operations.get(operation.id).status == "completed"
    with pytest.raises(PangolinError):
        admin.merge_operations.abort(operation.id)


def test_console(by_admin, admin, lake):  # noqa: F811
    """The same by the script's commands."""
    name, tag, made = fresh("dev"), fresh("v"), fresh("n")
    for more in ([], ["--from", "main"]):
        assert "created successfully" in by_admin("user", "create-branch", lake, name + "".join(more), *more)
        by_admin("user", "create-branch", lake, name + "".join(more), *more, exits=1)
    listed = by_admin("user", "list-branches", lake)
    assert "main" in listed and name in listed and "experimental" in listed
    change(admin, lake, name, made)
    assert [made] not in admin.get(f"/v1/{lake}/namespaces")["namespaces"]
    by_admin("user", "merge-branch", "--catalog", lake, "--source", name, "--target", "main")
    assert [made] in admin.get(f"/v1/{lake}/namespaces")["namespaces"]
    by_admin("user", "merge-branch", "--catalog", lake, "--source", fresh("none"), "--target", "main", exits=1)
    commit = admin.branches.list_commits("main", catalog_name=lake)[0].id
    assert "created successfully" in by_admin("user", "create-tag", lake, tag, commit)
    listed = by_admin("user", "list-tags", lake)
    assert tag in listed and commit in listed
    by_admin("user", "create-tag", lake, tag, commit, exits=1)
