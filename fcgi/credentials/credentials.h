/* SPDX-License-Identifier: Apache-2.0 */
/* credentials.h - what the handlers of pangolin-credentials share. */
#ifndef FCGI_CREDENTIALS_CREDENTIALS_H
#define FCGI_CREDENTIALS_CREDENTIALS_H

#include "fcgi/auth.h"
#include "fcgi/route.h"

/* A user as the management API shows it: kebab-case keys, and their snake_case copies. */
struct json_object *user_info(struct cx *cx, const struct user *u);

/* { INSERT, audit record }: `who` did `action` ("login", "generate_token"). */
struct change login_record(struct request *rq, const struct principal *who, const char *action);

enum status create_oauth_token(struct request *rq);
enum status log_in(struct request *rq);
enum status log_out(struct request *rq);
enum status get_me(struct request *rq);
enum status create_token(struct request *rq);
enum status token_objects(struct request *rq,
			  enum status (*visit)(struct request *rq, enum action action,
					       const struct object *object));
enum status get_jwks(struct request *rq);

/* --- a table's files ----------------------------------------------------------- */

enum status load_credentials(struct request *rq);
enum status load_catalog_credentials(struct request *rq);
enum status catalog_credentials_objects(struct request *rq,
					enum status (*visit)(struct request *rq, enum action action,
							     const struct object *object));
enum status load_warehouse_credentials(struct request *rq);
enum status test_warehouse(struct request *rq);
enum status sign_table(struct request *rq);
enum status presign_table(struct request *rq);
enum status presign_location(struct request *rq);

#endif
