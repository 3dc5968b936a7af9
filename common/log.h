/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - one JSON line an event on stderr; never a secret. */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "common/cx.h"

enum log_level { LOG_ERROR_, LOG_WARNING_, LOG_NOTE_ };

/* {"time","level","event",...,"message"}; request_id may be NULL. */
void log_event(enum log_level level, const char *event, const char *request_id, const char *fmt,
	       ...) PRINTF_LIKE(4, 5);

#endif
