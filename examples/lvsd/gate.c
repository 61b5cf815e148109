/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate.h"

void gate_init(struct gate *gate)
{
	pthread_mutex_init(&gate->lock, NULL);
	pthread_cond_init(&gate->moved, NULL);
	atomic_init(&gate->closed, false);
	gate->inside = 0;
}

void gate_enter(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	while (atomic_load_explicit(&gate->closed, memory_order_relaxed))
		pthread_cond_wait(&gate->moved, &gate->lock);
	gate->inside++;
	pthread_mutex_unlock(&gate->lock);
}

void gate_leave(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	if (--gate->inside == 0)
		pthread_cond_broadcast(&gate->moved);
	pthread_mutex_unlock(&gate->lock);
}

void gate_close(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	atomic_store_explicit(&gate->closed, true, memory_order_relaxed);
	while (gate->inside)
		pthread_cond_wait(&gate->moved, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

void gate_open(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	atomic_store_explicit(&gate->closed, false, memory_order_relaxed);
	pthread_cond_broadcast(&gate->moved);
	pthread_mutex_unlock(&gate->lock);
}
