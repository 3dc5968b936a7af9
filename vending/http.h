/* SPDX-License-Identifier: Apache-2.0 */
/* http.h - HTTP requests to clouds: together, within the deadline, retried. */
#ifndef VENDING_HTTP_H
#define VENDING_HTTP_H

#include "common/slots.h"
#include "vending/pair.h"

#define HTTP_PARALLEL 16 /* transfers at once */
#define HTTP_TRIES 4
#define HTTP_WANTED 4
#define HTTP_SLOW_MS 3000 /* then any wait needs one of the endpoint's places: common/slots.h */

/* One a process: connections stay open between requests. */
struct http;

struct http_limits {
	const char *ca_file;  /* PEM; NULL = the system's */
	bool refuse_loopback; /* vending/address.h */
	const char *allow;    /* hosts that may be talked to: address.h's host_listed */
	struct slots *slots;  /* NULL = any number of processes may wait for an endpoint */
};

/* limits' text and slots outlive it. */
struct http *http_open(const struct http_limits *limits);
void http_close(struct http *h);

/* False where limits->allow does not name the URL's host (or it is no URL). */
bool http_may_ask(struct cx *cx, const struct http_limits *limits, const char *url);

/*
 * One request.  It must be safe to send twice: it is sent again, up to
 * HTTP_TRIES times with a growing pause, after 408, 429 and 5xx answers, after
 * a broken connection or a silent one, and after 409 where `again_on_409`.  One that
 * is not safe says `once`: it is sent again only where nothing of it was sent.
 * Redirects are not followed, no proxy of the environment is used, TLS is
 * verified, and nothing is ever logged.
 */
struct http_request {
	/* in; text lives as long as the call */
	const char *method, *url;
	const struct pair *headers;
	size_t n_headers;
	const char *body; /* NULL = none */
	size_t n_body;
	size_t max_answer; /* bytes of an answer's body */
	bool again_on_409;
	bool once;
	const char *wanted[HTTP_WANTED]; /* names of headers of the answer; NULL ends */
	bool to_machine; /* link-local addresses are fine: the machine's metadata service */
	/* out */
	enum status result;  /* OK: an answer came, whatever its code */
	const char *problem; /* why there is none: for people */
	int code;	     /* 200 ..., of the last answer */
	const char *answer;  /* its body; answer[n_answer] is NUL */
	size_t n_answer;
	int64_t content_length;		 /* what it said of itself, also to HEAD; -1 = nothing */
	int tries;			 /* how often it was sent */
	bool heard;			 /* it, or a part of it, reached the other side */
	const char *values[HTTP_WANTED]; /* of the headers wanted; NULL = it has none */
};

/*
 * Performs all of them.  Each one's result: OK; UNAVAILABLE (no answer by the
 * deadline or after all tries, or too many processes wait for the first
 * one's endpoint already); TOO_LARGE (the answer); DENIED (a host or an
 * address this server does not talk to); INVALID (a URL that is none, a header of two lines).
 */
void http_perform(struct cx *cx, struct http *h, struct http_request *requests, size_t n);

/* Requests sent since http_open, each try counted. */
uint64_t http_sent(const struct http *h);

#endif
