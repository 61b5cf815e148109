/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/host/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liblvs/error.h>

#include "base/byteorder.h"
#include "io/host/state.h"

/* 128 to 254: those below are the kernel's and routing daemons'. FNV-1a of the name. */
static uint8_t mark_of(const char *instance)
{
	uint32_t hash = 2166136261u;

	for (; *instance != 0; instance++)
		hash = (hash ^ (uint8_t)*instance) * 16777619u;
	return (uint8_t)(128 + hash % 127);
}

void lvs_services_init(struct lvs_services *services, const char *instance)
{
	memset(services, 0, sizeof(*services));
	services->protocol = mark_of(instance);
}

void lvs_services_fini(struct lvs_services *services)
{
	for (unsigned i = 0; i < services->watches_n; i++)
		lvs_watch_close(&services->watch[i]);
	free(services->watch);
	free(services->service);
	memset(services, 0, sizeof(*services));
}

static struct lvs_service *find(const struct lvs_services *services, unsigned family,
				const union lvs_addr *addr, uint32_t ifindex)
{
	for (unsigned i = 0; i < services->n; i++) {
		struct lvs_service *service = &services->service[i];

		if (service->family == family && (ifindex == 0 || service->ifindex == ifindex) &&
		    lvs_addr_equal(&service->addr, addr, family))
			return service;
	}
	return NULL;
}

static void log_service(const struct lvs_host *host, enum lvs_log_level level,
			const struct lvs_service *service, const char *what)
{
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(service->family, service->addr.byte, addr, sizeof(addr));
	lvs_host_log(host, level, "service address %s on interface %u %s", addr, service->ifindex,
		     what);
}

/* Puts the address on its interface; its state tells how that went. */
static int take(struct lvs_host *host, struct lvs_service *service, uint64_t now)
{
	const struct lvs_iface *iface = lvs_ifaces_find(&host->ifaces, service->ifindex);
	char line[256];
	int err = LVS_ERR_NO_DEVICE;

	if (iface != NULL) {
		lvs_service_line(host, service, iface, line, sizeof(line));
		err = lvs_setup_record_address(&host->setup, service->family, &service->addr,
					       service->ifindex, line);
		if (err == 0)
			err = lvs_service_install(host, service, iface);
		if (err != 0)
			lvs_setup_forget_address(&host->setup, service->family, &service->addr,
						 service->ifindex);
	}
	service->state = err == 0                ? LVS_HOST_ADDRESS_HELD
			 : err == LVS_ERR_EXISTS ? LVS_HOST_ADDRESS_FOREIGN
						 : LVS_HOST_ADDRESS_FAILED;
	service->announces = 0;
	service->seen = false;
	service->due_ns = now;
	log_service(host, service->state == LVS_HOST_ADDRESS_FAILED ? LVS_LOG_ERROR : LVS_LOG_INFO,
		    service,
		    err == 0                ? "is held"
		    : err == LVS_ERR_EXISTS ? "is there already"
					    : lvs_strerror(err));
	return err == LVS_ERR_EXISTS ? 0 : err;
}

/* Whether the kernel calls itself a router there, as its own advertisements then do. */
static bool is_router(const struct lvs_service *service, const struct lvs_iface *iface)
{
	char path[64], value[16];

	if (service->family != LVS_INET6)
		return false;
	snprintf(path, sizeof(path), "net/ipv6/conf/%s/forwarding", iface->name);
	return lvs_sysctl_read(path, value, sizeof(value)) == 0 && strcmp(value, "0") != 0;
}

static void send_frame(struct lvs_host *host, const struct lvs_service *service, bool probe)
{
	const struct lvs_iface *iface = lvs_ifaces_find(&host->ifaces, service->ifindex);
	uint8_t frame[LVS_FRAME_MAX];
	size_t len;

	if (iface == NULL || !iface->has_mac)
		return;
	len = probe ? lvs_frame_probe(frame, service->family, iface->mac, &service->addr)
		    : lvs_frame_announce(frame, service->family, iface->mac, &service->addr,
					 is_router(service, iface));
	lvs_watch_send(host, service->ifindex, service->family, frame, len);
}

