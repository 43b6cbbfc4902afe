/* cli_render.c -- the engine's answers laid out for people; every number is in the answer. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "apps/cli.h"
#include "base/text.h"

static void append_money(GString *out, double v, const char *currency) {
    char *s = cli_money(v, 2);
    g_string_append_printf(out, "%s%s%s", s, *currency ? " " : "", currency);
    g_free(s);
}

/* ---- headings --------------------------------------------------------------------------- */

/* The rules of cleaning in words, in the order of their names in the answer. */
const char *cli_rule_words(const char *rule, bool *kept) {
    static const struct {
        const char *rule;
        bool kept;
        const char *words;
    } map[] = {
        {"dst_skipped", false, "[row|rows] in an hour that clocks skip, dropped"},
        {"sorted", false, "[row|rows] out of order, sorted"},
        {"duplicate_same", false, "equal [row|rows] of one time, dropped"},
        {"duplicate_last", false, "[row|rows] corrected by a later row of the same time"},
        {"not_finite", false, "infinite [value|values], taken as missing"},
        {"zero_placeholder", false, "[price of 0 that means|prices of 0 that mean] none"},
        {"interpolated", false,
         "[value|values] filled by a line between [its|their] neighbours"},
        {"same_hour_of_week", false, "[value|values] filled from the same hour of other weeks"},
        {"trimmed", false, "[interval|intervals] without a price cut off at the ends"},
        {"component_sum", true, "[row|rows] whose parts do not add up to the price, kept"},
        {"joined", false,
         "[row that completes another of its|rows that complete others of "
         "their] time, joined"},
        {"spike", true, "[spike|spikes], kept"},
        {"dst_short_day", true, "[day|days] of 23 hours, kept"},
        {"dst_long_day", true, "[day|days] of 25 hours, kept"},
        {"left_missing", true, "[value|values] that nothing fills, left missing"}};
    *kept = false;
    for (size_t i = 0; i < sizeof map / sizeof map[0]; i++) {
        if (strcmp(map[i].rule, rule) != 0) continue;
        *kept = map[i].kept;
        return map[i].words;
    }
    return rule;
}

/* "repaired: 2 values filled ..., first at 2025-01-01T09:00:00Z", a line per rule; "noted:" of
 * what stays as it is. */
static void repairs(const vo_json *prices, GString *out) {
    const vo_json *report = vo_json_get(prices, "repairs");
    const vo_json *counts = report ? vo_json_get(report, "counts") : NULL;
    const char *rule = NULL;
    const vo_json *v = NULL;
    bool any = false, kept = false;
    for (size_t i = 0; counts && vo_json_member(counts, i, &rule, &v); i++) {
        if (vo_json_kind_of(v) != VO_JSON_NUMBER || !(vo_json_number(v) > 0)) continue;
        const char *first = cli_str(vo_json_get(report, "first"), rule);
        const char *words = cli_rule_words(rule, &kept);
        g_string_append_printf(out, "%s%s: ", cli_bold(), kept ? "noted" : "repaired");
        cli_append_count(out, vo_json_number(v), words);
        g_string_append_printf(out, "%s%s%s\n", *first ? ", first at " : "", first,
                               cli_plain());
        any = true;
    }
    if (any) g_string_append(out, "every value touched is in --json: prices.repairs\n");
}

