/* members.h -- one member of the JSON object being written, in one call. */
#ifndef VO_ENGINE_MEMBERS_H
#define VO_ENGINE_MEMBERS_H

#include "base/json.h"
#include "learn/metrics.h"

void vo_member_text(vo_json_out *w, const char *key, const char *v); /* NULL: null */
void vo_member_number(vo_json_out *w, const char *key, double v);    /* NAN: null */
void vo_member_integer(vo_json_out *w, const char *key, long long v);
void vo_member_bool(vo_json_out *w, const char *key, bool v);

/* "2016-01-29T06:00:00Z" */
void vo_member_instant(vo_json_out *w, const char *key, int64_t utc_s);

/* All metrics by name; those that there are not, null. */
void vo_member_metrics(vo_json_out *w, const vo_metrics *m);

#endif
