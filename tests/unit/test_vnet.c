/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio-net header and the packet's fields, both ways. */
#include "io/vnet.h"

#include <string.h>

#include "unit.h"

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

enum {
	ETHERNET = 14,
	DATA = 128,
	VALID = VIRTIO_NET_HDR_F_DATA_VALID,
	NEEDS = VIRTIO_NET_HDR_F_NEEDS_CSUM,
	TCPV4 = VIRTIO_NET_HDR_GSO_TCPV4,
	TCPV6 = VIRTIO_NET_HDR_GSO_TCPV6,
	TCPV4_ECN = VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN,
	UDP_L4 = LVS_VNET_GSO_UDP_L4,
	PARTIAL = LVS_PACKET_CSUM_PARTIAL,
	WHOLE = LVS_PACKET_CSUM_VALID,
	TCP = LVS_GSO_TCP,
	UDP = LVS_GSO_UDP,
	TCP_ECN = LVS_GSO_TCP | LVS_GSO_ECN,
};

static const struct {
	struct virtio_net_hdr header; /* flags, gso_type, hdr_len, gso_size, csum_start, _offset */
	uint32_t link_len;
	unsigned ip_len, tcp_len, v6; /* of the packet, whose fields follow */
	uint8_t flags;
	uint16_t csum_start, csum_offset, gso_size;
	uint8_t gso_type;
} maps[] = {
	{{0}, 14, 20, 20, 0, 0, 0, 0, 0, 0},
	{{VALID, 0, 0, 0, 0, 0}, 14, 20, 20, 0, WHOLE, 0, 0, 0, 0},
	{{NEEDS, 0, 0, 0, 34, 16}, 14, 20, 20, 0, PARTIAL, 20, 16, 0, 0},
	{{NEEDS, 0, 0, 0, 40, 6}, 0, 40, 20, 1, PARTIAL, 40, 6, 0, 0},
	{{NEEDS, TCPV4, 66, 1448, 34, 16}, 14, 20, 32, 0, PARTIAL, 20, 16, 1448, TCP},
	{{NEEDS, TCPV4_ECN, 78, 1000, 46, 16}, 14, 32, 32, 0, PARTIAL, 32, 16, 1000, TCP_ECN},
	{{NEEDS, TCPV6, 100, 1428, 40, 16}, 0, 40, 60, 1, PARTIAL, 40, 16, 1428, TCP},
	{{NEEDS, UDP_L4, 42, 1200, 34, 6}, 14, 20, 20, 0, PARTIAL, 20, 6, 1200, UDP},
	/* verified by the card and merged: no partial sum, so the headers tell where TCP starts */
	{{VALID, TCPV4, 70, 1448, 0, 0}, 14, 24, 32, 0, WHOLE, 0, 0, 1448, TCP},
	{{VALID, TCPV6, 86, 1428, 0, 0}, 14, 40, 32, 1, WHOLE, 0, 0, 1428, TCP},
};

/* As much of the headers as the mapping reads. */
static struct lvs_packet blank(uint8_t data[DATA], int row)
{
	struct lvs_packet packet = {.data = data, .len = 65000, .linear_len = DATA};

	memset(data, 0, DATA);
	data[0] = (uint8_t)(maps[row].v6 ? 0x60 : 0x40 | maps[row].ip_len / 4);
	data[maps[row].ip_len + 12] = (uint8_t)(maps[row].tcp_len / 4 << 4);
	return packet;
}

START_TEST(test_read)
{
	uint8_t data[DATA];
	struct lvs_packet packet = blank(data, _i);

	ck_assert(lvs_vnet_read(&maps[_i].header, maps[_i].link_len, &packet));
	ck_assert_uint_eq(packet.flags, maps[_i].flags);
	ck_assert_uint_eq(packet.csum_start, maps[_i].csum_start);
	ck_assert_uint_eq(packet.csum_offset, maps[_i].csum_offset);
	ck_assert_uint_eq(packet.gso_size, maps[_i].gso_size);
	ck_assert_uint_eq(packet.gso_type, maps[_i].gso_type);
}
END_TEST

START_TEST(test_write)
{
	uint8_t data[DATA];
	struct lvs_packet packet = blank(data, _i);
	struct virtio_net_hdr header;

	packet.flags = maps[_i].flags;
	packet.csum_start = maps[_i].csum_start;
	packet.csum_offset = maps[_i].csum_offset;
	packet.gso_size = maps[_i].gso_size;
	packet.gso_type = maps[_i].gso_type;
	memset(&header, 0xff, sizeof(header));
	lvs_vnet_write(&header, maps[_i].link_len, &packet);
	ck_assert_mem_eq(&header, &maps[_i].header, sizeof(header));
}
END_TEST

static const struct virtio_net_hdr unspeakable[] = {
	{NEEDS, 0, 0, 0, 13, 16},                         /* starts in the Ethernet header */
	{NEEDS, VIRTIO_NET_HDR_GSO_UDP, 42, 1480, 34, 6}, /* fragments-to-be */
	{NEEDS, TCPV4, 66, 0, 34, 16},                    /* into pieces of nothing */
	{NEEDS, 0x40, 66, 1448, 34, 16},                  /* not known */
};

START_TEST(test_unspeakable)
{
	struct lvs_packet packet = {.len = 100};

	ck_assert(!lvs_vnet_read(&unspeakable[_i], ETHERNET, &packet));
}
END_TEST

/* The link's MTU is held against each segment, headers and all. */
static const struct {
	uint32_t len, expected;
	uint16_t gso_size;
} lengths[] = {
	{1500, 1500, 0},
	{9000, 9000, 0},
	{65000, 20 + 32 + 1448, 1448},
	{60, 60, 1448},
};

START_TEST(test_longest)
{
	uint8_t data[DATA] = {0x45};
	struct lvs_packet packet = {.data = data,
				    .len = lengths[_i].len,
				    .linear_len = DATA,
				    .gso_size = lengths[_i].gso_size,
				    .gso_type = lengths[_i].gso_size ? LVS_GSO_TCP : 0};

	data[20 + 12] = 0x80;
	ck_assert_uint_eq(lvs_vnet_longest(&packet), lengths[_i].expected);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("vnet");

	tcase_add_loop_test(tcase, test_read, 0, ROWS(maps));
	tcase_add_loop_test(tcase, test_write, 0, ROWS(maps));
	tcase_add_loop_test(tcase, test_unspeakable, 0, ROWS(unspeakable));
	tcase_add_loop_test(tcase, test_longest, 0, ROWS(lengths));
	return unit_run("vnet", tcase);
}
