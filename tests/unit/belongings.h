/* SPDX-License-Identifier: Apache-2.0 */
/* belongings.h - two tenants that have the same under equal names, and all rows of a tenant; for attacks of one on the other. */
#ifndef TESTS_UNIT_BELONGINGS_H
#define TESTS_UNIT_BELONGINGS_H

#include "stores/branches.h"
#include "stores/business.h"
#include "stores/warehouses.h"
#include "tests/unit/callers.h"

/* In everything of theirs, and in no request. */
#define MARK "xyzzymark"

static const struct route_table *const tables[] = { &namespaces_routes, &tables_routes,
						    &credentials_routes, &admin_routes };

static struct responder_process responder;

/* What each tenant has, under the same names. */
struct belongings {
	const char *tenant_id;
	struct catalog catalog;
	struct user admin, user;
	struct service_user service;
	struct role_row role;
	struct access_request request;
	const char *asset_id, *permission_id, *token_id, *audit_id;
	const char *commit_id, *merge_id, *conflict_id, *plan_id;
	/* of the one tenant alone */
	const char *only_branch, *only_tag, *only_catalog, *only_federated, *only_user;
};

static struct belongings ours, theirs;

static inline int run(void)
{
	return serve("test", NEED_CLOUD | NEED_STORAGE_KEY | NEED_IDENTITY_KEY, tables,
		     ARRAY_SIZE(tables));
}

/* --- two tenants ------------------------------------------------------------------------- */

/* A commit, a merge with a conflict and a planned scan: rows as they would be. */
static inline void add_history(struct belongings *b, const char *mark)
{
	struct commit commit = { .row = ROW(commit),
				 .branch_id = b->catalog.id,
				 .author = mark,
				 .message = mark,
				 .operations = "[]" };
	struct merge_operation merge = { .row = ROW(merge_operation),
					 .source_branch = "dev",
					 .target_branch = "main",
					 .source_id = b->catalog.id,
					 .target_id = b->catalog.id,
					 .base_id = b->catalog.id,
					 .status = "conflicted",
					 .conflicts_count = 1,
					 .initiated_by = mark };
	struct merge_conflict conflict = { .row = ROW(merge_conflict),
					   .namespace = "a\x1F",
					   .name = "t",
					   .asset_id = b->asset_id,
					   .conflict_type = "both_modified",
					   .description = mark,
					   .details = "{}" };
	struct scan_plan plan = { .row = ROW(scan_plan),
				  .asset_id = b->asset_id,
				  .user_id = b->user.id,
				  .snapshot_id = -1,
				  .schema_id = -1,
				  .request = cx_printf(&cx, "{\"%s\":1}", mark),
				  .expires_ms = cx_now_ms() + 3600000 };
	struct change list[] = { { INSERT, &commit.row },
				 { INSERT, &merge.row },
				 { INSERT, &conflict.row },
				 { INSERT, &plan.row } };

	commit.tenant_id = merge.tenant_id = conflict.tenant_id = plan.tenant_id = b->tenant_id;
	commit.catalog_id = merge.catalog_id = conflict.catalog_id = plan.catalog_id =
		b->catalog.id;
	commit.commit_id = b->commit_id = text_uuid7(&cx);
	merge.id = conflict.operation_id = b->merge_id = text_uuid7(&cx);
	conflict.id = b->conflict_id = text_uuid7(&cx);
	plan.plan_id = b->plan_id = text_uuid7(&cx);
	must(store_apply(&cx, st, list, ARRAY_SIZE(list), NULL));
}

/* A branch and a tag that both have, and what one has alone. */
static inline void add_refs(struct belongings *b, const struct catalog_ref *ref, const char *mark)
{
	b->only_branch = cx_printf(&cx, "%s-dev", mark);
	b->only_tag = cx_printf(&cx, "%s-v", mark);
	for (int i = 0; i < 4; i++) {
		const char *const names[] = { "dev", "v", b->only_branch, b->only_tag };
		const struct branch_wish wish = { .name = names[i],
						  .type = i % 2 ? "tag" : "experimental" };
		struct branch made;

		must(branch_create(&cx, st, ref, &wish, NULL, &made));
	}
}

/* Catalogs of the one tenant alone, a local and a federated one. */
static inline void add_catalogs(struct belongings *b, const char *mark)
{
	struct catalog far = { .tenant_id = b->tenant_id,
			       .name = cx_printf(&cx, "%s-far", mark),
			       .catalog_type = "Federated",
			       .properties = "{}",
			       .federated_config =
				       "{\"properties\":{\"uri\":\"https://127.0.0.1:9/\"}}" };
	struct catalog near = { .tenant_id = b->tenant_id,
				.name = cx_printf(&cx, "%s-c", mark),
				.properties = "{}" };

	must(catalog_create(&cx, st, &far, NULL));
	must(catalog_create(&cx, st, &near, NULL));
	b->only_federated = far.name;
	b->only_catalog = near.name;
}

static inline void add_content(struct belongings *b, const char *mark)
{
	struct content *content = content_open();
	const struct catalog_ref *ref = make_catalog(content, b->tenant_id, "c", &b->catalog);
	struct business_metadata about = { .tenant_id = b->tenant_id,
					   .description = mark,
					   .tags = cx_printf(&cx, "[\"%s\"]", mark),
					   .properties = "{}",
					   .discoverable = true };
	struct json_object *properties = json_new_object(&cx);

	json_set_text(properties, "owner", mark);
	must(namespace_create(&cx, st, ref, "d", properties, NULL));
	must(namespace_create(&cx, st, ref, cx_printf(&cx, "%s", mark), properties, NULL));
	b->asset_id = make_table(ref, "a", "t");
	make_table(ref, "a", cx_printf(&cx, "%s_t", mark));
	about.asset_id = b->asset_id;
	must(business_put(&cx, st, &about,
			  &(struct business_metadata){ .row = ROW(business_metadata),
						       .tenant_id = b->tenant_id,
						       .asset_id = b->asset_id },
			  "t", NULL));
	b->catalog.properties = cx_printf(&cx, "{\"default.owner\":\"%s\"}", mark);
	must(catalog_update(&cx, st, &b->catalog, NULL, NULL));
	add_refs(b, ref, mark);
	add_catalogs(b, mark);
	content_close(content);
}

