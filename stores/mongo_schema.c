/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_schema.c - collections and indexes from the column tables; what a server must have. */
#include "stores/mongo.h"

#include "common/text.h"
#include "stores/migrate.h"

#define VERSIONS "schema_version" /* one document, _id "schema" */

/* --- what is there ------------------------------------------------------------------ */

/* The document, or NULL where there is none. */
static enum status read_version(struct cx *cx, struct mongo *m, mongoc_client_session_t *session,
				struct schema_version *v)
{
	bson_t *by = mongo_own(cx, BCON_NEW("_id", BCON_UTF8("schema")));
	bson_t *options = mongo_own(cx, bson_new());
	mongoc_cursor_t *c;
	const bson_t *doc;
	bson_iter_t at;
	bson_error_t e = { 0 };
	enum status s = OK;

	*v = (struct schema_version){ 0 };
	if (session && !mongoc_client_session_append(session, options, &e))
		return mongo_fail(cx, &e);
	c = mongoc_collection_find_with_opts(mongo_collection(cx, m, VERSIONS), by, options, NULL);
	if (mongoc_cursor_next(c, &doc)) {
		if (bson_iter_init_find(&at, doc, "version"))
			v->version = bson_iter_as_int64(&at);
		if (bson_iter_init_find(&at, doc, "min_program"))
			v->min_program = bson_iter_as_int64(&at);
	} else if (mongoc_cursor_error(c, &e)) {
		s = mongo_fail(cx, &e);
	}
	mongoc_cursor_destroy(c);
	return s;
}

/* Only a read within a transaction says whether the server has them. */
static enum status need_transactions(struct cx *cx, struct mongo *m, struct schema_version *v)
{
	mongoc_client_session_t *session;
	enum status s = mongo_begin(cx, m, &session);

	if (!s)
		s = read_version(cx, m, session, v);
	if (s != INTERNAL && !(s && !session))
		return s;
	return fail(
		cx, INVALID,
		"this MongoDB server has no transactions (%s).  One node is enough: start it as "
		"mongod --replSet rs0, then once: mongosh --eval 'rs.initiate()'",
		cx_strdup(cx, cx->message));
}

enum status mongo_check(struct cx *cx, struct mongo *m, bool migrating)
{
	struct schema_version v;
	enum status s = read_version(cx, m, NULL, &v); /* first: is it there, may we in? */

	if (!s)
		s = need_transactions(cx, m, &v);
	return s || migrating ? s : migrate_check(cx, v);
}

/* --- making it ------------------------------------------------------------------------ */

static enum status command(struct cx *cx, struct mongo *m, const bson_t *c)
{
	bson_error_t e;
	bson_t reply;
	bool ok = mongoc_database_write_command_with_opts(m->database, c, NULL, &reply, &e);

	bson_destroy(&reply);
	return ok ? OK : mongo_fail(cx, &e);
}

static enum status make_index(struct cx *cx, struct mongo *m, const struct kind *k,
			      const struct column *c)
{
	return command(cx, m,
		       mongo_own(cx, BCON_NEW("createIndexes", BCON_UTF8(k->table), "indexes", "[",
					      "{", "name", BCON_UTF8(c->name), "key", "{", c->name,
					      BCON_INT32(1), "_id", BCON_INT32(1), "}", "}", "]")));
}

/* Within a transaction a collection can't always be made: all are there before. */
static enum status make_collection(struct cx *cx, struct mongo *m, const char *name)
{
	enum status s = command(cx, m, mongo_own(cx, BCON_NEW("create", BCON_UTF8(name))));

	return s && strstr(cx->message, "already exists") ? OK : s;
}

static enum status make_kind(struct cx *cx, struct mongo *m, const struct kind *k)
{
	enum status s = make_collection(cx, m, k->table);

	for (size_t i = 0; !s && i < k->n_columns; i++)
		if (k->columns[i].flags & INDEX)
			s = make_index(cx, m, k, &k->columns[i]);
	return s;
}

/* The rows that the first SQL migration makes: they stay as they are where they are. */
static enum status make_rows(struct cx *cx, struct mongo *m)
{
	struct epoch server = { .row = { &kind_epoch, 1, false }, .tenant_id = "" };
	struct epoch epoch = { .row = { &kind_epoch, 1, false }, .tenant_id = NIL_UUID };
	struct tenant tenant = { .row = { &kind_tenant, 1, false },
				 .tenant_id = NIL_UUID,
				 .name = "default" };
	struct row *rows[] = { &server.row, &epoch.row, &tenant.row };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bson_error_t e;

		if (!mongoc_collection_insert_one(mongo_collection(cx, m, rows[i]->kind->table),
						  mongo_document(cx, rows[i]), NULL, NULL, &e) &&
		    e.code != MONGOC_ERROR_DUPLICATE_KEY)
			return mongo_fail(cx, &e);
	}
	return OK;
}

/* A greater version is never replaced by a smaller. */
static enum status write_version(struct cx *cx, struct mongo *m)
{
	bson_t *by = mongo_own(cx, BCON_NEW("_id", BCON_UTF8("schema")));
	bson_t *max =
		mongo_own(cx, BCON_NEW("$max", "{", "version", BCON_INT64(migrate_program()),
				       "min_program", BCON_INT64(migrate_min_program()), "}"));
	bson_t *upsert = mongo_own(cx, BCON_NEW("upsert", BCON_BOOL(true)));
	bson_t *server = mongo_own(cx, BCON_NEW("_id", BCON_UTF8("")));
	bson_t *epoch = mongo_own(cx, BCON_NEW("$max", "{", "min_program",
					       BCON_INT64(migrate_min_program()), "}", "$inc", "{",
					       "version", BCON_INT64(1), "}"));
	bson_error_t e;

	if (!mongoc_collection_update_one(mongo_collection(cx, m, VERSIONS), by, max, upsert, NULL,
					  &e) ||
	    !mongoc_collection_update_one(mongo_collection(cx, m, kind_epoch.table), server, epoch,
					  NULL, NULL, &e))
		return mongo_fail(cx, &e);
	return OK;
}

/* Every step may be repeated, so what was broken off is finished the next time. */
enum status mongo_migrate(struct cx *cx, struct mongo *m, int64_t *from, int64_t *to)
{
	struct schema_version have, now;
	enum status s = read_version(cx, m, NULL, &have);

	if (!s && have.version > migrate_program()) {
		*from = *to = have.version;
		return have.min_program > migrate_program() ? migrate_check(cx, have) : OK;
	}
	if (!s)
		s = make_collection(cx, m, MONGO_PINS_TABLE);
	for (const struct kind *const *k = model_kinds; !s && *k; k++)
		s = make_kind(cx, m, *k);
	if (!s)
		s = make_rows(cx, m);
	if (!s && have.version < migrate_program())
		s = write_version(cx, m);
	if (!s)
		s = read_version(cx, m, NULL, &now);
	if (s)
		return s;
	*from = have.version;
	*to = now.version;
	return OK;
}
