/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's transactions: all or nothing, tried, replacing everything, and without memory. */
#include "ipvs_rig.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>

static struct ipvs_rig *rig;
static struct alloc_rig memory;

static void set_up(void)
{
	struct lvs_settings settings;

	lvs_settings_init(&settings);
	memory = (struct alloc_rig){0};
	settings.alloc = alloc_rig(&memory);
	rig = ipvs_rig_new(&settings);
}

static void tear_down(void)
{
	rig_check(rig->director);
	ipvs_rig_del(rig);
	ck_assert_uint_eq(memory.live_n, 0);
}

static void begin(void)
{
	struct lvs_ipvs_message m = ipvs_rig_own(LVS_IPVS_BEGIN, 0);

	ck_assert_int_eq(ipvs_rig_ask(rig, &m), 0);
}

static int commit(uint32_t flags)
{
	struct lvs_ipvs_message m = ipvs_rig_own(LVS_IPVS_COMMIT, flags);

	return ipvs_rig_ask(rig, &m);
}

/* Sent without being acknowledged, each by itself. */
static void say(struct lvs_ipvs_message m)
{
	static uint32_t seq;

	m.seq = ++seq;
	ipvs_rig_put(rig, &m, 0);
	ck_assert_uint_eq(ipvs_rig_go(rig)->n, 0);
}

static void say_service(unsigned i, const char *sched)
{
	struct lvs_ipvs_message m = ipvs_rig_service(IPVS_CMD_NEW_SERVICE, i);

	strcpy(m.service.sched, sched);
	say(m);
}

static void say_dest(unsigned i, unsigned j, uint32_t weight)
{
	struct lvs_ipvs_message m = ipvs_rig_dest(IPVS_CMD_NEW_DEST, i, j);

	m.dest.weight = weight;
	say(m);
}

static void counts(uint32_t added, uint32_t changed, uint32_t removed)
{
	const struct lvs_ipvs_message *answer = &rig->answers.message[0];

	ck_assert_int_eq(answer->kind, LVS_IPVS_OWN);
	ck_assert_int_eq(answer->command, LVS_IPVS_COMMIT);
	ck_assert_uint_eq(answer->added, added);
	ck_assert_uint_eq(answer->changed, changed);
	ck_assert_uint_eq(answer->removed, removed);
}

static unsigned services(void)
{
	struct lvs_ipvs_message m = ipvs_rig_plain(IPVS_CMD_GET_SERVICE);

	return ipvs_rig_dump(rig, &m);
}

static unsigned dests(unsigned i)
{
	struct lvs_ipvs_message m = ipvs_rig_service(IPVS_CMD_GET_DEST, i);

	return ipvs_rig_dump(rig, &m);
}

/* Services 0 and 1, rr, with servers 0 and 1 of weight 1 each. */
static void fill(void)
{
	begin();
	for (unsigned i = 0; i < 2; i++) {
		say_service(i, "rr");
		say_dest(i, 0, 1);
		say_dest(i, 1, 1);
	}
	ck_assert_uint_eq(services(), 0); /* not yet */
	ck_assert_int_eq(commit(0), 0);
	counts(6, 0, 0);
	ck_assert_uint_eq(rig->changed, 1);
}

START_TEST(test_commit)
{
	fill();
	ck_assert_uint_eq(services(), 2);
	ck_assert_uint_eq(dests(1), 2);
	begin();
	say(ipvs_rig_dest(IPVS_CMD_DEL_DEST, 0, 0));
	say(ipvs_rig_dest(IPVS_CMD_SET_DEST, 0, 1));
	say(ipvs_rig_service(IPVS_CMD_DEL_SERVICE, 1));
	ck_assert_int_eq(commit(0), 0);
	counts(0, 1, 2);
	ck_assert_uint_eq(services(), 1);
	ck_assert_uint_eq(dests(0), 1);
	begin();
	say(ipvs_rig_plain(IPVS_CMD_FLUSH));
	say_service(7, "wlc");
	ck_assert_int_eq(commit(0), 0);
	counts(1, 0, 2);
	ck_assert_uint_eq(services(), 1);
}
END_TEST

/* The wrong one is named by its number, and nothing has changed. */
START_TEST(test_wrong)
{
	struct lvs_ipvs_message wrong = ipvs_rig_dest(IPVS_CMD_NEW_DEST, 9, 0);

	fill();
	begin();
	say(ipvs_rig_plain(IPVS_CMD_FLUSH));
	say_service(5, "rr");
	wrong.seq = 4711;
	ipvs_rig_put(rig, &wrong, 0);
	ipvs_rig_go(rig);
	say_service(6, "rr");
	ck_assert_int_eq(commit(0), -ESRCH);
	ck_assert_uint_eq(rig->answers.n, 2);
	ck_assert_uint_eq(rig->answers.message[0].seq, 4711);
	ck_assert_int_eq(rig->answers.message[0].error, -ESRCH);
	ck_assert_uint_eq(services(), 2);
	ck_assert_uint_eq(rig->changed, 1);
	ck_assert_int_eq(commit(0), -EINVAL); /* it has ended */
}
END_TEST

START_TEST(test_dry_run)
{
	fill();
	begin();
	say_service(2, "rr");
	say(ipvs_rig_service(IPVS_CMD_DEL_SERVICE, 0));
	ck_assert_int_eq(commit(LVS_IPVS_DRY_RUN), 0);
	counts(1, 0, 1);
	ck_assert_uint_eq(services(), 2);
	ck_assert_uint_eq(rig->changed, 1);
	begin();
	say_service(0, "rr");
	ck_assert_int_eq(commit(LVS_IPVS_DRY_RUN), -EEXIST);
}
END_TEST

