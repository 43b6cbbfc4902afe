/* cli_render_data.c -- answers about data laid out for people. */
#include <math.h>
#include <string.h>

#include "apps/cli.h"
#include "base/text.h"

enum { TOUCHED_LISTED = 8, SERIES_LISTED = 40 };

/* ---- what cleaning did ------------------------------------------------------------------- */

static void rules(const vo_json *counts, GString *out) {
    const char *rule = NULL;
    const vo_json *v = NULL;
    bool kept = false;
    for (size_t i = 0; counts && vo_json_member(counts, i, &rule, &v); i++) {
        if (vo_json_kind_of(v) != VO_JSON_NUMBER || !(vo_json_number(v) > 0)) continue;
        g_string_append(out, "    ");
        cli_append_count(out, vo_json_number(v), cli_rule_words(rule, &kept));
        g_string_append_c(out, '\n');
    }
}

static void touch(const vo_json *x, GString *out) {
    char *before = cli_money(cli_num(x, "old"), 2), *after = cli_money(cli_num(x, "new"), 2);
    g_string_append_printf(out, "    %s%s %s: ", cli_dim(), cli_str(x, "time"),
                           cli_str(x, "column"));
    if (strcmp(cli_str(x, "done"), "kept") == 0)
        g_string_append_printf(out, "%s, %s, kept%s\n", after, cli_str(x, "rule"), cli_plain());
    else
        g_string_append_printf(out, "%s -> %s, %s by %s%s\n", before, after, cli_str(x, "done"),
                               cli_str(x, "rule"), cli_plain());
    g_free(before);
    g_free(after);
}

/* What was changed before what was only named. */
static void touched(const vo_json *list, size_t most, GString *out) {
    const size_t n = list ? vo_json_size(list) : 0;
    for (int kept = 0; kept <= 1; kept++)
        for (size_t i = 0; i < n && most > 0; i++) {
            const vo_json *x = vo_json_at(list, i);
            if ((strcmp(cli_str(x, "done"), "kept") == 0) != kept) continue;
            touch(x, out);
            most--;
        }
}

static void stored(const vo_json *x, GString *out) {
    const vo_json *report = vo_json_get(x, "report");
    g_string_append_printf(out, "  %s %s %s %s  ", cli_str(x, "kind"), cli_str(x, "market"),
                           cli_str(x, "process"), cli_str(x, "node"));
    if (!cli_yes(x, "stored")) {
        g_string_append_printf(out, "%srefused%s\n", cli_red(), cli_plain());
        return;
    }
    cli_append_count(out, cli_num(report, "intervals"), "[interval|intervals]\n");
    rules(vo_json_get(report, "counts"), out);
    touched(vo_json_get(report, "touched"), TOUCHED_LISTED, out);
}

static void all_stored(const vo_json *r, GString *out) {
    const vo_json *list = vo_json_get(r, "series");
    const size_t n = list ? vo_json_size(list) : 0;
    if (*cli_str(r, "note")) g_string_append_printf(out, "%s\n", cli_str(r, "note"));
    for (size_t i = 0; i < n && i < SERIES_LISTED; i++) stored(vo_json_at(list, i), out);
    if (n > SERIES_LISTED)
        g_string_append_printf(out, "  %sand %zu more: --json has them all%s\n", cli_dim(),
                               n - SERIES_LISTED, cli_plain());
    if (cli_num(r, "refused") > 0)
        g_string_append_printf(out, "%s%.0f series refused%s, the first: %s\n", cli_red(),
                               cli_num(r, "refused"), cli_plain(), cli_str(r, "first_refusal"));
}

static void rows_into(const vo_json *r, GString *out) {
    cli_append_count(out, cli_num(r, "rows"), "[row|rows], ");
    cli_append_count(out, cli_num(r, "stored"), "series into ");
    g_string_append_printf(out, "%s\n", cli_str(r, "lake"));
}

static void series_stored(const vo_json *r, GString *out) {
    g_string_append_printf(out, "%s%s%s: ", cli_bold(), cli_str(r, "file"), cli_plain());
    rows_into(r, out);
    all_stored(r, out);
}

