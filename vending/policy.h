/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h - what a session may do, as an IAM policy: these folders, these verbs, nothing beside. */
#ifndef VENDING_POLICY_H
#define VENDING_POLICY_H

#include "vending/storage.h"

#define VEND_FOLDERS_MAX 4
#define POLICY_MAX 2048 /* characters of a session policy: AWS, SeaweedFS */

enum vend_verb { VEND_READ = 1, VEND_WRITE = 2, VEND_DELETE = 4 };

/* What is given: folders (within the storage; none within another) and what may be done in them. */
struct vend_scope {
	struct location folders[VEND_FOLDERS_MAX];
	size_t n;
	unsigned verbs; /* of enum vend_verb; reading is always among them */
};

/* Reads a file's location.  DENIED where it lies in none of the folders. */
MUST_USE enum status vend_scope_holds(struct cx *cx, const struct vend_scope *scope,
				      const char *location, struct location *out);

/*
 * The shortest text that says it.  `list`: the folders can be listed too; where the
 * text is too long with it, the caller tries without.  TOO_LARGE; INVALID: a
 * folder's name can't be said without saying more: where the storage is not Amazon's, '*' and
 * '$' (others may not know the escapes) and what is not ASCII (which letters are taken for
 * each other there is anyone's guess).
 */
MUST_USE enum status policy_text(struct cx *cx, const struct storage *s,
				 const struct vend_scope *scope, bool list, const char **out);

#endif