void cli_render_heading(const vo_json *r, GString *out) {
    const vo_json *p = vo_json_get(r, "prices");
    const char *label = cli_str(p, "label");
    g_string_append_printf(out, "%s%s%s", cli_bold(), *label ? label : cli_str(p, "source"),
                           cli_plain());
    g_string_append_printf(out, "  %.16s to %.16s  %s, every %g min\n", cli_str(p, "first"),
                           cli_str(p, "last"), cli_str(p, "tz"),
                           cli_num(p, "interval_minutes"));
    if (cli_yes(p, "synthetic"))
        g_string_append_printf(out, "%sSYNTHETIC prices: made up, no market's data%s\n",
                               cli_red(), cli_plain());
    if (*cli_str(p, "note")) g_string_append_printf(out, "%s\n", cli_str(p, "note"));
    repairs(p, out);
    const vo_json *batteries = vo_json_get(r, "batteries");
    for (size_t i = 0; i < vo_json_size(batteries); i++) {
        const vo_json *b = vo_json_at(batteries, i);
        const double in = cli_num(b, "charge_mw"), outwards = cli_num(b, "discharge_mw");
        g_string_append_printf(out, "%s%s%g MW", cli_str(b, "name"),
                               *cli_str(b, "name") ? ": " : "", outwards);
        if (in != outwards) g_string_append_printf(out, " (charging %g MW)", in);
        g_string_append_printf(
            out, ", %g MWh, %.1f %% round trip, SOC %g to %g", cli_num(b, "capacity_mwh"),
            100 * cli_num(b, "charge_efficiency") * cli_num(b, "discharge_efficiency"),
            cli_num(b, "min_soc"), cli_num(b, "max_soc"));
        if (!isnan(cli_num(b, "max_cycles_per_day")))
            g_string_append_printf(out, ", %g cycles a day", cli_num(b, "max_cycles_per_day"));
        if (cli_num(b, "wear_cost_per_mwh") > 0)
            g_string_append_printf(out, ", wear %g per MWh", cli_num(b, "wear_cost_per_mwh"));
        g_string_append_c(out, '\n');
    }
}

/* ---- optimize --------------------------------------------------------------------- */

static size_t count_intervals(const vo_json *days) {
    size_t n = 0;
    for (size_t d = 0; d < vo_json_size(days); d++)
        n += vo_json_size(vo_json_get(vo_json_at(days, d), "schedule"));
    return n;
}

static void spark_row(const vo_json *days, size_t n, const char *key, const char *name,
                      GString *out) {
    double *x = g_new(double, n);
    size_t t = 0;
    double lo = (double)INFINITY, hi = -(double)INFINITY;
    for (size_t d = 0; d < vo_json_size(days); d++) {
        const vo_json *schedule = vo_json_get(vo_json_at(days, d), "schedule");
        for (size_t i = 0; i < vo_json_size(schedule); i++, t++) {
            x[t] = cli_num(vo_json_at(schedule, i), key);
            lo = fmin(lo, x[t]), hi = fmax(hi, x[t]);
        }
    }
    g_string_append_printf(out, "  %-6s", name);
    cli_sparkline(x, n, 64, out);
    g_string_append_printf(out, "  %g to %g\n", lo, hi);
    g_free(x);
}

/* The time of day of "2024-01-31T23:00:00+01:00"; nothing if there is none. */
static const char *clock_of(const char *stamp) { return strlen(stamp) > 11 ? stamp + 11 : ""; }

static void hours_table(const vo_json *days, bool reasons, GString *out) {
    cli_table *t = cli_table_new(reasons ? "<Time|<Action|>MW|>Price|>SOC|<Why"
                                         : "<Time|<Action|>MW|>Price|>SOC|>Stored MWh worth|"
                                           ">Flips below|>Flips above");
    for (size_t d = 0; d < vo_json_size(days); d++) {
        const vo_json *schedule = vo_json_get(vo_json_at(days, d), "schedule");
        for (size_t i = 0; i < vo_json_size(schedule); i++) {
            const vo_json *x = vo_json_at(schedule, i);
            cli_table_cell(t, "%.10s %.5s", cli_str(x, "timestamp"),
                           clock_of(cli_str(x, "timestamp")));
            cli_table_cell(t, "%s", cli_str(x, "action"));
            cli_table_cell(t, "%.4g", cli_num(x, "power"));
            cli_money_cell(t, cli_num(x, "price"), 2);
            cli_table_cell(t, "%.1f %%", 100 * cli_num(x, "soc"));
            if (reasons) {
                cli_table_cell(t, "%s", cli_str(x, "reason"));
                continue;
            }
            cli_money_cell(t, cli_num(x, "value_of_stored_mwh"), 2);
            cli_money_cell(t, cli_num(x, "flip_below"), 2);
            cli_money_cell(t, cli_num(x, "flip_above"), 2);
        }
    }
    cli_table_print(t, out);
}

