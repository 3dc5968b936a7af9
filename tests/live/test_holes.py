# SPDX-License-Identifier: Apache-2.0
"""What the catalog that these clients were written for does wrong or leaves open: where each is tested here."""

import pathlib

import pytest

from test_admin import fresh, root, uri  # noqa: F401 (fixtures)
from test_management import SCHEMA, admin, iceberg, lake, tenant  # noqa: F401 (fixtures)

pytestmark = pytest.mark.ours
SMALL_PLACES = ["sqlite-file"]

HERE = pathlib.Path(__file__).resolve().parent
UNIT = HERE.parent / "unit"

HOLES = {
    "an administrator is one of every tenant": [
        "test_admin.py: test_another_tenant_is_not_there",
        "test_admin.py: test_the_same_names_in_two_tenants",
        "test_management.py: test_nobody_sees_or_says_without_a_right",
        "test_matrix.c: no_route_lets_in_by_mistake",
        "test_matrix.c: what_is_hidden_reads_as_missing",
        "test_isolation.c: nothing_leaks",
        "test_isolation_fields.c: fields_read_as_missing",
        "test_isolation_fields.c: paths_read_as_missing",
    ],
    "anyone may grant, create, drop, and read all secrets and all of the audit log": [
        "test_admin.py: test_who_may_what",
        "test_management.py: test_bulk_delete",
        "test_management.py: test_audit_of_others",
        "test_matrix.c: no_route_lets_in_by_mistake",
    ],
    "issued API keys don't work": ["test_pypangolin.py: test_service_users", "test_credentials.c: an_api_key_is_its_owners"],
    "deactivated users keep access, logout does nothing, tokens are listed in clear": [
        "test_admin.py: test_inactive_and_deleted_users_have_no_access",
        "test_credentials.c: logout_ends_the_token_everywhere",
        "test_pypangolin.py: test_tokens",
        "test_sessions.c: tokens_are_listed",
    ],
    "secrets in clear": [
        "test_secrets.py: test_what_was_sent_must_not_come_back",
        "test_secrets.py: test_what_a_server_leaves_holds_nothing",
        "test_admin.py: test_secrets_are_never_shown_and_stay",
        "test_tenants.c: test_secrets_are_sealed",
    ],
    "vended credentials are for the whole bucket and for ever": [
        "test_vending.py: test_a_session_is_good_for_its_table_alone",
        "test_vending.py: test_it_ends_with_the_callers_token",
        "test_vending.py: test_who_does_not_ask_gets_nothing",
        "test_vending.py: test_presigned",
        "test_vending.py: test_a_token_service_that_is_down_keeps_nobody_from_the_metadata",
        "test_vending.py: test_static_keys_only_where_the_warehouse_says_so",
        "test_management.py: test_a_catalog_that_never_vends",
    ],
    "a warehouse is found by a part of its bucket's name, in any tenant": ["test_vending.py: test_warehouse_credentials"],
    "search and lists know less of rights than loads, and show an asset for each branch": [
        "test_management.py: test_search_tells_nothing_to_others",
        "test_management.py: test_access_request_is_a_real_grant",
        "test_search.c: only_what_main_shows_is_found",
    ],
    "audit: few actions, no address, failures as successes, filters that find nothing or everything": [
        "test_management.py: test_audit",
        "test_management.py: test_audit_refuses_bad_filters",
        "test_credentials.c: failed_logins_are_one_record",
        "test_seals.c: tampering_is_named",
    ],
    "a name that is taken is overwritten, or 500": [
        "test_management.py: test_assets_share_the_namespace_with_tables",
        "test_admin.py: test_many_at_once_make_one",
        "test_holes.py: test_a_taken_name_is_409",
    ],
    "a namespace with tables is dropped": ["test_holes.py: test_a_namespace_with_anything_in_it_stays"],
    "maintenance and settings do nothing, counts are 0": [
        "test_holes.py: test_maintenance_is_a_job",
        "test_management.py: test_dashboard",
        "test_management.py: test_summary",
        "test_management.py: test_default_warehouse_bucket",
        "test_management.py: test_default_retention_days",
    ],
    "federation: no permission is asked, no type is sent, any answer is a connection": [
        "test_federation.py: test_who_may_not_is_refused_before_the_upstream_is_asked",
        "test_federation.py: test_what_is_sent_on",
        "test_federation.py: test_secrets_are_masked_and_sealed",
        "test_federation.py: test_the_connection_is_really_tried",
    ],
    "limits and logins under way are each process's own": [
        "test_sessions.c: an_address_is_slowed_down",
        "test_sessions.c: an_account_is_locked",
        "test_identity.py: test_a_login_is_one_browsers_and_single_use",
        "test_quotas.c: requests_are_counted_by_all_processes",
    ],
    "one key for ever, no password rule, no lockout": [
        "test_seals.c: a_rotated_key_is_still_ours",
        "test_external.c: keys_rotate_there",
        "test_password.c: follows_the_rule",
        "test_sessions.c: an_account_is_locked",
        "test_admin.py: test_what_a_user_needs",
        "test_sessions.c: another_password_ends_tokens",
    ],
    "errors in four styles": ["test_errors.py: test_error", "test_errors.py: test_an_address_or_a_method_that_nobody_has"],
}


@pytest.mark.parametrize("hole", HOLES)
def test_hole_has_a_test(hole):
    for place in HOLES[hole]:
        name, _, test = place.partition(": ")
        text = ((UNIT if name.endswith(".c") else HERE) / name).read_text()
        mark = f"START_TEST({test})" if name.endswith(".c") else f"def {test}("
        assert mark in text, f"{hole}: there is no {test} in {name}"


def test_a_taken_name_is_409(admin, lake):  # noqa: F811
    admin.fails(409, "POST", "catalogs", {"name": lake, "warehouse_name": lake})
    admin.fails(409, "POST", "warehouses", {"name": lake})
    assert iceberg(admin, "POST", f"{lake}/namespaces", {"namespace": ["sales"]}).status_code == 409
    assert iceberg(admin, "POST", f"{lake}/namespaces/sales/tables", {"name": "orders", "schema": SCHEMA}).status_code == 409


def test_a_namespace_with_anything_in_it_stays(admin, lake):  # noqa: F811
    assert iceberg(admin, "DELETE", f"{lake}/namespaces/sales").status_code == 409
    space = fresh("space")
    assert iceberg(admin, "POST", f"{lake}/namespaces", {"namespace": [space]}).status_code == 200
    assets = f"catalogs/{lake}/namespaces/{space}/assets"
    admin.ok("POST", assets, {"name": "a", "kind": "OTHER", "location": "x"})
    answer = iceberg(admin, "DELETE", f"{lake}/namespaces/{space}")
    assert answer.status_code == 409 and answer.json()["error"]["type"] == "NamespaceNotEmptyException"
    admin.ok("DELETE", f"{assets}/a")
    assert iceberg(admin, "DELETE", f"{lake}/namespaces/{space}").status_code == 204


def test_maintenance_is_a_job(admin, lake):  # noqa: F811
    path = f"{lake}/namespaces/sales/tables/orders/maintenance"
    answer = iceberg(admin, "POST", path, {"job_type": "expire_snapshots"})
    assert answer.status_code == 200 and answer.json() == {"status": "accepted"}
    answer = iceberg(admin, "POST", path, {"job_type": "remove_orphan_files"})
    assert answer.status_code == 200 and answer.json() == {"status": "accepted"}
    assert iceberg(admin, "POST", path, {"job_type": "compact"}).status_code == 400
    assert iceberg(admin, "POST", path, {}).status_code == 400
