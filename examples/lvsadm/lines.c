/* SPDX-License-Identifier: BSD-2-Clause */
#include "lines.h"

#include "value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64, LINE_MAX_LEN = 4096 };

int lines_read(struct lines *lines, FILE *in)
{
	size_t room = 0, n;

	*lines = (struct lines){0};
	do {
		char *grown = realloc(lines->text, room + 65536);

		if (!grown)
			return -ENOMEM;
		lines->text = grown;
		room += 65536;
		n = fread(grown + lines->len, 1, room - lines->len, in);
		lines->len += n;
	} while (n);
	return ferror(in) ? -EIO : 0;
}

/* Cuts a line into words; returns how many, behind the program's name. */
static int cut(char *line, char **argv)
{
	static const char space[] = " \t\r\n";
	static char name[] = "lvsadm";
	int argc = 0;
	char *rest;

	argv[argc++] = name;
	for (char *word = strtok_r(line, space, &rest); word; word = strtok_r(NULL, space, &rest)) {
		if (argc == 1 && (!strcmp(word, "ipvsadm") || !strcmp(word, "lvsadm")))
			continue;
		if (argc >= WORDS_MAX)
			return -1;
		argv[argc++] = word;
	}
	return argc;
}

/* The next line, copied; false at the end. What is too long is cut, and told in @cut_off. */
static bool next_line(struct lines *lines, char line[LINE_MAX_LEN], bool *cut_off)
{
	const char *text = lines->text + lines->at;
	size_t left = lines->len - lines->at;
	const char *end;
	size_t len;

	if (!left)
		return false;
	end = memchr(text, '\n', left);
	len = end ? (size_t)(end - text) : left;
	lines->at += end ? len + 1 : len;
	lines->number++;
	*cut_off = len >= LINE_MAX_LEN;
	if (*cut_off)
		len = LINE_MAX_LEN - 1;
	memcpy(line, text, len);
	line[len] = 0;
	return true;
}

static enum lines_next take_setting(struct lines *lines, int argc, char **argv,
				    struct complaint *complaint)
{
	int64_t value;

	if (argc != 4 || strlen(argv[2]) >= sizeof(lines->name) ||
	    value_number(argv[3], 0, UINT32_MAX, &value) < 0) {
		complain(complaint, STATUS_USAGE, "expected set NAME VALUE, got \"set%s%s\"",
			 argc > 2 ? " " : "", argc > 2 ? argv[2] : "");
		return LINES_WRONG;
	}
	strcpy(lines->name, argv[2]);
	lines->value = (uint32_t)value;
	return LINES_SETTING;
}

enum lines_next lines_take(struct lines *lines, bool own, struct request *request,
			   struct complaint *complaint)
{
	char *argv[WORDS_MAX];
	char line[LINE_MAX_LEN];
	bool cut_off;

	while (next_line(lines, line, &cut_off)) {
		int argc;

		if (own && line[strspn(line, " \t")] == '#')
			continue;
		if (cut_off) {
			complain(complaint, STATUS_USAGE, "expected a line of less than %d bytes",
				 LINE_MAX_LEN);
			return LINES_WRONG;
		}
		argc = cut(line, argv);
		if (argc == 1)
			continue;
		if (argc < 0) {
			complain(complaint, STATUS_USAGE, "expected %d words at most, got more",
				 WORDS_MAX);
			return LINES_WRONG;
		}
		if (own && !strcmp(argv[1], "set"))
			return take_setting(lines, argc, argv, complaint);
		return request_read(argc, argv, request, complaint) < 0 ? LINES_WRONG
									: LINES_REQUEST;
	}
	return LINES_END;
}

void lines_free(struct lines *lines)
{
	free(lines->text);
	*lines = (struct lines){0};
}
