/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two of lvsd's workers, a thread and an adapter each, on one director: any packet of any flow
 * comes to any of them, while this thread edits, lists, checks and reads counters as the control
 * thread does. Then one whose adapter fails, and one whose processor is not there.
 */
#include <liblvs/io.h>

#include "director_rig.h"
#include "worker.h"

#include "unit.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	WORKERS = 2,
	FLOWS = 200,
	SERVERS = 4,
	PACKETS = 20000,
	BATCH = 32,
	FAILS_AFTER = 500, /* packets */
};

/* What both adapters draw from. */
struct source {
	_Atomic unsigned next;
	_Atomic uint32_t server[FLOWS]; /* where a flow went first; 0: nowhere yet */
	_Atomic unsigned wrong;
	bool fails;   /* one adapter does, some time */
	bool endless; /* else it ends after PACKETS */
};

static struct source source;

struct adapter {
	int fd; /* always readable */
	bool fails;
	_Atomic uint64_t rx, tx;
	struct rig_packet rig[BATCH];
};

static int adapter_open(const struct lvs_io_conf *conf, void **state)
{
	struct adapter *adapter = calloc(1, sizeof(*adapter));

	ck_assert_ptr_nonnull(adapter);
	adapter->fd = eventfd(1, EFD_CLOEXEC);
	adapter->fails = source.fails && conf->worker == 1;
	*state = adapter;
	return 0;
}

static void adapter_close(void *state)
{
	struct adapter *adapter = state;

	close(adapter->fd);
	free(adapter);
}

static int adapter_fd(const void *state)
{
	return ((const struct adapter *)state)->fd;
}

static void make(struct rig_packet *rig, unsigned number)
{
	unsigned flow = number * 7919 % FLOWS;
	struct lvs_flow key = rig_flow(LVS_UDP, LVS_INET, rig_addr4(198, 51, 100, flow),
				       1000 + flow, rig_addr4(192, 0, 2, 1), 80);

	rig_make(rig, &key, 0, 20);
	rig->packet.user = &source.server[flow];
}

static int adapter_rx(void *state, struct lvs_packet *packets, unsigned n)
{
	struct adapter *adapter = state;
	unsigned first, filled = 0;

	n = n < BATCH ? n : BATCH;
	first = atomic_fetch_add_explicit(&source.next, n, memory_order_relaxed);
	if (adapter->fails && adapter->rx > FAILS_AFTER)
		return LVS_ERR_IO;
	while (filled < n && (source.endless || first + filled < PACKETS)) {
		make(&adapter->rig[filled], first + filled);
		packets[filled] = adapter->rig[filled].packet;
		filled++;
	}
	atomic_fetch_add_explicit(&adapter->rx, filled, memory_order_relaxed);
	return (int)filled;
}

/* Whether a packet goes where the first of its flow went. */
static bool goes_right(const struct lvs_packet *packet)
{
	_Atomic uint32_t *server = packet->user;
	uint32_t mine, known = 0;

	memcpy(&mine, &packet->next_hop, sizeof(mine));
	if (packet->verdict != LVS_FORWARD)
		return false;
	/* relaxed: it is a number by itself */
	return atomic_compare_exchange_strong_explicit(server, &known, mine, memory_order_relaxed,
						       memory_order_relaxed) ||
	       known == mine;
}

/* All of a flow go to one server, whoever decides. */
static void note(const struct lvs_packet *packet)
{
	if (!goes_right(packet))
		atomic_fetch_add_explicit(&source.wrong, 1, memory_order_relaxed);
}

static int adapter_tx(void *state, const struct lvs_packet *packets, unsigned n)
{
	struct adapter *adapter = state;

	for (unsigned i = 0; i < n; i++)
		note(&packets[i]);
	atomic_fetch_add_explicit(&adapter->tx, n, memory_order_relaxed);
	return 0;
}

static void adapter_caps(const void *state, struct lvs_io_caps *caps)
{
	(void)state;
	caps->flags = LVS_IO_LINK_LAYER | LVS_IO_FINITE;
}

static uint64_t adapter_count(const void *state, unsigned counter)
{
	const struct adapter *adapter = state;

	return counter == LVS_IO_COUNT_rx ? adapter->rx : adapter->tx;
}

static const struct lvs_io_ops adapter_ops = {
	.size = sizeof(adapter_ops),
	.name = "test",
	.open = adapter_open,
	.close = adapter_close,
	.fd = adapter_fd,
	.rx = adapter_rx,
	.tx = adapter_tx,
	.caps = adapter_caps,
	.count = adapter_count,
};

struct site {
	struct lvs_director *director;
	struct lvs_service_key key;
	struct gate gate;
	int stop_fd, ended_fd;
	struct worker worker[WORKERS];
	struct lvs_marks *marks; /* the workers', of which none matters here */
};

static void quiet(void *user, enum lvs_log_level level, const char *text)
{
	(void)user;
	(void)level;
	(void)text;
}

static struct lvs_dest_key server(unsigned i)
{
	return rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 1 + i), 80);
}

static void open_director(struct site *site)
{
	site->key = rig_service_key(LVS_INET, LVS_UDP, rig_addr4(192, 0, 2, 1), 80);
	ck_assert_int_eq(lvs_director_new(NULL, &site->director), 0);
	rig_set_service(site->director, &site->key, "wlc");
	for (unsigned i = 0; i < SERVERS; i++) {
		struct lvs_dest_key key = server(i);

		rig_set_dest(site->director, &site->key, &key, LVS_METHOD_DR, 1);
	}
}

