/* cli_render_models.c -- the registry of trained models laid out for people. */
#include <math.h>
#include <string.h>

#include "apps/cli.h"

enum { VERSIONS_LISTED = 40, MODELS_LISTED = 200, FEATURES_LISTED = 12 };

static size_t size_of(const vo_json *v) { return v ? vo_json_size(v) : 0; }

static void append_bytes(GString *out, double bytes) {
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB"};
    int u = 0;
    for (; bytes >= 1024 && u < 3; u++) bytes /= 1024;
    g_string_append_printf(out, "%.*f %s", u ? 1 : 0, bytes, unit[u]);
}

static void bytes_cell(cli_table *t, double bytes) {
    GString *s = g_string_new(NULL);
    append_bytes(s, bytes);
    cli_table_cell(t, "%s", s->str);
    g_string_free(s, TRUE);
}

/* "mae 3.2500", or nothing. */
static void metric_cell(cli_table *t, const vo_json *version) {
    if (*cli_str(version, "metric") && !isnan(cli_num(version, "value")))
        cli_table_cell(t, "%s %.4f", cli_str(version, "metric"), cli_num(version, "value"));
    else
        cli_table_cell(t, "%s", "");
}

/* "champion, latest" of ["champion", "latest"]. */
static void append_roles(const vo_json *is, GString *out) {
    for (size_t i = 0; i < size_of(is); i++)
        g_string_append_printf(out, "%s%s", i ? ", " : "", vo_json_string(vo_json_at(is, i)));
}

static void render_versions(const vo_json *versions, GString *out) {
    cli_table *t = cli_table_new("<Version|<Is|<Created|<Node|<Metric|>Size");
    const size_t n = size_of(versions);
    for (size_t i = 0; i < n && i < VERSIONS_LISTED; i++) {
        const vo_json *v = vo_json_at(versions, i);
        GString *roles = g_string_new(NULL);
        append_roles(vo_json_get(v, "is"), roles);
        cli_table_cell(t, "%s", cli_str(v, "version"));
        cli_table_cell(t, "%s", roles->str);
        cli_table_cell(t, "%s", cli_str(v, "created"));
        cli_table_cell(t, "%s", cli_str(v, "node"));
        metric_cell(t, v);
        bytes_cell(t, cli_num(v, "bytes"));
        g_string_free(roles, TRUE);
    }
    cli_table_print(t, out);
    if (n > VERSIONS_LISTED) {
        g_string_append(out, "  ... and ");
        cli_append_count(out, (double)(n - VERSIONS_LISTED),
                         "older [one|ones]; --json has all\n");
    }
}

/* ---- list ---------------------------------------------------------------------------- */

static const vo_json *version_named(const vo_json *model, const char *name) {
    const vo_json *versions = vo_json_get(model, "versions");
    for (size_t i = 0; i < size_of(versions); i++)
        if (strcmp(cli_str(vo_json_at(versions, i), "version"), name) == 0)
            return vo_json_at(versions, i);
    return NULL;
}

static void render_models(const vo_json *list, GString *out) {
    cli_table *t =
        cli_table_new("<Model|<Type|>Versions|<Champion|<Challenger|<Latest|<Metric");
    for (size_t i = 0; i < size_of(list) && i < MODELS_LISTED; i++) {
        const vo_json *m = vo_json_at(list, i);
        const char *champion = cli_str(m, "champion"), *latest = cli_str(m, "latest");
        const vo_json *serves = version_named(m, *champion ? champion : latest);
        cli_table_cell(t, "%s", cli_str(m, "id"));
        cli_table_cell(t, "%s", cli_str(m, "type"));
        cli_table_cell(t, "%zu", size_of(vo_json_get(m, "versions")));
        cli_table_cell(t, "%s", *champion ? champion : "-");
        cli_table_cell(t, "%s", *cli_str(m, "challenger") ? cli_str(m, "challenger") : "-");
        cli_table_cell(t, "%s", latest);
        if (serves)
            metric_cell(t, serves);
        else
            cli_table_cell(t, "%s", "");
    }
    cli_table_print(t, out);
    if (size_of(list) > MODELS_LISTED) {
        g_string_append(out, "  ... and ");
        cli_append_count(out, (double)(size_of(list) - MODELS_LISTED),
                         "more [model|models]; --json has all\n");
    }
}

void cli_render_models_list(const vo_json *r, GString *out) {
    const vo_json *list = vo_json_get(r, "registered");
    if (size_of(list) == 0) {
        g_string_append_printf(out, "%s: no models yet; `volteo train price` makes one\n",
                               cli_str(r, "models"));
        return;
    }
    render_models(list, out);
    if (size_of(list) > 1) return;
    g_string_append_c(out, '\n');
    render_versions(vo_json_get(vo_json_at(list, 0), "versions"), out);
}

/* ---- figures --------------------------------------------------------------------------- */

