/* SPDX-License-Identifier: Apache-2.0 */
/* test_dump.c - exports and imports: the same rows again, and files that were cut, changed or made up. */
#include "tests/unit/dump.h"

#include "common/hmac.h"

/* --- tests ----------------------------------------------------------------------------------- */

START_TEST(the_same_again)
{
	struct store *other;
	const char *text;

	begin();
	text = export_all(st);
	ck_assert_ptr_nonnull(strstr(text, "{\"user\":{\"tenant_id\":\"\",\"username\":\"root2\""));
	ck_assert_ptr_nonnull(strstr(text, "\"type\":\"purge\""));
	ck_assert_ptr_null(strstr(text, "hush"));
	ck_assert_ptr_null(strstr(text, "{\"epoch\":"));
	other = open_at("other");
	ok(import(other, text));
	ck_assert_str_eq(export_all(other), text);

	/* what reads it reads the same, secrets and all */
	{
		struct warehouse w;
		struct content *c = content_open();
		const struct catalog_ref *r;
		struct place *p;

		ok(warehouse_find(&cx, other, NIL_UUID, "w", &w));
		ck_assert_str_eq(w.storage_config, "{\"s3.secret\":\"hush\"}");
		ok(content_catalog(&cx, c, other, NIL_UUID, "c", "dev", &r));
		p = place_asset(&cx, r, ns("a.b"), "t001");
		ok(content_read(&cx, other, r, NULL, &p, 1, NULL, 0));
		ck_assert_str_eq(p->seen->metadata_location, "s3://b/dev.json");
		content_close(c);
	}

	/* again: everything is there, which is refused, or left alone */
	ck_assert_int_eq(import(other, text), EXISTS);
	ok(import_n(other, text, strlen(text), &(struct restore_options){ .skip_existing = true }));
	ck_assert_str_eq(export_all(other), text);
	store_close(other);
	end();
}
END_TEST

START_TEST(one_tenant_and_its_neighbours)
{
	struct store *other;
	const char *acme, *rest;
	struct dump_totals a, b;

	begin();
	acme = export_by(st, NULL, ACME, &a);
	rest = export_by(st, NULL, NIL_UUID, NULL);
	ck_assert_ptr_null(strstr(acme, "root2"));
	other = open_at("other");
	ok(import(other, rest));
	ok(import(other, acme));
	ck_assert_str_eq(export_by(other, NULL, ACME, &b), acme);
	ck_assert(dump_same(&a, &b));
	ck_assert_str_eq(export_by(other, NULL, NIL_UUID, NULL), rest);
	store_close(other);
	end();
}
END_TEST

START_TEST(sealed_for_the_file)
{
	const char *path, *text;
	struct store *other;
	struct seal *key;
	struct warehouse w;

	begin();
	path = cx_printf(&cx, "%s/file.key", folder);
	ok(seal_add_key(&cx, path));
	ok(seal_open(&cx, path, &key));
	text = export_by(st, key, NULL, NULL);
	key_path = cx_printf(&cx, "%s/new.key", folder);
	ok(seal_add_key(&cx, key_path));
	other = open_at("other");
	ck_assert_int_eq(import(other, text), INVALID);
	ck_assert_ptr_nonnull(strstr(cx.message, "--key-file"));
	ok(import_n(other, text, strlen(text), &(struct restore_options){ .key_file = key }));
	ok(warehouse_find(&cx, other, NIL_UUID, "w", &w));
	ck_assert_str_eq(w.storage_config, "{\"s3.secret\":\"hush\"}");
	store_close(other);

	/* sealed with a key that this store does not have */
	other = open_at("third");
	ck_assert_int_eq(import(other, export_all(st)), INVALID);
	ck_assert_ptr_nonnull(strstr(cx.message, "not in the key file"));
	store_close(other);
	seal_close(key);
	end();
}
END_TEST