static void did_not_come(const vo_json *r, GString *out) {
    const vo_json *missing = vo_json_get(r, "missing"), *days = vo_json_get(r, "missing_days");
    for (size_t i = 0; missing && i < vo_json_size(missing); i++)
        g_string_append_printf(out, "  %snothing came for %s%s\n", cli_red(),
                               vo_json_string(vo_json_at(missing, i)), cli_plain());
    for (size_t i = 0; days && i < vo_json_size(days); i++) {
        const vo_json *x = vo_json_at(days, i);
        g_string_append_printf(out, "  %s", cli_red());
        cli_append_count(out, cli_num(x, "count"), "[day|days]");
        g_string_append_printf(out, " of %s did not come, the first: %s%s\n",
                               cli_str(x, "node"), cli_str(x, "first"), cli_plain());
    }
}

void cli_render_fetch(const vo_json *r, GString *out) {
    const vo_json *urls = vo_json_get(r, "urls");
    g_string_append_printf(out, "%s%s%s, %s to %s: ", cli_bold(), cli_str(r, "client"),
                           cli_plain(), cli_str(r, "from"), cli_str(r, "to"));
    cli_append_count(out, cli_num(r, "calls"), "[call|calls]");
    if (urls) {
        g_string_append(out, ", none made:\n");
        for (size_t i = 0; i < vo_json_size(urls); i++)
            g_string_append_printf(out, "  %s\n", vo_json_string(vo_json_at(urls, i)));
        if (*cli_str(r, "note")) g_string_append_printf(out, "%s\n", cli_str(r, "note"));
        return;
    }
    g_string_append(out, ", ");
    cli_append_count(out, cli_num(r, "requests"), "[request|requests] (");
    cli_append_count(out, cli_num(r, "retried"), "sent again), ");
    cli_append_count(out, cli_num(r, "cached"), "[reply|replies] from ");
    g_string_append_printf(out, "%s; ",
                           *cli_str(r, "cache") ? cli_str(r, "cache") : "the cache");
    rows_into(r, out);
    if (cli_num(r, "empty") > 0) {
        g_string_append(out, "  ");
        cli_append_count(out, cli_num(r, "empty"),
                         "[reply was|replies were] empty, the first: ");
        g_string_append_printf(out, "%s\n", cli_str(r, "first_empty"));
    }
    did_not_come(r, out);
    all_stored(r, out);
}

/* ---- the lake ---------------------------------------------------------------------------- */

/* "MXN/MWh"; of prices whose currency is not known "per MWh"; of other kinds the unit. */
static char *unit_of(const vo_json *x) {
    const char *currency = cli_str(x, "currency"), *unit = cli_str(x, "unit");
    if (strcmp(cli_str(x, "kind"), "prices") != 0 || !*unit)
        return g_strdup(*unit ? unit : currency);
    return *currency ? g_strdup_printf("%s/%s", currency, unit)
                     : g_strdup_printf("per %s", unit);
}

void cli_render_list(const vo_json *r, GString *out) {
    const vo_json *list = vo_json_get(r, "series");
    if (vo_json_size(list) == 0) {
        g_string_append_printf(out,
                               "%s holds nothing%s: `volteo data import FILE` or "
                               "`volteo data synth --market SYNTH`\n",
                               cli_str(r, "lake"), cli_yes(r, "chosen") ? " of that" : " yet");
        return;
    }
    cli_table *t = cli_table_new("<Kind|<Market|<Process|<Node|>Rows|>Step min|>Changes|"
                                 "<First (UTC)|<Last|<Zone|<Unit");
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const vo_json *x = vo_json_at(list, i);
        cli_table_cell(t, "%s", cli_str(x, "kind"));
        cli_table_cell(t, "%s", cli_str(x, "market"));
        cli_table_cell(t, "%s", cli_str(x, "process"));
        cli_table_cell(t, "%s", cli_str(x, "node"));
        cli_money_cell(t, cli_num(x, "rows"), 0);
        cli_table_cell(t, "%g", cli_num(x, "interval_minutes"));
        cli_money_cell(t, cli_num(x, "changes"), 0);
        cli_table_cell(t, "%.16s", cli_str(x, "first"));
        cli_table_cell(t, "%.16s", cli_str(x, "last"));
        cli_table_cell(t, "%s", cli_str(x, "tz"));
        char *unit = unit_of(x);
        cli_table_cell(t, "%s%s", unit,
                       cli_num(x, "damaged_parts") > 0 ? "  (damaged: volteo data doctor)"
                                                       : "");
        g_free(unit);
    }
    cli_table_print(t, out);
}

