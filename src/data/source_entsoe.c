/* source_entsoe.c -- see source_entsoe.h. What is said of a series becomes its readings; which
 * format it is; the note.
 */
#include "data/source_entsoe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "data/kind.h"
#include "data/xml_stream.h"

/* ---- series ----------------------------------------------------------------------------- */

static void name_process(const vo_entsoe_series *s, char out[32]) {
    if (s->sequence > 1)
        snprintf(out, 32, "%.20s-%u", s->process, s->sequence % 1000);
    else
        snprintf(out, 32, "%.24s", s->process);
}

/* Were both asked for? Second auctions only if somebody said so. */
static bool is_wanted(vo_entsoe_sink *k, const vo_entsoe_series *s, const char *process) {
    const vo_source_options *o = k->o;
    if (!vo_source_wants_node(o, s->node)) {
        if (k->unwanted++ == 0) snprintf(k->first, sizeof k->first, "%s", s->node);
        return false;
    }
    if (o->only_process && o->only_process[0]) {
        const bool same = vo_source_wants_process(o, process);
        if (!same && k->unwanted++ == 0) snprintf(k->first, sizeof k->first, "%s", process);
        return same;
    }
    if (s->sequence < 2) return true;
    if (k->other_auctions++ == 0)
        snprintf(k->other_auction, sizeof k->other_auction, "%s", process);
    return false;
}

static void length_name(int64_t length_s, char out[16]) {
    if (length_s % 86400 == 0)
        snprintf(out, 16, "P%dD", (int)(length_s / 86400) % 1000);
    else
        snprintf(out, 16, "PT%dM", (int)(length_s / 60) % 10000);
}

static vo_status get_node(vo_entsoe_sink *k, const vo_entsoe_series *s, const char *process,
                          vo_readings **out, vo_error *err) {
    static const char *const price[] = {"price"};
    static const char *const load[] = {"load_mw", "forecast_mw"};
    const vo_source_options *o = k->o;
    const bool is_price = vo_kind_is_prices(s->kind);
    const char *market = o->market && o->market[0] ? o->market : "ENTSOE";
    return vo_readings_set_node(k->set, market, process, s->node, is_price ? price : load,
                                is_price ? 1 : 2, out, err);
}

static void describe(vo_readings *r, const vo_entsoe_sink *k, const vo_entsoe_series *s) {
    const bool is_price = vo_kind_is_prices(s->kind);
    snprintf(r->kind, sizeof r->kind, "%s", s->kind);
    snprintf(r->zone, sizeof r->zone, "%s", k->o->zone && k->o->zone[0] ? k->o->zone : s->zone);
    snprintf(r->currency, sizeof r->currency, "%s", is_price ? s->currency : "");
    snprintf(r->unit, sizeof r->unit, "%s", is_price ? "MWh" : "MW");
    snprintf(r->price_name, sizeof r->price_name, "%s", is_price ? "price.amount" : "quantity");
    r->interval_h = (double)s->length_s / 3600;
}

static bool same_length(const vo_readings *r, const vo_entsoe_series *s) {
    const double difference_h = r->interval_h - (double)s->length_s / 3600;
    return difference_h > -1e-9 && difference_h < 1e-9;
}

static vo_status check_same(const vo_entsoe_sink *k, const vo_readings *r,
                            const vo_entsoe_series *s, uint32_t line, vo_error *err) {
    const bool is_price = vo_kind_is_prices(s->kind);
    if (strcmp(r->kind, s->kind) != 0)
        return vo_fail(err, VO_EINVAL,
                       "%s line %u: %s %s holds %s and %s; import them one by one", k->name,
                       line, r->process, r->node, r->kind, s->kind);
    if (is_price && strcmp(r->currency, s->currency) != 0)
        return vo_fail(err, VO_EINVAL,
                       "%s line %u, currency_Unit.name: \"%s\", but other prices of %s are in "
                       "%s; split the document by currency",
                       k->name, line, s->currency, r->node, r->currency);
    return VO_OK;
}

/* Names become folders and are shown on terminals. */
static bool is_name(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127) return false;
    return true;
}

