/* SPDX-License-Identifier: Apache-2.0 */
/* model.c - the column tables. */
#include "common/model.h"

#define COLUMN(s, type, member, flags)                                                             \
	{                                                                                          \
#member, NULL, type, flags, offsetof(struct s, member)                             \
	}
#define NAMED(s, type, member, wire, flags)                                                        \
	{                                                                                          \
#member, wire, type, flags, offsetof(struct s, member)                             \
	}
#define KIND(k, table_name, keys, flags)                                                           \
	const struct kind                                                                          \
		kind_##k = { #k,   table_name,	     k##_columns, ARRAY_SIZE(k##_columns),         \
			     keys, sizeof(struct k), flags }

static const struct column epoch_columns[] = {
	COLUMN(epoch, TEXT, tenant_id, KEY),
	COLUMN(epoch, INT, min_program, 0),
};
KIND(epoch, "epochs", 1, GLOBAL | UPSERT | VOLATILE);

static const struct column job_columns[] = {
	COLUMN(job, TEXT, job_id, KEY),	  COLUMN(job, TEXT, tenant_id, INDEX),
	COLUMN(job, TEXT, type, 0),	  COLUMN(job, JSON, payload, 0),
	COLUMN(job, TIME, due_ms, 0),	  COLUMN(job, TIME, lease_ms, 0),
	COLUMN(job, INT, attempts, 0),	  COLUMN(job, TEXT, error, 0),
	COLUMN(job, TIME, created_ms, 0),
};
KIND(job, "jobs", 1, GLOBAL);

static const struct column api_key_columns[] = {
	COLUMN(api_key, TEXT, key_hash, KEY),
	COLUMN(api_key, TEXT, tenant_id, INDEX),
	COLUMN(api_key, TEXT, service_user_id, 0),
};
KIND(api_key, "api_keys", 1, GLOBAL);

static const struct column location_row_columns[] = {
	COLUMN(location_row, TEXT, storage, KEY),    COLUMN(location_row, TEXT, path, KEY),
	COLUMN(location_row, TEXT, type, 0),	     COLUMN(location_row, TEXT, tenant_id, INDEX),
	COLUMN(location_row, TEXT, asset_id, INDEX),
};
KIND(location_row, "locations", 2, GLOBAL);

static const struct column tenant_columns[] = {
	NAMED(tenant, TEXT, tenant_id, "id", KEY | READONLY),
	COLUMN(tenant, TEXT, name, 0),
	COLUMN(tenant, JSON, properties, 0),
	COLUMN(tenant, TIME, created_ms, HIDDEN),
	COLUMN(tenant, TEXT, read_only, HIDDEN),
};
KIND(tenant, "tenants", 1, GLOBAL);

static const struct column user_columns[] = {
	COLUMN(user, TEXT, tenant_id, KEY),
	COLUMN(user, TEXT, username, KEY),
	COLUMN(user, TEXT, id, INDEX | READONLY),
	COLUMN(user, TEXT, email, INDEX),
	COLUMN(user, TEXT, password_hash, SECRET),
	COLUMN(user, TEXT, role, 0),
	COLUMN(user, BOOL, active, 0),
	COLUMN(user, TEXT, oauth_provider, READONLY),
	COLUMN(user, TEXT, oauth_subject, HIDDEN),
	COLUMN(user, TIME, created_at, READONLY),
	COLUMN(user, TIME, updated_at, READONLY),
	COLUMN(user, TIME, last_login, READONLY),
};
KIND(user, "users", 2, KEBAB);

static const struct column service_user_columns[] = {
	COLUMN(service_user, TEXT, tenant_id, KEY),
	COLUMN(service_user, TEXT, id, KEY | READONLY),
	COLUMN(service_user, TEXT, name, 0),
	COLUMN(service_user, TEXT, description, 0),
	COLUMN(service_user, TEXT, api_key_hash, SECRET),
	COLUMN(service_user, TEXT, role, 0),
	COLUMN(service_user, BOOL, active, 0),
	COLUMN(service_user, TEXT, created_by, READONLY),
	COLUMN(service_user, TIME, created_at, READONLY),
	COLUMN(service_user, TIME, last_used, READONLY),
	COLUMN(service_user, TIME, expires_at, 0),
};
KIND(service_user, "service_users", 2, KEBAB);

