/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * The core library, whole.
 */
#ifndef LIBLVS_LIBLVS_H
#define LIBLVS_LIBLVS_H

#include <liblvs/control.h>
#include <liblvs/director.h>
#include <liblvs/error.h>
#include <liblvs/event.h>
#include <liblvs/explain.h>
#include <liblvs/filter.h>
#include <liblvs/forward.h>
#include <liblvs/helper.h>
#include <liblvs/list.h>
#include <liblvs/packet.h>
#include <liblvs/pe.h>
#include <liblvs/reason.h>
#include <liblvs/sched.h>
#include <liblvs/sync.h>
#include <liblvs/types.h>

#endif
