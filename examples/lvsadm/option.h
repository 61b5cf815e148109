/* SPDX-License-Identifier: BSD-2-Clause */
/* ipvsadm's commands and options, and which go together. */
#ifndef LVSADM_OPTION_H
#define LVSADM_OPTION_H

#include "complaint.h"
#include "words.h"

#include <stdint.h>

/* number, the name in messages, what must be there, what may be there: names of OPTION_LIST */
#define COMMAND_TABLE(X)                                                                           \
	X(ADD_SERVICE, "add-service", OF(SERVICE), OF_SERVICE)                                     \
	X(EDIT_SERVICE, "edit-service", OF(SERVICE), OF_SERVICE)                                   \
	X(DELETE_SERVICE, "delete-service", OF(SERVICE), 0)                                        \
	X(CLEAR, "flush", 0, 0)                                                                    \
	X(ADD_SERVER, "add-server", OF(SERVICE) | OF(SERVER), OF_SERVER)                           \
	X(EDIT_SERVER, "edit-server", OF(SERVICE) | OF(SERVER), OF_SERVER)                         \
	X(DELETE_SERVER, "delete-server", OF(SERVICE) | OF(SERVER), 0)                             \
	X(LIST, "list", 0, OF_LIST | OF_ONE_LIST)                                                  \
	X(ZERO, "zero", 0, OF(SERVICE))                                                            \
	X(SET, "set", 0, 0)                                                                        \
	X(SAVE, "save", 0, OF(NUMERIC))                                                            \
	X(RESTORE, "restore", 0, 0)                                                                \
	X(START, "start-daemon", 0, OF_DAEMON)                                                     \
	X(STOP, "stop-daemon", 0, OF(SYNCID))                                                      \
	X(HELP, "help", 0, 0)                                                                      \
	X(VERSION, "version", 0, 0)

enum command {
#define COMMAND(name, text, must, may) COMMAND_##name,
	COMMAND_TABLE(COMMAND)
#undef COMMAND
		COMMAND_N
};

/* In the order in which ipvsadm looks at them: the first that is wrong is the one it tells. */
#define OPTION_LIST(X)                                                                             \
	X(NUMERIC, "numeric")                                                                      \
	X(CONNECTION, "connection")                                                                \
	X(SERVICE, "service-address")                                                              \
	X(SCHEDULER, "scheduler")                                                                  \
	X(PERSISTENT, "persistent")                                                                \
	X(NETMASK, "netmask")                                                                      \
	X(SERVER, "real-server")                                                                   \
	X(FORWARD, "forwarding-method")                                                            \
	X(WEIGHT, "weight")                                                                        \
	X(UPPER, "u-threshold")                                                                    \
	X(LOWER, "l-threshold")                                                                    \
	X(INTERFACE, "mcast-interface")                                                            \
	X(TIMEOUT, "timeout")                                                                      \
	X(DAEMON, "daemon")                                                                        \
	X(STATS, "stats")                                                                          \
	X(RATE, "rate")                                                                            \
	X(THRESHOLDS, "thresholds")                                                                \
	X(PERSISTENT_CONN, "persistent-conn")                                                      \
	X(NOSORT, "nosort")                                                                        \
	X(SYNCID, "syncid")                                                                        \
	X(EXACT, "exact")                                                                          \
	X(OPS, "ops")                                                                              \
	X(PE, "pe")                                                                                \
	X(SCHED_FLAGS, "sched-flags")                                                              \
	X(GROUP, "mcast-group")                                                                    \
	X(PORT, "mcast-port")                                                                      \
	X(TTL, "mcast-ttl")                                                                        \
	X(MAXLEN, "sync-maxlen")                                                                   \
	X(TUN_INFO, "tun-info")                                                                    \
	X(TUN_TYPE, "tun-type")                                                                    \
	X(TUN_PORT, "tun-port")                                                                    \
	X(TUN_NOCSUM, "tun-nocsum")                                                                \
	X(TUN_CSUM, "tun-csum")                                                                    \
	X(TUN_REMCSUM, "tun-remcsum")

enum option_number {
#define OPTION(name, text) OPTION_##name,
	OPTION_LIST(OPTION)
#undef OPTION
		OPTION_N
};

#define OF(name) (UINT64_C(1) << OPTION_##name)
#define OF_TUN_CSUM (OF(TUN_NOCSUM) | OF(TUN_CSUM) | OF(TUN_REMCSUM))
#define OF_TUNNEL (OF(TUN_TYPE) | OF(TUN_PORT) | OF_TUN_CSUM)

/* What a word of the command line says: a command, or one of these, from WORD_FIRST on. */
enum word {
	WORD_FIRST = COMMAND_N,
	WORD_TCP = WORD_FIRST,
	WORD_UDP,
	WORD_SCTP,
	WORD_FWMARK,
	WORD_IPV6,
	WORD_DIRECT,
	WORD_TUNNEL,
	WORD_NAT,
	WORD_SORT,
	WORD_OPTION, /* plus enum option_number: all others */
};

extern const struct words_option option_words[];
extern const unsigned option_words_n;

const char *option_command_name(enum command command);
const char *option_name(unsigned option);

/* Whether these options go with the command. Returns 0, or -1 with a complaint. */
int option_check(enum command command, uint64_t options, struct complaint *complaint);

/* Whether these of OF_TUNNEL go with a kind of tunnel (enum lvs_tunnel). */
int option_check_tunnel(unsigned type, uint64_t options, struct complaint *complaint);

#endif
