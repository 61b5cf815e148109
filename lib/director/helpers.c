/* SPDX-License-Identifier: BSD-2-Clause */
#include "director/helpers.h"

#include <string.h>

#include "base/memory.h"

/* Bytes of a helper in the first version; what was appended may be missing. */
#define HELPER_LEAST sizeof(struct lvs_helper_ops)

const struct lvs_helper_ops *lvs_helpers_find(const struct lvs_helpers *helpers, uint8_t protocol,
					      lvs_be16 port)
{
	for (uint32_t i = 0; helpers && i < helpers->n; i++)
		if (helpers->port[i].port == port && helpers->port[i].protocol == protocol)
			return helpers->port[i].ops;
	return NULL;
}

static size_t size_of(uint32_t n)
{
	return sizeof(struct lvs_helpers) + n * sizeof(struct lvs_helper_port);
}

void lvs_helpers_del(struct lvs_helpers *helpers)
{
	if (helpers)
		lvs_mem_free(&helpers->director->settings.alloc, helpers, size_of(helpers->n),
			     _Alignof(struct lvs_helpers));
}

static void free_retired(struct lvs_services *services, struct lvs_retired *retired)
{
	(void)services;
	lvs_helpers_del(LVS_CONTAINER(retired, struct lvs_helpers, retired));
}

/* The control mutex is held, here and below. */
static void replace(struct lvs_director *director, struct lvs_helpers *helpers)
{
	struct lvs_helpers *old = atomic_load_explicit(&director->helpers, memory_order_relaxed);

	/* release: its ports; pairs with the acquire in lvs_helpers_of() */
	atomic_store_explicit(&director->helpers, helpers, memory_order_release);
	if (old)
		lvs_retire(director->services, &old->retired, free_retired);
}

/* A table of @p n ports, those of @p old first as far as there is room. */
static struct lvs_helpers *copy(struct lvs_director *director, const struct lvs_helpers *old,
				uint32_t n)
{
	struct lvs_helpers *helpers =
		lvs_mem_zalloc(&director->settings.alloc, size_of(n), _Alignof(struct lvs_helpers));

	if (!helpers)
		return NULL;
	helpers->director = director;
	helpers->n = n;
	if (old)
		memcpy(helpers->port, old->port,
		       (old->n < n ? old->n : n) * sizeof(helpers->port[0]));
	return helpers;
}

static uint32_t ports_of(const struct lvs_helpers *helpers, const struct lvs_helper_ops *ops)
{
	uint32_t n = 0;

	for (uint32_t i = 0; helpers && i < helpers->n; i++)
		n += helpers->port[i].ops == ops;
	return n;
}

static int bind(struct lvs_director *director, const struct lvs_helper_port *port)
{
	const struct lvs_helpers *old = lvs_helpers_of(director);
	uint32_t n = old ? old->n : 0;
	struct lvs_helpers *helpers;

	if (lvs_helpers_find(old, port->protocol, port->port))
		return LVS_ERR_EXISTS;
	if (ports_of(old, port->ops) == LVS_HELPER_PORTS)
		return LVS_ERR_FULL;
	helpers = copy(director, old, n + 1);
	if (!helpers)
		return LVS_ERR_NO_MEMORY;
	helpers->port[n] = *port;
	replace(director, helpers);
	return 0;
}

static int unbind(struct lvs_director *director, uint8_t protocol, lvs_be16 port)
{
	const struct lvs_helpers *old = lvs_helpers_of(director);
	struct lvs_helpers *helpers = NULL;

	if (!lvs_helpers_find(old, protocol, port))
		return LVS_ERR_NO_ENTRY;
	if (old->n > 1) {
		helpers = copy(director, old, old->n - 1);
		if (!helpers)
			return LVS_ERR_NO_MEMORY;
	}
	/* The last one takes the place of what goes. */
	for (uint32_t i = 0; helpers && i < helpers->n; i++)
		if (helpers->port[i].port == port && helpers->port[i].protocol == protocol)
			helpers->port[i] = old->port[helpers->n];
	replace(director, helpers);
	return 0;
}

static int check(const struct lvs_helper_ops *ops, uint8_t protocol, lvs_be16 port)
{
	if (!ops || ops->size < HELPER_LEAST || !ops->name || !ops->segment || !port)
		return LVS_ERR_INVALID;
	if (ops->state_size > LVS_HELPER_STATE)
		return LVS_ERR_RANGE;
	return protocol == LVS_TCP ? 0 : LVS_ERR_UNSUPPORTED;
}

int lvs_director_bind_helper(struct lvs_director *director, const struct lvs_helper_ops *ops,
			     uint8_t protocol, lvs_be16 port)
{
	struct lvs_helper_port bound = {.ops = ops, .port = port, .protocol = protocol};
	int err = check(ops, protocol, port);

	if (!err)
		err = lvs_services_lock(director->services);
	if (err)
		return err;
	lvs_retire_collect(director->services);
	err = bind(director, &bound);
	lvs_services_unlock(director->services);
	return err;
}

int lvs_director_unbind_helper(struct lvs_director *director, uint8_t protocol, lvs_be16 port)
{
	int err = lvs_services_lock(director->services);

	if (err)
		return err;
	lvs_retire_collect(director->services);
	err = unbind(director, protocol, port);
	lvs_services_unlock(director->services);
	return err;
}
