/* Tests of data/live*.c: which calls a request becomes, and replies into one set. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "data/live.h"

static const char *const apatzingan[] = {"APATZINGAN"};

static int64_t day(int32_t y, int32_t m, int32_t d) { return vo_civil_days(y, m, d); }

/* As asked on 2026-11-20 at noon UTC. */
static vo_live_request ask(int64_t from, int64_t to) {
    return (vo_live_request){.name = apatzingan,
                             .n_names = 1,
                             .from_day = from,
                             .to_day = to,
                             .now_s = (double)day(2026, 11, 20) * 86400 + 43200,
                             .latitude = (double)NAN,
                             .longitude = (double)NAN};
}

static vo_live_plan planned(vo_live_client c, const vo_live_request *r) {
    vo_live_plan p = {0};
    vo_error err = {0};
    cr_assert_eq(vo_live_plan_make(c, r, &p, &err), VO_OK, "%s", err.msg);
    return p;
}

static void refused(vo_live_client c, const vo_live_request *r, const char *word) {
    vo_live_plan p = {0};
    vo_error err = {0};
    cr_assert_eq(vo_live_plan_make(c, r, &p, &err), VO_EINVAL, "%s", word);
    cr_assert(strstr(err.msg, word) != NULL, "\"%s\" does not say \"%s\"", err.msg, word);
    cr_assert_eq(p.n, 0);
}

Test(live, services_are_found_by_name) {
    vo_live_client c = VO_LIVE_CLIENTS;
    vo_error err = {0};
    for (int i = 0; i < VO_LIVE_CLIENTS; i++) {
        const vo_live_service *v = vo_live_service_of((vo_live_client)i);
        cr_assert_eq(vo_live_find(v->name, &c, NULL), VO_OK);
        cr_assert_eq((int)c, i);
        cr_assert(v->per_minute > 0 && v->parallel >= 1 && v->parallel <= 4);
    }
    cr_assert_eq(vo_live_find("open-meteo", &c, NULL), VO_OK);
    cr_assert_eq(c, VO_LIVE_OPEN_METEO);
    cr_assert_eq(vo_live_find("omie", &c, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "cenace, batu, caiso, entsoe, open_meteo") != NULL, "%s",
              err.msg);
}

/* ---- CENACE --------------------------------------------------------------------------- */

Test(live_cenace, a_month_of_a_zone_is_five_calls) {
    vo_live_request r = ask(day(2016, 2, 1), day(2016, 2, 29));
    r.zones = true;
    vo_live_plan p = planned(VO_LIVE_CENACE, &r);
    cr_assert_eq(p.n, 5);
    cr_assert_str_eq(p.call[0].url,
                     "https://ws01.cenace.gob.mx:8082/SWPEND/SIM/SIN/MDA/APATZINGAN/"
                     "2016/02/01/2016/02/07/JSON");
    cr_assert_str_eq(p.call[4].url,
                     "https://ws01.cenace.gob.mx:8082/SWPEND/SIM/SIN/MDA/APATZINGAN/"
                     "2016/02/29/2016/02/29/JSON");
    cr_assert_str_eq(p.call[1].label, "CENACE SIN MDA APATZINGAN, 2016-02-08 to 2016-02-14");
    cr_assert(isinf(p.call[0].keep_s), "ten years old: final");
    vo_live_plan_fini(&p);
}

