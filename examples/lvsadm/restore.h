/* SPDX-License-Identifier: BSD-2-Clause */
/* -R: command lines from a file, one after the other. */
#ifndef LVSADM_RESTORE_H
#define LVSADM_RESTORE_H

#include "link.h"

#include <stdio.h>

/*
 * As ipvsadm does it: what fails is told, and the next line done; words that make no sense end it.
 * Lines that lie together go to lvsd as one transaction where all of them are well. Returns the
 * exit status, that of the last line.
 */
int restore_run(const struct link *link, FILE *in);

#endif
