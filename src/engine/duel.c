/* duel.c -- see duel.h. */
#include "engine/duel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "engine/members.h"
#include "engine/response.h"
#include "learn/forecaster.h"
#include "learn/q_table.h"

vo_status vo_duel_init(const vo_inputs *in, const vo_battery *battery, const char *protocol,
                       int32_t days, vo_duel *out, vo_error *err) {
    const vo_series *s = in->series;
    vo_protocol which = VO_PROTOCOL_PLANNED;
    const vo_status st = vo_protocol_parse(protocol, &which, err);
    if (st != VO_OK) return st;
    size_t first = s->n;
    while (first > 0 && s->day[s->n - 1] - s->day[first - 1] < days) first--;
    if (first == 0)
        return vo_fail(err, VO_EINVAL,
                       "backtest_days = %d: the prices have %d days, and at least one must lie "
                       "before those judged",
                       days, s->day[s->n - 1] - s->day[0] + 1);
    for (size_t t = 0; t < s->n; t++) {
        if (!isnan(s->column[0].value[t])) continue;
        char stamp[40];
        vo_inputs_stamp(in, t, stamp);
        return vo_fail(err, VO_EINVAL,
                       "the price at %s is missing: repair = \"clean\" fills it", stamp);
    }
    *out = (vo_duel){.in = in, .battery = *battery, .protocol = (int32_t)which, .first = first};
    return VO_OK;
}

vo_status vo_duel_spec(const void *bytes, size_t len, const char *reference,
                       char out[VO_POLICY_SPEC_MAX], vo_error *err) {
    char name[VO_FORECASTER_NAME];
    vo_artefact *table = NULL;
    int written = 0;
    if (vo_artefact_open(bytes, len, VO_Q_KIND, VO_Q_VERSION, reference, &table, NULL) ==
        VO_OK) {
        vo_artefact_close(table);
        written = snprintf(out, VO_POLICY_SPEC_MAX, "q_learning=%s", reference);
    } else {
        const vo_status s = vo_forecaster_name_in(bytes, len, reference, name, err);
        if (s != VO_OK) return s;
        written = snprintf(out, VO_POLICY_SPEC_MAX, "mpc:%s=%s", name, reference);
    }
    if (written > 0 && written < VO_POLICY_SPEC_MAX) return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "%.80s: the name is too long for a policy of at most %d "
                   "letters",
                   reference, VO_POLICY_SPEC_MAX - 1);
}

vo_status vo_duel_play(const vo_duel *d, const char *spec, const vo_learning *learning,
                       vo_backtest_result **out, vo_error *err) {
    vo_problem p = d->in->problem;
    p.battery = &d->battery;
    p.n_batteries = 1;
    vo_backtest_settings s = vo_backtest_settings_default();
    s.protocol = d->protocol;
    s.first = d->first;
    s.learning = learning;
    return vo_backtest_run(&p, d->in->series, spec, &s, out, err);
}

/* "from" or "to" of the data that a version learned from; the distant past where it is not told. */
static int64_t data_time(const vo_manifest *m, const char *key) {
    const vo_json *data = vo_json_get(m->root, "data");
    const vo_json *to = data ? vo_json_get(data, key) : NULL;
    const char *text = to && vo_json_kind_of(to) == VO_JSON_STRING ? vo_json_string(to) : "";
    vo_civil c;
    bool has_offset;
    int32_t offset_s = 0;
    if (vo_civil_parse(text, strlen(text), &c, &has_offset, &offset_s, NULL) != VO_OK)
        return INT64_MIN;
    return vo_civil_seconds(&c) - offset_s;
}

vo_status vo_days_seen(const vo_series *prices, size_t first, const vo_registry *registry,
                       const vo_registry_found *found, double *out, vo_error *err) {
    vo_manifest manifest = {0};
    const vo_status s = vo_registry_manifest(registry, found, &manifest, err);
    if (s != VO_OK) return s;
    const size_t last = prices->n - 1;
    const double begin_s =
        fmax((double)prices->start[first].s, (double)data_time(&manifest, "from"));
    const double end_s = (double)prices->start[last].s + prices->dt_h[last] * 3600;
    const double seen_s = fmin((double)data_time(&manifest, "to"), end_s) - begin_s;
    *out = fmax(seen_s / 86400, 0);
    vo_manifest_fini(&manifest);
    return VO_OK;
}

vo_status vo_duel_days_seen(const vo_duel *d, const vo_registry *registry,
                            const vo_registry_found *found, double *out, vo_error *err) {
    return vo_days_seen(d->in->series, d->first, registry, found, out, err);
}

void vo_duel_write_days(const vo_duel *d, const vo_backtest_result *r, vo_json_out *w) {
    char date[40];
    vo_json_out_key(w, "backtest");
    vo_json_out_object(w);
    vo_member_text(w, "protocol", vo_protocol_name(d->protocol));
    vo_inputs_date(d->in, d->first, date);
    vo_member_text(w, "first_day", date);
    vo_inputs_date(d->in, d->in->series->n - 1, date);
    vo_member_text(w, "last_day", date);
    vo_member_integer(w, "days", (long long)r->n_days);
    vo_member_number(w, "perfect_profit", r->perfect_profit);
    vo_member_number(w, "power_mw", d->battery.discharge_mw);
    vo_member_number(w, "capacity_mwh", d->battery.capacity_mwh);
    vo_json_out_end(w);
}

/* ---- volteo models compare ----------------------------------------------------------------- */

