/* SPDX-License-Identifier: BSD-2-Clause */
/* A director with a server's session, asked without a socket. */
#ifndef LVS_TESTS_IPVS_RIG_H
#define LVS_TESTS_IPVS_RIG_H

#include <liblvs/ipvs.h>

#include "alloc_rig.h"
#include "director_rig.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>

#define IPVS_RIG_ANSWERS 4096

/* Of one request: all messages of its answer, in order. */
struct ipvs_answers {
	struct lvs_ipvs_message *message;
	unsigned n;
	unsigned datagrams;
	unsigned of[IPVS_RIG_ANSWERS]; /* datagram of each message */
};

struct ipvs_rig {
	struct lvs_director *director;
	struct lvs_ipvs_session *session;
	struct lvs_ipvs_server server;
	struct ipvs_answers answers;
	unsigned changed;   /* times that the server told */
	char sentence[256]; /* of the last error */
	uint32_t datagram[LVS_IPVS_REQUESTS / 4];
	size_t len;
};

static inline void ipvs_rig_changed(void *user)
{
	((struct ipvs_rig *)user)->changed++;
}

static inline struct ipvs_rig *ipvs_rig_new(const struct lvs_settings *settings)
{
	struct ipvs_rig *rig = calloc(1, sizeof(*rig));

	ck_assert_ptr_nonnull(rig);
	rig->answers.message = calloc(IPVS_RIG_ANSWERS, sizeof(*rig->answers.message));
	ck_assert_int_eq(lvs_director_new(settings, &rig->director), 0);
	rig->server = (struct lvs_ipvs_server){
		.size = sizeof(rig->server),
		.director = rig->director,
		.user = rig,
		.changed = ipvs_rig_changed,
	};
	ck_assert_int_eq(lvs_ipvs_session_new(&rig->server, LVS_IPVS_ADMIN, &rig->session), 0);
	return rig;
}

static inline void ipvs_rig_del(struct ipvs_rig *rig)
{
	lvs_ipvs_session_del(rig->session);
	lvs_director_del(rig->director);
	free(rig->answers.message);
	free(rig);
}

static inline int ipvs_rig_send(void *user, const void *datagram, size_t len)
{
	struct ipvs_rig *rig = user;
	struct ipvs_answers *answers = &rig->answers;
	size_t at = 0;
	int error;

	ck_assert_uint_le(len, LVS_IPVS_DATAGRAM);
	while (at < len) {
		struct lvs_ipvs_message *message = &answers->message[answers->n];
		size_t step;

		ck_assert_uint_lt(answers->n, IPVS_RIG_ANSWERS);
		message->size = sizeof(*message);
		step = lvs_ipvs_decode((const char *)datagram + at, len - at, LVS_IPVS_FAMILY,
				       message, &error);
		ck_assert_int_eq(error, 0);
		ck_assert_uint_gt(step, 0);
		at += step;
		if (message->kind == LVS_IPVS_ERROR && message->error)
			snprintf(rig->sentence, sizeof(rig->sentence), "%.*s",
				 (int)message->text_len, message->text);
		message->text = NULL; /* goes with the datagram */
		answers->of[answers->n++] = answers->datagrams;
	}
	answers->datagrams++;
	return 0;
}

/* Puts a request into the datagram that is sent next. */
static inline void ipvs_rig_put(struct ipvs_rig *rig, struct lvs_ipvs_message *request,
				unsigned flags)
{
	size_t len;

	request->nl_flags = (uint16_t)(NLM_F_REQUEST | flags);
	len = lvs_ipvs_encode((char *)rig->datagram + rig->len, sizeof(rig->datagram) - rig->len,
			      request);
	ck_assert_uint_gt(len, 0);
	rig->len += len;
}

static inline const struct ipvs_answers *ipvs_rig_go(struct ipvs_rig *rig)
{
	rig->answers.n = 0;
	rig->answers.datagrams = 0;
	ck_assert_int_eq(lvs_ipvs_serve(rig->session, rig->datagram, rig->len, ipvs_rig_send, rig),
			 0);
	rig->len = 0;
	return &rig->answers;
}

