/* SPDX-License-Identifier: Apache-2.0 */
/* banned.h - calls that are mistakes waiting to happen are compile errors. */
#ifndef COMMON_BANNED_H
#define COMMON_BANNED_H

/* The library's own declarations come first, so that only uses are caught. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(f) f##_is_banned_see_common_banned_h

#undef strcpy
#define strcpy BANNED(strcpy) /* cx_strdup, memcpy */
#undef strcat
#define strcat BANNED(strcat) /* text_add */
#undef strncpy
#define strncpy BANNED(strncpy) /* cx_strndup */
#undef strncat
#define strncat BANNED(strncat) /* text_addn */
#undef sprintf
#define sprintf BANNED(sprintf) /* snprintf, cx_printf */
#undef vsprintf
#define vsprintf BANNED(vsprintf)
#undef strtok
#define strtok BANNED(strtok) /* strchr */
#undef gmtime
#define gmtime BANNED(gmtime) /* gmtime_r */
#undef localtime
#define localtime BANNED(localtime)
#undef ctime
#define ctime BANNED(ctime)
#undef asctime
#define asctime BANNED(asctime)
#undef atoi
#define atoi BANNED(atoi) /* text_int */
#undef atol
#define atol BANNED(atol)
#undef signal
#define signal BANNED(signal) /* sigaction without SA_RESTART */

#endif
