/* SPDX-License-Identifier: Apache-2.0 */
/* http.c - HTTP requests to clouds by one libcurl multi handle. */
#include "vending/http.h"

#include <curl/curl.h>
#include <unistd.h>

#include "common/text.h"
#include "vending/address.h"

#define CONNECT_MS 5000L
#define SILENCE_S 8L /* without a byte either way: the try has failed */
#define PAUSE_MS 100 /* after the first try; doubled after each */
#define RETRY_AFTER_MAX_MS 5000
#define ANSWER_START 4096 /* bytes */

/* One request on its way. */
struct transfer {
	struct cx *cx;
	struct http *http;
	struct http_request *request;
	CURL *easy; /* NULL = not running now */
	struct curl_slist *headers;
	int64_t due_ms; /* CLOCK_MONOTONIC: not to be sent before */
	size_t n_sent;	/* of the body */
	char *bytes;	/* of the answer so far */
	size_t n, cap;
	bool too_large, refused, done;
};

struct http {
	struct http_limits limits;
	CURLM *multi;
	CURL *idle[HTTP_PARALLEL]; /* handles to use again */
	size_t n_idle;
	uint64_t sent;
};

/* A peer that hangs up must not end the process, not even under TLS. */
static void ignore_sigpipe(void)
{
	struct sigaction now;

	if (!sigaction(SIGPIPE, NULL, &now) && now.sa_handler == SIG_DFL) {
		now.sa_handler = SIG_IGN;
		sigaction(SIGPIPE, &now, NULL);
	}
}

struct http *http_open(const struct http_limits *limits)
{
	struct http *h = calloc(1, sizeof(*h));

	ignore_sigpipe();
	if (!h || curl_global_init(CURL_GLOBAL_DEFAULT))
		abort();
	h->limits = *limits;
	h->multi = curl_multi_init();
	if (!h->multi)
		abort();
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, 2L * HTTP_PARALLEL);
	return h;
}

void http_close(struct http *h)
{
	while (h->n_idle)
		curl_easy_cleanup(h->idle[--h->n_idle]);
	curl_multi_cleanup(h->multi);
	curl_global_cleanup();
	free(h);
}

uint64_t http_sent(const struct http *h)
{
	return h->sent;
}

/* --- what libcurl calls ------------------------------------------------------ */

/* Room for n more bytes; the first time for as many as the answer announces. */
static void make_room(struct transfer *t, size_t n)
{
	curl_off_t announced = -1;
	char *bigger;
	size_t cap = t->cap ? t->cap : ANSWER_START;

	if (t->n + n <= t->cap)
		return;
	if (!t->cap &&
	    !curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced) &&
	    announced > 0 && (uint64_t)announced <= t->request->max_answer)
		cap = (size_t)announced;
	while (cap < t->n + n)
		cap *= 2;
	bigger = cx_alloc(t->cx, cap + 1);
	if (t->n)
		memcpy(bigger, t->bytes, t->n);
	t->bytes = bigger;
	t->cap = cap;
}

static size_t on_bytes(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	(void)size; /* always 1 */
	if (n > t->request->max_answer - t->n) {
		t->too_large = true;
		return CURL_WRITEFUNC_ERROR;
	}
	make_room(t, n);
	memcpy(t->bytes + t->n, bytes, n);
	t->n += n;
	return n;
}

static size_t on_body(char *to, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t left = t->request->n_body - t->n_sent;

	n = size * n < left ? size * n : left;
	if (n)
		memcpy(to, t->request->body + t->n_sent, n);
	t->n_sent += n;
	return n;
}

/* libcurl sends a request again by itself where a kept connection turns out
 * closed: that is a try as well, since the first may have been heard. */
static int on_rewind(void *arg, curl_off_t offset, int origin)
{
	struct transfer *t = arg;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > t->request->n_body)
		return CURL_SEEKFUNC_FAIL;
	t->n_sent = (size_t)offset;
	t->request->tries++;
	t->http->sent++;
	return CURL_SEEKFUNC_OK;
}

/* Here the name has been resolved: the address is what will be talked to. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct transfer *t = arg;

	(void)purpose;
	if (!t->request->to_machine &&
	    !address_allowed(&a->addr, t->http->limits.refuse_loopback)) {
		t->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* --- one try ------------------------------------------------------------------ */

static void add_header(struct transfer *t, const char *line)
{
	struct curl_slist *more = curl_slist_append(t->headers, line);

	if (!more)
		abort();
	t->headers = more;
}

static void set_headers(struct transfer *t)
{
	for (size_t i = 0; i < t->request->n_headers; i++)
		add_header(t, cx_printf(t->cx, "%s: %s", t->request->headers[i].name,
					t->request->headers[i].value));
	/* None of libcurl's own beside Host and Content-Length. */
	add_header(t, "Accept:");
	add_header(t, "Expect:");
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

static void set_method(struct transfer *t)
{
	const struct http_request *r = t->request;
	CURL *e = t->easy;

	/* By a kept connection libcurl might send it twice. */
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, r->once ? 1L : 0L);
	/* A kept connection's address is not asked about again: this one's is for the machine's
	 * own requests alone. */
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, r->to_machine ? 1L : 0L);

	if (!strcmp(r->method, "HEAD"))
		curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, r->method);
	if (!r->body)
		return;
	curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->n_body);
	curl_easy_setopt(e, CURLOPT_READFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_READDATA, t);
	curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_rewind);
	curl_easy_setopt(e, CURLOPT_SEEKDATA, t);
}

