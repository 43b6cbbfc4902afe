/* test_mapping.c -- what a mapping says, what wins over what, and how mistakes are refused. */
#include "data/mapping.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/data_folder.h"

static vo_mapping *parse_ok(const char *text) {
    vo_mapping *m = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_mapping_parse("x/own.yaml", text, strlen(text), &m, &err), VO_OK, "%s",
                 err.msg);
    return m;
}

Test(mapping, every_key_goes_where_it_belongs) {
    vo_mapping *m = parse_ok("description: all of it\nremark: mind\n"
                             "kind: prices\nmarket: MEM\nprocess: MDA\nnode: N\n"
                             "node_column: nodo\ncurrency: MXN\nunit: MWh\n"
                             "tz: America/Mexico_City\ntime_column: fecha\n"
                             "period_column: hora\nperiod_minutes: 60\nrows_path: data.items\n"
                             "zero: missing\n"
                             "interval_minutes: 60\nstamps_at_end: true\n"
                             "date_order: day\nprice_unit: kwh\nstart: 2024-01-01T00:00\n"
                             "url: https://example.com/{node}\n"
                             "headers: {X-Key: '{key}', Accept: application/json}\n"
                             "recognised_by: [fecha, hora, '']\n"
                             "columns:\n"
                             "  - {name: price, column: pml}\n"
                             "  - {name: loss, column: pml_per, factor: 1/60, offset: -2}\n");
    const vo_source_options *o = &m->options;
    cr_assert_str_eq(m->name, "own");
    cr_assert_str_eq(m->description, "all of it");
    cr_assert_str_eq(o->remark, "mind");
    cr_assert_str_eq(o->kind, "prices");
    cr_assert_str_eq(o->market, "MEM");
    cr_assert_str_eq(o->process, "MDA");
    cr_assert_str_eq(o->node, "N");
    cr_assert_str_eq(o->node_column, "nodo");
    cr_assert_str_eq(o->currency, "MXN");
    cr_assert_str_eq(o->unit, "MWh");
    cr_assert_str_eq(o->zone, "America/Mexico_City");
    cr_assert_str_eq(o->time_column, "fecha");
    cr_assert_str_eq(o->period_column, "hora");
    cr_assert_str_eq(o->rows_path, "data.items");
    cr_assert(o->period_minutes == 60 && o->interval_minutes == 60 && o->stamps_at_end);
    cr_assert_eq(o->date_order, VO_DATE_DAY_FIRST);
    cr_assert_eq(o->price_factor, 1000);
    cr_assert(o->zero_is_missing && vo_mapping_options(m, NULL).zero_is_missing);
    cr_assert_eq(o->start_utc_s, INT64_C(1704088800)); /* 06:00Z */
    cr_assert_str_eq(m->url, "https://example.com/{node}");
    cr_assert_eq(m->n_headers, 2);
    cr_assert_str_eq(m->header[0].name, "X-Key");
    cr_assert_str_eq(m->header[0].value, "{key}");
    cr_assert(m->n_recognised == 3 && m->recognised[2][0] == '\0');
    cr_assert_eq(o->n_columns, 2);
    cr_assert_str_eq(o->column[1].name, "loss");
    cr_assert_str_eq(o->column[1].column, "pml_per");
    cr_assert(o->column[0].factor == 1 && o->column[0].offset == 0);
    cr_assert(o->column[1].factor == 1.0 / 60 && o->column[1].offset == -2);
    vo_mapping_free(m);
}

Test(mapping, json_says_the_same_as_yaml) {
    vo_mapping *m =
        parse_ok("{\"market\": \"GB\", \"price_unit\": 10, \"columns\": [{\"name\": "
                 "\"price\", \"column\": \"p\"}]}");
    cr_assert_str_eq(m->options.market, "GB");
    cr_assert_eq(m->options.price_factor, 10);
    cr_assert_eq(m->options.n_columns, 1);
    vo_mapping_free(m);
}

