/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first process of the guest. It reads scenarios from the control line up to the line "run",
 * plays them, writes what came of them and "done", and waits for more.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bridge.h"
#include "play.h"

enum { PATH_LEN = 300, PORT_TRIES = 500, SCENARIO_MAX = 4096 };

static void die(const char *what)
{
	fprintf(stderr, "agent: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE); /* the kernel panics, and the emulator ends */
}

static void mount_one(const char *type, const char *where)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, NULL) < 0 && errno != EBUSY)
		die(where);
}

/* The least table there is: each listing walks through all of it. */
static const char *options(const char *module)
{
	return strcmp(module, "ip_vs.ko") == 0 ? "conn_tab_bits=8" : "";
}

static void load_modules(void)
{
	FILE *order = fopen("/modules/order", "r");
	char name[PATH_LEN / 2];
	char path[PATH_LEN];

	if (!order)
		die("/modules/order");
	while (fgets(name, sizeof(name), order)) {
		int fd;

		name[strcspn(name, "\n")] = 0;
		snprintf(path, sizeof(path), "/modules/%s", name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, options(name), 0) < 0)
			die(path);
		close(fd);
	}
	fclose(order);
}

/* The name of the one port of the control line, once the driver has found it. */
static int port_find(char *path, size_t size)
{
	DIR *ports = opendir("/sys/class/virtio-ports");
	struct dirent *entry;
	int found = 0;

	while (ports && !found && (entry = readdir(ports))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, size, "/dev/%s", entry->d_name);
		found = 1;
	}
	if (ports)
		closedir(ports);
	return found;
}

static FILE *port_open(FILE **in)
{
	static const struct timespec pause = {0, 10000000};
	char path[PATH_LEN];
	FILE *out;
	int fd;

	for (int i = 0; i < PORT_TRIES && !port_find(path, sizeof(path)); i++)
		nanosleep(&pause, NULL);
	/* The driver lets one opener in. */
	fd = open(path, O_RDWR | O_CLOEXEC);
	*in = fd < 0 ? NULL : fdopen(fd, "r");
	out = fd < 0 ? NULL : fdopen(dup(fd), "w");
	if (!*in || !out)
		die("the control line");
	setvbuf(out, NULL, _IOFBF, 1 << 16);
	return out;
}

/* The scenarios up to "run" as one text, or NULL at the end. */
static char *read_batch(FILE *in)
{
	char *text = NULL;
	char *line = NULL;
	size_t text_len = 0;
	size_t size = 0;
	FILE *all = open_memstream(&text, &text_len);
	ssize_t got;

	while (all && (got = getline(&line, &size, in)) > 0 && strcmp(line, "run\n") != 0)
		fwrite(line, 1, (size_t)got, all);
	free(line);
	if (all)
		fclose(all);
	return text;
}

static void play_batch(char *text, FILE *out)
{
	static struct scenario scenario[SCENARIO_MAX];
	const char *wrong = "";
	size_t n = 0;
	int got = 0;

	while (n < SCENARIO_MAX && (got = script_read(&text, &scenario[n], &wrong)) > 0)
		n++;
	if (got < 0)
		fprintf(out, "error not understood: %s\n", wrong);
	else
		play(scenario, n, out);
	for (size_t i = 0; i < n; i++)
		script_free(&scenario[i]);
	fputs("done\n", out);
	fflush(out);
}

int main(void)
{
	FILE *in;
	FILE *out;

	mount_one("devtmpfs", "/dev");
	mount_one("proc", "/proc");
	mount_one("sysfs", "/sys");
	load_modules();
	out = port_open(&in);
	fputs("ready\n", out);
	fflush(out);
	for (;;) {
		char *text = read_batch(in);

		if (!text)
			die("memory");
		if (strcmp(text, "bridge\n") == 0)
			bridge(fileno(in), out);
		else
			play_batch(text, out);
		free(text);
	}
}
