/* SPDX-License-Identifier: Apache-2.0 */
/* test_scopes.c - what is vended on Azure and Google for one folder, held against its neighbours by evaluators of
 * their own: one signs as the service would, one reads the Common Expression Language. */
#include "vending/google.h"
#include "vending/vend.h"

#include <check.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/text.h"
#include "tests/s3/names.h"

#undef fail

#define PAIRS 10000 /* of each cloud */
#define KEY "dGhlIGtleSBvZiB0aGUgYWNjb3VudA=="

/* ck_assert writes each time, also where all is well: too slow for millions. */
#define HOLD(what, ...)                                                                            \
	do {                                                                                       \
		if (!(what))                                                                       \
			ck_abort_msg(__VA_ARGS__);                                                 \
	} while (0)

static struct cx cx, life;
static struct cloud *cloud;
static struct vault *vault;

/* --- Azure: the signature must be that of the directory that the path is in ---------------------- */

static const char *parameter(const char *token, const char *name)
{
	const char *at = strstr(cx_printf(&cx, "&%s", token), cx_printf(&cx, "&%s=", name));
	char *plain;

	if (!at)
		return "";
	at += strlen(name) + 2;
	HOLD(!text_unpercent(&cx, at, strcspn(at, "&"), false, &plain), "it reads");
	return plain;
}

/* The first `depth` levels; NULL where there is nothing below them. */
static const char *levels(const char *path, size_t depth)
{
	const char *end = path;

	for (; depth; depth--) {
		end = strchr(end, '/');
		if (!end)
			return NULL;
		end += depth > 1;
	}
	return end[1] ? cx_strndup(&cx, path, (size_t)(end - path)) : NULL;
}

static bool azure_grants(const char *token, const char *path, char letter)
{
	const char *sp = parameter(token, "sp"), *directory, *text;
	unsigned char *key, mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	int64_t depth;
	size_t key_n;

	HOLD(text_same(parameter(token, "sr"), "d"), "another text");
	HOLD(text_int(parameter(token, "sdd"), &depth) && depth > 0, "it reads");
	directory = levels(path, (size_t)depth);
	if (!directory || !strchr(sp, letter))
		return false;
	text = cx_printf(&cx, "%s\n\n%s\n/blob/acc/lake/%s\n\n\n%s\n%s\nd\n\n\n\n\n\n\n", sp,
			 parameter(token, "se"), directory, parameter(token, "spr"),
			 parameter(token, "sv"));
	HOLD(!text_unbase64(&cx, KEY, strlen(KEY), &key, &key_n), "it reads");
	HMAC(EVP_sha256(), key, (int)key_n, (const unsigned char *)text, strlen(text), mac, &n);
	return text_same(text_base64(&cx, mac, n), parameter(token, "sig"));
}

/* --- Google: what the expression says ----------------------------------------------------------- */

/* At a place of the text; what does not read ends the test. */
struct cel {
	const char *at, *name, *prefix; /* resource.name; the list's prefix, "" = no list */
};

static void skip(struct cel *c, const char *word)
{
	c->at += strspn(c->at, " ");
	HOLD(text_starts(c->at, word), "\"%s\" where %s should be", c->at, word);
	c->at += strlen(word);
}

/* A literal in single quotes, with the escapes that the language has. */
static const char *literal(struct cel *c)
{
	struct text t = text_open(&cx, 65536);

	skip(c, "'");
	for (; *c->at != '\''; c->at++) {
		HOLD((unsigned char)*c->at >= 0x20, "an open literal");
		if (*c->at != '\\') {
			text_addc(&t, *c->at);
			continue;
		}
		if (*++c->at == 'u') {
			unsigned char code[2];

			HOLD(text_unhex(cx_strndup(&cx, c->at + 1, 4), code, 2) && !code[0],
			     "it reads");
			HOLD(code[1] < 0x80, "it reads");
			text_addc(&t, (char)code[1]);
			c->at += 4;
		} else {
			HOLD(*c->at && strchr("\\'\"`?", *c->at), "an escape");
			text_addc(&t, *c->at);
		}
	}
	skip(c, "'");
	return t.s;
}

