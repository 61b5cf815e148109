/* SPDX-License-Identifier: BSD-2-Clause */
#include <liblvs/io.h>

const char *lvs_io_counter_name(unsigned counter)
{
	static const char *const names[] = {
#define NAME(name, text) #name,
		LVS_IO_COUNTERS(NAME)
#undef NAME
	};

	return counter < LVS_IO_COUNT_N ? names[counter] : "unknown";
}

const char *lvs_io_counter_text(unsigned counter)
{
	static const char *const texts[] = {
#define TEXT(name, text) text,
		LVS_IO_COUNTERS(TEXT)
#undef TEXT
	};

	return counter < LVS_IO_COUNT_N ? texts[counter] : "not a counter of this version";
}