/* Per day, or per month when there are more days than a screen has lines. */
static void days_table(const vo_json *days, GString *out) {
    const bool months = vo_json_size(days) > 40;
    const size_t letters = months ? 7 : 10;
    double all = 0;
    for (size_t d = 0; d < vo_json_size(days); d++)
        all += cli_num(vo_json_at(days, d), "energy_charged");
    const int decimals = all < 10 ? 4 : 1; /* a home's kWh would be 0.0 */
    cli_table *t = cli_table_new(months ? "<Month|>Revenue|>Charged MWh|>Discharged MWh|"
                                          ">Paid per MWh|>Got per MWh"
                                        : "<Day|>Revenue|>Charged MWh|>Discharged MWh|"
                                          ">Paid per MWh|>Got per MWh");
    for (size_t d = 0; d < vo_json_size(days);) {
        char label[16];
        snprintf(label, sizeof label, "%.*s", (int)letters,
                 cli_str(vo_json_at(days, d), "date"));
        double revenue = 0, in = 0, outwards = 0, paid = 0, got = 0;
        for (; d < vo_json_size(days); d++) {
            const vo_json *x = vo_json_at(days, d);
            if (strncmp(label, cli_str(x, "date"), letters) != 0) break;
            revenue += cli_num(x, "revenue");
            in += cli_num(x, "energy_charged");
            outwards += cli_num(x, "energy_discharged");
            if (cli_num(x, "energy_charged") > 0)
                paid += cli_num(x, "energy_charged") * cli_num(x, "avg_charge_price");
            if (cli_num(x, "energy_discharged") > 0)
                got += cli_num(x, "energy_discharged") * cli_num(x, "avg_discharge_price");
        }
        cli_table_cell(t, "%s", label);
        cli_money_cell(t, revenue, 2);
        cli_table_cell(t, "%.*f", decimals, in);
        cli_table_cell(t, "%.*f", decimals, outwards);
        cli_money_cell(t, in > 0 ? paid / in : (double)NAN, 2);
        cli_money_cell(t, outwards > 0 ? got / outwards : (double)NAN, 2);
    }
    cli_table_print(t, out);
}

/* What is broken, by how much in all, where first, and what breaking it further would earn. */
static void violations(const vo_json *r, GString *out) {
    const vo_json *list = vo_json_get(r, "violations");
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const vo_json *v = vo_json_at(list, i);
        const char *unit = cli_str(v, "unit"), *stamp = cli_str(v, "timestamp");
        g_string_append_printf(out, "  %slimit broken%s: %s, by %g %s", cli_red(), cli_plain(),
                               cli_str(v, "limit"), cli_num(v, "amount"), unit);
        if (*stamp) g_string_append_printf(out, " in all, first at %s", stamp);
        g_string_append_printf(out, "; breaking it by one %s more would earn %g\n", unit,
                               cli_num(v, "shadow_price"));
    }
}

static void proof_line(const vo_json *r, GString *out) {
    const vo_json *proof = vo_json_get(r, "certificate");
    const bool valid = cli_yes(proof, "valid"),
               least = vo_json_size(vo_json_get(r, "violations"));
    const double gap = cli_num(proof, "gap");
    g_string_append_printf(out, "  %s by %s", cli_str(r, "verdict"), cli_str(r, "method"));
    if (!isnan(cli_num(r, "solve_ms")))
        g_string_append_printf(out, " in %.3g ms", cli_num(r, "solve_ms"));
    if (!valid && least && cli_yes(proof, "verified"))
        g_string_append_printf(out, ", %senergy and profit verified%s, limits broken: below",
                               cli_green(), cli_plain());
    else
        g_string_append_printf(out, ", certificate %s%s%s", valid ? cli_green() : cli_red(),
                               valid ? "valid" : "NOT valid", cli_plain());
    const double part = fabs(cli_num(proof, "gap_relative"));
    if (!isnan(gap)) /* what is rounding of the money that changes hands is no gap */
        g_string_append_printf(out, ", gap %.2g", part < 1e-9 ? 0 : gap);
    if (part >= 1e-9 && strcmp(cli_str(r, "verdict"), "optimal") == 0)
        g_string_append_printf(out,
                               " (%.2g %% of the money moved: the check's bound is no "
                               "closer)",
                               100 * part);
    g_string_append(out, "\n");
}

