/* SPDX-License-Identifier: Apache-2.0 */
/* test_model.c - the column tables keep their own rules; rows become JSON and back. */
#include "common/model.h"

#include "common/model_json.h"
#include "common/text.h"
#include "tests/unit/suite.h"

static size_t n_kinds(void)
{
	size_t n = 0;

	while (model_kinds[n])
		n++;
	return n;
}

static size_t size_of(enum column_type t)
{
	return t == BOOL ? sizeof(bool) : t == TEXT || t == JSON ? sizeof(char *) : sizeof(int64_t);
}

/* No query can cross tenants: list and get always bind the leading key column. */
START_TEST(the_tenant_leads_every_key)
{
	for (size_t i = 0; i < n_kinds(); i++)
		if (!(model_kinds[i]->flags & GLOBAL)) {
			const struct column *c = &model_kinds[i]->columns[0];

			ck_assert_str_eq(c->name, "tenant_id");
			ck_assert(c->flags & KEY);
		}
}
END_TEST

START_TEST(keys_come_first)
{
	for (size_t i = 0; i < n_kinds(); i++) {
		const struct kind *k = model_kinds[i];

		ck_assert_uint_ge(k->n_keys, 1);
		for (size_t c = 0; c < k->n_columns; c++) {
			ck_assert_msg(!(k->columns[c].flags & KEY) == (c >= k->n_keys), "%s.%s",
				      k->table, k->columns[c].name);
			if (c < k->n_keys)
				ck_assert(k->columns[c].type == TEXT || k->columns[c].type == INT);
		}
	}
}
END_TEST

START_TEST(names_are_single_and_columns_lie_in_the_struct)
{
	for (size_t i = 0; i < n_kinds(); i++) {
		const struct kind *k = model_kinds[i];

		for (size_t j = 0; j < i; j++) {
			ck_assert_str_ne(k->table, model_kinds[j]->table);
			ck_assert_str_ne(k->name, model_kinds[j]->name);
		}
		for (size_t c = 0; c < k->n_columns; c++) {
			const struct column *a = &k->columns[c];

			ck_assert_uint_ge(a->offset, sizeof(struct row));
			ck_assert_uint_le(a->offset + size_of(a->type), k->size);
			ck_assert_ptr_eq(model_column(k, a->name), a);
			ck_assert_str_ne(a->name, "version");
			for (size_t d = 0; d < c; d++) {
				const struct column *b = &k->columns[d];

				ck_assert(a->offset + size_of(a->type) <= b->offset ||
					  b->offset + size_of(b->type) <= a->offset);
			}
		}
		ck_assert_ptr_null(model_column(k, "no such column"));
	}
}
END_TEST

START_TEST(secrets_are_text_and_never_keys)
{
	for (size_t i = 0; i < n_kinds(); i++)
		for (size_t c = 0; c < model_kinds[i]->n_columns; c++) {
			const struct column *column = &model_kinds[i]->columns[c];

			if (column->flags & SECRET) {
				ck_assert(model_is_text(column));
				ck_assert(!(column->flags & (KEY | INDEX)));
			}
		}
	ck_assert(model_has(&kind_user, SECRET) && !model_has(&kind_asset, SECRET));
}
END_TEST

START_TEST(keys_compare_as_bytes_and_numbers)
{
	struct asset a = { .row = ROW(asset),
			   .tenant_id = "t",
			   .catalog_id = "c",
			   .branch_id = "b",
			   .namespace = "n",
			   .name = "B",
			   .until = 2 };
	struct asset b = a;

	ck_assert_int_eq(model_compare(&a.row, &b.row), 0);
	b.until = 10;
	ck_assert_int_lt(model_compare(&a.row, &b.row), 0);
	b.until = -1;
	ck_assert_int_gt(model_compare(&a.row, &b.row), 0);
	b.name = "a";
	ck_assert_int_lt(model_compare(&a.row, &b.row), 0); /* B before a */
	b.name = "\xc3\xa9";
	ck_assert_int_lt(model_compare(&a.row, &b.row), 0); /* bytes above 0x7f are the greater */
	b.name = "B\x1f";
	ck_assert_int_lt(model_compare(&a.row, &b.row), 0);
	b.tenant_id = "s";
	ck_assert_int_gt(model_compare(&a.row, &b.row), 0);
}
END_TEST

/* --- JSON ------------------------------------------------------------------- */

START_TEST(kebab_and_hidden)
{
	struct user u = { .row = ROW(user),
			  .tenant_id = "t1",
			  .username = "ann",
			  .id = "u1",
			  .role = "tenant-user",
			  .password_hash = "HASH",
			  .active = true,
			  .oauth_subject = "SUBJECT",
			  .created_at = 1795503789123 };
	struct cx cx = { 0 };
	struct json_object *o;

	ck_assert_int_eq(model_json_of(&cx, &u.row, &o), OK);
	ck_assert_str_eq(json_print(&cx, o, NULL),
			 "{\"tenant-id\":\"t1\",\"username\":\"ann\",\"id\":\"u1\",\"email\":null,"
			 "\"role\":\"tenant-user\",\"active\":true,\"oauth-provider\":null,"
			 "\"created-at\":\"2026-11-24T07:03:09.123Z\",\"updated-at\":null,\"last-"
			 "login\":null}");
	cx_free(&cx);
}
END_TEST

