/* SPDX-License-Identifier: Apache-2.0 */
/* seals.c - seals over audit records: made, checked, and outlived by what they sealed. */
#include "stores/seals.h"

#include "common/hmac.h"
#include "common/text.h"
#include "stores/audit.h"

#define ISSUER "pangolin-audit"
#define NEVER_S 253402300799 /* the last second of the year 9999: a seal's signature does not age */
#define HASH_DIGITS 32	     /* of a record's hash */
#define ID_LEN 36
#define LINE (ID_LEN + 1 + HASH_DIGITS + 1)
#define EXPIRED "expired " /* in the place of a list: and a token that says so */
#define MAX_HASHED ((size_t)4 << 20)

/* --- hashes -------------------------------------------------------------------------- */

/* Of every column that is there and not 0, by its name: one that is added later changes nothing. */
static const char *record_hash(struct cx *cx, const struct audit *a)
{
	struct text t = text_open(cx, MAX_HASHED);
	char *hash;

	for (size_t i = 0; i < kind_audit.n_columns; i++) {
		const struct column *c = &kind_audit.columns[i];
		const char *s = model_is_text(c) ? model_text(&a->row, c) : NULL;

		if (s)
			text_addf(&t, "%s=%zu:%s\n", c->name, strlen(s), s);
		else if (!model_is_text(c) && model_int(&a->row, c))
			text_addf(&t, "%s=%lld\n", c->name, (long long)model_int(&a->row, c));
	}
	hash = sha256_hex(cx, t.s, t.len);
	hash[HASH_DIGITS] = '\0';
	return hash;
}

static const char *text_or_empty(const char *s)
{
	return s ? s : "";
}

static const char *hash_of_seal(struct cx *cx, const struct audit_seal *s)
{
	const char *all =
		cx_printf(cx, "%s\n%lld\n%s\n%s\n%lld\n%lld\n%s\n%s\n%lld\n", s->tenant_id,
			  (long long)(INT64_MAX - s->place), text_or_empty(s->after_id),
			  text_or_empty(s->last_id), (long long)s->last_ms, (long long)s->records,
			  text_or_empty(s->entries_hash), text_or_empty(s->previous),
			  (long long)s->sealed_at);

	return sha256_hex(cx, all, strlen(all));
}

/* When a record was made, in ms: the first 48 bits of its id. */
static int64_t made_ms(const char *id)
{
	unsigned char b[6];
	char digits[13];

	snprintf(digits, sizeof(digits), "%.8s%.4s", id, strlen(id) > 9 ? id + 9 : "");
	if (!text_unhex(digits, b, sizeof(b)))
		return 0;
	return (int64_t)b[0] << 40 | (int64_t)b[1] << 32 | (int64_t)b[2] << 24 |
	       (int64_t)b[3] << 16 | (int64_t)b[4] << 8 | b[5];
}

/* --- reading ---------------------------------------------------------------------------- */

/* Records with after < id, and id <= last where that is not NULL; at most limit. */
static enum status read_records(struct cx *cx, struct store *st, const char *tenant_id,
				const char *after, const char *last, size_t limit,
				struct audit **out, size_t *n)
{
	struct audit from = { .row = ROW(audit), .tenant_id = tenant_id };
	struct audit past = { .row = ROW(audit), .tenant_id = tenant_id, .id = after };
	struct query q = { .from = &from.row, .bound = 1, .limit = limit };
	struct rows rows;
	enum status s;

	if (after && *after)
		q.after = &past.row;
	s = store_list(cx, st, &q, &rows);
	if (s)
		return s;
	*out = rows.items;
	*n = rows.n;
	while (last && *n && strcmp((*out)[*n - 1].id, last) > 0)
		--*n;
	return OK;
}

/* The tenant's seals from the newest on, past `after` (NULL = from the start). */
static enum status read_seals(struct cx *cx, struct store *st, const char *tenant_id,
			      const struct audit_seal *after, size_t limit, struct rows *out)
{
	struct audit_seal from = { .row = ROW(audit_seal), .tenant_id = tenant_id };
	struct query q = {
		.from = &from.row, .bound = 1, .after = after ? &after->row : NULL, .limit = limit
	};

	return store_list(cx, st, &q, out);
}