/* value.startsWith('...') */
static bool starts_with(struct cel *c, const char *value)
{
	const char *start;

	skip(c, ".startsWith(");
	start = literal(c);
	skip(c, ")");
	return text_starts(value, start);
}

static bool one_condition(struct cel *c)
{
	c->at += strspn(c->at, " ");
	if (text_starts(c->at, "resource.name")) {
		skip(c, "resource.name");
		return starts_with(c, c->name);
	}
	skip(c, "api.getAttribute(");
	HOLD(text_same(literal(c), "storage.googleapis.com/objectListPrefix"), "another text");
	skip(c, ",");
	HOLD(text_same(literal(c), ""), "another text");
	skip(c, ")");
	return starts_with(c, c->prefix);
}

static bool holds(const char *expression, const char *name, const char *prefix)
{
	struct cel c = { expression, name, prefix };
	bool out = one_condition(&c);

	while (*c.at) {
		skip(&c, "||");
		out = one_condition(&c) || out;
	}
	return out;
}

/* The roles' own permissions, as Google lists them. */
static const struct {
	const char *role, *permissions;
} roles[] = {
	{ "inRole:roles/storage.objectViewer", "get list" },
	{ "inRole:roles/storage.objectCreator", "create" },
	{ "inRole:roles/storage.objectUser", "get list create update delete" },
	{ "inRole:projects/p/roles/remover", "delete" },
};

static bool roles_hold(struct json_object *list, const char *permission)
{
	bool out = false;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *role = json_object_get_string(json_object_array_get_idx(list, i));
		size_t k = 0;

		while (k < ARRAY_SIZE(roles) && !text_same(roles[k].role, role))
			k++;
		HOLD(k < ARRAY_SIZE(roles), "the role %s", role);
		out = out || strstr(roles[k].permissions, permission) != NULL;
	}
	return out;
}

static struct json_object *rules_of(const char *boundary)
{
	struct json_object *o;

	HOLD(!json_parse(&cx, boundary, strlen(boundary), 16, &o), "it reads");
	return json_member(json_member(o, "accessBoundary"), "accessBoundaryRules");
}

/* prefix NULL: an object's request; else a list of the bucket. */
static bool google_grants(struct json_object *rules, const char *key, const char *prefix,
			  const char *permission)
{
	const char *name = cx_printf(&cx, "projects/_/buckets/lake%s%s", prefix ? "" : "/objects/",
				     prefix ? "" : key);
	bool out = false;

	for (size_t i = 0; i < json_object_array_length(rules); i++) {
		struct json_object *rule = json_object_array_get_idx(rules, i);
		const char *expression =
			json_text(json_member(rule, "availabilityCondition"), "expression");

		HOLD(text_same(json_text(rule, "availableResource"),
			       "//storage.googleapis.com/projects/_/buckets/lake"),
		     "another text");
		out = out || (holds(expression, name, prefix ? prefix : "") &&
			      roles_hold(json_member(rule, "availablePermissions"), permission));
	}
	return out;
}

/* --- pairs of folders ------------------------------------------------------------------------------ */

static const char *const clouds[] = { "abfss", "gs" };

struct pair_of {
	struct storage storage;
	struct location a, b;
	const char *ak, *bk; /* their paths, no slash at either end */
	unsigned verbs;
	const char *token;	   /* Azure's, or Google's boundary */
	struct json_object *rules; /* Google's */
};

static bool place(struct pair_of *p, const char *name, struct location *out)
{
	const char *text = cx_printf(&cx, "%s/%s", p->storage.root, name);

	return !location_parse(&cx, text, out) && !storage_covers(&cx, &p->storage, out);
}

static bool overlap(struct pair_of *p)
{
	p->a.path = storage_claim(&cx, &p->storage, &p->a);
	p->b.path = storage_claim(&cx, &p->storage, &p->b);
	return location_within(&p->a, &p->b) || location_within(&p->b, &p->a);
}

