/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/ipvs/table.h"

#include <stddef.h>

#define FIELD(type, attr, wire, member)                                                            \
	{                                                                                          \
		attr, offsetof(struct type, member), sizeof(((struct type *)NULL)->member), wire,  \
			NULL                                                                       \
	}
#define NEST(type, attr, wire, member, table)                                                      \
	{                                                                                          \
		attr, offsetof(struct type, member), 0, wire, table                                \
	}
#define TABLE(type, fields, member)                                                                \
	{                                                                                          \
		fields, sizeof(fields) / sizeof((fields)[0]), offsetof(struct type, member),       \
			sizeof(struct type)                                                        \
	}

#define STATS(attr, wire, member) FIELD(lvs_ipvs_stats, IPVS_STATS_ATTR_##attr, wire, member)

static const struct ipvs_field stats[] = {
	STATS(CONNS, IPVS_NARROW, conns),      STATS(INPKTS, IPVS_NARROW, in_pkts),
	STATS(OUTPKTS, IPVS_NARROW, out_pkts), STATS(INBYTES, IPVS_U64, in_bytes),
	STATS(OUTBYTES, IPVS_U64, out_bytes),  STATS(CPS, IPVS_NARROW, cps),
	STATS(INPPS, IPVS_NARROW, in_pps),     STATS(OUTPPS, IPVS_NARROW, out_pps),
	STATS(INBPS, IPVS_NARROW, in_bps),     STATS(OUTBPS, IPVS_NARROW, out_bps),
};
static const struct ipvs_table stats_table = TABLE(lvs_ipvs_stats, stats, given);

static const struct ipvs_field stats64[] = {
	STATS(CONNS, IPVS_U64, conns),        STATS(INPKTS, IPVS_U64, in_pkts),
	STATS(OUTPKTS, IPVS_U64, out_pkts),   STATS(INBYTES, IPVS_U64, in_bytes),
	STATS(OUTBYTES, IPVS_U64, out_bytes), STATS(CPS, IPVS_U64, cps),
	STATS(INPPS, IPVS_U64, in_pps),       STATS(OUTPPS, IPVS_U64, out_pps),
	STATS(INBPS, IPVS_U64, in_bps),       STATS(OUTBPS, IPVS_U64, out_bps),
};
static const struct ipvs_table stats64_table = TABLE(lvs_ipvs_stats, stats64, given);

#define SVC(attr, wire, member) FIELD(lvs_ipvs_service, IPVS_SVC_ATTR_##attr, wire, member)

static const struct ipvs_field service[] = {
	SVC(AF, IPVS_U16, family),
	SVC(FWMARK, IPVS_U32, fwmark),
	SVC(PROTOCOL, IPVS_U16, protocol),
	SVC(ADDR, IPVS_ADDR, addr),
	SVC(PORT, IPVS_U16, port),
	SVC(SCHED_NAME, IPVS_STRING, sched),
	{IPVS_SVC_ATTR_PE_NAME, offsetof(struct lvs_ipvs_service, pe), 17, IPVS_STRING, NULL},
	SVC(FLAGS, IPVS_FLAGS, flags),
	SVC(TIMEOUT, IPVS_U32, timeout_s),
	SVC(NETMASK, IPVS_U32, netmask),
	NEST(lvs_ipvs_service, IPVS_SVC_ATTR_STATS, IPVS_STATS, stats, &stats_table),
	NEST(lvs_ipvs_service, IPVS_SVC_ATTR_STATS64, IPVS_NEST, stats, &stats64_table),
};
static const struct ipvs_table service_table = TABLE(lvs_ipvs_service, service, given);

#define DEST(attr, wire, member) FIELD(lvs_ipvs_dest, IPVS_DEST_ATTR_##attr, wire, member)

static const struct ipvs_field dest[] = {
	DEST(ADDR, IPVS_ADDR, addr),
	DEST(PORT, IPVS_U16, port),
	DEST(FWD_METHOD, IPVS_U32, method),
	DEST(WEIGHT, IPVS_U32, weight),
	DEST(U_THRESH, IPVS_U32, upper),
	DEST(L_THRESH, IPVS_U32, lower),
	DEST(ACTIVE_CONNS, IPVS_U32, active),
	DEST(INACT_CONNS, IPVS_U32, inactive),
	DEST(PERSIST_CONNS, IPVS_U32, persistent),
	DEST(ADDR_FAMILY, IPVS_U16, family),
	DEST(TUN_TYPE, IPVS_U8, tun_type),
	DEST(TUN_PORT, IPVS_U16, tun_port),
	DEST(TUN_FLAGS, IPVS_U16, tun_flags),
	NEST(lvs_ipvs_dest, IPVS_DEST_ATTR_STATS, IPVS_STATS, stats, &stats_table),
	NEST(lvs_ipvs_dest, IPVS_DEST_ATTR_STATS64, IPVS_NEST, stats, &stats64_table),
};
static const struct ipvs_table dest_table = TABLE(lvs_ipvs_dest, dest, given);

#define DAEMON(attr, wire, member) FIELD(lvs_ipvs_daemon, IPVS_DAEMON_ATTR_##attr, wire, member)

static const struct ipvs_field daemon_fields[] = {
	DAEMON(STATE, IPVS_U32, state),       DAEMON(MCAST_IFN, IPVS_STRING, interface),
	DAEMON(SYNC_ID, IPVS_U32, sync_id),   DAEMON(SYNC_MAXLEN, IPVS_U16, maxlen),
	DAEMON(MCAST_GROUP, IPVS_U32, group), DAEMON(MCAST_GROUP6, IPVS_ADDR, group6),
	DAEMON(MCAST_PORT, IPVS_U16, port),   DAEMON(MCAST_TTL, IPVS_U8, ttl),
};
static const struct ipvs_table daemon_table = TABLE(lvs_ipvs_daemon, daemon_fields, given);

