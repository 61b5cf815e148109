/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The director's settings by the kernel's names: --set NAME=VALUE on the command line, lines
 * "set NAME VALUE" in the rules file.
 */
#ifndef LVSD_SETTING_H
#define LVSD_SETTING_H

#include <liblvs/director.h>

#include <stddef.h>
#include <stdint.h>

/*
 * Name here, the kernel's name, least and greatest value, how and where it is kept:
 *   NUMBER    a field of struct lvs_settings
 *   TIMEOUT   a field of struct lvs_timeouts
 *   SWITCH    a bit of lvs_settings::flags, which 1 sets
 *   UNSWITCH  one that 0 sets
 *   REUSE     lvs_settings::reuse, by the kernel's bits
 *   FIXED     nowhere: there is one value
 */
#define SETTINGS(X)                                                                                \
	X(CONN_REUSE_MODE, "conn_reuse_mode", 0, 3, REUSE, 0)                                      \
	X(EXPIRE_NODEST_CONN, "expire_nodest_conn", 0, 1, SWITCH, LVS_SET_EXPIRE_NODEST)           \
	X(EXPIRE_QUIESCENT_TEMPLATE, "expire_quiescent_template", 0, 1, SWITCH,                    \
	  LVS_SET_EXPIRE_QUIESCENT)                                                                \
	X(SLOPPY_TCP, "sloppy_tcp", 0, 1, SWITCH, LVS_SET_SLOPPY_TCP)                              \
	X(SLOPPY_SCTP, "sloppy_sctp", 0, 1, SWITCH, LVS_SET_SLOPPY_SCTP)                           \
	X(DROP_ENTRY, "drop_entry", 0, 3, NUMBER, drop_entry)                                      \
	X(DROP_PACKET, "drop_packet", 0, 3, NUMBER, drop_packet)                                   \
	X(SECURE_TCP, "secure_tcp", 0, 3, NUMBER, secure_tcp)                                      \
	X(AMEMTHRESH, "amemthresh", 1, INT32_MAX, NUMBER, amemthresh)                              \
	X(AM_DROPRATE, "am_droprate", 1, INT32_MAX, NUMBER, am_droprate)                           \
	X(PMTU_DISC, "pmtu_disc", 0, 1, UNSWITCH, LVS_SET_NO_PMTU_DISC)                            \
	X(NAT_ICMP_SEND, "nat_icmp_send", 0, 1, SWITCH, LVS_SET_NAT_ICMP_SEND)                     \
	X(SCHEDULE_ICMP, "schedule_icmp", 0, 1, SWITCH, LVS_SET_SCHEDULE_ICMP)                     \
	X(IGNORE_TUNNELED, "ignore_tunneled", 0, 1, SWITCH, LVS_SET_IGNORE_TUNNELED)               \
	X(CACHE_BYPASS, "cache_bypass", 0, 1, SWITCH, LVS_SET_CACHE_BYPASS)                        \
	X(BACKUP_ONLY, "backup_only", 0, 1, SWITCH, LVS_SET_BACKUP_ONLY)                           \
	X(CONN_MAX, "conn_max", 1, 536870912, NUMBER, max_conns)                                   \
	X(LBLC_EXPIRATION, "lblc_expiration", 1, 2678400, NUMBER, lblc_expiration_s)               \
	X(LBLCR_EXPIRATION, "lblcr_expiration", 1, 2678400, NUMBER, lblcr_expiration_s)            \
	X(RUN_ESTIMATION, "run_estimation", 0, 1, UNSWITCH, LVS_SET_NO_ESTIMATION)                 \
	X(SNAT_REROUTE, "snat_reroute", 1, 1, FIXED, 1)                                            \
	X(TCP, "tcp", 1, 2678400, TIMEOUT, tcp_s)                                                  \
	X(TCPFIN, "tcpfin", 1, 2678400, TIMEOUT, tcp_fin_s)                                        \
	X(UDP, "udp", 1, 2678400, TIMEOUT, udp_s)

enum setting {
#define SETTING_ENUM(name, text, min, max, kind, where) SETTING_##name,
	SETTINGS(SETTING_ENUM)
#undef SETTING_ENUM
		SETTING_N
};

/* What somebody has set. Zeroed: nothing. */
struct setting_list {
	uint32_t given; /* bit 1 << enum setting */
	uint32_t value[SETTING_N];
	unsigned line[SETTING_N]; /* of the rules file; 0 on the command line */
};

/* A value for each, whether somebody has set it or not. */
struct setting_values {
	uint32_t value[SETTING_N];
};

/* The kernel's name. Static. */
const char *setting_name(enum setting setting);

/*
 * Takes up one. Returns 0, or -1 with "expected ..., got ..." in `error` of len bytes and
 * nothing taken.
 */
int setting_take(struct setting_list *list, const char *name, size_t name_len, const char *value,
		 unsigned line, char *error, size_t len);

/* What stands in the library's structures. */
void setting_read(struct setting_values *values, const struct lvs_settings *settings,
		  const struct lvs_timeouts *timeouts);

/* Into the library's structures; what has no name here stays. */
void setting_write(const struct setting_values *values, struct lvs_settings *settings,
		   struct lvs_timeouts *timeouts);

/* Puts what is set over what is there. */
void setting_overlay(struct setting_values *values, const struct setting_list *list);

#endif