/* Nothing is written of a file that was cut off or changed anywhere. */
START_TEST(cut_and_changed)
{
	struct store *other;
	const char *text, *empty;
	size_t n;

	begin();
	text = export_by(st, NULL, ACME, NULL);
	n = strlen(text);
	other = open_at("other");
	empty = export_all(other);
	for (size_t cut = 1; cut < n; cut += cut < n - 300 ? 37 : 1)
		ck_assert_msg(import_n(other, text, cut,
				       &(struct restore_options){ .check_only = false }) == INVALID,
			      "cut at %zu: %s", cut, cx.message);
	for (size_t at = 0; at < n; at += 11) {
		char *changed = cx_strdup(&cx, text);

		changed[at] = changed[at] == '7' ? '8' : '7';
		ck_assert_msg(import(other, changed) == INVALID, "changed at %zu: %s", at,
			      cx.message);
	}
	ck_assert_int_eq(import(other, cx_printf(&cx, "%s\n", text)), INVALID);
	ck_assert_int_eq(import(other, cx_printf(&cx, "%s%s", text, text)), INVALID);
	ck_assert_str_eq(export_all(other), empty);
	store_close(other);
	end();
}
END_TEST

/* A file with the right checksums, made of these lines. */
static const char *sealed_file(const char *header, const char *lines)
{
	struct dump_hash *h = dump_hash_open(&cx);
	struct dump_totals t;
	struct text out = text_open(&cx, 1 << 20), kinds = text_open(&cx, 1 << 16);
	const struct kind *k;

	text_addf(&out, "%s\n", header);
	for (const char *line = lines; *line;) {
		size_t n = (size_t)(strchr(line, '\n') + 1 - line);

		for (size_t i = 0; (k = dump_kind(i)); i++)
			if (text_starts(line, cx_printf(&cx, "{\"%s\":", k->name)))
				dump_hash_line(h, i, line, n);
		text_addn(&out, line, n);
		line += n;
	}
	dump_hash_read(h, &t);
	for (size_t i = 0; (k = dump_kind(i)); i++)
		if (t.kinds[i].rows)
			text_addf(&kinds, "%s\"%s\":{\"rows\":%lld,\"sha256\":\"%s\"}",
				  kinds.len ? "," : "", k->name, (long long)t.kinds[i].rows,
				  t.kinds[i].sha256);
	text_addf(&out,
		  "{\"end\":{\"header\":\"%s\",\"rows\":%lld,\"sha256\":\"%s\",\"kinds\":{%s}}}\n",
		  sha256_hex(&cx, out.s, strlen(header) + 1), (long long)t.all.rows, t.all.sha256,
		  kinds.s);
	return out.s;
}

#define HEADER "{\"pangolin-export\":1,\"schema\":1,\"tenants\":\"all\",\"secrets\":\"stored\"}"
#define T "{\"tenant\":{\"tenant_id\":\"" ACME "\",\"name\":\"a\",\"created_ms\":1}}\n"
#define CATALOG_ID "22222222-2222-4222-8222-222222222222"
#define C                                                                                          \
	"{\"catalog\":{\"tenant_id\":\"" ACME "\",\"name\":\"c\",\"id\":\"" CATALOG_ID             \
	"\",\"created_ms\":1}}\n"
#define U "{\"user\":{\"tenant_id\":\"" ACME "\",\"username\":\"u\"}}\n"
#define ASSET(name)                                                                                \
	"{\"asset\":{\"tenant_id\":\"" ACME "\",\"catalog_id\":\"" CATALOG_ID                      \
	"\",\"branch_id\":\"b\",\"namespace\":\"n\",\"name\":\"" name                              \
	"\",\"until\":1,\"asset_id\":\"" name "\"}}\n"
#define PLACE(path, name)                                                                          \
	"{\"location_row\":{\"storage\":\"s\",\"path\":\"" path                                    \
	"\",\"type\":\"TABLE\",\"tenant_id\":\"" ACME "\",\"asset_id\":\"" name "\"}}\n"