vo_status vo_entsoe_find(vo_entsoe_sink *k, const vo_entsoe_series *s, uint32_t line,
                         vo_readings **out, vo_error *err) {
    char process[32], length[16], longer[32];
    *out = NULL;
    name_process(s, process);
    if (!is_name(s->node) || !is_name(process))
        return vo_fail(err, VO_EINVAL,
                       "%s line %u: a control character in the name of an area or contract",
                       k->name, line);
    if (!is_wanted(k, s, process)) return VO_OK;
    vo_readings *r = NULL;
    vo_status st = get_node(k, s, process, &r, err);
    if (st == VO_OK && r->added && !same_length(r, s)) {
        length_name(s->length_s, length);
        snprintf(longer, sizeof longer, "%.20s-%.8s", process, length);
        st = get_node(k, s, longer, &r, err);
        k->other_lengths += st == VO_OK && r->added == 0;
    }
    if (st != VO_OK) return st;
    if (r->added == 0) describe(r, k, s);
    st = check_same(k, r, s, line, err);
    if (st == VO_OK) *out = r;
    return st;
}

void vo_entsoe_note(vo_entsoe_sink *k, const char *fmt, ...) {
    char text[sizeof k->more];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    const size_t n = strlen(k->more);
    if (strstr(k->more, text)) return;
    snprintf(k->more + n, sizeof k->more - n, "%s%s", n ? "; " : "", text);
}

/* ---- the whole -------------------------------------------------------------------- */

bool vo_source_entsoe_is(const char *head, size_t len) {
    static const char *const root[] = {"Publication_MarketDocument", "GL_MarketDocument",
                                       "Acknowledgement_MarketDocument"};
    size_t n = len;
    const char *text = vo_text_trim(head, &n);
    if (n == 0 || text[0] != '<') return vo_source_entsoe_csv_is(text, n);
    for (size_t i = 0; i < sizeof root / sizeof root[0]; i++)
        if (vo_xml_has_start(text, n, root[i])) return true;
    /* Other documents of the family, to be refused by name, and lower-case copies. */
    for (size_t i = 0; i + 15 <= n; i++)
        if (vo_text_same_span(text + i, 15, "_MarketDocument")) return true;
    return vo_xml_has_start(text, n, "timeseries") && vo_xml_has_start(text, n, "curvetype");
}

static void say(const vo_entsoe_sink *k) {
    if (k->repeated)
        vo_source_say(k->set, "%zu omitted positions repeat the value before (curve type A03)",
                      k->repeated);
    if (k->missing) vo_source_say(k->set, "%zu positions are missing", k->missing);
    if (k->other_auctions)
        vo_source_say(k->set, "prices of another auction left out (process %s)",
                      k->other_auction);
    if (k->other_lengths)
        vo_source_say(k->set, "%zu series of another resolution kept apart", k->other_lengths);
    if (k->more[0]) vo_source_say(k->set, "%s", k->more);
}

static vo_status check_result(const vo_entsoe_sink *k, vo_error *err) {
    if (k->rows) return VO_OK;
    if (k->other_auctions)
        return vo_fail(err, VO_ENOTFOUND,
                       "%s: only prices of another auction than the first; ask for process %s",
                       k->name, k->other_auction);
    if (k->unwanted)
        return vo_fail(err, VO_ENOTFOUND, "%s: nothing of what was asked for; it has %s%s",
                       k->name, k->first, k->unwanted > 1 ? ", ..." : "");
    return vo_fail(err, VO_EINVAL, "%s: no values in it; is it cut off?", k->name);
}

vo_status vo_source_entsoe_parse(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                                 vo_error *err) {
    const char *head = NULL;
    size_t n = 0;
    vo_entsoe_sink k = {.name = vo_bytes_name(in), .o = o, .set = set};
    vo_status st = vo_bytes_head(in, &head, &n, err);
    if (st != VO_OK) return st;
    const char *text = vo_text_trim(head, &n);
    st = n && text[0] == '<' ? vo_source_entsoe_xml(in, &k, err)
                             : vo_source_entsoe_csv(in, &k, err);
    if (st == VO_OK) st = check_result(&k, err);
    if (st == VO_OK) say(&k);
    return st;
}
