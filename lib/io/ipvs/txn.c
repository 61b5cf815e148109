/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's transaction: its requests are kept as they came and done at once by the commit, so
 * that nobody else waits for a client that takes its time.
 */
#include "io/ipvs/session.h"
#include "io/ipvs/present.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE_SIZE = 64 << 20 };

struct commit {
	struct lvs_ipvs_session *session;
	uint32_t flags;              /* enum lvs_ipvs_commit_flag */
	struct ipvs_present present; /* LVS_IPVS_REPLACE */
	struct ipvs_counts counts;
	struct lvs_ipvs_message request; /* the one at work */
	struct lvs_txn *txn;
};

int ipvs_txn_begin(struct lvs_ipvs_session *session)
{
	if (session->queue.open)
		return ipvs_fail(session, -EBUSY, "a transaction is open already");
	session->queue.open = true;
	return 0;
}

void ipvs_txn_forget(struct lvs_ipvs_session *session)
{
	free(session->queue.bytes);
	session->queue = (struct ipvs_queue){.open = false};
}

int ipvs_txn_keep(struct lvs_ipvs_session *session, const void *bytes, size_t len)
{
	struct ipvs_queue *queue = &session->queue;
	size_t most = session->server.txn_size ? session->server.txn_size : QUEUE_SIZE;
	size_t padded = (len + 3) & ~(size_t)3;

	if (padded > most - queue->len)
		return ipvs_fail(session, -EMSGSIZE, "the transaction has more than %zu bytes",
				 most);
	if (padded > queue->size - queue->len) {
		size_t size = queue->size ? queue->size * 2 : 65536;
		char *larger;

		while (size - queue->len < padded)
			size *= 2;
		larger = realloc(queue->bytes, size);
		if (!larger)
			return ipvs_fail(session, -ENOMEM, "out of memory");
		queue->bytes = larger;
		queue->size = size;
	}
	memcpy(queue->bytes + queue->len, bytes, len);
	memset(queue->bytes + queue->len + len, 0, padded - len);
	queue->len += padded;
	return 0;
}

/* Each request in its turn; commit->request is the one that failed then. */
static int each(struct commit *commit, int (*work)(struct commit *commit))
{
	const struct ipvs_queue *queue = &commit->session->queue;
	size_t at = 0, len;
	int err = 0;

	while (!err && at < queue->len) {
		commit->request.size = sizeof(commit->request);
		len = lvs_ipvs_decode(queue->bytes + at, queue->len - at, LVS_IPVS_FAMILY,
				      &commit->request, &err);
		at += len;
		if (!err)
			err = work(commit);
	}
	return err;
}

static int check_one(struct commit *commit)
{
	return ipvs_check(commit->session, &commit->request, commit->flags & LVS_IPVS_DRY_RUN);
}

static int apply_one(struct commit *commit)
{
	return ipvs_apply(commit->session, commit->txn, &commit->request, &commit->counts);
}

static int out_of_memory(struct commit *commit)
{
	return ipvs_fail(commit->session, -ENOMEM, "out of memory");
}

static int fail_txn(struct commit *commit, int err)
{
	return ipvs_fail(commit->session, err, "%s", lvs_txn_error(commit->txn));
}

static int replace_service(struct commit *commit)
{
	struct ipvs_item item = {.service = IPVS_NO_SERVICE, .named = true};
	struct ipvs_item *there;
	int err = ipvs_read_service(commit->session, &commit->request, &item.key.service,
				    &item.conf.service);

	if (err)
		return err;
	there = ipvs_present_service(&commit->present, &item.key.service);
	if (!there) {
		err = lvs_txn_add_service(commit->txn, &item.key.service, &item.conf.service);
		commit->counts.added++;
		if (!err && !ipvs_present_add(&commit->present, &item))
			return out_of_memory(commit);
		return err ? fail_txn(commit, err) : 0;
	}
	if (there->named)
		return ipvs_fail(commit->session, -EEXIST, "the service was named before");
	there->named = true;
	if (ipvs_same_service(&there->conf.service, &item.conf.service))
		return 0;
	commit->counts.changed++;
	err = lvs_txn_edit_service(commit->txn, &item.key.service, &item.conf.service);
	return err ? fail_txn(commit, err) : 0;
}