/* `says` NULL: it is good. */
static const struct {
	const char *header, *lines, *says;
} made_up[] = {
	{ HEADER, T C ASSET("x") ASSET("y") PLACE("/a", "x") PLACE("/a-b", "y"), NULL },
	{ HEADER, "", NULL },
	{ "[]", T, "no export" },
	{ "{}", T, "no export" },
	{ "{\"pangolin-export\":2,\"schema\":1,\"secrets\":\"stored\"}", T, "format 2" },
	{ "{\"pangolin-export\":1,\"schema\":999,\"secrets\":\"stored\"}", T, "schema 999" },
	{ "{\"pangolin-export\":1,\"schema\":1,\"secrets\":\"clear\"}", T, "line 1" },
	{ HEADER, "{}\n", "line 2: no object with one member" },
	{ HEADER, T "7\n", "line 3" },
	{ HEADER, "{\"tenant\":[]}\n", "no object" },
	{ HEADER, "{\"king\":{}}\n", "no kind \"king\"" },
	{ HEADER, "{\"epoch\":{\"tenant_id\":\"\"}}\n", "no kind \"epoch\"" },
	{ HEADER, "{\"tenant\":{\"tenant_id\":\"" ACME "\",\"crown\":1}}\n",
	  "no column \"crown\"" },
	{ HEADER, "{\"tenant\":{\"tenant_id\":\"" ACME "\",\"created_ms\":\"1\"}}\n",
	  "created_ms" },
	{ HEADER, "{\"tenant\":{\"tenant_id\":\"" ACME "\",\"name\":\"a\\u0000b\"}}\n", "name" },
	{ HEADER, "{\"tenant\":{\"tenant_id\":\"" ACME "\",\"properties\":\"{\"}}\n",
	  "properties is no JSON" },
	{ HEADER, "{\"tenant\":{\"name\":\"a\"}}\n", "tenant_id is missing" },
	{ HEADER, "{\"tenant\":{\"tenant_id\":\"acme\"}}\n", "no UUIDs" },
	{ HEADER, T T, "not in order" },
	{ HEADER, C T, "whose own row is missing" },
	{ HEADER, T C C, "not in order of their keys" },
	{ HEADER, T C U, "a user stands behind a catalog" },
	{ HEADER, T ASSET("x"), "a asset of a catalog that is not in the file" },
	{ HEADER, T C ASSET("y") ASSET("x"), "not in order of their keys" },
	{ HEADER,
	  T "{\"catalog\":{\"tenant_id\":\"" ACME "\",\"name\":\"a/b\",\"id\":\"" CATALOG_ID
	    "\"}}\n",
	  "line 3" },
	{ HEADER, T "{\"catalog\":{\"tenant_id\":\"" ACME "\",\"name\":\"c\",\"id\":\"7\"}}\n",
	  "no UUID" },
	{ HEADER,
	  T "{\"catalog\":{\"tenant_id\":\"" ACME "\",\"name\":\"c\",\"id\":\"" CATALOG_ID
	    "\",\"warehouse_name\":\"w\"}}\n",
	  "warehouse \"w\" is not in the file" },
	{ HEADER,
	  T "{\"user\":{\"tenant_id\":\"" ACME
	    "\",\"username\":\"u\",\"password_hash\":\"clear\"}}\n",
	  "not sealed" },
	{ HEADER,
	  T "{\"user\":{\"tenant_id\":\"" ACME
	    "\",\"username\":\"u\",\"password_hash\":\"enc:v1:k:AAAA\"}}\n",
	  "not in the key file" },
	{ HEADER, T C PLACE("/a", "x"), "an asset that is not in the file" },
	{ HEADER, T C ASSET("x") ASSET("y") PLACE("/a", "x") PLACE("/a/b", "y"),
	  "another table's" },
	{ HEADER, T C ASSET("x") PLACE("a", "x"), "no location" },
	{ HEADER, T C ASSET("x") PLACE("/a//b", "x"), "no location" },
	{ HEADER,
	  T "{\"api_key\":{\"key_hash\":\"h\",\"tenant_id\":\"" ACME
	    "\",\"service_user_id\":\"s\"}}\n",
	  "service user" },
};