static const struct column token_columns[] = {
	COLUMN(token, TEXT, tenant_id, KEY), NAMED(token, TEXT, token_id, "id", KEY),
	COLUMN(token, TEXT, user_id, INDEX), COLUMN(token, TEXT, username, 0),
	COLUMN(token, TIME, created_at, 0),  COLUMN(token, TIME, expires_at, 0),
};
KIND(token, "tokens", 2, 0);

static const struct column role_row_columns[] = {
	COLUMN(role_row, TEXT, tenant_id, KEY | READONLY),
	COLUMN(role_row, TEXT, id, KEY | READONLY),
	COLUMN(role_row, TEXT, name, INDEX),
	COLUMN(role_row, TEXT, description, 0),
	COLUMN(role_row, JSON, permissions, 0),
	COLUMN(role_row, TEXT, created_by, READONLY),
	COLUMN(role_row, TIME, created_at, READONLY),
	COLUMN(role_row, TIME, updated_at, READONLY),
};
KIND(role_row, "roles", 2, KEBAB);

static const struct column role_assignment_columns[] = {
	COLUMN(role_assignment, TEXT, tenant_id, KEY),
	COLUMN(role_assignment, TEXT, user_id, KEY),
	COLUMN(role_assignment, TEXT, role_id, KEY | INDEX),
	COLUMN(role_assignment, TEXT, assigned_by, 0),
	COLUMN(role_assignment, TIME, assigned_at, 0),
};
KIND(role_assignment, "role_assignments", 3, KEBAB);

static const struct column permission_columns[] = {
	COLUMN(permission, TEXT, tenant_id, KEY), COLUMN(permission, TEXT, id, KEY),
	COLUMN(permission, TEXT, user_id, INDEX), COLUMN(permission, JSON, scope, 0),
	COLUMN(permission, JSON, actions, 0),	  COLUMN(permission, TEXT, granted_by, 0),
	COLUMN(permission, TIME, granted_at, 0),
};
KIND(permission, "permissions", 2, KEBAB);

static const struct column login_attempt_columns[] = {
	COLUMN(login_attempt, TEXT, subject, KEY),
	COLUMN(login_attempt, INT, failures, 0),
	COLUMN(login_attempt, TIME, until_ms, 0),
};
KIND(login_attempt, "login_attempts", 1, GLOBAL | VOLATILE);

static const struct column oauth_identity_columns[] = {
	COLUMN(oauth_identity, TEXT, provider, KEY),	COLUMN(oauth_identity, TEXT, subject, KEY),
	COLUMN(oauth_identity, TEXT, tenant_id, INDEX), COLUMN(oauth_identity, TEXT, username, 0),
	COLUMN(oauth_identity, TEXT, user_id, 0),
};
KIND(oauth_identity, "oauth_identities", 2, GLOBAL);

static const struct column oauth_flow_columns[] = {
	COLUMN(oauth_flow, TEXT, handle_hash, KEY), COLUMN(oauth_flow, TEXT, step, 0),
	COLUMN(oauth_flow, TEXT, provider, 0),	    COLUMN(oauth_flow, TEXT, redirect_uri, 0),
	COLUMN(oauth_flow, TEXT, nonce, SECRET),    COLUMN(oauth_flow, TEXT, verifier, SECRET),
	COLUMN(oauth_flow, TEXT, tenant_id, 0),	    COLUMN(oauth_flow, TEXT, username, 0),
	COLUMN(oauth_flow, TEXT, user_id, 0),	    COLUMN(oauth_flow, TIME, expires_ms, 0),
	COLUMN(oauth_flow, JSON, roles, 0),
};
KIND(oauth_flow, "oauth_flows", 1, GLOBAL | VOLATILE);