Test(mapping, mistakes_are_refused_with_key_value_and_remedy) {
    static const char *const bad[][2] = {
        {"markt: MEM\n", "markt: no such key; did you mean market?"},
        {"zzzzzzzz: 1\n", "no such key; there are description, remark, kind"},
        {"market: 3\n", "market is number: must be a text; put it in quotes"},
        {"market: ''\n", "must have 1 to 500 letters"},
        {"tz: Mars/Olympus\n", "tz: "},
        {"kind: PRICES\n", "kind: "},
        {"interval_minutes: 0\n", "interval_minutes = 0: must be in (0, 527040]"},
        {"interval_minutes: sixty\n", "interval_minutes is string: must be a number"},
        {"period_minutes: 1441\nperiod_column: p\n", "must be in (0, 1440]"},
        {"period_minutes: 30\n", "go together"},
        {"rows_in_order: true\n", "rows_in_order needs interval_minutes"},
        {"rows_in_order: 1\n", "must be true or false"},
        {"date_order: dmy\n", "must be year, day or month"},
        {"price_unit: wh\n", "price_unit must be mwh, kwh"},
        {"price_unit: 0\n", "in [1e-6, 1e6]"},
        {"price_unit: kwh\nkind: load\n", "price_unit is of prices only"},
        {"zero: 0\n", "zero is number: must be a text"},
        {"zero: gone\n", "must be missing (a price of 0 says that there is none) or keep"},
        {"zero: missing\nkind: load\n", "zero is of prices only"},
        {"start: noon\n", "start: \"noon\" is not a time"},
        {"columns: price\n", "columns is string: must be a list"},
        {"columns: []\n", "must have 1 to 64"},
        {"columns: [price]\n", "columns[0] is string: must be {column: NAME"},
        {"columns: [{name: price}]\n", "columns[0] has no column"},
        {"columns: [{colum: p}]\n", "columns[0].colum: no such key; did you mean column?"},
        {"columns: [{name: load, column: p}]\n", "of prices the first column is \"price\""},
        {"columns: [{name: price, column: p, factor: x}]\n",
         "columns[0].factor must be a number"},
        {"columns: [{name: price, column: p, factor: 1/0}]\n", "must be a number"},
        {"columns: [{name: price, column: p, factor: 0}]\n", "leaves nothing"},
        {"columns: [{name: price, column: p}, {name: Price, column: q}]\n",
         "are both \"Price\""},
        {"headers: {A: \"b\\r\\nC: d\"}\n", "cannot be sent"},
        {"headers: {\"A:\": b}\n", "cannot be sent"},
        {"recognised_by: [1]\n", "recognised_by[0] is number"},
        {"- a\n", "must be keys and values"},
        {"a: [\n", "x/own.yaml: "},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_mapping *m = NULL;
        vo_error err = {0};
        const vo_status st =
            vo_mapping_parse("x/own.yaml", bad[i][0], strlen(bad[i][0]), &m, &err);
        cr_assert_eq(st, VO_EINVAL, "%s", bad[i][0]);
        cr_assert_null(m);
        cr_assert(strstr(err.msg, bad[i][1]), "\"%s\" is not in: %s", bad[i][1], err.msg);
        cr_assert(strstr(err.msg, "own.yaml"), "%s", err.msg);
    }
}

Test(mapping, every_embedded_one_is_sound_and_says_what_it_is) {
    size_t n = 0;
    for (const char *name; (name = vo_mapping_preset(n)); n++) {
        vo_mapping *m = NULL;
        vo_error err = {0};
        cr_assert_eq(vo_mapping_load(NULL, name, &m, &err), VO_OK, "%s", err.msg);
        cr_assert_str_eq(m->name, name);
        cr_assert_not_null(m->description, "%s", name);
        cr_assert(m->options.n_columns > 0, "%s", name);
        if (m->n_recognised == 0) {
            vo_mapping_free(m);
            continue;
        }
        vo_mapping *found = NULL; /* its own header leads to it and to no other */
        const size_t k = m->n_recognised;
        const bool more = strcmp(m->recognised[k - 1], "...") == 0;
        cr_assert_eq(vo_mapping_recognise(m->recognised, more ? k - 1 : k, NULL, &found, &err),
                     VO_OK);
        cr_assert(found && strcmp(found->name, name) == 0, "%s", name);
        vo_mapping_free(found);
        vo_mapping_free(m);
    }
    cr_assert_geq(n, 15);
}

Test(mapping, an_unknown_name_is_refused_with_those_there_are) {
    vo_mapping *m = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_mapping_load(NULL, "aemoo", &m, &err), VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "mapping = \"aemoo\": no such mapping; there are aemo, ") &&
                  strstr(err.msg, "elexon"),
              "%s", err.msg);
    cr_assert_eq(vo_mapping_load(NULL, "./nowhere.yaml", &m, &err), VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "nowhere.yaml"), "%s", err.msg);
}