/* Rounding left by a solver is not printed: below a billionth of the capacity. */
static double undusted(double mwh, double capacity_mwh) {
    return fabs(mwh) < 1e-9 * capacity_mwh ? 0 : mwh;
}

static void energy_line(const vo_json *r, GString *out) {
    const vo_json *summary = vo_json_get(r, "summary"), *list = vo_json_get(r, "batteries");
    double capacity = 0;
    for (size_t i = 0; i < vo_json_size(list); i++)
        capacity += cli_num(vo_json_at(list, i), "capacity_mwh");
    g_string_append_printf(out, "  %.4g cycles, %.5g MWh charged, %.5g MWh discharged",
                           undusted(cli_num(summary, "cycles"), 1),
                           undusted(cli_num(summary, "energy_charged"), capacity),
                           undusted(cli_num(summary, "energy_discharged"), capacity));
    if (cli_num(summary, "days") > 1)
        g_string_append_printf(out, "; best day %s, worst %s",
                               cli_str(vo_json_get(summary, "best_day"), "date"),
                               cli_str(vo_json_get(summary, "worst_day"), "date"));
    g_string_append_c(out, '\n');
}

void cli_render_optimize(const vo_json *r, GString *out) {
    const vo_json *days = vo_json_get(r, "daily_schedules");
    const vo_json *summary = vo_json_get(r, "summary");
    const char *currency = cli_str(vo_json_get(r, "prices"), "currency");
    const size_t n = count_intervals(days);
    cli_render_heading(r, out);
    g_string_append_printf(out, "\n  %sprofit ", cli_bold());
    append_money(out, cli_num(r, "profit"), currency);
    g_string_append(out, cli_plain());
    proof_line(r, out);
    if (!isnan(cli_num(summary, "savings"))) {
        g_string_append(out, "  saves ");
        append_money(out, cli_num(summary, "savings"), currency);
        g_string_append(out, " against no battery\n");
    }
    energy_line(r, out);
    violations(r, out);
    g_string_append_c(out, '\n');
    spark_row(days, n, "price", "price", out);
    spark_row(days, n, "soc", "SOC", out);
    g_string_append_c(out, '\n');
    const vo_json *first = vo_json_at(vo_json_get(vo_json_at(days, 0), "schedule"), 0);
    const bool reasons = first && vo_json_get(first, "reason");
    if (n <= 72 || (reasons && n <= 24 * 31))
        hours_table(days, reasons, out);
    else
        days_table(days, out);
}

/* ---- compare ---------------------------------------------------------------------- */

/* One plan for many days: its time beside that of daily plans would mislead. */
static bool plans_once(const vo_json *r, const vo_json *p) {
    return cli_num(p, "decisions") <= 1 && cli_num(r, "days") > 1;
}

