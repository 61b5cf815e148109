/* SPDX-License-Identifier: BSD-2-Clause */
/* A network namespace of its own for one scenario after the other, with its interfaces. */
#ifndef AGENT_SITE_H
#define AGENT_SITE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "script.h"

enum { FRAME_MAX = 10240, SITE_CHANGES = 32, SITE_NAME_LEN = 64, SITE_VALUE_LEN = 48 };

/* What a sysctl was before a scenario set it. */
struct site_change {
	char name[SITE_NAME_LEN];
	char before[SITE_VALUE_LEN];
};

struct site {
	int ns;
	int ipvs;  /* netlink sockets */
	int route; /* the same */
	int conns; /* its connections' file below /proc, open: that takes as long as reading */
	int tap[SCRIPT_IF_N];
	struct site_change change[SITE_CHANGES];
	size_t change_n;
	bool spoilt; /* something in it cannot be set back */
};

/* Makes the namespace and moves the caller into it. What is wrong goes to `out`. */
bool site_open(struct site *site, const struct scenario *scenario, FILE *out);

/* Moves the caller into it. */
void site_enter(const struct site *site);

/* Settings are set back; services go, and their connections with them in some milliseconds. The
 * caller is in it. */
void site_flush(struct site *site);

/* Whether it has no connections. The caller is in it. */
bool site_is_quiet(void);

/* As it was when it was made; what the network had learned is forgotten. The caller is in it. */
bool site_renew(struct site *site, const struct scenario *scenario, FILE *out);

/* Ends it, with all that is in it. */
void site_close(struct site *site);

/* Whether the frame was taken by the kernel; it has done with it all it will on the spot. */
bool site_send(const struct site *site, unsigned interface, const uint8_t *frame, size_t len);

/* The next frame that left by this interface, to one station; its length, 0 for none. */
size_t site_receive(const struct site *site, unsigned interface, uint8_t *frame, size_t size);

/* A tap of this name in the caller's namespace, or -1. */
int site_tap(const char *name);

/* Writes a file below /proc/sys. */
bool site_sysctl_write(const char *name, const char *value);

/* The same; site_flush() sets it back. The caller is in the site. */
bool site_sysctl(struct site *site, const char *name, const char *value);

#endif