static void share_cell(cli_table *t, double share) {
    if (isnan(share))
        cli_table_cell(t, "-");
    else
        cli_table_cell(t, "%.1f %%", 100 * share);
}

static void columns(const vo_json *list, GString *out) {
    static const char *const moment[] = {"mean", "sd", "min", "q05", "q50", "q95", "max"};
    cli_table *t =
        cli_table_new("<Column|>Values|>Missing|>Mean|>Deviation|>Least|>5 %|>Median|"
                      ">95 %|>Most|>Below 0|>Spikes");
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const vo_json *x = vo_json_at(list, i), *m = vo_json_get(x, "moments");
        cli_table_cell(t, "%s", cli_str(x, "name"));
        cli_money_cell(t, cli_num(x, "count"), 0);
        cli_money_cell(t, cli_num(x, "missing"), 0);
        for (size_t k = 0; k < G_N_ELEMENTS(moment); k++)
            cli_money_cell(t, cli_num(m, moment[k]), 3);
        share_cell(t, cli_num(m, "negative_share"));
        share_cell(t, cli_num(m, "spike_share"));
    }
    cli_table_print(t, out);
}

static void line_of(const vo_json *list, const char *what, GString *out) {
    const size_t n = list ? vo_json_size(list) : 0;
    double *x = g_new(double, n + 1);
    for (size_t i = 0; i < n; i++) {
        const vo_json *v = vo_json_at(list, i);
        x[i] = vo_json_kind_of(v) == VO_JSON_NUMBER ? vo_json_number(v) : (double)NAN;
    }
    if (n) {
        g_string_append_printf(out, "  %-12s ", what);
        cli_sparkline(x, n, 80, out);
        g_string_append_c(out, '\n');
    }
    g_free(x);
}

static void series_shown(const vo_json *r, GString *out) {
    const vo_json *shown = vo_json_get(r, "shown");
    char *unit = unit_of(r);
    g_string_append_printf(out, "%s%s %s %s %s%s  %s, %g min%s%s\n", cli_bold(),
                           cli_str(r, "kind"), cli_str(r, "market"), cli_str(r, "process"),
                           cli_str(r, "node"), cli_plain(), cli_str(r, "tz"),
                           cli_num(r, "interval_minutes"), *unit ? ", " : "", unit);
    g_free(unit);
    cli_append_count(out, cli_num(shown, "intervals"), "[interval|intervals] in ");
    cli_append_count(out, cli_num(shown, "days"), "[day|days], ");
    g_string_append_printf(out, "%s to %s\n\n", cli_str(shown, "first"),
                           cli_str(shown, "last"));
    columns(vo_json_get(r, "columns"), out);
    g_string_append_c(out, '\n');
    line_of(vo_json_get(r, "curve"), "over time", out);
    line_of(vo_json_get(vo_json_at(vo_json_get(r, "columns"), 0), "hour"), "by hour", out);
    line_of(vo_json_get(vo_json_at(vo_json_get(r, "columns"), 0), "month"), "by month", out);
    if (cli_num(r, "touched_total") > 0) {
        g_string_append(out, "\n  What cleaning did is kept beside it (export --changes; --raw "
                             "gives the values as they were read):\n");
        rules(vo_json_get(r, "counts"), out);
        touched(vo_json_get(r, "touched"), (size_t)-1, out);
    }
}

/* With "-" the file is what standard output holds: nothing may follow it. */
void cli_render_export(const vo_json *r, GString *out) {
    if (strcmp(cli_str(r, "file"), "-") == 0) return;
    if (vo_json_get(r, "tariff")) {
        g_string_append_printf(out, "%s: %s as it was published\n", cli_str(r, "file"),
                               cli_str(r, "tariff"));
        return;
    }
    g_string_append_printf(out, "%s: ", cli_str(r, "file"));
    cli_append_count(out, cli_num(r, "written"), "[row|rows] of ");
    g_string_append_printf(out, "%s %s %s %s\n", cli_str(r, "kind"), cli_str(r, "market"),
                           cli_str(r, "process"), cli_str(r, "node"));
}

