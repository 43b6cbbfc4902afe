/* battery.h -- one stationary battery and what it may do.
 *
 * Signs:  power > 0 discharges (injects), power < 0 charges, at the AC terminals.
 * Units:  in every name; SOC and efficiencies are fractions 0..1 of capacity.
 * Model:  s(end) = keep*s + gain*charged - drain*discharged, exact for constant power over
 *         the interval with continuous self-discharge; see vo_battery_interval.
 */
#ifndef VOLTEO_BATTERY_H
#define VOLTEO_BATTERY_H

#include <volteo/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the stored energy at the end of the horizon must be. */
typedef enum {
    VO_FINAL_AT_LEAST_INITIAL = 0, /* the default: no energy is free           */
    VO_FINAL_EXACT = 1,            /* final_soc, exactly                       */
    VO_FINAL_AT_LEAST = 2,         /* final_soc or more                        */
    VO_FINAL_FREE = 3,             /* anything, worth nothing                  */
    VO_FINAL_VALUE = 4             /* anything, worth final_value_per_mwh each */
} vo_final_kind;

typedef struct {
    double capacity_mwh;         /* > 0                                                  */
    double charge_mw;            /* >= 0, largest charging power at the terminals        */
    double discharge_mw;         /* >= 0, largest discharging power at the terminals     */
    double charge_efficiency;    /* [0.001, 1] MWh stored per MWh drawn                      */
    double discharge_efficiency; /* [0.001, 1] MWh delivered per MWh taken out    */
    double self_discharge_per_h; /* [0, 1) fraction of the stored energy lost in an hour */
    double min_soc, max_soc;     /* 0 <= min_soc <= max_soc <= 1                         */
    double initial_soc;          /* 0..1; outside min..max: a plan that returns soonest  */
    double final_soc;            /* 0..1, used by VO_FINAL_EXACT and VO_FINAL_AT_LEAST   */
    double final_value_per_mwh;  /* used by VO_FINAL_VALUE                               */
    double wear_cost_per_mwh;    /* >= 0, per MWh discharged at the terminals            */
    double max_cycles_per_day;   /* >= 0 or INFINITY; cycle = MWh discharged at the      */
    double max_cycles;           /* terminals / usable MWh; the latter: whole horizon    */
    int32_t final_kind;          /* a vo_final_kind                                      */
    int32_t reserved;            /* 0                                                    */
} vo_battery;

/* 1 MW, 2 MWh, 90 % round trip split evenly, SOC 0..1 from 0, nothing else limited. */
vo_battery vo_battery_default(void);

/* VO_EINVAL, naming the first field outside its domain, its value and the remedy. */
vo_status vo_battery_check(const vo_battery *b, vo_error *err);

/* (max_soc - min_soc) * capacity_mwh: what one cycle delivers; 0 if min == max. */
double vo_battery_usable_mwh(const vo_battery *b);

/* The battery over one interval of dt_h hours:
 *     s_end = keep * s_start + gain * charged_mwh - drain * discharged_mwh
 * with keep = (1-d)^dt, f = (1-keep)/(-ln keep) (1 without self-discharge), gain =
 * charge_efficiency * f, drain = f / discharge_efficiency. Two half intervals at one power
 * leave exactly what one whole interval leaves. */
typedef struct {
    double keep, gain, drain;
} vo_battery_interval;

vo_battery_interval vo_battery_over(const vo_battery *b, double dt_h);

#ifdef __cplusplus
}
#endif
#endif
