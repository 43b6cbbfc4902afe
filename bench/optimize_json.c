/* optimize_json.c -- a plan from document to document, without a network.
 *
 *     bench_optimize_json [--quick]     nine rounds; --quick: three
 *
 * A month of hourly prices in the request; the answer has 744 hours and a certificate.
 *
 *     plan       vo_engine_optimize, one thread, freed memory kept (port/memory.h): processor
 *                time of a call; its peer is the goal
 *     number     the shortest text of a number of such an answer, beside printf with 15, 16 and
 *                17 digits until one reads back, which is what there is in C without a library
 *
 * Lines are the best of the rounds.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <volteo/engine.h>

#include "base/random.h"
#include "base/text.h"
#include "port/memory.h"

#define GOAL_US 250.0

enum { HOURS = 744, CALLS = 200, NUMBERS = 20000 };

static double cpu_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void say(const char *metric, double ours, double peer, const char *unit) {
    printf("optimize_json,%s,%.4g,%.4g,%.4g,%s\n", metric, ours, peer, ours / peer, unit);
    fflush(stdout);
}

static char *month_request(void) {
    char *text = malloc(200 + HOURS * 16);
    if (!text) exit(1);
    int len = sprintf(text, "{\"battery_params\":{\"capacity_mw\":10,\"duration_hours\":4,"
                            "\"efficiency\":0.85,\"min_soc\":0.1},\"start\":\"2024-01-01\","
                            "\"prices\":[");
    vo_random r = vo_random_seed(1, 0);
    for (int t = 0; t < HOURS; t++)
        len += sprintf(text + len, "%s%.2f", t ? "," : "",
                       50 + 20 * sin(t * 0.2618) + 10 * vo_random_unit(&r));
    strcpy(text + len, "]}");
    return text;
}

static double plan_us(vo_engine *e, const char *request) {
    const double begin = cpu_s();
    for (int i = 0; i < CALLS; i++) {
        char *response = NULL;
        vo_error err = {0};
        if (vo_engine_optimize(e, request, &response, &err) != VO_OK) {
            fprintf(stderr, "optimize_json: %s\n", err.msg);
            exit(1);
        }
        vo_text_free(response);
    }
    return (cpu_s() - begin) / CALLS * 1e6;
}

static size_t by_printf(double v, char *out) {
    int n = 0;
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(out, VO_TEXT_NUMBER, "%.*g", digits, v);
        if (strtod(out, NULL) == v) break;
    }
    return (size_t)n;
}

static double number_ns(const double *v, size_t (*format)(double, char *)) {
    char out[VO_TEXT_NUMBER];
    size_t sum = 0;
    const double begin = cpu_s();
    for (int i = 0; i < NUMBERS; i++) sum += format(v[i], out);
    if (sum < NUMBERS) exit(1);
    return (cpu_s() - begin) / NUMBERS * 1e9;
}

static size_t by_us(double v, char *out) { return vo_text_format_number(v, out); }

static double least(double a, double b) { return a < b ? a : b; }

int main(int argc, char **argv) {
    static double number[NUMBERS];
    const int rounds = argc > 1 && strcmp(argv[1], "--quick") == 0 ? 3 : 9;
    vo_engine_options o = vo_engine_options_default();
    vo_engine *e = NULL;
    vo_error err = {0};
    o.threads = 1;
    vo_memory_keep((size_t)64 << 20);
    if (vo_engine_open(&o, &e, &err) != VO_OK) return 1;
    char *request = month_request();
    vo_random r = vo_random_seed(2, 0);
    for (int i = 0; i < NUMBERS; i++) /* prices of two decimals, and what is computed of them */
        number[i] = i % 4 ? 100 * vo_random_unit(&r) : floor(1e4 * vo_random_unit(&r)) / 100;
    double plan = 1e300, ours = 1e300, theirs = 1e300;
    for (int i = 0; i < rounds; i++) {
        plan = least(plan, plan_us(e, request));
        ours = least(ours, number_ns(number, by_us));
        theirs = least(theirs, number_ns(number, by_printf));
    }
    say("plan_goal", plan, GOAL_US, "us");
    say("number_printf", ours, theirs, "ns");
    free(request);
    vo_engine_close(e);
    return 0;
}
