/* members.c -- see members.h. */
#include "engine/members.h"

#include <stdio.h>

#include "base/civil.h"

void vo_member_text(vo_json_out *w, const char *key, const char *v) {
    vo_json_out_key(w, key);
    vo_json_out_string(w, v);
}

void vo_member_number(vo_json_out *w, const char *key, double v) {
    vo_json_out_key(w, key);
    vo_json_out_number(w, v);
}

void vo_member_integer(vo_json_out *w, const char *key, long long v) {
    vo_json_out_key(w, key);
    vo_json_out_integer(w, v);
}

void vo_member_bool(vo_json_out *w, const char *key, bool v) {
    vo_json_out_key(w, key);
    vo_json_out_bool(w, v);
}

void vo_member_instant(vo_json_out *w, const char *key, int64_t utc_s) {
    char out[32];
    vo_member_text(w, key, vo_civil_format_utc(utc_s, out));
}

void vo_member_metrics(vo_json_out *w, const vo_metrics *m) {
    for (int k = 0; k < VO_METRIC_COUNT; k++)
        vo_member_number(w, vo_metric_name((vo_metric)k), vo_metric_value(m, (vo_metric)k));
}