/* What holds for every request, whoever sends it. */
static void set_rules(struct transfer *t)
{
	const struct http_limits *limits = &t->http->limits;
	CURL *e = t->easy;

	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	if (limits->ca_file) {
		curl_easy_setopt(e, CURLOPT_CAINFO, limits->ca_file);
		curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, SILENCE_S);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(e, CURLOPT_PRIVATE, t);
}

static void start(struct transfer *t)
{
	struct http *h = t->http;

	t->easy = h->n_idle ? h->idle[--h->n_idle] : curl_easy_init();
	if (!t->easy)
		abort();
	t->n = t->n_sent = 0;
	t->too_large = t->refused = false;
	set_rules(t);
	set_method(t);
	set_headers(t);
	curl_easy_setopt(t->easy, CURLOPT_URL, t->request->url);
	t->request->tries++;
	h->sent++;
	if (curl_multi_add_handle(h->multi, t->easy))
		abort();
}

/* The try is over; its connection stays with the multi handle. */
static void stop(struct transfer *t)
{
	struct http *h = t->http;
	curl_off_t sent_us = 0;

	curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &sent_us);
	t->request->heard |= sent_us > 0;
	curl_multi_remove_handle(h->multi, t->easy);
	curl_easy_reset(t->easy);
	if (h->n_idle < HTTP_PARALLEL)
		h->idle[h->n_idle++] = t->easy;
	else
		curl_easy_cleanup(t->easy);
	t->easy = NULL;
	curl_slist_free_all(t->headers);
	t->headers = NULL;
}

/* --- its end ------------------------------------------------------------------ */

static void end(struct transfer *t, enum status result, const char *problem)
{
	t->request->result = result;
	t->request->problem = problem;
	t->done = true;
}

/* Errors that another try would only repeat. */
static bool is_final(CURLcode code)
{
	switch (code) {
	case CURLE_URL_MALFORMAT:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_WRITE_ERROR:
		return true;
	default:
		return false;
	}
}

static bool wants_again(const struct transfer *t, CURLcode code)
{
	const struct http_request *r = t->request;

	if (r->tries >= HTTP_TRIES || t->refused || (r->once && r->heard))
		return false;
	if (code)
		return !is_final(code);
	return r->code == 408 || r->code == 429 || r->code >= 500 ||
	       (r->code == 409 && r->again_on_409);
}

/* Between half of PAUSE_MS * 2^(tries - 1) and all of it; more where the server asks. */
static int64_t pause_ms(const struct transfer *t, curl_off_t retry_after_s)
{
	int64_t most = (int64_t)PAUSE_MS << (t->request->tries - 1);
	int64_t pause = most / 2 + text_random62() % (most / 2);
	int64_t asked = retry_after_s > 0 ? (int64_t)retry_after_s * 1000 : 0;

	if (asked > RETRY_AFTER_MAX_MS)
		asked = RETRY_AFTER_MAX_MS;
	return asked > pause ? asked : pause;
}

static void take_headers(struct transfer *t)
{
	struct http_request *r = t->request;

	for (size_t i = 0; i < HTTP_WANTED && r->wanted[i]; i++) {
		struct curl_header *h;

		r->values[i] = NULL;
		if (!curl_easy_header(t->easy, r->wanted[i], 0, CURLH_HEADER, -1, &h))
			r->values[i] = cx_strdup(t->cx, h->value);
	}
}

static void take_answer(struct transfer *t)
{
	struct http_request *r = t->request;
	curl_off_t length = -1;
	long code = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &code);
	curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	make_room(t, 0);
	take_headers(t);
	r->code = (int)code;
	r->content_length = length;
	r->n_answer = t->n;
	r->answer = t->bytes ? t->bytes : "";
	if (t->bytes)
		t->bytes[t->n] = '\0';
}

static void finish(struct transfer *t, CURLcode code)
{
	curl_off_t retry_after = 0;
	int64_t pause;

	if (!code)
		take_answer(t);
	curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry_after);
	stop(t);
	pause = pause_ms(t, retry_after);
	if (wants_again(t, code) && pause < cx_left_ms(t->cx)) {
		t->due_ms = cx_monotonic_ms() + pause;
		return;
	}
	if (t->refused)
		end(t, DENIED, "its address is one this server does not talk to");
	else if (t->too_large)
		end(t, TOO_LARGE, "the answer is too large");
	else if (code == CURLE_URL_MALFORMAT)
		end(t, INVALID, "not a URL");
	else if (code)
		end(t, UNAVAILABLE, curl_easy_strerror(code));
	else
		end(t, OK, NULL);
}

