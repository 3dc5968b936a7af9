/* SPDX-License-Identifier: Apache-2.0 */
/* issuer.h - an issuer whose tokens two responders take, and such tokens; for tests. */
#ifndef TESTS_UNIT_ISSUER_H
#define TESTS_UNIT_ISSUER_H

#include "tests/unit/fake_server.h"
#include "tests/unit/foreign.h"
#include "tests/unit/logins.h"

#define ME "/api/v1/users/me"

static struct foreign_key first = { "first", "EdDSA", NULL }, next = { "second", "ES256", NULL },
			  evil = { "first", "EdDSA", NULL };
static struct fake_server issuer;
static const char *url;

static inline const char *http(const char *body)
{
	return cx_printf(&cx, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body),
			 body);
}

static inline const char *discovery(const char *as)
{
	return http(cx_printf(
		&cx, "{\"issuer\":\"%s\",\"jwks_uri\":\"http://127.0.0.1:$PORT/keys\"}", as));
}

static inline const char *jwks_of(const struct foreign_key *k)
{
	return http(cx_printf(&cx, "{\"keys\":[%s]}", foreign_jwk(&cx, k)));
}

static inline void set(const char *word, const char *value)
{
	setenv(cx_printf(&cx, "PANGOLIN_OIDC_ACME_%s", word), value, 1);
}

/* Two responders that take the tokens of an issuer which gives these answers, each after a time. */
static inline void begin_slow(const char *const *answers, size_t n, int delay_ms)
{
	fake_start(&issuer, answers, n, delay_ms);
	url = cx_printf(&cx, "http://127.0.0.1:%d", issuer.port);
	set("ISSUER", url);
	set("AUDIENCE", "catalog");
	start();
}

static inline void begin(const char *const *answers, size_t n)
{
	begin_slow(answers, n, 0);
}

static inline void begin_well(void)
{
	const char *answers[] = { discovery("http://127.0.0.1:$PORT"), jwks_of(&first),
				  discovery("http://127.0.0.1:$PORT"), jwks_of(&next) };

	set("TENANT", TENANT);
	begin(answers, ARRAY_SIZE(answers));
}

static inline void setup(void)
{
	first.key = foreign_make("EdDSA", 0);
	evil.key = foreign_make("EdDSA", 0);
	next.key = foreign_make("ES256", 0);
}

static inline void teardown(void)
{
	end();
	fake_stop(&issuer);
	EVP_PKEY_free(first.key);
	EVP_PKEY_free(evil.key);
	EVP_PKEY_free(next.key);
}

static inline const char *claims_of(const char *subject, const char *more)
{
	return cx_printf(&cx, "{\"iss\":\"%s\",\"aud\":\"catalog\",\"sub\":\"%s\",\"exp\":%lld%s}",
			 url, subject, (long long)cx_now_ms() / 1000 + 600, more);
}

static inline const char *token_of(const char *subject, const char *more)
{
	return foreign_token(&cx, &first, claims_of(subject, more));
}

static inline struct json_object *who(const char *token)
{
	struct fcgi_answer a = with_token(&second, "GET", ME, token, NULL);

	ck_assert_msg(a.status == 200, "%d %s", a.status, a.body);
	return body_of(&a);
}

#endif