static const struct column signup_columns[] = {
	COLUMN(signup, TEXT, token_hash, KEY),	     COLUMN(signup, TEXT, token, SECRET),
	COLUMN(signup, TEXT, tenant_id, 0),	     COLUMN(signup, TEXT, email, 0),
	COLUMN(signup, TEXT, password_hash, SECRET), COLUMN(signup, TIME, expires_ms, 0),
};
KIND(signup, "signups", 1, GLOBAL | VOLATILE);

static const struct column issuer_columns[] = {
	COLUMN(issuer, TEXT, issuer, KEY), COLUMN(issuer, JSON, endpoints, 0),
	COLUMN(issuer, JSON, jwks, 0),	   COLUMN(issuer, TIME, read_ms, 0),
	COLUMN(issuer, TIME, tried_ms, 0),
};
KIND(issuer, "issuers", 1, GLOBAL | VOLATILE);

static const struct column idempotency_key_columns[] = {
	COLUMN(idempotency_key, TEXT, tenant_id, KEY),
	COLUMN(idempotency_key, TEXT, key, KEY),
	COLUMN(idempotency_key, TEXT, operation, 0),
	COLUMN(idempotency_key, TEXT, principal, 0),
	COLUMN(idempotency_key, TEXT, request_hash, 0),
	COLUMN(idempotency_key, INT, http, 0),
	COLUMN(idempotency_key, TEXT, error_type, 0),
	COLUMN(idempotency_key, TEXT, answer, 0),
	COLUMN(idempotency_key, TIME, made_ms, 0),
	COLUMN(idempotency_key, TIME, expires_ms, 0),
};
KIND(idempotency_key, "idempotency_keys", 2, VOLATILE);

static const struct column warehouse_columns[] = {
	COLUMN(warehouse, TEXT, tenant_id, KEY | READONLY),
	COLUMN(warehouse, TEXT, name, KEY),
	COLUMN(warehouse, TEXT, id, READONLY),
	COLUMN(warehouse, BOOL, use_sts, 0),
	COLUMN(warehouse, JSON, storage_config, SECRET),
	COLUMN(warehouse, JSON, vending_strategy, SECRET),
	COLUMN(warehouse, TIME, created_ms, HIDDEN),
};
KIND(warehouse, "warehouses", 2, 0);

static const struct column catalog_columns[] = {
	COLUMN(catalog, TEXT, tenant_id, KEY | HIDDEN),	 COLUMN(catalog, TEXT, name, KEY),
	COLUMN(catalog, TEXT, id, INDEX | READONLY),	 COLUMN(catalog, TEXT, catalog_type, 0),
	COLUMN(catalog, TEXT, warehouse_name, 0),	 COLUMN(catalog, TEXT, storage_location, 0),
	COLUMN(catalog, JSON, federated_config, SECRET), COLUMN(catalog, JSON, properties, 0),
	COLUMN(catalog, TIME, created_ms, HIDDEN),
};
KIND(catalog, "catalogs", 2, 0);

static const struct column federation_count_columns[] = {
	COLUMN(federation_count, TEXT, tenant_id, KEY | HIDDEN),
	COLUMN(federation_count, TEXT, catalog_id, KEY),
	COLUMN(federation_count, TIME, last_synced_at, 0),
	COLUMN(federation_count, TEXT, sync_status, 0),
	COLUMN(federation_count, INT, namespaces_synced, 0),
	COLUMN(federation_count, INT, tables_synced, 0),
	COLUMN(federation_count, INT, views_synced, 0),
	COLUMN(federation_count, TEXT, error_message, 0),
};
KIND(federation_count, "federation_counts", 2, 0);