typedef struct {
    char reference[2 * VO_REGISTRY_NAME + 2];
    vo_registry_found found;
    double days_seen; /* of those played, in its training */
    vo_backtest_result *result;
} contender;

/* "champion,challenger", or an array of two. */
static vo_status read_versions(const vo_request *r, const char *id, contender c[2],
                               vo_error *err) {
    const vo_json *v = r->value[VO_MOC_versions].json;
    const char *text = !v                                     ? "champion,challenger"
                       : vo_json_kind_of(v) == VO_JSON_STRING ? vo_json_string(v)
                                                              : "";
    const char *name[2] = {NULL, NULL};
    char first[VO_REGISTRY_NAME];
    if (v && vo_json_kind_of(v) == VO_JSON_ARRAY) {
        for (size_t i = 0; i < 2 && vo_json_size(v) == 2; i++)
            if (vo_json_kind_of(vo_json_at(v, i)) == VO_JSON_STRING)
                name[i] = vo_json_string(vo_json_at(v, i));
    } else {
        const size_t len = strcspn(text, ",");
        snprintf(first, sizeof first, "%.*s", (int)(len < 63 ? len : 63), text);
        name[0] = first;
        name[1] = text[len] == ',' ? text + len + 1 : NULL;
    }
    if (!name[0] || !name[1] || !*name[0] || !*name[1])
        return vo_fail(err, VO_EINVAL,
                       "versions: name two of them, e.g. \"champion,challenger\"");
    for (size_t i = 0; i < 2; i++)
        snprintf(c[i].reference, sizeof c[i].reference, "%.63s@%.63s", id, name[i]);
    return VO_OK;
}

void vo_duel_write(const vo_backtest_result *r, vo_json_out *w) {
    vo_member_number(w, "profit", r->profit);
    vo_member_number(w, "capture", r->capture);
    vo_member_number(w, "capture_low", r->capture_low);
    vo_member_number(w, "capture_high", r->capture_high);
    vo_member_number(w, "cycles", r->cycles);
    vo_member_integer(w, "violations", r->violations);
}

static vo_status play_contender(const vo_duel *d, const vo_registry *registry,
                                vo_learn_world *world, contender *c, vo_error *err) {
    const void *bytes = NULL;
    size_t len = 0;
    char exact[2 * VO_REGISTRY_NAME + 2], spec[VO_POLICY_SPEC_MAX];
    vo_status s = vo_registry_get(registry, c->reference, &c->found, err);
    if (s != VO_OK) return s;
    snprintf(exact, sizeof exact, "%s@%s", c->found.id, c->found.version);
    s = vo_duel_days_seen(d, registry, &c->found, &c->days_seen, err);
    if (s == VO_OK)
        s = world->learning.model(world->learning.model_ctx, exact, &bytes, &len, err);
    if (s == VO_OK) s = vo_duel_spec(bytes, len, exact, spec, err);
    if (s == VO_OK) s = vo_duel_play(d, spec, &world->learning, &c->result, err);
    return s;
}

static void write_compared(const vo_duel *d, const contender c[2], vo_json_out *w) {
    const double a = c[0].result->profit, b = c[1].result->profit;
    vo_json_out_object(w);
    vo_member_text(w, "id", c[0].found.id);
    vo_duel_write_days(d, c[0].result, w);
    vo_json_out_key(w, "versions");
    vo_json_out_array(w);
    for (size_t i = 0; i < 2; i++) {
        vo_json_out_object(w);
        vo_member_text(w, "reference", c[i].reference);
        vo_member_text(w, "version", c[i].found.version);
        vo_member_number(w, "days_seen_in_training", c[i].days_seen);
        vo_duel_write(c[i].result, w);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
    vo_member_text(w, "better", a == b ? NULL : c[a > b ? 0 : 1].found.version);
    vo_json_out_key(w, "prices");
    vo_json_out_object(w);
    vo_response_inputs(d->in, w);
    vo_json_out_end(w);
    vo_json_out_end(w);
}

vo_status vo_models_compare_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                                vo_error *err) {
    vo_request r = {0};
    vo_inputs in = {0};
    vo_duel d;
    vo_registry *registry = NULL;
    vo_learn_world world;
    contender c[2] = {0};
    const vo_battery usual = vo_battery_default();
    vo_learn_world_init(&world, o, 1);
    vo_status s = vo_request_read(request, VO_REQUEST_MODELS_COMPARE, &r, err);
    const char *id = s == VO_OK ? vo_request_text(&r, VO_MOC_id, NULL) : NULL;
    if (s == VO_OK && !id) s = vo_fail(err, VO_EINVAL, "id is missing: which model?");
    if (s == VO_OK) s = read_versions(&r, id, c, err);
    if (s == VO_OK) s = vo_inputs_load(o, &r, &in, err);
    if (s == VO_OK)
        s = vo_duel_init(&in, r.n_batteries ? r.battery : &usual,
                         vo_request_text(&r, VO_MOC_protocol, "planned"),
                         (int32_t)vo_request_number(&r, VO_MOC_backtest_days, 30), &d, err);
    if (s == VO_OK) s = vo_registry_open(o->models, NULL, &registry, err);
    for (size_t i = 0; i < 2 && s == VO_OK; i++)
        s = play_contender(&d, registry, &world, &c[i], err);
    if (s == VO_OK) write_compared(&d, c, w);
    for (size_t i = 0; i < 2; i++) vo_backtest_free(c[i].result);
    vo_registry_close(registry);
    vo_learn_world_fini(&world);
    vo_inputs_fini(&in);
    vo_request_fini(&r);
    return s;
}
