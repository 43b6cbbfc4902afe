/* test_source_cenace.c -- hours to instants, the three formats, and what is refused. */
#include "data/source_cenace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/read_text.h"

#define HEADER                                                                                 \
    "sistema,mercado,tipo,clave,fecha,hora,precio,c_energia,c_perdidas,c_congestion\n"

static vo_status parse(const char *name, const char *text, vo_source_options o,
                       vo_readings_set **set, vo_error *err) {
    return read_text(vo_source_cenace_parse, name, text, strlen(text), &o, set, err);
}

static const vo_source_options standard = {0};

/* 3 April and 30 October 2016 in SIN and BCS, 13 March and 6 November in BCA. */
Test(source_cenace, hours_of_odd_days_are_contiguous_and_meet_the_next_day) {
    static const struct {
        const char *system, *zone, *day, *next;
        int hours;
    } odd[] = {{"SIN", "America/Mexico_City", "2016-04-03", "2016-04-04", 23},
               {"SIN", "America/Mexico_City", "2016-10-30", "2016-10-31", 25},
               {"BCS", "America/Mazatlan", "2016-04-03", "2016-04-04", 23},
               {"BCA", "America/Tijuana", "2016-03-13", "2016-03-14", 23},
               {"BCA", "America/Tijuana", "2016-11-06", "2016-11-07", 25}};
    for (size_t k = 0; k < sizeof odd / sizeof odd[0]; k++) {
        char text[4096] = HEADER;
        size_t n = strlen(text);
        for (int h = 1; h <= odd[k].hours; h++)
            n += (size_t)sprintf(text + n, "%s,MDA,PML,X,%s,%d,1,1,0,0\n", odd[k].system,
                                 odd[k].day, h);
        sprintf(text + n, "%s,MDA,PML,X,%s,1,1,1,0,0\n", odd[k].system, odd[k].next);
        vo_readings_set *set = NULL;
        vo_error err = {0};
        cr_assert_eq(parse("x.csv", text, standard, &set, &err), VO_OK, "%s", err.msg);
        const vo_readings *r = set->item[0];
        cr_assert_str_eq(r->zone, odd[k].zone);
        cr_assert_eq(r->n, (size_t)odd[k].hours + 1);
        for (size_t i = 1; i < r->n; i++)
            cr_assert_eq(r->start_s[i], r->start_s[0] + (int64_t)i * 3600, "%s", odd[k].day);
        vo_readings_set_free(set);
        n += (size_t)sprintf(text + n, "%s,MDA,PML,X,%s,%d,1,1,0,0\n", odd[k].system,
                             odd[k].day, odd[k].hours + 1);
        cr_assert_eq(parse("x.csv", text, standard, &set, &err), VO_EINVAL);
        cr_assert(strstr(err.msg, "hora"), "%s", err.msg);
    }
}

/* Midnight of 29 January 2016 is 06:00Z in Mexico City, 07:00Z in Mazatlan, 08:00Z in Tijuana.
 */
Test(source_cenace, each_system_has_its_own_clock) {
    static const struct {
        const char *system;
        int64_t start_s;
    } is[] = {{"SIN", 1454047200}, {"BCS", 1454050800}, {"BCA", 1454054400}};
    for (int k = 0; k < 3; k++) {
        char text[512];
        vo_readings_set *set = NULL;
        sprintf(text, HEADER "%s,MDA,PND,A,2016-01-29,1,807.16,773.97,33.28,-.10\n",
                is[k].system);
        cr_assert_eq(parse("x.csv", text, standard, &set, NULL), VO_OK);
        const vo_readings *r = set->item[0];
        cr_assert_eq(r->start_s[0], is[k].start_s, "%s", is[k].system);
        cr_assert(r->column[0].value[0] == 807.16 && r->column[3].value[0] == -0.10);
        cr_assert(r->zero_is_missing && r->interval_h == 1);
        vo_readings_set_free(set);
    }
}

Test(source_cenace, a_monthly_report_needs_its_file_name_or_the_options) {
    const char *text =
        "Fecha,Hora,Clave del nodo,Precio marginal local ($/MWh),Componente de energia ($/MWh),"
        "Componente de perdidas ($/MWh),Componente de congestion ($/MWh)\n"
        "03/04/2016,1,07APD-230,464.84,477.19,-12.35,0\n";
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(parse("a/PreciosMargLocales_BCA_MDA_Mes.csv", text, standard, &set, &err),
                 VO_OK, "%s", err.msg);
    cr_assert_str_eq(set->item[0]->label, "MEM MDA 07APD-230");
    cr_assert_eq(set->item[0]->start_s[0], 1459666800); /* 3 April 00:00-07:00 */
    vo_readings_set_free(set);
    cr_assert_eq(parse("a/x.csv", text, standard, &set, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "zone"), "%s", err.msg);
    const vo_source_options o = {.zone = "America/Tijuana", .process = "MTR"};
    cr_assert_eq(parse("a/x.csv", text, o, &set, &err), VO_OK, "%s", err.msg);
    cr_assert_str_eq(set->item[0]->process, "MTR");
    vo_readings_set_free(set);
}