static void open_site(struct site *site)
{
	struct lvs_io_conf conf = {.size = sizeof(conf), .worker_n = WORKERS, .target = "test"};

	memset(site, 0, sizeof(*site));
	open_director(site);
	gate_init(&site->gate);
	site->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	site->ended_fd = eventfd(0, EFD_CLOEXEC);
	for (unsigned i = 0; i < WORKERS; i++) {
		struct worker *worker = &site->worker[i];

		worker->number = conf.worker = i;
		worker->cpu = -1;
		worker->log = (struct lvs_log){.line = quiet};
		worker->gate = &site->gate;
		worker->wait_max_ms = -1;
		worker->stop_fd = site->stop_fd;
		worker->ended_fd = site->ended_fd;
		ck_assert_int_eq(worker_open(worker, site->director, &adapter_ops, &conf), 0);
	}
}

static void close_site(struct site *site)
{
	for (unsigned i = 0; i < WORKERS; i++)
		worker_close(&site->worker[i]);
	lvs_marks_del(site->marks);
	rig_check(site->director);
	lvs_director_del(site->director);
	close(site->stop_fd);
	close(site->ended_fd);
}

static void start(struct site *site)
{
	for (unsigned i = 0; i < WORKERS; i++)
		ck_assert_int_eq(worker_start(&site->worker[i]), 0);
}

static uint64_t sum(const struct site *site, unsigned counter)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < WORKERS; i++) {
		uint64_t count[LVS_IO_COUNT_N];

		lvs_io_counts(site->worker[i].io, count, LVS_IO_COUNT_N);
		n += count[counter];
	}
	return n;
}

/* As at SIGHUP: weights change. As at SIGUSR1: connections are listed, counters read. */
static void disturb(struct site *site, unsigned round)
{
	struct lvs_dest_key key = server(round % SERVERS);
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor;
	uint64_t reasons[LVS_REASON_N];

	memset(&cursor, 0, sizeof(cursor));
	rig_set_dest(site->director, &site->key, &key, LVS_METHOD_DR, 1 + (int)(round % 3));
	while (lvs_director_next_conn(site->director, NULL, &cursor, &info) > 0)
		continue;
	lvs_director_reasons(site->director, reasons, LVS_REASON_N);
	ck_assert_uint_le(sum(site, LVS_IO_COUNT_tx), PACKETS);
}

/* As at SIGHUP: other marking rules, the old ones freed. */
static void change_marks(struct site *site)
{
	static const struct lvs_mark_rule rules[] = {
		{.mark = 5, .protocol = LVS_UDP, .src_port = 1001, .src_port_last = 1020},
		{.mark = 6},
	};
	struct lvs_marks *marks = NULL;

	ck_assert_int_eq(lvs_marks_new(rules, site->marks ? 1 : 2, &marks), 0);
	for (unsigned i = 0; i < WORKERS; i++)
		site->worker[i].marks = marks;
	lvs_marks_del(site->marks);
	site->marks = marks;
}

/* As at SIGRTMIN: the workers are held between two batches. */
static void check_still(struct site *site)
{
	const char *fault = NULL;

	gate_close(&site->gate);
	ck_assert_int_eq(lvs_director_check(site->director, &fault), 0);
	ck_assert_uint_eq(sum(site, LVS_IO_COUNT_rx), sum(site, LVS_IO_COUNT_tx));
	change_marks(site);
	gate_open(&site->gate);
}

START_TEST(test_any_packet)
{
	struct site site;
	unsigned round = 0;

	memset(&source, 0, sizeof(source));
	open_site(&site);
	start(&site);
	do {
		disturb(&site, round);
		if (round++ % 4 == 0)
			check_still(&site);
	} while (atomic_load_explicit(&source.next, memory_order_relaxed) < PACKETS);
	for (unsigned i = 0; i < WORKERS; i++) {
		worker_join(&site.worker[i]);
		ck_assert_int_eq(site.worker[i].failed, 0);
	}
	ck_assert_uint_eq(sum(&site, LVS_IO_COUNT_rx), PACKETS);
	ck_assert_uint_eq(sum(&site, LVS_IO_COUNT_tx), PACKETS);
	ck_assert_uint_eq(source.wrong, 0);
	ck_assert_uint_eq(lvs_director_conn_n(site.director), FLOWS);
	close_site(&site);
}
END_TEST

/* What main() does when one ends: the others are told, and all end. */
START_TEST(test_failure)
{
	struct site site;
	uint64_t ended;

	memset(&source, 0, sizeof(source));
	source.fails = source.endless = true;
	open_site(&site);
	start(&site);
	ck_assert_int_eq(read(site.ended_fd, &ended, sizeof(ended)), sizeof(ended));
	eventfd_write(site.stop_fd, 1);
	for (unsigned i = 0; i < WORKERS; i++)
		worker_join(&site.worker[i]);
	ck_assert_int_eq(site.worker[0].failed, 0);
	ck_assert_int_eq(site.worker[1].failed, LVS_ERR_IO);
	close_site(&site);
}
END_TEST

START_TEST(test_no_processor)
{
	struct site site;

	memset(&source, 0, sizeof(source));
	open_site(&site);
	site.worker[1].cpu = 1023;
	ck_assert_int_eq(worker_start(&site.worker[1]), LVS_ERR_INVALID);
	close_site(&site);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("lvsd_concurrent");

	tcase_add_test(tcase, test_any_packet);
	tcase_add_test(tcase, test_failure);
	tcase_add_test(tcase, test_no_processor);
	return unit_run("lvsd_concurrent", tcase);
}
