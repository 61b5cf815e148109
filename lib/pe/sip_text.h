/* SPDX-License-Identifier: BSD-2-Clause */
/* SIP's messages (RFC 3261), as far as the Call-ID. */
#ifndef LVS_PE_SIP_TEXT_H
#define LVS_PE_SIP_TEXT_H

#include <stdint.h>

#define LVS_SIP_CALL_ID 255 /* bytes of one at the most */

/*
 * The Call-ID of a message, RFC 3261, 20.8: how many bytes, and where they begin; 0: there is none,
 * or it is longer than LVS_SIP_CALL_ID, or does not end with its line.
 */
uint32_t lvs_sip_call_id(const uint8_t *data, uint32_t len, uint32_t *at);

#endif
