/* serve.c -- how many plans and decisions a second the service answers, and how it bears crowds.
 *
 *     bench_serve [--quick] [--only=optimize|decide|websockets|flood] [--python=PROGRAM]
 *                 [--program=VOLTEO]
 *
 * `volteo serve` is started here on a free port and shares this machine with its clients.
 *
 *     optimize_month      POST /optimize with a month of hourly prices in the request: wrk, as
 *                         many as it can; then open-loop at half of that (serve_client.h)
 *     decide_*, healthz   the same for a decision on a day of prices, and for nothing at all
 *     websockets          10 000 that wait: the server's resident memory, and the time from the
 *                         POST of a job to the last of them having its event
 *     flood               the 99th percentile of others while 2 000 connections do not finish
 *                         their head, half of them a byte a second: the median of rounds with
 *                         the flood over that of rounds without it, which alternate
 *
 * The peer of optimize_month is FastAPI with HiGHS (peers/serve_fastapi.py, with --python) in one
 * and in two processes, in the same run, each under the load it bears itself; that the totals of
 * both plans agree is checked first. Other peers are goals. Lines: serve,METRIC,ours,peer,ratio,
 * unit. `cpu` is processor time of the server per request: it does not depend on who else uses
 * the machine.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <ftw.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "serve_client.h"

#define GOAL_OPTIMIZE 3000.0
#define GOAL_DECIDE 20000.0
#define GOAL_P99_MS 10.0
#define GOAL_SOCKETS_MIB 300.0
#define GOAL_BROADCAST_MS 250.0

typedef struct {
    const char *program, *python, *only;
    char folder[64]; /* of the server's files */
    double seconds;  /* of each load */
    size_t sockets, slow, rounds, flood_pairs;
} settings;

static void say(const char *metric, double ours, double peer, const char *unit) {
    printf("serve,%s,%.4g,%.4g,%.4g,%s\n", metric, ours, peer, peer != 0 ? ours / peer : 0,
           unit);
    fflush(stdout);
}

/* ---- requests ----------------------------------------------------------------------------- */

enum { MONTH_H = 744, DAY_H = 24 };

/* Hourly prices of a made-up market: a day's shape and noise. */
static char *request_of(const char *head, size_t hours) {
    char *text = room(1, strlen(head) + hours * 16 + 64);
    size_t len = (size_t)sprintf(text, "%s,\"start\":\"2024-01-01\",\"prices\":[", head);
    unsigned noise = 1;
    for (size_t t = 0; t < hours; t++) {
        noise = noise * 1103515245u + 12345u;
        const double price =
            50 + 20 * sin((double)t * 6.28 / 24) + (noise >> 16) % 1000 / 100.0;
        len += (size_t)sprintf(text + len, "%s%.2f", t ? "," : "", price);
    }
    strcpy(text + len, "]}");
    return text;
}

static char *month_request(void) {
    return request_of("{\"battery_params\":{\"capacity_mw\":10,\"duration_hours\":4,"
                      "\"efficiency\":0.85,\"min_soc\":0.1,\"max_soc\":1.0}",
                      MONTH_H);
}

static char *decide_request(const char *policy) {
    char head[256];
    snprintf(head, sizeof head,
             "{\"battery_params\":{\"power_mw\":10,\"capacity_mwh\":40,\"efficiency\":0.85},"
             "\"soc\":0.5,\"policy\":\"%s\"",
             policy);
    return request_of(head, DAY_H);
}

static void save(const settings *o, const char *name, const char *text, char path[128]) {
    snprintf(path, 128, "%s/%s", o->folder, name);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0) die("%s: %s", path, strerror(errno));
}

/* ---- servers ------------------------------------------------------------------------------ */

typedef struct {
    pid_t group;
    int port;
} server;

