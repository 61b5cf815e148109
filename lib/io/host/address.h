/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Service addresses: asked for, put on the interface, announced, watched.
 *
 *   add --> PROBING --three probes, no answer--> HELD --another answers--> CONFLICT
 *              |                                  ^ |
 *              `--another answers--> CONFLICT     | `-- announced three times
 *   add, without probing -------------------------'
 *   add, on the host already --> FOREIGN
 */
#ifndef LVS_IO_HOST_ADDRESS_H
#define LVS_IO_HOST_ADDRESS_H

#include <liblvs/host.h>

#include "io/host/frame.h"
#include "io/host/link.h"

#define LVS_SERVICE_ROUNDS 3 /* probes, and announcements */

struct lvs_service {
	union lvs_addr addr;
	uint64_t due_ns; /* of the next probe or announcement */
	uint32_t ifindex;
	uint8_t family;
	uint8_t state;     /* enum lvs_host_address_state */
	uint8_t probes;    /* sent */
	uint8_t announces; /* sent */
	bool seen;         /* the kernel has told of it: when it is missed, it has gone */
};

/* Packet sockets of an interface where service addresses are. */
struct lvs_watch {
	uint32_t ifindex;
	int arp;
	int nd;
};

struct lvs_services {
	struct lvs_service *service;
	struct lvs_watch *watch;
	unsigned n;
	unsigned watches_n;
	uint8_t protocol; /* our mark, IFA_PROTO */
};

struct lvs_host;

void lvs_services_init(struct lvs_services *services, const char *instance);
/* Closes sockets and frees; addresses are removed by lvs_setup_undo(). */
void lvs_services_fini(struct lvs_services *services);

/* Removes the addresses that a crashed instance of our name left; whether there were any. */
bool lvs_services_clean(struct lvs_host *host);

/* Sends what is due. */
void lvs_services_step(struct lvs_host *host, uint64_t now);

/* When something is due next, UINT64_MAX if nothing is. */
uint64_t lvs_services_due(const struct lvs_services *services);

/* Puts back what went with its link. */
void lvs_services_follow(struct lvs_host *host, uint64_t now);

/* Another host's frame speaks of an address. */
void lvs_services_claimed(struct lvs_host *host, uint32_t ifindex, const struct lvs_claim *claim);

/* Takes an address off the interface. */
int lvs_service_remove(struct lvs_host *host, unsigned family, const union lvs_addr *addr,
		       uint32_t ifindex);

/* Puts one on it. LVS_ERR_EXISTS when it is there already. */
int lvs_service_install(struct lvs_host *host, const struct lvs_service *service,
			const struct lvs_iface *iface);

/* The line that does the same in a shell. */
void lvs_service_line(const struct lvs_host *host, const struct lvs_service *service,
		      const struct lvs_iface *iface, char *line, size_t room);

/* The mark of IPv4 addresses; empty if the interface's name leaves no room. */
void lvs_service_label(const char *instance, const char *iface, char label[IF_NAMESIZE]);

/* Opens the interface's sockets, if they are not. */
int lvs_watch_open(struct lvs_host *host, uint32_t ifindex);
/* Sends a frame there; what is lost is not sent again. */
void lvs_watch_send(const struct lvs_host *host, uint32_t ifindex, unsigned family,
		    const uint8_t *frame, size_t len);
/* Closes those of interfaces that are gone. */
void lvs_watch_follow(struct lvs_host *host);
/* Reads what came. */
void lvs_watch_read(struct lvs_host *host);
void lvs_watch_close(struct lvs_watch *watch);

#endif