Test(mapping, a_folder_of_ones_own_goes_before_the_embedded_ones) {
    char folder[DATA_PATH], path[DATA_PATH + 16];
    vo_mapping *m = NULL;
    vo_error err = {0};
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/aemo.yaml", folder);
    FILE *f = fopen(path, "w");
    cr_assert(f && fputs("market: MINE\n", f) >= 0 && fclose(f) == 0);
    cr_assert_eq(vo_mapping_load(folder, "aemo", &m, &err), VO_OK, "%s", err.msg);
    cr_assert_str_eq(m->options.market, "MINE");
    vo_mapping_free(m);
    cr_assert_eq(vo_mapping_load(NULL, path, &m, &err), VO_OK, "%s", err.msg);
    cr_assert_str_eq(m->name, "aemo");
    vo_mapping_free(m);
    cr_assert_eq(vo_mapping_load(folder, "elexon", &m, &err), VO_OK, "%s", err.msg);
    cr_assert_str_eq(m->options.market, "GB");
    vo_mapping_free(m);
    temporary_folder_remove(folder);
}

Test(mapping, what_is_given_wins_over_what_the_mapping_says) {
    vo_mapping *m = parse_ok("market: A\nprocess: B\ntz: Europe/Paris\ndays_of_24: true\n"
                             "interval_minutes: 30\nprice_unit: kwh\n"
                             "columns: [{name: price, column: p}]\n");
    vo_source_options o = vo_mapping_options(m, NULL);
    cr_assert(o.days_of_24 && o.interval_minutes == 30 && o.n_columns == 1);
    cr_assert_str_eq(o.market, "A");
    cr_assert_str_eq(o.mapping_name, "own");
    const vo_source_options given = {.market = "X",
                                     .zone = "Europe/Madrid",
                                     .price_factor = 1,
                                     .interval_minutes = 60,
                                     .price_column = "q"};
    o = vo_mapping_options(m, &given);
    cr_assert_str_eq(o.market, "X");
    cr_assert_str_eq(o.process, "B");
    cr_assert_str_eq(o.zone, "Europe/Madrid");
    cr_assert(!o.days_of_24, "a zone of one's own means real instants");
    cr_assert(o.interval_minutes == 60 && o.price_factor == 1 && o.n_columns == 0);
    vo_mapping_free(m);
}

Test(mapping, a_header_must_be_the_whole_header_to_be_recognised) {
    static const struct {
        const char *text, *name;
    } head[] = {
        {"REGION,SETTLEMENTDATE,TOTALDEMAND,RRP,PERIODTYPE\nx", "aemo"},
        {"REGION,SETTLEMENTDATE,TOTALDEMAND,RRP\nx", NULL},
        {"REGION,SETTLEMENTDATE,TOTALDEMAND,RRP,PERIODTYPE,MORE\nx", NULL},
        {"SETTLEMENTDATE,REGION,TOTALDEMAND,RRP,PERIODTYPE\nx", NULL},
        {"\"Date_Time\",\"Outgoing Agile Rate (p/kWh)\"\r\nx", "octopus"},
        {",GC,GG\nx", "ausgrid"},
        {"carbon_intensity\n0.1\n", "citylearn-carbon"},
        {"timestamp,carbon_intensity\n", NULL},
        {"date,temperature_2m,apparent_temperature,dew_point_2m,x,y\n", "openmeteo"},
        {"date,temperature_2m,apparent_temperature\n", NULL},
        {"timestamp,price\n", NULL},
        {"REGION,SETTLEMENTDATE,TOTALDEMAND,RRP,PERIODTYPE", NULL}, /* may be cut */
        {"\"never closed\n", NULL},
    };
    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++) {
        vo_mapping *m = NULL;
        vo_error err = {0};
        cr_assert_eq(
            vo_mapping_recognise_text(head[i].text, strlen(head[i].text), NULL, &m, &err),
            VO_OK, "%s", err.msg);
        cr_assert(head[i].name ? m && strcmp(m->name, head[i].name) == 0 : !m, "%s",
                  head[i].text);
        vo_mapping_free(m);
    }
}

Test(mapping, nobody_is_recognised_who_says_himself_what_his_columns_are) {
    const vo_source_options given = {.price_column = "TOTALDEMAND"};
    const char *head = "REGION,SETTLEMENTDATE,TOTALDEMAND,RRP,PERIODTYPE\nx";
    vo_mapping *m = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_mapping_recognise_text(head, strlen(head), &given, &m, &err), VO_OK);
    cr_assert_null(m);
}