static void policy_row(cli_table *t, const vo_json *r, const vo_json *p) {
    const double capture = 100 * cli_num(p, "capture");
    const double us = plans_once(r, p) ? (double)NAN : cli_num(p, "us_per_decision");
    cli_table_cell(t, "%s", cli_str(p, "policy"));
    cli_money_cell(t, cli_num(p, "profit"), 2);
    if (isnan(capture)) {
        cli_table_cell(t, "-");
        cli_table_cell(t, "-");
    } else {
        cli_table_cell(t, "%.1f %%", capture);
        cli_table_cell(t, "%.1f..%.1f", 100 * cli_num(p, "capture_low"),
                       100 * cli_num(p, "capture_high"));
    }
    cli_table_cell(t, "%.1f", cli_num(p, "cycles"));
    cli_table_cell(t, "%.0f", cli_num(p, "charging_h"));
    cli_table_cell(t, "%.0f", cli_num(p, "discharging_h"));
    cli_table_cell(t, "%.0f", cli_num(p, "idle_h"));
    cli_table_cell(t, "%s", cli_str(vo_json_get(p, "worst_day"), "date"));
    cli_money_cell(t, cli_num(vo_json_get(p, "worst_day"), "profit"), 2);
    cli_table_cell(t, "%.0f%s", cli_num(p, "violations"), cli_yes(p, "certified") ? "" : "?");
    cli_table_cell(t, isnan(us) ? "-" : us < 10 ? "%.1f" : "%.0f", us);
}

/* "A, B, C and 7 more" of the policies whose `key` equals that of policy `at`. */
static void append_alike(const vo_json *list, size_t at, const char *key, GString *out) {
    const double value = cli_num(vo_json_at(list, at), key);
    size_t n = 0;
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const vo_json *p = vo_json_at(list, i);
        if (cli_num(p, key) < value || cli_num(p, key) > value) continue;
        if (n < 3) g_string_append_printf(out, "%s%s", n ? ", " : "", cli_str(p, "policy"));
        n++;
    }
    if (n > 3) g_string_append_printf(out, " and %zu more", n - 3);
}

/* Policies by how many plans or values something befell, in one line. */
static void group_line(const vo_json *list, const char *key, const char *what, GString *out) {
    bool any = false;
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const double value = cli_num(vo_json_at(list, i), key);
        bool told = !(value > 0);
        for (size_t j = 0; j < i && !told; j++)
            told = cli_num(vo_json_at(list, j), key) >= value &&
                   cli_num(vo_json_at(list, j), key) <= value;
        if (told) continue;
        g_string_append_printf(out, "%s%.0f for ", any ? "; " : "", value);
        append_alike(list, i, key, out);
        any = true;
    }
    if (any) g_string_append_printf(out, " (%s)\n", what);
}

static void footnotes(const vo_json *r, GString *out) {
    const vo_json *list = vo_json_get(r, "policies"), *notes = vo_json_get(r, "notes");
    GString *held = g_string_new(NULL), *filled = g_string_new(NULL);
    group_line(list, "held", "no earlier prices to forecast from", held);
    group_line(list, "filled", "their own rule or column had none", filled);
    for (size_t i = 0; notes && i < vo_json_size(notes); i++)
        g_string_append_printf(out, "%s  %s%s\n", cli_bold(),
                               vo_json_string(vo_json_at(notes, i)), cli_plain());
    g_string_append(out, cli_dim());
    if (held->len) g_string_append_printf(out, "  plans left idle: %s", held->str);
    if (filled->len)
        g_string_append_printf(out, "  forecast values from a fallback: %s", filled->str);
    const char *before = "";
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const vo_json *p = vo_json_at(list, i);
        if (!(cli_num(p, "train_s") > 0)) continue;
        if (!*before)
            g_string_append_printf(out,
                                   "  trained on %s to before %s: ", cli_str(r, "train_from"),
                                   cli_str(r, "train_until"));
        g_string_append_printf(out, "%s%s in %.3g s", before, cli_str(p, "policy"),
                               cli_num(p, "train_s"));
        before = ", ";
    }
    if (*before) g_string_append_c(out, '\n');
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const vo_json *p = vo_json_at(list, i);
        if (plans_once(r, p) && !isnan(cli_num(p, "us_per_decision")))
            g_string_append_printf(out, "  %s plans all days at once, in %.3g ms\n",
                                   cli_str(p, "policy"), cli_num(p, "us_per_decision") / 1e3);
    }
    g_string_append(out, cli_plain());
    g_string_free(held, TRUE);
    g_string_free(filled, TRUE);
}

