/* tariff_requests.c -- see tariff_requests.h. */
#include "engine/tariff_requests.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "data/tariff_shipped.h"
#include "engine/members.h"
#include "port/file.h"

/* null where a tariff has no first or no last day. */
static void date_member(vo_json_out *w, const char *key, int32_t day) {
    vo_civil c;
    char text[16];
    if (day == INT32_MIN || day == INT32_MAX) {
        vo_member_text(w, key, NULL);
        return;
    }
    vo_civil_from_days(day, &c);
    vo_civil_format_date(&c, text);
    vo_member_text(w, key, text);
}

static void write_rate(vo_json_out *w, const vo_tariff_rate *r) {
    vo_json_out_object(w);
    vo_member_text(w, "name", r->name);
    vo_json_out_key(w, "tiers");
    vo_json_out_array(w);
    for (size_t i = 0; i < r->n_tiers; i++) {
        vo_json_out_object(w);
        vo_member_number(w, "up_to_kwh",
                         isinf(r->tier[i].up_to) ? (double)NAN : r->tier[i].up_to);
        vo_member_number(w, "price_per_kwh", r->tier[i].price);
        vo_member_number(w, "sell_per_kwh", r->tier[i].sell);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
    vo_json_out_end(w);
}

/* The price of each local hour, in the first tier and above baseline. */
static void write_hours(vo_json_out *w, const char *key, const vo_tariff *t,
                        const uint8_t hour[24]) {
    vo_json_out_key(w, key);
    vo_json_out_array(w);
    for (int h = 0; h < 24; h++) vo_json_out_number(w, t->rate[hour[h]].tier[0].price);
    vo_json_out_end(w);
}

static void write_season(vo_json_out *w, const vo_tariff *t, const vo_tariff_season *s) {
    vo_json_out_object(w);
    vo_member_text(w, "name", s->name);
    vo_json_out_key(w, "days");
    vo_json_out_array(w);
    for (size_t i = 0; i < s->n_ranges; i++) {
        const vo_tariff_range *r = &s->range[i];
        char text[64];
        snprintf(text, sizeof text, "%02d-%02d to %02d-%02d", (int)r->from_month,
                 (int)r->from_day, (int)r->to_month, (int)r->to_day);
        vo_json_out_string(w, text);
    }
    vo_json_out_end(w);
    write_hours(w, "weekday", t, s->hour[VO_TARIFF_WEEKDAY]);
    write_hours(w, "weekend", t, s->hour[VO_TARIFF_WEEKEND]);
    vo_json_out_end(w);
}

/* Places; a place has quantities for each class of customers. */
static long long territories(const vo_tariff *t) {
    long long n = 0;
    for (size_t i = 0, k; i < t->n_territories; i++) {
        for (k = 0; k < i && strcmp(t->territory[k].code, t->territory[i].code) != 0;) k++;
        n += k == i;
    }
    return n;
}

static void write_tariff(vo_json_out *w, const char *path, const vo_tariff *t) {
    vo_json_out_object(w);
    vo_member_text(w, "tariff", path);
    vo_member_text(w, "utility", t->utility);
    vo_member_text(w, "schedule", t->schedule);
    vo_member_text(w, "currency", t->currency);
    vo_member_text(w, "tz", vo_zone_name(t->zone));
    date_member(w, "effective", t->effective_day);
    date_member(w, "until", t->until_day);
    vo_member_number(w, "baseline_credit_per_kwh",
                     t->has_baseline ? t->baseline_credit : (double)NAN);
    vo_member_integer(w, "territories", territories(t));
    vo_json_out_key(w, "fixed");
    vo_json_out_array(w);
    for (size_t i = 0; i < t->n_fixed; i++) {
        vo_json_out_object(w);
        vo_member_text(w, "name", t->fixed[i].name);
        vo_member_text(w, "option", *t->fixed[i].option ? t->fixed[i].option : NULL);
        vo_member_number(w, "amount", t->fixed[i].amount);
        vo_member_text(w, "per", t->fixed[i].per == VO_TARIFF_PER_DAY ? "day" : "month");
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
    vo_json_out_key(w, "rates");
    vo_json_out_array(w);
    for (size_t i = 0; i < t->n_rates; i++) write_rate(w, &t->rate[i]);
    vo_json_out_end(w);
    vo_json_out_key(w, "seasons");
    vo_json_out_array(w);
    for (size_t i = 0; i < t->n_seasons; i++) write_season(w, t, &t->season[i]);
    vo_json_out_end(w);
    vo_json_out_end(w);
}

vo_status vo_tariff_show(const char *path, vo_json_out *w, vo_error *err) {
    vo_tariff *t = NULL;
    const vo_status s = vo_tariff_open(path, true, &t, err);
    if (s == VO_OK) write_tariff(w, path, t);
    vo_tariff_free(t);
    return s;
}

vo_status vo_tariff_write_out(const char *path, const char *out, vo_json_out *w,
                              vo_error *err) {
    char *json = NULL;
    vo_status s = vo_tariff_export(path, &json, err);
    if (s == VO_OK) s = vo_file_write(out, json, strlen(json), err);
    free(json);
    if (s != VO_OK) return s;
    vo_json_out_object(w);
    vo_member_text(w, "tariff", path);
    vo_member_text(w, "file", out);
    vo_json_out_end(w);
    return VO_OK;
}
