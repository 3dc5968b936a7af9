/* SPDX-License-Identifier: Apache-2.0 */
/* google_scope.c - credential access boundaries: a token that is good for some folders alone.
 * Source: cloud.google.com, "Downscope with Credential Access Boundaries"; the Common Expression Language's
 * definition, "String and bytes values". */
#include "common/json.h"
#include "common/text.h"
#include "vending/google.h"

#define STS "https://sts.googleapis.com"
#define LITERAL_MAX ((size_t)16 << 10)

/* Every character that is not plainly itself is written as its number. */
const char *google_literal(struct cx *cx, const char *text)
{
	struct text t = text_open(cx, LITERAL_MAX);

	text_addc(&t, '\'');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f || strchr("'\"\\`", c))
			text_addf(&t, "\\u%04x", c);
		else
			text_addc(&t, *text);
	}
	text_addc(&t, '\'');
	return t.s;
}

/* Objects of that folder; and lists of it, where the prefix that is asked for is within. */
static const char *condition_of(struct cx *cx, const struct location *folder)
{
	const char *object =
		cx_printf(cx, "projects/_/buckets/%s/objects%s/", folder->authority, folder->path);

	return cx_printf(cx,
			 "resource.name.startsWith(%s) || "
			 "api.getAttribute('storage.googleapis.com/objectListPrefix', "
			 "'').startsWith(%s)",
			 google_literal(cx, object),
			 google_literal(cx, cx_printf(cx, "%s/", folder->path + 1)));
}

/* objectViewer: get, list.  objectCreator: create.  objectUser: these, and remove. */
static void add_roles(struct cx *cx, struct json_object *list, const struct storage *s,
		      unsigned verbs)
{
	json_add_text(list, "inRole:roles/storage.objectViewer");
	if (verbs & VEND_WRITE)
		json_add_text(list, verbs & VEND_DELETE ? "inRole:roles/storage.objectUser"
							: "inRole:roles/storage.objectCreator");
	else if (verbs & VEND_DELETE && s->delete_role)
		json_add_text(list, cx_printf(cx, "inRole:%s", s->delete_role));
}

const char *google_boundary(struct cx *cx, const struct storage *s, const struct vend_scope *scope)
{
	struct json_object *rules = json_new_array(cx), *boundary = json_new_object(cx);
	struct json_object *o = json_new_object(cx);

	for (size_t i = 0; i < scope->n; i++) {
		struct json_object *rule = json_new_object(cx), *roles = json_new_array(cx);
		struct json_object *condition = json_new_object(cx);

		json_set_text(rule, "availableResource",
			      cx_printf(cx, "//storage.googleapis.com/projects/_/buckets/%s",
					scope->folders[i].authority));
		add_roles(cx, roles, s, scope->verbs);
		json_set(rule, "availablePermissions", roles);
		json_set_text(condition, "expression", condition_of(cx, &scope->folders[i]));
		json_set(rule, "availabilityCondition", condition);
		json_add(rules, rule);
	}
	json_set(boundary, "accessBoundaryRules", rules);
	json_set(o, "accessBoundary", boundary);
	return json_print(cx, o, NULL);
}

enum status google_downscope(struct cx *cx, struct cloud *c, const struct storage *s,
			     const struct access_token *whole, const char *boundary,
			     struct access_token *out)
{
	struct token_request r = {
		.url = cx_printf(cx, "%s/v1/token", s->sts_endpoint ? s->sts_endpoint : STS),
		.fields = { { "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange" },
			    { "subject_token_type",
			      "urn:ietf:params:oauth:token-type:access_token" },
			    { "requested_token_type",
			      "urn:ietf:params:oauth:token-type:access_token" },
			    { "subject_token", whole->text },
			    { "options", boundary } },
		.n = 5,
	};
	enum status status = token_get(cx, c, &r, out);

	if (status)
		return status;
	if (!out->expires_ms || (whole->expires_ms && whole->expires_ms < out->expires_ms))
		out->expires_ms = whole->expires_ms;
	return OK;
}