static void render_version(const vo_json *r, GString *out) {
    g_string_append_printf(out, "%s@%s, %s %s, made %.16s UTC\n\n", cli_str(r, "id"),
                           cli_str(r, "version"), cli_str(r, "type"), cli_str(r, "method"),
                           cli_str(r, "created"));
}

void cli_render_models_metrics(const vo_json *r, GString *out) {
    const vo_json *horizons = vo_json_get(r, "horizons"), *all = vo_json_get(r, "metrics");
    const char *key = NULL;
    const vo_json *v = NULL;
    render_version(r, out);
    for (size_t i = 0; all && vo_json_member(all, i, &key, &v); i++)
        if (vo_json_kind_of(v) == VO_JSON_NUMBER)
            g_string_append_printf(out, "  %-12s %.6g\n", key, vo_json_number(v));
    if (size_of(horizons) == 0) return;
    g_string_append_c(out, '\n');
    cli_table *t = cli_table_new(">Minutes|>Trees|>MAE|>RMSE|>Weekly naive MAE");
    for (size_t i = 0; i < size_of(horizons); i++) {
        const vo_json *h = vo_json_at(horizons, i), *m = vo_json_get(h, "metrics");
        cli_table_cell(t, "%g", cli_num(h, "minutes"));
        cli_table_cell(t, "%g", cli_num(h, "trees"));
        cli_money_cell(t, cli_num(m, "mae"), 3);
        cli_money_cell(t, cli_num(m, "rmse"), 3);
        cli_money_cell(t, cli_num(vo_json_get(h, "naive_week"), "mae"), 3);
    }
    cli_table_print(t, out);
}

void cli_render_models_importance(const vo_json *r, GString *out) {
    const vo_json *horizons = vo_json_get(r, "horizons");
    render_version(r, out);
    for (size_t i = 0; i < size_of(horizons); i++) {
        const vo_json *h = vo_json_at(horizons, i), *list = vo_json_get(h, "importance");
        g_string_append_printf(out, "%g minutes ahead\n", cli_num(h, "minutes"));
        cli_table *t = cli_table_new("<Feature|>Gain|>Cover|>Permutation");
        for (size_t k = 0; k < size_of(list); k++) {
            const vo_json *x = vo_json_at(list, k);
            cli_table_cell(t, "%s", cli_str(x, "feature"));
            cli_money_cell(t, cli_num(x, "gain"), 3);
            cli_money_cell(t, cli_num(x, "cover"), 1);
            cli_money_cell(t, cli_num(x, "permutation"), 3);
        }
        cli_table_print(t, out);
        g_string_append_c(out, '\n');
    }
}

/* ---- show ------------------------------------------------------------------------------ */

static void render_data(const vo_json *manifest, GString *out) {
    const vo_json *data = vo_json_get(manifest, "data");
    if (size_of(data) == 0) return;
    const char *market = cli_str(data, "market"), *node = cli_str(data, "node");
    g_string_append_printf(out, "  trained on  %s%s%s%s%.16s to %.16s UTC, ", market,
                           *market && *node ? " " : "", node, *market || *node ? ", " : "",
                           cli_str(data, "from"), cli_str(data, "to"));
    cli_append_count(out, cli_num(data, "rows"), "[row|rows]");
    g_string_append_printf(out, ", %s\n", cli_str(data, "hash"));
}

static void render_metrics(const vo_json *metrics, GString *out) {
    const char *name = NULL;
    const vo_json *v = NULL;
    if (size_of(metrics) == 0) return;
    g_string_append(out, "  metrics     ");
    for (size_t i = 0; vo_json_member(metrics, i, &name, &v); i++) {
        g_string_append_printf(out, "%s%s ", i ? ", " : "", name);
        if (vo_json_kind_of(v) == VO_JSON_NUMBER)
            g_string_append_printf(out, "%.4g", vo_json_number(v));
        else
            g_string_append(out, "-");
    }
    g_string_append_c(out, '\n');
}

static void render_features(const vo_json *features, GString *out) {
    const size_t n = size_of(features);
    if (n == 0) return;
    g_string_append(out, "  features    ");
    for (size_t i = 0; i < n && i < FEATURES_LISTED; i++)
        if (vo_json_kind_of(vo_json_at(features, i)) == VO_JSON_STRING)
            g_string_append_printf(out, "%s%s", i ? ", " : "",
                                   vo_json_string(vo_json_at(features, i)));
    if (n > FEATURES_LISTED) g_string_append_printf(out, " and %zu more", n - FEATURES_LISTED);
    g_string_append_c(out, '\n');
}

static void render_files(const vo_json *files, GString *out) {
    for (size_t i = 0; i < size_of(files); i++) {
        const vo_json *f = vo_json_at(files, i);
        g_string_append_printf(out, "  %s%s, ", i ? "            " : "files       ",
                               cli_str(f, "name"));
        append_bytes(out, cli_num(f, "bytes"));
        g_string_append_printf(out, ", sha256 %.16s...\n", cli_str(f, "sha256"));
    }
}

