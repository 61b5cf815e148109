/* SPDX-License-Identifier: BSD-2-Clause */
/* The adapter "xdp": liblvs-xdp, where lvsd is built with it; else what stands in for it. */
#ifndef LVSD_XDP_H
#define LVSD_XDP_H

#include <liblvs/xdp.h>

#include <stdio.h>

struct lvsd;

/* NULL: built without. */
const struct lvs_io_ops *xdp_ops(void);

/* --xdp WORD[,WORD...]. 0, or -1 for a word that is none. */
int xdp_words_read(const char *text, struct lvs_xdp_conf *conf);

/* Loads the program for the options' interfaces, and has it take the host's traffic. 0 or an error
 * that was logged. With nothing to be changed it only says so to the host. */
int xdp_open(struct lvsd *lvsd);
/* After the workers and the host. */
void xdp_close(struct lvsd *lvsd);
/* Links have changed. */
void xdp_follow(struct lvsd *lvsd);
/* Interfaces and the program's counters; nothing with another adapter. */
void xdp_print(const struct lvsd *lvsd, FILE *out);

#endif
