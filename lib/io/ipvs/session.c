/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server's side of one client. As the kernel's sockets do it: the answer to a request is a
 * datagram of its own, its acknowledgement another, a dump fills one after the other. Nothing is
 * kept but where a dump stands: what a client does not read is not made.
 */
#include "io/ipvs/session.h"

#include <linux/netlink.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SLICE = 256,    /* requests a call */
	ACK_ROOM = 512, /* an error with its sentence */
};

int lvs_ipvs_session_new(const struct lvs_ipvs_server *server, uint32_t flags,
			 struct lvs_ipvs_session **session)
{
	struct lvs_ipvs_session *made;

	*session = NULL;
	if (server->size < offsetof(struct lvs_ipvs_server, user) || !server->director)
		return -EINVAL;
	made = calloc(1, sizeof(*made));
	if (!made)
		return -ENOMEM;
	memcpy(&made->server, server,
	       server->size < sizeof(*server) ? server->size : sizeof(*server));
	made->flags = flags;
	*session = made;
	return 0;
}

static void forget_request(struct lvs_ipvs_session *session)
{
	free(session->request);
	session->request = NULL;
	free(session->text);
	session->text = NULL;
}

void lvs_ipvs_session_del(struct lvs_ipvs_session *session)
{
	if (!session)
		return;
	forget_request(session);
	ipvs_txn_forget(session);
	free(session);
}

int lvs_ipvs_session_take(struct lvs_ipvs_session *session, const void *data, size_t len)
{
	if (session->request)
		return -EBUSY;
	if (len > LVS_IPVS_REQUESTS)
		return -EMSGSIZE;
	session->request = malloc(len ? len : 1);
	if (!session->request)
		return -ENOMEM;
	memcpy(session->request, data, len);
	session->request_len = len;
	session->request_at = 0;
	return 0;
}

int ipvs_fail(struct lvs_ipvs_session *session, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(session->fault.sentence, sizeof(session->fault.sentence), format, args);
	va_end(args);
	return error;
}