static int64_t number_of(const struct audit_seal *s)
{
	return INT64_MAX - s->place;
}

/* --- sealing ------------------------------------------------------------------------------ */

/* removed_before_ms: 0 = a seal's own; else the word that its records were past their time. */
static enum status sign(struct cx *cx, const struct jwt_signer *signer, const struct audit_seal *s,
			int64_t removed_before_ms, const char **out)
{
	struct json_object *claims = json_new_object(cx);

	json_set_text(claims, "iss", ISSUER);
	json_set_text(claims, "aud", ISSUER);
	json_set_text(claims, "tenant", s->tenant_id);
	json_set_int(claims, "number", number_of(s));
	json_set_text(claims, "hash", s->hash);
	json_set_int(claims, "exp", NEVER_S);
	if (removed_before_ms)
		json_set_int(claims, "removed_before_ms", removed_before_ms);
	return jwt_sign(cx, signer, claims, out);
}

static enum status make_seal(struct cx *cx, const struct jwt_signer *signer,
			     const struct audit_seal *newest, const struct audit *records, size_t n,
			     struct audit_seal *s)
{
	struct text entries = text_open(cx, (LINE + 1) * SEAL_RECORDS);

	for (size_t i = 0; i < n; i++)
		text_addf(&entries, "%s %s\n", records[i].id, record_hash(cx, &records[i]));
	*s = (struct audit_seal){
		.row = ROW(audit_seal),
		.tenant_id = records->tenant_id,
		.place = newest ? newest->place - 1 : INT64_MAX - 1,
		.after_id = newest ? newest->last_id : "",
		.previous = newest ? newest->hash : "",
		.last_id = records[n - 1].id,
		.last_ms = made_ms(records[n - 1].id),
		.records = (int64_t)n,
		.entries = entries.s,
		.entries_hash = sha256_hex(cx, entries.s, entries.len),
		.sealed_at = cx_now_ms(),
	};
	s->hash = hash_of_seal(cx, s);
	return sign(cx, signer, s, 0, &s->signature);
}

enum status seal_step(struct cx *cx, struct store *st, const struct jwt_signer *signer,
		      const char *tenant_id, int64_t before_ms, struct seal_head *out, bool *done)
{
	struct audit_seal *newest, seal;
	struct audit *records;
	struct rows rows;
	size_t n;
	enum status s = read_seals(cx, st, tenant_id, NULL, 1, &rows);

	*done = true;
	*out = (struct seal_head){ 0 };
	if (s)
		return s;
	newest = rows.n ? rows.items : NULL;
	if (newest)
		*out = (struct seal_head){ number_of(newest), newest->hash };
	s = read_records(cx, st, tenant_id, newest ? newest->last_id : NULL, NULL, SEAL_RECORDS,
			 &records, &n);
	while (!s && n && made_ms(records[n - 1].id) >= before_ms)
		n--;
	if (s || !n)
		return s;
	s = make_seal(cx, signer, newest, records, n, &seal);
	if (s)
		return s;
	s = store_apply(cx, st, (struct change[]){ { INSERT, &seal.row } }, 1, NULL);
	if (s == EXISTS)
		return fail(cx, CONFLICT, "another process seals tenant \"%s\"", tenant_id);
	*done = n < SEAL_RECORDS;
	*out = (struct seal_head){ number_of(&seal), seal.hash };
	return s;
}

enum status seal_all(struct cx *cx, struct store *st, const struct jwt_signer *signer,
		     const char *tenant_id, int64_t before_ms, struct seal_head *out)
{
	struct cx step = { 0 };
	bool done = false;
	enum status s = OK;

	while (!s && !done) {
		s = seal_step(&step, st, signer, tenant_id, before_ms, out, &done);
		if (s)
			fail(cx, s, "%s", step.message);
		out->hash = cx_strdup(cx, out->hash);
		cx_reset(&step);
	}
	cx_free(&step);
	return s;
}

