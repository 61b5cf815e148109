/* SPDX-License-Identifier: BSD-2-Clause */
/* What struct lvs_xdp is made of. Its control thread writes it; ios read what is set before they
 * are opened. */
#ifndef LVS_XDP_STATE_H
#define LVS_XDP_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include <liblvs/xdp.h>

#include "io/host/capture.h"
#include "xdp/steer.h"

struct bpf_object;

enum {
	LVS_XDP_LINK_LEN = 14,   /* an Ethernet header */
	LVS_XDP_FRAME = 4096,    /* a frame's place in a worker's memory */
	LVS_XDP_KERNEL = 256,    /* in front of what the kernel receives */
	LVS_XDP_WORKERS = 1024,  /* at most */
	LVS_XDP_NAME_LEN = 16,   /* of an interface, and of a program in the kernel */
	LVS_XDP_DRIVER_LEN = 32, /* of a driver's name */
};

#define LVS_XDP_PROGRAM "lvs_steer"

/* An interface. Ios read it with the lock held, but for the atomics. */
struct lvs_xdp_port {
	char name[LVS_XDP_NAME_LEN];
	char driver[LVS_XDP_DRIVER_LEN];
	uint32_t ifindex;
	_Atomic uint32_t mtu; /* relaxed: ios want some recent value */
	uint32_t queue_n;
	uint32_t first;   /* queue 0's place in the map of sockets */
	uint32_t place_n; /* places there */
	uint8_t mac[6];
	bool gone; /* one of its name is waited for */
	bool attached;
	uint32_t mode; /* enum lvs_xdp_mode, while it is attached */
	int claim;     /* socket whose name says that the interface is ours; -1 */
};

/* The program and its maps: descriptors, the object's. */
struct lvs_xdp_program {
	struct bpf_object *object;
	int fd;
	int links, ends, rules, sockets, counts;
};

struct lvs_xdp {
	struct lvs_xdp_conf conf; /* with defaults; interfaces: NULL */
	struct lvs_xdp_program program;
	struct lvs_xdp_port port[STEER_LINKS];
	unsigned port_n;
	uint32_t place_n;     /* in the map of sockets, given to interfaces */
	pthread_mutex_t lock; /* of the interfaces, once there are ios */
	/* How often an interface went or came. release: with the acquire of ios, which open their
	 * sockets anew. */
	_Atomic uint32_t changes;
	_Atomic uint64_t gone_n, back_n; /* relaxed: counters */
	int processor_n;                 /* of which the kernel has counters */
	struct lvs_capture_rules rules;  /* in force */
};

/* Says what failed, and gives the enum lvs_err of @err, an errno. */
int lvs_xdp_failed(const struct lvs_xdp *xdp, const char *interface, const char *what, int err);

/* program.c: the object, loaded; and freed. */
int lvs_xdp_program_load(struct lvs_xdp *xdp);
void lvs_xdp_program_free(struct lvs_xdp *xdp);

/* port.c: what an interface is, and that no living director has it. */
int lvs_xdp_port_open(struct lvs_xdp *xdp, struct lvs_xdp_port *port, const char *name);
void lvs_xdp_port_close(struct lvs_xdp_port *port);
/* Reads its address and MTU anew. @changed: whether they have. LVS_ERR_NO_DEVICE: it is gone, or
 * another has its name. */
int lvs_xdp_port_read(const struct lvs_xdp *xdp, struct lvs_xdp_port *port, bool *changed);

/* attach.c: whether another's program is there; putting ours in the place of one that a crashed
 * director left; taking it off. */
int lvs_xdp_attach_check(const struct lvs_xdp *xdp, const struct lvs_xdp_port *port);
int lvs_xdp_attach(const struct lvs_xdp *xdp, struct lvs_xdp_port *port);
void lvs_xdp_detach(const struct lvs_xdp *xdp, struct lvs_xdp_port *port);

/* maps.c: turns the maps of the rules in force into those of @next. On an error they are as before.
 */
int lvs_xdp_maps_change(const struct lvs_xdp *xdp, const struct lvs_capture_rules *next);
/* What the program knows of an interface. */
int lvs_xdp_maps_put_link(const struct lvs_xdp *xdp, const struct lvs_xdp_port *port);
void lvs_xdp_maps_del_link(const struct lvs_xdp *xdp, const struct lvs_xdp_port *port);

/* follow.c: gives an interface, opened, places in the map of sockets. */
int lvs_xdp_port_place(struct lvs_xdp *xdp, struct lvs_xdp_port *port);

#endif
