/* SPDX-License-Identifier: BSD-2-Clause */
/* A TUN device with virtio-net headers: made, set so that the host believes it, brought up. */
#ifndef LVS_IO_TUN_DEVICE_H
#define LVS_IO_TUN_DEVICE_H

#include <net/if.h>
#include <stdbool.h>

#include <liblvs/types.h>

struct lvs_tun {
	const char *who;           /* in log lines: the adapter's name */
	const struct lvs_log *log; /* the caller's */
	char name[IF_NAMESIZE];
};

/* Names the device for the calls below. False for a name that no interface can have. */
bool lvs_tun_name(struct lvs_tun *tun, const char *name);

/*
 * A descriptor, which does not block: a queue of the device, which is made where it is not there;
 * then tun->name is its whole name. @flags: of TUNSETIFF, besides those that all have. A negative
 * enum lvs_err otherwise, with a log line.
 */
int lvs_tun_open(struct lvs_tun *tun, unsigned flags);

/*
 * Has the host believe packets that come from everywhere, and say nothing into the
 * device itself. What cannot be set is said in the log.
 */
void lvs_tun_quieten(const struct lvs_tun *tun);

/* A setting of the device, below net/@family/conf. 0, or -1 with errno set. */
int lvs_tun_set(const struct lvs_tun *tun, const char *family, const char *key, char digit);

/* MTU, in bytes of IP packet. 0 or a negative enum lvs_err, with a log line. */
int lvs_tun_set_mtu(const struct lvs_tun *tun, unsigned mtu);
int lvs_tun_get_mtu(const struct lvs_tun *tun, unsigned *mtu);

/* Packets that each queue holds. 0 or a negative enum lvs_err, with a log line. */
int lvs_tun_set_queue(const struct lvs_tun *tun, unsigned packets);

/* 0 or a negative enum lvs_err, with a log line. */
int lvs_tun_bring_up(const struct lvs_tun *tun);

/* Says what failed, by errno, and gives the enum lvs_err for it. */
int lvs_tun_failed(const struct lvs_tun *tun, const char *what);

#endif
