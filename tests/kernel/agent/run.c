/* SPDX-License-Identifier: BSD-2-Clause */
#include "run.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "script.h"

enum { ARGS_MAX = 64, PATH_LEN = 64 };

/* A file in memory with this text, at its beginning. */
static int memory_file(const char *text)
{
	int fd = memfd_create("text", MFD_CLOEXEC);
	size_t len = text ? strlen(text) : 0;

	if (fd >= 0 && len && write(fd, text, len) != (ssize_t)len) {
		close(fd);
		return -1;
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

void run_text(const char *text, size_t len, FILE *out)
{
	const char *end = text + len;

	while (text < end) {
		const char *feed = memchr(text, '\n', (size_t)(end - text));
		const char *stop = feed ? feed : end;

		fprintf(out, "text %.*s\n", (int)(stop - text), text);
		text = stop + 1;
	}
}

static void give_output(int fd, FILE *out)
{
	off_t len = lseek(fd, 0, SEEK_END);
	char *text = len > 0 ? malloc((size_t)len) : NULL;

	if (text && pread(fd, text, (size_t)len, 0) == len)
		run_text(text, (size_t)len, out);
	free(text);
}

static pid_t start(const char *path, char **argv, int in, int out)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	if (posix_spawn(&pid, path, &actions, NULL, argv, environ) != 0)
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

int run_program(const char *name, char *args, const char *input, FILE *out)
{
	char path[PATH_LEN];
	char *argv[ARGS_MAX + 2] = {path};
	int in = memory_file(input);
	int result = memory_file(NULL);
	int status = -1;
	int n = 1;
	pid_t pid;

	snprintf(path, sizeof(path), "/bin/%s", name);
	while (n <= ARGS_MAX && (argv[n] = script_word(&args)))
		n++;
	pid = start(path, argv, in, result);
	if (pid > 0)
		waitpid(pid, &status, 0);
	give_output(result, out);
	close(in);
	close(result);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}