static void set_storage(struct pair_of *p, const char *scheme)
{
	p->storage = (struct storage){ .scheme = scheme,
				       .bucket = "lake",
				       .account_name = "acc",
				       .azure_domain = "core.windows.net",
				       .account_key = KEY,
				       .vending = VEND_SESSION };
	p->storage.root =
		text_same(scheme, "gs") ? "gs://lake/w" : "abfss://lake@acc.dfs.core.windows.net/w";
}

static enum status vend_for(struct pair_of *p)
{
	struct vend_scope scope = { .folders = { p->a }, .n = 1, .verbs = p->verbs };
	struct vend_request r = { .storage = &p->storage,
				  .scope = &scope,
				  .owner = "o",
				  .warehouse = "w",
				  .who = "suite" };
	struct vended v;
	enum status s;

	if (text_same(p->storage.scheme, "gs")) {
		p->token = google_boundary(&cx, &p->storage, &scope);
		p->rules = rules_of(p->token);
		return OK;
	}
	s = vend(&cx, cloud, vault, &r, &v);
	p->token = s ? NULL : v.storage.sas_token;
	return s;
}

static bool grants(const struct pair_of *p, const char *key, char letter)
{
	static const struct {
		char letter;
		const char *permission;
	} permissions[] = { { 'r', "get" }, { 'w', "create" }, { 'd', "delete" } };

	if (!text_same(p->storage.scheme, "gs"))
		return azure_grants(p->token, key, letter);
	for (size_t i = 0; i < ARRAY_SIZE(permissions); i++)
		if (permissions[i].letter == letter)
			return google_grants(p->rules, key, NULL, permissions[i].permission);
	return google_grants(p->rules, NULL, key, "list");
}

static void hold(const struct pair_of *p, const char *key, char letter, bool wanted)
{
	HOLD(grants(p, key, letter) == wanted, "%s: \"%s\" and \"%s\" (verbs %u): %c of \"%s\": %s",
	     p->storage.scheme, p->ak, p->bk, p->verbs, letter, key, p->token);
}

static void check_own(const struct pair_of *p)
{
	const char *file = cx_printf(&cx, "%s/data/x", p->ak);
	bool writes = p->verbs & VEND_WRITE;
	bool removes = p->verbs & VEND_DELETE && (writes || !text_same(p->storage.scheme, "gs"));

	hold(p, file, 'r', true);
	hold(p, file, 'w', writes);
	hold(p, file, 'd', removes);
	hold(p, cx_printf(&cx, "%s/", p->ak), 'l', text_same(p->storage.scheme, "gs"));
	hold(p, cx_printf(&cx, "%s/data/", p->ak), 'l', true);
}

