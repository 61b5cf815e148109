/* SPDX-License-Identifier: BSD-2-Clause */
/* A client: over a UNIX socket to a server of this library, or by netlink to the kernel. */
#include <liblvs/ipvs.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	RECEIVE = 65536, /* longer than any datagram of a server's, or of the kernel's dumps */
	SEND = 65536,    /* what fits into a socket's buffer as it is by default */
};

struct lvs_ipvs_client {
	int fd;
	bool kernel;
	uint16_t ipvs; /* type of IPVS messages */
	uint32_t seq;  /* of the last request */
	uint32_t bad;  /* lvs_ipvs_client_bad() */
	int bad_error;
	char sentence[256];
	size_t put_len; /* bytes in out */
	uint32_t in[RECEIVE / sizeof(uint32_t)];
	uint32_t out[SEND / sizeof(uint32_t)];
};

static int connect_unix(struct lvs_ipvs_client *client, const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	client->ipvs = LVS_IPVS_FAMILY;
	client->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	return 0;
}

static int keep_family(void *user, const struct lvs_ipvs_message *answer)
{
	struct lvs_ipvs_client *client = user;

	if (answer->kind == LVS_IPVS_CTRL)
		client->ipvs = answer->family.id;
	return 0;
}

/* The number that this kernel has for the family. */
static int resolve(struct lvs_ipvs_client *client)
{
	struct lvs_ipvs_message request = {.size = sizeof(request), .kind = LVS_IPVS_CTRL};
	int err;

	request.command = CTRL_CMD_GETFAMILY;
	request.family.given = LVS_IPVS_BIT(CTRL_ATTR_FAMILY_NAME);
	memcpy(request.family.name, IPVS_GENL_NAME, sizeof(IPVS_GENL_NAME));
	err = lvs_ipvs_ask(client, &request, keep_family, client);
	return err ? err : client->ipvs ? 0 : -ENOENT;
}