/* --- all together --------------------------------------------------------------- */

/* Starts what is due; how long until there is something else to start. */
static int64_t start_due(struct transfer *transfers, size_t n)
{
	int64_t now = cx_monotonic_ms(), next = INT64_MAX;
	size_t running = 0;

	for (size_t i = 0; i < n; i++)
		running += transfers[i].easy != NULL;
	for (size_t i = 0; i < n && running < HTTP_PARALLEL; i++) {
		struct transfer *t = &transfers[i];

		if (t->easy || t->done)
			continue;
		if (t->due_ms <= now) {
			start(t);
			running++;
		} else if (t->due_ms - now < next) {
			next = t->due_ms - now;
		}
	}
	return next;
}

static size_t take_finished(struct http *h)
{
	size_t n = 0;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(h->multi, &left))) {
		char *private = NULL;
		struct transfer *t;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
		t = (struct transfer *)(void *)private;
		finish(t, m->data.result);
		n += t->done;
	}
	return n;
}

static void give_up(struct transfer *transfers, size_t n, const char *problem)
{
	for (size_t i = 0; i < n; i++) {
		struct transfer *t = &transfers[i];

		if (t->easy)
			stop(t);
		if (!t->done)
			end(t, UNAVAILABLE, problem);
	}
}

/* "https://host:port" of a URL. */
static const char *endpoint_of(struct cx *cx, const char *url)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	return cx_strndup(cx, url, (size_t)(host - url) + strcspn(host, "/?#"));
}

bool http_may_ask(struct cx *cx, const struct http_limits *limits, const char *url)
{
	char *host = NULL, *port = NULL;
	CURLU *u;
	bool may;

	if (!limits->allow)
		return true;
	u = curl_url();
	if (!u)
		abort();
	may = !curl_url_set(u, CURLUPART_URL, url, 0) &&
	      !curl_url_get(u, CURLUPART_HOST, &host, 0) &&
	      !curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) &&
	      host_listed(cx, limits->allow, host, port);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
	return may;
}

/* A line break in what a warehouse says (a session token) would begin a request of its own, whose
 * answer the connection's next user would get. */
static bool is_one_line(const struct pair *header)
{
	return !strpbrk(header->name, "\r\n") && !strpbrk(header->value, "\r\n");
}

static bool headers_read(const struct http_request *r)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (!is_one_line(&r->headers[i]))
			return false;
	return true;
}

/* Those that may not be sent are over; how many. */
static size_t begin(struct cx *cx, struct http *h, struct http_request *requests,
		    struct transfer *transfers, size_t n)
{
	size_t over = 0;

	for (size_t i = 0; i < n; i++) {
		struct transfer *t = &transfers[i];

		*t = (struct transfer){ .cx = cx, .http = h, .request = &requests[i] };
		requests[i].content_length = -1;
		requests[i].answer = "";
		if (!headers_read(&requests[i]))
			end(t, INVALID, "a line break in a header");
		else if (!requests[i].to_machine && !http_may_ask(cx, &h->limits, requests[i].url))
			end(t, DENIED, "PANGOLIN_OUTBOUND_ALLOW does not name its host");
		over += t->done;
	}
	return over;
}

/* Waits and works until something is finished or some time is over. */
static size_t work(struct cx *cx, struct http *h, struct transfer *transfers, size_t n)
{
	int64_t wait = start_due(transfers, n), left = cx_left_ms(cx);
	int running;

	wait = wait < left ? wait : left;
	/* Waits also where nothing runs: the next try is not due yet. */
	curl_multi_poll(h->multi, NULL, 0, wait < 1000 ? (int)wait : 1000, NULL);
	curl_multi_perform(h->multi, &running);
	return take_finished(h);
}

static enum slot_end end_of(const struct http_request *requests, size_t n, bool slow)
{
	for (size_t i = 0; i < n; i++)
		if (requests[i].result == OK)
			return SLOT_ANSWERED;
	return slow ? SLOT_FAILED : SLOT_UNKNOWN;
}

void http_perform(struct cx *cx, struct http *h, struct http_request *requests, size_t n)
{
	struct transfer *transfers = cx_array(cx, n, sizeof(*transfers));
	size_t done = begin(cx, h, requests, transfers, n);
	const char *problem = "no answer in time";
	int64_t since;
	struct slot slot;
	bool slow = false;
	bool may =
		n == 0 || slot_take(cx, h->limits.slots, endpoint_of(cx, requests[0].url), &slot);

	since = cx_monotonic_ms();
	while (may && done < n && cx_left_ms(cx) > 0) {
		done += work(cx, h, transfers, n);
		if (slow || done == n || cx_monotonic_ms() - since < HTTP_SLOW_MS)
			continue;
		slow = true;
		may = slot_hold(&slot);
	}
	if (!may)
		problem = "it is slow, and others wait for it already";
	give_up(transfers, n, problem);
	if (n)
		slot_leave(&slot, may ? end_of(requests, n, slow) : SLOT_UNKNOWN);
}