static void check_other(const struct pair_of *p)
{
	static const char letters[] = "rwdl";
	const char *names[] = { cx_printf(&cx, "%s/secret", p->bk),
				cx_printf(&cx, "%s/data/x", p->bk),
				p->bk,
				cx_printf(&cx, "%s/", p->bk),
				p->ak,
				"w/",
				"w",
				"" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		for (size_t k = 0; letters[k]; k++)
			hold(p, names[i], letters[k], false);
}

/* A name that is refused leaks nothing; how many there are is said. */
static bool one_pair(const char *scheme, const char *a, const char *b, unsigned verbs)
{
	struct pair_of p = { .verbs = verbs };
	enum status s;

	set_storage(&p, scheme);
	if (!place(&p, a, &p.a) || !place(&p, b, &p.b) || overlap(&p))
		return false;
	p.ak = p.a.path + 1;
	p.bk = p.b.path + 1;
	s = vend_for(&p);
	if (s == INVALID)
		return false;
	HOLD(!s, "%s", cx.message);
	check_own(&p);
	check_other(&p);
	return true;
}

static const char *const known[][2] = {
	{ "t", "t2" },		{ "t", "T" },	     { "t", "tt" },
	{ "t2", "t" },		{ "a/t", "a/t2" },   { "a/t", "a2/t" },
	{ "a/t", "b" },		{ "t*", "tx" },	     { "t'", "t" },
	{ "t", "t'" },		{ "t\"", "t" },	     { "t`", "t" },
	{ "t'||true||'", "t" }, { "') || ('", "t" }, { "t\xc3\xa9", "te\xcc\x81" },
	{ "\xc3\xa9", "e" },
};

START_TEST(neighbours_are_closed)
{
	static const unsigned verbs[] = { VEND_READ, VEND_READ | VEND_WRITE,
					  VEND_READ | VEND_DELETE,
					  VEND_READ | VEND_WRITE | VEND_DELETE };
	struct cloud_limits limits = { 0 };
	int pairs = 0, tries = 0;

	ck_assert(!cloud_open(&life, &limits, &cloud));
	ck_assert(!vault_open(&life, NULL, NULL, &vault));
	seed = (uint64_t)text_random62();
	for (size_t i = 0; i < ARRAY_SIZE(known) * ARRAY_SIZE(verbs); i++) {
		const char *const *names = known[i / ARRAY_SIZE(verbs)];

		(void)one_pair(clouds[_i], names[0], names[1], verbs[i % ARRAY_SIZE(verbs)]);
		cx_reset(&cx);
	}
	for (; pairs < PAIRS; tries++) {
		const char *a = random_name(&cx);

		pairs += one_pair(clouds[_i], a, neighbour(&cx, a), verbs[pick(ARRAY_SIZE(verbs))]);
		cx_reset(&cx);
		HOLD(tries < 100 * PAIRS, "most names are refused");
	}
	vault_close(vault);
	cloud_close(cloud);
	cx_free(&cx);
	cx_free(&life);
}
END_TEST

/* The evaluators do say yes where a scope is too wide: else their no would say nothing. */
START_TEST(the_evaluators_see_leaks)
{
	const char *wide =
		"{\"accessBoundary\":{\"accessBoundaryRules\":[{\"availableResource\":"
		"\"//storage.googleapis.com/projects/_/buckets/lake\","
		"\"availablePermissions\":[\"inRole:roles/storage.objectViewer\"],"
		"\"availabilityCondition\":{\"expression\":"
		"\"resource.name.startsWith('projects/_/buckets/lake/objects/w/t')\"}}]}}";

	ck_assert(google_grants(rules_of(wide), "w/t2/secret", NULL, "get"));
	ck_assert(!google_grants(rules_of(wide), "w/t2/secret", NULL, "create"));
	ck_assert(holds("resource.name.startsWith('a\\u0027b') || resource.name.startsWith('c')",
			"a'b/x", ""));
	cx_free(&cx);
}
END_TEST

/* No role of Google's removes and does not write: never more than was meant, and one's own where said. */
START_TEST(google_removes_without_writing)
{
	struct vend_scope scope = { .n = 1, .verbs = VEND_READ | VEND_DELETE };
	struct storage storage = { .scheme = "gs" };
	const char *key = "w/t/x";

	ck_assert(!location_parse(&cx, "gs://lake/w/t", &scope.folders[0]));
	for (int i = 0; i < 2; i++) {
		struct json_object *rules = rules_of(google_boundary(&cx, &storage, &scope));

		ck_assert(google_grants(rules, key, NULL, "get"));
		ck_assert(!google_grants(rules, key, NULL, "create"));
		ck_assert(google_grants(rules, key, NULL, "delete") == (i == 1));
		ck_assert(!google_grants(rules, "w/t2/x", NULL, "delete"));
		storage.delete_role = "projects/p/roles/remover";
	}
	cx_free(&cx);
}
END_TEST

START_TEST(literals)
{
	ck_assert_str_eq(google_literal(&cx, "a'b\\c\"d\xc3\xa9"),
			 "'a\\u0027b\\u005cc\\u0022d\xc3\xa9'");
	cx_free(&cx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scopes");
	TCase *tc = tcase_create("scopes");
	SRunner *runner = srunner_create(suite);
	int bad;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, neighbours_are_closed, 0, (int)ARRAY_SIZE(clouds));
	tcase_add_test(tc, the_evaluators_see_leaks);
	tcase_add_test(tc, google_removes_without_writing);
	tcase_add_test(tc, literals);
	srunner_run_all(runner, CK_NORMAL);
	bad = srunner_ntests_failed(runner);
	srunner_free(runner);
	return bad != 0;
}
