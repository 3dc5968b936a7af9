/* SPDX-License-Identifier: Apache-2.0 */
/* s3_session.c - sessions of a role, limited by a policy. */
#include "common/text.h"
#include "vending/session.h"
#include "vending/sts.h"

/* With the listing where that fits, as the server packs it; else without. */
static enum status assume(struct cx *cx, struct cloud *c, const struct vend_request *r,
			  struct sts_session *out)
{
	struct sts_request request = { .storage = r->storage,
				       .who = r->who,
				       .duration_s = session_ms(r) / 1000 };
	enum status s = policy_text(cx, r->storage, r->scope, true, &request.policy);

	if (!s)
		s = sts_assume(cx, c, &request, out);
	if (s != TOO_LARGE)
		return s;
	s = policy_text(cx, r->storage, r->scope, false, &request.policy);
	return s ? s : sts_assume(cx, c, &request, out);
}

static enum status make(struct cx *cx, struct cloud *c, const struct vend_request *r,
			struct session *out)
{
	struct sts_session session = { 0 };
	enum status s;

	if (!r->storage->access_key_id)
		return fail(cx, INVALID, "the warehouse has no keys to assume a role with");
	if (!r->storage->role_arn && storage_is_aws(r->storage))
		return fail(cx, INVALID, "s3.role-arn: missing");
	s = assume(cx, c, r, &session);
	if (s)
		return s;
	*out = (struct session){ .id = session.access_key_id,
				 .secret = session.secret_access_key,
				 .tokens = { session.session_token },
				 .expires_ms = session.expires_ms };
	return OK;
}

static enum status own(struct cx *cx, const struct vend_request *r, struct session *out)
{
	const struct storage *s = r->storage;

	*out = (struct session){ .id = s->access_key_id,
				 .secret = s->secret_access_key,
				 .tokens = { s->session_token } };
	if (s->vended_key_id)
		*out = (struct session){ .id = s->vended_key_id, .secret = s->vended_secret };
	return out->id ? OK : fail(cx, INVALID, "the warehouse has no keys to give");
}

static void tell(struct cx *cx, const struct vend_request *r, const struct session *s, size_t i,
		 int64_t until_ms, struct json_object *config)
{
	(void)r;
	(void)i;
	json_set_text(config, "s3.access-key-id", s->id);
	json_set_text(config, "s3.secret-access-key", s->secret);
	if (s->tokens[0])
		json_set_text(config, "s3.session-token", s->tokens[0]);
	if (until_ms)
		json_set_text(config, "s3.session-token-expires-at-ms",
			      cx_printf(cx, "%lld", (long long)until_ms));
}

static void use(const struct session *s, struct storage *out)
{
	out->access_key_id = s->id;
	out->secret_access_key = s->secret;
	out->session_token = s->tokens[0];
}

const struct session_ops s3_sessions = {
	.scheme = "s3",
	.make = make,
	.own = own,
	.tell = tell,
	.use = use,
	.refresh = "client.refresh-credentials-endpoint",
};