/* Its own group of processes, so that all of it can be counted and ended. */
static server start(const settings *o, const char *const *argv, const char *port_file) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", o->folder, port_file);
    unlink(path);
    server s = {.group = fork()};
    if (s.group < 0) die("no process for %s: %s", argv[0], strerror(errno));
    if (s.group == 0) {
        setpgid(0, 0);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    setpgid(s.group, s.group);
    const struct timespec pause = {.tv_nsec = 20000000};
    for (int i = 0; i < 1500; i++, nanosleep(&pause, NULL)) {
        FILE *f = fopen(path, "r");
        const int read = f ? fscanf(f, "%*[^:]:%d", &s.port) : 0;
        if (f) fclose(f);
        if (read == 1) return s;
        if (waitpid(s.group, NULL, WNOHANG) == s.group) die("%s ended at once", argv[0]);
    }
    die("%s does not listen after 30 s", argv[0]);
}

static void stop(const server *s) {
    kill(-s->group, SIGTERM);
    waitpid(s->group, NULL, 0);
    kill(-s->group, SIGKILL); /* what a process of it has left behind */
}

static server start_ours(const settings *o) {
    char port[128], state[128], lake[128], log[128];
    snprintf(port, sizeof port, "--port-file=%s/port", o->folder);
    snprintf(state, sizeof state, "--state=%s/state.db", o->folder);
    snprintf(lake, sizeof lake, "--lake=%s/lake", o->folder);
    snprintf(log, sizeof log, "--log-file=%s/log", o->folder);
    const char *const argv[] = {o->program,
                                "serve",
                                "--listen=127.0.0.1:0",
                                port,
                                state,
                                lake,
                                log,
                                "--no-request-log",
                                "--job-threads=0",
                                NULL};
    return start(o, argv, "port");
}

static server start_peer(const settings *o, int workers) {
    char port[128], count[32];
    snprintf(port, sizeof port, "--port-file=%s/peer", o->folder);
    snprintf(count, sizeof count, "--workers=%d", workers);
    const char *const argv[] = {o->python, VOLTEO_SOURCE_DIR "/bench/peers/serve_fastapi.py",
                                port, count, NULL};
    return start(o, argv, "peer");
}

/* Processor time of all its processes so far. */
static double cpu_s(const server *s) {
    double ticks = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *e; proc && (e = readdir(proc));) {
        char path[300];
        long group = 0;
        unsigned long user = 0, system = 0;
        snprintf(path, sizeof path, "/proc/%.200s/stat", e->d_name);
        FILE *f = e->d_name[0] >= '0' && e->d_name[0] <= '9' ? fopen(path, "r") : NULL;
        if (!f) continue;
        if (fscanf(f, "%*d (%*[^)]) %*c %*d %ld %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                   &group, &user, &system) == 3 &&
            group == (long)s->group)
            ticks += (double)(user + system);
        fclose(f);
    }
    if (proc) closedir(proc);
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

static double resident_mib(const server *s) {
    char path[64], line[256];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)s->group);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) sscanf(line, "VmRSS: %ld", &kib);
    if (f) fclose(f);
    return (double)kib / 1024;
}

/* ---- as many as it can: wrk --------------------------------------------------------------- */

typedef struct {
    double per_s, cpu_us;
} capacity;

static capacity saturate(const settings *o, const server *s, const char *path,
                         const char *body_file, int lines) {
    char command[600], line[256], script[300] = "";
    double requests = 0, seconds = 0, refused = 0;
    if (body_file)
        snprintf(script, sizeof script, "-s '%s/bench/serve_post.lua'", VOLTEO_SOURCE_DIR);
    snprintf(command, sizeof command, "wrk -t1 -c%d -d%.0f %s http://127.0.0.1:%d%s -- %s",
             lines, o->seconds, script, s->port, path, body_file ? body_file : "");
    const double before = cpu_s(s);
    FILE *p = popen(command, "r");
    while (p && fgets(line, sizeof line, p)) {
        sscanf(line, " %lf requests in %lfs", &requests, &seconds);
        sscanf(line, " Non-2xx or 3xx responses: %lf", &refused);
    }
    if (!p || pclose(p) != 0 || requests == 0) die("no result from: %s", command);
    if (refused > 0) die("%s: %.0f of %.0f requests were refused", path, refused, requests);
    return (capacity){requests / seconds, (cpu_s(s) - before) / requests * 1e6};
}

