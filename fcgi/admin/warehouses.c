/* SPDX-License-Identifier: Apache-2.0 */
/* warehouses.c - /api/v1/warehouses. */
#include "stores/warehouses.h"

#include <strings.h>

#include "fcgi/actor.h"
#include "fcgi/admin/admin.h"
#include "stores/settings.h"
#include "vending/storage.h"

#define CONFIG_DEPTH 16
#define NOTHING "\"None\"" /* the strategy of a warehouse that vends nothing, as it is kept */

/* "s3", "azure", "gcs", "file": what clients call the scheme; NULL = not said. */
static const char *storage_type(struct cx *cx, struct json_object *config)
{
	static const struct {
		const char *scheme, *type;
	} types[] = { { "s3", "s3" }, { "abfss", "azure" }, { "gs", "gcs" }, { "file", "file" } };
	struct storage storage = { 0 };

	if (storage_parse(cx, config, &storage) || !storage.scheme)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i].scheme, storage.scheme) == 0)
			return types[i].type;
	return NULL;
}

/* The strategy with its secrets masked; null for "None" too: the word breaks a client's model. */
static struct json_object *show_strategy(struct cx *cx, const char *text)
{
	struct json_object *v = NULL;

	if (!text || strcmp(text, NOTHING) == 0 ||
	    json_parse(cx, text, strlen(text), CONFIG_DEPTH, &v))
		return NULL;
	return json_object_is_type(v, json_type_object) ? secrets_mask(cx, v) : v;
}

static enum status show_warehouse(struct request *rq, const void *item, struct json_object **out)
{
	const struct warehouse *w = item;
	struct json_object *config;
	enum status s = admin_json(rq->cx, &w->row, out);

	if (!s)
		s = admin_object(rq->cx, w->storage_config, &config);
	if (s)
		return s;
	json_set(*out, "storage_config", secrets_mask(rq->cx, config));
	json_set(*out, "vending_strategy", show_strategy(rq->cx, w->vending_strategy));
	json_set_text(*out, "storage_type", storage_type(rq->cx, config));
	return OK;
}

enum status list_warehouses(struct request *rq)
{
	struct warehouse from = { .row = ROW(warehouse), .tenant_id = rq->tenant_id };

	return admin_list(rq, &from.row, 1, false, show_warehouse);
}

enum status get_warehouse(struct request *rq)
{
	struct warehouse w;
	enum status s = warehouse_find(rq->cx, rq->rs->store, rq->tenant_id, rq->segments[0], &w);

	return s ? s : admin_answer(rq, 200, &w, show_warehouse);
}

/* {str: str}: numbers and booleans are taken as their text, null as not there. */
static enum status texts_of(struct cx *cx, struct json_object *given, struct json_object **out)
{
	*out = json_new_object(cx);
	json_object_object_foreach(given, key, v) {
		switch (json_object_get_type(v)) {
		case json_type_null:
			break;
		case json_type_array:
		case json_type_object:
			return fail(cx, INVALID, "storage_config.%s: not a string", key);
		default:
			json_set_text(*out, key, json_object_get_string(v));
		}
	}
	return OK;
}

/* A file warehouse lies in a folder the operator opened: said now, not at the first table. */
static enum status check_file_root(struct request *rq, const struct storage *storage)
{
	const char *roots = rq->rs->config->file_roots;
	struct location root, allowed;
	enum status s;

	if (strcmp(storage->scheme, "file") != 0)
		return OK;
	s = location_parse(rq->cx, storage->root, &root);
	while (!s && roots && *roots) {
		size_t n = strcspn(roots, ":");

		if (n && !location_parse(rq->cx, cx_strndup(rq->cx, roots, n), &allowed) &&
		    location_within(&root, &allowed))
			return OK;
		roots += n + (roots[n] == ':');
	}
	return s ? s
		 : fail(rq->cx, INVALID, "storage_config: this server keeps no warehouse in %s",
			storage->root);
}

/* storage_config as the body has it, or NULL: it stays. */
static enum status given_config(struct request *rq, struct json_object **out)
{
	struct json_object *given = NULL;
	enum status s = json_opt_object(rq->cx, rq->json, "", "storage_config", &given);

	*out = NULL;
	return s || !given ? s : texts_of(rq->cx, given, out);
}

/* A strategy as it is kept, or NULL. */
static enum status kept_strategy(struct cx *cx, const struct warehouse *w, struct json_object **out)
{
	*out = NULL;
	return w->vending_strategy ? json_parse(cx, w->vending_strategy,
						strlen(w->vending_strategy), CONFIG_DEPTH, out)
				   : OK;
}

/*
 * Masked secrets of both become what they were.  What the body does not name stays as if it
 * were sent back masked: its secrets, too, go to no other address.
 */
static enum status restore_secrets(struct request *rq, const struct warehouse *w,
				   struct json_object **config, struct json_object **strategy)
{
	static const char *const names[] = { "storage_config", "vending_strategy" };
	struct json_object *now = json_new_object(rq->cx), *before = json_new_object(rq->cx);
	struct json_object *kept[2], **given[2] = { config, strategy };
	enum status s = admin_object(rq->cx, w->storage_config, &kept[0]);

	if (!s)
		s = kept_strategy(rq->cx, w, &kept[1]);
	for (size_t i = 0; !s && i < ARRAY_SIZE(names); i++) {
		if (i == 1 && !*strategy && json_has(rq->json, names[i])) /* null: it goes */
			continue;
		json_set(before, names[i], kept[i]);
		json_set(now, names[i], *given[i] ? *given[i] : secrets_mask(rq->cx, kept[i]));
	}
	return s ? s : secrets_restore(rq->cx, now, before, NULL);
}