static const struct column branch_columns[] = {
	COLUMN(branch, TEXT, tenant_id, KEY),	COLUMN(branch, TEXT, catalog_id, KEY),
	COLUMN(branch, TEXT, name, KEY),	COLUMN(branch, TEXT, id, 0),
	COLUMN(branch, TEXT, parent_id, INDEX), COLUMN(branch, INT, parent_cut, 0),
	COLUMN(branch, JSON, chain, 0),		COLUMN(branch, INT, cut, 0),
	COLUMN(branch, TEXT, branch_type, 0),	COLUMN(branch, TEXT, commit_id, 0),
	COLUMN(branch, INT, as_of, 0),		COLUMN(branch, JSON, assets, 0),
	COLUMN(branch, JSON, protection, 0),	COLUMN(branch, TIME, created_ms, 0),
};
KIND(branch, "branches", 3, PINNED);

static const struct column asset_columns[] = {
	COLUMN(asset, TEXT, tenant_id, KEY),
	COLUMN(asset, TEXT, catalog_id, KEY),
	COLUMN(asset, TEXT, branch_id, KEY),
	COLUMN(asset, TEXT, namespace, KEY),
	COLUMN(asset, TEXT, name, KEY),
	COLUMN(asset, INT, until, KEY),
	COLUMN(asset, TEXT, asset_id, INDEX),
	COLUMN(asset, TEXT, type, 0),
	COLUMN(asset, TEXT, table_uuid, 0),
	COLUMN(asset, TEXT, metadata_location, INDEX),
	COLUMN(asset, TEXT, metadata_sha256, 0),
	COLUMN(asset, INT, metadata_size, 0),
	COLUMN(asset, TEXT, location, 0),
	COLUMN(asset, TEXT, data_path, 0),
	COLUMN(asset, TEXT, metadata_path, 0),
	COLUMN(asset, INT, format_version, 0),
	COLUMN(asset, INT, current_snapshot_id, 0),
	COLUMN(asset, INT, born, INDEX),
	COLUMN(asset, JSON, properties, 0),
	COLUMN(asset, TIME, created_ms, 0),
	COLUMN(asset, TIME, updated_ms, 0),
};
KIND(asset, "assets", 6, 0);

static const struct column commit_columns[] = {
	COLUMN(commit, TEXT, tenant_id, KEY), COLUMN(commit, TEXT, catalog_id, KEY),
	COLUMN(commit, TEXT, branch_id, KEY), COLUMN(commit, TEXT, commit_id, KEY),
	COLUMN(commit, INT, cut, 0),	      COLUMN(commit, TIME, made_ms, 0),
	COLUMN(commit, TEXT, author, 0),      COLUMN(commit, TEXT, message, 0),
	COLUMN(commit, JSON, operations, 0),
};
KIND(commit, "commits", 4, 0);

static const struct column merge_operation_columns[] = {
	COLUMN(merge_operation, TEXT, tenant_id, KEY),
	COLUMN(merge_operation, TEXT, catalog_id, KEY),
	COLUMN(merge_operation, TEXT, id, KEY | INDEX),
	COLUMN(merge_operation, TEXT, source_branch, 0),
	COLUMN(merge_operation, TEXT, target_branch, 0),
	COLUMN(merge_operation, TEXT, source_id, 0),
	COLUMN(merge_operation, TEXT, target_id, 0),
	COLUMN(merge_operation, INT, source_cut, 0),
	COLUMN(merge_operation, TEXT, base_id, 0),
	COLUMN(merge_operation, INT, base_cut, 0),
	COLUMN(merge_operation, INT, base_version, 0),
	COLUMN(merge_operation, TEXT, base_commit_id, 0),
	COLUMN(merge_operation, TEXT, status, 0),
	COLUMN(merge_operation, INT, conflicts_count, 0),
	COLUMN(merge_operation, TEXT, initiated_by, 0),
	COLUMN(merge_operation, TIME, initiated_at, 0),
	COLUMN(merge_operation, TIME, completed_at, 0),
	COLUMN(merge_operation, TEXT, result_commit_id, 0),
};
KIND(merge_operation, "merge_operations", 3, 0);

