/* SPDX-License-Identifier: BSD-2-Clause */
/* What was made on the host, in order, so that it can be told and undone. */
#ifndef LVS_IO_HOST_SETUP_H
#define LVS_IO_HOST_SETUP_H

#include <liblvs/types.h>

enum lvs_made_kind {
	LVS_MADE_NOTE = 0,    /* somebody else's; text is the line */
	LVS_MADE_SYSCTL = 1,  /* text is the path */
	LVS_MADE_ADDRESS = 2, /* text is the line */
	LVS_MADE_CAPTURE = 3, /* the nft table */
};

struct lvs_made {
	enum lvs_made_kind kind;
	uint8_t family;   /* of an address */
	uint32_t ifindex; /* where it is */
	union lvs_addr addr;
	char *text;
	char *value; /* of a sysctl, what we set */
	char *old;   /* ... and what it was */
};

struct lvs_setup {
	struct lvs_made *made;
	unsigned n;
};

struct lvs_host;

int lvs_setup_record_capture(struct lvs_setup *setup);
int lvs_setup_record_address(struct lvs_setup *setup, unsigned family, const union lvs_addr *addr,
			     uint32_t ifindex, const char *line);
void lvs_setup_forget_address(struct lvs_setup *setup, unsigned family, const union lvs_addr *addr,
			      uint32_t ifindex);

/* Reads a sysctl's value, without the line feed. @p path is as for lvs_host_sysctl_set(). Returns 0
 * or a negative lvs_err. */
int lvs_sysctl_read(const char *path, char *value, size_t room);

/* Undoes all in reverse order, and frees the list. */
void lvs_setup_undo(struct lvs_host *host);

#endif
