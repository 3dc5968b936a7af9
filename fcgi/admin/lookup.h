/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.h - assets known by their id: where they are, what is said of them, and who may see them. */
#ifndef FCGI_ADMIN_LOOKUP_H
#define FCGI_ADMIN_LOOKUP_H

#include "fcgi/admin/admin.h"
#include "fcgi/decide.h"
#include "stores/content.h"

struct sighting {
	const struct asset *row;	/* as main shows it, else as another branch does */
	const char *catalog;		/* its catalog's name */
	struct business_metadata about; /* version 0 = nothing is said of it */
	struct object object;
};

/*
 * The asset of that id in the request's tenant, with the caller's right to `action` on it decided:
 * two or three round trips.  NOT_FOUND "Asset does not exist: <id>": there is none, or
 * the caller has no right at all on it; DENIED.
 */
MUST_USE enum status asset_lookup(struct request *rq, const char *id, enum action action,
				  struct sighting *out);
/* The same without a decision: for what is asked for by those who may not see it. */
MUST_USE enum status asset_sight(struct request *rq, const char *id, struct sighting *out);
MUST_USE enum status asset_decide(struct request *rq, enum action action, const struct sighting *a);

/* As access_may, for lists: reads an asset's tags where only they could say yes. */
bool asset_may(struct request *rq, enum action action, struct object *asset);

/* True where others may find it. */
bool is_discoverable(const struct business_metadata *about);

/* What catalogs are called, each read once a request; zeroed at first. */
struct catalog_names {
	struct list *known; /* struct catalog */
};
/* *out is NULL where the catalog is gone. */
MUST_USE enum status catalog_name_of(struct request *rq, struct catalog_names *names,
				     const char *id, const char **out);

/* {"id","name","kind","location","properties"} */
MUST_USE enum status asset_json(struct request *rq, const struct asset *a,
				struct json_object **out);

/* The row's business metadata as clients read it, or null. */
MUST_USE enum status about_json(struct request *rq, const struct business_metadata *about,
				struct json_object **out);

/* "catalog/a.b/t", as audit records call it. */
const char *asset_record_name(struct cx *cx, const struct sighting *a);

#endif
