/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lvsd serves by HTTP: /metrics, and at / a page that shows it. By the control thread, in its
 * loop: a little at a time, to a few at once, and who does not read is let go. Packets have nothing
 * to do with it.
 */
#ifndef LVSD_HTTP_H
#define LVSD_HTTP_H

struct lvsd;

/* Where --metrics says, if it does. Returns 0, or -1 with the reason logged. */
int http_open(struct lvsd *lvsd);
void http_close(struct lvsd *lvsd);

/* Readable when http_go_on() has something to do; -1: there is no server. */
int http_fd(const struct lvsd *lvsd);

/* Milliseconds until http_go_on() is due in any case; -1: never. */
int http_wait_ms(const struct lvsd *lvsd);

void http_go_on(struct lvsd *lvsd);

#endif
