/* SPDX-License-Identifier: Apache-2.0 */
/* admin.h - what the handlers of the management API share. */
#ifndef FCGI_ADMIN_ADMIN_H
#define FCGI_ADMIN_ADMIN_H

#include "fcgi/http.h"
#include "fcgi/secrets.h"

/*
 * Bodies may hold members we don't know: clients of several generations send
 * them, and they are ignored.  What we know must be of its type.
 */

/* How often a read-change-write is tried against others who change the row. */
#define ADMIN_TRIES 8

/* --- names and properties -------------------------------------------------- */

/* A name of 1 to 255 bytes without control bytes.  INVALID names `what`. */
MUST_USE enum status admin_check_text(struct cx *cx, const char *what, const char *name);

/* And fit to be one path segment: not "." or "..", no '/', no '@' (which names
 * branches), no space at either end. */
MUST_USE enum status admin_check_name(struct cx *cx, const char *what, const char *name);

/* Member `properties` of a body, {str: str}, as JSON text; *out stays where it
 * is absent. */
MUST_USE enum status admin_properties(struct cx *cx, struct json_object *body, const char **out);

/* A row as its column table says, and `properties` {} rather than null. */
MUST_USE enum status admin_json(struct cx *cx, const struct row *row, struct json_object **out);

/* Beside each member in kebab-case its copy in snake_case: clients of one generation read
 * these, of another those. */
void admin_add_snake(struct cx *cx, struct json_object *o);

/* JSON text of an object as a value; {} for NULL. */
MUST_USE enum status admin_object(struct cx *cx, const char *text, struct json_object **out);

/* RFC 3339, or null for 0. */
void admin_set_time(struct cx *cx, struct json_object *o, const char *key, int64_t ms);

/* --- lists ------------------------------------------------------------------ */

/*
 * Answers with the rows that equal `from` in their first `bound` key columns,
 * in key order or by their "name" member, cut by ?limit= and ?offset=: a bare
 * array.  show() gives one row as clients read it, or NULL: the caller may not
 * see it.  INVALID: a limit or offset that is no number.
 */
MUST_USE enum status admin_list(struct request *rq, const struct row *from, size_t bound,
				bool by_name,
				enum status (*show)(struct request *rq, const void *item,
						    struct json_object **out));

/* The same of the rows that equal `from` in an indexed column, too; in key order. */
MUST_USE enum status admin_list_where(struct request *rq, const struct row *from, size_t bound,
				      const char *column,
				      enum status (*show)(struct request *rq, const void *item,
							  struct json_object **out));

/* ?offset= and ?limit=; what is not asked for stays.  INVALID: no number. */
MUST_USE enum status admin_page(struct request *rq, size_t *skip, size_t *limit);

/* Answers with one row. */
MUST_USE enum status admin_answer(struct request *rq, int http, const void *item,
				  enum status (*show)(struct request *rq, const void *item,
						      struct json_object **out));

/* --- catalogs --------------------------------------------------------------- */

/* The path's catalog, where the caller may do that with it.  NOT_FOUND; DENIED. */
MUST_USE enum status admin_catalog(struct request *rq, enum action action, struct catalog *c);

/* Deletes the path's catalog where it is the one of that id: another that took its name since
 * stays (NOT_FOUND).  Decides again on what it deletes. */
MUST_USE enum status catalog_delete(struct request *rq, const char *id);

/* What a list shows of a catalog: all of it to who may read it, its names and type to who may
 * list it for something in it, NULL to others. */
const struct catalog *admin_shown(const struct request *rq, const struct catalog *c);

/* --- federated catalogs -------------------------------------------------------- */

/*
 * Reads a federated catalog's configuration, {"properties": {str: str}}, out of member
 * `key` of the body: c->federated_config and catalog_type.  A masked value stays what it
 * was.  INVALID names what is wrong.
 */
MUST_USE enum status federated_read(struct request *rq, const char *key, struct catalog *c);

/* Shows it as member `key`, secrets masked; null for a local catalog. */
MUST_USE enum status federated_show(struct request *rq, const struct catalog *c,
				    struct json_object *out, const char *key);

/* --- handlers --------------------------------------------------------------- */

