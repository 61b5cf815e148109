/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader of capture files, and the link layers, on any bytes: the input is the file. */
#include <liblvs/io.h>

#include <string.h>

#include "fuzz.h"

static void check_packet(const struct lvs_pcap_record *record, const struct lvs_packet *packet)
{
	FUZZ_CHECK(packet->data >= record->data);
	FUZZ_CHECK(packet->data + packet->linear_len == record->data + record->len);
	FUZZ_CHECK(packet->linear_len > 0 && packet->linear_len <= packet->len);
	FUZZ_CHECK(packet->len <= record->wire_len);
	FUZZ_CHECK(packet->data - packet->headroom >= record->data - record->headroom);
	FUZZ_CHECK(packet->link_type <= LVS_LINK_SELF);
}

/* The frame in a buffer of exactly its length, as every link type that is known. */
static void check_links(const struct lvs_pcap_record *record)
{
	static const uint32_t linktypes[] = {LVS_PCAP_ETHERNET, LVS_PCAP_RAW, LVS_PCAP_SLL,
					     LVS_PCAP_IPV4, LVS_PCAP_IPV6};
	struct lvs_pcap_record exact = *record;

	exact.data = fuzz_copy(record->data, record->len);
	exact.headroom = 0;
	exact.tailroom = 0;
	for (unsigned i = 0; i < sizeof(linktypes) / sizeof(linktypes[0]); i++) {
		struct lvs_packet packet;
		int got = lvs_pcap_packet(linktypes[i], &exact, &packet);

		FUZZ_CHECK(got == 0 || got == 1);
		if (got)
			check_packet(&exact, &packet);
	}
	free(exact.data);
}

static void check_record(struct lvs_pcap_record *record, size_t size)
{
	FUZZ_CHECK(record->len <= size && record->len <= record->wire_len);
	FUZZ_CHECK(record->time_ns < (UINT64_C(1) << 32) * 1000000000);
	check_links(record);
	/* All of it may be written. */
	memset(record->data - record->headroom, 0xff,
	       (size_t)record->headroom + record->len + record->tailroom);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lvs_pcap_reader *reader;
	struct lvs_pcap_record record;
	size_t used = 24;
	int got;

	got = lvs_pcap_reader_open_memory(data, size, NULL, &reader);
	FUZZ_CHECK(got == 0 || got == LVS_ERR_FORMAT);
	if (got)
		return 0;
	while ((got = lvs_pcap_reader_next(reader, &record)) == 1) {
		check_record(&record, size);
		used += 16 + record.len;
		FUZZ_CHECK(used <= size);
	}
	FUZZ_CHECK(got == (used == size ? 0 : LVS_ERR_FORMAT));
	FUZZ_CHECK(lvs_pcap_reader_next(reader, &record) == got);
	lvs_pcap_reader_close(reader);
	return 0;
}
