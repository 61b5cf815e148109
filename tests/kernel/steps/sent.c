/* SPDX-License-Identifier: BSD-2-Clause */
#include "sent.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "hex.h"
#include "quote.h"

enum { ETHER_LEN = 14, IPV4_LEN = 20, IPV6_LEN = 40, FRAGMENT = 44 };

/* Whether it is a fragment that shows no ports. */
static bool is_later(const uint8_t *frame, size_t len)
{
	const uint8_t *packet = frame + ETHER_LEN;

	if (len >= ETHER_LEN + IPV4_LEN && packet[0] >> 4 == 4)
		return packet[6] & 0x1f || packet[7];
	return len >= ETHER_LEN + IPV6_LEN + 8 && packet[0] >> 4 == 6 && packet[6] == FRAGMENT &&
	       (packet[IPV6_LEN + 2] || packet[IPV6_LEN + 3] & 0xf8);
}

void sent_keep(struct sent *sent, unsigned interface, const uint8_t *frame, size_t len)
{
	if (sent->len[interface] && is_later(frame, len))
		return;
	sent->len[interface] = (uint16_t)(len < SENT_MAX ? len : SENT_MAX);
	memcpy(sent->frame[interface], frame, sent->len[interface]);
}

static long number(char **args)
{
	const char *word = script_word(args);

	return word ? strtol(word, NULL, 10) : -1;
}

int sent_frame(const struct sent *sent, size_t n, const struct step *step, unsigned *interface,
	       uint8_t *frame, size_t size)
{
	char *args = step->args;
	int found = script_if_find(script_word(&args));
	long to = step->kind == STEP_FRAME ? 0 : number(&args);
	long bytes = step->kind == STEP_QUOTE ? number(&args) : 0;
	int len = args ? hex_read(args, frame, size) : -1;

	if (found < 0 || len < 0 || to < 0 || bytes < 0)
		return -1;
	*interface = (unsigned)found;
	if (step->kind == STEP_FRAME)
		return len;
	if ((size_t)to >= n)
		return -1;
	sent += to;
	/* Who answers is who was asked on the servers' side; who complains got it on his. */
	if (step->kind == STEP_ANSWER)
		return answer_fill(frame, (size_t)len, sent->frame[SCRIPT_S0], sent->len[SCRIPT_S0])
			       ? len
			       : -1;
	return quote_fill(frame, (size_t)len, size, sent->frame[found], sent->len[found],
			  (size_t)bytes);
}
