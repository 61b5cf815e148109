/* SPDX-License-Identifier: BSD-2-Clause */
/* A user's program on both libraries: names an adapter and a scheduler. */
#include <liblvs/io.h>
#include <liblvs/liblvs.h>

#include <stdio.h>

int main(void)
{
	const struct lvs_io_ops *pcap = lvs_io_find("pcap");
	const struct lvs_sched_ops *rr = lvs_sched_find("rr");

	if (!pcap || !rr)
		return 1;
	printf("liblvs %s: adapter %s, scheduler %s\n", lvs_version(), pcap->name, rr->name);
	return 0;
}
