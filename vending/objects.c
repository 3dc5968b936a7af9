/* SPDX-License-Identifier: Apache-2.0 */
/* objects.c - one object's request, several puts together, and what their answers mean. */
#include "vending/objects.h"

#include <ctype.h>

#include "common/text.h"

#define WORD_MAX 64

void object_header(struct object_request *r, const char *name, const char *value)
{
	if (r->http.n_headers == OBJECT_HEADERS_MAX)
		abort();
	r->headers[r->http.n_headers++] = (struct pair){ name, value };
	r->http.headers = r->headers;
}

const char *object_name(const struct location *l)
{
	return l->path + (*l->path == '/');
}

/* --- what went wrong ---------------------------------------------------------------- */

enum status object_status(int code)
{
	switch (code) {
	case 301:
	case 307:
	case 308:
	case 400:
		return INVALID;
	case 401:
	case 403:
		return DENIED;
	case 404:
		return NOT_FOUND;
	case 412:
		return EXISTS;
	default:
		return UNAVAILABLE;
	}
}

static bool is_word(const char *word)
{
	size_t n = 0;

	for (; word[n]; n++)
		if (n == WORD_MAX || !isalnum((unsigned char)word[n]))
			return false;
	return n > 0;
}

enum status object_refusal(struct cx *cx, const struct object_error *errors, size_t n,
			   const struct http_request *r, const char *word, const char *verb,
			   const char *location)
{
	const struct object_error *e = NULL;

	for (size_t i = 0; i < n && !e; i++)
		if (text_same(errors[i].word, word))
			e = &errors[i];
	if (!is_word(word))
		word = "";
	return fail(cx, e ? e->status : object_status(r->code),
		    "can't %s \"%s\": the storage says %d%s%s%s%s", verb, location, r->code,
		    *word ? " " : "", word, e && e->hint ? ": " : "", e && e->hint ? e->hint : "");
}

static enum status outcome(struct cx *cx, const struct object_dialect *d,
			   const struct http_request *r, const char *verb, const char *location)
{
	if (r->result)
		return fail(cx, r->result, "can't %s \"%s\": %s", verb, location, r->problem);
	return r->code >= 200 && r->code < 300 ? OK : d->refused(cx, r, verb, location);
}

/* --- one request ----------------------------------------------------------------------- */

static const char *const said[] = { [OBJECT_GET] = "read",
				    [OBJECT_PUT] = "write",
				    [OBJECT_REMOVE] = "remove",
				    [OBJECT_STAT] = "read",
				    [OBJECT_LIST] = "list" };

static enum status perform(struct cx *cx, struct cloud *c, const struct storage *s,
			   const struct object_dialect *d, struct object_request *r)
{
	enum status status = d->prepare(cx, c, s, r);

	if (status)
		return status;
	cloud_perform(cx, c, &r->http, 1);
	return outcome(cx, d, &r->http, said[r->verb], r->at->text);
}

enum status objects_get(struct cx *cx, struct cloud *c, const struct storage *s,
			const struct object_dialect *d, const struct location *l,
			const char **bytes, size_t *n)
{
	struct object_request r = { .verb = OBJECT_GET,
				    .at = l,
				    .http.max_answer = (size_t)c->limits.object_max_bytes };
	enum status status = perform(cx, c, s, d, &r);

	if (status)
		return status;
	*bytes = r.http.answer;
	*n = r.http.n_answer;
	return OK;
}

enum status objects_list(struct cx *cx, struct cloud *c, const struct storage *s,
			 const struct object_dialect *d, const struct location *l,
			 const struct pair *query, size_t n_query, struct http_request *out)
{
	struct object_request r = { .verb = OBJECT_LIST,
				    .at = l,
				    .query = query,
				    .n_query = n_query,
				    .http.max_answer = OBJECT_LIST_MAX };
	enum status status = perform(cx, c, s, d, &r);

	*out = r.http;
	return status == NOT_FOUND ? INVALID : status;
}

/* --- several together ------------------------------------------------------------------- */

/* The first failure; its message is kept while the others are looked at. */
struct first {
	enum status status;
	char *message;
};

static void first_note(struct cx *cx, struct first *f, enum status status)
{
	if (!status || f->status)
		return;
	f->status = status;
	f->message = cx_strdup(cx, cx->message);
}

static enum status first_said(struct cx *cx, const struct first *f)
{
	return f->status ? fail(cx, f->status, "%s", f->message) : OK;
}

