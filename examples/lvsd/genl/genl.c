/* SPDX-License-Identifier: BSD-2-Clause */
#include "genl/genl.h"
#include "genl/client.h"
#include "genl/listen.h"
#include "genl/serve.h"
#include "log.h"
#include "lvsd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	EVENTS = 64,
	CLIENTS_MAX = 4096,
	TURN_NS = 3000000,   /* of genl_handle() */
	AGAIN_MS = 1000,     /* until it is asked whether the system has more descriptors */
	SEND_BUFFER = 65536, /* what lies in the kernel for one client */
};

struct genl {
	struct lvs_ipvs_server server;
	int listener;
	int epoll;
	bool listens; /* not while there are as many clients as there may be */
	unsigned client_n;
	struct genl_client waiting; /* head of a ring: those that wait for their socket */
	struct genl_client turn;    /* those that have more to do, the next first */
};

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void ring_init(struct genl_client *head)
{
	head->next = head->prev = head;
}

static void ring_out(struct genl_client *client)
{
	client->prev->next = client->next;
	client->next->prev = client->prev;
}

static void ring_in(struct genl_client *head, struct genl_client *client)
{
	client->prev = head->prev;
	client->next = head;
	head->prev->next = client;
	head->prev = client;
}

static int watch(const struct genl *genl, int how, int fd, void *what, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = what};

	return epoll_ctl(genl->epoll, how, fd, &event);
}

static void listen_on(struct genl *genl, bool listens)
{
	if (listens == genl->listens)
		return;
	watch(genl, EPOLL_CTL_MOD, genl->listener, NULL, listens ? EPOLLIN : 0);
	genl->listens = listens;
}

static void drop(struct genl *genl, struct genl_client *client)
{
	ring_out(client);
	genl_client_del(client);
	genl->client_n--;
	listen_on(genl, true);
}

static void step(struct genl *genl, struct genl_client *client)
{
	enum genl_wait before = client->wait;
	enum genl_wait wait = genl_client_step(client);

	if (wait == GENL_GONE) {
		drop(genl, client);
		return;
	}
	ring_out(client);
	ring_in(wait == GENL_TURN ? &genl->turn : &genl->waiting, client);
	if (wait != before)
		watch(genl, EPOLL_CTL_MOD, client->fd, client,
		      wait == GENL_READ    ? EPOLLIN
		      : wait == GENL_WRITE ? EPOLLOUT
					   : 0);
}

static void add(struct lvsd *lvsd, struct genl *genl, int fd)
{
	const int size = SEND_BUFFER;
	struct genl_client *client;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	client = genl_client_new(fd, &genl->server, genl_listen_may(fd) ? LVS_IPVS_ADMIN : 0);
	if (!client || watch(genl, EPOLL_CTL_ADD, fd, client, EPOLLIN) < 0) {
		log_line(&lvsd->log, LVS_LOG_ERROR, "control socket: a client is sent away: %s",
			 strerror(errno));
		if (client)
			genl_client_del(client);
		else
			close(fd);
		return;
	}
	ring_in(&genl->waiting, client);
	genl->client_n++;
}

/* Those that knock beyond the limit wait until another goes; where the system has no more to give,
 * AGAIN_MS. */
static void accept_some(struct lvsd *lvsd, struct genl *genl)
{
	for (unsigned i = 0; i < EVENTS; i++) {
		int fd = -1;

		if (genl->client_n < CLIENTS_MAX)
			fd = accept4(genl->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0) {
			if (genl->client_n >= CLIENTS_MAX ||
			    (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED))
				listen_on(genl, false);
			return;
		}
		add(lvsd, genl, fd);
	}
}

static void handle_events(struct lvsd *lvsd, struct genl *genl)
{
	struct epoll_event event[EVENTS];
	int n = epoll_wait(genl->epoll, event, EVENTS, 0);

	for (int i = 0; i < n; i++) {
		struct genl_client *client = event[i].data.ptr;

		if (!client)
			accept_some(lvsd, genl);
		else if (client->wait !=
			 GENL_TURN) /* else EPOLLHUP, unasked: what it wanted is done */
			step(genl, client);
	}
}

void genl_handle(struct lvsd *lvsd)
{
	struct genl *genl = lvsd->genl;
	uint64_t end = monotonic_ns() + TURN_NS;

	if (!genl)
		return;
	if (genl->client_n < CLIENTS_MAX)
		listen_on(genl, true);
	handle_events(lvsd, genl);
	while (genl->turn.next != &genl->turn && monotonic_ns() < end)
		step(genl, genl->turn.next);
	genl_serve_go_on(lvsd);
}

int genl_fd(const struct genl *genl)
{
	return genl ? genl->epoll : -1;
}

int genl_wait_ms(const struct genl *genl)
{
	int wait;

	if (!genl)
		return -1;
	if (genl->turn.next != &genl->turn)
		return 0;
	wait = genl_serve_wait_ms(genl->server.user);
	if (!genl->listens && genl->client_n < CLIENTS_MAX && (wait < 0 || wait > AGAIN_MS))
		wait = AGAIN_MS;
	return wait;
}

void genl_close(struct genl *genl)
{
	if (!genl)
		return;
	while (genl->waiting.next != &genl->waiting)
		drop(genl, genl->waiting.next);
	while (genl->turn.next != &genl->turn)
		drop(genl, genl->turn.next);
	genl_listen_close(genl->listener);
	close(genl->epoll);
	free(genl);
}

int genl_open(struct lvsd *lvsd)
{
	struct genl *genl;

	if (!lvsd->options.control)
		return 0;
	genl = calloc(1, sizeof(*genl));
	if (!genl)
		return -1;
	genl_serve_init(lvsd, &genl->server);
	ring_init(&genl->waiting);
	ring_init(&genl->turn);
	genl->listener = genl_listen_open(lvsd->options.control, &lvsd->log);
	if (genl->listener < 0)
		goto free;
	genl->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (genl->epoll < 0 || watch(genl, EPOLL_CTL_ADD, genl->listener, NULL, EPOLLIN) < 0)
		goto close;
	genl->listens = true;
	lvsd->genl = genl;
	log_line(&lvsd->log, LVS_LOG_INFO, "control socket: %s", lvsd->options.control);
	return 0;

close:
	log_line(&lvsd->log, LVS_LOG_ERROR, "epoll: %s", strerror(errno));
	genl_listen_close(genl->listener);
	if (genl->epoll >= 0)
		close(genl->epoll);
free:
	free(genl);
	return -1;
}
