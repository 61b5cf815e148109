/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings of the host that the tunnel end needs, and their way back. */
#ifndef DECAP_SYSCTL_H
#define DECAP_SYSCTL_H

enum { SYSCTL_MAX = 8 };

/* What was changed; restored in reverse order. */
struct sysctl_log {
	struct {
		const char *path; /* below /proc/sys/net; static */
		long was;
	} change[SYSCTL_MAX];
	unsigned n;
};

/* Settings of the tunnel device: they go with it. Returns 0, or -1 with a line on stderr. */
int sysctl_set_device(const char *tun);

/*
 * The host shall not answer ARP for service addresses that are on the tunnel
 * device. Returns 0, or -1 with a line on stderr.
 */
int sysctl_set_arp(struct sysctl_log *log);

void sysctl_restore(struct sysctl_log *log);

#endif
