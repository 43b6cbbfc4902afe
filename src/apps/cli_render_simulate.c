/* cli_render_simulate.c -- a community's simulation for people: homes, where the saving comes from,
 * how near it is to what nobody can beat. */
#include <math.h>

#include "apps/cli.h"

#define LISTED 40 /* homes shown one by one; all are in --json */

static const vo_json *member(const vo_json *object, const char *key) {
    const vo_json *v = object ? vo_json_get(object, key) : NULL;
    return v && vo_json_kind_of(v) == VO_JSON_OBJECT ? v : NULL;
}

static void render_what(const vo_json *r, GString *out) {
    const vo_json *tariff = member(r, "tariff"), *market = member(r, "market");
    const char *name = cli_str(tariff, "name");
    if (cli_yes(r, "synthetic")) g_string_append(out, "SYNTHETIC ");
    cli_append_count(out, cli_num(r, "homes"), "[home|homes], ");
    cli_append_count(out, cli_num(r, "days"), "[day|days] from ");
    g_string_append_printf(out, "%.10s on %s; %s\n", cli_str(r, "from"),
                           *name ? name : "prices of a file", cli_str(r, "currency"));
    g_string_append_printf(out, "market %s, forecaster %s, scenario %s",
                           cli_str(market, "matching"), cli_str(market, "forecaster"),
                           cli_str(r, "scenario"));
    const char *note = cli_str(r, "scenario_note");
    g_string_append_printf(out, "%s%s\n\n", *note ? ": " : "", note);
}

static void cost_cells(cli_table *t, const vo_json *c) {
    static const char *const key[] = {"baseline_pge_total", "pv_only_total", "greedy_total",
                                      "alone_total", "optimized_total"};
    for (size_t i = 0; i < G_N_ELEMENTS(key); i++) cli_money_cell(t, cli_num(c, key[i]), 2);
    cli_money_cell(t, cli_num(c, "savings"), 2);
    cli_money_cell(t, cli_num(c, "savings_percent"), 1);
}

static void render_homes(const vo_json *r, GString *out) {
    const vo_json *homes = vo_json_get(r, "households");
    const size_t n = homes ? vo_json_size(homes) : 0;
    if (n == 0) return;
    cli_table *t = cli_table_new("<Home|>Grid only|>PV only|>Greedy|>Alone|>Community|>Saved|"
                                 ">Saved %|>Sold kWh|>Bought kWh");
    for (size_t i = 0; i < n && i < LISTED; i++) {
        const vo_json *h = vo_json_at(homes, i), *energy = member(h, "energy_kwh");
        cli_table_cell(t, "%s", cli_str(h, "name"));
        cost_cells(t, member(h, "costs"));
        cli_money_cell(t, cli_num(energy, "sold"), 2);
        cli_money_cell(t, cli_num(energy, "bought"), 2);
    }
    cli_table_print(t, out);
    if (n > LISTED) g_string_append_printf(out, "... and %zu more (--json)\n", n - LISTED);
    g_string_append_c(out, '\n');
}

/* "label   12.34   5.6 %  note" */
static void line(GString *out, const char *label, double amount, double percent,
                 const char *note) {
    char *text = cli_money(amount, 2);
    g_string_append_printf(out, "  %-28s %14s", label, text);
    if (isnan(percent))
        g_string_append(out, "          ");
    else
        g_string_append_printf(out, "  %6.1f %%", percent);
    g_string_append_printf(out, "%s%s\n", *note ? "  " : "", note);
    g_free(text);
}

/* What the community's batteries lack at the end is in its cost. */
static void render_refill(const vo_json *r, GString *out) {
    const double refill = cli_num(r, "refill");
    if (refill >= 0.005)
        line(out, "of it refill at the end", refill, (double)NAN,
             "(batteries ended with less than they began with)");
}

static void render_result(const vo_json *r, GString *out) {
    const vo_json *against = member(member(r, "savings_decomposition"), "against");
    const vo_json *all = member(r, "aggregate_metrics"), *pv = member(against, "pv_only");
    const vo_json *greedy = member(against, "greedy");
    char note[120];
    line(out, "grid only", cli_num(r, "baseline_pge_cost"), (double)NAN, "");
    g_snprintf(note, sizeof note, "(%.1f %% against PV only, %.1f %% against greedy batteries)",
               cli_num(pv, "savings_percent"), cli_num(greedy, "savings_percent"));
    g_string_append(out, cli_bold());
    line(out, "community", cli_num(r, "optimized_cost"), (double)NAN, "");
    line(out, "saved", cli_num(r, "savings"), cli_num(r, "savings_percent"), note);
    g_string_append(out, cli_plain());
    render_refill(r, out);
    g_string_append_c(out, ' ');
    g_string_append_c(out, ' ');
    cli_append_count(out, cli_num(r, "trades_executed"), "[trade|trades], ");
    g_string_append_printf(out, "%.2f kWh", cli_num(all, "total_energy_traded_kwh"));
    if (!isnan(cli_num(all, "average_price")))
        g_string_append_printf(out, " at %.3f on average", cli_num(all, "average_price"));
    const double before = cli_num(all, "peak_import_kw_baseline"),
                 after = cli_num(all, "peak_import_kw");
    g_string_append_printf(out, "; peak %s from %.1f to %.1f kW\n\n",
                           after > before ? "rises" : "falls", before, after);
}

