/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The attributes of control messages as data: which number is which member. One loop reads them,
 * another writes them.
 */
#ifndef LVS_IO_IPVS_TABLE_H
#define LVS_IO_IPVS_TABLE_H

#include <libmnl/libmnl.h>
#include <liblvs/ipvs.h>
#include <linux/genetlink.h>

enum ipvs_wire {
	IPVS_U8,
	IPVS_U16,
	IPVS_U32,
	IPVS_U64,
	IPVS_NARROW, /* 32 bits of a member of 64 */
	IPVS_ADDR,   /* up to 16 bytes, the rest zero */
	IPVS_FLAGS,  /* two members of 32 bits, one behind the other */
	IPVS_STRING, /* ended by 0 */
	IPVS_TEXT,   /* bytes that text points to and text_len counts */
	IPVS_NEST,
	IPVS_STATS, /* a nest that another of 64 bits stands over */
};

struct ipvs_table;

struct ipvs_field {
	uint16_t attr;
	uint16_t offset; /* of the member in its structure */
	uint16_t size;   /* IPVS_STRING: of the member; characters are one fewer */
	uint8_t wire;    /* enum ipvs_wire */
	const struct ipvs_table *nest;
};

struct ipvs_table {
	const struct ipvs_field *field;
	unsigned n;
	unsigned given; /* offset of the member `given` */
	unsigned size;  /* of the structure */
};

extern const struct ipvs_table ipvs_command_table, ipvs_info_table, ipvs_own_table, ipvs_ctrl_table;

/* The table of a command's first level; of the message, but for CTRL: of its family. */
const struct ipvs_table *ipvs_table_of(const struct lvs_ipvs_message *message);

/* Where that table's members lie. */
static inline void *ipvs_table_base(struct lvs_ipvs_message *message)
{
	return message->kind == LVS_IPVS_CTRL ? (void *)&message->family : message;
}

/* Finds a field by its number; NULL. */
const struct ipvs_field *ipvs_table_find(const struct ipvs_table *table, unsigned attr);

#endif
