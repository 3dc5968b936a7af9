/* SPDX-License-Identifier: Apache-2.0 */
/* attempts.c - failed logins, counted in the store. */
#include "fcgi/attempts.h"

#include <arpa/inet.h>

#include "common/text.h"

#define TRIES 8
#define MAX_USERNAME 255 /* bytes: nobody has a longer one, and a key has an end */
#define PAGES_A_FAILURE 10

/* --- who ------------------------------------------------------------------------ */

static bool is_mapped(const struct in6_addr *a)
{
	return IN6_IS_ADDR_V4MAPPED(a);
}

/* One subscriber has a whole /64 to choose his address from. */
static const char *network_of(struct cx *cx, const char *address)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr six;

	if (inet_pton(AF_INET6, address, &six) != 1)
		return cx_printf(cx, "address %s", *address ? address : "unknown");
	if (is_mapped(&six))
		return cx_printf(cx, "address %s",
				 inet_ntop(AF_INET, &six.s6_addr[12], text, sizeof(text)));
	memset(&six.s6_addr[8], 0, 8);
	return cx_printf(cx, "address %s/64", inet_ntop(AF_INET6, &six, text, sizeof(text)));
}

/* --- checking --------------------------------------------------------------------- */

static bool stands(const struct login_attempt *a)
{
	return a->row.version && a->until_ms > cx_now_ms();
}

static bool reached(const struct login_attempt *a, int64_t limit)
{
	return limit && stands(a) && a->failures >= limit;
}

static enum status read_counts(struct request *rq, struct attempts *a)
{
	struct row *rows[] = { &a->address.row, &a->account.row };

	a->address.row.version = a->account.row.version = 0;
	return store_get_all(rq->cx, rq->rs->store, rows, a->counts_account ? 2 : 1);
}

static enum status refuse(struct request *rq, const struct login_attempt *a)
{
	int64_t wait_s = (a->until_ms - cx_now_ms() + 999) / 1000;

	answer_header(rq, "Retry-After",
		      cx_printf(rq->cx, "%lld", (long long)(wait_s > 0 ? wait_s : 1)));
	return fail(rq->cx, LIMITED, "too many failed or unfinished logins; try again later");
}

enum status attempts_check(struct request *rq, const char *tenant_id, const char *username,
			   struct attempts *out)
{
	const struct config *c = rq->rs->config;
	enum status s;

	*out = (struct attempts){
		.address = { .row = ROW(login_attempt),
			     .subject = network_of(rq->cx, rq->client_address) },
		.account = { .row = ROW(login_attempt) },
		.counts_account = username && strlen(username) <= MAX_USERNAME && c->auth_lockout,
		.account_s = c->auth_lockout_s,
	};
	if (!c->auth_rate_limit && !out->counts_account)
		return OK;
	if (out->counts_account)
		out->account.subject = cx_printf(rq->cx, "account %s/%s", tenant_id, username);
	s = read_counts(rq, out);
	if (s)
		return s;
	if (reached(&out->address, c->auth_rate_limit))
		return refuse(rq, &out->address);
	if (reached(&out->account, c->auth_lockout))
		return refuse(rq, &out->account);
	return OK;
}

/* --- counting --------------------------------------------------------------------- */

/* One more, unless the limit is reached already. */
static void add_failure(struct login_attempt *a, int64_t limit, int64_t window_s, bool slides,
			struct change *list, size_t *n)
{
	int64_t until_ms = cx_now_ms() + window_s * 1000;

	if (!limit || reached(a, limit))
		return;
	if (!stands(a)) {
		a->failures = 0;
		a->until_ms = until_ms;
	}
	a->failures++;
	if (slides)
		a->until_ms = until_ms;
	list[(*n)++] = (struct change){ a->row.version ? UPDATE : INSERT, &a->row };
}

static enum status write_counts(struct request *rq, struct attempts *a)
{
	const struct config *c = rq->rs->config;
	struct change list[2];
	size_t n = 0;

	add_failure(&a->address, c->auth_rate_limit, c->auth_rate_window_s, false, list, &n);
	if (a->counts_account)
		add_failure(&a->account, c->auth_lockout, a->account_s, true, list, &n);
	return store_apply(rq->cx, rq->rs->store, list, n, NULL);
}

enum status attempts_failed(struct request *rq, struct attempts *a)
{
	const char *why = cx_strdup(rq->cx, rq->cx->message);
	enum status s = write_counts(rq, a);

	for (int i = 1; i < TRIES && (s == EXISTS || s == CONFLICT); i++) {
		s = read_counts(rq, a);
		if (!s)
			s = write_counts(rq, a);
	}
	if (s)
		return fail(rq->cx, UNAVAILABLE, "the login could not be looked at; try again");
	(void)fail(rq->cx, OK, "%s", why);
	return OK;
}

enum status attempts_page(struct request *rq)
{
	const struct config *c = rq->rs->config;
	int64_t limit = PAGES_A_FAILURE * c->auth_rate_limit;
	struct login_attempt a = { .row = ROW(login_attempt),
				   .subject = cx_printf(rq->cx, "page %s",
							network_of(rq->cx, rq->client_address)) };
	enum status s = CONFLICT;

	for (int i = 0; i < TRIES && (s == EXISTS || s == CONFLICT); i++) {
		struct row *row = &a.row;
		struct change list[1];
		size_t n = 0;

		a.row.version = 0;
		s = store_get_all(rq->cx, rq->rs->store, &row, 1);
		if (!s && reached(&a, limit))
			return refuse(rq, &a);
		add_failure(&a, limit, c->auth_rate_window_s, false, list, &n);
		if (!s)
			s = store_apply(rq->cx, rq->rs->store, list, n, NULL);
	}
	return s == EXISTS || s == CONFLICT ? fail(rq->cx, UNAVAILABLE, "busy; try again") : s;
}

bool attempts_forgive(struct attempts *a, struct change *out)
{
	if (!a->counts_account || !a->account.row.version)
		return false;
	*out = (struct change){ DELETE, &a->account.row };
	return true;
}
