/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of a command line, taken apart as ipvsadm's (popt's) are. */
#ifndef LVSADM_WORDS_H
#define LVSADM_WORDS_H

enum words_value { WORDS_NONE, WORDS_ONE, WORDS_MAYBE };

struct words_option {
	const char *name; /* behind "--"; NULL: it has a letter only */
	char letter;      /* 0: it has a name only */
	enum words_value value;
	int what; /* 0 or more: what words_next() returns */
};

enum words_end {
	WORDS_END = -1,
	WORDS_UNKNOWN = -2, /* no such option */
	WORDS_MISSING = -3, /* its value is missing */
	WORDS_EXTRA = -4,   /* it has a value and should not */
};

enum { WORDS_LEFT = 4 };

struct words {
	const struct words_option *option;
	unsigned option_n;
	int argc;
	char *const *argv;
	int at;                       /* the next word */
	const char *letters;          /* of a word like -nc: what is still to do */
	int only_left;                /* "--" was there */
	const char *word;             /* the last one taken */
	const char *value;            /* of the last option; NULL: none */
	const char *left[WORDS_LEFT]; /* what is no option */
	unsigned left_n;              /* all of them, those that do not fit into left too */
};

/* argv[0] is the program's name and no word. */
void words_begin(struct words *words, const struct words_option *option, unsigned option_n,
		 int argc, char *const *argv);

/* The next option's words_option::what, or enum words_end. */
int words_next(struct words *words);

#endif
