/* SPDX-License-Identifier: Apache-2.0 */
/* mails.h - what people are told by mail: a job in the list of its cause, a letter when it is sent. */
#ifndef STORES_MAILS_H
#define STORES_MAILS_H

#include "common/json.h"
#include "stores/store.h"

/* What a letter is about; each names one row. */
enum mail_about {
	MAIL_ACCESS_ASKED,   /* an access request's id: to the tenant's administrators */
	MAIL_ACCESS_DECIDED, /* the same: to who asked */
	MAIL_SIGNUP,	     /* a signup's token_hash: the token, to its address */
	MAIL_SIGNUP_KNOWN,   /* an address: to that one, which has an account already */
};

/*
 * Adds { INSERT, a "mail" job } to the list that is the mail's cause; nothing where the
 * tenant names no mail server.  The job holds no more than the row's name: what the
 * letter says is read when it is sent.
 */
MUST_USE enum status mail_add(struct cx *cx, struct store *st, const char *tenant_id,
			      enum mail_about about, const char *id, struct change *list,
			      size_t *n);

#define MAIL_MAX_RECEIVERS 50

struct letter {
	const char *to[MAIL_MAX_RECEIVERS]; /* addresses that mail can be sent to */
	size_t n_to;			    /* 0: there is nobody to tell, or nothing any more */
	const char *subject, *text;	    /* UTF-8, of strangers' words: common/mail.h */
};

/* The letter of a job's payload; `url` is our address for people, or NULL.  INVALID: the
 * payload. */
MUST_USE enum status mail_letter(struct cx *cx, struct store *st, const char *tenant_id,
				 struct json_object *payload, const char *url, struct letter *out);

/* Who mail of the tenant is from, as its settings say: an address. */
const char *mail_sender(struct cx *cx, const struct setting *v);

#endif
