/* SPDX-License-Identifier: BSD-2-Clause */
#include "change.h"

#define SVC(name) LVS_IPVS_BIT(IPVS_SVC_ATTR_##name)
#define DEST(name) LVS_IPVS_BIT(IPVS_DEST_ATTR_##name)
#define CMD(name) LVS_IPVS_BIT(IPVS_CMD_ATTR_##name)

bool change_is_rule(enum command command)
{
	return command <= COMMAND_DELETE_SERVER;
}

uint32_t change_service_key(const struct lvs_ipvs_service *service)
{
	if (service->fwmark)
		return SVC(AF) | SVC(FWMARK);
	return SVC(AF) | SVC(PROTOCOL) | SVC(ADDR) | SVC(PORT);
}

uint32_t change_service_all(const struct lvs_ipvs_service *service)
{
	uint32_t given = change_service_key(service) | SVC(SCHED_NAME) | SVC(FLAGS) | SVC(TIMEOUT) |
			 SVC(NETMASK);

	return service->pe[0] ? given | SVC(PE_NAME) : given;
}

uint32_t change_dest_key(void)
{
	return DEST(ADDR_FAMILY) | DEST(ADDR) | DEST(PORT);
}

uint32_t change_dest_all(void)
{
	return change_dest_key() | DEST(FWD_METHOD) | DEST(WEIGHT) | DEST(U_THRESH) |
	       DEST(L_THRESH) | DEST(TUN_TYPE) | DEST(TUN_PORT) | DEST(TUN_FLAGS);
}

/* Without a service named, what is asked for is about all. */
static void put_service(const struct request *request, uint32_t given,
			struct lvs_ipvs_message *message)
{
	if (!(request->options & OF(SERVICE)))
		return;
	message->service = request->service;
	message->service.given = given;
	message->service.mask = UINT32_MAX;
	message->given |= CMD(SERVICE);
}

static void put_dest(const struct request *request, uint32_t given,
		     struct lvs_ipvs_message *message)
{
	message->dest = request->dest;
	message->dest.given = given;
	message->given |= CMD(DEST);
}

static void put_timeouts(const struct request *request, struct lvs_ipvs_message *message)
{
	message->tcp_s = request->timeout_s[0];
	message->tcp_fin_s = request->timeout_s[1];
	message->udp_s = request->timeout_s[2];
	message->given |= CMD(TIMEOUT_TCP) | CMD(TIMEOUT_TCP_FIN) | CMD(TIMEOUT_UDP);
}

static void put_daemon(const struct request *request, struct lvs_ipvs_message *message)
{
	message->daemon = request->daemon;
	message->daemon.given |= LVS_IPVS_BIT(IPVS_DAEMON_ATTR_STATE) |
				 LVS_IPVS_BIT(IPVS_DAEMON_ATTR_MCAST_IFN) |
				 LVS_IPVS_BIT(IPVS_DAEMON_ATTR_SYNC_ID);
	message->given |= CMD(DAEMON);
}

void change_message(const struct request *request, struct lvs_ipvs_message *message)
{
	static const uint8_t numbers[COMMAND_N] = {
		[COMMAND_ADD_SERVICE] = IPVS_CMD_NEW_SERVICE,
		[COMMAND_EDIT_SERVICE] = IPVS_CMD_SET_SERVICE,
		[COMMAND_DELETE_SERVICE] = IPVS_CMD_DEL_SERVICE,
		[COMMAND_CLEAR] = IPVS_CMD_FLUSH,
		[COMMAND_ADD_SERVER] = IPVS_CMD_NEW_DEST,
		[COMMAND_EDIT_SERVER] = IPVS_CMD_SET_DEST,
		[COMMAND_DELETE_SERVER] = IPVS_CMD_DEL_DEST,
		[COMMAND_ZERO] = IPVS_CMD_ZERO,
		[COMMAND_SET] = IPVS_CMD_SET_CONFIG,
		[COMMAND_START] = IPVS_CMD_NEW_DAEMON,
		[COMMAND_STOP] = IPVS_CMD_DEL_DAEMON,
	};
	uint32_t key = change_service_key(&request->service);

	*message = (struct lvs_ipvs_message){.size = sizeof(*message),
					     .kind = LVS_IPVS_IPVS,
					     .command = numbers[request->command]};
	switch (request->command) {
	case COMMAND_ADD_SERVICE:
	case COMMAND_EDIT_SERVICE:
		put_service(request, change_service_all(&request->service), message);
		break;
	case COMMAND_ADD_SERVER:
	case COMMAND_EDIT_SERVER:
		put_service(request, key, message);
		put_dest(request, change_dest_all(), message);
		break;
	case COMMAND_DELETE_SERVER:
		put_service(request, key, message);
		put_dest(request, change_dest_key(), message);
		break;
	case COMMAND_DELETE_SERVICE:
	case COMMAND_ZERO:
		put_service(request, key, message);
		break;
	case COMMAND_SET:
		put_timeouts(request, message);
		break;
	case COMMAND_START:
	case COMMAND_STOP:
		put_daemon(request, message);
		break;
	default:
		break;
	}
}
