/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_link.c - DATABASE_URL as MongoDB's driver takes it, and the connection made of it. */
#include "stores/mongo.h"

#include <sys/mman.h>
#include <unistd.h>

#include "common/text.h"
#include "stores/url.h"

/*
 * libmongoc, being linked, puts a file of counters into /dev/shm before main(), whatever
 * the store; a killed process leaves it behind, and the next one of that number would
 * complain of it on stderr.  So its name is taken away before the library comes to look
 * for it, and again once it has made it: the counters go with the process.
 */
static void hide_counters(void)
{
	char name[40];

	snprintf(name, sizeof(name), "/mongoc-%d", (int)getpid());
	shm_unlink(name);
}

__attribute__((section(".preinit_array"),
	       used)) static void (*const before_libraries)(void) = hide_counters;

__attribute__((constructor)) static void after_libraries(void)
{
	hide_counters();
}

#define SELECT_MS 2000	 /* until a primary is found */
#define CONNECT_MS 3000	 /* for a connection, where the URL does not say */
#define SOCKET_MS 10000	 /* for an answer, likewise; the driver asks twice */
#define MAJORITY_MS 8000 /* for what is written to be the majority's */
#define RETRY_US 100000

/* --- the URL ------------------------------------------------------------------------- */

static void ignore_log(mongoc_log_level_t level, const char *domain, const char *message, void *arg)
{
	(void)level;
	(void)domain;
	(void)message;
	(void)arg;
}

/* The driver only logs what it does not know in a URL: for us it is an error. */
static void keep_log(mongoc_log_level_t level, const char *domain, const char *message, void *cx)
{
	(void)level;
	(void)domain;
	(void)fail(cx, INVALID, "DATABASE_URL: %s", message);
}

static enum status parse(struct cx *cx, struct mongo *m, const char *url)
{
	bson_error_t e;

	*cx->message = '\0';
	mongoc_log_set_handler(keep_log, cx);
	m->uri = mongoc_uri_new_with_error(url, &e);
	mongoc_log_set_handler(ignore_log, NULL);
	if (!m->uri)
		return fail(cx, INVALID, "DATABASE_URL: %s", e.message);
	return *cx->message ? INVALID : OK;
}

static void set_default(mongoc_uri_t *uri, const char *option, int32_t ms)
{
	if (!mongoc_uri_has_option(uri, option))
		mongoc_uri_set_option_as_int32(uri, option, ms);
}

/* What the string may not say otherwise, and what it may leave out. */
static void settle(mongoc_uri_t *uri)
{
	mongoc_read_concern_t *read = mongoc_read_concern_new();
	mongoc_write_concern_t *write = mongoc_write_concern_new();
	mongoc_read_prefs_t *primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);
	const char *name = getenv("MONGO_DB_NAME");

	mongoc_read_concern_set_level(read, MONGOC_READ_CONCERN_LEVEL_MAJORITY);
	mongoc_write_concern_set_wmajority(write, MAJORITY_MS);
	mongoc_write_concern_set_journal(write, true);
	mongoc_uri_set_read_concern(uri, read);
	mongoc_uri_set_write_concern(uri, write);
	mongoc_uri_set_read_prefs_t(uri, primary);
	mongoc_read_concern_destroy(read);
	mongoc_write_concern_destroy(write);
	mongoc_read_prefs_destroy(primary);
	set_default(uri, MONGOC_URI_CONNECTTIMEOUTMS, CONNECT_MS);
	set_default(uri, MONGOC_URI_SOCKETTIMEOUTMS, SOCKET_MS);
	/* it looks once, mongo_ready again and again */
	mongoc_uri_set_option_as_bool(uri, MONGOC_URI_SERVERSELECTIONTRYONCE, true);
	if (!mongoc_uri_get_database(uri))
		mongoc_uri_set_database(uri, name && *name ? name : "pangolin");
}

enum status mongo_read_url(struct cx *cx, struct mongo *m, const char *url)
{
	enum status s = url_check(cx, url, "mongodb://user@host/database");

	mongoc_init();
	if (!s)
		s = parse(cx, m, url);
	if (!s)
		settle(m->uri);
	return s;
}

/* --- the connection ---------------------------------------------------------------------- */

void mongo_hang_up(struct mongo *m)
{
	mongoc_database_destroy(m->database);
	mongoc_client_destroy(m->client);
	m->database = NULL;
	m->client = NULL;
}

static bool knows_primary(struct mongo *m, bson_error_t *e)
{
	mongoc_server_description_t *primary;

	if (!m->client) {
		m->client = mongoc_client_new_from_uri_with_error(m->uri, e);
		if (!m->client)
			return false;
		mongoc_client_set_error_api(m->client, MONGOC_ERROR_API_VERSION_2);
		mongoc_client_set_appname(m->client, "pangolin");
		m->database =
			mongoc_client_get_database(m->client, mongoc_uri_get_database(m->uri));
	}
	primary = mongoc_client_select_server(m->client, true, NULL, e);
	mongoc_server_description_destroy(primary);
	return primary;
}

/* A client that missed a server looks for it again only after five seconds; a new one at once. */
enum status mongo_ready(struct cx *cx, struct mongo *m)
{
	int64_t end = cx_monotonic_ms() + SELECT_MS;
	bson_error_t e;

	while (!knows_primary(m, &e)) {
		mongo_hang_up(m);
		if (cx_monotonic_ms() >= end || cx_left_ms(cx) <= RETRY_US / 1000)
			return fail(cx, UNAVAILABLE, "MongoDB: %s", e.message);
		usleep(RETRY_US);
	}
	return OK;
}
