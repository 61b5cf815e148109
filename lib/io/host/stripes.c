/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/host/stripes.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

void lvs_stripes_init(struct lvs_stripes *stripes)
{
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	/* Readers that follow each other without a gap would keep a route change out. */
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	for (unsigned i = 0; i < LVS_STRIPES; i++) {
		int err = pthread_rwlock_init(&stripes->stripe[i].lock, &attr);

		assert(err == 0);
		(void)err;
	}
	pthread_rwlockattr_destroy(&attr);
}

void lvs_stripes_fini(struct lvs_stripes *stripes)
{
	for (unsigned i = 0; i < LVS_STRIPES; i++)
		pthread_rwlock_destroy(&stripes->stripe[i].lock);
}

/* Thread handles are addresses of pages; Fibonacci hashing spreads them. */
static unsigned stripe_of_thread(void)
{
	pthread_t self = pthread_self();
	uint64_t word = 0;

	_Static_assert(sizeof(self) <= sizeof(word), "a thread handle fits in a word");
	memcpy(&word, &self, sizeof(self));
	return (unsigned)((word >> 12) * 0x9e3779b97f4a7c15u >> 60) % LVS_STRIPES;
}

pthread_rwlock_t *lvs_stripes_read(struct lvs_stripes *stripes)
{
	pthread_rwlock_t *lock = &stripes->stripe[stripe_of_thread()].lock;

	pthread_rwlock_rdlock(lock);
	return lock;
}

void lvs_stripes_read_end(pthread_rwlock_t *lock)
{
	pthread_rwlock_unlock(lock);
}

void lvs_stripes_write(struct lvs_stripes *stripes)
{
	for (unsigned i = 0; i < LVS_STRIPES; i++)
		pthread_rwlock_wrlock(&stripes->stripe[i].lock);
}

void lvs_stripes_write_end(struct lvs_stripes *stripes)
{
	for (unsigned i = LVS_STRIPES; i-- > 0;)
		pthread_rwlock_unlock(&stripes->stripe[i].lock);
}
