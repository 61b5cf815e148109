/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/host/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <liblvs/error.h>

#include "base/byteorder.h"
#include "io/host/state.h"

#define VALUE_MAX 256

/* A new entry at the end, or NULL. @p text and @p value may be NULL. */
static struct lvs_made *record(struct lvs_setup *setup, enum lvs_made_kind kind, const char *text,
			       const char *value, const char *old)
{
	struct lvs_made *made = realloc(setup->made, (setup->n + 1) * sizeof(*made));
	struct lvs_made entry = {.kind = kind};

	if (made == NULL)
		return NULL;
	setup->made = made;
	entry.text = text ? strdup(text) : NULL;
	entry.value = value ? strdup(value) : NULL;
	entry.old = old ? strdup(old) : NULL;
	if ((text && !entry.text) || (value && !entry.value) || (old && !entry.old)) {
		free(entry.text);
		free(entry.value);
		free(entry.old);
		return NULL;
	}
	made += setup->n++;
	*made = entry;
	return made;
}

static void forget(struct lvs_setup *setup, unsigned at)
{
	struct lvs_made *made = &setup->made[at];

	free(made->text);
	free(made->value);
	free(made->old);
	setup->n--;
	memmove(made, made + 1, (setup->n - at) * sizeof(*made));
}

int lvs_setup_record_capture(struct lvs_setup *setup)
{
	for (unsigned i = 0; i < setup->n; i++)
		if (setup->made[i].kind == LVS_MADE_CAPTURE)
			return 0;
	return record(setup, LVS_MADE_CAPTURE, NULL, NULL, NULL) ? 0 : LVS_ERR_NO_MEMORY;
}

int lvs_setup_record_address(struct lvs_setup *setup, unsigned family, const union lvs_addr *addr,
			     uint32_t ifindex, const char *line)
{
	struct lvs_made *made = record(setup, LVS_MADE_ADDRESS, line, NULL, NULL);

	if (made == NULL)
		return LVS_ERR_NO_MEMORY;
	made->family = (uint8_t)family;
	made->addr = *addr;
	made->ifindex = ifindex;
	return 0;
}

void lvs_setup_forget_address(struct lvs_setup *setup, unsigned family, const union lvs_addr *addr,
			      uint32_t ifindex)
{
	for (unsigned i = 0; i < setup->n; i++) {
		const struct lvs_made *made = &setup->made[i];

		if (made->kind == LVS_MADE_ADDRESS && made->family == family &&
		    made->ifindex == ifindex && lvs_addr_equal(&made->addr, addr, family)) {
			forget(setup, i);
			return;
		}
	}
}

static int open_sysctl(const char *path, int flags)
{
	char name[512];

	if (path[0] == '/' || strstr(path, "..") != NULL ||
	    (size_t)snprintf(name, sizeof(name), "/proc/sys/%s", path) >= sizeof(name)) {
		errno = EINVAL;
		return -1;
	}
	return open(name, flags | O_CLOEXEC);
}

int lvs_sysctl_read(const char *path, char *value, size_t room)
{
	int fd = open_sysctl(path, O_RDONLY);
	ssize_t len;

	if (fd < 0)
		return lvs_netlink_error(errno);
	len = read(fd, value, room - 1);
	close(fd);
	if (len < 0)
		return LVS_ERR_IO;
	value[len] = 0;
	value[strcspn(value, "\n")] = 0;
	return 0;
}

static int write_sysctl(const char *path, const char *value)
{
	int fd = open_sysctl(path, O_WRONLY);
	size_t len = strlen(value);
	int err = 0;

	if (fd < 0)
		return errno == EROFS ? LVS_ERR_PERMISSION : lvs_netlink_error(errno);
	if (write(fd, value, len) != (ssize_t)len)
		err = lvs_netlink_error(errno);
	close(fd);
	return err;
}

int lvs_host_sysctl_set(struct lvs_host *host, const char *path, const char *value)
{
	char old[VALUE_MAX];
	int err;

	if (host->flags & LVS_HOST_NO_SETUP)
		return 0;
	if (strchr(value, '\n') != NULL)
		return LVS_ERR_INVALID;
	if (host->flags & LVS_HOST_DRY_RUN)
		return record(&host->setup, LVS_MADE_SYSCTL, path, value, NULL) ? 0
										: LVS_ERR_NO_MEMORY;
	err = lvs_sysctl_read(path, old, sizeof(old));
	if (err != 0 || strcmp(old, value) == 0)
		return err;
	if (record(&host->setup, LVS_MADE_SYSCTL, path, value, old) == NULL)
		return LVS_ERR_NO_MEMORY;
	err = write_sysctl(path, value);
	if (err != 0)
		forget(&host->setup, host->setup.n - 1);
	return err;
}

int lvs_host_setup_note(struct lvs_host *host, const char *line)
{
	return record(&host->setup, LVS_MADE_NOTE, line, NULL, NULL) ? 0 : LVS_ERR_NO_MEMORY;
}

/* A value that somebody else has changed meanwhile is theirs. */
static void undo_sysctl(struct lvs_host *host, const struct lvs_made *made)
{
	char now[VALUE_MAX];

	if (made->old == NULL || lvs_sysctl_read(made->text, now, sizeof(now)) != 0)
		return;
	if (strcmp(now, made->value) != 0)
		lvs_host_log(host, LVS_LOG_NOTICE, "%s was changed meanwhile, left alone",
			     made->text);
	else if (write_sysctl(made->text, made->old) != 0)
		lvs_host_log(host, LVS_LOG_WARNING, "%s cannot be set back to %s", made->text,
			     made->old);
}

/* The capture goes last, whenever it came: with forwarding still on, or a service address still
 * there, the host would handle what it must not. */
void lvs_setup_undo(struct lvs_host *host)
{
	struct lvs_setup *setup = &host->setup;

	while (setup->n > 0) {
		const struct lvs_made *made = &setup->made[setup->n - 1];

		if (made->kind == LVS_MADE_SYSCTL && lvs_host_usable(host))
			undo_sysctl(host, made);
		else if (made->kind == LVS_MADE_ADDRESS && lvs_host_usable(host))
			lvs_service_remove(host, made->family, &made->addr, made->ifindex);
		forget(setup, setup->n - 1);
	}
	free(setup->made);
	setup->made = NULL;
	if (lvs_capture_remove(&host->capture) != 0)
		lvs_host_log(host, LVS_LOG_ERROR, "the filter table %s cannot be removed",
			     host->capture.table);
	lvs_steer_remove(host);
}

/* With slashes, which sysctl(8) takes too: a part may have a dot (eth0.5). */
static void print_sysctl(const struct lvs_made *made, void (*line)(void *user, const char *text),
			 void *user)
{
	char text[1024];

	snprintf(text, sizeof(text), "sysctl -w %s=%s", made->text, made->value);
	line(user, text);
}

static void print_capture(const struct lvs_host *host, void (*line)(void *user, const char *text),
			  void *user)
{
	lvs_steer_print(host, line, user);
	lvs_capture_print(&host->capture, line, user);
}

void lvs_host_setup_print(const struct lvs_host *host, void (*line)(void *user, const char *text),
			  void *user)
{
	for (unsigned i = 0; i < host->setup.n; i++) {
		const struct lvs_made *made = &host->setup.made[i];

		if (made->kind == LVS_MADE_SYSCTL)
			print_sysctl(made, line, user);
		else if (made->kind == LVS_MADE_NOTE || made->kind == LVS_MADE_ADDRESS)
			line(user, made->text);
		else
			print_capture(host, line, user);
	}
}