/* Asks for one thing; the error that it is acknowledged with. */
static inline int ipvs_rig_ask(struct ipvs_rig *rig, struct lvs_ipvs_message *request)
{
	const struct ipvs_answers *answers;

	request->seq = 77;
	ipvs_rig_put(rig, request, NLM_F_ACK);
	answers = ipvs_rig_go(rig);
	ck_assert_uint_gt(answers->n, 0);
	ck_assert_int_eq(answers->message[answers->n - 1].kind, LVS_IPVS_ERROR);
	ck_assert_uint_eq(answers->message[answers->n - 1].seq, 77);
	return answers->message[answers->n - 1].error;
}

/* Asks for all; how many there were before the end. */
static inline unsigned ipvs_rig_dump(struct ipvs_rig *rig, struct lvs_ipvs_message *request)
{
	const struct ipvs_answers *answers;

	request->seq = 78;
	ipvs_rig_put(rig, request, NLM_F_DUMP);
	answers = ipvs_rig_go(rig);
	ck_assert_uint_gt(answers->n, 0);
	ck_assert_int_eq(answers->message[answers->n - 1].kind, LVS_IPVS_DONE);
	ck_assert_int_eq(answers->message[answers->n - 1].error, 0);
	return answers->n - 1;
}

/* As ipvsadm asks for TCP 192.0.2.1 with port 80 + i. */
static inline struct lvs_ipvs_message ipvs_rig_service(uint8_t command, unsigned i)
{
	struct lvs_ipvs_message message = {.size = sizeof(message), .kind = LVS_IPVS_IPVS};
	struct lvs_service_key key =
		rig_service_key(LVS_INET, LVS_TCP, rig_addr4(192, 0, 2, 1), 80 + i);

	message.command = command;
	message.given = LVS_IPVS_BIT(IPVS_CMD_ATTR_SERVICE);
	lvs_ipvs_set_service_key(&message.service, &key);
	if (command != IPVS_CMD_NEW_SERVICE && command != IPVS_CMD_SET_SERVICE)
		return message;
	message.service.given |=
		LVS_IPVS_BIT(IPVS_SVC_ATTR_SCHED_NAME) | LVS_IPVS_BIT(IPVS_SVC_ATTR_FLAGS) |
		LVS_IPVS_BIT(IPVS_SVC_ATTR_TIMEOUT) | LVS_IPVS_BIT(IPVS_SVC_ATTR_NETMASK);
	strcpy(message.service.sched, "rr");
	message.service.mask = UINT32_MAX;
	message.service.netmask = UINT32_MAX;
	return message;
}

/* Of that service, 10.0.0.1 + j. */
static inline struct lvs_ipvs_message ipvs_rig_dest(uint8_t command, unsigned i, unsigned j)
{
	struct lvs_ipvs_message message = ipvs_rig_service(command, i);

	message.given |= LVS_IPVS_BIT(IPVS_CMD_ATTR_DEST);
	message.dest.given = LVS_IPVS_BIT(IPVS_DEST_ATTR_ADDR) | LVS_IPVS_BIT(IPVS_DEST_ATTR_PORT);
	message.dest.addr = rig_addr4(10, 0, 0, (uint8_t)(1 + j));
	message.dest.port = rig_port(80 + i);
	if (command == IPVS_CMD_DEL_DEST)
		return message;
	message.dest.given |=
		LVS_IPVS_BIT(IPVS_DEST_ATTR_FWD_METHOD) | LVS_IPVS_BIT(IPVS_DEST_ATTR_WEIGHT) |
		LVS_IPVS_BIT(IPVS_DEST_ATTR_U_THRESH) | LVS_IPVS_BIT(IPVS_DEST_ATTR_L_THRESH);
	message.dest.method = LVS_METHOD_DR;
	message.dest.weight = 1;
	return message;
}

static inline struct lvs_ipvs_message ipvs_rig_own(uint8_t command, uint32_t flags)
{
	struct lvs_ipvs_message message = {.size = sizeof(message), .kind = LVS_IPVS_OWN};

	message.command = command;
	if (flags) {
		message.given = LVS_IPVS_BIT(LVS_IPVS_ATTR_FLAGS);
		message.flags = flags;
	}
	return message;
}

static inline struct lvs_ipvs_message ipvs_rig_plain(uint8_t command)
{
	struct lvs_ipvs_message message = {.size = sizeof(message), .kind = LVS_IPVS_IPVS};

	message.command = command;
	return message;
}

#endif
