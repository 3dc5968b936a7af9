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

/* Answers with a fresh token, this once. */
enum status show_token(struct request *rq, const struct issued *t, const char *tenant_id);

/*
 * How long a token for `who` may live: no longer than what `who` came with, unless
 * that was a token of a user, a service user or root, whose rows say when it ends.  A
 * program's token has only its own time, which no token of its making may pass; nor may one with
 * roles of another server's claims, which are as old as the first of them.
 */
void token_ttl(const struct principal *who, int64_t *ttl_s);

enum status create_oauth_token(struct request *rq);
enum status log_in(struct request *rq);
enum status log_out(struct request *rq);
enum status sign_up(struct request *rq);
enum status confirm_signup(struct request *rq);
enum status get_me(struct request *rq);
enum status create_token(struct request *rq);
enum status token_objects(struct request *rq,
			  enum status (*visit)(struct request *rq, enum action action,
					       const struct object *object));
enum status list_my_tokens(struct request *rq);
enum status list_tokens_of(struct request *rq);
enum status rotate_token(struct request *rq);
enum status revoke_my_token(struct request *rq);
enum status revoke_token(struct request *rq);
enum status delete_token(struct request *rq);
enum status cleanup_tokens(struct request *rq);
enum status get_jwks(struct request *rq);

/* --- logging in by another server ----------------------------------------------- */

enum status list_oauth_providers(struct request *rq);
enum status authorize_oauth(struct request *rq);
enum status oauth_callback(struct request *rq);
enum status exchange_oauth_code(struct request *rq);

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
