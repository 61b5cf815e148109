/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/rules.h"
#include "rules/build.h"
#include "rules/error.h"
#include "rules/line.h"
#include "rules/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct dest_name {
	uint32_t service;
	struct lvs_dest_key key;
};

static bool same_service(const void *list, uint32_t number, const void *key)
{
	const struct rules *rules = list;
	const struct lvs_service_key *a = &rules->service[number].key;
	const struct lvs_service_key *b = key;

	return a->family == b->family && a->fwmark == b->fwmark && a->protocol == b->protocol &&
	       a->port == b->port && !memcmp(&a->addr, &b->addr, sizeof(a->addr));
}

static uint64_t hash_service(const struct lvs_service_key *key)
{
	uint64_t hash = rules_index_hash(key->fwmark, &key->addr, sizeof(key->addr));

	return rules_index_hash(hash + key->family + key->protocol, &key->port, sizeof(key->port));
}

static uint64_t hash_service_number(const void *list, uint32_t number)
{
	return hash_service(&((const struct rules *)list)->service[number].key);
}

static bool same_dest(const void *list, uint32_t number, const void *name)
{
	const struct rule_dest *dest = &((const struct rules *)list)->dest[number];
	const struct dest_name *wanted = name;

	return dest->service == wanted->service && dest->key.family == wanted->key.family &&
	       dest->key.port == wanted->key.port &&
	       !memcmp(&dest->key.addr, &wanted->key.addr, sizeof(dest->key.addr));
}

static uint64_t hash_dest(uint32_t service, const struct lvs_dest_key *key)
{
	uint64_t hash = rules_index_hash(service, &key->addr, sizeof(key->addr));

	return rules_index_hash(hash + key->family, &key->port, sizeof(key->port));
}

static uint64_t hash_dest_number(const void *list, uint32_t number)
{
	const struct rule_dest *dest = &((const struct rules *)list)->dest[number];

	return hash_dest(dest->service, &dest->key);
}

uint32_t rules_find_service(const struct rules *rules, const struct lvs_service_key *key)
{
	const uint32_t *slot =
		rules_index_slot(&rules->by_service, hash_service(key), same_service, rules, key);

	return slot && *slot ? *slot - 1 : RULES_NONE;
}

uint32_t rules_find_dest(const struct rules *rules, uint32_t service,
			 const struct lvs_dest_key *key)
{
	struct dest_name name = {.service = service, .key = *key};
	const uint32_t *slot =
		rules_index_slot(&rules->by_dest, hash_dest(service, key), same_dest, rules, &name);

	return slot && *slot ? *slot - 1 : RULES_NONE;
}

/* Room for one more element behind n; lists grow by doubling at powers of two. */
static int grow(void **list, size_t n, size_t size)
{
	void *larger;

	if (n >= RULES_NONE - 1)
		return -1;
	if (n & (n - 1))
		return 0;
	larger = realloc(*list, (n ? n * 2 : 1) * size);
	if (!larger)
		return -1;
	*list = larger;
	return 0;
}

int rules_append_service(struct rules *rules, const struct rule_service *service)
{
	void *list = rules->service;

	if (rules_index_grow(&rules->by_service, rules->service_n, hash_service_number, rules) <
		    0 ||
	    grow(&list, rules->service_n, sizeof(*service)) < 0)
		return -1;
	rules->service = list;
	rules->service[rules->service_n++] = *service;
	*rules_index_slot(&rules->by_service, hash_service(&service->key), same_service, rules,
			  &service->key) = (uint32_t)rules->service_n;
	return 0;
}

int rules_append_dest(struct rules *rules, const struct rule_dest *dest)
{
	struct dest_name name = {.service = dest->service, .key = dest->key};
	void *list = rules->dest;

	if (rules_index_grow(&rules->by_dest, rules->dest_n, hash_dest_number, rules) < 0 ||
	    grow(&list, rules->dest_n, sizeof(*dest)) < 0)
		return -1;
	rules->dest = list;
	rules->dest[rules->dest_n++] = *dest;
	*rules_index_slot(&rules->by_dest, hash_dest(dest->service, &dest->key), same_dest, rules,
			  &name) = (uint32_t)rules->dest_n;
	return 0;
}

static int add_service(struct rules *rules, const struct rule_line *line, struct rule_error *error)
{
	struct rule_service service = {.line = error->line};
	uint32_t known;

	if (rule_build_key(line, &service.key, error) < 0 ||
	    rule_build_service(line, &service, error) < 0)
		return -1;
	known = rules_find_service(rules, &service.key);
	if (known != RULES_NONE)
		return rule_fail(error, "expected a new service, got that of line %u again",
				 rules->service[known].line);
	return rules_append_service(rules, &service) < 0 ? rule_fail(error, "out of memory") : 0;
}