static enum status read_config(struct request *rq, struct json_object *config, struct warehouse *w)
{
	struct storage storage = { 0 };
	struct cx *cx = rq->cx;
	enum status s = OK;

	if (json_object_object_length(config)) {
		s = storage_parse(cx, config, &storage);
		if (!s)
			s = check_file_root(rq, &storage);
		if (!s)
			s = cloud_check_url(cx, rq->rs->cloud, "s3.endpoint", storage.endpoint);
		if (!s)
			s = cloud_check_url(cx, rq->rs->cloud, "sts_endpoint",
					    storage.sts_endpoint);
	}
	if (!s)
		w->storage_config = json_print(cx, config, NULL);
	return s;
}

/* A name, or {name: {...}}: kept as it came; what a strategy needs and does not
 * hold is taken from storage_config. */
static enum status read_strategy(struct request *rq, struct json_object *given, struct warehouse *w)
{
	struct cx *cx = rq->cx;

	if (!given) {
		/* who sends back what was shown changes nothing */
		if (json_has(rq->json, "vending_strategy") &&
		    (!w->vending_strategy || strcmp(w->vending_strategy, NOTHING) != 0))
			w->vending_strategy = NULL;
		return OK;
	}
	if (json_object_is_type(given, json_type_string)) {
		const char *name = json_object_get_string(given);

		w->vending_strategy =
			strcasecmp(name, "None") == 0 ? NOTHING : json_print(cx, given, NULL);
		return OK;
	}
	if (!json_object_is_type(given, json_type_object))
		return fail(cx, INVALID, "vending_strategy: neither a name nor an object");
	w->vending_strategy = json_print(cx, given, NULL);
	return OK;
}

/* Both, once their masked secrets are what they were. */
static enum status read_storage(struct request *rq, struct warehouse *w)
{
	struct json_object *config, *strategy = json_member(rq->json, "vending_strategy");
	enum status s = given_config(rq, &config);

	if (!s && (config || strategy))
		s = restore_secrets(rq, w, &config, &strategy);
	if (!s && config)
		s = read_config(rq, config, w);
	return s ? s : read_strategy(rq, strategy, w);
}

/* What a warehouse says of vending must go with its storage: told now, not to clients later. */
static enum status check_vending(struct request *rq, const struct warehouse *w)
{
	struct json_object *config;
	struct storage storage;
	enum status s = admin_object(rq->cx, w->storage_config, &config);

	if (s || !json_object_object_length(config))
		return s;
	s = storage_parse(rq->cx, config, &storage);
	return s ? s : storage_vending(rq->cx, &storage, w->use_sts, w->vending_strategy);
}

static enum status read_warehouse(struct request *rq, struct warehouse *w, const char **name)
{
	enum status s = json_opt_text(rq->cx, rq->json, "", "name", name);

	if (!s && *name)
		s = admin_check_name(rq->cx, "warehouse", *name);
	if (!s)
		s = json_opt_bool(rq->cx, rq->json, "", "use_sts", &w->use_sts);
	if (!s)
		s = read_storage(rq, w);
	return s ? s : check_vending(rq, w);
}

static bool says_where(struct json_object *config)
{
	static const char *const words[] = { "bucket", "container", "location" };

	json_object_object_foreach(config, key, v) {
		for (size_t i = 0; v && i < ARRAY_SIZE(words); i++)
			if (strcasestr(key, words[i]))
				return true;
	}
	return false;
}

/* A new warehouse that says no place is kept in the tenant's bucket, in a folder of its name. */
static enum status add_default_place(struct request *rq)
{
	struct json_object *config = NULL;
	struct setting settings;
	const char *name = json_text(rq->json, "name");
	enum status s = json_opt_object(rq->cx, rq->json, "", "storage_config", &config);

	if (s || !name || (config && says_where(config)))
		return s;
	s = setting_find(rq->cx, rq->rs->store, rq->tenant_id, &settings);
	if (s || !settings.default_warehouse_bucket)
		return s;
	if (!config) {
		config = json_new_object(rq->cx);
		json_set(rq->json, "storage_config", config);
	}
	json_set_text(config, "s3.bucket", settings.default_warehouse_bucket);
	json_set_text(config, "prefix", name);
	return OK;
}

enum status create_warehouse(struct request *rq)
{
	struct warehouse w = { .tenant_id = rq->tenant_id, .storage_config = "{}" };
	enum status s = request_json(rq, false);

	if (!s)
		s = add_default_place(rq);
	if (!s)
		s = read_warehouse(rq, &w, &w.name);
	if (!s && !w.name)
		s = fail(rq->cx, INVALID, "name is missing");
	if (!s)
		s = warehouse_create(rq->cx, rq->rs->store, &w, request_actor(rq));
	return s ? s : admin_answer(rq, 201, &w, show_warehouse);
}

static enum status update_once(struct request *rq, struct warehouse *w)
{
	const char *name = NULL;
	enum status s;

	s = warehouse_find(rq->cx, rq->rs->store, rq->tenant_id, rq->segments[0], w);
	if (!s)
		s = read_warehouse(rq, w, &name);
	return s ? s : warehouse_update(rq->cx, rq->rs->store, w, name, request_actor(rq));
}

enum status update_warehouse(struct request *rq)
{
	struct warehouse w;
	enum status s = request_json(rq, false);

	if (s)
		return s;
	s = update_once(rq, &w);
	for (int i = 1; s == CONFLICT && i < ADMIN_TRIES; i++)
		s = update_once(rq, &w);
	return s ? s : admin_answer(rq, 200, &w, show_warehouse);
}

enum status delete_warehouse(struct request *rq)
{
	enum status s = warehouse_drop(rq->cx, rq->rs->store, rq->tenant_id, rq->segments[0],
				       request_actor(rq));

	return s ? s : answer_empty(rq, 204);
}
