/* SPDX-License-Identifier: BSD-2-Clause */
/* What the adapters' files offer each other; their list is in io_list.c. */
#ifndef LVS_IO_ADAPTERS_H
#define LVS_IO_ADAPTERS_H

#include <liblvs/io.h>

extern const struct lvs_io_ops lvs_io_packet_ops;
extern const struct lvs_io_ops lvs_io_pcap_ops;
extern const struct lvs_io_ops lvs_io_tun_ops;

/* The system's monotonic clock in nanoseconds. */
uint64_t lvs_io_clock(void);

#endif