/* Names the service as the line does. */
static int fail_no_service(const struct rule_line *line, struct rule_error *error)
{
	enum rule_option option = rule_first_given(line, RULE_SERVICE_OPTIONS);

	return rule_fail(error, "expected a line above with -A %s %s%s, got none",
			 rule_option_name(line, option), line->value[option],
			 rule_given(line, RULE_IPV6) ? " -6" : "");
}

static int add_dest(struct rules *rules, const struct rule_line *line, struct rule_error *error)
{
	struct rule_dest dest = {.line = error->line};
	struct lvs_service_key key;
	uint32_t known;

	if (rule_build_key(line, &key, error) < 0 || rule_build_dest(line, &key, &dest, error) < 0)
		return -1;
	dest.service = rules_find_service(rules, &key);
	if (dest.service == RULES_NONE)
		return fail_no_service(line, error);
	known = rules_find_dest(rules, dest.service, &dest.key);
	if (known != RULES_NONE)
		return rule_fail(error, "expected a new server, got that of line %u again",
				 rules->dest[known].line);
	return rules_append_dest(rules, &dest) < 0 ? rule_fail(error, "out of memory") : 0;
}

int rules_take(struct rules *rules, const struct rule_line *line, struct rule_error *error)
{
	if (rule_build_check(line, error) < 0)
		return -1;
	return rule_given(line, RULE_ADD_SERVICE) ? add_service(rules, line, error)
						  : add_dest(rules, line, error);
}

/* "set NAME VALUE". */
static int add_setting(struct rules *rules, const struct rule_words *words,
		       struct rule_error *error)
{
	char text[512];

	if (words->n != 3)
		return rule_fail(error, "expected \"set NAME VALUE\", got %u words", words->n);
	if (setting_take(&rules->settings, words->word[1], strlen(words->word[1]), words->word[2],
			 error->line, text, sizeof(text)) < 0)
		return rule_fail(error, "%s", text);
	return 0;
}

/* "mark NUMBER ...". */
int rules_take_marks(struct rules *rules, const struct rule_words *words, struct rule_error *error)
{
	struct rule_mark marks[RULE_MARK_PORTS];
	int n = rule_mark_read(words, marks, error);

	for (int i = 0; i < n; i++) {
		void *list = rules->mark;

		if (rules->mark_n == LVS_MARKS_MAX)
			return rule_fail(error, "expected at most %d marking rules, got more",
					 LVS_MARKS_MAX);
		if (grow(&list, rules->mark_n, sizeof(marks[i])) < 0)
			return rule_fail(error, "out of memory");
		rules->mark = list;
		rules->mark[rules->mark_n++] = marks[i];
	}
	return n < 0 ? -1 : 0;
}

static int read_line(struct rules *rules, char *text, size_t len, struct rule_error *error)
{
	struct rule_words words;
	struct rule_line line;

	if (strlen(text) != len)
		return rule_fail(error, "expected text, got a zero byte");
	if (rule_words_split(text, &words, error) < 0)
		return -1;
	if (words.n && !strcmp(words.word[0], "set"))
		return add_setting(rules, &words, error);
	if (words.n && !strcmp(words.word[0], "mark"))
		return rules_take_marks(rules, &words, error);
	if (rule_line_cut(&words, &line, error) < 0)
		return -1;
	if (!line.given)
		return 0;
	return rules_take(rules, &line, error);
}

int rules_read(FILE *file, const char *name, struct rules *rules, char *error, size_t error_len)
{
	struct rule_error where = {.file = name, .text = error, .len = error_len};
	char *text = NULL;
	size_t room = 0;
	ssize_t len;
	int failed = 0;

	errno = 0;
	while (!failed && (len = getline(&text, &room, file)) >= 0) {
		where.line++;
		failed = read_line(rules, text, (size_t)len, &where);
		errno = 0;
	}
	if (!failed && !feof(file)) {
		snprintf(error, error_len, "%s: %s", name, strerror(errno));
		failed = -1;
	}
	free(text);
	if (failed)
		rules_free(rules);
	return failed;
}

FILE *rules_open(const char *name, char *error, size_t error_len)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	FILE *file;

	if (fd >= 0 && fstat(fd, &status) == 0 && !S_ISREG(status.st_mode)) {
		snprintf(error, error_len, "%s: expected a regular file", name);
		close(fd);
		return NULL;
	}
	file = fd < 0 ? NULL : fdopen(fd, "r");
	if (!file) {
		snprintf(error, error_len, "%s: %s", name, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	return file;
}

int rules_read_file(const char *name, struct rules *rules, char *error, size_t error_len)
{
	FILE *file = rules_open(name, error, error_len);
	int failed;

	if (!file)
		return -1;
	failed = rules_read(file, name, rules, error, error_len);
	fclose(file);
	return failed;
}

void rules_free(struct rules *rules)
{
	free(rules->service);
	free(rules->dest);
	free(rules->mark);
	free(rules->by_service.slot);
	free(rules->by_dest.slot);
	memset(rules, 0, sizeof(*rules));
}