Test(live_cenace, calls_split_both_ways_and_cover_each_name_and_day_once) {
    char text[45][16];
    const char *name[45];
    for (size_t i = 0; i < 45; i++) {
        snprintf(text[i], sizeof text[i], "N%02zu", i);
        name[i] = text[i];
    }
    for (int zones = 0; zones < 2; zones++)
        for (int64_t days = 1; days <= 30; days++)
            for (size_t n = 1; n <= 45; n += 11) {
                vo_live_request r = ask(day(2020, 3, 1), day(2020, 3, 1) + days - 1);
                r.name = name;
                r.n_names = n;
                r.zones = zones;
                vo_live_plan p = planned(VO_LIVE_CENACE, &r);
                const size_t most = zones ? 10 : 20;
                cr_assert_eq(p.n, ((n + most - 1) / most) * (size_t)((days + 6) / 7));
                int64_t covered = 0;
                for (size_t i = 0; i < p.n; i++) {
                    int y[2], m[2], d[2], names = 1;
                    const char *list = strstr(p.call[i].url, "/MDA/") + 5;
                    const char *dates = strchr(list, '/') + 1;
                    for (const char *c = list; c < dates; c++) names += *c == ',';
                    cr_assert_eq(sscanf(dates, "%d/%d/%d/%d/%d/%d/JSON", &y[0], &m[0], &d[0],
                                        &y[1], &m[1], &d[1]),
                                 6);
                    const int64_t span = day(y[1], m[1], d[1]) - day(y[0], m[0], d[0]) + 1;
                    cr_assert(span >= 1 && span <= 7 && names <= (int)most);
                    covered += span * names;
                }
                cr_assert_eq(covered, days * (int64_t)n);
                vo_live_plan_fini(&p);
            }
}

Test(live_cenace, names_are_written_as_the_service_wants_them) {
    static const char *const names[] = {"LOS MOCHIS", "CIUDAD/\xc3\x91"};
    vo_live_request r = ask(day(2020, 1, 1), day(2020, 1, 1));
    r.name = names;
    r.n_names = 2;
    r.zones = true;
    r.system = "BCA";
    r.base_url = "http://localhost:1//";
    vo_live_plan p = planned(VO_LIVE_CENACE, &r);
    cr_assert_str_eq(p.call[0].url,
                     "http://localhost:1/SWPEND/SIM/BCA/MDA/LOS-MOCHIS,CIUDAD%2F%C3%91/"
                     "2020/01/01/2020/01/01/JSON");
    vo_live_plan_fini(&p);
    r.zones = false;
    r.process = "MTR";
    p = planned(VO_LIVE_CENACE, &r);
    cr_assert(strstr(p.call[0].url, "/SWPML/SIM/BCA/MTR/LOS%20MOCHIS,") != NULL);
    vo_live_plan_fini(&p);
}

Test(live_cenace, days_before_the_market_began_are_refused) {
    static const struct {
        const char *system, *process, *first;
    } c[] = {{"SIN", "MDA", "2016-01-29"}, {"BCA", "MDA", "2016-01-27"},
             {"BCS", "MDA", "2016-03-23"}, {"SIN", "MTR", "2017-01-27"},
             {"BCA", "MTR", "2017-01-27"}, {"BCS", "MTR", "2017-01-27"}};
    for (size_t i = 0; i < 6; i++) {
        int y = 0, m = 0, d = 0;
        cr_assert_eq(sscanf(c[i].first, "%d-%d-%d", &y, &m, &d), 3);
        vo_live_request r = ask(day(y, m, d) - 1, day(y, m, d));
        r.system = c[i].system;
        r.process = c[i].process;
        refused(VO_LIVE_CENACE, &r, c[i].first);
        r.from_day++;
        vo_live_plan p = planned(VO_LIVE_CENACE, &r);
        cr_assert_eq(p.n, 1);
        cr_assert_str_eq(p.note, "");
        vo_live_plan_fini(&p);
    }
}

