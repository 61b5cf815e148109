/* SPDX-License-Identifier: BSD-2-Clause */
#include "bridge.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hex.h"
#include "run.h"
#include "script.h"
#include "site.h"
#include "talk.h"

enum { CLIENT, SERVER, HOSTS, LINE_MAX_LEN = 4 * FRAME_MAX, WAIT_MS = 20, CHILDREN = 64 };

struct bridge {
	int ns[HOSTS];
	int tap[SCRIPT_IF_N];
	pid_t talker;
	pid_t child[CHILDREN]; /* servers */
	size_t child_n;
	char line[LINE_MAX_LEN];
	size_t line_len;
	FILE *out;
};

static void open_hosts(struct bridge *bridge)
{
	static const int owner[SCRIPT_IF_N] = {CLIENT, SERVER, SERVER};

	for (int host = 0; host < HOSTS; host++) {
		if (unshare(CLONE_NEWNET) < 0)
			return;
		bridge->ns[host] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		for (unsigned i = 0; i < SCRIPT_IF_N; i++)
			if (owner[i] == host)
				bridge->tap[i] = site_tap(script_if_name(i));
	}
}

static bool enter(const struct bridge *bridge, const char *host)
{
	int which = host && !strcmp(host, "client") ? CLIENT : SERVER;

	return host && setns(bridge->ns[which], CLONE_NEWNET) == 0;
}

static unsigned number(char **args)
{
	const char *word = script_word(args);

	return word ? (unsigned)strtoul(word, NULL, 10) : 0;
}

static bool set(char *args)
{
	const char *name = script_word(&args);

	return name && args && site_sysctl_write(name, args);
}

static void inject(struct bridge *bridge, char *args)
{
	static uint8_t frame[FRAME_MAX];
	int interface = script_if_find(script_word(&args));
	int len = args ? hex_read(args, frame, sizeof(frame)) : -1;

	/* A frame that a full device does not take is lost, as on any wire. */
	if (interface >= 0 && len > 0 && write(bridge->tap[interface], frame, (size_t)len) < 0)
		fputs("text a frame was lost\n", bridge->out);
}

static void start_talk(struct bridge *bridge, char *args)
{
	const char *address = script_word(&args);
	unsigned port = number(&args);
	unsigned up = number(&args);

	enter(bridge, "client");
	bridge->talker = talk_client(address ? address : "", port, up, number(&args));
}

static void start_server(struct bridge *bridge, char *args)
{
	pid_t pid;

	enter(bridge, "server");
	pid = talk_serve(number(&args));
	if (pid > 0 && bridge->child_n < CHILDREN)
		bridge->child[bridge->child_n++] = pid;
	fprintf(bridge->out, "status %d\n", pid < 0);
}

/* False at the end. */
static bool obey(struct bridge *bridge, char *args)
{
	const char *verb = script_word(&args);

	if (!verb || !strcmp(verb, "end"))
		return false;
	if (!strcmp(verb, "in"))
		inject(bridge, args);
	else if (!strcmp(verb, "serve"))
		start_server(bridge, args);
	else if (!strcmp(verb, "talk"))
		start_talk(bridge, args);
	else if (!strcmp(verb, "ip") && enter(bridge, script_word(&args)))
		fprintf(bridge->out, "status %d\n", run_program("ip", args, NULL, bridge->out));
	else if (!strcmp(verb, "sysctl") && enter(bridge, script_word(&args)))
		fprintf(bridge->out, "status %d\n", !set(args));
	return true;
}

/* Whole lines of what has come; false at the end. */
static bool take(struct bridge *bridge, int in)
{
	ssize_t got =
		read(in, bridge->line + bridge->line_len, sizeof(bridge->line) - bridge->line_len);
	bool going = got > 0;
	char *feed;

	bridge->line_len += got > 0 ? (size_t)got : 0;
	while (going && (feed = memchr(bridge->line, '\n', bridge->line_len))) {
		*feed = 0;
		going = obey(bridge, bridge->line);
		bridge->line_len -= (size_t)(feed + 1 - bridge->line);
		memmove(bridge->line, feed + 1, bridge->line_len);
	}
	return going;
}

static void give(struct bridge *bridge)
{
	static uint8_t frame[FRAME_MAX];

	for (unsigned i = 0; i < SCRIPT_IF_N; i++) {
		ssize_t len;

		while ((len = read(bridge->tap[i], frame, sizeof(frame))) > 0) {
			if (frame[0] & 1)
				continue; /* groups */
			fprintf(bridge->out, "out %s ", script_if_name(i));
			hex_write(bridge->out, frame, (size_t)len);
			putc('\n', bridge->out);
		}
	}
}

static void hear_talker(struct bridge *bridge)
{
	int status;

	if (bridge->talker <= 0 || waitpid(bridge->talker, &status, WNOHANG) != bridge->talker)
		return;
	bridge->talker = 0;
	fprintf(bridge->out, "talked %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 255);
}

static void close_all(struct bridge *bridge)
{
	for (size_t i = 0; i < bridge->child_n; i++) {
		kill(bridge->child[i], SIGKILL);
		waitpid(bridge->child[i], NULL, 0);
	}
	for (unsigned i = 0; i < SCRIPT_IF_N; i++)
		close(bridge->tap[i]);
	for (int host = 0; host < HOSTS; host++)
		close(bridge->ns[host]);
}

void bridge(int in, FILE *out)
{
	static struct bridge bridge;
	struct pollfd ready[SCRIPT_IF_N + 1] = {{.fd = in, .events = POLLIN}};
	bool going = true;

	bridge = (struct bridge){.out = out};
	open_hosts(&bridge);
	for (unsigned i = 0; i < SCRIPT_IF_N; i++)
		ready[i + 1] = (struct pollfd){.fd = bridge.tap[i], .events = POLLIN};
	fputs("bridging\n", out);
	while (going) {
		fflush(out);
		poll(ready, SCRIPT_IF_N + 1, WAIT_MS);
		if (ready[0].revents)
			going = take(&bridge, in);
		give(&bridge);
		hear_talker(&bridge);
	}
	close_all(&bridge);
}