/* --- checking ------------------------------------------------------------------------------- */

static void PRINTF_LIKE(3, 4) found(struct cx *cx, struct seal_check *c, const char *fmt, ...)
{
	char what[256];
	va_list args;

	(void)cx;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	c->problems++;
	if (c->found)
		c->found(c->arg, what);
}

/* Both lists are in order of ids: one walk names what only one of them has. */
static void compare_records(struct cx *cx, struct seal_check *c, const char *entries,
			    const struct audit *records, size_t n)
{
	size_t i = 0;

	for (const char *e = entries; *e || i < n;) {
		int order = !*e ? 1 : i == n ? -1 : strncmp(e, records[i].id, ID_LEN);

		if (order < 0)
			found(cx, c, "record %.*s was removed", ID_LEN, e);
		else if (order > 0)
			found(cx, c, "record %s was inserted", records[i].id);
		else if (strncmp(e + ID_LEN + 1, record_hash(cx, &records[i]), HASH_DIGITS) != 0)
			found(cx, c, "record %s was changed", records[i].id);
		e += order <= 0 ? LINE : 0;
		i += order >= 0;
	}
}

static bool entries_read(const struct audit_seal *s)
{
	return strlen(s->entries) == (size_t)s->records * LINE;
}

/* True where the seal has no list any more, but the word that its records were past their time. */
static bool is_expired(const struct audit_seal *s)
{
	return s->entries && text_starts(s->entries, EXPIRED);
}

static bool is_full(const struct audit_seal *s)
{
	return s->entries && !is_expired(s);
}

/* True where a token is ours and about this seal. */
static bool is_ours(struct cx *cx, const struct seal_check *c, const struct audit_seal *s,
		    const char *token, struct json_object **claims)
{
	const struct jwt_expected expected = { ISSUER, ISSUER, cx_now_ms() };

	return !jwt_verify(cx, c->keys, token, &expected, claims) &&
	       text_same(json_text(*claims, "hash"), s->hash) &&
	       text_same(json_text(*claims, "tenant"), s->tenant_id) &&
	       json_int(*claims, "number", 0) == number_of(s);
}

static bool is_known(struct cx *cx, const struct seal_check *c, const char *token)
{
	const char *kid;

	return token && !jwt_kid(cx, token, &kid) && jwt_keys_know(c->keys, kid);
}

/* Whose records went when they may have: by the word that was signed then, whatever is kept
 * today; without one, or where its key is gone, by what is kept today. */
static void check_expired(struct cx *cx, struct seal_check *c, const struct audit_seal *s)
{
	const char *token = is_expired(s) ? s->entries + strlen(EXPIRED) : NULL;
	struct json_object *claims = NULL;
	long long number = (long long)number_of(s);

	if (is_known(cx, c, token)) {
		if (!is_ours(cx, c, s, token, &claims) ||
		    json_int(claims, "removed_before_ms", 0) <= s->last_ms)
			found(cx, c, "seal %lld was emptied, and not by what is kept", number);
	} else if (s->last_ms >= c->expired_ms) {
		found(cx, c, "seal %lld was emptied before its time", number);
	}
}

/* The records of one seal. */
static enum status check_records(struct cx *cx, struct store *st, struct seal_check *c,
				 const struct audit_seal *s)
{
	struct audit *records;
	size_t n, limit = 10 * SEAL_RECORDS;
	enum status status =
		read_records(cx, st, s->tenant_id, s->after_id, s->last_id, limit, &records, &n);

	if (status)
		return status;
	if (!is_full(s)) {
		check_expired(cx, c, s);
		for (size_t i = 0; i < n; i++)
			found(cx, c, "record %s was inserted", records[i].id);
		c->expired += s->records;
		return OK;
	}
	c->records += s->records;
	if (entries_read(s))
		compare_records(cx, c, s->entries, records, n);
	return OK;
}