Test(live_cenace, days_not_yet_published_are_not_asked_for_and_that_is_said) {
    vo_live_request r = ask(day(2026, 11, 10), day(2026, 11, 20));
    r.process = "MTR";
    vo_live_plan p = planned(VO_LIVE_CENACE, &r);
    cr_assert_eq(p.n, 1);
    cr_assert(strstr(p.call[0].url, "/2026/11/10/2026/11/13/JSON") != NULL, "%s",
              p.call[0].url);
    cr_assert(strstr(p.note, "7 days late") && strstr(p.note, "2026-11-13"), "%s", p.note);
    cr_assert_eq(p.call[0].keep_s, 6 * 3600.0, "young prices may change");
    vo_live_plan_fini(&p);
    r.from_day = day(2026, 11, 14);
    refused(VO_LIVE_CENACE, &r, "7 days late");
    r.process = "MDA";
    p = planned(VO_LIVE_CENACE, &r);
    cr_assert_str_eq(p.note, "");
    vo_live_plan_fini(&p);
    r.to_day = day(2026, 11, 22); /* the day ahead is the 21st */
    p = planned(VO_LIVE_CENACE, &r);
    cr_assert(strstr(p.note, "2026-11-21") != NULL, "%s", p.note);
    vo_live_plan_fini(&p);
}

Test(live_cenace, requests_that_mean_nothing_are_refused) {
    vo_live_request r = ask(day(2020, 1, 2), day(2020, 1, 1));
    refused(VO_LIVE_CENACE, &r, "before from");
    r.to_day = r.from_day;
    r.system = "XXX";
    refused(VO_LIVE_CENACE, &r, "SIN, BCA or BCS");
    r.system = NULL;
    r.process = "DAM";
    refused(VO_LIVE_CENACE, &r, "MDA (day ahead) or MTR");
    r.process = NULL;
    r.n_names = 0;
    refused(VO_LIVE_CENACE, &r, "nodes or zones is missing");
    char name[VO_NODE_NAME + 1];
    const char *const long_name[] = {name};
    snprintf(name, sizeof name, "%0*d", VO_NODE_NAME, 0);
    r.name = long_name;
    r.n_names = 1;
    refused(VO_LIVE_CENACE, &r, "1 to 127 bytes");
    r = ask(0, 40000);
    refused(VO_LIVE_CENACE, &r, "hundred years");
}

/* ---- CAISO, ENTSO-E, Open-Meteo ---------------------------------------------------------- */

Test(live_caiso, days_are_those_of_california_in_gmt_and_at_most_31_a_call) {
    static const char *const node[] = {"TH_NP15_GEN-APND", "TH_SP15_GEN-APND"};
    vo_live_request r =
        ask(day(2024, 3, 1), day(2024, 4, 1)); /* summer time begins on the 10th */
    r.name = node;
    r.n_names = 2;
    vo_live_plan p = planned(VO_LIVE_CAISO, &r);
    cr_assert_eq(p.n, 2);
    cr_assert_str_eq(
        p.call[0].url,
        "https://oasis.caiso.com/oasisapi/SingleZip?queryname=PRC_LMP&market_run_id=DAM"
        "&version=12&node=TH_NP15_GEN-APND,TH_SP15_GEN-APND"
        "&startdatetime=20240301T08:00-0000&enddatetime=20240401T07:00-0000"
        "&resultformat=6");
    cr_assert(strstr(p.call[1].url, "startdatetime=20240401T07:00-0000&enddatetime="
                                    "20240402T07:00-0000") != NULL);
    vo_live_plan_fini(&p);
    r.process = "RTM";
    p = planned(VO_LIVE_CAISO, &r);
    cr_assert(strstr(p.call[0].url, "queryname=PRC_INTVL_LMP&market_run_id=RTM&version=3") !=
              NULL);
    vo_live_plan_fini(&p);
    r.process = "MDA";
    refused(VO_LIVE_CAISO, &r, "DAM, RTM, RTPD or HASP");
    cr_assert_eq(vo_live_service_of(VO_LIVE_CAISO)->per_minute, 12, "5 s between calls");
    cr_assert_eq(vo_live_service_of(VO_LIVE_CAISO)->parallel, 1);
}

