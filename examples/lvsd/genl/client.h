/* SPDX-License-Identifier: BSD-2-Clause */
/* One client of the control socket. Control thread. */
#ifndef LVSD_GENL_CLIENT_H
#define LVSD_GENL_CLIENT_H

#include <liblvs/ipvs.h>

/* What it waits for. */
enum genl_wait {
	GENL_READ,  /* a request */
	GENL_WRITE, /* that it reads its answer; nothing more is made until then */
	GENL_TURN,  /* another step: there is more to do */
	GENL_GONE,  /* nothing any more */
};

struct genl_client {
	struct lvs_ipvs_session *session;
	int fd;
	enum genl_wait wait;
	char *out; /* a datagram that the socket did not take, LVS_IPVS_DATAGRAM bytes; NULL: none
		    */
	size_t out_len;
	struct genl_client *next, *prev;
};

/* Takes `fd` over, on success. Returns NULL without memory. */
struct genl_client *genl_client_new(int fd, const struct lvs_ipvs_server *server, uint32_t flags);
void genl_client_del(struct genl_client *client);

/* Does a bounded piece of work: some datagrams. Returns what it waits for now. */
enum genl_wait genl_client_step(struct genl_client *client);

#endif