void cli_render_remove(const vo_json *r, GString *out) {
    const vo_json *gone = vo_json_get(r, "gone");
    const bool removed = cli_yes(r, "removed");
    g_string_append_printf(out, "%s%s %s %s %s%s: ", cli_bold(), cli_str(r, "kind"),
                           cli_str(r, "market"), cli_str(r, "process"), cli_str(r, "node"),
                           cli_plain());
    cli_append_count(out, cli_num(gone, "rows"), "[row|rows]");
    if (*cli_str(gone, "first"))
        g_string_append_printf(out, " from %s to %s", cli_str(gone, "first"),
                               cli_str(gone, "last"));
    if (cli_num(gone, "damaged_parts") > 0) {
        g_string_append(out, " and ");
        cli_append_count(out, cli_num(gone, "damaged_parts"), "damaged [part|parts]");
    }
    g_string_append(out, removed ? " removed\n"
                                 : " would go. Nothing is removed yet: say --yes for that.\n");
}

static void append_bytes(GString *out, double bytes) {
    if (bytes < 10e3)
        g_string_append_printf(out, "%.0f bytes", bytes);
    else if (bytes < 10e6)
        g_string_append_printf(out, "%.0f kB", bytes / 1e3);
    else
        g_string_append_printf(out, "%.0f MB", bytes / 1e6);
}

static bool can_be_mended(const vo_json *finding) {
    const char *ill = cli_str(finding, "ill");
    return strcmp(ill, "mixed") != 0 && strcmp(ill, "stranger") != 0 &&
           !strstr(cli_str(finding, "what"), "import the same file");
}

void cli_render_health(const vo_json *r, GString *out) {
    const vo_json *list = vo_json_get(r, "findings");
    bool mendable = false;
    for (size_t i = 0; list && i < vo_json_size(list); i++) {
        const vo_json *x = vo_json_at(list, i);
        const bool mended = cli_yes(x, "mended");
        mendable = mendable || (!mended && can_be_mended(x));
        g_string_append_printf(out, "  %s%-10s%s %s: %s\n", mended ? cli_green() : cli_red(),
                               mended ? "mended" : cli_str(x, "ill"), cli_plain(),
                               cli_str(x, "path"), cli_str(x, "what"));
    }
    g_string_append_printf(out, "%s: ", cli_str(r, "lake"));
    cli_append_count(out, cli_num(r, "series"), "series in ");
    cli_append_count(out, cli_num(r, "parts"), "[part|parts], ");
    cli_append_count(out, cli_num(r, "rows"), "[row|rows], ");
    append_bytes(out, cli_num(r, "bytes_before"));
    if (fabs(cli_num(r, "bytes_after") - cli_num(r, "bytes_before")) > 0.5) {
        g_string_append(out, " before, now ");
        append_bytes(out, cli_num(r, "bytes_after"));
    }
    if (!isnan(cli_num(r, "rewritten"))) {
        g_string_append(out, "; ");
        cli_append_count(out, cli_num(r, "rewritten"), "[part|parts] rewritten");
    }
    if (mendable)
        g_string_append(out, "; `volteo data doctor --mend` puts right what can be");
    else if (cli_yes(r, "ok") && isnan(cli_num(r, "rewritten")))
        g_string_append(out, "; all is well");
    g_string_append_c(out, '\n');
}

/* ---- made up ----------------------------------------------------------------------------- */

/* CSV for a pipe: what the answer holds as arrays. */
static void values_as_csv(const vo_json *data, GString *out) {
    const vo_json *time = vo_json_get(data, "timestamps");
    const vo_json *columns = vo_json_get(data, "columns"), *list[64];
    const char *name = NULL;
    size_t n = 0;
    g_string_append(out, "timestamp");
    if (!columns) {
        list[n++] = vo_json_get(data, "prices");
        g_string_append(out, ",price");
    }
    for (size_t c = 0; columns && n < 64 && vo_json_member(columns, c, &name, &list[n]);
         c++, n++)
        g_string_append_printf(out, ",%s", name);
    g_string_append_c(out, '\n');
    for (size_t i = 0; i < vo_json_size(time); i++) {
        g_string_append(out, vo_json_string(vo_json_at(time, i)));
        for (size_t c = 0; c < n; c++) {
            const vo_json *v = vo_json_at(list[c], i);
            char number[VO_TEXT_NUMBER] = "";
            if (vo_json_kind_of(v) == VO_JSON_NUMBER)
                vo_text_format_number(vo_json_number(v), number);
            g_string_append_printf(out, ",%s", number);
        }
        g_string_append_c(out, '\n');
    }
}

