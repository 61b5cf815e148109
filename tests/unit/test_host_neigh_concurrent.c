/* SPDX-License-Identifier: BSD-2-Clause */
/* Next hops by number: readers beside a writer. */
#include <pthread.h>
#include <string.h>

#include "io/host/neigh.h"
#include "io/host/neigh_entry.h"

#include "unit.h"

static struct lvs_iface ether = {.ifindex = 3,
				 .mtu = 1500,
				 .flags = 1 /* IFF_UP */,
				 .has_mac = true,
				 .mac = {2, 0, 0, 0, 0, 3}};

static struct lvs_neigh_key key_of(unsigned n)
{
	struct lvs_neigh_key key = {
		.addr = {{10, 0, (uint8_t)(n >> 8), (uint8_t)n}}, .ifindex = 3, .family = LVS_INET};

	return key;
}

struct reader {
	struct lvs_neigh *entry;
	_Atomic int end;
	_Atomic unsigned torn;
};

/* The writer sets address byte 4 and byte 5 of the link-layer address alike. */
static void *read_on(void *user)
{
	struct reader *reader = user;

	while (!atomic_load_explicit(&reader->end, memory_order_relaxed)) {
		struct lvs_neigh_view view;
		uint8_t mac[6];

		lvs_neigh_read(reader->entry, &view);
		lvs_neigh_mac_bytes(view.dst, mac);
		if (mac[4] != mac[5] || view.addr.byte[3] != mac[5])
			atomic_fetch_add_explicit(&reader->torn, 1, memory_order_relaxed);
	}
	return NULL;
}

/* What a reader sees belongs together. */
START_TEST(test_concurrent_read)
{
	struct lvs_neigh *entry;
	struct reader reader = {0};
	struct lvs_neighs neighs;
	struct lvs_neigh_key first = key_of(0);
	pthread_t thread[2];

	ck_assert_int_eq(lvs_neighs_init(&neighs, 16, -1), 0);
	entry = &neighs.entry[lvs_neighs_add(&neighs, &first, &ether)];
	reader.entry = entry;
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, read_on, &reader), 0);
	for (unsigned i = 0; i < 200000; i++) {
		uint8_t mac[6] = {2, 0, 0, 0, (uint8_t)i, (uint8_t)i};
		struct lvs_neigh_key key = key_of(i & 0xff);
		uint64_t addr[2];

		/* All in one change, as no call of the library does. */
		memcpy(addr, &key.addr, sizeof(addr));
		atomic_store_explicit(&entry->change, i * 2 + 1001, memory_order_relaxed);
		atomic_thread_fence(memory_order_release);
		atomic_store_explicit(&entry->addr[0], addr[0], memory_order_relaxed);
		atomic_store_explicit(&entry->dst, lvs_neigh_mac_word(mac), memory_order_relaxed);
		atomic_store_explicit(&entry->change, i * 2 + 1002, memory_order_release);
	}
	atomic_store_explicit(&reader.end, 1, memory_order_relaxed);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	ck_assert_uint_eq(atomic_load(&reader.torn), 0);
	lvs_neighs_fini(&neighs);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("host_neigh_concurrent");

	tcase_add_test(tcase, test_concurrent_read);
	return unit_run("host_neigh_concurrent", tcase);
}
