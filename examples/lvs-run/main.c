/* SPDX-License-Identifier: BSD-2-Clause */
/* lvs-run: runs a program that drives the kernel's IPVS, and has it drive lvsd instead. */
#include <liblvs/types.h>

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY "liblvs-run.so"

static const char help[] =
	"Usage: lvs-run [--control PATH] COMMAND [ARGUMENT]...\n"
	"Runs a command, such as ipvsadm or keepalived, that then talks to lvsd wherever it would "
	"to\n"
	"the kernel's IPVS: over generic netlink, and to read /proc/net/ip_vs and its like.\n\n"
	"  --control PATH  lvsd's control socket (default /run/lvsd/control)\n"
	"  --help, --version\n\n"
	"lvs-run ipvsadm -Ln\n"
	"lvs-run keepalived -n -l -f /etc/keepalived/keepalived.conf\n";

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "lvs-run: %s: %s\n", what, why);
	return 127;
}

/* Beside this program, as it is built, or where it was installed. */
static const char *find_library(char path[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - sizeof(LIBRARY) - 1);
	char *slash;

	if (len > 0) {
		path[len] = '\0';
		slash = strrchr(path, '/');
		if (slash) {
			strcpy(slash + 1, LIBRARY);
			if (access(path, R_OK) == 0)
				return path;
		}
	}
	return LVS_RUN_LIBRARY;
}

/* In front of what is preloaded already. */
static int preload(const char *library)
{
	const char *present = getenv("LD_PRELOAD");
	char *text;
	int err;

	if (!present || !present[0])
		return setenv("LD_PRELOAD", library, 1);
	text = malloc(strlen(library) + strlen(present) + 2);
	if (!text)
		return -1;
	sprintf(text, "%s:%s", library, present);
	err = setenv("LD_PRELOAD", text, 1);
	free(text);
	return err;
}

/* Returns the first argument that is the command's, or 0 with the exit status set. */
static int read_options(int argc, char **argv, int *status)
{
	int i = 1;

	*status = 127;
	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--help")) {
			fputs(help, stdout);
			*status = EXIT_SUCCESS;
			return 0;
		}
		if (!strcmp(argv[i], "--version")) {
			printf("lvs-run %d.%d.%d\n", LVS_VERSION_MAJOR, LVS_VERSION_MINOR,
			       LVS_VERSION_PATCH);
			*status = EXIT_SUCCESS;
			return 0;
		}
		if (!strcmp(argv[i], "--"))
			return i + 1;
		if (!strncmp(argv[i], "--control=", 10)) {
			setenv("LVS_RUN_CONTROL", argv[i] + 10, 1);
		} else if (!strcmp(argv[i], "--control") && i + 1 < argc) {
			setenv("LVS_RUN_CONTROL", argv[++i], 1);
		} else {
			fail(argv[i], "expected --control PATH, --help or --version");
			return 0;
		}
	}
	return i;
}

int main(int argc, char **argv)
{
	char path[PATH_MAX];
	int status;
	int first = read_options(argc, argv, &status);

	if (!first)
		return status;
	if (first >= argc)
		return fail("command line", "expected a command; try --help");
	if (preload(find_library(path)) < 0)
		return fail("LD_PRELOAD", strerror(errno));
	execvp(argv[first], argv + first);
	return fail(argv[first], strerror(errno));
}