Test(live_entsoe, a_call_is_one_area_and_at_most_a_year_with_the_token_encoded) {
    static const char *const area[] = {"10YES-REE------0", "10Y1001A1001A82H"};
    vo_live_request r = ask(day(2023, 1, 1), day(2024, 12, 31));
    r.name = area;
    r.n_names = 2;
    refused(VO_LIVE_ENTSOE, &r, "VOLTEO_ENTSOE_TOKEN");
    r.key = "a b&c";
    vo_live_plan p = planned(VO_LIVE_ENTSOE, &r);
    cr_assert_eq(p.n, 6, "731 days in three calls, two areas");
    cr_assert_str_eq(
        p.call[0].url,
        "https://web-api.tp.entsoe.eu/api?documentType=A44&in_Domain=10YES-REE------0"
        "&out_Domain=10YES-REE------0&periodStart=202212312300&periodEnd=202312312300"
        "&contract_MarketAgreement.type=A01&securityToken=a%20b%26c");
    vo_live_plan_fini(&p);
    r.tz = "UTC";
    p = planned(VO_LIVE_ENTSOE, &r);
    cr_assert(strstr(p.call[0].url, "periodStart=202301010000&periodEnd=202401010000") != NULL);
    vo_live_plan_fini(&p);
    static const char *const spain[] = {"ES"};
    r.name = spain;
    r.n_names = 1;
    refused(VO_LIVE_ENTSOE, &r, "EIC code");
}

Test(live_open_meteo, old_days_come_from_the_archive_and_young_ones_from_the_forecast) {
    vo_live_request r = ask(day(2026, 11, 1), day(2026, 12, 31));
    refused(VO_LIVE_OPEN_METEO, &r, "latitude");
    r.latitude = 19.0886;
    r.longitude = -102.35;
    vo_live_plan p = planned(VO_LIVE_OPEN_METEO, &r);
    cr_assert_eq(p.n, 2);
    cr_assert(
        strncmp(p.call[0].url,
                "https://archive-api.open-meteo.com/v1/archive?latitude=19.0886&longitude="
                "-102.35&start_date=2026-11-01&end_date=2026-11-15&hourly=temperature_2m,",
                140) == 0,
        "%s", p.call[0].url);
    cr_assert(strstr(p.call[1].url, "https://api.open-meteo.com/v1/forecast?") ==
              p.call[1].url);
    cr_assert(strstr(p.call[1].url, "start_date=2026-11-15&end_date=2026-12-05&") != NULL, "%s",
              p.call[1].url);
    cr_assert(strstr(p.note, "2026-12-05") != NULL, "%s", p.note);
    cr_assert(strstr(p.call[0].url, "&timezone=GMT&wind_speed_unit=ms") != NULL);
    vo_live_plan_fini(&p);
    r.tz =
        "America/Mexico_City"; /* the 31st of January there ends on the 1st of February here */
    r.from_day = r.to_day = day(2024, 1, 31);
    r.key = "k&y";
    r.variables = "temperature_2m,x y";
    p = planned(VO_LIVE_OPEN_METEO, &r);
    cr_assert_eq(p.n, 1);
    cr_assert(strstr(p.call[0].url, "start_date=2024-01-31&end_date=2024-02-02&hourly="
                                    "temperature_2m,x%20y&timezone") != NULL,
              "%s", p.call[0].url);
    cr_assert(strstr(p.call[0].url, "&apikey=k%26y") != NULL);
    vo_live_plan_fini(&p);
    r.latitude = 91;
    refused(VO_LIVE_OPEN_METEO, &r, "latitude");
}

/* ---- Batu ------------------------------------------------------------------------------- */

static const char form[] = "url: https://h/v1/{process}?n={node}&a={from}&b={to}&k={key}\n"
                           "headers: {Authorization: 'Bearer {key}'}\n"
                           "rows_path: data\n"
                           "time_column: fecha\n"
                           "columns: [{name: price, column: pml}]\n";

