/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/seq.h"

#include <string.h>

/* What an edit adds, modulo 2^32. */
static uint32_t growth(const struct lvs_seq_edit *edit)
{
	return (uint32_t)edit->text_len - edit->cut_len;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

uint32_t lvs_seq_got(const struct lvs_seq *seq, uint32_t sent)
{
	uint32_t delta = seq->base;

	for (unsigned i = 0; i < seq->n; i++) {
		const struct lvs_seq_edit *edit = &seq->edit[i];
		uint32_t inside = sent - edit->at;

		if (!lvs_seq_before(edit->at, sent))
			break;
		if (inside < edit->cut_len)
			return edit->at + delta + least(inside, edit->text_len);
		delta += growth(edit);
	}
	return sent + delta;
}

/* As lvs_seq_sent(); @p whole is what the middle of a text that has grown comes to: all that was
 * replaced, or all but a byte of it. */
static uint32_t to_sent(const struct lvs_seq *seq, uint32_t got, bool whole)
{
	uint32_t delta = seq->base;

	for (unsigned i = 0; i < seq->n; i++) {
		const struct lvs_seq_edit *edit = &seq->edit[i];
		uint32_t inside = got - (edit->at + delta);
		uint32_t last = edit->cut_len - 1u;

		if (!lvs_seq_before(edit->at + delta, got))
			break;
		if (inside < edit->text_len)
			return edit->at + least(inside, whole ? edit->cut_len : last);
		delta += growth(edit);
	}
	return got - delta;
}

uint32_t lvs_seq_sent(const struct lvs_seq *seq, uint32_t got)
{
	/* A byte is left that the rest of a longer text comes with when it is sent again. */
	return to_sent(seq, got, false);
}

uint32_t lvs_seq_sent_from(const struct lvs_seq *seq, uint32_t got)
{
	return to_sent(seq, got, true);
}

void lvs_seq_pass(struct lvs_seq *seq, uint32_t from, uint32_t len)
{
	if (!seq->known || lvs_seq_before(seq->next, from + len))
		seq->next = from + len;
	seq->known = true;
}

void lvs_seq_acknowledge(struct lvs_seq *seq, uint32_t got)
{
	unsigned n = 0;

	while (n < seq->n) {
		const struct lvs_seq_edit *edit = &seq->edit[n];

		if (lvs_seq_before(got, edit->at + seq->base + edit->text_len))
			break;
		seq->base += growth(edit);
		n++;
	}
	seq->n = (uint8_t)(seq->n - n);
	memmove(seq->edit, seq->edit + n, seq->n * sizeof(seq->edit[0]));
}

bool lvs_seq_replace(struct lvs_seq *seq, uint32_t at, uint32_t cut_len, const uint8_t *text,
		     uint32_t text_len)
{
	struct lvs_seq_edit *edit = &seq->edit[seq->n];

	if (seq->n == LVS_SEQ_EDITS)
		return false;
	edit->at = at;
	edit->cut_len = (uint16_t)cut_len;
	edit->text_len = (uint16_t)text_len;
	memcpy(edit->text, text, text_len);
	seq->n++;
	return true;
}

/* The part of an edit that lies within a segment. */
struct part {
	uint32_t at;  /* from the segment's begin */
	uint32_t len; /* bytes of it that go */
	const uint8_t *text;
	uint32_t text_len; /* bytes that come */
};

static bool part_of(const struct lvs_seq_edit *edit, uint32_t from, uint32_t len, struct part *part)
{
	uint32_t end = from + len;
	uint32_t edit_end = edit->at + edit->cut_len;
	uint32_t start = lvs_seq_before(edit->at, from) ? from : edit->at;
	uint32_t text_from = least(start - edit->at, edit->text_len);
	uint32_t text_to = edit->text_len;

	if (!lvs_seq_before(start, edit_end) || !lvs_seq_before(start, end))
		return false;
	/* The rest of a longer text comes with the last byte that it stands for. */
	if (lvs_seq_before(end, edit_end)) {
		edit_end = end;
		text_to = least(end - edit->at, edit->text_len);
	}
	part->at = start - from;
	part->len = edit_end - start;
	part->text = edit->text + text_from;
	part->text_len = text_to - text_from;
	return true;
}

bool lvs_seq_touches(const struct lvs_seq *seq, uint32_t from, uint32_t len)
{
	struct part part;

	for (unsigned i = 0; i < seq->n; i++)
		if (part_of(&seq->edit[i], from, len, &part))
			return true;
	return false;
}

uint32_t lvs_seq_got_len(const struct lvs_seq *seq, uint32_t from, uint32_t len)
{
	struct part part;
	uint32_t after = len;

	for (unsigned i = 0; i < seq->n; i++)
		if (part_of(&seq->edit[i], from, len, &part))
			after += part.text_len - part.len;
	return after;
}

uint32_t lvs_seq_room(const struct lvs_seq *seq, uint32_t from, uint32_t len)
{
	uint32_t room = len;
	struct part part;

	for (unsigned i = 0; i < seq->n; i++)
		if (part_of(&seq->edit[i], from, len, &part) && part.text_len > part.len)
			room += part.text_len - part.len;
	return room;
}

uint32_t lvs_seq_rewrite(const struct lvs_seq *seq, uint32_t from, uint8_t *data, uint32_t len)
{
	uint32_t after = len;
	struct part part;

	/* From the last on, so that places before it stay what they are. */
	for (unsigned i = seq->n; i-- > 0;) {
		if (!part_of(&seq->edit[i], from, len, &part))
			continue;
		memmove(data + part.at + part.text_len, data + part.at + part.len,
			after - part.at - part.len);
		memcpy(data + part.at, part.text, part.text_len);
		after += part.text_len - part.len;
	}
	return after;
}
