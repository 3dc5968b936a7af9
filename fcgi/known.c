/* SPDX-License-Identifier: Apache-2.0 */
/* known.c - a table of verified principals: the credential itself is not kept. */
#include "fcgi/known.h"

#include <openssl/evp.h>

#define PLACES 512
#define HASH_BYTES 32
#define NAME_BYTES 256
#define ID_BYTES 40 /* a UUID */

struct place {
	uint64_t round; /* of the table when this was written; another: empty */
	unsigned char hash[HASH_BYTES];
	enum principal_kind kind;
	enum role role;
	int64_t expires_ms;
	bool has_token;
	char id[ID_BYTES], tenant_id[ID_BYTES], token_id[ID_BYTES], name[NAME_BYTES];
	struct given_roles given;    /* in cx */
	const struct grants *grants; /* likewise */
	struct cx cx;
};

struct known {
	uint64_t round;
	struct place places[PLACES];
};

struct known *known_open(void)
{
	struct known *k = calloc(1, sizeof(*k));

	if (!k)
		abort();
	k->round = 1;
	return k;
}

void known_close(struct known *k)
{
	for (size_t i = 0; i < PLACES; i++)
		cx_free(&k->places[i].cx);
	free(k);
}

void known_forget(struct known *k)
{
	k->round++;
}

static size_t hash_credential(const char *credential, unsigned char hash[HASH_BYTES])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n;

	if (EVP_Digest(credential, strlen(credential), digest, &n, EVP_sha256(), NULL) != 1)
		abort(); /* out of memory is all that can fail */
	memcpy(hash, digest, HASH_BYTES);
	return (size_t)(hash[0] << 8 | hash[1]) % PLACES;
}

const struct principal *known_find(struct cx *cx, const struct known *k, const char *credential)
{
	unsigned char hash[HASH_BYTES];
	const struct place *p = &k->places[hash_credential(credential, hash)];
	struct principal *who;

	if (p->round != k->round || memcmp(p->hash, hash, HASH_BYTES) != 0)
		return NULL;
	if (p->expires_ms && p->expires_ms <= cx_now_ms())
		return NULL;
	who = CX_NEW(cx, struct principal);
	*who = (struct principal){
		.kind = p->kind,
		.role = p->role,
		.expires_ms = p->expires_ms,
		.id = cx_strdup(cx, p->id),
		.name = cx_strdup(cx, p->name),
		.tenant_id = cx_strdup(cx, p->tenant_id),
		.token_id = p->has_token ? cx_strdup(cx, p->token_id) : NULL,
		.given = p->given,
		.grants = p->grants,
	};
	return who;
}

static struct given_roles copy_given(struct cx *cx, struct given_roles g)
{
	const char **ids = cx_array(cx, g.n, sizeof(*ids));

	for (size_t i = 0; i < g.n; i++)
		ids[i] = cx_strdup(cx, g.ids[i]);
	return (struct given_roles){ ids, g.n };
}

static bool set(char *to, size_t size, const char *text)
{
	return (size_t)snprintf(to, size, "%s", text ? text : "") < size;
}

void known_keep(struct known *k, const char *credential, const struct principal *who)
{
	unsigned char hash[HASH_BYTES];
	struct place *p = &k->places[hash_credential(credential, hash)];

	p->round = 0;
	if (!set(p->id, sizeof(p->id), who->id) || !set(p->name, sizeof(p->name), who->name) ||
	    !set(p->tenant_id, sizeof(p->tenant_id), who->tenant_id) ||
	    !set(p->token_id, sizeof(p->token_id), who->token_id))
		return;
	memcpy(p->hash, hash, HASH_BYTES);
	p->kind = who->kind;
	p->role = who->role;
	p->expires_ms = who->expires_ms;
	p->has_token = who->token_id != NULL;
	cx_free(&p->cx);
	p->given = copy_given(&p->cx, who->given);
	p->grants = grants_copy(&p->cx, who->grants);
	p->round = k->round;
}
