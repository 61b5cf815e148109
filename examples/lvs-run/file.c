/* SPDX-License-Identifier: BSD-2-Clause */
#include "file.h"
#include "real.h"
#include "redirect.h"

#include <liblvs/ipvs.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const char *file_name(const char *path)
{
	static const char *const folders[] = {"/proc/net/", "/proc/self/net/",
					      "/proc/thread-self/net/"};
	static const char *const names[] = {"ip_vs", "ip_vs_conn", "ip_vs_conn_sync", "ip_vs_stats",
					    "ip_vs_app"};

	for (unsigned i = 0; path && i < sizeof(folders) / sizeof(folders[0]); i++) {
		size_t len = strlen(folders[i]);

		if (strncmp(path, folders[i], len) != 0)
			continue;
		for (unsigned k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			if (!strcmp(path + len, names[k]))
				return names[k];
	}
	return NULL;
}

static int keep(void *user, const struct lvs_ipvs_message *answer)
{
	const int *fd = user;
	size_t at = 0;

	while (at < answer->text_len) {
		ssize_t n = write(*fd, answer->text + at, answer->text_len - at);

		if (n < 0)
			return -errno;
		at += (size_t)n;
	}
	return 0;
}

static int ask(const char *name, int *fd)
{
	struct lvs_ipvs_message request = {.size = sizeof(request), .kind = LVS_IPVS_OWN};
	struct lvs_ipvs_client *client;
	int err = lvs_ipvs_client_new(redirect_path(), &client);

	if (err)
		return err;
	request.command = LVS_IPVS_GET_TEXT;
	request.given = LVS_IPVS_BIT(LVS_IPVS_ATTR_NAME);
	request.nl_flags = NLM_F_DUMP;
	snprintf(request.name, sizeof(request.name), "%s", name);
	err = lvs_ipvs_ask(client, &request, keep, fd);
	lvs_ipvs_client_del(client);
	return err;
}

int file_open(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	int err;

	if (fd < 0)
		return -1;
	err = ask(name, &fd);
	if (!err && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	REAL(close)(fd);
	errno = err == -EPERM || err == -EACCES ? EACCES : ENOENT; /* as where there is no IPVS */
	return -1;
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
	const char *name = mode[0] == 'r' ? file_name(path) : NULL;
	int fd;

	if (!name)
		return REAL(fopen)(path, mode);
	fd = file_open(name);
	return fd < 0 ? NULL : fdopen(fd, mode);
}

FILE *fopen64(const char *restrict path, const char *restrict mode)
{
	return file_name(path) ? fopen(path, mode) : REAL(fopen64)(path, mode);
}

/* With the mode that a new file would get, where there is one. */
#define OPEN(call, ...)                                                                            \
	do {                                                                                       \
		const char *name = file_name(path);                                                \
		mode_t mode = 0;                                                                   \
		va_list args;                                                                      \
                                                                                                   \
		if (name)                                                                          \
			return file_open(name);                                                    \
		va_start(args, flags);                                                             \
		if (flags & (O_CREAT | __O_TMPFILE))                                               \
			mode = va_arg(args, mode_t);                                               \
		va_end(args);                                                                      \
		return REAL(call)(__VA_ARGS__ path, flags, mode);                                  \
	} while (0)

int open(const char *path, int flags, ...)
{
	OPEN(open);
}

int open64(const char *path, int flags, ...)
{
	OPEN(open64);
}

int openat(int folder, const char *path, int flags, ...)
{
	OPEN(openat, folder, );
}

int openat64(int folder, const char *path, int flags, ...)
{
	OPEN(openat64, folder, );
}

/* Some look whether a file is there before they ask for IPVS. */
int access(const char *path, int mode)
{
	int lvsd;

	if (!file_name(path))
		return REAL(access)(path, mode);
	lvsd = redirect_connect();
	if (lvsd < 0 || mode & (W_OK | X_OK)) {
		errno = lvsd < 0 ? ENOENT : EACCES;
		if (lvsd >= 0)
			REAL(close)(lvsd);
		return -1;
	}
	REAL(close)(lvsd);
	return 0;
}
