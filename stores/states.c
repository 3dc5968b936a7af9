/* SPDX-License-Identifier: Apache-2.0 */
/* states.c - what a place of the map shows, apart from where it stands. */
#include "stores/states.h"

#include "common/text.h"

#define MAX_DEPTH 3

static bool is_part(const struct column *c)
{
	return !(c->flags & KEY) && strcmp(c->name, "born") != 0 &&
	       strcmp(c->name, "updated_ms") != 0;
}

struct json_object *state_json(struct cx *cx, const struct asset *row)
{
	struct json_object *o;

	if (!row)
		return NULL;
	o = json_new_object(cx);
	for (size_t i = 0; i < kind_asset.n_columns; i++) {
		const struct column *c = &kind_asset.columns[i];

		if (!is_part(c))
			continue;
		if (model_is_text(c) && model_text(&row->row, c))
			json_set_text(o, c->name, model_text(&row->row, c));
		else if (!model_is_text(c) && model_int(&row->row, c))
			json_set_int(o, c->name, model_int(&row->row, c));
	}
	return o;
}

struct asset *state_asset(struct cx *cx, struct json_object *state)
{
	struct asset *row;

	if (!state)
		return NULL;
	row = CX_NEW(cx, struct asset);
	row->row = (struct row)ROW(asset);
	for (size_t i = 0; i < kind_asset.n_columns; i++) {
		const struct column *c = &kind_asset.columns[i];

		if (!is_part(c))
			continue;
		if (model_is_text(c))
			model_set_text(&row->row, c, cx_strdup(cx, json_text(state, c->name)));
		else
			model_set_int(&row->row, c, json_int(state, c->name, 0));
	}
	return row;
}

enum status state_parse(struct cx *cx, const char *text, struct asset **out)
{
	struct json_object *o = NULL;

	*out = NULL;
	if (!text)
		return OK;
	if (json_parse(cx, text, strlen(text), MAX_DEPTH, &o))
		return fail(cx, INTERNAL, "a kept state does not read");
	*out = state_asset(cx, o);
	return OK;
}

bool state_same(const struct asset *a, const struct asset *b)
{
	if (!a || !b)
		return a == b;
	return text_same(a->asset_id, b->asset_id) && text_same(a->type, b->type) &&
	       text_same(a->metadata_location, b->metadata_location) &&
	       text_same(a->metadata_sha256, b->metadata_sha256) &&
	       text_same(a->location, b->location) && text_same(a->properties, b->properties);
}

const char *state_key(struct cx *cx, const char *namespace, const char *name)
{
	return cx_printf(cx, "%s\x1d%s", namespace, name);
}

struct asset *state_copy(struct cx *cx, const struct asset *row)
{
	struct asset *copy = CX_NEW(cx, struct asset);

	*copy = *row;
	copy->row.version = 0;
	copy->row.first_after = false;
	return copy;
}