/* An open-loop load; requests that leave late although a connection waits for them are the
 * machine's doing, not the server's. */
static load_result offer_half(const settings *o, const server *s, const char *path,
                              const char *body, double rate) {
    const load_result r = offer(s->port, path, body, rate, o->seconds, 64);
    if (r.late_p99_ms > 0.2 * r.p99_ms)
        fprintf(
            stderr,
            "serve: %s: of a 99th percentile of %.1f ms, requests had left up to %.1f ms late: "
            "others use this machine\n",
            path, r.p99_ms, r.late_p99_ms);
    return r;
}

static void warm_up(const server *s, const char *path, const char *body) {
    for (int i = 0; i < 20; i++) {
        const int status = ask_once(s->port, path, body, NULL, 0);
        if (status != 200) die("%s is answered with %d", path, status);
    }
}

/* ---- the claims --------------------------------------------------------------------------- */

typedef struct {
    capacity most;
    load_result half;
} month_figures;

/* Both must have planned the same: the total is the optimum. */
static double total_of(const server *s, const char *body) {
    enum { SIZE = 1 << 20 };
    char *text = room(1, SIZE);
    if (ask_once(s->port, "/optimize", body, text, SIZE) != 200) die("no plan: %s", text);
    const char *at = strstr(text, "\"total_revenue\":");
    const double total = at ? strtod(at + 16, NULL) : (double)NAN;
    free(text);
    return total;
}

static month_figures bear_month(const settings *o, const server *s, const char *body,
                                const char *file, int lines, double total) {
    const double theirs = total_of(s, body);
    if (!isnan(total) && !(fabs(total - theirs) <= 1e-6 * fabs(total)))
        die("the totals differ: %.6f and %.6f", total, theirs);
    warm_up(s, "/optimize", body);
    month_figures m = {.most = saturate(o, s, "/optimize", file, lines)};
    m.half = offer_half(o, s, "/optimize", body, m.most.per_s / 2);
    if (m.half.refused) die("%zu plans were refused at half load", m.half.refused);
    return m;
}

static void say_months(const char *peer, const month_figures *a, const month_figures *b) {
    char metric[80];
    snprintf(metric, sizeof metric, "optimize_month_%s", peer);
    say(metric, a->most.per_s, b->most.per_s, "requests_per_s");
    snprintf(metric, sizeof metric, "optimize_month_cpu_%s", peer);
    say(metric, a->most.cpu_us, b->most.cpu_us, "us");
    snprintf(metric, sizeof metric, "optimize_month_half_load_p50_%s", peer);
    say(metric, a->half.p50_ms, b->half.p50_ms, "ms");
    snprintf(metric, sizeof metric, "optimize_month_half_load_p99_%s", peer);
    say(metric, a->half.p99_ms, b->half.p99_ms, "ms");
}

static void months(const settings *o, const server *ours) {
    char *body = month_request(), file[128];
    save(o, "month.json", body, file);
    const double total = total_of(ours, body);
    const month_figures a = bear_month(o, ours, body, file, 8, total);
    say("optimize_month_goal", a.most.per_s, GOAL_OPTIMIZE, "requests_per_s");
    say("optimize_month_cpu", a.most.cpu_us, 0, "us");
    say("optimize_month_half_load_p99_goal", a.half.p99_ms, GOAL_P99_MS, "ms");
    for (int workers = 1; o->python && workers <= 2; workers++) {
        const server peer = start_peer(o, workers);
        const month_figures b = bear_month(o, &peer, body, file, 8, total);
        stop(&peer);
        say_months(workers == 1 ? "fastapi_1_process" : "fastapi_2_processes", &a, &b);
    }
    free(body);
}

