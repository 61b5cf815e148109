/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs of the guest, run to their end. */
#ifndef AGENT_RUN_H
#define AGENT_RUN_H

#include <stdio.h>

/*
 * Runs /bin/<name> with arguments that are words of `args` (cut up). `input` is what it reads,
 * NULL for nothing; what it writes, errors too, goes to `out` as lines "text <line>". Returns its
 * exit status, 255 when it was killed or cannot be run.
 */
int run_program(const char *name, char *args, const char *input, FILE *out);

/* Copies a text as lines "text <line>". */
void run_text(const char *text, size_t len, FILE *out);

#endif
