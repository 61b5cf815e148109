/* SPDX-License-Identifier: BSD-2-Clause */
#include "load.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

uint64_t load_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int usage(void)
{
	fputs("usage: lvs-bench-load bulk ADDRESS PORT STREAMS SECONDS\n"
	      "       lvs-bench-load datagrams ADDRESS PORT BYTES SECONDS\n"
	      "       lvs-bench-load sink PORT NUMBER\n"
	      "  bulk       downloads /bulk by HTTP, as much as there is time for\n"
	      "  datagrams  sends as many as servers, which are sinks, can take\n",
	      stderr);
	return 2;
}

/* 0: none of 1 to max. */
static unsigned number(const char *text, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	return *end || value > max ? 0 : (unsigned)value;
}

static int send_load(char **argument)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	unsigned port = number(argument[2], UINT16_MAX), size = number(argument[3], LOAD_SIZE_MAX);
	double seconds = strtod(argument[4], NULL);

	to.sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, argument[1], &to.sin_addr) != 1 || !port || !size ||
	    !(seconds > 0 && seconds <= 3600))
		return usage();
	if (!strcmp(argument[0], "bulk"))
		return load_bulk(&to, size, seconds);
	if (!strcmp(argument[0], "datagrams") && size >= sizeof(struct load_head))
		return load_datagrams(&to, size, seconds);
	return usage();
}

int main(int argc, char **argv)
{
	if (argc == 6)
		return send_load(argv + 1);
	if (argc == 4 && !strcmp(argv[1], "sink") && number(argv[2], UINT16_MAX))
		return load_sink((uint16_t)number(argv[2], UINT16_MAX), number(argv[3], 63));
	return usage();
}
