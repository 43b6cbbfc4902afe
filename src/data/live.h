/* live.h -- web services that publish prices and weather: what to ask them, how to read them.
 *
 * A client turns what a person wants (names, first and last local day) into a plan: the list of
 * addresses, split so that each stays within what the service allows in one call. fetch.h asks
 * them; vo_live_take reads each reply into one set for the lake. Plans ask nothing by
 * themselves: a dry run is a plan printed.
 *
 * To add one: a row in VO_LIVE_MAP, a file live_NAME.c with vo_live_NAME_plan, a line in
 * docs/live.md.
 */
#ifndef VO_DATA_LIVE_H
#define VO_DATA_LIVE_H

#include "data/mapping.h"
#include "data/readings.h"
#include "port/http.h"

/* The services' public addresses and the politeness we owe them, here and nowhere else.
 * X(NAME, name, address, second address, requests a minute, at once, environment variable of
 * the key, is it needed) */
// clang-format off
#define VO_LIVE_MAP(X)                                                                          \
    X(CENACE,     cenace,     "https://ws01.cenace.gob.mx:8082", "", 60, 2, "", false)          \
    X(BATU,       batu,       "", "", 60, 2, "VOLTEO_BATU_KEY", false)                          \
    X(CAISO,      caiso,      "https://oasis.caiso.com/oasisapi", "", 12, 1, "", false)         \
    X(ENTSOE,     entsoe,     "https://web-api.tp.entsoe.eu/api", "", 60, 2,                    \
      "VOLTEO_ENTSOE_TOKEN", true)                                                              \
    X(OPEN_METEO, open_meteo, "https://archive-api.open-meteo.com",                             \
      "https://api.open-meteo.com", 60, 2, "VOLTEO_OPEN_METEO_KEY", false)
// clang-format on

typedef enum {
#define X(id, name, base, second, per_minute, parallel, env, needed) VO_LIVE_##id,
    VO_LIVE_MAP(X)
#undef X
        VO_LIVE_CLIENTS
} vo_live_client;

typedef struct {
    const char *name, *base, *second;
    double per_minute;
    size_t parallel;
    const char *key_env; /* "": it has no key */
    bool key_needed;
} vo_live_service;

const vo_live_service *vo_live_service_of(vo_live_client client);

/* '-' for '_' is fine. VO_EINVAL with the names there are. */
vo_status vo_live_find(const char *name, vo_live_client *out, vo_error *err);

#define VO_LIVE_MAX_NAMES 2000u
#define VO_LIVE_MAX_CALLS 100000u
#define VO_LIVE_MAX_HEADERS 16u

/* What is wanted. Strings are borrowed until the plan is freed. */
typedef struct {
    const char *const
        *name; /* [n_names] nodes, zones, areas; of weather what to call the place */
    size_t n_names;
    bool zones;          /* CENACE: the names are load zones (SW-PEND), not nodes (SW-PML) */
    const char *system;  /* CENACE: SIN (NULL), BCA or BCS */
    const char *process; /* NULL: the service's day-ahead market */
    const char *tz;      /* of local days where the service has several; NULL: its own */
    int64_t from_day,
        to_day;           /* days since 1970 of the first and the last local day, included */
    double now_s;         /* Unix seconds: what can be published, what is final */
    const char *base_url; /* NULL: the service's */
    const char *key;      /* NULL: none */
    double latitude, longitude; /* weather: degrees; NAN: not given */
    const char *variables;      /* weather: "temperature_2m,..."; NULL: the usual ones */
    const vo_mapping *mapping;  /* Batu; NULL: none */
} vo_live_request;

/* One call's share of the request: names [first, first + n), days from..to. */
typedef struct {
    size_t first, n;
    int64_t from_day, to_day;
} vo_live_share;

typedef struct {
    char *url;               /* with the key in it, where the service wants it there */
    char label[160];         /* "CENACE SIN MDA APATZINGAN, 2016-02-01 to 2016-02-07" */
    const char *node;        /* of the reply's rows where they do not say; borrowed; NULL */
    vo_live_share share;     /* what is asked for; n 0: names are not looked at */
    int64_t from_s, until_s; /* rows outside are not taken; until_s 0: all are */
    int64_t slack_s; /* rows so near outside belong to every such reply: no word of them */
    double keep_s;   /* how long its reply may be used: INFINITY: for ever */
} vo_live_call;

/* What replies held that was not asked for and was left out. */
typedef struct {
    size_t rows;
    char first[200]; /* "ACAPULCO MDA", or the days; "" if nothing was left out */
} vo_live_unasked;