static void decisions(const settings *o, const server *s) {
    static const char *const policy[] = {"threshold", "mpc"};
    for (size_t i = 0; i < 2; i++) {
        char *body = decide_request(policy[i]), file[128], metric[64];
        save(o, "decide.json", body, file);
        warm_up(s, "/api/v1/decide", body);
        const capacity most = saturate(o, s, "/api/v1/decide", file, 32);
        const load_result half = offer_half(o, s, "/api/v1/decide", body, most.per_s / 2);
        snprintf(metric, sizeof metric, "decide_%s_goal", policy[i]);
        say(metric, most.per_s, GOAL_DECIDE, "requests_per_s");
        snprintf(metric, sizeof metric, "decide_%s_cpu", policy[i]);
        say(metric, most.cpu_us, 0, "us");
        snprintf(metric, sizeof metric, "decide_%s_half_load_p99", policy[i]);
        say(metric, half.p99_ms, 0, "ms");
        free(body);
    }
    const capacity health = saturate(o, s, "/healthz", NULL, 32);
    say("healthz", health.per_s, 0, "requests_per_s");
    say("healthz_cpu", health.cpu_us, 0, "us");
}

/* A job's acceptance is an event for all; nobody runs it here. */
static void crowd(const settings *o, const server *s) {
    char *order = month_request(), *body = room(1, strlen(order) + 64);
    sprintf(body, "{\"kind\":\"optimize\",\"request\":%s}", order);
    const double before = resident_mib(s);
    sockets waiting = open_sockets(s->port, o->sockets);
    await_event(&waiting, 1, 500, true);
    const double after = resident_mib(s);
    double ms[16];
    for (size_t i = 0; i < o->rounds; i++) {
        const double begin = now_s();
        const int status = ask_once(s->port, "/api/v1/jobs", body, NULL, 0);
        if (status != 202) die("a job is answered with %d", status);
        const size_t reached = await_event(&waiting, (unsigned)i + 2, 5000, false);
        ms[i] = (now_s() - begin) * 1e3;
        if (reached < waiting.n)
            die("an event reached %zu of %zu WebSockets", reached, waiting.n);
        await_event(&waiting, (unsigned)i + 2, 200, true);
    }
    fprintf(stderr, "serve: %zu WebSockets: %.1f MiB before them, %.1f MiB with them\n",
            waiting.n, before, after);
    say("websockets_resident_goal", after, GOAL_SOCKETS_MIB, "MiB");
    say("websockets_each", (after - before) * 1024 / (double)waiting.n, 0, "KiB");
    say("broadcast_to_all_goal", quantile(ms, o->rounds, 0.5), GOAL_BROADCAST_MS, "ms");
    close_sockets(&waiting);
    free(body);
    free(order);
}

#define GOAL_FLOOD 2.0
#define FLOOD_RATE 500.0
enum { MOST_PAIRS = 16 };

/* One round: its load's 99th percentile. */
static double p99_of_others(const settings *o, const server *s, const char *body) {
    /* longer than the time for a head, so that the flood's are refused and come again */
    const load_result r =
        offer(s->port, "/api/v1/decide", body, FLOOD_RATE, 1.2 * o->seconds, 32);
    if (r.refused) die("%zu decisions were refused beside the flood", r.refused);
    if (r.reopened) die("%zu kept connections in use were closed", r.reopened);
    return r.p99_ms;
}

static double p99_in_flood(const settings *o, const server *s, const char *body,
                           size_t *reopened) {
    flood f = {.port = s->port, .n = o->slow};
    if (pthread_create(&f.thread, NULL, run_flood, &f) != 0) die("no thread for the flood");
    const struct timespec pause = {.tv_nsec = 50000000};
    while (atomic_load(&f.held) < f.n) nanosleep(&pause, NULL);
    const double p99_ms = p99_of_others(o, s, body);
    atomic_store(&f.stop, true);
    pthread_join(f.thread, NULL);
    *reopened += f.reopened;
    return p99_ms;
}

