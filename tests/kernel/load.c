/* SPDX-License-Identifier: BSD-2-Clause */
/* The first process of the guest of links: loads the modules, and becomes the shell with links.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int load(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/modules/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && syscall(SYS_finit_module, fd, "", 0) == 0) {
		close(fd);
		return 0;
	}
	fprintf(stderr, "load: %s: %s\n", path, strerror(errno));
	return -1;
}

int main(void)
{
	char bash[] = "bash", script[] = "/links.sh", *const argv[] = {bash, script, NULL};
	FILE *order = fopen("/modules/order", "r");
	char name[128];

	while (order && fgets(name, sizeof(name), order)) {
		name[strcspn(name, "\n")] = 0;
		if (load(name) < 0)
			return 1; /* the kernel panics, and the emulator ends */
	}
	execv("/bin/bash", argv);
	perror("/bin/bash");
	return 1;
}
