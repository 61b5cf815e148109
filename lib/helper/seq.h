/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sequence numbers of one direction of a TCP connection in whose data bytes are replaced by
 * others, more or fewer. The sender counts as it sends ("sent"), the receiver as it gets ("got"):
 *
 *	sent   ....|....cut....|..........|.cut.|.......
 *	got    ....|..text..|..........|...text...|.......
 *	          edit[0]                 edit[1]
 *
 * All that was rewritten and may be sent again is remembered, so that any part of it, however it
 * is packed then, becomes the same bytes at the same place. It is forgotten when its receiver has
 * acknowledged what came of it. There is room for a few; while none is free no more are made.
 *
 * The kernel keeps {init_seq, delta, previous_delta} a direction: here those of the last edit are
 * `at`, base plus what all edits add, and the same without the last.
 */
#ifndef LVS_HELPER_SEQ_H
#define LVS_HELPER_SEQ_H

#include <stdbool.h>
#include <stdint.h>

#include <liblvs/helper.h>

/* Edits that may be on their way at a time. */
#define LVS_SEQ_EDITS 3

struct lvs_seq_edit {
	uint32_t at;       /* first byte that was replaced, as sent */
	uint16_t cut_len;  /* bytes as sent, at least 1 */
	uint16_t text_len; /* bytes as got */
	uint8_t text[LVS_HELPER_TEXT];
};

struct lvs_seq {
	uint32_t base; /* what edits that are forgotten add up to: got - sent, modulo 2^32 */
	uint32_t next; /* first byte, as sent, that has not passed */
	uint8_t known; /* next is */
	uint8_t n;     /* of edit[], in rising order */
	struct lvs_seq_edit edit[LVS_SEQ_EDITS];
};

/* Whether a comes before b; both within half of the numbers' range of each other (RFC 9293). */
static inline bool lvs_seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* Whether numbers differ at all. */
static inline bool lvs_seq_is_moved(const struct lvs_seq *seq)
{
	return seq->base || seq->n;
}

/* Where the byte that was sent as @p sent is got. Inside of what was replaced: where its rest is.
 */
uint32_t lvs_seq_got(const struct lvs_seq *seq, uint32_t sent);

/* What a receiver's mark means to the sender. The first byte that it has not got, or the end of a
 * block that it has: never more than that. */
uint32_t lvs_seq_sent(const struct lvs_seq *seq, uint32_t got);
/* The first byte of a block that it has: never less than that. */
uint32_t lvs_seq_sent_from(const struct lvs_seq *seq, uint32_t got);

/* Bytes that have passed. */
void lvs_seq_pass(struct lvs_seq *seq, uint32_t from, uint32_t len);

/* Forgets what the receiver has acknowledged, up to @p got. */
void lvs_seq_acknowledge(struct lvs_seq *seq, uint32_t got);

/* Notes that from now on @p cut_len bytes from @p at are replaced. False: no room. They have not
 * passed, and lie behind all that is replaced already. */
bool lvs_seq_replace(struct lvs_seq *seq, uint32_t at, uint32_t cut_len, const uint8_t *text,
		     uint32_t text_len);

/* Whether any of @p len bytes from @p from are to be replaced. */
bool lvs_seq_touches(const struct lvs_seq *seq, uint32_t from, uint32_t len);

/* Bytes that come of @p len bytes from @p from. */
uint32_t lvs_seq_got_len(const struct lvs_seq *seq, uint32_t from, uint32_t len);

/* Bytes that lvs_seq_rewrite() needs for it on the way. */
uint32_t lvs_seq_room(const struct lvs_seq *seq, uint32_t from, uint32_t len);

/* Replaces within @p len bytes from @p from, at @p data; how many they are then. */
uint32_t lvs_seq_rewrite(const struct lvs_seq *seq, uint32_t from, uint8_t *data, uint32_t len);

#endif