/* A second table after an empty line, where the values were printed as CSV. */
static void sessions_as_csv(const vo_json *list, GString *out) {
    if (!list) return;
    g_string_append(out, "\narrival,departure,energy_kwh\n");
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const vo_json *x = vo_json_at(list, i);
        char number[VO_TEXT_NUMBER] = "";
        vo_text_format_number(cli_num(x, "energy_kwh"), number);
        g_string_append_printf(out, "%s,%s,%s\n", cli_str(x, "arrival"),
                               cli_str(x, "departure"), number);
    }
}

/* The cars' stays of every home. */
static void sessions(const vo_json *series, GString *out) {
    if (!vo_json_get(vo_json_at(series, 0), "sessions")) return;
    cli_table *t = cli_table_new("<Home|<Arrival (UTC)|<Departure|>kWh");
    for (size_t k = 0; k < vo_json_size(series); k++) {
        const vo_json *home = vo_json_at(series, k), *list = vo_json_get(home, "sessions");
        for (size_t i = 0; i < vo_json_size(list); i++) {
            const vo_json *x = vo_json_at(list, i);
            cli_table_cell(t, "%s", cli_str(home, "node"));
            cli_table_cell(t, "%.16s", cli_str(x, "arrival"));
            cli_table_cell(t, "%.16s", cli_str(x, "departure"));
            cli_table_cell(t, "%.2f", cli_num(x, "energy_kwh"));
        }
    }
    cli_table_print(t, out);
}

static void written_to_lake(const vo_json *r, GString *out) {
    const vo_json *list = vo_json_get(r, "series");
    double replaced = 0;
    for (size_t i = 0; i < vo_json_size(list); i++)
        replaced += cli_num(vo_json_at(list, i), "replaced");
    g_string_append_printf(out, "  written to the lake %s", cli_str(r, "lake"));
    if (replaced > 0) {
        g_string_append(out, ", in place of ");
        cli_append_count(out, replaced, "[row|rows] with other values");
    }
    g_string_append_c(out, '\n');
}

static void compared(const vo_json *r, GString *out) {
    const vo_json *list = vo_json_get(r, "moments");
    cli_table *t = cli_table_new("<Moment|>Synthetic|>Real|>Ratio|<Verdict");
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const vo_json *x = vo_json_at(list, i);
        cli_table_cell(t, "%s", cli_str(x, "name"));
        cli_money_cell(t, cli_num(x, "ours"), 3);
        cli_money_cell(t, cli_num(x, "reference"), 3);
        cli_money_cell(t, cli_num(x, "ratio"), 2);
        cli_table_cell(t, "%s", cli_str(x, "verdict"));
    }
    g_string_append_printf(out, "%s beside %s of %s\n", cli_str(r, "column"),
                           cli_str(r, "reference_column"), cli_str(r, "reference"));
    cli_table_print(t, out);
    g_string_append_c(out, '\n');
    line_of(vo_json_get(r, "hour"), "by hour", out);
    line_of(vo_json_get(r, "reference_hour"), "  real", out);
    cli_append_count(out, cli_num(r, "near"), "[moment is|moments are] near, ");
    cli_append_count(out, cli_num(r, "off"), "[is|are] off\n");
}

void cli_render_synth(const vo_json *r, GString *out) {
    const vo_json *list = vo_json_get(r, "series"), *x = vo_json_at(list, 0);
    const vo_json *compare = vo_json_get(r, "compare");
    const char *what = cli_str(r, "what");
    const bool to_file = *cli_str(r, "file") != '\0', to_lake = *cli_str(r, "lake") != '\0';
    const bool prices = strcmp(what, "prices") == 0;
    if (!to_file && !to_lake && !compare) {
        values_as_csv(vo_json_get(x, prices ? "prices" : "data"), out);
        sessions_as_csv(vo_json_get(x, "sessions"), out);
        return;
    }
    g_string_append_printf(out, "%zu synthetic series (%s) of ", vo_json_size(list), what);
    cli_append_count(out, cli_num(x, "intervals"), "[interval|intervals], ");
    g_string_append_printf(out, "%s to %s, %s%s%s\n", cli_str(x, "first"), cli_str(x, "last"),
                           cli_str(x, "tz"), *cli_str(x, "currency") ? ", " : "",
                           cli_str(x, "currency"));
    if (to_file) g_string_append_printf(out, "  written to %s", cli_str(r, "file"));
    if (to_file && prices)
        g_string_append_printf(out,
                               "; with its days:\n  volteo optimize --prices %s --tz %s "
                               "--battery battery.json",
                               cli_str(r, "file"), cli_str(x, "tz"));
    if (to_file) g_string_append_c(out, '\n');
    if (to_lake) written_to_lake(r, out);
    sessions(list, out);
    if (compare) compared(compare, out);
}

