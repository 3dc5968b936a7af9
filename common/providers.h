/* SPDX-License-Identifier: Apache-2.0 */
/* providers.h - other servers whose users are let in, as the environment names them. */
#ifndef COMMON_PROVIDERS_H
#define COMMON_PROVIDERS_H

#include "common/access.h"

/*
 * google, microsoft, okta and github are there where PANGOLIN_<NAME>_CLIENT_ID or _AUDIENCE
 * is set; any other issuer where PANGOLIN_OIDC_<NAME>_ISSUER is.  The name in small
 * letters is what paths and rows call it.  docs/identity.md has the variables.
 */
struct provider {
	const char *name;
	const char *issuer; /* URL, as its tokens say it; NULL: github, which issues none */

	/* Logins by browser.  client_id NULL: none. */
	const char *client_id, *client_secret; /* secret NULL: a public client, or not told */
	const char *redirect_uri;	       /* NULL: <our URL>/oauth/callback/<name> */
	const char *scopes;
	const char *authorize_url, *token_url, *userinfo_url; /* of github */

	/* Its tokens as a credential of any request.  NULL: they are none. */
	const char *audience;

	/* From its claims to a user here. */
	const char *tenant_id, *tenant_claim; /* one tenant for all, or a claim that says which */
	const char *tenants;		      /* "value=UUID,...": what that claim's values mean */
	const char *username_claim;	      /* NULL: the e-mail address, where it is verified */
	const char *email_domains;	      /* ',' between; NULL: any account */
	enum role role;
	const char *roles_claim, *admin_values; /* values, ',' between, that make an admin */
	/* "value=role name,...": what its values give; "*": each the role of its name; NULL: none */
	const char *roles;
	bool create; /* users are made when they first come */
};

struct providers {
	struct provider *items;
	size_t n;
	const char *redirect_uris; /* where browsers may be sent in the end; the first is usual */
	const char *link_domains;  /* whose verified addresses are those of accounts here */
};

/*
 * Reads the environment; client secrets only where `secrets`.  INVALID names the
 * variable: an issuer that is not https (or http on loopback), no UUID, no role, a file
 * that does not read; or two that take one issuer's tokens.
 */
MUST_USE enum status providers_read(struct cx *cx, bool secrets, struct providers *out);

/* NULL where there is none of that name, or none that takes that issuer's tokens. */
const struct provider *providers_find(const struct providers *p, const char *name);
const struct provider *providers_of_issuer(const struct providers *p, const char *issuer);

/* True for https, and for http where the host is this machine: what is said there can't be
 * heard or changed on the way. */
bool provider_url_is_safe(const char *url);

/* Whether `list`, ',' between, names the word; the case of letters does not matter. */
bool provider_lists(const char *list, const char *word);

#endif