static const struct column merge_conflict_columns[] = {
	COLUMN(merge_conflict, TEXT, tenant_id, KEY),
	COLUMN(merge_conflict, TEXT, catalog_id, KEY),
	COLUMN(merge_conflict, TEXT, operation_id, KEY),
	COLUMN(merge_conflict, TEXT, id, KEY | INDEX),
	COLUMN(merge_conflict, TEXT, namespace, 0),
	COLUMN(merge_conflict, TEXT, name, 0),
	COLUMN(merge_conflict, TEXT, asset_id, 0),
	COLUMN(merge_conflict, TEXT, conflict_type, 0),
	COLUMN(merge_conflict, TEXT, description, 0),
	COLUMN(merge_conflict, JSON, details, 0),
	COLUMN(merge_conflict, JSON, base_state, 0),
	COLUMN(merge_conflict, JSON, source_state, 0),
	COLUMN(merge_conflict, JSON, target_state, 0),
	COLUMN(merge_conflict, TEXT, strategy, 0),
	COLUMN(merge_conflict, JSON, resolved_state, 0),
	COLUMN(merge_conflict, JSON, resolved_value, 0),
	COLUMN(merge_conflict, TEXT, resolved_by, 0),
	COLUMN(merge_conflict, TIME, resolved_at, 0),
	COLUMN(merge_conflict, TIME, created_at, 0),
};
KIND(merge_conflict, "merge_conflicts", 4, 0);

static const struct column merge_base_columns[] = {
	COLUMN(merge_base, TEXT, tenant_id, KEY), COLUMN(merge_base, TEXT, catalog_id, KEY),
	COLUMN(merge_base, TEXT, low_id, KEY),	  COLUMN(merge_base, TEXT, high_id, KEY),
	COLUMN(merge_base, TEXT, branch_id, 0),	  COLUMN(merge_base, INT, cut, 0),
};
KIND(merge_base, "merge_bases", 4, 0);

static const struct column scan_plan_columns[] = {
	COLUMN(scan_plan, TEXT, tenant_id, KEY), COLUMN(scan_plan, TEXT, catalog_id, KEY),
	COLUMN(scan_plan, TEXT, plan_id, KEY),	 COLUMN(scan_plan, TEXT, asset_id, 0),
	COLUMN(scan_plan, TEXT, user_id, 0),	 COLUMN(scan_plan, INT, snapshot_id, 0),
	COLUMN(scan_plan, INT, schema_id, 0),	 COLUMN(scan_plan, JSON, request, 0),
	COLUMN(scan_plan, TIME, expires_ms, 0),
};
KIND(scan_plan, "scan_plans", 3, VOLATILE);

static const struct column absent_columns[] = {
	COLUMN(absent, TEXT, tenant_id, KEY),
	COLUMN(absent, TEXT, catalog_id, KEY),
	COLUMN(absent, TEXT, asset_id, KEY | INDEX),
	COLUMN(absent, TEXT, type, 0),
	COLUMN(absent, TEXT, owner, 0),
	COLUMN(absent, TEXT, namespace, 0),
	COLUMN(absent, TEXT, name, 0),
	COLUMN(absent, TEXT, location, 0),
	COLUMN(absent, TEXT, data_path, 0),
	COLUMN(absent, TEXT, metadata_path, 0),
	COLUMN(absent, TIME, until_ms, 0),
};
KIND(absent, "absent_tables", 3, VOLATILE);

static const struct column metrics_report_columns[] = {
	COLUMN(metrics_report, TEXT, tenant_id, KEY | HIDDEN),
	COLUMN(metrics_report, TEXT, catalog_id, KEY | HIDDEN),
	COLUMN(metrics_report, TEXT, asset_id, KEY),
	COLUMN(metrics_report, INT, place, KEY | HIDDEN),
	COLUMN(metrics_report, TEXT, id, 0),
	COLUMN(metrics_report, TEXT, week, INDEX | HIDDEN),
	COLUMN(metrics_report, TEXT, report_type, 0),
	COLUMN(metrics_report, INT, snapshot_id, 0),
	COLUMN(metrics_report, TIME, received_at, 0),
	COLUMN(metrics_report, TEXT, user_id, 0),
	COLUMN(metrics_report, TEXT, username, 0),
	COLUMN(metrics_report, TEXT, user_agent, 0),
	COLUMN(metrics_report, JSON, report, 0),
};
KIND(metrics_report, "metrics_reports", 4, 0);

