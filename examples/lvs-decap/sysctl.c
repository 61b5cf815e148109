/* SPDX-License-Identifier: BSD-2-Clause */
#include "sysctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_LEN = 128 };

static FILE *open_path(const char *path, const char *mode)
{
	char whole[PATH_MAX_LEN];

	snprintf(whole, sizeof(whole), "/proc/sys/net/%s", path);
	return fopen(whole, mode);
}

static int read_value(const char *path, long *value)
{
	FILE *file = open_path(path, "re");
	char text[32], *end = text;

	if (!file)
		return -1;
	if (fgets(text, sizeof(text), file))
		*value = strtol(text, &end, 10);
	fclose(file);
	return end == text ? -1 : 0;
}

static int write_value(const char *path, long value)
{
	FILE *file = open_path(path, "we");
	int failed;

	if (!file)
		return -1;
	failed = fprintf(file, "%ld\n", value) < 0;
	return fclose(file) || failed ? -1 : 0;
}

static int fail(const char *path)
{
	fprintf(stderr, "lvs-decap: setting net/%s: %s (--no-sysctl leaves it alone)\n", path,
		strerror(errno));
	return -1;
}

/* Nothing to do where it is there already, which a read-only /proc/sys allows. */
static int set_value(const char *path, long value)
{
	long was;

	if (read_value(path, &was) == 0 && was == value)
		return 0;
	return write_value(path, value) < 0 ? fail(path) : 0;
}

/*
 * Clients' packets come in here and would be answered elsewhere: the strict
 * check of source addresses must not see them. The kernel takes the larger of
 * the device's value and that of "all"; where "all" is on, 2 (loose) is the
 * least strict that is left.
 */
int sysctl_set_device(const char *tun)
{
	char path[PATH_MAX_LEN];
	long all = 0;

	if (read_value("ipv4/conf/all/rp_filter", &all) < 0)
		return fail("ipv4/conf/all/rp_filter");
	snprintf(path, sizeof(path), "ipv4/conf/%s/rp_filter", tun);
	if (set_value(path, all ? 2 : 0) < 0)
		return -1;
	/* Nobody is to be talked to through the device. Where there is no IPv6, there is no file.
	 */
	snprintf(path, sizeof(path), "ipv6/conf/%s/addr_gen_mode", tun);
	if (read_value(path, &all) == 0)
		return set_value(path, 1);
	return 0;
}

/* The kernel takes the larger of the interface's value and that of "all". */
static int raise_value(struct sysctl_log *log, const char *path, long least)
{
	long was;

	if (read_value(path, &was) < 0)
		return fail(path);
	if (was >= least)
		return 0;
	if (write_value(path, least) < 0)
		return fail(path);
	log->change[log->n].path = path;
	log->change[log->n].was = was;
	log->n++;
	return 0;
}

int sysctl_set_arp(struct sysctl_log *log)
{
	if (raise_value(log, "ipv4/conf/all/arp_ignore", 1) < 0)
		return -1;
	return raise_value(log, "ipv4/conf/all/arp_announce", 2);
}

void sysctl_restore(struct sysctl_log *log)
{
	while (log->n) {
		log->n--;
		if (write_value(log->change[log->n].path, log->change[log->n].was) < 0)
			fail(log->change[log->n].path);
	}
}
