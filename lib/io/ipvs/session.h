/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of a server share: one client's session. */
#ifndef LVS_IO_IPVS_SESSION_H
#define LVS_IO_IPVS_SESSION_H

#include <liblvs/ipvs.h>

#include <stdbool.h>

#define IPVS_CMD(attr) LVS_IPVS_BIT(IPVS_CMD_ATTR_##attr)
#define IPVS_SVC(attr) LVS_IPVS_BIT(IPVS_SVC_ATTR_##attr)
#define IPVS_DEST(attr) LVS_IPVS_BIT(IPVS_DEST_ATTR_##attr)
#define IPVS_OWN(attr) LVS_IPVS_BIT(LVS_IPVS_ATTR_##attr)

struct ipvs_text;

/* An answer of many messages, on its way. */
struct ipvs_dump {
	/* Fills the next message's body: 1, 0 behind the last, or a negative errno. NULL: no dump
	 * is under way. */
	int (*next)(struct lvs_ipvs_session *session, struct lvs_ipvs_message *message);
	struct lvs_cursor cursor;
	struct lvs_cursor dests;      /* text: within the service that cursor is at */
	unsigned index;               /* of settings, of families, of lines at the top */
	bool begun;                   /* text: its head is out */
	struct lvs_ipvs_message head; /* what each message begins with; its nests are not used */
	struct lvs_service_key service;
	struct lvs_dest_key dest;
	union lvs_addr client;
	struct lvs_conn_filter filter; /* of the three above */
	const struct ipvs_text *text;
};

/* Requests of a transaction, as they came. */
struct ipvs_queue {
	bool open;
	bool spoilt; /* one that belonged to it was refused: nothing may come of the rest */
	char *bytes;
	size_t len, size;
};

/* Why a request is refused. */
struct ipvs_fault {
	char sentence[256];
	uint32_t bad_attr;
};

struct lvs_ipvs_session {
	struct lvs_ipvs_server server;
	uint32_t flags; /* enum lvs_ipvs_session_flag */

	char *request; /* the datagram at work; NULL: none */
	size_t request_len, request_at;
	struct lvs_ipvs_message message; /* the request at work */
	struct ipvs_fault fault;
	bool ack_due; /* its answer has begun a datagram, its acknowledgement begins another */

	struct ipvs_dump dump;
	struct ipvs_queue queue;
	char *text;      /* what a dump of text has ready; NULL until it is needed */
	size_t text_len; /* of an explanation, whole */

	char *out; /* during a call */
	size_t out_size, out_len;
};

/* --- ipvs/session.c --- */

/* Keeps why; returns `error`. */
__attribute__((format(printf, 3, 4))) int ipvs_fail(struct lvs_ipvs_session *session, int error,
						    const char *format, ...);

/* Writes a message; false when it does not fit. */
bool ipvs_put(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *message);

/* Says how a request ended that is not the one at work: within a transaction. */
bool ipvs_put_error(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request,
		    int error);

/* The head of an answer to the request at work. */
struct lvs_ipvs_message ipvs_answer_head(const struct lvs_ipvs_session *session, uint8_t command);

uint64_t ipvs_now(const struct lvs_ipvs_session *session);

/* --- ipvs/change.c: what changes the director; 0 or a negative errno with the fault kept --- */

/* How many, by a transaction. */
struct ipvs_counts {
	uint32_t added, changed, removed;
};

/* A change by itself. */
int ipvs_change(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request);

/* Whether the command changes services or destinations. */
bool ipvs_is_change(const struct lvs_ipvs_message *request);

int ipvs_read_service(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request,
		      struct lvs_service_key *key, struct lvs_service_conf *conf);
int ipvs_read_dest(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request,
		   struct lvs_service_key *service, struct lvs_dest_key *key,
		   struct lvs_dest_conf *conf);
int ipvs_read_service_key(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request,
			  struct lvs_service_key *key);
int ipvs_read_dest_key(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request,
		       const struct lvs_service_key *service, struct lvs_dest_key *key);

/* Whether it is complete and the embedder agrees; outside of a transaction of the director's. */
int ipvs_check(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request,
	       bool dry_run);

/* Does it within one; counts may be NULL. */
int ipvs_apply(struct lvs_ipvs_session *session, struct lvs_txn *txn,
	       const struct lvs_ipvs_message *request, struct ipvs_counts *counts);

int ipvs_set_config(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request);
int ipvs_zero(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request);

/* --- ipvs/txn.c --- */

int ipvs_txn_begin(struct lvs_ipvs_session *session);
int ipvs_txn_keep(struct lvs_ipvs_session *session, const void *bytes, size_t len);
int ipvs_txn_commit(struct lvs_ipvs_session *session);
void ipvs_txn_forget(struct lvs_ipvs_session *session);

/* --- ipvs/dump.c: 0 with dump.next set, or a negative errno --- */

int ipvs_dump_services(struct lvs_ipvs_session *session);
int ipvs_dump_dests(struct lvs_ipvs_session *session);
int ipvs_dump_daemons(struct lvs_ipvs_session *session);
int ipvs_dump_conns(struct lvs_ipvs_session *session);
int ipvs_dump_settings(struct lvs_ipvs_session *session);
int ipvs_dump_families(struct lvs_ipvs_session *session);
int ipvs_read_filter(struct lvs_ipvs_session *session);

/* --- ipvs/text.c --- */

int ipvs_dump_text(struct lvs_ipvs_session *session);

/* --- ipvs/explain.c --- */

int ipvs_dump_explanation(struct lvs_ipvs_session *session);

/* --- ipvs/command.c: one request that is not a dump's --- */

int ipvs_command(struct lvs_ipvs_session *session);
bool ipvs_begin_dump(struct lvs_ipvs_session *session, int *error);
bool ipvs_answers(const struct lvs_ipvs_message *request);
int ipvs_set_family(struct lvs_ipvs_message *message, unsigned index);

#endif
