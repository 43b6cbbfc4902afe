/* simulate_answer_parts.h -- what the writers of a simulation's document share; for
 * simulate_answer*.c only. */
#ifndef VO_ENGINE_SIMULATE_ANSWER_PARTS_H
#define VO_ENGINE_SIMULATE_ANSWER_PARTS_H

#include <math.h>
#include <stdlib.h>

#include "data/export.h"
#include "engine/members.h"
#include "engine/simulate_bill.h"
#include "engine/simulate_book.h"
#include "engine/simulate_runs.h"

/* What the writers share. */
typedef struct {
    vo_simulate_case *c;
    const vo_simulate_runs *r;
    const vo_simulate_book *b;
    const vo_homes *h;
    vo_json_out *w;
    vo_zone *zone;
    vo_simulate_bill *bill; /* [homes] or NULL */
    const char *bills;      /* how, or why not */
} vo_answer;

static inline void open_object(vo_json_out *w, const char *key) {
    vo_json_out_key(w, key);
    vo_json_out_object(w);
}

static inline void open_array(vo_json_out *w, const char *key) {
    vo_json_out_key(w, key);
    vo_json_out_array(w);
}

static inline void money(vo_json_out *w, const char *key, bool known, int64_t micro) {
    vo_member_number(w, key, known ? (double)micro / VO_MICRO : (double)NAN);
}

static inline double brief(double v) {
    return isfinite(v) ? (double)llround(v * 1e6) / 1e6 : v;
}

static inline void kwh(vo_json_out *w, const char *key, double v) {
    vo_member_number(w, key, brief(v));
}

static inline double percent_of(int64_t part, int64_t whole) {
    return whole > 0 ? 100 * (double)part / (double)whole : (double)NAN;
}

static inline int64_t cost_of(const vo_answer *a, vo_simulate_run_id id) {
    return a->r->of[id].cost;
}

/* With what is not served, at the price at which plans and bounds count it. */
static inline int64_t weighed(const vo_answer *a, vo_simulate_run_id id) {
    return a->r->of[id].weighed;
}

static inline void stamp(const vo_answer *a, const char *key, size_t step) {
    char text[40];
    vo_export_stamp(a->zone, a->h->start[step].s, text);
    vo_member_text(a->w, key, text);
}

/* Of what went in and was stored before, what came out and is stored after; NAN: nothing went in. */
static inline double efficiency(double charged, double discharged, double first, double last) {
    const double in = charged + fmax(first - last, 0), out = discharged + fmax(last - first, 0);
    return charged > 0 ? out / in : (double)NAN;
}

/* "bills", "households" and "households_left_out" of the document. */
void vo_simulate_answer_homes(const vo_answer *a);

#endif