static int connect_kernel(struct lvs_ipvs_client *client)
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK};
	int one = 1;

	client->kernel = true;
	client->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (client->fd < 0 || bind(client->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	/* Sentences, where the kernel has them. */
	(void)setsockopt(client->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	return resolve(client);
}

int lvs_ipvs_client_new(const char *path, struct lvs_ipvs_client **client)
{
	struct lvs_ipvs_client *made = calloc(1, sizeof(*made));
	int err;

	*client = NULL;
	if (!made)
		return -ENOMEM;
	made->fd = -1;
	err = path ? connect_unix(made, path) : connect_kernel(made);
	if (err) {
		lvs_ipvs_client_del(made);
		return err;
	}
	*client = made;
	return 0;
}

void lvs_ipvs_client_del(struct lvs_ipvs_client *client)
{
	if (!client)
		return;
	if (client->fd >= 0)
		close(client->fd);
	free(client);
}

const char *lvs_ipvs_client_sentence(const struct lvs_ipvs_client *client)
{
	return client->sentence;
}

uint32_t lvs_ipvs_client_bad(const struct lvs_ipvs_client *client)
{
	return client->bad;
}

/* The first counts: what comes behind it may be its consequence. */
static void keep_error(struct lvs_ipvs_client *client, const struct lvs_ipvs_message *answer)
{
	if (client->bad_error)
		return;
	client->bad = answer->seq;
	client->bad_error = answer->error;
	snprintf(client->sentence, sizeof(client->sentence), "%.*s", (int)answer->text_len,
		 answer->text_len ? answer->text : "");
}

static void begin(struct lvs_ipvs_client *client)
{
	client->bad = 0;
	client->bad_error = 0;
	client->sentence[0] = '\0';
}

/* A datagram. Returns its length, or a negative errno. */
static ssize_t receive(struct lvs_ipvs_client *client)
{
	ssize_t len;

	do
		len = recv(client->fd, client->in, sizeof(client->in), 0);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	return len ? len : -EPIPE;
}

/* One message of an answer: 1 to go on, 0 behind the end, or less. */
static int take(struct lvs_ipvs_client *client, const struct lvs_ipvs_message *message,
		uint32_t seq, lvs_ipvs_answer answer, void *user)
{
	int err;

	if (message->kind == LVS_IPVS_ERROR && message->error)
		keep_error(client, message);
	if (message->seq != seq)
		return 1; /* of a request before */
	if (message->kind == LVS_IPVS_DONE && message->error)
		keep_error(client, message);
	if (message->kind == LVS_IPVS_DONE || message->kind == LVS_IPVS_ERROR)
		return message->error ? client->bad_error : 0;
	err = answer ? answer(user, message) : 0;
	return err ? err : 1;
}

/* As take(), all messages of the next datagram. */
static int read_datagram(struct lvs_ipvs_client *client, uint32_t seq, lvs_ipvs_answer answer,
			 void *user)
{
	struct lvs_ipvs_message message;
	ssize_t len = receive(client);
	size_t at = 0;
	int more = 1;

	if (len < 0)
		return (int)len;
	while (more == 1 && at < (size_t)len) {
		int wrong;
		size_t step;

		message.size = sizeof(message);
		step = lvs_ipvs_decode((const char *)client->in + at, (size_t)len - at,
				       client->ipvs, &message, &wrong);
		if (!step || wrong)
			return -EPROTO;
		at += step;
		more = take(client, &message, seq, answer, user);
	}
	return more;
}

/* To the end of the answer to `seq`. */
static int read_answer(struct lvs_ipvs_client *client, uint32_t seq, lvs_ipvs_answer answer,
		       void *user)
{
	int more;

	do
		more = read_datagram(client, seq, answer, user);
	while (more == 1);
	return more;
}

/* While a server answers it takes nothing: what it says is read before more is sent. */
static int wait_to_send(struct lvs_ipvs_client *client)
{
	struct pollfd wait = {.fd = client->fd, .events = POLLIN | POLLOUT};

	if (poll(&wait, 1, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (wait.revents & POLLIN) {
		int more = read_datagram(client, 0, NULL, NULL);

		return more < 0 ? more : 0;
	}
	return 0;
}

static int send_put(struct lvs_ipvs_client *client)
{
	int err = 0;

	while (!err && client->put_len) {
		if (send(client->fd, client->out, client->put_len, MSG_NOSIGNAL | MSG_DONTWAIT) >=
		    0)
			client->put_len = 0;
		else if (errno == EAGAIN)
			err = wait_to_send(client);
		else if (errno != EINTR)
			err = -errno;
	}
	client->put_len = 0;
	return err < 0 ? err : 0;
}

static int put(struct lvs_ipvs_client *client, struct lvs_ipvs_message *request, uint16_t flags)
{
	size_t len;
	int err;

	request->seq = ++client->seq;
	request->port = 0;
	request->nl_flags = (uint16_t)(request->nl_flags & NLM_F_DUMP) | NLM_F_REQUEST | flags;
	if (request->kind == LVS_IPVS_IPVS)
		request->type = client->ipvs;
	for (unsigned i = 0; i < 2; i++) {
		len = lvs_ipvs_encode((char *)client->out + client->put_len,
				      sizeof(client->out) - client->put_len, request);
		client->put_len += len;
		if (len)
			return 0;
		err = send_put(client);
		if (err)
			return err;
	}
	return -EMSGSIZE;
}

int lvs_ipvs_put(struct lvs_ipvs_client *client, struct lvs_ipvs_message *request)
{
	return put(client, request, 0);
}

static bool is_dump(const struct lvs_ipvs_message *request)
{
	return (request->nl_flags & NLM_F_DUMP) == NLM_F_DUMP;
}

int lvs_ipvs_ask(struct lvs_ipvs_client *client, struct lvs_ipvs_message *request,
		 lvs_ipvs_answer answer, void *user)
{
	int err;

	begin(client);
	if (client->kernel && request->kind == LVS_IPVS_OWN)
		return -EOPNOTSUPP;
	err = put(client, request, is_dump(request) ? 0 : NLM_F_ACK);
	if (!err)
		err = send_put(client);
	return err ? err : read_answer(client, request->seq, answer, user);
}

/* A request that says nothing, but is acknowledged behind all others. */
int lvs_ipvs_flush(struct lvs_ipvs_client *client)
{
	struct lvs_ipvs_message last = {.size = sizeof(last), .kind = LVS_IPVS_OTHER};
	int err;

	begin(client);
	last.type = NLMSG_NOOP;
	err = put(client, &last, NLM_F_ACK);
	if (!err)
		err = send_put(client);
	if (!err)
		err = read_answer(client, last.seq, NULL, NULL);
	return err ? err : client->bad_error;
}
