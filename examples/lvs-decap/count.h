/* SPDX-License-Identifier: BSD-2-Clause */
/* What became of each packet; one counter each, printed on SIGUSR1. */
#ifndef DECAP_COUNT_H
#define DECAP_COUNT_H

#include <stdint.h>

#define DECAP_COUNTS(X)                                                                            \
	X(in, "tunnel packets received")                                                           \
	X(in_bytes, "their bytes, as the socket gave them")                                        \
	X(out, "inner packets handed to the host")                                                 \
	X(partial, "of these, with a checksum left to be completed")                               \
	X(remote, "of these, asked for by remote checksum offload")                                \
	X(super, "of these, super-packets handed on to be cut")                                    \
	X(ecn_marked, "of these, marked CE because the tunnel was")                                \
	X(bad_outer, "dropped: the outer header contradicts itself")                               \
	X(fragment, "dropped: the outer packet is a fragment")                                     \
	X(not_from, "dropped: not from an address of --from")                                      \
	X(bad_shim, "dropped: the GUE or GRE header is not one that directors send")               \
	X(gre_checksum, "dropped: the GRE checksum is wrong")                                      \
	X(short_inner, "dropped: shorter than the inner header says")                              \
	X(bad_inner, "dropped: the inner header contradicts itself")                               \
	X(inner_checksum, "dropped: the inner IPv4 header checksum is wrong")                      \
	X(not_to, "dropped: not to an address of --address")                                       \
	X(ecn_refused, "dropped: marked CE, and the inner packet cannot carry it")                 \
	X(refused, "lost: the host did not take it")                                               \
	X(overrun, "lost: the sockets' buffers were full")

enum decap_count {
#define DECAP_COUNT_ENUM(name, text) DECAP_##name,
	DECAP_COUNTS(DECAP_COUNT_ENUM)
#undef DECAP_COUNT_ENUM
		DECAP_COUNT_N
};

struct decap_counts {
	uint64_t n[DECAP_COUNT_N];
};

#endif