typedef struct {
    vo_live_client client;
    size_t n, capacity;
    vo_live_call *call; /* [n] */
    size_t n_headers;
    vo_http_header header[VO_LIVE_MAX_HEADERS];
    char *header_value[VO_LIVE_MAX_HEADERS]; /* of header[i], owned */
    vo_source_options source;                /* how replies are read; borrows */
    const vo_live_request *request;
    const char *tz;      /* of the days; NULL: replies are not held against them */
    const char *process; /* what replies must be of; NULL: any */
    int64_t to_day;      /* the last day that is asked for: there may be none after it yet */
    vo_live_unasked unasked;
    char note[256];  /* what a person should know: days not yet published, ... */
    char empty[256]; /* the first "there is nothing" of the service, in its words */
} vo_live_plan;

/* *plan is the caller's: vo_live_plan_fini. VO_EINVAL naming field, value and remedy. */
vo_status vo_live_plan_make(vo_live_client client, const vo_live_request *r, vo_live_plan *plan,
                            vo_error *err);
void vo_live_plan_fini(vo_live_plan *plan); /* accepts a zeroed one */

/* Reads the reply to call i into `set`. *empty = true where the service says that it has
 * nothing for these days. Names are spelled as the request spells them (blank = '-' = '_';
 * names that differ in case alone: as the service does). Rows of other names or days than the
 * call's are left out and counted. VO_EINVAL: not what this service replies, or nothing in it
 * is what was asked for; `set` is as it was then. */
vo_status vo_live_take(vo_live_plan *plan, size_t i, const char *body, size_t len,
                       vo_readings_set *set, bool *empty, vo_error *err);

/* Is what the service calls `node` what the request calls `name`? ENTSO-E's areas have a code
 * and a name. */
bool vo_live_same_name(const char *name, const char *node);

/* Days of the plan that node i of the set has no row of: how many, and the first one. Reads
 * the set, which stays as it is. */
vo_status vo_live_missing_days(const vo_live_plan *plan, vo_readings_set *set, size_t i,
                               size_t *count, int64_t *first_day, vo_error *err);

/* ---- between the clients ---------------------------------------------------------- */

vo_status vo_live_cenace_plan(const vo_live_request *r, vo_live_plan *plan, vo_error *err);
vo_status vo_live_batu_plan(const vo_live_request *r, vo_live_plan *plan, vo_error *err);
vo_status vo_live_caiso_plan(const vo_live_request *r, vo_live_plan *plan, vo_error *err);
vo_status vo_live_entsoe_plan(const vo_live_request *r, vo_live_plan *plan, vo_error *err);
vo_status vo_live_open_meteo_plan(const vo_live_request *r, vo_live_plan *plan, vo_error *err);

/* Splits by at most `names` names and `days` days, days within names, and plans each share. */
typedef vo_status (*vo_live_plan_share)(const vo_live_request *r, const vo_live_share *share,
                                        vo_live_plan *plan, vo_error *err);
vo_status vo_live_split(const vo_live_request *r, int64_t from_day, int64_t to_day,
                        size_t names, int64_t days, vo_live_plan_share one, vo_live_plan *plan,
                        vo_error *err);

/* An address under construction; what does not fit is remembered and refused by add. */
typedef struct {
    char at[VO_HTTP_MAX_URL + 1];
    size_t len;
    bool cut;
} vo_live_url;

void vo_live_url_start(vo_live_url *u, const vo_live_request *r, const char *base);
void vo_live_url_text(vo_live_url *u, const char *fmt, ...) /* as it is */
    __attribute__((format(printf, 2, 3)));
void vo_live_url_encoded(vo_live_url *u, const char *text, const char *keep);

/* Adds a call; the label names system or market, share and days. keep_s: see vo_live_keep_s.
 * Its rows are those of the share's days in plan->tz. */
vo_status vo_live_plan_add(vo_live_plan *plan, const vo_live_url *u, const char *what,
                           const vo_live_share *share, double keep_s, vo_error *err);

/* For ever, if the last day is `final_days` old at least; else 6 hours. */
double vo_live_keep_s(const vo_live_request *r, int64_t last_day, int64_t final_days);

/* "2016-02-29" of a day; `format` is VO_LIVE_DASHES or VO_LIVE_SLASHES (CENACE's paths). */
typedef enum { VO_LIVE_DASHES, VO_LIVE_SLASHES } vo_live_date_form;
void vo_live_date(int64_t day, vo_live_date_form form, char out[16]);

/* The instants at which the first day of a share begins and its last one ends. */
vo_status vo_live_instants(const char *tz, const vo_live_share *share, int64_t *from_s,
                           int64_t *until_s, vo_error *err);

vo_status vo_live_need_names(const vo_live_request *r, const char *what, vo_error *err);

/* Batu's template: {base} {node} {from} {to} {until} {from_utc} {until_utc} {system} {process}
 * {market} {key}; "{{" and "}}" are braces. All but {base} is percent-encoded. VO_EINVAL: an
 * unknown placeholder, naming those there are; one that the request does not fill; too long. */
typedef struct {
    const char *name, *value; /* NULL: not given */
} vo_live_slot;
vo_status vo_live_expand(const char *template_text, const vo_live_slot *slot, size_t n,
                         bool encode, char *out, size_t size, vo_error *err);

#endif
