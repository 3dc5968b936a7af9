/* SPDX-License-Identifier: Apache-2.0 */
/* smtp.c - mail by libcurl. */
#include "vending/smtp.h"

#include <curl/curl.h>

#include "common/text.h"
#include "vending/address.h"

#define CONNECT_MS 5000L
#define SILENCE_S 10L
#define MAX_HOST 253
#define MOST_MS 60000

/* One message on its way. */
struct sending {
	struct cx *cx;
	const struct http_limits *limits;
	const struct smtp_server *server;
	const struct smtp_message *message;
	size_t sent; /* bytes of it */
	bool refused;
	CURL *easy;
	struct curl_slist *to;
};

static bool is_six(const char *host)
{
	return strchr(host, ':') != NULL;
}

/* Letters, digits and what stands between them: nothing that a URL would read otherwise. */
static bool is_host(const char *host)
{
	static const char names[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	static const char six[] = "0123456789abcdefABCDEF:.";
	size_t n = strlen(host);

	return n && n <= MAX_HOST && *host != '-' && *host != '.' &&
	       strspn(host, is_six(host) ? six : names) == n;
}

static bool is_this_machine(const char *host)
{
	return !strcmp(host, "localhost") || !strcmp(host, "127.0.0.1") || !strcmp(host, "::1");
}

static int64_t port_of(const struct smtp_server *server)
{
	return server->port ? server->port : SMTP_PORT;
}

enum status smtp_check(struct cx *cx, const char *allow, const struct smtp_server *server)
{
	if (!is_host(server->host))
		return fail(cx, INVALID, "smtp_host: neither a host's name nor an address: \"%s\"",
			    server->host);
	if (!host_listed(cx, allow, server->host,
			 cx_printf(cx, "%lld", (long long)port_of(server))))
		return fail(cx, INVALID, "smtp_host: PANGOLIN_OUTBOUND_ALLOW does not name \"%s\"",
			    server->host);
	return OK;
}

/* --- what libcurl calls ---------------------------------------------------------------- */

static size_t on_read(char *to, size_t size, size_t n, void *arg)
{
	struct sending *m = arg;
	size_t left = m->message->n - m->sent;

	n = size * n < left ? size * n : left;
	if (n)
		memcpy(to, m->message->bytes + m->sent, n);
	m->sent += n;
	return n;
}

/* Here the name has been resolved: the address is what will be talked to. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct sending *m = arg;

	(void)purpose;
	if (!address_allowed(&a->addr, m->limits->refuse_loopback)) {
		m->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* What it says back is for libcurl alone. */
static size_t on_answer(char *bytes, size_t size, size_t n, void *arg)
{
	(void)bytes;
	(void)arg;
	return size * n;
}

/* --- sending --------------------------------------------------------------------------- */

static void set_place(struct sending *m)
{
	const struct smtp_server *server = m->server;
	bool six = is_six(server->host);
	long tls = CURLUSESSL_TRY;

	if (server->user && !is_this_machine(server->host))
		tls = CURLUSESSL_ALL;
	curl_easy_setopt(m->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(m->easy, CURLOPT_URL,
			 cx_printf(m->cx, "%s://%s%s%s:%lld/",
				   port_of(server) == SMTPS_PORT ? "smtps" : "smtp", six ? "[" : "",
				   server->host, six ? "]" : "", (long long)port_of(server)));
	curl_easy_setopt(m->easy, CURLOPT_USE_SSL, tls);
	if (!server->user)
		return;
	curl_easy_setopt(m->easy, CURLOPT_USERNAME, server->user);
	curl_easy_setopt(m->easy, CURLOPT_PASSWORD, server->password ? server->password : "");
}

static void set_rules(struct sending *m)
{
	int64_t left = cx_left_ms(m->cx);
	CURL *e = m->easy;

	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	if (m->limits->ca_file) {
		curl_easy_setopt(e, CURLOPT_CAINFO, m->limits->ca_file);
		curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, SILENCE_S);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(left < MOST_MS ? left : MOST_MS));
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, m);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_answer);
}

static void set_message(struct sending *m)
{
	curl_easy_setopt(m->easy, CURLOPT_MAIL_FROM, m->message->from);
	for (size_t i = 0; i < m->message->n_to; i++) {
		struct curl_slist *more = curl_slist_append(m->to, m->message->to[i]);

		if (!more)
			abort();
		m->to = more;
	}
	curl_easy_setopt(m->easy, CURLOPT_MAIL_RCPT, m->to);
	curl_easy_setopt(m->easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
	curl_easy_setopt(m->easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(m->easy, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(m->easy, CURLOPT_READDATA, m);
}

static enum status end(struct sending *m, CURLcode code)
{
	const struct smtp_server *server = m->server;
	long said = 0;

	curl_easy_getinfo(m->easy, CURLINFO_RESPONSE_CODE, &said);
	if (!code)
		return OK;
	if (m->refused)
		return fail(m->cx, DENIED,
			    "the address of \"%s\" is one this server does not talk to",
			    server->host);
	return fail(m->cx, UNAVAILABLE, "the mail server %s:%lld: %s (%ld)", server->host,
		    (long long)port_of(server),
		    code == CURLE_LOGIN_DENIED ? "it does not take this user and password"
					       : curl_easy_strerror(code),
		    said);
}

enum status smtp_send(struct cx *cx, const struct http_limits *limits,
		      const struct smtp_server *server, const struct smtp_message *message)
{
	struct sending m = { .cx = cx, .limits = limits, .server = server, .message = message };
	enum status s = smtp_check(cx, limits->allow, server);

	if (s)
		return s;
	m.easy = curl_easy_init();
	if (!m.easy)
		abort();
	set_place(&m);
	set_rules(&m);
	set_message(&m);
	s = end(&m, curl_easy_perform(m.easy));
	curl_easy_cleanup(m.easy);
	curl_slist_free_all(m.to);
	return s;
}
