/* SPDX-License-Identifier: BSD-2-Clause */
#include "genl/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STEP = 8 }; /* datagrams */

struct genl_client *genl_client_new(int fd, const struct lvs_ipvs_server *server, uint32_t flags)
{
	struct genl_client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	if (lvs_ipvs_session_new(server, flags, &client->session)) {
		free(client);
		return NULL;
	}
	client->fd = fd;
	client->wait = GENL_READ;
	return client;
}

void genl_client_del(struct genl_client *client)
{
	lvs_ipvs_session_del(client->session);
	close(client->fd);
	free(client->out);
	free(client);
}

/* GENL_TURN when it is out. */
static enum genl_wait send_out(struct genl_client *client)
{
	ssize_t n = send(client->fd, client->out, client->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? GENL_WRITE
									     : GENL_GONE;
	free(client->out);
	client->out = NULL;
	return GENL_TURN;
}

/* The next datagram of an answer. GENL_READ: there is none. */
static enum genl_wait answer(struct genl_client *client)
{
	uint32_t buffer[LVS_IPVS_DATAGRAM / sizeof(uint32_t)];
	size_t len;
	int more = lvs_ipvs_session_answer(client->session, buffer, sizeof(buffer), &len);

	if (len) {
		client->out = malloc(len);
		if (!client->out)
			return GENL_GONE;
		memcpy(client->out, buffer, len);
		client->out_len = len;
		return send_out(client);
	}
	return more == 1 ? GENL_TURN : GENL_READ;
}

/* A request; what is too long is not one, and its sender none to talk to. */
static enum genl_wait take(struct genl_client *client)
{
	static uint32_t buffer[LVS_IPVS_REQUESTS / sizeof(uint32_t)]; /* the control thread's */
	ssize_t len = recv(client->fd, buffer, sizeof(buffer), MSG_DONTWAIT | MSG_TRUNC);

	if (len < 0)
		return errno == EAGAIN || errno == EINTR ? GENL_READ : GENL_GONE;
	if (!len || (size_t)len > sizeof(buffer))
		return GENL_GONE;
	return lvs_ipvs_session_take(client->session, buffer, (size_t)len) ? GENL_GONE : GENL_TURN;
}

enum genl_wait genl_client_step(struct genl_client *client)
{
	enum genl_wait wait = client->wait;

	if (wait == GENL_READ)
		wait = take(client);
	for (unsigned i = 0; i < STEP && (wait == GENL_TURN || (wait == GENL_WRITE && !i)); i++)
		wait = client->out ? send_out(client) : answer(client);
	client->wait = wait;
	return wait;
}
