/* SPDX-License-Identifier: BSD-2-Clause */
/* In the place of xdp.c where there is no liblvs-xdp. */
#include "adapters/xdp.h"

#include <stddef.h>

const struct lvs_io_ops *xdp_ops(void)
{
	return NULL;
}

int xdp_open(struct lvsd *lvsd)
{
	(void)lvsd;
	return LVS_ERR_UNSUPPORTED;
}

void xdp_close(struct lvsd *lvsd)
{
	(void)lvsd;
}

void xdp_follow(struct lvsd *lvsd)
{
	(void)lvsd;
}

void xdp_print(const struct lvsd *lvsd, FILE *out)
{
	(void)lvsd;
	(void)out;
}
