/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVS_IO_IO_BATCH_H
#define LVS_IO_IO_BATCH_H

enum {
	/* Bytes that one batch copies out of the kernel, give or take a packet. They are copied
	 * into it again right behind: while they lie in the processor's cache, with what the kernel
	 * makes of them, a super-packet of 60 kB takes a third less time than in a batch of 48
	 * (docs/adr/0024). */
	LVS_IO_BATCH_LEN = 256 << 10,
};

#endif
