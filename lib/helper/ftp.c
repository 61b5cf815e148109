/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FTP behind NAT (RFC 959, 2428). What the client asks for is remembered, what comes of it gets a
 * connection of its own, and one reply of each question is looked at:
 *
 *	PORT, EPRT   the server's port before its control port, to where the client listens
 *	PASV, EPSV   any port of the client, to where the server listens; in its reply stand the
 *	             service's address and the same port
 */
#include <string.h>

#include "base/byteorder.h"
#include "helper/ftp_text.h"
#include "helper/list.h"

struct ftp_state {
	uint8_t awaited; /* enum lvs_ftp_passive: the reply that was asked for, and has not come */
};

static lvs_be16 one_less(lvs_be16 port)
{
	return lvs_htons(lvs_ntohs(port) - 1);
}

static void expect_active(const struct lvs_binding *binding, const struct lvs_ftp_end *end,
			  struct lvs_helper_answer *answer)
{
	answer->flags = LVS_HELPER_EXPECT;
	answer->expect.client = end->addr;
	answer->expect.client_port = end->port;
	answer->expect.service_port = one_less(binding->service_port);
	answer->expect.dest = binding->dest;
	answer->expect.dest_port = one_less(binding->dest_port);
}

static void request(struct ftp_state *state, const struct lvs_helper_segment *segment,
		    struct lvs_helper_answer *answer)
{
	const struct lvs_binding *binding = segment->binding;
	enum lvs_ftp_passive passive =
		lvs_ftp_read_passive(segment->data, segment->len, binding->family);
	struct lvs_ftp_end end;

	if (passive != LVS_FTP_NONE) {
		state->awaited = (uint8_t)passive;
	} else if (lvs_ftp_read_active(segment->data, segment->len, binding->family, &end)) {
		state->awaited = LVS_FTP_NONE;
		expect_active(binding, &end, answer);
	}
}

static void expect_passive(const struct lvs_binding *binding, const struct lvs_ftp_end *end,
			   const union lvs_addr *server, struct lvs_helper_answer *answer)
{
	answer->flags = LVS_HELPER_EXPECT | LVS_HELPER_REWRITE;
	answer->expect.client = binding->client;
	answer->expect.service_port = end->port;
	answer->expect.dest = *server;
	answer->expect.dest_port = end->port;
	answer->cut_at = end->at;
	answer->cut_len = end->len;
}

static void reply(struct ftp_state *state, const struct lvs_helper_segment *segment,
		  struct lvs_helper_answer *answer)
{
	const struct lvs_binding *binding = segment->binding;
	struct lvs_ftp_end end;

	if (state->awaited == LVS_FTP_PASV && lvs_ftp_read_227(segment->data, segment->len, &end)) {
		expect_passive(binding, &end, &end.addr, answer);
		answer->text_len = lvs_ftp_write_227(answer->text, &binding->service, end.port);
		state->awaited = LVS_FTP_NONE;
	} else if (state->awaited == LVS_FTP_EPSV &&
		   lvs_ftp_read_229(segment->data, segment->len, &end)) {
		expect_passive(binding, &end, &binding->dest, answer);
		answer->text_len = lvs_ftp_write_229(answer->text, end.port);
		state->awaited = LVS_FTP_NONE;
	}
}

static int ftp_segment(void *state, const struct lvs_helper_segment *segment,
		       struct lvs_helper_answer *answer)
{
	if (segment->flags & LVS_HELPER_REPLY)
		reply(state, segment, answer);
	else
		request(state, segment, answer);
	return true;
}

static int ftp_awaits(const void *state, unsigned flags)
{
	const struct ftp_state *ftp = state;

	return flags & LVS_HELPER_REPLY && ftp->awaited != LVS_FTP_NONE;
}

const struct lvs_helper_ops lvs_helper_ftp = {
	.size = sizeof(lvs_helper_ftp),
	.name = "ftp",
	.state_size = sizeof(struct ftp_state),
	.segment = ftp_segment,
	.awaits = ftp_awaits,
};
