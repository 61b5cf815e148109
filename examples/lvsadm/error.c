/* SPDX-License-Identifier: BSD-2-Clause */
#include "error.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* Commands that the same words are for, as bits. */
#define OF_COMMAND(name) (1U << COMMAND_##name)
#define CHANGES_SERVICE (OF_COMMAND(ADD_SERVICE) | OF_COMMAND(EDIT_SERVICE))
#define CHANGES_SERVER                                                                             \
	(OF_COMMAND(ADD_SERVER) | OF_COMMAND(EDIT_SERVER) | OF_COMMAND(DELETE_SERVER))
#define ANY UINT32_MAX

static const struct {
	uint32_t commands;
	int error;
	const char *text;
} words[] = {
	{CHANGES_SERVICE, ENOENT, "Scheduler or persistence engine not found"},
	{OF_COMMAND(ADD_SERVICE), EEXIST, "Service already exists"},
	{OF_COMMAND(EDIT_SERVICE) | OF_COMMAND(DELETE_SERVICE) | OF_COMMAND(ZERO) |
		 OF_COMMAND(LIST) | OF_COMMAND(SAVE),
	 ESRCH, "No such service"},
	{CHANGES_SERVER, ESRCH, "Service not defined"},
	{OF_COMMAND(ADD_SERVER), EEXIST, "Destination already exists"},
	{OF_COMMAND(EDIT_SERVER) | OF_COMMAND(DELETE_SERVER), ENOENT, "No such destination"},
	{OF_COMMAND(START), EEXIST, "Daemon has already run"},
	{OF_COMMAND(STOP), ESRCH, "No daemon is running"},
	{ANY, EPERM, "Permission denied (you must be root)"},
	{ANY, EINVAL,
	 "Invalid operation.  Possibly wrong module version, address not unicast, ..."},
	{ANY, ENOPROTOOPT, "Protocol not available"},
	{ANY, ENOMEM, "Memory allocation problem"},
	{ANY, EOPNOTSUPP, "Operation not supported with IPv6"},
	{ANY, EAFNOSUPPORT, "Operation not supported with specified address family"},
	{ANY, EMSGSIZE, "Module is wrong version"},
};

const char *error_text(enum command command, int error)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].error == -error && words[i].commands & 1U << command)
			return words[i].text;
	return strerror(-error);
}
