/* SPDX-License-Identifier: BSD-2-Clause */
#include "verb.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct verb verbs[] = {
#define VERB(name) {#name, verb_##name},
	VERB_LIST(VERB)
#undef VERB
};

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

int verb_wrong(const char *verb, const char *format, ...)
{
	va_list list;

	fprintf(stderr, "lvsadm: %s: ", verb);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	return STATUS_USAGE;
}

int verb_bad_word(const char *verb, const struct words *words, int what)
{
	switch (what) {
	case WORDS_MISSING:
		return verb_wrong(verb, "expected a value for %s, got nothing", words->word);
	case WORDS_EXTRA:
		return verb_wrong(verb, "expected an option without a value, got \"%s\"",
				  words->word);
	default:
		return verb_wrong(verb, "expected an option of %s, got \"%s\"", verb, words->word);
	}
}

int verb_failed(const char *verb, const struct link *link, int error)
{
	const char *sentence = lvs_ipvs_client_sentence(link->client);

	fprintf(stderr, "lvsadm: %s: %s\n", verb, *sentence ? sentence : strerror(-error));
	return STATUS_ERROR;
}

int verb_needs_lvsd(const char *verb, const struct link *link)
{
	return link->path ? 0 : verb_wrong(verb, "expected lvsd, got --kernel: it cannot do this");
}

int verb_ask(const struct link *link, uint8_t command, struct lvs_ipvs_message *message,
	     lvs_ipvs_answer answer, void *user)
{
	message->size = sizeof(*message);
	message->kind = LVS_IPVS_OWN;
	message->command = command;
	return lvs_ipvs_ask(link->client, message, answer, user);
}