START_TEST(wire_names_and_json_columns)
{
	struct tenant t = { .row = ROW(tenant),
			    .tenant_id = NIL_UUID,
			    .name = "n",
			    .properties = "{\"a\":[1,2]}" };
	struct cx cx = { 0 };
	struct json_object *o;

	ck_assert_int_eq(model_json_of(&cx, &t.row, &o), OK);
	ck_assert_str_eq(json_print(&cx, o, NULL),
			 "{\"id\":\"" NIL_UUID "\",\"name\":\"n\",\"properties\":{\"a\":[1,2]}}");
	t.properties = NULL;
	ck_assert_int_eq(model_json_of(&cx, &t.row, &o), OK);
	ck_assert_str_eq(json_print(&cx, o, NULL),
			 "{\"id\":\"" NIL_UUID "\",\"name\":\"n\",\"properties\":null}");
	t.properties = "{broken";
	ck_assert_int_eq(model_json_of(&cx, &t.row, &o), INTERNAL);
	cx_free(&cx);
}
END_TEST

static const struct {
	const char *body;
	unsigned flags;
	enum status want;
	const char *message;
} bodies[] = {
	{ "{\"email\":\"a@b\",\"active\":true,\"role\":\"root\"}", 0, OK, "" },
	{ "{\"email\":7}", 0, INVALID, "email: not a string" },
	{ "{\"email\":\"a\\u0000b\"}", 0, INVALID, "email: holds a NUL" },
	{ "{\"active\":\"yes\"}", 0, INVALID, "active: not a boolean" },
	{ "{\"active\":null}", 0, INVALID, "active: not a boolean" },
	{ "{\"nonsense\":1}", 0, OK, "" },
	{ "{\"nonsense\":1}", REFUSE_UNKNOWN, INVALID, "nonsense: no such member" },
	{ "{\"created-at\":\"x\"}", 0, OK, "" },
	{ "{\"created-at\":\"x\"}", REFUSE_READONLY, INVALID, "created-at: can't be set" },
	{ "{\"password-hash\":\"x\"}", REFUSE_READONLY, INVALID, "password-hash: can't be set" },
	{ "{\"created_at\":\"x\"}", REFUSE_UNKNOWN, INVALID, "created_at: no such member" },
	{ "[]", 0, INVALID, "body: not an object" },
	{ "null", 0, INVALID, "body: not an object" },
};

START_TEST(bodies_are_read)
{
	struct cx cx = { 0 };
	struct user u = { .row = ROW(user), .tenant_id = "t1", .password_hash = "HASH" };
	struct json_object *o;

	ck_assert_int_eq(json_parse(&cx, bodies[_i].body, strlen(bodies[_i].body), 10, &o), OK);
	ck_assert_int_eq(model_json_read(&cx, o, bodies[_i].flags, &u.row), bodies[_i].want);
	if (bodies[_i].want)
		ck_assert_str_eq(cx.message, bodies[_i].message);
	ck_assert_str_eq(u.password_hash, "HASH");
	ck_assert_int_eq(u.created_at, 0);
	if (strstr(bodies[_i].body, "\"active\":true"))
		ck_assert(u.active);
	cx_free(&cx);
}
END_TEST

static enum status read_body(struct cx *cx, const char *body, struct row *row)
{
	struct json_object *o;

	ck_assert_int_eq(json_parse(cx, body, strlen(body), 10, &o), OK);
	return model_json_read(cx, o, 0, row);
}

START_TEST(absent_members_stay_and_null_clears)
{
	struct cx cx = { 0 };
	struct catalog c = { .row = ROW(catalog),
			     .tenant_id = "t1",
			     .name = "path",
			     .warehouse_name = "w",
			     .properties = "{}",
			     .federated_config = "SECRET" };
	struct service_user u = { .row = ROW(service_user), .expires_at = 5 };
	struct token t = { .row = ROW(token) };

	ck_assert_int_eq(read_body(&cx,
				   "{\"name\":\"body\",\"storage_location\":\"s3://b\","
				   "\"properties\":{ \"a\" : \"b\" },\"federated_config\":{}}",
				   &c.row),
			 OK);
	ck_assert_str_eq(c.name, "path"); /* a key that is set wins */
	ck_assert_str_eq(c.warehouse_name, "w");
	ck_assert_str_eq(c.storage_location, "s3://b");
	ck_assert_str_eq(c.properties, "{\"a\":\"b\"}");
	ck_assert_str_eq(c.federated_config, "SECRET");
	ck_assert_int_eq(read_body(&cx, "{\"warehouse_name\":null,\"properties\":null}", &c.row),
			 OK);
	ck_assert_ptr_null(c.warehouse_name);
	ck_assert_ptr_null(c.properties);
	ck_assert_int_eq(read_body(&cx, "{\"expires-at\":\"1970-01-01T00:00:01Z\"}", &u.row), OK);
	ck_assert_int_eq(u.expires_at, 1000);
	ck_assert_int_eq(read_body(&cx, "{\"expires-at\":null}", &u.row), OK);
	ck_assert_int_eq(u.expires_at, 0);
	ck_assert_int_eq(read_body(&cx, "{\"expires-at\":1}", &u.row), INVALID);
	ck_assert_int_eq(read_body(&cx, "{\"expires-at\":\"tomorrow\"}", &u.row), INVALID);
	ck_assert_int_eq(read_body(&cx, "{\"id\":\"x\"}", &t.row), OK);
	ck_assert_str_eq(t.token_id, "x");
	cx_free(&cx);
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ the_tenant_leads_every_key, 0 },
		{ keys_come_first, 0 },
		{ names_are_single_and_columns_lie_in_the_struct, 0 },
		{ secrets_are_text_and_never_keys, 0 },
		{ keys_compare_as_bytes_and_numbers, 0 },
		{ kebab_and_hidden, 0 },
		{ wire_names_and_json_columns, 0 },
		{ bodies_are_read, ARRAY_SIZE(bodies) },
		{ absent_members_stay_and_null_clears, 0 },
	};

	return run_suite("model", tests, ARRAY_SIZE(tests));
}
