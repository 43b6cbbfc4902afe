/* cli_draw.c -- text for terminals: aligned tables, sparklines, grouped digits, colours. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "apps/cli.h"
#include "port/terminal.h"

#define MAX_COLUMNS 24

struct cli_table {
    size_t n_columns;
    bool right[MAX_COLUMNS];
    GPtrArray *cells; /* heading row first */
};

cli_table *cli_table_new(const char *columns) {
    cli_table *t = g_new0(cli_table, 1);
    t->cells = g_ptr_array_new_with_free_func(g_free);
    char **names = g_strsplit(columns, "|", MAX_COLUMNS);
    for (; names[t->n_columns]; t->n_columns++) {
        t->right[t->n_columns] = names[t->n_columns][0] == '>';
        g_ptr_array_add(t->cells, g_strdup(names[t->n_columns] + 1));
    }
    g_strfreev(names);
    return t;
}

void cli_table_cell(cli_table *t, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    g_ptr_array_add(t->cells, g_strdup_vprintf(fmt, args));
    va_end(args);
}

void cli_append_count(GString *out, double n, const char *words) {
    const bool one = n > 0.5 && n < 1.5;
    g_string_append_printf(out, "%.0f ", n);
    for (const char *p = words; *p;) {
        const char *bar = *p == '[' ? strchr(p, '|') : NULL,
                   *end = bar ? strchr(bar, ']') : NULL;
        if (!end) {
            g_string_append_c(out, *p++);
            continue;
        }
        const char *from = one ? p + 1 : bar + 1;
        g_string_append_len(out, from, (one ? bar : end) - from);
        p = end + 1;
    }
}

/* Names come from files: what is no UTF-8 has no width, so count bytes then. */
static size_t width_of(const char *s) {
    return g_utf8_validate(s, -1, NULL) ? (size_t)g_utf8_strlen(s, -1) : strlen(s);
}

static void pad(GString *out, size_t n) {
    for (size_t i = 0; i < n; i++) g_string_append_c(out, ' ');
}

void cli_table_print(cli_table *t, GString *out) {
    size_t width[MAX_COLUMNS] = {0};
    for (size_t i = 0; i < t->cells->len; i++) {
        const size_t w = width_of(g_ptr_array_index(t->cells, i));
        if (w > width[i % t->n_columns]) width[i % t->n_columns] = w;
    }
    for (size_t i = 0; i < t->cells->len; i++) {
        const size_t c = i % t->n_columns;
        const char *cell = g_ptr_array_index(t->cells, i);
        const size_t missing = width[c] - width_of(cell);
        const bool last = c + 1 == t->n_columns;
        if (i == 0) g_string_append(out, cli_dim());
        g_string_append(out, c ? "  " : "  ");
        if (t->right[c]) pad(out, missing);
        g_string_append(out, cell);
        if (!t->right[c] && !last) pad(out, missing);
        if (last && i + 1 == t->n_columns) g_string_append(out, cli_plain());
        if (last) g_string_append_c(out, '\n');
    }
    g_ptr_array_free(t->cells, TRUE);
    g_free(t);
}

void cli_sparkline(const double *x, size_t n, size_t width, GString *out) {
    static const char *const block[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    double mean[256], lo = (double)INFINITY, hi = -(double)INFINITY;
    if (width > 256) width = 256;
    if (width > n) width = n;
    for (size_t g = 0; g < width; g++) {
        double sum = 0;
        size_t count = 0;
        for (size_t i = g * n / width; i < (g + 1) * n / width; i++)
            if (!isnan(x[i])) sum += x[i], count++;
        mean[g] = count ? sum / (double)count : (double)NAN;
        if (count && mean[g] < lo) lo = mean[g];
        if (count && mean[g] > hi) hi = mean[g];
    }
    for (size_t g = 0; g < width; g++) {
        if (isnan(mean[g])) {
            g_string_append_c(out, ' ');
            continue;
        }
        const double part = hi > lo ? (mean[g] - lo) / (hi - lo) : 0;
        g_string_append(out, block[(int)fmin(7, part * 8)]);
    }
}

char *cli_money(double v, int decimals) {
    if (isnan(v)) return g_strdup("-");
    char plain[352];
    snprintf(plain, sizeof plain, "%.*f", decimals, v);
    if (strtod(plain, NULL) == 0 && plain[0] == '-') memmove(plain, plain + 1, strlen(plain));
    GString *s = g_string_new(plain);
    const char *dot = strchr(plain, '.');
    const gssize whole = dot ? dot - plain : (gssize)strlen(plain);
    const gssize first = plain[0] == '-' ? 1 : 0;
    for (gssize at = whole - 3; at > first; at -= 3) g_string_insert_c(s, at, ',');
    return g_string_free(s, FALSE);
}

static const char *code(const char *escape) {
    return vo_terminal_is_tty(1) && !vo_environment("NO_COLOR") ? escape : "";
}

const char *cli_bold(void) { return code("\033[1m"); }
const char *cli_dim(void) { return code("\033[2m"); }
const char *cli_red(void) { return code("\033[31m"); }
const char *cli_green(void) { return code("\033[32m"); }
const char *cli_plain(void) { return code("\033[0m"); }

void cli_money_cell(cli_table *t, double v, int decimals) {
    char *s = cli_money(v, decimals);
    cli_table_cell(t, "%s", s);
    g_free(s);
}
