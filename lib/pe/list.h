/* SPDX-License-Identifier: BSD-2-Clause */
/* The library's persistence engines: the one place that names them. */
#ifndef LVS_PE_LIST_H
#define LVS_PE_LIST_H

#include <liblvs/pe.h>

#define LVS_PES(X) X(sip)

#define LVS_PE_DECLARE(name) extern const struct lvs_pe_ops lvs_pe_##name;
LVS_PES(LVS_PE_DECLARE)
#undef LVS_PE_DECLARE

#endif
