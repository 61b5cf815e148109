/* SPDX-License-Identifier: BSD-2-Clause */
/* The adapter of a command line that names interfaces alone. */
#ifndef LVSD_PICK_H
#define LVSD_PICK_H

#include "lvsd.h"

/*
 * Gives the options the adapter that suits the interfaces, and says which and why in the log. Does
 * nothing where one was named, or no interface.
 */
void pick_adapter(struct lvsd *lvsd);

/* The one that was picked could not be opened: back to packet, which needs least. Returns false
 * when that is no way out: it was named, or is packet already. */
bool pick_again(struct lvsd *lvsd);

#endif