Test(live_batu, the_mapping_says_how_it_is_asked) {
    vo_mapping *m = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_mapping_parse("form", form, strlen(form), &m, &err), VO_OK, "%s", err.msg);
    vo_live_request r = ask(day(2024, 1, 1), day(2024, 2, 1));
    refused(VO_LIVE_BATU, &r, "mapping");
    r.mapping = m;
    refused(VO_LIVE_BATU, &r, "key must be given");
    r.key = "s3/t";
    vo_live_plan p = planned(VO_LIVE_BATU, &r);
    cr_assert_eq(p.n, 2);
    cr_assert_str_eq(p.call[0].url,
                     "https://h/v1/MDA?n=APATZINGAN&a=2024-01-01&b=2024-01-31&k=s3%2Ft");
    cr_assert_eq(p.n_headers, 1);
    cr_assert_str_eq(p.header[0].name, "Authorization");
    cr_assert_str_eq(p.header[0].value, "Bearer s3/t", "headers are not percent-encoded");
    cr_assert_str_eq(p.call[1].node, "APATZINGAN");
    vo_live_plan_fini(&p);
    r.base_url = "http://localhost:7/";
    p = planned(VO_LIVE_BATU, &r);
    cr_assert(strstr(p.call[0].url, "http://localhost:7/v1/MDA?n=") == p.call[0].url, "%s",
              p.call[0].url);
    vo_live_plan_fini(&p);
    vo_mapping_free(m);
}