static void step(struct lvs_host *host, struct lvs_service *service, uint64_t now)
{
	if (service->state == LVS_HOST_ADDRESS_PROBING) {
		if (service->probes == LVS_SERVICE_ROUNDS) {
			(void)take(host, service, now); /* the state tells */
			return;
		}
		send_frame(host, service, true);
		service->probes++;
		service->due_ns = now + host->probe_ns;
	} else {
		send_frame(host, service, false);
		service->announces++;
		service->due_ns = now + host->announce_ns;
	}
}

static bool has_more(const struct lvs_service *service)
{
	return service->state == LVS_HOST_ADDRESS_PROBING ||
	       (service->state == LVS_HOST_ADDRESS_HELD && service->announces < LVS_SERVICE_ROUNDS);
}

void lvs_services_step(struct lvs_host *host, uint64_t now)
{
	for (unsigned i = 0; i < host->services.n; i++) {
		struct lvs_service *service = &host->services.service[i];

		while (has_more(service) && service->due_ns <= now)
			step(host, service, now);
	}
}

uint64_t lvs_services_due(const struct lvs_services *services)
{
	uint64_t due = UINT64_MAX;

	for (unsigned i = 0; i < services->n; i++)
		if (has_more(&services->service[i]) && services->service[i].due_ns < due)
			due = services->service[i].due_ns;
	return due;
}

/* An address that we hold and the mirror does not know. */
static void keep(struct lvs_host *host, struct lvs_service *service)
{
	const struct lvs_iface *iface = lvs_ifaces_find(&host->ifaces, service->ifindex);
	char line[256];

	lvs_service_line(host, service, iface, line, sizeof(line));
	if (lvs_setup_record_address(&host->setup, service->family, &service->addr,
				     service->ifindex, line) != 0)
		return; /* out of memory: it stays on the host at the end */
	service->state = LVS_HOST_ADDRESS_HELD;
	lvs_host_want_resync(host, LVS_RESYNC_ALL);
}

void lvs_services_follow(struct lvs_host *host, uint64_t now)
{
	for (unsigned i = 0; i < host->services.n; i++) {
		struct lvs_service *service = &host->services.service[i];
		const struct lvs_iface *iface = lvs_ifaces_find(&host->ifaces, service->ifindex);
		bool there = iface != NULL &&
			     lvs_iface_find_addr(iface, service->family, &service->addr) != NULL;

		service->seen |= there;
		/* IPv6 addresses go with their link. */
		if (service->state != LVS_HOST_ADDRESS_HELD || there || !service->seen ||
		    iface == NULL || (iface->flags & IFF_UP) == 0)
			continue;
		lvs_setup_forget_address(&host->setup, service->family, &service->addr,
					 service->ifindex);
		(void)take(host, service, now); /* the state tells */
		/* Put on a link that was just going down, it was not told of: ours all the same. */
		if (service->state == LVS_HOST_ADDRESS_FOREIGN)
			keep(host, service);
	}
}

void lvs_services_claimed(struct lvs_host *host, uint32_t ifindex, const struct lvs_claim *claim)
{
	struct lvs_service *service = find(&host->services, claim->family, &claim->addr, ifindex);

	if (service == NULL)
		return;
	/* Who asks for an address that is ours is told by the kernel; who asks when we do wins. */
	if (service->state == LVS_HOST_ADDRESS_HELD && !claim->probe) {
		lvs_service_remove(host, service->family, &service->addr, ifindex);
		lvs_setup_forget_address(&host->setup, service->family, &service->addr, ifindex);
	} else if (service->state != LVS_HOST_ADDRESS_PROBING) {
		return;
	}
	service->state = LVS_HOST_ADDRESS_CONFLICT;
	log_service(host, LVS_LOG_WARNING, service, "is another host's: given up");
	if (host->tell_conflict != NULL)
		host->tell_conflict(host->user, (enum lvs_family)claim->family, &claim->addr,
				    claim->mac);
}

