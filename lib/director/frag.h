/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fragments on a worker's way (docs/adr/0012). The first of a datagram goes the ordinary way, the
 * others go where it went: those that come before it are held. Where more than the ports decides,
 * all are held until the datagram is whole.
 */
#ifndef LVS_DIRECTOR_FRAG_H
#define LVS_DIRECTOR_FRAG_H

#include "director/frags.h"
#include "director/worker.h"

/* A fragment's turn. */
enum lvs_reason lvs_frag_turn(struct lvs_step *step);

/* Whether the first fragment, whose turn it is, cannot be decided about without the others. */
bool lvs_frag_needs_whole(const struct lvs_step *step);

/*
 * The first fragment's own decision. @p pieces, where the datagram was gathered, is all of it, the
 * first one in front; else NULL. @p fate is that of the others.
 */
enum lvs_reason lvs_frag_decide(struct lvs_step *step, const struct lvs_pieces *pieces,
				struct lvs_fate *fate);

/* Another fragment of a datagram whose fate is known. */
enum lvs_reason lvs_frag_follow(struct lvs_step *step, const struct lvs_fate *fate);

/*
 * Gives pieces that were handed over their verdicts and puts them into the worker's outbox, or
 * frees them. @p fate NULL: the datagram was gathered, and its first fragment decides.
 */
void lvs_frag_release(const struct lvs_step *step, struct lvs_pieces *pieces,
		      const struct lvs_fate *fate);

/* Whether all of a gathered datagram is as its headers say, and what they leave out is filled in:
 * a reason to drop it, or NONE. @p filled: an IPv4 sender's missing checksum was, at this place. */
enum lvs_reason lvs_frag_verify(const struct lvs_step *step, const struct lvs_pieces *pieces,
				uint8_t **filled);

/* One linear packet of a gathered datagram, to be freed with @p size; NULL: no memory, or it would
 * be longer than a packet can be. */
struct lvs_packet *lvs_frag_join(const struct lvs_step *step, const struct lvs_pieces *pieces,
				 size_t *size);

/* A gathered SCTP datagram while it is decided about. */
struct lvs_frag_sctp {
	struct lvs_packet *whole; /* as it came */
	size_t size;
	uint8_t *header; /* the first fragment's */
};

/* Reads the chunk that counts from all of the datagram; false: no memory, or too long a packet. */
bool lvs_frag_sctp_begin(struct lvs_frag_sctp *sctp, struct lvs_step *step,
			 const struct lvs_pieces *pieces);

/* Where a port has changed since: puts the CRC right. */
void lvs_frag_sctp_end(struct lvs_frag_sctp *sctp, const struct lvs_step *step);

/* Frees what the worker was to send. */
void lvs_outbox_fini(struct lvs_worker *worker);

#endif
