/* SPDX-License-Identifier: Apache-2.0 */
/* test_federate.c - a change sent to an upstream that never answers is on record, and the record is right. */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "common/jwt.h"
#include "common/seal.h"
#define RESPONDER_NEEDS (NEED_CLOUD | NEED_CACHE | NEED_STORAGE_KEY)
#include "tests/unit/rest.h"
#include "tests/unit/suite.h"

/* Connections are taken, and nothing is ever said on them. */
static int listen_only(int *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, n), 0);
	ck_assert_int_eq(listen(fd, 16), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static const struct audit *record_of(const char *action)
{
	struct audit from = { .row = ROW(audit), .tenant_id = NIL_UUID };
	struct rows rows;

	must(store_list_all(&cx, st, &(struct query){ .from = &from.row, .bound = 1 }, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct audit *a = (const struct audit *)rows.items + i;

		if (text_same(a->action, action))
			return a;
	}
	return NULL;
}

START_TEST(there_is_time_for_the_record)
{
	char keys[] = "/tmp/pangolin-test-keys-XXXXXX", key[64];
	const struct audit *a;
	int port, fd = listen_only(&port);

	ck_assert_ptr_nonnull(mkdtemp(keys));
	snprintf(key, sizeof(key), "%s/storage.key", keys);
	must(seal_add_key(&cx, key));
	must(jwt_keys_create(&cx, keys, false));
	cx_free(&cx); /* start() begins with an empty one */
	setenv("PANGOLIN_KEYS_DIR", keys, 1);
	setenv("PANGOLIN_REQUEST_TIMEOUT_MS", "1500", 1);
	start();
	expect("POST", "/api/v1/federated-catalogs",
	       cx_printf(&cx,
			 "{\"name\":\"f\",\"config\":{\"properties\":{\"uri\":\"http://"
			 "127.0.0.1:%d/v1/"
			 "x\"}}}",
			 port),
	       201, NULL);
	expect("POST", "/v1/f/namespaces", "{\"namespace\":[\"a\"]}", 502,
	       "CommitStateUnknownException");
	a = record_of("create_namespace");
	ck_assert_ptr_nonnull(a);
	ck_assert_str_eq(a->result, "failure");
	ck_assert_ptr_null(strstr(a->error_message, "sent to the upstream catalog"));
	expect("GET", "/v1/f/namespaces", NULL, 502, "BadGatewayException");
	close(fd);
	end();
	unsetenv("PANGOLIN_REQUEST_TIMEOUT_MS");
	unsetenv("PANGOLIN_KEYS_DIR");
	snprintf(key, sizeof(key), "rm -r %s", keys);
	ck_assert_int_eq(system(key), 0);
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ there_is_time_for_the_record, 0 },
	};

	return run_suite("federate", tests, ARRAY_SIZE(tests));
}
