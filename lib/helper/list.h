/* SPDX-License-Identifier: BSD-2-Clause */
/* The library's helpers: the one place that names them. */
#ifndef LVS_HELPER_LIST_H
#define LVS_HELPER_LIST_H

#include <liblvs/helper.h>

#define LVS_HELPERS(X) X(ftp)

#define LVS_HELPER_DECLARE(name) extern const struct lvs_helper_ops lvs_helper_##name;
LVS_HELPERS(LVS_HELPER_DECLARE)
#undef LVS_HELPER_DECLARE

#endif