/* What a seal holds, against its own hashes. */
static void check_hashes(struct cx *cx, struct seal_check *c, const struct audit_seal *s)
{
	long long number = (long long)number_of(s);

	if (is_full(s) &&
	    (!entries_read(s) ||
	     !text_same(sha256_hex(cx, s->entries, strlen(s->entries)), s->entries_hash)))
		found(cx, c, "seal %lld: its list of records was changed", number);
	if (!text_same(hash_of_seal(cx, s), s->hash))
		found(cx, c, "seal %lld was changed", number);
}

/* Whose word a seal is. */
static void check_signature(struct cx *cx, struct seal_check *c, const struct audit_seal *s)
{
	struct json_object *claims = NULL;
	bool known = is_known(cx, c, s->signature);

	/* A key that is gone: the newer seals vouch for this one. */
	if (!known && number_of(s) < c->newest.number)
		return;
	if (!known || !is_ours(cx, c, s, s->signature, &claims))
		found(cx, c, "seal %lld: its signature is not one of ours",
		      (long long)number_of(s));
}

static void check_seal(struct cx *cx, struct seal_check *c, const struct audit_seal *s)
{
	check_hashes(cx, c, s);
	check_signature(cx, c, s);
	if (number_of(s) == c->expected.number && !text_same(s->hash, c->expected.hash))
		found(cx, c, "seal %lld is not the one that was written down",
		      (long long)number_of(s));
}

/* `older` is the next in the list, NULL at its end. */
static void check_link(struct cx *cx, struct seal_check *c, const struct audit_seal *s,
		       const struct audit_seal *older)
{
	long long number = (long long)number_of(s);

	if (!older) {
		if (number != 1 || *text_or_empty(s->previous))
			found(cx, c, "the seals before seal %lld were removed", number);
		return;
	}
	if (number_of(older) != number - 1)
		found(cx, c, "the seals between %lld and %lld were removed",
		      (long long)number_of(older), number);
	else if (!text_same(s->previous, older->hash) || !text_same(s->after_id, older->last_id))
		found(cx, c, "seal %lld does not follow seal %lld", number, number - 1);
}

static enum status check_one(struct cx *cx, struct store *st, struct seal_check *c,
			     const struct audit_seal *s, const struct audit_seal *older)
{
	if (!c->seals++)
		c->newest = (struct seal_head){ number_of(s), s->hash };
	check_seal(cx, c, s);
	check_link(cx, c, s, older);
	return check_records(cx, st, c, s);
}

enum status seal_verify(struct cx *cx, struct store *st, struct seal_check *c)
{
	struct cx step = { 0 };
	struct audit_seal after = { .row = ROW(audit_seal), .tenant_id = c->tenant_id };
	bool more = true;
	enum status s = OK;

	/* Two at a time: each with the one before it. */
	while (!s && more) {
		struct audit_seal *pair;
		struct rows rows;

		step.deadline_ms = cx->deadline_ms;
		s = read_seals(&step, st, c->tenant_id, c->seals ? &after : NULL, 2, &rows);
		pair = rows.items;
		more = !s && rows.n > 0;
		if (more)
			s = check_one(&step, st, c, &pair[0], rows.n > 1 ? &pair[1] : NULL);
		if (s)
			(void)fail(cx, s, "%s", step.message);
		if (more)
			after.place = pair[0].place;
		if (c->seals == 1 && more)
			c->newest.hash = cx_strdup(cx, c->newest.hash);
		cx_reset(&step);
	}
	cx_free(&step);
	if (!s && c->expected.number > c->newest.number)
		found(cx, c, "seal %lld, which was written down, was removed",
		      (long long)c->expected.number);
	return s;
}

/* --- what is past its time -------------------------------------------------------------------- */