/* Load that nobody served costs nobody anything: said before costs are compared. */
static void render_short(const vo_json *r, GString *out) {
    const vo_json *against = member(member(r, "savings_decomposition"), "against");
    const vo_json *weighed = member(r, "weighed");
    const double now = cli_num(member(r, "aggregate_metrics"), "short_kwh");
    const double before = cli_num(member(against, "grid_only"), "short_kwh");
    if (!weighed) return;
    g_string_append_printf(
        out,
        "load not served, and not paid: %.2f kWh; on the grid alone %.2f kWh: the costs above "
        "praise the darker run\n",
        now, before);
    g_string_append_printf(out, "below, each such kWh counts %g; so counted:\n",
                           cli_num(weighed, "short_per_kwh"));
    line(out, "grid only", cli_num(weighed, "baseline_pge_cost"), (double)NAN, "");
    line(out, "community", cli_num(weighed, "optimized_cost"), (double)NAN, "");
    line(out, "saved", cli_num(weighed, "savings"), cli_num(weighed, "savings_percent"), "");
    g_string_append_c(out, '\n');
}

/* Does a model that is used know these days already? */
static void render_seen(const vo_json *r, GString *out) {
    const char *note = cli_str(member(r, "forecasts"), "note");
    if (*note) g_string_append_printf(out, "%s\n\n", note);
}

static void render_split(const vo_json *r, GString *out) {
    static const char *const part[][2] = {{"pv", "PV"},
                                          {"time_shifting", "time shifting"},
                                          {"forecasting", "forecasting"},
                                          {"trading", "trading"}};
    const vo_json *split = member(member(r, "savings_decomposition"), "split");
    const double whole = cli_num(split, "sum");
    if (!split) return;
    g_string_append(out, "where it comes from\n");
    for (size_t i = 0; i < G_N_ELEMENTS(part); i++) {
        const double amount = cli_num(split, part[i][0]);
        line(out, part[i][1], amount, whole > 0 ? 100 * amount / whole : (double)NAN, "");
    }
    g_string_append_c(out, '\n');
}

static void render_bounds(const vo_json *r, GString *out) {
    enum { WORLD = 2 };
    static const char *const part[][2] = {{"forecast", "forecast errors cost"},
                                          {"rules", "market rules cost"},
                                          {"world", "feeder, lies, lost messages"},
                                          {"matching", "the market leaves"}};
    const vo_json *bounds = member(r, "bounds"), *gap = member(bounds, "gap");
    const vo_json *alone = member(bounds, "alone"), *pooled = member(bounds, "pooled");
    if (!bounds) return;
    g_string_append(out, "what nobody can beat on the same days\n");
    line(out, "each home alone", cli_num(alone, "cost"), cli_num(alone, "reached_percent"),
         "of its saving over PV only reached by homes alone");
    line(out, "all pooled, with losses", cli_num(pooled, "cost"),
         cli_num(pooled, "reached_percent"), "reached by the community; between them");
    for (size_t i = 0; i < G_N_ELEMENTS(part); i++) {
        const double cost = cli_num(gap, part[i][0]);
        if (i == WORLD && fabs(cost) < 1e-6) continue; /* mostly there is none */
        line(out, part[i][1], cost, (double)NAN, "");
    }
    g_string_append_c(out, '\n');
}

static void render_ledger(const vo_json *r, GString *out) {
    const vo_json *l = member(r, "ledger");
    g_string_append_printf(out,
                           "ledger: buyers pay %.6f = sellers %.6f + losses %.6f + fees %.6f, "
                           "residual %.0f\n%s\n",
                           cli_num(l, "buyers_pay") / 1e6, cli_num(l, "sellers_receive") / 1e6,
                           cli_num(l, "losses") / 1e6, cli_num(l, "fees") / 1e6,
                           cli_num(l, "residual"), cli_str(r, "note"));
}

void cli_render_simulate(const vo_json *r, GString *out) {
    render_what(r, out);
    render_homes(r, out);
    render_result(r, out);
    render_seen(r, out);
    render_short(r, out);
    render_split(r, out);
    render_bounds(r, out);
    render_ledger(r, out);
}
