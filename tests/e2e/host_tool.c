/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's side, driven by hand: host_neigh.sh, host_capture.sh and
 * host_address.sh draw the networks.
 *
 * host_tool NAME [noprobe] [nosetup] [dry] [confirm=S]
 *
 * Reads a command a line from standard input and answers each with one line:
 *   path ADDR             reply ADDR (as a worker)     resolve ADDR MILLISECONDS
 *   at IF...              rule to|from PROTO ADDR PORT|high capture (puts the rules in force)
 *   add ADDR IF           del ADDR IF                  state ADDR     announce
 *   sysctl PATH VALUE     print FILE                   bench ADDR
 * Events go to standard error. Ends with the input.
 */
#include <liblvs/host.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	RULES_MAX = 64,
	NAMES_MAX = 8,
	WORDS_MAX = 8,
};

struct tool {
	struct lvs_host *host;
	struct lvs_host_rule rule[RULES_MAX];
	unsigned rules_n;
};

static void on_changed(void *user)
{
	(void)user;
	fprintf(stderr, "changed\n");
}

static void on_conflict(void *user, enum lvs_family family, const union lvs_addr *addr,
			const uint8_t *mac)
{
	char text[INET6_ADDRSTRLEN];

	(void)user;
	inet_ntop(family, addr->byte, text, sizeof(text));
	fprintf(stderr, "conflict %s %02x:%02x:%02x:%02x:%02x:%02x\n", text, mac[0], mac[1], mac[2],
		mac[3], mac[4], mac[5]);
}