#define MSG(attr, wire, member) FIELD(lvs_ipvs_message, attr, wire, member)

static const struct ipvs_field command[] = {
	NEST(lvs_ipvs_message, IPVS_CMD_ATTR_SERVICE, IPVS_NEST, service, &service_table),
	NEST(lvs_ipvs_message, IPVS_CMD_ATTR_DEST, IPVS_NEST, dest, &dest_table),
	NEST(lvs_ipvs_message, IPVS_CMD_ATTR_DAEMON, IPVS_NEST, daemon, &daemon_table),
	MSG(IPVS_CMD_ATTR_TIMEOUT_TCP, IPVS_U32, tcp_s),
	MSG(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, IPVS_U32, tcp_fin_s),
	MSG(IPVS_CMD_ATTR_TIMEOUT_UDP, IPVS_U32, udp_s),
};
const struct ipvs_table ipvs_command_table = TABLE(lvs_ipvs_message, command, given);

static const struct ipvs_field info[] = {
	MSG(IPVS_INFO_ATTR_VERSION, IPVS_U32, ipvs_version),
	MSG(IPVS_INFO_ATTR_CONN_TAB_SIZE, IPVS_U32, conn_tab_size),
};
const struct ipvs_table ipvs_info_table = TABLE(lvs_ipvs_message, info, info_given);

#define CONN(attr, wire, member) FIELD(lvs_ipvs_conn, LVS_IPVS_CONN_##attr, wire, member)

static const struct ipvs_field conn[] = {
	CONN(FAMILY, IPVS_U16, family),
	CONN(PROTOCOL, IPVS_U16, protocol),
	CONN(CLIENT, IPVS_ADDR, client),
	CONN(CLIENT_PORT, IPVS_U16, client_port),
	CONN(SERVICE, IPVS_ADDR, service),
	CONN(SERVICE_PORT, IPVS_U16, service_port),
	CONN(DEST_FAMILY, IPVS_U16, dest_family),
	CONN(DEST, IPVS_ADDR, dest),
	CONN(DEST_PORT, IPVS_U16, dest_port),
	CONN(STATE, IPVS_STRING, state),
	CONN(EXPIRES, IPVS_U32, expires_ms),
	CONN(FLAGS, IPVS_U32, flags),
	CONN(METHOD, IPVS_U32, method),
	CONN(FWMARK, IPVS_U32, fwmark),
	CONN(PE, IPVS_STRING, pe),
	CONN(PE_DATA, IPVS_STRING, pe_data),
	CONN(ACTIVE, IPVS_U8, active),
};
static const struct ipvs_table conn_table = TABLE(lvs_ipvs_conn, conn, given);

static const struct ipvs_field own[] = {
	NEST(lvs_ipvs_message, LVS_IPVS_ATTR_SERVICE, IPVS_NEST, service, &service_table),
	NEST(lvs_ipvs_message, LVS_IPVS_ATTR_DEST, IPVS_NEST, dest, &dest_table),
	NEST(lvs_ipvs_message, LVS_IPVS_ATTR_CONN, IPVS_NEST, conn, &conn_table),
	MSG(LVS_IPVS_ATTR_FLAGS, IPVS_U32, flags),
	MSG(LVS_IPVS_ATTR_NAME, IPVS_STRING, name),
	MSG(LVS_IPVS_ATTR_VALUE, IPVS_U32, value),
	MSG(LVS_IPVS_ATTR_DEFAULT, IPVS_U32, default_value),
	MSG(LVS_IPVS_ATTR_COUNT, IPVS_U64, count),
	MSG(LVS_IPVS_ATTR_ADDED, IPVS_U32, added),
	MSG(LVS_IPVS_ATTR_CHANGED, IPVS_U32, changed),
	MSG(LVS_IPVS_ATTR_REMOVED, IPVS_U32, removed),
	MSG(LVS_IPVS_ATTR_TEXT, IPVS_TEXT, text),
};
const struct ipvs_table ipvs_own_table = TABLE(lvs_ipvs_message, own, given);

#define CTRL(attr, wire, member) FIELD(lvs_ipvs_family, CTRL_ATTR_##attr, wire, member)

static const struct ipvs_field ctrl[] = {
	CTRL(FAMILY_NAME, IPVS_STRING, name), CTRL(FAMILY_ID, IPVS_U16, id),
	CTRL(VERSION, IPVS_U32, version),     CTRL(HDRSIZE, IPVS_U32, hdrsize),
	CTRL(MAXATTR, IPVS_U32, maxattr),
};
const struct ipvs_table ipvs_ctrl_table = TABLE(lvs_ipvs_family, ctrl, given);

const struct ipvs_table *ipvs_table_of(const struct lvs_ipvs_message *message)
{
	if (message->kind == LVS_IPVS_CTRL)
		return &ipvs_ctrl_table;
	if (message->kind == LVS_IPVS_OWN)
		return &ipvs_own_table;
	return message->command == IPVS_CMD_SET_INFO ? &ipvs_info_table : &ipvs_command_table;
}

const struct ipvs_field *ipvs_table_find(const struct ipvs_table *table, unsigned attr)
{
	for (unsigned i = 0; i < table->n; i++)
		if (table->field[i].attr == attr)
			return &table->field[i];
	return NULL;
}
