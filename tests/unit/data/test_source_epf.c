/* test_source_epf.c -- benchmark files are recognised and keep their 24 hours every day. */
#include "data/source_epf.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support/read_text.h"

Test(source_epf, files_are_told_by_their_header) {
    cr_assert(vo_source_epf_is("Date,Price,x", 12));
    cr_assert(vo_source_epf_is(",Real price,DNN 1", 17));
    cr_assert_not(vo_source_epf_is("timestamp,price", 15));
    cr_assert_not(vo_source_epf_is("Date", 4));
}

Test(source_epf, a_day_of_naive_hours_keeps_24_rows_and_the_market_its_name) {
    char text[2048] = "Date,Price,load\n";
    size_t n = strlen(text);
    for (int h = 0; h < 24; h++) /* a day that Madrid shortens: read as it stands */
        n += (size_t)sprintf(text + n, "2016-03-27 %02d:00:00,%d,%d\n", h, h, 100 + h);
    vo_readings_set *set = NULL;
    const vo_source_options o = {0};
    cr_assert_eq(
        read_text(vo_source_epf_parse, "a/forecasts_FR_DNN.csv", text, n, &o, &set, NULL),
        VO_OK);
    const vo_readings *r = set->item[0];
    cr_assert_eq(r->n, 24u);
    for (size_t i = 0; i < 24; i++) {
        cr_assert_eq(r->start_s[i], r->start_s[0] + (int64_t)i * 3600);
        cr_assert_eq(r->flag[i], 0);
    }
    cr_assert_str_eq(r->node, "FR");
    cr_assert_str_eq(r->currency, "EUR");
    cr_assert_str_eq(r->column[1].name, "load");
    cr_assert(strstr(set->note, "24 rows every day"));
    vo_readings_set_free(set);
}
