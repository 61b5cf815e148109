/* SPDX-License-Identifier: BSD-2-Clause */
#include "director/conn_info.h"

#include <string.h>

#include "base/byteorder.h"
#include "conn/template.h"
#include "director/binding.h"
#include "service/key.h"

#define FILTER_FLAGS (uint32_t)(LVS_CONN_FILTER_NO_TEMPLATES | LVS_CONN_FILTER_TEMPLATES)

/* On the workers' clock: the record knows the wrapping lower half of the ticks. */
static uint64_t expires_ns(const struct lvs_conn *conn, uint64_t word, uint64_t ticks)
{
	uint32_t seen = atomic_load_explicit(&conn->seen, memory_order_relaxed);
	uint32_t deadline = lvs_conn_control_n(conn) ? lvs_conn_lingers_until(conn, (uint32_t)ticks)
						     : lvs_conn_deadline(seen, word);
	int32_t ahead = (int32_t)(deadline - (uint32_t)ticks);

	return (ticks + (uint64_t)(int64_t)ahead) << LVS_TICK_SHIFT;
}

static void service_of(const struct lvs_director *director, const struct lvs_conn *conn,
		       struct lvs_service_key *key)
{
	memset(key, 0, sizeof(*key));
	lvs_dest_service_key(lvs_services_dest(director->services, conn->dest), key);
}

static uint32_t flags_of(uint64_t word)
{
	return (word & LVS_CONN_TEMPLATE ? LVS_CONN_INFO_TEMPLATE : 0u) |
	       (word & LVS_CONN_INVALID ? LVS_CONN_INFO_INVALID : 0u) |
	       (word & LVS_CONN_NO_CPORT ? LVS_CONN_INFO_NO_PORT : 0u);
}

static void show_bytes(const uint8_t *data, uint32_t len, char *text)
{
	for (uint32_t i = 0; i < len; i++)
		text[i] = data[i] < 0x20 || data[i] == 0x7f ? '?' : (char)data[i];
	text[len] = 0;
}

static void show_data(struct lvs_conn_info *info, const struct lvs_data *data)
{
	info->pe = data->pe->name;
	if (data->pe->show)
		data->pe->show(data->byte, data->len, info->pe_data, sizeof(info->pe_data));
	else
		show_bytes(data->byte, data->len, info->pe_data);
}

static void show_template(struct lvs_conn_info *info, const struct lvs_conn *conn,
			  const struct lvs_director *director, uint64_t word)
{
	const struct lvs_data *data = lvs_template_data(director->table, conn);

	if (data)
		show_data(info, data);
	info->state = LVS_CONN_STATE(word) == LVS_TEMPLATE_ASSURED ? "ASSURED" : "NONE";
	if (word & LVS_CONN_INVALID) {
		info->service_port = UINT16_MAX;
		info->dest_port = UINT16_MAX;
	}
}

void lvs_conn_info_of(struct lvs_conn_info *info, const struct lvs_conn *conn,
		      const struct lvs_director *director)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	struct lvs_service_key service;
	struct lvs_binding binding;

	lvs_binding_of_conn(&binding, conn, director);
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	info->number = lvs_table_number(director->table, conn);
	info->client = binding.client;
	info->service = binding.service;
	info->dest = binding.dest;
	info->client_port = binding.client_port;
	info->service_port = binding.service_port;
	info->dest_port = binding.dest_port;
	info->family = binding.family;
	/* Where there is no destination the address is nobody's, in the connection's own family. */
	info->dest_family = conn->dest ? binding.dest_family : binding.family;
	info->protocol = binding.protocol;
	info->active = !(word & LVS_CONN_INACTIVE);
	info->method = (uint8_t)lvs_services_forwarder(director->services, LVS_CONN_FORWARDER(word))
			       ->method;
	info->state = lvs_state_name(conn->protocol, word);
	info->expires_ns = expires_ns(conn, word, lvs_director_ticks(director));
	info->flags = flags_of(word);
	service_of(director, conn, &service);
	info->fwmark = service.fwmark;
	info->controller = lvs_conn_controller(conn);
	info->control_n = lvs_conn_control_n(conn);
	if (lvs_unlikely(word & LVS_CONN_TEMPLATE))
		show_template(info, conn, director, word);
}

static bool of_dest(const struct lvs_conn_info *info, const struct lvs_dest_key *dest)
{
	return info->dest_family == dest->family &&
	       (dest->port == 0 || info->dest_port == dest->port) &&
	       lvs_addr_equal(&info->dest, &dest->addr, dest->family);
}

bool lvs_conn_filter_valid(const struct lvs_conn_filter *filter)
{
	if (!filter)
		return true;
	return filter->size >= sizeof(*filter) && !(filter->flags & ~FILTER_FLAGS);
}

static bool of_service(const struct lvs_director *director, const struct lvs_conn *conn,
		       const struct lvs_service_key *service)
{
	struct lvs_service_key own, asked;

	service_of(director, conn, &own);
	lvs_service_key_normal(service, &asked);
	return memcmp(&own, &asked, sizeof(own)) == 0;
}

static bool of_kind(const struct lvs_conn_info *info, uint32_t flags)
{
	return !(flags & (info->flags & LVS_CONN_INFO_TEMPLATE ? LVS_CONN_FILTER_NO_TEMPLATES
							       : LVS_CONN_FILTER_TEMPLATES));
}

bool lvs_conn_matches(const struct lvs_conn *conn, const struct lvs_conn_info *info,
		      const struct lvs_conn_filter *filter, const struct lvs_director *director)
{
	if (!filter)
		return true;
	if (!of_kind(info, filter->flags))
		return false;
	if (filter->service && !of_service(director, conn, filter->service))
		return false;
	if (filter->dest && !of_dest(info, filter->dest))
		return false;
	return !filter->client || (info->family == filter->client_family &&
				   lvs_addr_equal(&info->client, filter->client, info->family));
}