Test(live_expand, placeholders_are_filled_encoded_or_refused_by_name) {
    static const vo_live_slot slot[] = {
        {"base", "http://h/a b"}, {"node", "A&B"}, {"from", "2024-01-01"}, {"key", NULL}};
    char out[40];
    vo_error err = {0};
    static const struct {
        const char *text, *want;
    } good[] = {{"", ""},
                {"x", "x"},
                {"{base}/{node}", "http://h/a b/A%26B"},
                {"{{node}} }", "{node} }"},
                {"{NODE}", "A%26B"},
                {"a{from}b", "a2024-01-01b"}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        cr_assert_eq(vo_live_expand(good[i].text, slot, 4, true, out, sizeof out, &err), VO_OK,
                     "%s", err.msg);
        cr_assert_str_eq(out, good[i].want);
    }
    cr_assert_eq(vo_live_expand("{node}", slot, 4, false, out, sizeof out, NULL), VO_OK);
    cr_assert_str_eq(out, "A&B");
    static const struct {
        const char *text, *word;
    } bad[] = {{"{nod}", "{base}, {node}, {from}, {key}"},
               {"{}", "not known"},
               {"{node", "without its '}'"},
               {"{key}", "{key}, which is not given"},
               {"0123456789012345678901234567890123456789", "longer than 39"},
               {"01234567890123456789012345678901234567{node}", "longer than 39"},
               {"0123456789012345678901234567890{base}", "longer than 39"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_eq(vo_live_expand(bad[i].text, slot, 4, true, out, sizeof out, &err),
                     VO_EINVAL);
        cr_assert(strstr(err.msg, bad[i].word) != NULL, "\"%s\": %s", bad[i].text, err.msg);
    }
}

/* ---- replies ---------------------------------------------------------------------- */

#define CENACE_HEAD                                                                            \
    "{\"nombre\":\"PEND\",\"proceso\":\"MDA\",\"sistema\":\"SIN\",\"area\":\"P\","             \
    "\"Resultados\":["
#define CENACE_ROW(day, hour, price)                                                           \
    "{\"fecha\":\"" day "\",\"hora\":\"" hour "\",\"pz\":\"" price                             \
    "\",\"pz_ene\":\"1\",\"pz_per\":\"2\",\"pz_cng\":\"3\"}"

static vo_status taken(vo_live_plan *p, size_t i, const char *body, vo_readings_set *set,
                       bool *empty, vo_error *err) {
    *empty = false;
    return vo_live_take(p, i, body, strlen(body), set, empty, err);
}

Test(live_take, replies_join_into_one_series_spelled_as_asked_for) {
    static const char *const name[] = {"LOS MOCHIS"};
    vo_live_request r = ask(day(2020, 1, 1), day(2020, 1, 8));
    r.name = name;
    r.zones = true;
    vo_live_plan p = planned(VO_LIVE_CENACE, &r);
    vo_readings_set *set = NULL;
    vo_error err = {0};
    bool empty = true;
    cr_assert_eq(vo_readings_set_create(&set, NULL), VO_OK);
    cr_assert_eq(taken(&p, 0,
                       CENACE_HEAD "{\"zona_carga\":\"LOS-MOCHIS\",\"Valores\":[" CENACE_ROW(
                           "2020-01-01", "1", "6.5") "]}]}",
                       set, &empty, &err),
                 VO_OK, "%s", err.msg);
    cr_assert(!empty);
    cr_assert_eq(taken(&p, 1,
                       CENACE_HEAD "{\"zona_carga\":\"LOS-MOCHIS\",\"Valores\":[" CENACE_ROW(
                           "2020-01-08", "24", "7") "]}]}",
                       set, &empty, &err),
                 VO_OK, "%s", err.msg);
    cr_assert_eq(set->n, 1);
    const vo_readings *s = set->item[0];
    cr_assert_str_eq(s->node, "LOS MOCHIS");
    cr_assert_str_eq(s->market, "MEM");
    cr_assert_str_eq(s->process, "MDA");
    cr_assert_str_eq(s->currency, "MXN");
    cr_assert_str_eq(s->zone, "America/Mexico_City");
    cr_assert(s->zero_is_missing);
    cr_assert_eq(s->n, 2);
    cr_assert_eq(s->start_s[0], day(2020, 1, 1) * 86400 + 6 * 3600);
    cr_assert_eq(s->start_s[1], day(2020, 1, 9) * 86400 + 5 * 3600);
    cr_assert_eq(s->column[0].value[0], 6.5);
    cr_assert_eq(s->column[3].value[1], 3);
    vo_readings_set_free(set);
    vo_live_plan_fini(&p);
}

Test(live_take, nothing_there_is_an_empty_reply_and_nonsense_is_an_error) {
    vo_live_request r = ask(day(2020, 1, 1), day(2020, 1, 1));
    vo_live_plan p = planned(VO_LIVE_CENACE, &r);
    vo_readings_set *set = NULL;
    vo_error err = {0};
    bool empty = false;
    cr_assert_eq(vo_readings_set_create(&set, NULL), VO_OK);
    cr_assert_eq(taken(&p, 0, "{\"Message\":\"No hay informacion\"}", set, &empty, &err), VO_OK,
                 "%s", err.msg);
    cr_assert(empty);
    cr_assert(strstr(p.empty, "No hay informacion") != NULL, "%s", p.empty);
    cr_assert_eq(taken(&p, 0, CENACE_HEAD "]}", set, &empty, &err), VO_OK, "%s", err.msg);
    cr_assert(empty);
    cr_assert_eq(taken(&p, 0, "{\"Resultados\":[}", set, &empty, &err), VO_EINVAL);
    cr_assert(!empty && err.msg[0] != '\0');
    cr_assert_eq(set->rows, 0);
    vo_readings_set_free(set);
    vo_live_plan_fini(&p);
}

/* 2020-01-01 to 2020-01-08: the first call is about the first seven days. */
Test(live_take, a_refused_reply_leaves_nothing_and_days_that_did_not_come_are_told) {
    vo_live_request r = ask(day(2020, 1, 1), day(2020, 1, 8));
    r.zones = true;
    vo_live_plan p = planned(VO_LIVE_CENACE, &r);
    vo_readings_set *set = NULL;
    vo_error err = {0};
    bool empty = false;
    size_t count = 0;
    int64_t first = 0;
    cr_assert_eq(vo_readings_set_create(&set, NULL), VO_OK);
#define REPLY(name, row) CENACE_HEAD "{\"zona_carga\":\"" name "\",\"Valores\":[" row "]}]}"
    cr_assert_eq(taken(&p, 0, REPLY("APATZINGAN", CENACE_ROW("2020-01-08", "1", "5")), set,
                       &empty, &err),
                 VO_EINVAL, "a day of the other call");
    cr_assert(strstr(err.msg, "about 2020-01-08, asked were 2020-01-01..2020-01-07"), "%s",
              err.msg);
    cr_assert_eq(taken(&p, 0, REPLY("APATZINGAN-2", CENACE_ROW("2020-01-02", "1", "5")), set,
                       &empty, &err),
                 VO_EINVAL);
    cr_assert_eq(set->n, 0);
    cr_assert_eq(taken(&p, 0,
                       REPLY("APATZINGAN", CENACE_ROW("2020-01-07", "24", "5") "," CENACE_ROW(
                                               "2019-12-31", "24", "5")),
                       set, &empty, &err),
                 VO_OK, "%s", err.msg);
    cr_assert_eq(set->rows, 1, "the last hour of the span, not the one before it");
    cr_assert_eq(p.unasked.rows, 1);
    cr_assert_eq(vo_live_missing_days(&p, set, 0, &count, &first, &err), VO_OK);
    cr_assert_eq(count, 7);
    cr_assert_eq(first, day(2020, 1, 1));
    vo_readings_set_free(set);
    vo_live_plan_fini(&p);
}

Test(live_take, of_weather_only_the_hours_of_the_share_are_taken_with_all_their_values) {
    vo_live_request r = ask(day(2024, 1, 1), day(2024, 1, 1));
    r.latitude = r.longitude = 0;
    r.variables = "temperature_2m,shortwave_radiation";
    vo_live_plan p = planned(VO_LIVE_OPEN_METEO, &r);
    cr_assert(strstr(p.call[0].url, "end_date=2024-01-02") != NULL);
    char body[4000] =
        "{\"latitude\":0,\"longitude\":0,\"utc_offset_seconds\":0,\"timezone\":\"GMT\","
        "\"hourly_units\":{\"time\":\"iso8601\",\"temperature_2m\":\"\u00b0C\","
        "\"shortwave_radiation\":\"W/m\u00b2\"},\"hourly\":{\"time\":[";
    for (int h = 0; h < 48; h++)
        snprintf(body + strlen(body), sizeof body - strlen(body), "%s\"2024-01-%02dT%02d:00\"",
                 h ? "," : "", 1 + h / 24, h % 24);
    for (int k = 0; k < 2; k++) {
        strcat(body, k ? "],\"shortwave_radiation\":[" : "],\"temperature_2m\":[");
        for (int h = 0; h < 48; h++)
            snprintf(body + strlen(body), sizeof body - strlen(body), "%s%d", h ? "," : "",
                     100 * k + h);
    }
    strcat(body, "]}}");
    vo_readings_set *set = NULL;
    vo_error err = {0};
    bool empty = false;
    cr_assert_eq(vo_readings_set_create(&set, NULL), VO_OK);
    cr_assert_eq(taken(&p, 0, body, set, &empty, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(set->n, 1);
    const vo_readings *s = set->item[0];
    cr_assert_eq(s->n, 24);
    for (size_t t = 0; t < 24; t++) {
        cr_assert_eq(s->start_s[t], day(2024, 1, 1) * 86400 + (int64_t)t * 3600);
        cr_assert_eq(s->column[0].value[t], (double)t);
        cr_assert_eq(s->column[1].value[t], (double)(101 + t), "of the hour that begins then");
    }
    vo_readings_set_free(set);
    vo_live_plan_fini(&p);
}