/* Rounds without the flood and with it alternate: what else this machine does meets both alike.
 * The ratio of the upper to the lower quartile of the quiet rounds is what chance does alone. */
static void slow_ones(const settings *o, const server *s) {
    char *body = decide_request("threshold");
    double quiet[MOST_PAIRS], during[MOST_PAIRS];
    size_t reopened = 0;
    warm_up(s, "/api/v1/decide", body);
    for (size_t i = 0; i < o->flood_pairs; i++) {
        quiet[i] = p99_of_others(o, s, body);
        during[i] = p99_in_flood(o, s, body, &reopened);
        fprintf(stderr, "serve: 99th percentile %.3f ms, with the flood %.3f ms\n", quiet[i],
                during[i]);
    }
    const double without = quantile(quiet, o->flood_pairs, 0.5);
    const double with = quantile(during, o->flood_pairs, 0.5);
    /* quantile has put them in order */
    const double chance =
        quantile(quiet, o->flood_pairs, 0.75) / quantile(quiet, o->flood_pairs, 0.25);
    fprintf(stderr, "serve: flood of %zu, %zu of them closed and opened again\n", o->slow,
            reopened);
    if (chance > GOAL_FLOOD)
        fprintf(stderr,
                "serve: rounds without the flood differ by %.1f times among themselves: the "
                "machine is too busy for a verdict on %.1f times\n",
                chance, GOAL_FLOOD);
    say("flood_p99_of_others", with, without, "ms");
    say("flood_p99_ratio_goal", with / without, GOAL_FLOOD, "times");
    say("flood_p99_quiet_rounds_differ", chance, 0, "times");
    free(body);
}

/* ---- all of it ---------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static const struct {
    const char *name;
    void (*measure)(const settings *o, const server *s);
} parts[] = {
    {"optimize", months}, {"decide", decisions}, {"websockets", crowd}, {"flood", slow_ones}};

static void check_part(const char *name) {
    for (size_t i = 0; name && i < sizeof parts / sizeof parts[0]; i++)
        if (strcmp(name, parts[i].name) == 0) return;
    if (name) die("--only=%s: the parts are optimize, decide, websockets, flood", name);
}

static bool has_wrk(void) { return system("command -v wrk >/dev/null 2>&1") == 0; }

int main(int argc, char **argv) {
    settings o = {.program = VOLTEO_PROGRAM,
                  .seconds = 10,
                  .sockets = 10000,
                  .slow = 2000,
                  .rounds = 7,
                  .flood_pairs = 5};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            o.seconds = 2, o.rounds = 3, o.flood_pairs = 3;
        else if (strncmp(argv[i], "--python=", 9) == 0)
            o.python = argv[i] + 9;
        else if (strncmp(argv[i], "--program=", 10) == 0)
            o.program = argv[i] + 10;
        else if (strncmp(argv[i], "--only=", 7) == 0)
            o.only = argv[i] + 7;
        else
            die("%s: no such option; there are --quick, --only=PART, --python=PROGRAM, "
                "--program=VOLTEO",
                argv[i]);
    }
    check_part(o.only);
    if (!has_wrk()) die("wrk is not there (Debian: wrk)");
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < o.sockets + 100)
        die("ulimit -n is %zu: raise it above %zu", (size_t)files.rlim_cur, o.sockets + 100);
    strcpy(o.folder, "/tmp/volteo-bench-XXXXXX");
    if (!mkdtemp(o.folder)) die("%s: %s", o.folder, strerror(errno));
    const server ours = start_ours(&o);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!o.only || strcmp(o.only, parts[i].name) == 0) parts[i].measure(&o, &ours);
    stop(&ours);
    nftw(o.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