void cli_render_compare(const vo_json *r, GString *out) {
    const vo_json *policies = vo_json_get(r, "policies");
    cli_render_heading(r, out);
    g_string_append_printf(out, "%s to %s: ", cli_str(r, "first_day"), cli_str(r, "last_day"));
    cli_append_count(out, cli_num(r, "days"), "[day|days]");
    g_string_append_printf(out, ", %s%s",
                           strcmp(cli_str(r, "protocol"), "rolling") == 0
                               ? "re-planned every interval, the current price known"
                               : "each day planned ahead, paid at the real prices",
                           cli_yes(r, "days_alone") ? ", each alone" : "");
    if (cli_num(r, "history_days") > 0) {
        g_string_append(out, "; ");
        cli_append_count(out, cli_num(r, "history_days"),
                         "[day before is|days before are] history");
    }
    g_string_append(out, "\n\n");
    cli_table *t =
        cli_table_new("<Policy|>Profit|>Of perfect|>95 % interval|>Cycles|>Charging h|"
                      ">Discharging h|>Idle h|<Worst day|>Its profit|>Violations|"
                      ">µs/decision");
    for (size_t i = 0; i < vo_json_size(policies); i++)
        policy_row(t, r, vo_json_at(policies, i));
    cli_table_print(t, out);
    footnotes(r, out);
}

enum { DAYS_LISTED = 31, POLICIES_LISTED = 8 };

/* Profit by policy per day, or per month where there are more days than a screen has lines. */
void cli_render_backtest(const vo_json *r, GString *out) {
    const vo_json *dates = vo_json_get(r, "dates"), *list = vo_json_get(r, "policies");
    const size_t days = dates ? vo_json_size(dates) : 0, all = vo_json_size(list);
    const size_t n = all < POLICIES_LISTED ? all : POLICIES_LISTED;
    const size_t letters = days > DAYS_LISTED ? 7 : 10;
    cli_render_compare(r, out);
    GString *columns = g_string_new(days > DAYS_LISTED ? "<Month" : "<Day");
    for (size_t i = 0; i < n; i++) {
        char *name = g_strdup(cli_str(vo_json_at(list, i), "policy"));
        g_string_append_printf(columns, "|>%s", g_strdelimit(name, "|", '/'));
        g_free(name);
    }
    cli_table *t = cli_table_new(columns->str);
    g_string_free(columns, TRUE);
    for (size_t from = 0, to; from < days; from = to) {
        const char *label = vo_json_string(vo_json_at(dates, from));
        for (to = from; to < days; to++)
            if (strncmp(vo_json_string(vo_json_at(dates, to)), label, letters) != 0) break;
        cli_table_cell(t, "%.*s", (int)letters, label);
        for (size_t i = 0; i < n; i++) {
            const vo_json *profit = vo_json_get(vo_json_at(list, i), "day_profit");
            double sum = 0;
            for (size_t d = from; d < to; d++) sum += vo_json_number(vo_json_at(profit, d));
            cli_money_cell(t, sum, 2);
        }
    }
    g_string_append_c(out, '\n');
    cli_table_print(t, out);
    if (n < all || letters == 7)
        g_string_append_printf(out, "%s  %severy day: --json (dates, day_profit)%s\n",
                               cli_dim(), n < all ? "all policies and " : "", cli_plain());
}

/* ---- doctor --- */

void cli_render_doctor(const vo_json *r, GString *out) {
    const vo_json *list = vo_json_get(r, "checks");
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const vo_json *x = vo_json_at(list, i);
        const bool ok = cli_yes(x, "ok");
        g_string_append_printf(out, "  %s%-6s%s %-16s %s\n", ok ? cli_green() : cli_red(),
                               ok ? "ok" : "FAILED", cli_plain(), cli_str(x, "name"),
                               cli_str(x, "detail"));
        if (!ok) g_string_append_printf(out, "         remedy: %s\n", cli_str(x, "remedy"));
    }
    g_string_append(out,
                    cli_yes(r, "ok") ? "all is well\n" : "something is missing, see above\n");
}
