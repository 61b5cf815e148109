/* SPDX-License-Identifier: BSD-2-Clause */
/* The settings' bounds and defaults, and which of them may change. */
#ifndef LVS_DIRECTOR_SETTINGS_H
#define LVS_DIRECTOR_SETTINGS_H

#include <liblvs/director.h>

/* Fills the defaults in and checks. 0, LVS_ERR_INVALID or LVS_ERR_RANGE; then *fault says what. */
int lvs_settings_complete(struct lvs_settings *out, const struct lvs_settings *in,
			  const char **fault);

/*
 * What @p now becomes when @p in is asked for, into @p next, all defaults filled in: fields behind
 * the end of @p in stay. 0; LVS_ERR_UNSUPPORTED for one that cannot change; else as above.
 */
int lvs_settings_plan(struct lvs_settings *next, const struct lvs_settings *now,
		      const struct lvs_settings *in, const char **fault);

/* Takes over from @p next what may change, a number at a time, as workers read them. */
void lvs_settings_take(struct lvs_settings *settings, const struct lvs_settings *next);

#endif
