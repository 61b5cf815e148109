/* SPDX-License-Identifier: BSD-2-Clause */
/* What changes something, as a message. */
#ifndef LVSADM_CHANGE_H
#define LVSADM_CHANGE_H

#include "request.h"

#include <stdbool.h>

/* Whether the command changes services or servers, which a transaction may do. */
bool change_is_rule(enum command command);

/* The message that asks for it. What the command does not ask for of itself is not there. */
void change_message(const struct request *request, struct lvs_ipvs_message *message);

/* The attributes of a service's name, and those of a server's. */
uint32_t change_service_key(const struct lvs_ipvs_service *service);
uint32_t change_dest_key(void);

/* Those of all that one can set. */
uint32_t change_service_all(const struct lvs_ipvs_service *service);
uint32_t change_dest_all(void);

#endif
