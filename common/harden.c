/* SPDX-License-Identifier: Apache-2.0 */
/* harden.c - no core dump of a process that holds keys. */
#include "common/harden.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

void harden_process(void)
{
	const struct rlimit none = { 0, 0 };

	if (getenv("PANGOLIN_DUMPABLE"))
		return;
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
}
