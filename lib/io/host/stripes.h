/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sixteen reader locks instead of one: a reader takes the one its thread is
 * hashed to, so that workers do not pass a cache line around; a writer takes all.
 */
#ifndef LVS_IO_HOST_STRIPES_H
#define LVS_IO_HOST_STRIPES_H

#include <pthread.h>

#include "base/compiler.h"

#define LVS_STRIPES 16

struct lvs_stripe {
	LVS_ALIGNED pthread_rwlock_t lock;
};

struct lvs_stripes {
	struct lvs_stripe stripe[LVS_STRIPES];
};

void lvs_stripes_init(struct lvs_stripes *stripes);
void lvs_stripes_fini(struct lvs_stripes *stripes);

/* Returns the lock that was taken, for lvs_stripes_read_end(). Not recursive. */
pthread_rwlock_t *lvs_stripes_read(struct lvs_stripes *stripes);
void lvs_stripes_read_end(pthread_rwlock_t *lock);

void lvs_stripes_write(struct lvs_stripes *stripes);
void lvs_stripes_write_end(struct lvs_stripes *stripes);

#endif
