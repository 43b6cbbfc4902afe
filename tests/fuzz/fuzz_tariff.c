/* fuzz_tariff.c -- any bytes as a published tariff (TOML or JSON) or as a document of our own
 * (YAML): refused in words, or a tariff whose prices are finite and whose bill is the sum of
 * its items. The last byte chooses: 0 TOML, 1 JSON, 2 YAML. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/toml.h"
#include "base/yaml.h"
#include "data/tariff_document.h"
#include "data/tariff_source.h"
#include "support/option_byte.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N = 400 };

static void use(const vo_tariff *t) {
    static vo_time start[N];
    static double dt[N], in[N], out[N], buy[N], sell[N];
    static vo_tariff_bill b;
    vo_error err = {0};
    const vo_tariff_customer c = {.territory =
                                      t->n_territories > 0 ? t->territory[0].code : NULL};
    for (int i = 0; i < N; i++) {
        start[i] =
            (vo_time){1772300000 + i * (int64_t)88200}; /* a year, in days and a half hour */
        dt[i] = 1;
        in[i] = i % 7;
        out[i] = i % 3;
    }
    if (vo_tariff_prices(&t, 1, start, dt, N, buy, sell, &err) == VO_OK) {
        for (int i = 0; i < N; i++)
            if (!isfinite(buy[i]) || !isfinite(sell[i])) abort();
    }
    if (vo_tariff_bill_month(t, &c, start, dt, in, out, N, &b, &err) != VO_OK) {
        assert(err.msg[0] != '\0');
        return;
    }
    double sum = 0, size = 1;
    for (size_t i = 0; i < b.n_items; i++) {
        sum += b.item[i].amount;
        size += fabs(b.item[i].amount);
    }
    if (!(fabs(sum - b.total) <= 1e-9 * size)) abort();
}

/* A tariff that cards and programmes can be put on. */
static const char base_text[] =
    "kind: tariff\nutility: u\nschedule: E-TOU-C\ncurrency: USD\nzone: UTC\n"
    "seasons:\n  summer: [['06-01', '09-30']]\n  winter: [['10-01', '05-31']]\n"
    "rates:\n"
    "  - {name: summer peak, per_kwh: 0.5, components: {generation: 0.3, a: 0.2}}\n"
    "  - {name: winter peak, per_kwh: 0.3, components: {generation: 0.2, a: 0.1}}\n"
    "hours:\n"
    "  summer: {weekday: [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],\n"
    "           weekend: [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}\n"
    "  winter: {weekday: [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],\n"
    "           weekend: [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}\n"
    "export: {method: none}\n";

static vo_tariff *base_tariff(void) {
    vo_json *root = NULL;
    vo_tariff *t = NULL;
    vo_error err = {0};
    if (vo_yaml_parse(base_text, sizeof base_text - 1, &root, &err) != VO_OK ||
        vo_tariff_from_document(root, "base", &t, &err) != VO_OK) {
        fprintf(stderr, "the tariff of this target is wrong: %s\n", err.msg);
        abort();
    }
    vo_json_free(root);
    return t;
}

static void use_and_free(vo_status st, vo_tariff *made, const vo_error *err) {
    if (st == VO_OK)
        use(made);
    else if (err->msg[0] == '\0' || made)
        abort();
    vo_tariff_free(made);
}

/* What a published tree gives as a programme, as a supplier's card and as a single number. */
static void read_cards(const vo_json *p) {
    static vo_tariff *base;
    vo_tariff *made = NULL;
    vo_tariff_programme programme = {0};
    double per_kwh[VO_TARIFF_RATES], number = 0;
    const char *exempt[VO_TARIFF_PROGRAMME_NAMES];
    vo_error err = {0};
    if (!base) base = base_tariff();
    vo_status st = vo_tariff_programme_from_published(p, &programme, &err);
    for (size_t i = 0; i < programme.n_exempt; i++) exempt[i] = programme.exempt[i];
    if (st == VO_OK)
        st = vo_tariff_with_programme(base, programme.discount, exempt, programme.n_exempt,
                                      &made, &err);
    use_and_free(st, made, &err);
    made = NULL;
    st = vo_tariff_supplier_from_published(p, base, "deep_green", 20000, per_kwh, &err);
    if (st == VO_OK) st = vo_tariff_with_supplier(base, per_kwh, 2020, &made, &err);
    use_and_free(st, made, &err);
    if (vo_tariff_number_from_published(p, "rates/2026-01", &number, &err) == VO_OK &&
        !isfinite(number))
        abort();
}

static void read_document(const vo_json *root) {
    vo_tariff *t = NULL;
    vo_error err = {0};
    if (vo_tariff_from_document(root, "fuzz", &t, &err) == VO_OK)
        use(t);
    else
        assert(err.msg[0] != '\0' && !t);
    vo_tariff_free(t);
}

/* What a published tree gives in our words, and back. */
static void read_published(const vo_json *p, bool urdb) {
    vo_json_out *w = NULL;
    vo_json *root = NULL;
    vo_error err = {0};
    char *text = NULL, note[256];
    size_t len = 0;
    if (vo_json_out_create(&w, NULL) != VO_OK) abort();
    vo_json_out_object(w);
    vo_json_out_key(w, "kind");
    vo_json_out_string(w, "tariff");
    const vo_status st = urdb ? vo_tariff_write_urdb(p, NULL, "stem", w, note, &err)
                              : vo_tariff_write_schedule(p, "UTC", w, &err);
    if (st == VO_OK) {
        vo_json_out_end(w);
        if (vo_json_out_take(w, &text, &len, &err) != VO_OK) abort();
        if (vo_json_parse(text, len, &root, &err) == VO_OK) read_document(root);
    } else {
        assert(err.msg[0] != '\0');
    }
    vo_json_out_free(w);
    vo_json_free(root);
    free(text);
}

static void read_values(const vo_json *p) {
    vo_export_table *x = NULL;
    vo_error err = {0};
    double v;
    if (vo_tariff_export_from_published(p, &x, &err) != VO_OK) {
        assert(err.msg[0] != '\0' && !x);
        return;
    }
    for (int64_t s = 1700000000; s < 1800000000; s += 3333333)
        if (vo_export_table_value(x, x->n_parts, (vo_time){s}, &v, &err) == VO_OK &&
            !isfinite(v))
            abort();
    vo_export_table_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 131072) return 0;
    const uint8_t kind = data[size - 1] % 3;
    char *text = text_without_options(data, size);
    vo_json *p = NULL;
    vo_error err = {0};
    (void)vo_tariff_is(text, size - 1);
    const vo_status st = kind == 0   ? vo_toml_parse(text, size - 1, &p, &err)
                         : kind == 1 ? vo_json_parse(text, size - 1, &p, &err)
                                     : vo_yaml_parse(text, size - 1, &p, &err);
    if (st == VO_OK && kind == 2) {
        read_document(p);
    } else if (st == VO_OK) {
        read_published(p, kind == 1);
        read_values(p);
        read_cards(p);
    }
    vo_json_free(p);
    free(text);
    return 0;
}
