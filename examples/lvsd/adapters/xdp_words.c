/* SPDX-License-Identifier: BSD-2-Clause */
#include "adapters/xdp.h"

#include <stdlib.h>
#include <string.h>

#define POLL "busy-poll="

enum { POLL_US_MAX = 1000000 };

static int read_poll(const char *text, uint32_t *us)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || value < 1 || value > POLL_US_MAX)
		return -1;
	*us = (uint32_t)value;
	return 0;
}

static int read_word(const char *word, struct lvs_xdp_conf *conf)
{
	const struct {
		const char *word;
		uint32_t *field;
		uint32_t value;
	} words[] = {
		{"native", &conf->mode, LVS_XDP_MODE_NATIVE},
		{"generic", &conf->mode, LVS_XDP_MODE_GENERIC},
		{"copy", &conf->copy, LVS_XDP_COPY_ALWAYS},
		{"zero-copy", &conf->copy, LVS_XDP_COPY_NEVER},
		{"trust", &conf->csum, LVS_XDP_CSUM_TRUST},
		{"detect", &conf->csum, LVS_XDP_CSUM_DETECT},
		{"recompute", &conf->csum, LVS_XDP_CSUM_RECOMPUTE},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(words[i].word, word)) {
			*words[i].field = words[i].value;
			return 0;
		}
	if (!strncmp(word, POLL, strlen(POLL)))
		return read_poll(word + strlen(POLL), &conf->busy_poll_us);
	return -1;
}

int xdp_words_read(const char *text, struct lvs_xdp_conf *conf)
{
	for (;;) {
		size_t len = strcspn(text, ",");
		char word[32] = "";

		if (!len || len >= sizeof(word))
			return -1;
		memcpy(word, text, len);
		if (read_word(word, conf) < 0)
			return -1;
		if (!text[len])
			return 0;
		text += len + 1;
	}
}