START_TEST(made_up_files)
{
	const char *header = made_up[_i].header, *says = made_up[_i].says;
	struct store *other;
	const char *empty;
	enum status s;

	begin_empty();
	other = open_at("other");
	empty = export_all(other);
	s = import(other, sealed_file(header, made_up[_i].lines));
	if (says) {
		ck_assert_int_eq(s, INVALID);
		ck_assert_msg(strstr(cx.message, says) != NULL, "\"%s\" does not say \"%s\"",
			      cx.message, says);
		ck_assert_str_eq(export_all(other), empty);
	} else {
		ck_assert_msg(s == OK, "%s", cx.message);
	}
	store_close(other);
	end();
}
END_TEST

/* Rows below a dropped catalog, and where tables were, do not travel. */
START_TEST(what_was_dropped)
{
	const char *text;

	begin();
	ok(drop_catalog(&cx, st, "c"));
	text = export_by(st, NULL, NIL_UUID, NULL);
	ck_assert_ptr_null(strstr(text, "{\"asset\":"));
	ck_assert_ptr_null(strstr(text, "{\"branch\":"));
	ck_assert_ptr_null(strstr(text, "{\"location_row\":"));
	end();
}
END_TEST

/* All lists of an export are of one moment, and writers do not wait for it. */
START_TEST(one_moment)
{
	struct store *reader;
	struct catalog from = { .row = ROW(catalog), .tenant_id = NIL_UUID };
	struct catalog c = { .tenant_id = NIL_UUID, .name = "later" };
	size_t before;

	begin();
	reader = open_at("first");
	ok(store_hold(&cx, reader, true));
	before = count_rows(reader, &from.row, NULL);
	ok(catalog_create(&cx, st, &c, NULL));
	ck_assert_uint_eq(count_rows(reader, &from.row, NULL), before);
	ok(store_hold(&cx, reader, false));
	ck_assert_uint_eq(count_rows(reader, &from.row, NULL), before + 1);

	/* a moment of another file is not that one */
	ok(store_hold(&cx, reader, true));
	ck_assert_int_eq(
		0, system(cx_printf(&cx, "cd %s/first && cp pangolin.db new && mv new pangolin.db",
				    places)));
	{
		struct rows rows;
		struct query q = { .from = &from.row, .bound = 1, .limit = 1 };

		ck_assert_int_eq(store_list(&cx, reader, &q, &rows), UNAVAILABLE);
	}
	store_close(reader);
	end();
}
END_TEST

/* Every kind either travels, and can be found by its tenant, or says that it does not. */
START_TEST(every_kind)
{
	size_t travel = 0;

	for (size_t i = 0; model_kinds[i]; i++)
		travel += !(model_kinds[i]->flags & VOLATILE);
	for (size_t i = 0; i < travel; i++) {
		const struct kind *k = dump_kind(i);
		const struct column *c = k ? model_column(k, "tenant_id") : NULL;

		ck_assert_msg(c != NULL, "%s has no tenant", k ? k->name : "?");
		ck_assert_msg(k == &kind_tenant || !(k->flags & GLOBAL) || c->flags & INDEX,
			      "%s can't be found by its tenant", k->name);
	}
	ck_assert_ptr_null(dump_kind(travel));
	ck_assert_uint_lt(travel, DUMP_MAX_KINDS);
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ the_same_again, 0 },
		{ one_tenant_and_its_neighbours, 0 },
		{ sealed_for_the_file, 0 },
		{ cut_and_changed, 0 },
		{ made_up_files, ARRAY_SIZE(made_up) },
		{ what_was_dropped, 0 },
		{ one_moment, 0 },
		{ every_kind, 0 },
	};

	return run_suite("dump", tests, ARRAY_SIZE(tests));
}
