/* SPDX-License-Identifier: Apache-2.0 */
/* session.h - what each cloud gives for a scope, for vend.c. */
#ifndef VENDING_SESSION_H
#define VENDING_SESSION_H

#include "vending/vend.h"

/* A credential that ends. */
struct session {
	const char *id;	    /* S3: the access key's; else a name made of the token */
	const char *secret; /* SECRET; S3 */
	/* SECRET.  S3, Google: one for all folders.  Azure: one a folder. */
	const char *tokens[VEND_FOLDERS_MAX];
	int64_t expires_ms; /* 0 = never: keys that the warehouse gives away */
};

struct session_ops {
	const char *scheme;
	/* Asks the cloud.  As vend(). */
	enum status (*make)(struct cx *, struct cloud *, const struct vend_request *,
			    struct session *);
	/* The keys that a warehouse gives away (VEND_STATIC). */
	enum status (*own)(struct cx *, const struct vend_request *, struct session *);
	/* Adds what clients read of it, for folder i, and until when (0 = for ever). */
	void (*tell)(struct cx *, const struct vend_request *, const struct session *, size_t i,
		     int64_t until_ms, struct json_object *config);
	/* Puts it in the place of the storage's own keys. */
	void (*use)(const struct session *, struct storage *);
	const char *refresh; /* the property that says where to come back to */
};

extern const struct session_ops s3_sessions, azure_sessions, google_sessions;

/* How long what is vended lives. */
int64_t session_ms(const struct vend_request *r);

/* A name of a token for records: tells nothing of it. */
const char *session_name_of(struct cx *cx, const char *token);

#endif