static void on_log(void *user, enum lvs_log_level level, const char *text)
{
	(void)user;
	fprintf(stderr, "log %d %s\n", (int)level, text);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static enum lvs_family parse_addr(const char *text, union lvs_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (text != NULL && inet_pton(AF_INET, text, addr->byte) == 1)
		return LVS_INET;
	if (text != NULL && inet_pton(AF_INET6, text, addr->byte) == 1)
		return LVS_INET6;
	return LVS_UNSPEC;
}

static const char *addr_text(unsigned family, const union lvs_addr *addr, char *text)
{
	if (family == LVS_UNSPEC ||
	    inet_ntop((int)family, addr->byte, text, INET6_ADDRSTRLEN) == NULL)
		return "-";
	return text;
}

static void print_path(int err, const struct lvs_path_conf *path)
{
	char hop[INET6_ADDRSTRLEN];
	char source[INET6_ADDRSTRLEN];

	if (err != 0)
		printf("error %d\n", err);
	else
		printf("%s%s%s via %s src %s mtu %u handle %u\n", path->flags == 0 ? "forward" : "",
		       path->flags & LVS_PATH_LOCAL ? "local" : "",
		       path->flags & LVS_PATH_UNREACHABLE ? "unreachable" : "",
		       addr_text(path->next_hop_family, &path->next_hop, hop),
		       addr_text(path->source_family, &path->source, source), path->mtu,
		       path->handle);
}

static void command_path(struct tool *tool, const char *text, bool worker)
{
	struct lvs_path_conf path = {.size = sizeof(path)};
	union lvs_addr addr;
	enum lvs_family family = parse_addr(text, &addr);
	int err = worker ? lvs_host_path_lookup(tool->host, family, &addr, &path)
			 : lvs_host_path(tool->host, family, &addr, &path);

	print_path(err, &path);
}

/* Handles what comes for a while. */
static void handle_for(struct tool *tool, int ms)
{
	struct pollfd fd = {.fd = lvs_host_fd(tool->host), .events = POLLIN};

	if (poll(&fd, 1, ms) > 0)
		lvs_host_handle(tool->host);
}

/* As an adapter would: again and again until it is known, or the time is up. */
static void command_resolve(struct tool *tool, const char *text, int ms)
{
	struct lvs_path_conf path = {.size = sizeof(path)};
	uint64_t end = now_ns() + (uint64_t)ms * 1000000u;
	struct lvs_host_link link;
	union lvs_addr addr;
	enum lvs_family family = parse_addr(text, &addr);
	int err;

	lvs_host_path(tool->host, family, &addr, &path);
	do {
		err = lvs_host_resolve(tool->host, path.handle,
				       (enum lvs_family)path.next_hop_family, &path.next_hop,
				       &link);
		if (err == LVS_ERR_BUSY)
			handle_for(tool, 20);
	} while (err == LVS_ERR_BUSY && now_ns() < end);
	if (err != 0)
		printf("error %d\n", err);
	else
		printf("if %u mac %02x:%02x:%02x:%02x:%02x:%02x mtu %u flags %u\n", link.ifindex,
		       link.dst[0], link.dst[1], link.dst[2], link.dst[3], link.dst[4], link.dst[5],
		       link.mtu, link.flags);
}

static void command_bench(struct tool *tool, const char *text)
{
	struct lvs_path_conf path = {.size = sizeof(path)};
	struct lvs_host_link link;
	union lvs_addr addr;
	enum lvs_family family = parse_addr(text, &addr);
	uint64_t begin = now_ns();
	uint64_t middle;
	uint64_t end;
	enum { TIMES = 1000000 };

	for (unsigned i = 0; i < TIMES; i++)
		lvs_host_path_lookup(tool->host, family, &addr, &path);
	middle = now_ns();
	for (unsigned i = 0; i < TIMES; i++)
		lvs_host_resolve(tool->host, path.handle, (enum lvs_family)path.next_hop_family,
				 &path.next_hop, &link);
	end = now_ns();
	printf("lookup %u ns, resolve %u ns\n", (unsigned)((middle - begin) / TIMES),
	       (unsigned)((end - middle) / TIMES));
}

static void command_rule(struct tool *tool, char **word)
{
	struct lvs_host_rule *rule = &tool->rule[tool->rules_n];

	memset(rule, 0, sizeof(*rule));
	rule->direction = strcmp(word[1], "from") == 0 ? LVS_HOST_FROM : LVS_HOST_TO;
	rule->protocol = (uint8_t)atoi(word[2]);
	rule->family = (uint8_t)parse_addr(word[3], &rule->addr);
	rule->port = htons((uint16_t)atoi(word[4]));
	rule->flags = strcmp(word[4], "high") == 0 ? LVS_HOST_HIGH_PORTS : 0;
	tool->rules_n++;
	printf("rule %u\n", tool->rules_n);
}

static void command_at(struct tool *tool, char **word, unsigned n)
{
	const char *name[WORDS_MAX];

	for (unsigned i = 0; i < n; i++)
		name[i] = word[i];
	printf("at %d\n", lvs_host_capture_interfaces(tool->host, name, n));
}

static void command_address(struct tool *tool, char **word)
{
	union lvs_addr addr;
	enum lvs_family family = parse_addr(word[1], &addr);
	uint32_t ifindex = lvs_host_ifindex(tool->host, word[2] ? word[2] : "");

	if (strcmp(word[0], "state") == 0)
		printf("state %d\n", (int)lvs_host_address_get_state(tool->host, family, &addr));
	else if (strcmp(word[0], "add") == 0)
		printf("add %d\n", lvs_host_address_add(tool->host, family, &addr, ifindex));
	else
		printf("del %d\n", lvs_host_address_del(tool->host, family, &addr, ifindex));
}

static void print_line(void *user, const char *text)
{
	fprintf(user, "%s\n", text);
}

static void command_print(struct tool *tool, const char *name)
{
	FILE *file = fopen(name, "w");

	if (file == NULL) {
		printf("error\n");
		return;
	}
	lvs_host_setup_print(tool->host, print_line, file);
	fclose(file);
	printf("printed\n");
}

static unsigned split(char *line, char **word)
{
	unsigned n = 0;

	memset(word, 0, WORDS_MAX * sizeof(*word));
	for (char *next = strtok(line, " \n"); next != NULL && n < WORDS_MAX;
	     next = strtok(NULL, " \n"))
		word[n++] = next;
	return n;
}

static void run(struct tool *tool, char *line)
{
	char *word[WORDS_MAX];
	unsigned n = split(line, word);
	const char *verb = n > 0 ? word[0] : "";

	if (strcmp(verb, "path") == 0 || strcmp(verb, "reply") == 0)
		command_path(tool, word[1], *verb == 'r');
	else if (strcmp(verb, "resolve") == 0 && n == 3)
		command_resolve(tool, word[1], atoi(word[2]));
	else if (strcmp(verb, "bench") == 0)
		command_bench(tool, word[1]);
	else if (strcmp(verb, "rule") == 0 && n == 5 && tool->rules_n < RULES_MAX)
		command_rule(tool, word);
	else if (strcmp(verb, "norules") == 0)
		printf("rule %u\n", tool->rules_n = 0);
	else if (strcmp(verb, "at") == 0)
		command_at(tool, word + 1, n - 1);
	else if (strcmp(verb, "capture") == 0)
		printf("capture %d\n", lvs_host_capture_set(tool->host, tool->rule, tool->rules_n));
	else if (strcmp(verb, "add") == 0 || strcmp(verb, "del") == 0 || strcmp(verb, "state") == 0)
		command_address(tool, word);
	else if (strcmp(verb, "announce") == 0)
		printf("announce\n"), lvs_host_address_announce(tool->host);
	else if (strcmp(verb, "sysctl") == 0 && n == 3)
		printf("sysctl %d\n", lvs_host_sysctl_set(tool->host, word[1], word[2]));
	else if (strcmp(verb, "print") == 0 && n == 2)
		command_print(tool, word[1]);
	else
		printf("what?\n");
	fflush(stdout);
}

static void read_options(struct lvs_host_conf *conf, int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "noprobe") == 0)
			conf->flags |= LVS_HOST_NO_PROBE;
		else if (strcmp(argv[i], "nosetup") == 0)
			conf->flags |= LVS_HOST_NO_SETUP;
		else if (strcmp(argv[i], "dry") == 0)
			conf->flags |= LVS_HOST_DRY_RUN;
		else if (strncmp(argv[i], "confirm=", 8) == 0)
			conf->confirm_s = (uint32_t)atoi(argv[i] + 8);
	}
}

static void serve(struct tool *tool)
{
	struct pollfd fd[2] = {{.fd = 0, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
	char line[512];

	fd[1].fd = lvs_host_fd(tool->host);
	while (poll(fd, 2, -1) > 0) {
		if (fd[1].revents != 0 && lvs_host_handle(tool->host) != 0)
			fprintf(stderr, "handle failed\n");
		if (fd[0].revents == 0)
			continue;
		if (fgets(line, sizeof(line), stdin) == NULL)
			return;
		run(tool, line);
	}
}

int main(int argc, char **argv)
{
	struct lvs_host_conf conf = {
		.size = sizeof(conf),
		.changed = on_changed,
		.conflict = on_conflict,
		.log = {.line = on_log},
	};
	struct tool tool = {.rules_n = 0};
	int err;

	if (argc < 2)
		return 2;
	conf.name = argv[1];
	read_options(&conf, argc, argv);
	err = lvs_host_new(&conf, &tool.host);
	if (err != 0) {
		printf("no host: %s\n", lvs_strerror(err));
		return 1;
	}
	setvbuf(stdin, NULL, _IONBF, 0); /* so that poll() tells of every line */
	printf("ready\n");
	fflush(stdout);
	serve(&tool);
	lvs_host_del(tool.host);
	return 0;
}
