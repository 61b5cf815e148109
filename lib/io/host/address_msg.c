/* SPDX-License-Identifier: BSD-2-Clause */
/* A service address as the kernel is told of it, and its mark. */
#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include <liblvs/error.h>

#include "base/byteorder.h"
#include "io/host/state.h"

#define ATTR_IFA_PROTO 11 /* Linux 5.18; older headers lack the name, older kernels ignore it */
#define FOREVER 0xffffffffu

void lvs_service_label(const char *instance, const char *iface, char label[IF_NAMESIZE])
{
	size_t len = strlen(iface);

	memset(label, 0, IF_NAMESIZE);
	if (len + 2 < IF_NAMESIZE)
		snprintf(label, IF_NAMESIZE, "%.*s:%.*s", (int)len, iface,
			 (int)(IF_NAMESIZE - 2 - len), instance);
}

static struct nlmsghdr *address_message(uint8_t *buffer, uint16_t type, unsigned family,
					const union lvs_addr *addr, uint32_t ifindex)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *body;

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
	body->ifa_family = (uint8_t)family;
	body->ifa_prefixlen = (uint8_t)(lvs_addr_len(family) * 8);
	body->ifa_scope = RT_SCOPE_UNIVERSE;
	body->ifa_index = ifindex;
	lvs_netlink_put_addr(request, IFA_LOCAL, family, addr);
	lvs_netlink_put_addr(request, IFA_ADDRESS, family, addr);
	return request;
}

int lvs_service_install(struct lvs_host *host, const struct lvs_service *service,
			const struct lvs_iface *iface)
{
	/* Deprecated from the start: answered for, but no source of the host's own. */
	struct ifa_cacheinfo life = {.ifa_prefered = 0, .ifa_valid = FOREVER};
	uint8_t buffer[256];
	struct nlmsghdr *request = address_message(buffer, RTM_NEWADDR, service->family,
						   &service->addr, service->ifindex);
	char label[IF_NAMESIZE];

	request->nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	mnl_attr_put_u8(request, ATTR_IFA_PROTO, host->services.protocol);
	if (service->family == LVS_INET6) {
		mnl_attr_put_u32(request, IFA_FLAGS, IFA_F_NODAD);
		mnl_attr_put(request, IFA_CACHEINFO, sizeof(life), &life);
	} else {
		lvs_service_label(host->name, iface->name, label);
		if (label[0] != 0)
			mnl_attr_put_strz(request, IFA_LABEL, label);
	}
	return lvs_netlink_ask(&host->ask, request, NULL, NULL);
}

int lvs_service_remove(struct lvs_host *host, unsigned family, const union lvs_addr *addr,
		       uint32_t ifindex)
{
	uint8_t buffer[256];

	return lvs_netlink_ask(&host->ask,
			       address_message(buffer, RTM_DELADDR, family, addr, ifindex), NULL,
			       NULL);
}

/* Without the protocol, which ip(8) knows since a short time only. */
void lvs_service_line(const struct lvs_host *host, const struct lvs_service *service,
		      const struct lvs_iface *iface, char *line, size_t room)
{
	char addr[INET6_ADDRSTRLEN];
	char label[IF_NAMESIZE];

	inet_ntop(service->family, service->addr.byte, addr, sizeof(addr));
	if (service->family == LVS_INET6) {
		snprintf(line, room, "ip addr add %s/128 dev %s nodad preferred_lft 0", addr,
			 iface->name);
		return;
	}
	lvs_service_label(host->name, iface->name, label);
	snprintf(line, room, "ip addr add %s/32 dev %s%s%s", addr, iface->name,
		 label[0] ? " label " : "", label);
}

/* Whether an address carries our mark. A kernel that knows no address protocol shows 0. */
static bool is_ours(const struct lvs_host *host, const struct lvs_iface *iface,
		    const struct lvs_ifaddr *addr)
{
	char label[IF_NAMESIZE];

	if (addr->len != lvs_addr_len(addr->family) * 8)
		return false;
	if (addr->family == LVS_INET6)
		return addr->protocol == host->services.protocol;
	lvs_service_label(host->name, iface->name, label);
	if (addr->protocol != 0 && addr->protocol != host->services.protocol)
		return false;
	if (label[0] == 0)
		return addr->protocol != 0;
	return strcmp(addr->label, label) == 0;
}

bool lvs_services_clean(struct lvs_host *host)
{
	bool found = false;

	for (unsigned i = 0; i < host->ifaces.n; i++) {
		struct lvs_iface *iface = &host->ifaces.iface[i];

		for (unsigned k = 0; k < iface->addrs_n; k++) {
			struct lvs_ifaddr *addr = &iface->addrs[k];

			if (!is_ours(host, iface, addr) ||
			    lvs_service_remove(host, addr->family, &addr->addr, iface->ifindex) !=
				    0)
				continue;
			found = true;
			lvs_host_log(host, LVS_LOG_NOTICE,
				     "removed a service address that a crashed instance left on %s",
				     iface->name);
		}
	}
	return found;
}
