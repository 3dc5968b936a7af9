/* SPDX-License-Identifier: Apache-2.0 */
/* rights.h - two processes, an administrator, a user without grants and a stranger, and steps they take; for tests. */
#ifndef TESTS_UNIT_RIGHTS_H
#define TESTS_UNIT_RIGHTS_H

#include <sys/stat.h>

#include "tests/unit/callers.h"

static const struct route_table *const tables[] = { &namespaces_routes, &tables_routes,
						    &credentials_routes, &admin_routes };

static struct responder_process first, second;
static struct content *content;
static struct catalog ours, theirs;
static struct user ada, nora, eve; /* an administrator, a user, the other tenant's administrator */
static const char *ada_token, *nora_token, *eve_token;
static const char *a_t, *b_t; /* ids of the tables */
static const char *last_id;   /* "id" of the last answer that had one */

static inline int run(void)
{
	return serve("test", NEED_CLOUD | NEED_STORAGE_KEY | NEED_IDENTITY_KEY, tables,
		     ARRAY_SIZE(tables));
}

static inline void start(void)
{
	const struct catalog_ref *ref;

	open_ground();
	setenv("PANGOLIN_COUNTS", "true", 1);
	content = content_open();
	(void)make_catalog(content, THEIRS, "c", &theirs);
	ref = make_catalog(content, OURS, "c", &ours);
	a_t = make_table(ref, "a", "t");
	b_t = make_table(ref, "b", "t");
	ada = make_user(OURS, "ada", "tenant-admin");
	nora = make_user(OURS, "nora", "tenant-user");
	eve = make_user(THEIRS, "eve", "tenant-admin");
	ada_token = token_for(&ada, 3600, NULL);
	nora_token = token_for(&nora, 3600, NULL);
	eve_token = token_for(&eve, 3600, NULL);
	responder_start(&first, folder, run);
	ck_assert_int_eq(mkdir(cx_printf(&cx, "%s/second", folder), 0700), 0);
	responder_start(&second, cx_printf(&cx, "%s/second", folder), run);
}

static inline void end(void)
{
	int a = responder_stop(&first), b = responder_stop(&second);

	close(first.listener);
	close(second.listener);
	ck_assert_int_eq(system(cx_printf(&cx, "rm -rf %s/second", folder)), 0);
	content_close(content);
	close_ground();
	ck_assert_int_eq(a, 0);
	ck_assert_int_eq(b, 0);
}

/* --- asking --------------------------------------------------------------------------- */

/* $C, $D our and their catalog's id, $N, $A, $E users' ids, $T, $B tables' ids, $I the last id. */
static inline const char *filled(const char *text)
{
	const struct {
		char letter;
		const char *value;
	} values[] = { { 'C', ours.id }, { 'D', theirs.id }, { 'N', nora.id }, { 'A', ada.id },
		       { 'E', eve.id },	 { 'T', a_t },	     { 'B', b_t },     { 'I', last_id } };
	struct text t = text_open(&cx, 1 << 16);

	for (const char *c = text; c && *c; c++) {
		bool found = false;

		for (size_t i = 0; *c == '$' && i < ARRAY_SIZE(values); i++) {
			if (c[1] != values[i].letter)
				continue;
			text_add(&t, values[i].value);
			found = true;
		}
		if (found)
			c++;
		else
			text_addc(&t, *c);
	}
	return text ? t.s : NULL;
}

struct step {
	char who; /* 'a'da, 'n'ora, 'e've */
	const char *method, *uri, *body;
	int status;
	const char *contains; /* NULL: anything */
	const char *lacks;
};

static inline struct fcgi_answer ask(const struct responder_process *p, char who,
				     const char *method, const char *uri, const char *body)
{
	const char *token = who == 'a' ? ada_token : who == 'n' ? nora_token : eve_token;
	const char *params[] = { cx_printf(&cx, "HTTP_AUTHORIZATION=Bearer %s", token), NULL };

	return fcgi_call(&cx, p, method, filled(uri), params, filled(body));
}

static inline void take(const struct step *s)
{
	struct fcgi_answer a = ask(&first, s->who, s->method, s->uri, s->body);
	const char *at = a.body ? strstr(a.body, "\"id\":\"") : NULL;
	const char *contains = filled(s->contains), *lacks = filled(s->lacks);

	ck_assert_msg(a.status == s->status, "%c %s %s %s: %d, not %d: %s", s->who, s->method,
		      s->uri, s->body ? s->body : "", a.status, s->status, a.body);
	ck_assert_msg(!contains || strstr(a.body, contains), "%c %s %s: no %s in %s", s->who,
		      s->method, s->uri, contains, a.body);
	ck_assert_msg(!lacks || !strstr(a.body, lacks), "%c %s %s: %s in %s", s->who, s->method,
		      s->uri, lacks, a.body);
	if (at && strcmp(s->method, "POST") == 0) {
		at += strlen("\"id\":\"");
		last_id = cx_strndup(&cx, at, strcspn(at, "\""));
	}
}

static inline void take_all(const struct step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		take(&steps[i]);
}

#define API "/api/v1/"
#define ROLES API "roles"
#define GRANTS API "permissions"
#define READ_C "{\"scope\":{\"type\":\"catalog\",\"catalog_id\":\"$C\"},\"actions\":[\"read\"]}"
#define GRANT(scope, actions) "{\"user-id\":\"$N\",\"scope\":{" scope "},\"actions\":[" actions "]}"
#define ON_C(id) "\"type\":\"catalog\",\"catalog_id\":\"" id "\""
#define ON_ASSET_IN(c, id)                                                                         \
	"\"type\":\"asset\",\"catalog_id\":\"" c "\",\"namespace\":\"a\",\"asset_id\":\"" id "\""

#endif