static const struct column audit_columns[] = {
	COLUMN(audit, TEXT, tenant_id, KEY),	 COLUMN(audit, TEXT, id, KEY),
	COLUMN(audit, TEXT, user_id, INDEX),	 COLUMN(audit, TEXT, username, 0),
	COLUMN(audit, TEXT, action, 0),		 COLUMN(audit, TEXT, resource_type, 0),
	COLUMN(audit, TEXT, resource_id, INDEX), COLUMN(audit, TEXT, resource_name, 0),
	COLUMN(audit, TIME, timestamp, 0),	 COLUMN(audit, TEXT, ip_address, 0),
	COLUMN(audit, TEXT, user_agent, 0),	 COLUMN(audit, TEXT, result, 0),
	COLUMN(audit, TEXT, error_message, 0),	 COLUMN(audit, JSON, metadata, 0),
};
KIND(audit, "audit", 2, 0);

static const struct column business_metadata_columns[] = {
	COLUMN(business_metadata, TEXT, tenant_id, KEY | HIDDEN),
	COLUMN(business_metadata, TEXT, asset_id, KEY),
	COLUMN(business_metadata, TEXT, id, READONLY),
	COLUMN(business_metadata, TEXT, description, 0),
	COLUMN(business_metadata, JSON, tags, 0),
	COLUMN(business_metadata, JSON, properties, 0),
	COLUMN(business_metadata, BOOL, discoverable, 0),
	COLUMN(business_metadata, TEXT, created_by, READONLY),
	COLUMN(business_metadata, TIME, created_at, READONLY),
	COLUMN(business_metadata, TEXT, updated_by, READONLY),
	COLUMN(business_metadata, TIME, updated_at, READONLY),
};
KIND(business_metadata, "business_metadata", 2, KEBAB);

static const struct column access_request_columns[] = {
	COLUMN(access_request, TEXT, tenant_id, KEY),
	COLUMN(access_request, TEXT, id, KEY),
	COLUMN(access_request, TEXT, user_id, INDEX),
	COLUMN(access_request, TEXT, username, 0),
	COLUMN(access_request, TEXT, asset_id, INDEX),
	COLUMN(access_request, TEXT, resource, 0),
	COLUMN(access_request, TEXT, reason, 0),
	COLUMN(access_request, TIME, requested_at, 0),
	COLUMN(access_request, TEXT, status, 0),
	COLUMN(access_request, TEXT, reviewed_by, 0),
	COLUMN(access_request, TIME, reviewed_at, 0),
	COLUMN(access_request, TEXT, review_comment, 0),
};
KIND(access_request, "access_requests", 2, KEBAB);

static const struct column search_entry_columns[] = {
	COLUMN(search_entry, TEXT, tenant_id, KEY),
	COLUMN(search_entry, TEXT, term, KEY),
	COLUMN(search_entry, TEXT, asset_id, KEY | INDEX),
	COLUMN(search_entry, TEXT, catalog_id, 0),
	COLUMN(search_entry, TEXT, namespace, 0),
	COLUMN(search_entry, TEXT, name, 0),
	COLUMN(search_entry, TEXT, type, 0),
};
KIND(search_entry, "search", 3, 0);

