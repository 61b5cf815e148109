/* SPDX-License-Identifier: BSD-2-Clause */
#include "genl/listen.h"
#include "log.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static int fail(const struct lvs_log *log, const char *path, const char *why)
{
	log_line(log, LVS_LOG_ERROR, "control socket %s: %s", path, why);
	return -1;
}

/* Only the last: what lies above is the system's. */
static void make_folder(const char *path)
{
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	char *slash;

	strcpy(folder, path); /* its length was checked */
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return;
	*slash = '\0';
	(void)mkdir(folder, 0755); /* bind() tells */
}

/* Whether somebody listens there. A file that nobody listens at is in the way. */
static bool is_taken(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused;

	if (fd < 0)
		return true;
	refused = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 &&
		  errno == ECONNREFUSED;
	close(fd);
	return !refused;
}

static int clear_away(const struct sockaddr_un *addr, const struct lvs_log *log)
{
	struct stat file;

	if (lstat(addr->sun_path, &file) < 0)
		return 0;
	if (!S_ISSOCK(file.st_mode))
		return fail(log, addr->sun_path, "a file that is no socket is there");
	if (is_taken(addr))
		return fail(log, addr->sun_path, "another lvsd listens there; give it another");
	return unlink(addr->sun_path) < 0 ? fail(log, addr->sun_path, strerror(errno)) : 0;
}

/* A thousand clients are more than a shell lets a program have open. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max &&
	    limit.rlim_cur < 8192) {
		limit.rlim_cur = limit.rlim_max < 8192 ? limit.rlim_max : 8192;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int genl_listen_open(const char *path, const struct lvs_log *log)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	mode_t mask;
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return fail(log, path, strerror(ENAMETOOLONG));
	strcpy(addr.sun_path, path);
	make_folder(path);
	if (clear_away(&addr, log) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(log, path, strerror(errno));
	mask = umask(0177);
	err = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	umask(mask);
	if (err < 0 || listen(fd, BACKLOG) < 0) {
		fail(log, path, strerror(errno));
		close(fd);
		return -1;
	}
	raise_limit();
	return fd;
}

void genl_listen_close(int fd)
{
	struct sockaddr_un addr = {0};
	socklen_t len = sizeof(addr);

	if (getsockname(fd, (struct sockaddr *)&addr, &len) == 0)
		(void)unlink(addr.sun_path);
	close(fd);
}

bool genl_listen_may(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}