static inline void add_people(struct belongings *b, const char *mark)
{
	const char *key;

	b->admin = make_user(b->tenant_id, "ada", "tenant-admin");
	b->user = make_user(b->tenant_id, "nora", "tenant-user");
	b->only_user =
		make_user(b->tenant_id, cx_printf(&cx, "%s-u", mark), "tenant-user").username;
	b->user.email = cx_printf(&cx, "%s@example.com", mark);
	must(user_find(&cx, st, b->tenant_id, "nora", &b->user));
	b->user.email = cx_printf(&cx, "%s@example.com", mark);
	must(user_update(&cx, st, &b->user, NULL));
	b->service = (struct service_user){
		.tenant_id = b->tenant_id, .name = "s", .description = mark, .role = "tenant-user"
	};
	must(service_user_create(&cx, st, &b->service, NULL, &key));
	b->role = (struct role_row){
		.tenant_id = b->tenant_id, .name = "r", .description = mark, .permissions = "[]"
	};
	must(role_create(&cx, st, &b->role, NULL));
	b->permission_id = grant(&b->user, "{\"type\":\"tenant\"}", "[\"all\"]");
	(void)grant(&b->user, cx_printf(&cx, "{\"type\":\"tag\",\"tag_name\":\"%s\"}", mark),
		    "[\"all\"]");
	(void)token_for(&b->user, 3600, &b->token_id);
}

static inline void add_rest(struct belongings *b, const char *mark)
{
	struct warehouse w = { .tenant_id = b->tenant_id,
			       .name = "w",
			       .storage_config = cx_printf(
				       &cx, "{\"type\":\"s3\",\"bucket\":\"%s\"}", mark) };
	struct warehouse named = { .tenant_id = b->tenant_id,
				   .name = cx_printf(&cx, "%s-w", mark),
				   .storage_config = "{}" };
	struct audit from = { .row = ROW(audit), .tenant_id = b->tenant_id };
	struct query q = { .from = &from.row, .bound = 1, .limit = 1 };
	struct change change = { INSERT, &b->request.row };
	struct rows found;

	must(warehouse_create(&cx, st, &w, NULL));
	must(warehouse_create(&cx, st, &named, NULL));
	b->request = (struct access_request){ .row = ROW(access_request),
					      .tenant_id = b->tenant_id,
					      .id = text_uuid7(&cx),
					      .user_id = b->user.id,
					      .username = "nora",
					      .asset_id = b->asset_id,
					      .resource = mark,
					      .reason = mark,
					      .requested_at = cx_now_ms(),
					      .status = "pending" };
	must(store_apply(&cx, st, &change, 1, NULL));
	must(store_list(&cx, st, &q, &found));
	b->audit_id = ((struct audit *)found.items)->id;
}

static inline void start(void)
{
	open_ground();
	ours.tenant_id = OURS;
	theirs.tenant_id = THEIRS;
	add_content(&ours, "plain");
	add_content(&theirs, MARK);
	add_people(&ours, "plain");
	add_people(&theirs, MARK);
	add_rest(&ours, "plain");
	add_rest(&theirs, MARK);
	add_history(&ours, "plain");
	add_history(&theirs, MARK);
	responder_start(&responder, folder, run);
}

static inline void end(void)
{
	int status = responder_stop(&responder);

	close(responder.listener);
	close_ground();
	ck_assert_int_eq(status, 0);
}

/* --- all of a tenant's rows ---------------------------------------------------------------- */

/* Keys and versions, as one text. */
static inline const char *rows_of(const char *tenant_id)
{
	struct text t = text_open(&cx, 1 << 20);

	for (size_t k = 0; model_kinds[k]; k++) {
		struct row *from = cx_alloc(&cx, model_kinds[k]->size);
		struct query q = { .from = from, .bound = 1, .limit = 10000 };
		struct rows found;

		if (model_kinds[k]->flags & GLOBAL)
			continue;
		from->kind = model_kinds[k];
		model_set_text(from, &from->kind->columns[0], tenant_id);
		must(store_list(&cx, st, &q, &found));
		for (size_t i = 0; i < found.n; i++) {
			const struct row *r =
				(struct row *)((char *)found.items + i * from->kind->size);

			if (r->kind == &kind_audit &&
			    strcmp(((const struct audit *)r)->action, "login_failed") == 0)
				continue; /* anybody may try, and it is on record there */
			text_addf(&t, "%s %s %lld\n", r->kind->name,
				  model_text(r, &r->kind->columns[1]), (long long)r->version);
		}
	}
	ck_assert(!t.over);
	return t.s;
}

/* The first line that differs, where one does. */
static inline void check_same(const char *before, const char *after)
{
	const char *line = before, *now = after;

	for (; *before && *before == *after; before++, after++)
		if (*before == '\n') {
			line = before + 1;
			now = after + 1;
		}
	ck_assert_msg(!*before && !*after, "their rows changed: %.200s, now %.200s", line, now);
}

#endif
