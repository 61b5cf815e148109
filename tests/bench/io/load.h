/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads that no program of Debian makes over several servers behind one address. */
#ifndef LVS_BENCH_LOAD_H
#define LVS_BENCH_LOAD_H

#include <netinet/in.h>
#include <stdint.h>

/* What the datagrams begin with; the rest is zero. */
struct load_head {
	uint32_t run; /* of this sender; another one begins to count anew */
	uint32_t server;
	uint32_t received; /* by this server, in this run: in answers */
};

enum { LOAD_SIZE_MAX = 1472, LOAD_BATCH = 32 };

uint64_t load_now_ns(void);

/* Each returns the program's exit status, with a line of JSON on stdout or one on stderr. */
int load_bulk(const struct sockaddr_in *to, unsigned streams, double seconds);
int load_datagrams(const struct sockaddr_in *to, unsigned size, double seconds);
int load_sink(uint16_t port, uint32_t server);

#endif