START_TEST(test_replace)
{
	fill();
	for (int dry = 1; dry >= 0; dry--) {
		begin();
		say_service(1, "rr");  /* the same */
		say_dest(1, 0, 1);     /* the same */
		say_dest(1, 1, 5);     /* another weight */
		say_service(2, "wrr"); /* new */
		say_dest(2, 0, 1);     /* new */
		ck_assert_int_eq(commit(LVS_IPVS_REPLACE | (dry ? LVS_IPVS_DRY_RUN : 0)), 0);
		counts(2, 1, 3);
		ck_assert_uint_eq(dests(0), dry ? 2 : 0);
	}
	ck_assert_uint_eq(services(), 2);
	ck_assert_uint_eq(dests(1), 2);
	ck_assert_uint_eq(dests(2), 1);
}
END_TEST

/* Of one service some go; the same twice, or an edit, is refused. */
START_TEST(test_replace_some)
{
	fill();
	begin();
	say_service(0, "wlc");
	say_dest(0, 1, 1);
	ck_assert_int_eq(commit(LVS_IPVS_REPLACE), 0);
	counts(0, 1, 4);
	ck_assert_uint_eq(dests(0), 1);
	begin();
	say_service(3, "wlc");
	say_service(3, "wlc");
	ck_assert_int_eq(commit(LVS_IPVS_REPLACE), -EEXIST);
	begin();
	say_service(0, "wlc");
	say_dest(0, 0, 1);
	say_dest(0, 0, 1);
	ck_assert_int_eq(commit(LVS_IPVS_REPLACE), -EEXIST);
	begin();
	say_dest(0, 0, 1);
	ck_assert_int_eq(commit(LVS_IPVS_REPLACE), -ESRCH);
	begin();
	say(ipvs_rig_plain(IPVS_CMD_FLUSH));
	ck_assert_int_eq(commit(LVS_IPVS_REPLACE), -EINVAL);
	ck_assert_uint_eq(services(), 1);
}
END_TEST

START_TEST(test_life)
{
	struct lvs_ipvs_message m = ipvs_rig_own(LVS_IPVS_BEGIN, 0);

	begin();
	ck_assert_int_eq(ipvs_rig_ask(rig, &m), -EBUSY);
	say_service(0, "rr");
	m.command = LVS_IPVS_ABORT;
	ck_assert_int_eq(ipvs_rig_ask(rig, &m), 0);
	begin();
	ck_assert_int_eq(commit(0), 0); /* of nothing */
	counts(0, 0, 0);
	ck_assert_int_eq(commit(0), -EINVAL);
	begin();
	ck_assert_int_eq(commit(0x100), -EINVAL);
	ck_assert_uint_eq(services(), 0);
	begin();
	say_service(0, "rr"); /* and the client goes */
}
END_TEST

START_TEST(test_too_long)
{
	struct lvs_ipvs_message m = ipvs_rig_service(IPVS_CMD_NEW_SERVICE, 0);

	lvs_ipvs_session_del(rig->session);
	rig->server.txn_size = 300;
	ck_assert_int_eq(lvs_ipvs_session_new(&rig->server, LVS_IPVS_ADMIN, &rig->session), 0);
	begin();
	ck_assert_int_eq(ipvs_rig_ask(rig, &m), 0);
	ck_assert_int_eq(ipvs_rig_ask(rig, &m), 0);
	ck_assert_int_eq(ipvs_rig_ask(rig, &m), -EMSGSIZE);
}
END_TEST

/* More services than the first size of what is there holds, replaced by as many others. */
START_TEST(test_many)
{
	for (unsigned round = 0; round < 2; round++) {
		begin();
		for (unsigned i = 0; i < 300; i++) {
			say_service(i + 150 * round, "rr");
			say_dest(i + 150 * round, i % 4, 1);
		}
		ck_assert_int_eq(commit(LVS_IPVS_REPLACE), 0);
		counts(round ? 450 : 600, 0, round ? 450 : 0);
	}
	ck_assert_uint_eq(services(), 300);
}
END_TEST

/* The director's k-th allocation fails: ENOMEM, and all is as before. */
START_TEST(test_no_memory)
{
	int err = -ENOMEM;

	fill();
	for (uint64_t k = 1; err; k++) {
		begin();
		say_service(1, "wrr");
		say_dest(1, 0, 3);
		say_service(2, "mh");
		say_dest(2, 0, 1);
		memory.fail_at = k;
		err = commit(LVS_IPVS_REPLACE);
		if (!memory.fail_at && err) {
			ck_assert_int_eq(err, -ENOMEM);
			ck_assert_uint_eq(services(), 2);
			ck_assert_uint_eq(dests(0), 2);
			rig_check(rig->director);
		}
		memory.fail_at = 0;
		ck_assert(!err || k < 10000);
	}
	ck_assert_uint_eq(dests(0), 0);
	ck_assert_uint_eq(dests(2), 1);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ipvs_txn");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_commit);
	tcase_add_test(tcase, test_wrong);
	tcase_add_test(tcase, test_dry_run);
	tcase_add_test(tcase, test_replace);
	tcase_add_test(tcase, test_replace_some);
	tcase_add_test(tcase, test_life);
	tcase_add_test(tcase, test_too_long);
	tcase_add_test(tcase, test_many);
	tcase_add_test(tcase, test_no_memory);
	return unit_run("ipvs_txn", tcase);
}
