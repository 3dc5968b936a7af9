/* SPDX-License-Identifier: Apache-2.0 */
/* harden.h - what a process that holds keys does first. */
#ifndef COMMON_HARDEN_H
#define COMMON_HARDEN_H

/*
 * Keys and rows of others lie in memory: no core dump, not even by a program that
 * core_pattern names, and no debugger of the same user.  $PANGOLIN_DUMPABLE is for
 * developers.  See prctl(2), core(5).
 */
void harden_process(void);

#endif