/* The oldest seal that still has its records: emptied are a prefix of 1, 2, 3 ... */
static enum status oldest_full(struct cx *cx, struct store *st, const char *tenant_id,
			       int64_t newest, struct audit_seal *out)
{
	int64_t low = 1, high = newest;

	while (low <= high) {
		int64_t middle = low + (high - low) / 2;
		enum status s;

		*out = (struct audit_seal){ .row = ROW(audit_seal),
					    .tenant_id = tenant_id,
					    .place = INT64_MAX - middle };
		s = store_get(cx, st, &out->row);
		if (s)
			return s;
		if (is_full(out))
			high = middle - 1;
		else
			low = middle + 1;
	}
	*out = (struct audit_seal){ .row = ROW(audit_seal),
				    .tenant_id = tenant_id,
				    .place = INT64_MAX - low };
	return low > newest ? NOT_FOUND : store_get(cx, st, &out->row);
}

static void note_first(void *arg, const char *what)
{
	char *first = arg;

	if (!*first)
		snprintf(first, 256, "%s", what);
}

/* The records of a seal go, it stays. */
static enum status empty_seal(struct cx *cx, struct store *st, const struct jwt_signer *signer,
			      int64_t before_ms, struct audit_seal *seal)
{
	const char *word = NULL;
	char first[256] = "";
	struct seal_check c = { .tenant_id = seal->tenant_id, .found = note_first, .arg = first };
	struct change *list = cx_array(cx, SEAL_RECORDS + 2, sizeof(*list));
	struct audit *records, *record;
	size_t n, k = 0;
	enum status s;

	check_hashes(cx, &c, seal); /* of an emptied one nobody could tell any more */
	s = check_records(cx, st, &c, seal);
	if (s)
		return s;
	if (c.problems)
		return fail(cx, CONFLICT, "%s since it was sealed: its stretch is kept", first);
	s = read_records(cx, st, seal->tenant_id, seal->after_id, seal->last_id, SEAL_RECORDS,
			 &records, &n);
	if (!s && signer)
		s = sign(cx, signer, seal, before_ms, &word);
	if (s)
		return s;
	for (size_t i = 0; i < n; i++)
		list[k++] = (struct change){ DELETE, &records[i].row };
	record = audit_new(cx, NULL, seal->tenant_id, "expire_audit", "audit", NULL,
			   cx_printf(cx, "seal %lld", (long long)number_of(seal)));
	record->metadata = cx_printf(cx, "{\"records\":%lld}", (long long)seal->records);
	seal->entries = word ? cx_printf(cx, EXPIRED "%s", word) : NULL;
	list[k++] = (struct change){ UPDATE, &seal->row };
	list[k++] = (struct change){ INSERT, &record->row };
	s = store_apply(cx, st, list, k, NULL);
	return s == CONFLICT ? OK : s; /* another worker was first, or the next look tells */
}

static enum status expire_unsealed(struct cx *cx, struct store *st, const char *tenant_id,
				   int64_t before_ms, size_t batch, bool *done)
{
	struct change *list = cx_array(cx, batch, sizeof(*list));
	struct audit *records;
	size_t n, k = 0;
	enum status s = read_records(cx, st, tenant_id, NULL, NULL, batch, &records, &n);

	if (s)
		return s;
	while (k < n && made_ms(records[k].id) < before_ms) {
		list[k] = (struct change){ DELETE, &records[k].row };
		k++;
	}
	*done = k < batch;
	s = k ? store_apply(cx, st, list, k, NULL) : OK;
	return s == CONFLICT ? OK : s;
}

enum status audit_expire(struct cx *cx, struct store *st, const struct jwt_signer *signer,
			 const char *tenant_id, int64_t before_ms, size_t batch, bool *done)
{
	struct audit_seal *newest, seal;
	struct rows rows;
	enum status s = read_seals(cx, st, tenant_id, NULL, 1, &rows);

	*done = true;
	if (s)
		return s;
	if (!rows.n)
		return expire_unsealed(cx, st, tenant_id, before_ms, batch, done);
	newest = rows.items;
	s = oldest_full(cx, st, tenant_id, number_of(newest), &seal);
	if (s == NOT_FOUND || (!s && seal.last_ms >= before_ms))
		return OK;
	if (!s)
		s = empty_seal(cx, st, signer, before_ms, &seal);
	*done = s != OK;
	return s;
}