/* ---- tariffs ----------------------------------------------------------------------------- */

/* "0.42 to 16, 0.54 to 21, 0.42": runs of equal hours. */
static void hours_of(const vo_json *list, GString *out) {
    for (size_t h = 0; h < vo_json_size(list);) {
        const double v = vo_json_number(vo_json_at(list, h));
        size_t end = h;
        while (end < vo_json_size(list) &&
               fabs(vo_json_number(vo_json_at(list, end)) - v) < 1e-12)
            end++;
        g_string_append_printf(out, "%s%.5g from %02zu to %02zu", h ? ", " : "", v, h, end);
        h = end;
    }
}

static void tariff(const vo_json *r, GString *out) {
    const vo_json *seasons = vo_json_get(r, "seasons"), *fixed = vo_json_get(r, "fixed");
    const char *from = cli_str(r, "effective"), *until = cli_str(r, "until");
    g_string_append_printf(out, "%s%s %s%s  ", cli_bold(), cli_str(r, "utility"),
                           cli_str(r, "schedule"), cli_plain());
    if (!*from && !*until) g_string_append(out, "in force always");
    if (*from) g_string_append_printf(out, "from %s", from);
    if (*until) g_string_append_printf(out, "%suntil %s", *from ? " " : "", until);
    g_string_append_printf(out, ", %s, %s per kWh\n", cli_str(r, "tz"), cli_str(r, "currency"));
    for (size_t i = 0; i < vo_json_size(seasons); i++) {
        const vo_json *s = vo_json_at(seasons, i), *days = vo_json_get(s, "days");
        g_string_append_printf(out, "  %s", cli_str(s, "name"));
        for (size_t k = 0; k < vo_json_size(days); k++)
            g_string_append_printf(out, "%s %s", k ? "," : "",
                                   vo_json_string(vo_json_at(days, k)));
        g_string_append(out, "\n    weekdays  ");
        hours_of(vo_json_get(s, "weekday"), out);
        g_string_append(out, "\n    weekends  ");
        hours_of(vo_json_get(s, "weekend"), out);
        g_string_append_c(out, '\n');
    }
    if (!isnan(cli_num(r, "baseline_credit_per_kwh"))) {
        g_string_append_printf(out, "  %.5g less below the baseline quantity",
                               cli_num(r, "baseline_credit_per_kwh"));
        if (cli_num(r, "territories") > 0) {
            g_string_append(out, " of ");
            cli_append_count(out, cli_num(r, "territories"), "[territory|territories]");
        }
        g_string_append_c(out, '\n');
    }
    for (size_t i = 0; i < vo_json_size(fixed); i++) {
        const vo_json *x = vo_json_at(fixed, i);
        g_string_append_printf(out, "  %s%s%s: %.5g a %s\n", cli_str(x, "name"),
                               *cli_str(x, "option") ? " " : "", cli_str(x, "option"),
                               cli_num(x, "amount"), cli_str(x, "per"));
    }
}

static void tariff_stored(const vo_json *r, GString *out) {
    const vo_json *t = vo_json_get(r, "tariff");
    g_string_append_printf(out, "%s%s%s: %s %s\n  %s %s\n", cli_bold(), cli_str(r, "file"),
                           cli_plain(), cli_str(t, "kind"), cli_str(t, "name"),
                           cli_num(t, "written") > 0 ? "written to" : "already in",
                           cli_str(t, "path"));
    if (*cli_str(r, "note")) g_string_append_printf(out, "%s\n", cli_str(r, "note"));
}

/* ---- what may be either ------------------------------------------------------------------ */

void cli_render_import(const vo_json *r, GString *out) {
    if (vo_json_get(r, "tariff"))
        tariff_stored(r, out);
    else
        series_stored(r, out);
}

void cli_render_show(const vo_json *r, GString *out) {
    if (vo_json_get(r, "tariff"))
        tariff(r, out);
    else
        series_shown(r, out);
}
