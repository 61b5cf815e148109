/* SPDX-License-Identifier: BSD-2-Clause */
/* lvs_director_check(): silent on a sound director, and it finds what is broken on purpose. */
#include <string.h>

#include "conn/inside.h"
#include "director/director.h"
#include "director_rig.h"
#include "unit.h"

#define CONNS 40

struct site {
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service;
	struct lvs_dest_key dest[3];
	struct lvs_conn *conn; /* one that is active */
	struct lvs_dest *its;  /* destination */
};

static enum lvs_reason push(struct site *site, unsigned i, uint8_t flags)
{
	struct rig_packet rig;
	struct lvs_flow flow = rig_flow(LVS_TCP, LVS_INET, rig_addr4(198, 51, 100, 1), 1000 + i,
					site->service.addr, 80);

	return rig_send(site->worker, &rig, &flow, flags, 1000 * SECOND);
}

/* NAT, so that each connection has two keys; some are removed, some of a removed destination. */
static void open_site(struct site *site)
{
	uint32_t number = 0;

	memset(site, 0, sizeof(*site));
	ck_assert_int_eq(lvs_director_new(NULL, &site->director), 0);
	ck_assert_int_eq(lvs_worker_new(site->director, &site->worker), 0);
	site->service = rig_service_key(LVS_INET, LVS_TCP, rig_addr4(192, 0, 2, 1), 80);
	rig_set_service(site->director, &site->service, "rr");
	for (unsigned i = 0; i < 3; i++) {
		site->dest[i] = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, i + 1), 80);
		rig_set_dest(site->director, &site->service, &site->dest[i], LVS_METHOD_NAT, 1);
	}
	for (unsigned i = 0; i < CONNS; i++) {
		ck_assert_int_eq(push(site, i, LVS_TCP_SYN), LVS_REASON_SCHEDULED);
		if (i % 2)
			push(site, i, LVS_TCP_RST);
	}
	rig_del_dest(site->director, &site->service, &site->dest[1]);
	site->conn = lvs_table_next(site->director->table, &number);
	ck_assert_ptr_nonnull(site->conn);
	site->its = lvs_services_dest(site->director->services, site->conn->dest);
}

static void close_site(struct site *site)
{
	lvs_worker_del(site->worker);
	lvs_director_del(site->director);
}

START_TEST(test_sound)
{
	struct site site;

	open_site(&site);
	rig_check(site.director);
	ck_assert_int_eq(lvs_director_check(site.director, NULL), 0);
	ck_assert_int_gt(lvs_director_kill_conns(site.director, NULL), 0);
	rig_check(site.director);
	close_site(&site);
}
END_TEST

static void more_total(struct site *site)
{
	site->its->gauge.word += 1;
}

static void less_active(struct site *site)
{
	site->its->gauge.word -= UINT64_C(1) << 32;
}

static void wrong_dest(struct site *site)
{
	site->conn->dest = 77;
}

static void no_dest(struct site *site)
{
	site->conn->dest = 0;
}

static void no_method(struct site *site)
{
	site->conn->word |= 0xff00;
}

static void other_port(struct site *site)
{
	site->conn->client_port ^= 1;
}

static void other_server_port(struct site *site)
{
	site->conn->dest_port ^= 1;
}

static struct lvs_shard *home(struct site *site)
{
	struct lvs_table *table = site->director->table;

	return lvs_table_shard(table, lvs_key_hash_conn(&table->env.hash, site->conn, 0));
}

static void no_timer(struct site *site)
{
	lvs_wheel_unlink(&home(site)->wheel, &site->director->table->arena, site->conn);
}

static void no_entry(struct site *site)
{
	struct lvs_table *table = site->director->table;

	ck_assert(lvs_shard_remove(home(site), lvs_key_hash_conn(&table->env.hash, site->conn, 0),
				   lvs_index_ref(lvs_arena_number(site->conn), 0)));
}

static void not_live(struct site *site)
{
	site->conn->word |= LVS_CONN_DEAD;
}

static const struct {
	void (*spoil)(struct site *site);
	const char *part; /* of the sentence; "" is any */
} faults[] = {
	{more_total, "total"},
	{less_active, "active"},
	{wrong_dest, "total"},
	{no_dest, "no destination"},
	{no_method, "no forwarding method"},
	{other_port, "entry"},
	{other_server_port, "entry"},
	{no_timer, "timer"},
	{no_entry, "not reachable"},
	{not_live, "entry"},
};

START_TEST(test_faults)
{
	static struct site site; /* past saving in the end, but not lost */
	const char *fault = NULL;

	open_site(&site);
	faults[_i].spoil(&site);
	ck_assert_int_eq(lvs_director_check(site.director, &fault), LVS_ERR_INVALID);
	ck_assert_ptr_nonnull(fault);
	ck_assert_msg(strstr(fault, faults[_i].part) != NULL, "%s", fault);
}
END_TEST

/* The gauge agrees, but the destination has been forgotten. */
START_TEST(test_forgotten)
{
	static struct site site; /* past saving in the end, but not lost */
	const char *fault = NULL;

	open_site(&site);
	site.its->gauge.word -= 1 + (UINT64_C(1) << 32);
	site.conn->dest = 77;
	ck_assert_int_eq(lvs_director_check(site.director, &fault), LVS_ERR_INVALID);
	ck_assert_str_eq(fault, "connections name a destination that is gone");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("check");

	tcase_add_test(tcase, test_sound);
	tcase_add_loop_test(tcase, test_faults, 0, (int)(sizeof(faults) / sizeof(faults[0])));
	tcase_add_test(tcase, test_forgotten);
	return unit_run("check", tcase);
}