enum status get_health(struct request *rq);
enum status get_live(struct request *rq);
enum status get_app_config(struct request *rq);
enum status get_metrics(struct request *rq);

enum status list_tenants(struct request *rq);
enum status create_tenant(struct request *rq);
enum status get_tenant(struct request *rq);
enum status update_tenant(struct request *rq);
enum status delete_tenant(struct request *rq);

enum status list_warehouses(struct request *rq);
enum status create_warehouse(struct request *rq);
enum status get_warehouse(struct request *rq);
enum status update_warehouse(struct request *rq);
enum status delete_warehouse(struct request *rq);

enum status list_catalogs(struct request *rq);
enum status create_catalog(struct request *rq);
enum status get_catalog(struct request *rq);
enum status update_catalog(struct request *rq);
enum status delete_catalog(struct request *rq);
enum status deletes_catalog(struct request *rq,
			    enum status (*visit)(struct request *rq, enum action action,
						 const struct object *object));

enum status list_federated(struct request *rq);
enum status create_federated(struct request *rq);
enum status get_federated(struct request *rq);
enum status delete_federated(struct request *rq);
enum status test_federated(struct request *rq);
enum status sync_federated(struct request *rq);
enum status get_federated_stats(struct request *rq);

enum status list_reports(struct request *rq);

enum status list_assets(struct request *rq);
enum status create_asset(struct request *rq);
enum status get_asset(struct request *rq);
enum status update_asset(struct request *rq);
enum status delete_asset(struct request *rq);

enum status get_asset_by_id(struct request *rq);
enum status get_about(struct request *rq);
enum status put_about(struct request *rq);
enum status delete_about(struct request *rq);
enum status delete_assets(struct request *rq);

enum status create_request(struct request *rq);
enum status list_requests(struct request *rq);
enum status get_request(struct request *rq);
enum status decide_request(struct request *rq);

enum status search_assets_plain(struct request *rq);
enum status search_assets_paged(struct request *rq);
enum status search_all(struct request *rq);

enum status get_stats(struct request *rq);
enum status get_summary(struct request *rq);
enum status get_namespace_tree(struct request *rq);
enum status get_explorer_tree(struct request *rq);

enum status list_audit(struct request *rq);
enum status count_audit(struct request *rq);
enum status get_audit(struct request *rq);

enum status get_settings(struct request *rq);
enum status update_settings(struct request *rq);

enum status validate_names(struct request *rq);

enum status list_branches(struct request *rq);
enum status create_branch(struct request *rq);
enum status get_branch(struct request *rq);
enum status update_branch(struct request *rq);
enum status delete_branch(struct request *rq);
enum status list_tags(struct request *rq);
enum status create_tag(struct request *rq);
enum status get_tag(struct request *rq);
enum status delete_tag(struct request *rq);
enum status list_commits(struct request *rq);
enum status get_commit(struct request *rq);
enum status revert_commit(struct request *rq);
enum status get_diff(struct request *rq);
enum status merge_branches(struct request *rq);
enum status rebase_branch(struct request *rq);
enum status list_merges(struct request *rq);
enum status get_merge(struct request *rq);
enum status list_conflicts(struct request *rq);
enum status complete_merge(struct request *rq);
enum status abort_merge(struct request *rq);
enum status resolve_conflict(struct request *rq);

enum status list_users(struct request *rq);
enum status create_user(struct request *rq);
enum status get_user(struct request *rq);
enum status update_user(struct request *rq);
enum status delete_user(struct request *rq);

enum status list_roles(struct request *rq);
enum status create_role(struct request *rq);
enum status get_role(struct request *rq);
enum status update_role(struct request *rq);
enum status delete_role(struct request *rq);
enum status list_user_roles(struct request *rq);
enum status assign_role(struct request *rq);
enum status unassign_role(struct request *rq);

enum status list_permissions(struct request *rq);
enum status grant_permission(struct request *rq);
enum status revoke_permission(struct request *rq);

enum status explain_access(struct request *rq);

enum status list_service_users(struct request *rq);
enum status create_service_user(struct request *rq);
enum status get_service_user(struct request *rq);
enum status update_service_user(struct request *rq);
enum status delete_service_user(struct request *rq);
enum status rotate_service_user(struct request *rq);

#endif