Test(source_cenace, a_daily_report_says_in_its_preamble_who_it_is) {
    const char *text =
        "Centro Nacional de Control de Energia\nPrecios de Energia en Nodos Distribuidos del "
        "MDA\n"
        "Sistema Interconectado Baja California Sur\nReporte diario\nFecha: 02/Abril/2017\n"
        "Archivo descargado, creado el 01/Abril/2017 12:57:41 hrs.\nNota: x\n"
        "Hora,Zona de Carga,Precio Zonal  ($/MWh),Componente energia  ($/MWh),Componente "
        "perdidas  ($/MWh),"
        "Componente Congestion  ($/MWh),\n1,LA PAZ,477.35,463.41,13.94,0,\n";
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(parse("x.csv", text, standard, &set, &err), VO_OK, "%s", err.msg);
    cr_assert_str_eq(set->item[0]->zone, "America/Mazatlan");
    cr_assert_str_eq(set->item[0]->label, "MEM MDA LA PAZ");
    cr_assert_eq(set->item[0]->start_s[0], 1491116400); /* 2017-04-02T00:00-07:00 */
    vo_readings_set_free(set);
}

Test(source_cenace, replies_as_json_and_xml_are_the_same_rows) {
    static const char *const reply[] = {
        "{\"proceso\":\"MTR\",\"sistema\":\"SIN\",\"Resultados\":[{\"zona_carga\":\"A\","
        "\"Valores\":[{\"fecha\":\"2017-04-19\","
        "\"hora\":\"2\",\"pz\":\"1000.3\",\"pz_ene\":909.27,\"pz_per\":\"91.03\",\"pz_cng\":"
        "\"\"}]}]}",
        "<?xml "
        "version=\"1.0\"?><Reporte><proceso>MTR</proceso><sistema>SIN</"
        "sistema><Resultados><Zona_Carga>"
        "<zona_carga>A</zona_carga><Valores><Valor><fecha>2017-04-19</fecha><hora> 2 "
        "</hora><pz>1000.3</pz>"
        "<pz_ene>909.27</pz_ene><pz_per>91.03</pz_per><pz_cng></pz_cng></Valor></Valores></"
        "Zona_Carga></Resultados></Reporte>"};
    for (int k = 0; k < 2; k++) {
        vo_readings_set *set = NULL;
        vo_error err = {0};
        cr_assert_eq(parse("reply", reply[k], standard, &set, &err), VO_OK, "%s", err.msg);
        const vo_readings *r = set->item[0];
        cr_assert(set->n == 1 && r->n == 1);
        cr_assert_str_eq(r->label, "MEM MTR A");
        cr_assert_eq(r->start_s[0], 1492581600); /* 2017-04-19T01:00-05:00 */
        cr_assert(r->column[0].value[0] == 1000.3 && r->column[1].value[0] == 909.27);
        cr_assert(r->column[2].value[0] == 91.03 && isnan(r->column[3].value[0]));
        vo_readings_set_free(set);
    }
}