static int replace_dest(struct commit *commit)
{
	struct ipvs_item item = {.named = true};
	struct lvs_service_key key;
	struct ipvs_item *service, *there;
	int err = ipvs_read_dest(commit->session, &commit->request, &key, &item.key.dest,
				 &item.conf.dest);

	if (err)
		return err;
	service = ipvs_present_service(&commit->present, &key);
	if (!service || !service->named)
		return ipvs_fail(commit->session, -ESRCH, "the service was not named before");
	item.service = (uint32_t)(service - commit->present.item);
	there = ipvs_present_dest(&commit->present, service, &item.key.dest);
	if (!there) {
		err = lvs_txn_add_dest(commit->txn, &key, &item.key.dest, &item.conf.dest);
		commit->counts.added++;
		if (!err && !ipvs_present_add(&commit->present, &item))
			return out_of_memory(commit);
		return err ? fail_txn(commit, err) : 0;
	}
	if (there->named)
		return ipvs_fail(commit->session, -EEXIST, "the destination was named before");
	there->named = true;
	if (ipvs_same_dest(&there->conf.dest, &item.conf.dest))
		return 0;
	commit->counts.changed++;
	err = lvs_txn_edit_dest(commit->txn, &key, &item.key.dest, &item.conf.dest);
	return err ? fail_txn(commit, err) : 0;
}

static int replace_one(struct commit *commit)
{
	switch (commit->request.command) {
	case IPVS_CMD_NEW_SERVICE:
		return replace_service(commit);
	case IPVS_CMD_NEW_DEST:
		return replace_dest(commit);
	default:
		return ipvs_fail(commit->session, -EINVAL,
				 "what is to replace everything can only add");
	}
}

/* What was not named goes; destinations of services that go with them, but count. */
static int remove_others(struct commit *commit)
{
	const struct ipvs_present *present = &commit->present;
	int err = 0;

	for (uint32_t i = 0; !err && i < present->n; i++) {
		const struct ipvs_item *item = &present->item[i];
		const struct ipvs_item *service =
			item->service == IPVS_NO_SERVICE ? item : &present->item[item->service];

		if (item->named)
			continue;
		commit->counts.removed++;
		if (item == service)
			err = lvs_txn_del_service(commit->txn, &item->key.service);
		else if (service->named)
			err = lvs_txn_del_dest(commit->txn, &service->key.service, &item->key.dest);
	}
	return err ? fail_txn(commit, err) : 0;
}

static int replace_all(struct commit *commit)
{
	int err = ipvs_present_read(commit->session->server.director, &commit->present);

	if (err)
		return ipvs_fail(commit->session, err, "reading what is there: %s",
				 lvs_strerror(err));
	err = each(commit, replace_one);
	if (!err) {
		commit->request = commit->session->message;
		err = remove_others(commit);
	}
	ipvs_present_free(&commit->present);
	return err;
}

/* All of it in one transaction of the director's. */
static int do_all(struct commit *commit)
{
	struct lvs_ipvs_session *session = commit->session;
	int err = lvs_txn_begin(session->server.director, &commit->txn);

	if (err)
		return ipvs_fail(session, err, "%s", lvs_strerror(err));
	err = commit->flags & LVS_IPVS_REPLACE ? replace_all(commit) : each(commit, apply_one);
	if (err || commit->flags & LVS_IPVS_DRY_RUN) {
		lvs_txn_abort(commit->txn);
		return err;
	}
	commit->request = session->message;
	err = lvs_txn_commit(commit->txn);
	if (err)
		return ipvs_fail(session, err, "%s", lvs_strerror(err));
	if (session->server.changed)
		session->server.changed(session->server.user);
	return 0;
}

static void put_counts(struct lvs_ipvs_session *session, const struct ipvs_counts *counts)
{
	struct lvs_ipvs_message answer = ipvs_answer_head(session, LVS_IPVS_COMMIT);

	answer.given = IPVS_OWN(ADDED) | IPVS_OWN(CHANGED) | IPVS_OWN(REMOVED);
	answer.added = counts->added;
	answer.changed = counts->changed;
	answer.removed = counts->removed;
	ipvs_put(session, &answer);
}

int ipvs_txn_commit(struct lvs_ipvs_session *session)
{
	struct commit commit = {.session = session, .flags = session->message.flags};
	int err;

	if (!session->queue.open)
		return ipvs_fail(session, -EINVAL, "no transaction is open");
	if (session->queue.spoilt) {
		ipvs_txn_forget(session);
		return ipvs_fail(session, -ECANCELED,
				 "a request of the transaction was refused: nothing has changed");
	}
	if (commit.flags & ~(uint32_t)(LVS_IPVS_DRY_RUN | LVS_IPVS_REPLACE))
		err = ipvs_fail(session, -EINVAL, "commit: unknown flags %#x", commit.flags);
	else
		err = each(&commit, check_one);
	if (!err)
		err = do_all(&commit);
	/* First what was wrong with which request, then that nothing comes of all. */
	if (err && commit.request.kind == LVS_IPVS_IPVS)
		ipvs_put_error(session, &commit.request, err);
	if (!err)
		put_counts(session, &commit.counts);
	ipvs_txn_forget(session);
	return err;
}