/* The entry to work on: a new one, or one that was given up. */
static int enter(struct lvs_services *services, enum lvs_family family, const union lvs_addr *addr,
		 uint32_t ifindex, struct lvs_service **out)
{
	struct lvs_service *service = find(services, family, addr, ifindex);

	if (service != NULL) {
		*out = service;
		return service->state == LVS_HOST_ADDRESS_CONFLICT ||
				       service->state == LVS_HOST_ADDRESS_FAILED
			       ? 0
			       : LVS_ERR_EXISTS;
	}
	service = realloc(services->service, (services->n + 1) * sizeof(*service));
	if (service == NULL)
		return LVS_ERR_NO_MEMORY;
	services->service = service;
	service += services->n++;
	memset(service, 0, sizeof(*service));
	memcpy(service->addr.byte, addr->byte, lvs_addr_len(family));
	service->family = (uint8_t)family;
	service->ifindex = ifindex;
	*out = service;
	return 0;
}

static void leave(struct lvs_services *services, struct lvs_service *service)
{
	*service = services->service[--services->n];
}

/* Begins: by a probe, or by taking it at once. */
static int begin(struct lvs_host *host, struct lvs_service *service, const struct lvs_iface *iface)
{
	uint64_t now = lvs_host_now();
	int err;

	service->probes = 0;
	if (lvs_ifaces_find_addr(&host->ifaces, service->family, &service->addr) != NULL) {
		service->state = LVS_HOST_ADDRESS_FOREIGN;
		return 0;
	}
	if (!iface->has_mac)
		return take(host, service, now);
	err = lvs_watch_open(host, service->ifindex);
	if (err != 0)
		return err;
	if (host->flags & LVS_HOST_NO_PROBE)
		return take(host, service, now);
	service->state = LVS_HOST_ADDRESS_PROBING;
	service->due_ns = now;
	return 0;
}

static int record_only(struct lvs_host *host, const struct lvs_service *service,
		       const struct lvs_iface *iface)
{
	char line[256];

	lvs_service_line(host, service, iface, line, sizeof(line));
	return lvs_setup_record_address(&host->setup, service->family, &service->addr,
					service->ifindex, line);
}

int lvs_host_address_add(struct lvs_host *host, enum lvs_family family, const union lvs_addr *addr,
			 uint32_t ifindex)
{
	const struct lvs_iface *iface;
	struct lvs_service *service;
	int err;

	if (family != LVS_INET && family != LVS_INET6)
		return LVS_ERR_FAMILY;
	/* What was just taken off would count as somebody else's until that is read. */
	err = lvs_host_read_events(host);
	if (err != 0)
		return err;
	iface = lvs_ifaces_find(&host->ifaces, ifindex);
	if (iface == NULL)
		return LVS_ERR_NO_DEVICE;
	if (host->flags & LVS_HOST_NO_SETUP)
		return 0;
	err = enter(&host->services, family, addr, ifindex, &service);
	if (err != 0)
		return err;
	err = lvs_host_usable(host) ? begin(host, service, iface)
				    : record_only(host, service, iface);
	if (err != 0)
		leave(&host->services, service);
	else
		lvs_host_arm(host);
	return err;
}

int lvs_host_address_del(struct lvs_host *host, enum lvs_family family, const union lvs_addr *addr,
			 uint32_t ifindex)
{
	struct lvs_service *service;

	if (host->flags & LVS_HOST_NO_SETUP)
		return 0;
	service = find(&host->services, family, addr, ifindex);
	if (service == NULL)
		return LVS_ERR_NO_ENTRY;
	if (service->state == LVS_HOST_ADDRESS_HELD && lvs_host_usable(host))
		lvs_service_remove(host, family, addr, ifindex);
	lvs_setup_forget_address(&host->setup, family, addr, ifindex);
	leave(&host->services, service);
	return 0;
}

enum lvs_host_address_state lvs_host_address_get_state(const struct lvs_host *host,
						       enum lvs_family family,
						       const union lvs_addr *addr)
{
	const struct lvs_service *service = find(&host->services, family, addr, 0);

	return service ? (enum lvs_host_address_state)service->state : LVS_HOST_ADDRESS_NONE;
}

void lvs_host_address_announce(struct lvs_host *host)
{
	uint64_t now = lvs_host_now();

	for (unsigned i = 0; i < host->services.n; i++) {
		host->services.service[i].announces = 0;
		if (host->services.service[i].state == LVS_HOST_ADDRESS_HELD)
			host->services.service[i].due_ns = now;
	}
	lvs_host_arm(host);
}
