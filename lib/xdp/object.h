/* SPDX-License-Identifier: BSD-2-Clause */
/* steer.bpf.c as the compiler made it; the file is written by cmake/embed.cmake. */
#ifndef LVS_XDP_OBJECT_H
#define LVS_XDP_OBJECT_H

#include <stddef.h>

extern const unsigned char lvs_xdp_object[];
extern const size_t lvs_xdp_object_len;

#endif