uint64_t ipvs_now(const struct lvs_ipvs_session *session)
{
	struct timespec now;

	if (session->server.now)
		return session->server.now(session->server.user);
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool ipvs_put(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *message)
{
	size_t len = lvs_ipvs_encode(session->out + session->out_len,
				     session->out_size - session->out_len, message);

	session->out_len += len;
	return len > 0;
}

bool ipvs_put_error(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request,
		    int error)
{
	struct lvs_ipvs_message answer = {.size = sizeof(answer), .kind = LVS_IPVS_ERROR};

	answer.error = error;
	answer.of_type = request->type;
	answer.of_flags = request->nl_flags;
	answer.seq = request->seq;
	answer.port = request->port;
	if (error) {
		answer.bad_attr = session->fault.bad_attr;
		answer.text = session->fault.sentence;
		answer.text_len = (uint32_t)strlen(session->fault.sentence);
	}
	return ipvs_put(session, &answer);
}

struct lvs_ipvs_message ipvs_answer_head(const struct lvs_ipvs_session *session, uint8_t command)
{
	struct lvs_ipvs_message head = {.size = sizeof(head)};

	head.kind = session->message.kind;
	head.command = command;
	head.seq = session->message.seq;
	head.port = session->message.port;
	return head;
}

/* Ends the dump: a message of its own, where there is room. */
static bool put_done(struct lvs_ipvs_session *session, int error)
{
	struct lvs_ipvs_message done = {.size = sizeof(done), .kind = LVS_IPVS_DONE};

	done.nl_flags = NLM_F_MULTI;
	done.seq = session->dump.head.seq;
	done.port = session->dump.head.port;
	done.error = error;
	return ipvs_put(session, &done);
}

/* As much of it as there is room for. */
static void go_on_dump(struct lvs_ipvs_session *session)
{
	struct ipvs_dump *dump = &session->dump;
	struct lvs_ipvs_message message;
	struct lvs_cursor before;
	unsigned index;
	int more;

	do {
		before = dump->cursor;
		index = dump->index;
		message = dump->head;
		message.nl_flags = NLM_F_MULTI;
		more = dump->next(session, &message);
		if (more == 1 && !ipvs_put(session, &message)) {
			dump->cursor = before; /* once more, into the next datagram */
			dump->index = index;
			return;
		}
	} while (more == 1 && !dump->text);
	if (more == 1)
		return;
	if (put_done(session, more))
		memset(dump, 0, sizeof(*dump));
}

/* Decoded, or refused as it stands. */
static int look_at(struct lvs_ipvs_session *session, int wrong)
{
	struct lvs_ipvs_message *message = &session->message;

	if (message->kind == LVS_IPVS_OTHER)
		return ipvs_fail(session, -ENOENT, "no family has the number %u", message->type);
	if (wrong) {
		session->fault.bad_attr = message->bad_attr;
		return ipvs_fail(session, wrong, "%.*s", (int)message->text_len, message->text);
	}
	return 0;
}

/* Messages that are no requests are acknowledged at most, as the kernel does. */
static bool is_request(const struct lvs_ipvs_message *message)
{
	return message->nl_flags & NLM_F_REQUEST && message->type >= NLMSG_MIN_TYPE;
}

static void end_request(struct lvs_ipvs_session *session, int error, size_t before)
{
	session->request_at += before;
	if (error && session->queue.open && ipvs_is_change(&session->message))
		session->queue.spoilt = true;
	if (error)
		ipvs_put_error(session, &session->message, error);
	else if (!session->dump.next && session->message.nl_flags & NLM_F_ACK)
		session->ack_due = true;
}

/* Within a transaction what changes something is kept for later. */
static int serve(struct lvs_ipvs_session *session, const char *bytes, size_t len)
{
	int error;

	if (!(session->flags & LVS_IPVS_ADMIN) && session->message.kind != LVS_IPVS_CTRL)
		return ipvs_fail(session, -EPERM, "not permitted");
	if (session->queue.open && ipvs_is_change(&session->message))
		return ipvs_txn_keep(session, bytes, len);
	if (ipvs_begin_dump(session, &error))
		return error;
	return ipvs_command(session);
}

/* Whether its answer may stand in the same datagram as what is there. */
static bool fits_in(const struct lvs_ipvs_session *session)
{
	if (!session->out_len)
		return true;
	return !ipvs_answers(&session->message) &&
	       session->out_size - session->out_len >= 2 * ACK_ROOM;
}

/* The next request. False when there is none, or when it must wait for the next datagram. */
static bool next_request(struct lvs_ipvs_session *session)
{
	const char *bytes = session->request + session->request_at;
	size_t left = session->request_len - session->request_at;
	size_t out_len = session->out_len;
	size_t len;
	int error;

	session->message.size = sizeof(session->message);
	len = lvs_ipvs_decode(bytes, left, LVS_IPVS_FAMILY, &session->message, &error);
	if (!len) {
		session->request_at = session->request_len; /* less than a message is none */
		return false;
	}
	if (!fits_in(session))
		return false;
	session->fault = (struct ipvs_fault){.sentence = ""};
	if (is_request(&session->message)) {
		error = look_at(session, error);
		if (!error)
			error = serve(session, bytes, len);
	} else {
		error = 0;
	}
	end_request(session, error, len);
	/* What answers by more than a yes or no fills a datagram of its own. */
	return session->out_len == out_len || !ipvs_answers(&session->message);
}

static bool has_more(const struct lvs_ipvs_session *session)
{
	return session->dump.next || session->ack_due || session->request_at < session->request_len;
}

/* One step; false when the datagram is to be sent as it is. */
static bool step(struct lvs_ipvs_session *session)
{
	if (session->dump.next) {
		go_on_dump(session);
		return false;
	}
	if (session->ack_due) {
		session->ack_due = false;
		return ipvs_put_error(session, &session->message, 0);
	}
	return session->request_at < session->request_len && next_request(session);
}

int lvs_ipvs_session_answer(struct lvs_ipvs_session *session, void *buffer, size_t size,
			    size_t *len)
{
	*len = 0;
	if (size < LVS_IPVS_DATAGRAM)
		return -EMSGSIZE;
	if (!session->request)
		return 0;
	session->out = buffer;
	session->out_size = LVS_IPVS_DATAGRAM;
	session->out_len = 0;
	for (unsigned i = 0; i < SLICE && step(session); i++)
		;
	*len = session->out_len;
	session->out = NULL;
	if (has_more(session))
		return 1;
	forget_request(session);
	return 0;
}

int lvs_ipvs_serve(struct lvs_ipvs_session *session, const void *data, size_t len,
		   int (*send)(void *user, const void *datagram, size_t len), void *user)
{
	uint32_t buffer[LVS_IPVS_DATAGRAM / sizeof(uint32_t)];
	int more = 1;
	int err = lvs_ipvs_session_take(session, data, len);

	while (!err && more == 1) {
		more = lvs_ipvs_session_answer(session, buffer, sizeof(buffer), &len);
		if (len)
			err = send(user, buffer, len) < 0 ? -EPIPE : 0;
	}
	if (session->request) { /* nobody wants to know any more */
		forget_request(session);
		memset(&session->dump, 0, sizeof(session->dump));
		session->ack_due = false;
	}
	return err;
}