/* The same of each; each[i]: how that one ended. */
static enum status perform_all(struct cx *cx, struct cloud *c, const struct storage *s,
			       const struct object_dialect *d, enum object_verb verb,
			       const struct location *at, struct http_request *requests, size_t n,
			       enum status *each)
{
	struct object_request *r = cx_array(cx, n, sizeof(*r));
	struct first first = { 0 };

	for (size_t i = 0; i < n; i++)
		each[i] = UNAVAILABLE;
	for (size_t i = 0; i < n; i++) {
		enum status status;

		r[i] = (struct object_request){ .verb = verb,
						.at = &at[i],
						.http.max_answer = OBJECT_ERROR_MAX };
		status = d->prepare(cx, c, s, &r[i]);
		if (status)
			return status;
		requests[i] = r[i].http;
	}
	cloud_perform(cx, c, requests, n);
	for (size_t i = 0; i < n; i++) {
		each[i] = outcome(cx, d, &requests[i], said[verb], at[i].text);
		if (each[i] != NOT_FOUND)
			first_note(cx, &first, each[i]);
	}
	return first_said(cx, &first);
}

enum status objects_remove(struct cx *cx, struct cloud *c, const struct storage *s,
			   const struct object_dialect *d, const struct location *at, size_t n,
			   enum status *each)
{
	struct http_request *requests = cx_array(cx, n, sizeof(*requests));

	return perform_all(cx, c, s, d, OBJECT_REMOVE, at, requests, n, each);
}

enum status objects_stat(struct cx *cx, struct cloud *c, const struct storage *s,
			 const struct object_dialect *d, const struct location *at, size_t n,
			 int64_t *sizes, enum status *each)
{
	struct http_request *requests = cx_array(cx, n, sizeof(*requests));
	enum status status = perform_all(cx, c, s, d, OBJECT_STAT, at, requests, n, each);

	for (size_t i = 0; !status && i < n; i++) {
		if (each[i])
			continue;
		sizes[i] = d->size(cx, &requests[i]);
		if (sizes[i] < 0)
			status = fail(cx, UNAVAILABLE,
				      "the storage does not say how large \"%s\" is", at[i].text);
	}
	return status;
}

/* --- puts ------------------------------------------------------------------------------- */

/* A put whose first answer was lost finds its own object there: names are
 * fresh, so one of our size is ours. */
static enum status settle(struct cx *cx, struct cloud *c, const struct storage *s,
			  const struct object_dialect *d, struct put *put)
{
	int64_t size = -1;
	enum status each, status = objects_stat(cx, c, s, d, &put->location, 1, &size, &each);

	if (status)
		return status;
	put->maybe = !each && size == (int64_t)put->n;
	return put->maybe ? OK : fail(cx, EXISTS, "\"%s\" is there already", put->location.text);
}

static enum status put_outcome(struct cx *cx, struct cloud *c, const struct storage *s,
			       const struct object_dialect *d, struct put *put,
			       const struct http_request *r)
{
	enum status status = outcome(cx, d, r, said[OBJECT_PUT], put->location.text);

	/* Without an answer, or with one that says nothing, it may have been written. */
	put->heard = r->heard;
	put->maybe = r->heard && (!status || status == UNAVAILABLE);
	if (status == EXISTS && r->tries > 1)
		return settle(cx, c, s, d, put);
	return status;
}

enum status objects_put(struct cx *cx, struct cloud *c, const struct storage *s,
			const struct object_dialect *d, struct put *puts, size_t n)
{
	struct object_request *r = cx_array(cx, n, sizeof(*r));
	struct http_request *requests = cx_array(cx, n, sizeof(*requests));
	struct first first = { 0 };

	for (size_t i = 0; i < n; i++) {
		enum status status;

		r[i].verb = OBJECT_PUT;
		r[i].at = &puts[i].location;
		r[i].http = (struct http_request){ .body = puts[i].bytes,
						   .n_body = puts[i].n,
						   .max_answer = OBJECT_ERROR_MAX,
						   .again_on_409 = true };
		status = d->prepare(cx, c, s, &r[i]);
		if (status)
			return status;
		requests[i] = r[i].http;
	}
	cloud_perform(cx, c, requests, n);
	for (size_t i = 0; i < n; i++)
		first_note(cx, &first, put_outcome(cx, c, s, d, &puts[i], &requests[i]));
	return first_said(cx, &first);
}
