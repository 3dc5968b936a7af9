/* SPDX-License-Identifier: Apache-2.0 */
/* google_session.c - access tokens limited to a table's folders. */
#include "common/text.h"
#include "vending/google.h"
#include "vending/session.h"

#define SPARE_MS                                                                                   \
	((int64_t)1800000) /* the whole token lives an hour, and what is made of it no longer */

static enum status make(struct cx *cx, struct cloud *c, const struct vend_request *r,
			struct session *out)
{
	struct access_token whole, limited;
	enum status s = google_token(cx, c, r->storage, SPARE_MS, &whole);

	if (!s)
		s = google_downscope(cx, c, r->storage, &whole,
				     google_boundary(cx, r->storage, r->scope), &limited);
	if (!s && !limited.expires_ms)
		s = fail(cx, UNAVAILABLE, "the token service does not say when its token ends");
	if (s)
		return s;
	*out = (struct session){ .id = session_name_of(cx, limited.text),
				 .tokens = { limited.text },
				 .expires_ms = limited.expires_ms };
	return OK;
}

static enum status own(struct cx *cx, const struct vend_request *r, struct session *out)
{
	(void)r;
	(void)out;
	return fail(cx, INVALID, "a storage of Google's has no keys to give away");
}

static void tell(struct cx *cx, const struct vend_request *r, const struct session *s, size_t i,
		 int64_t until_ms, struct json_object *config)
{
	(void)r;
	(void)i;
	json_set_text(config, "gcs.oauth2.token", s->tokens[0]);
	if (until_ms)
		json_set_text(config, "gcs.oauth2.token-expires-at",
			      cx_printf(cx, "%lld", (long long)until_ms));
}

static void use(const struct session *s, struct storage *out)
{
	out->service_account_key = out->private_key = NULL;
	out->access_token = s->tokens[0];
}

const struct session_ops google_sessions = {
	.scheme = "gs",
	.make = make,
	.own = own,
	.tell = tell,
	.use = use,
	.refresh = "gcs.oauth2.refresh-credentials-endpoint",
};
