/* SPDX-License-Identifier: Apache-2.0 */
/* places.h - whose table a location is in: for routes that name no table. */
#ifndef FCGI_CREDENTIALS_PLACES_H
#define FCGI_CREDENTIALS_PLACES_H

#include "fcgi/http.h"
#include "stores/warehouses.h"
#include "vending/policy.h"

/* A table's folder that holds a location, and the warehouse that reaches it. */
struct place_of {
	struct warehouse *warehouse;
	struct storage storage; /* with its vending */
	struct location folder;
	const char *asset_id;
};

/*
 * Looks in that warehouse of the request's tenant, or in all of them (NULL).
 * NOT_FOUND: no such warehouse, or no table of the tenant's has the location.
 */
MUST_USE enum status place_of(struct request *rq, const char *warehouse, const char *location,
			      struct place_of *out);

#endif
