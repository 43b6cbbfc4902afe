/* tariff_export_values.c -- a published table of export values (tariff_document.h): JSON with
 * data[year][part][month][weekday, weekend][hour] and the holidays of each year.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "data/tariff_document.h"

static bool is_kind(const vo_json *v, vo_json_kind k) { return v && vo_json_kind_of(v) == k; }

static const char *text_of(const vo_json *o, const char *key) {
    const vo_json *v = vo_json_get(o, key);
    return is_kind(v, VO_JSON_STRING) ? vo_json_string(v) : "";
}

static vo_status read_hours_24(const vo_json *v, const char *path, double *out, vo_error *err) {
    if (!is_kind(v, VO_JSON_ARRAY) || vo_json_size(v) != 24)
        return vo_fail(err, VO_EINVAL, "%s: 24 values are needed", path);
    for (size_t h = 0; h < 24; h++) {
        if (!is_kind(vo_json_at(v, h), VO_JSON_NUMBER))
            return vo_fail(err, VO_EINVAL, "%s[%zu]: it must be a number", path, h);
        out[h] = vo_json_number(vo_json_at(v, h));
    }
    return VO_OK;
}

static vo_status read_export_part(const vo_json *months, const char *path, size_t year,
                                  size_t part, vo_export_table *x, vo_error *err) {
    if (!is_kind(months, VO_JSON_ARRAY) || vo_json_size(months) != 12)
        return vo_fail(err, VO_EINVAL, "%s: 12 months are needed", path);
    for (size_t m = 0; m < 12; m++)
        for (size_t k = 0; k < 2; k++) {
            char where[128];
            snprintf(where, sizeof where, "%s[%zu][%zu]", path, m, k);
            const vo_json *days = vo_json_at(months, m);
            const vo_status st = read_hours_24(
                is_kind(days, VO_JSON_ARRAY) && vo_json_size(days) == 2 ? vo_json_at(days, k)
                                                                        : NULL,
                where, vo_export_table_hours(x, year, part, m, (vo_tariff_day)k), err);
            if (st != VO_OK) return st;
        }
    return VO_OK;
}

/* The parts of the first year are those of all. */
static vo_status read_export_year(const vo_json *parts, const char *name, size_t year,
                                  vo_export_table *x, vo_error *err) {
    if (!is_kind(parts, VO_JSON_OBJECT) || vo_json_size(parts) != x->n_parts)
        return vo_fail(err, VO_EINVAL, "data.%.20s: %zu parts are needed", name, x->n_parts);
    for (size_t i = 0; i < x->n_parts; i++) {
        char path[96];
        const char *key = NULL;
        const vo_json *months = NULL;
        (void)vo_json_member(parts, i, &key, &months);
        if (year == 0) snprintf(x->part_name[i], VO_TARIFF_NAME, "%.60s", key);
        snprintf(path, sizeof path, "data.%.20s.%.60s", name, x->part_name[i]);
        const vo_status st =
            read_export_part(vo_json_get(parts, x->part_name[i]), path, year, i, x, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

static vo_status read_export_holidays(const vo_json *p, vo_export_table *x, vo_error *err) {
    const vo_json *years = vo_json_get(p, "holidays"), *days;
    const char *year;
    for (size_t i = 0; vo_json_member(years, i, &year, &days); i++)
        for (size_t k = 0; k < vo_json_size(days); k++) {
            const vo_json *day = vo_json_at(days, k);
            if (x->n_holidays == VO_TARIFF_HOLIDAYS)
                return vo_fail(err, VO_EINVAL, "holidays: more than %d", VO_TARIFF_HOLIDAYS);
            if (!is_kind(day, VO_JSON_STRING) ||
                !vo_tariff_date(vo_json_string(day), &x->holiday[x->n_holidays++]))
                return vo_fail(err, VO_EINVAL, "holidays.%.20s[%zu]: no date", year, k);
        }
    return VO_OK;
}

vo_status vo_tariff_export_from_published(const vo_json *p, vo_export_table **out,
                                          vo_error *err) {
    const vo_json *data = vo_json_get(p, "data"), *first = NULL;
    const char *key = NULL;
    int64_t year = 0;
    vo_export_table *x = NULL;
    if (!is_kind(data, VO_JSON_OBJECT) || !vo_json_member(data, 0, &key, &first) ||
        !vo_text_integer(key, strlen(key), &year) || year < 0 || year > 9999)
        return vo_fail(err, VO_EINVAL, "data: years with their values are needed");
    vo_status st = vo_export_table_create("America/Los_Angeles", (int32_t)year,
                                          vo_json_size(data), vo_json_size(first), &x, err);
    if (st != VO_OK) return st;
    snprintf(x->name, sizeof x->name, "%.60s", text_of(p, "vintage"));
    for (size_t i = 0; st == VO_OK && i < x->n_years; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", x->first_year + (int32_t)i);
        st = read_export_year(vo_json_get(data, name), name, i, x, err);
    }
    double exact = x->exact_through;
    if (st == VO_OK && vo_json_get(p, "exact_through"))
        st = vo_tariff_get_number(p, "values", "exact_through", &exact, err);
    if (st == VO_OK && exact >= 0 && exact <= 9999) x->exact_through = (int32_t)exact;
    if (st == VO_OK) st = read_export_holidays(p, x, err);
    if (st == VO_OK) st = vo_export_table_check(x, err);
    if (st == VO_OK)
        *out = x;
    else
        vo_export_table_free(x);
    return st;
}
