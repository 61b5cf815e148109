/* SPDX-License-Identifier: BSD-2-Clause */
/* A user's program on all three libraries: names the adapter, and is refused what is none. */
#include <liblvs/liblvs.h>
#include <liblvs/xdp.h>

#include <stdio.h>

int main(void)
{
	const struct lvs_io_ops *ops = lvs_xdp_ops();
	struct lvs_xdp_conf conf = {.size = sizeof(conf)};
	struct lvs_xdp *xdp;

	if (lvs_xdp_new(&conf, &xdp) != LVS_ERR_INVALID)
		return 1;
	printf("liblvs %s: adapter %s, counter %s\n", lvs_version(), ops->name,
	       lvs_xdp_counter_name(LVS_XDP_COUNT_steered));
	return 0;
}