static const struct column setting_columns[] = {
	COLUMN(setting, TEXT, tenant_id, KEY | HIDDEN),
	COLUMN(setting, BOOL, allow_public_signup, 0),
	COLUMN(setting, TEXT, default_warehouse_bucket, 0),
	COLUMN(setting, INT, default_retention_days, 0),
	COLUMN(setting, TEXT, smtp_host, 0),
	COLUMN(setting, INT, smtp_port, 0),
	COLUMN(setting, TEXT, smtp_user, 0),
	COLUMN(setting, TEXT, smtp_password, SECRET),
	COLUMN(setting, TEXT, smtp_from, 0),
};
KIND(setting, "settings", 1, 0);

static const struct column audit_seal_columns[] = {
	COLUMN(audit_seal, TEXT, tenant_id, KEY), COLUMN(audit_seal, INT, place, KEY),
	COLUMN(audit_seal, TEXT, after_id, 0),	  COLUMN(audit_seal, TEXT, last_id, 0),
	COLUMN(audit_seal, TIME, last_ms, 0),	  COLUMN(audit_seal, INT, records, 0),
	COLUMN(audit_seal, TEXT, entries, 0),	  COLUMN(audit_seal, TEXT, entries_hash, 0),
	COLUMN(audit_seal, TEXT, previous, 0),	  COLUMN(audit_seal, TEXT, hash, 0),
	COLUMN(audit_seal, TEXT, signature, 0),	  COLUMN(audit_seal, TIME, sealed_at, 0),
};
KIND(audit_seal, "audit_seals", 2, 0);

static const struct column quota_count_columns[] = {
	COLUMN(quota_count, TEXT, tenant_id, KEY),
	COLUMN(quota_count, INT, tenant_version, 0),
	COLUMN(quota_count, INT, tables, 0),
	COLUMN(quota_count, INT, namespaces, 0),
};
KIND(quota_count, "quota_counts", 1, VOLATILE);

const struct kind *const model_kinds[] = {
	&kind_epoch,
	&kind_job,
	&kind_api_key,
	&kind_location_row,
	&kind_tenant,
	&kind_user,
	&kind_service_user,
	&kind_token,
	&kind_role_row,
	&kind_role_assignment,
	&kind_permission,
	&kind_warehouse,
	&kind_catalog,
	&kind_federation_count,
	&kind_branch,
	&kind_asset,
	&kind_commit,
	&kind_merge_operation,
	&kind_merge_conflict,
	&kind_merge_base,
	&kind_audit,
	&kind_audit_seal,
	&kind_quota_count,
	&kind_metrics_report,
	&kind_idempotency_key,
	&kind_scan_plan,
	&kind_absent,
	&kind_business_metadata,
	&kind_access_request,
	&kind_search_entry,
	&kind_setting,
	&kind_login_attempt,
	&kind_oauth_identity,
	&kind_oauth_flow,
	&kind_signup,
	&kind_issuer,
	NULL,
};

const struct column *model_column(const struct kind *k, const char *name)
{
	for (size_t i = 0; i < k->n_columns; i++)
		if (strcmp(k->columns[i].name, name) == 0)
			return &k->columns[i];
	return NULL;
}

bool model_has(const struct kind *k, unsigned flag)
{
	for (size_t i = 0; i < k->n_columns; i++)
		if (k->columns[i].flags & flag)
			return true;
	return false;
}

int model_compare(const struct row *a, const struct row *b)
{
	for (size_t i = 0; i < a->kind->n_keys; i++) {
		const struct column *c = &a->kind->columns[i];
		int order;

		if (model_is_text(c)) {
			order = strcmp(model_text(a, c), model_text(b, c));
		} else {
			int64_t x = model_int(a, c), y = model_int(b, c);

			order = (x > y) - (x < y);
		}
		if (order)
			return order;
	}
	return 0;
}

void model_set_text(struct row *r, const struct column *c, const char *s)
{
	*(const char **)((char *)r + c->offset) = s;
}

void model_set_int(struct row *r, const struct column *c, int64_t v)
{
	if (c->type == BOOL)
		*(bool *)((char *)r + c->offset) = v != 0;
	else
		*(int64_t *)((char *)r + c->offset) = v;
}