static void render_lineage(const vo_json *lineage, GString *out) {
    if (size_of(lineage) < 2) return;
    g_string_append(out, "  comes from  ");
    for (size_t i = 1; i < size_of(lineage); i++)
        g_string_append_printf(out, "%s%s", i > 1 ? " <- " : "",
                               cli_str(vo_json_at(lineage, i), "version"));
    g_string_append_c(out, '\n');
}

static void render_log(const vo_json *log, GString *out) {
    if (size_of(log) == 0) return;
    g_string_append_c(out, '\n');
    cli_table *t = cli_table_new("<When|<What|<From|<To|<By|<Reason");
    for (size_t i = 0; i < size_of(log); i++) {
        const vo_json *l = vo_json_at(log, i);
        cli_table_cell(t, "%s", cli_str(l, "when"));
        cli_table_cell(t, "%s%s%s%s", cli_str(l, "action"), *cli_str(l, "alias") ? " " : "",
                       cli_str(l, "alias"),
                       cli_yes(l, "carried_out") ? "" : " (not carried out)");
        cli_table_cell(t, "%s", cli_str(l, "from"));
        cli_table_cell(t, "%s", cli_str(l, "to"));
        cli_table_cell(t, "%s", cli_str(l, "by"));
        cli_table_cell(t, "%s", cli_str(l, "reason"));
    }
    cli_table_print(t, out);
}

void cli_render_models_show(const vo_json *r, GString *out) {
    const vo_json *m = vo_json_get(r, "manifest");
    GString *roles = g_string_new(NULL);
    append_roles(vo_json_get(r, "is"), roles);
    g_string_append_printf(out, "%s%s@%s%s  %s%s%s\n", cli_bold(), cli_str(r, "id"),
                           cli_str(r, "version"), cli_plain(), cli_str(m, "type"),
                           roles->len ? ", " : "", roles->str);
    g_string_free(roles, TRUE);
    g_string_append_printf(out, "  created     %s%s%s\n", cli_str(m, "created"),
                           *cli_str(m, "code_version") ? " by volteo " : "",
                           cli_str(m, "code_version"));
    if (*cli_str(m, "note"))
        g_string_append_printf(out, "  note        %s\n", cli_str(m, "note"));
    render_data(m, out);
    render_metrics(vo_json_get(m, "metrics"), out);
    render_features(vo_json_get(m, "features"), out);
    render_lineage(vo_json_get(r, "lineage"), out);
    render_files(vo_json_get(m, "files"), out);
    if (!cli_yes(r, "whole"))
        g_string_append_printf(out, "  %sdamaged%s     %s\n", cli_red(), cli_plain(),
                               cli_str(r, "damage"));
    render_log(vo_json_get(r, "log"), out);
}

/* ---- decisions ---------------------------------------------------------------------------- */

/* promote and rollback. */
void cli_render_models_decided(const vo_json *r, GString *out) {
    const char *before = cli_str(r, "before");
    g_string_append_printf(out, "%s: %s is %s%s%s", cli_str(r, "id"), cli_str(r, "alias"),
                           cli_bold(), cli_str(r, "version"), cli_plain());
    if (*before) g_string_append_printf(out, ", was %s", before);
    g_string_append_c(out, '\n');
}

void cli_render_models_pruned(const vo_json *r, GString *out) {
    const vo_json *list = vo_json_get(r, "pruned");
    const bool dry = cli_yes(r, "dry_run");
    for (size_t i = 0; i < size_of(list); i++) {
        const vo_json *v = vo_json_at(list, i);
        g_string_append_printf(out, "  %s@%s\n", cli_str(v, "id"), cli_str(v, "version"));
    }
    g_string_append_printf(out, "%s: ", cli_str(r, "models"));
    cli_append_count(out, (double)size_of(list), "[version|versions], ");
    append_bytes(out, cli_num(r, "bytes"));
    g_string_append(out, dry ? ", would go; nothing is changed\n" : ", gone\n");
}

void cli_render_models_health(const vo_json *r, GString *out) {
    const vo_json *list = vo_json_get(r, "findings");
    for (size_t i = 0; i < size_of(list); i++) {
        const vo_json *x = vo_json_at(list, i);
        const bool mended = cli_yes(x, "mended");
        g_string_append_printf(out, "  %s%-10s%s %s: %s\n", mended ? cli_green() : cli_red(),
                               mended ? "mended" : cli_str(x, "ill"), cli_plain(),
                               cli_str(x, "path"), cli_str(x, "what"));
    }
    g_string_append_printf(out, "%s: ", cli_str(r, "models"));
    cli_append_count(out, cli_num(r, "ids"), "[model|models], ");
    cli_append_count(out, cli_num(r, "versions"), "[version|versions]");
    g_string_append(out, cli_yes(r, "ok") ? "; all is well\n"
                                          : "; `volteo models doctor --mend` puts right what "
                                            "can be\n");
}