/* 20 nodes x 7 days: more than the parser is fed at a time. */
Test(source_cenace, a_long_xml_reply_gives_every_value) {
    enum { NODES = 20, DAYS = 7 };
    char *text = malloc(NODES * DAYS * 24 * 256);
    cr_assert(text);
    size_t n = (size_t)sprintf(text, "\n \n<?xml version=\"1.0\"?>\n<Reporte><proceso>MDA"
                                     "</proceso><sistema>SIN</sistema><Resultados>");
    for (int k = 0; k < NODES; k++) {
        n += (size_t)sprintf(text + n, "<Nodo><clv_nodo>N%02d</clv_nodo><Valores>", k);
        for (int i = 0; i < DAYS * 24; i++)
            n += (size_t)sprintf(text + n,
                                 "<Valor><fecha>2024-01-%02d</fecha><hora>%d</hora><pml>%d.5"
                                 "</pml><pml_ene>%d</pml_ene><pml_per>1</pml_per><pml_cng>-.5"
                                 "</pml_cng></Valor>\n",
                                 1 + i / 24, 1 + i % 24, 1000 * k + i, 1000 * k + i);
        n += (size_t)sprintf(text + n, "</Valores></Nodo>");
    }
    n += (size_t)sprintf(text + n, "</Resultados></Reporte>\n");
    cr_assert_gt(n, 3 * 65536);
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(parse("x.xml", text, standard, &set, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(set->n, NODES);
    for (int k = 0; k < NODES; k++) {
        const vo_readings *r = set->item[k];
        cr_assert_eq(r->n, DAYS * 24);
        for (int i = 0; i < DAYS * 24; i++) {
            cr_assert_eq(r->start_s[i], 1704088800 + 3600 * (int64_t)i); /* 00:00-06:00 */
            cr_assert(r->column[0].value[i] == 1000 * k + i + 0.5);
            cr_assert(r->column[1].value[i] == 1000 * k + i);
            cr_assert_eq(r->line[i], 4u + (uint32_t)(k * DAYS * 24 + i));
        }
    }
    vo_readings_set_free(set);
    free(text);
}

#define XML(result)                                                                            \
    "<Reporte><proceso>MDA</proceso><sistema>SIN</sistema><Resultados>" result                 \
    "</Resultados></Reporte>"
#define VALOR(hour, price)                                                                     \
    "<Valores><Valor><fecha>2024-01-01</fecha><hora>" hour "</hora><pml>" price                \
    "</pml></Valor></Valores>"
#define DIGITS_32 "12345678901234567890123456789012"
#define DEEP_10 "<a><a><a><a><a><a><a><a><a><a>"

Test(source_cenace, what_an_hour_does_not_say_is_missing_and_not_as_before) {
    const char *text = XML(
        "<Nodo><clv_nodo>A</clv_nodo><Valores><Valor><fecha>2024-01-01</fecha><hora>1</hora>"
        "<pml>5</pml><pml_ene>3</pml_ene><pml_cng>2</pml_cng></Valor><Valor><fecha>2024-01-01"
        "</fecha><hora>2</hora><pml_ene>4</pml_ene></Valor></Valores></Nodo>");
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(parse("x.xml", text, standard, &set, &err), VO_OK, "%s", err.msg);
    const vo_readings *r = set->item[0];
    cr_assert(r->column[0].value[0] == 5 && r->column[1].value[0] == 3);
    cr_assert(isnan(r->column[0].value[1]) && r->column[1].value[1] == 4);
    cr_assert(isnan(r->column[3].value[1]));
    vo_readings_set_free(set);
}

Test(source_cenace, what_is_wrong_is_refused_in_words) {
    static const struct {
        const char *text, *says;
        vo_status status;
    } bad[] = {
        {"{\"Message\":\"No se pueden mostrar datos\"}", "No se pueden mostrar datos",
         VO_ENOTFOUND},
        {"{\"a\":1}", "Resultados", VO_EINVAL},
        {"{\"Resultados\":[1]}", "Valores", VO_EINVAL},
        {"{\"Resultados\":[]}", "no rows", VO_ENOTFOUND},
        {"{\"Resultados\":", "line", VO_EINVAL},
        {"<Reporte><Message>fuera de rango</Message></Reporte>", "fuera de rango",
         VO_ENOTFOUND},
        {"<Reporte>", "line 1", VO_EINVAL},
        {"<!DOCTYPE a [<!ENTITY b \"c\">]><Reporte>&b;</Reporte>", "document type", VO_EINVAL},
        {XML("<Nodo><clv_nodo>A</clv_nodo>" VALOR(
             "1", DIGITS_32 DIGITS_32 DIGITS_32 DIGITS_32) "</Nodo>"),
         "line 1, pml: \"1234567890123456789012345678901212345678...\" of 128 bytes",
         VO_EINVAL},
        {XML("<Nodo><clv_nodo>A</clv_nodo>" VALOR("1", "2") "</Nodo><Nodo>" VALOR(
             "2", "3") "</Nodo>"),
         "node", VO_EINVAL},
        {XML("<Nodo><clv_nodo>A</clv_nodo>" VALOR("1", "2x") "</Nodo>"), "price: \"2x\"",
         VO_EINVAL},
        {"<Reporte>" DEEP_10 DEEP_10 DEEP_10 DEEP_10, "deep", VO_EINVAL},
        {HEADER "SIN,MDA,PND,A,2016-01-29,1,abc,1,1,1\n", "line 2, price: \"abc\"", VO_EINVAL},
        {HEADER "SIN,MDA,PND,A,2016-01-29,0,1,1,1,1\n", "hora", VO_EINVAL},
        {HEADER "SIN,MDA,PND,A,2016-01-29,1.5,1,1,1,1\n", "hora", VO_EINVAL},
        {HEADER "SIN,MDA,PND,A,2016-02-30,1,1,1,1,1\n", "fecha", VO_EINVAL},
        {HEADER "SIN,MDA,PND,A,0179-02-28,1,1,1,1,1\n", "before the market began", VO_EINVAL},
        {HEADER "XXX,MDA,PND,A,2016-02-28,1,1,1,1,1\n", "system", VO_EINVAL},
        {HEADER "SIN,MDA,PND,,2016-02-28,1,1,1,1,1\n", "node", VO_EINVAL},
        {HEADER, "no rows", VO_ENOTFOUND},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_readings_set *set = NULL;
        vo_error err = {0};
        cr_assert_eq(parse("x", bad[i].text, standard, &set, &err), bad[i].status, "%s -> %s",
                     bad[i].text, err.msg);
        cr_assert(strstr(err.msg, bad[i].says), "\"%s\" is not in: %s", bad[i].says, err.msg);
        cr_assert_null(set);
    }
}
