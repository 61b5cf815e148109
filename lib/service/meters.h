/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files about meters share. */
#ifndef LVS_SERVICE_METERS_H
#define LVS_SERVICE_METERS_H

#include "service/services.h"

LVS_INLINE uint64_t lvs_meter_slot(uint64_t now_ns)
{
	return now_ns / LVS_METER_SLOT_NS;
}

LVS_INLINE uint64_t lvs_meter_time(uint64_t slot)
{
	return slot > UINT64_MAX / LVS_METER_SLOT_NS ? UINT64_MAX : slot * LVS_METER_SLOT_NS;
}

/* Numbers of creation come in patterns; multiplied by 2^64 / phi they are spread. */
LVS_INLINE unsigned lvs_meter_phase(const struct lvs_service_ident *ident)
{
	return (unsigned)((lvs_ident_created(ident) * 0x9e3779b97f4a7c15) >> 58);
}

/* How often a phase has come by the end of a slot. */
LVS_INLINE uint64_t lvs_meter_periods(unsigned phase, uint64_t slot)
{
	return (slot + LVS_METER_SLOTS - phase) / LVS_METER_SLOTS;
}

/* The whole director's turn is behind the last slot of the 64. */
#define LVS_METER_LAST (LVS_METER_SLOTS - 1u)

/* What came since @p last, which becomes @p now. */
LVS_INLINE struct lvs_stats lvs_meter_take(struct lvs_stats *last, const struct lvs_stats *now)
{
	struct lvs_stats came = *now;

	lvs_stats_above(&came, last);
	lvs_stats_add(last, &came);
	return came;
}

/* Whether it says the same without traffic, however long. */
LVS_INLINE bool lvs_meter_is_still(const struct lvs_meter *meter)
{
	return !meter || lvs_rate_is_zero(&meter->rate);
}

/* There is something to do at @p ns, if not before. Any thread. */
void lvs_meters_lower(struct lvs_meters *meters, uint64_t ns);

/* --- The lock is held --- */

/* Takes the arrivals in. */
void lvs_meters_drain(struct lvs_meters *meters);
void lvs_meters_unlink(struct lvs_meters *meters, struct lvs_service_ident *ident);
/* The whole director has had something. */
void lvs_meters_had(struct lvs_meters *meters, const struct lvs_stats *came);
/* It has had what a service had since its last period. */
void lvs_meters_had_pending(struct lvs_meters *meters, struct lvs_service_ident *ident);
/* When the next slot comes in which somebody stands. */
uint64_t lvs_meters_next(const struct lvs_meters *meters);

#endif
