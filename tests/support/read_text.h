/* read_text.h -- a text as a file of one format: readings, or a refusal. For tests and fuzz
 * targets. */
#ifndef TESTS_SUPPORT_READ_TEXT_H
#define TESTS_SUPPORT_READ_TEXT_H

#include "data/source.h"

typedef vo_status (*read_rows)(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                               vo_error *err); /* vo_source_csv_parse, ... */

/* *out is the caller's: vo_readings_set_free; untouched on failure. */
static inline vo_status read_text(read_rows rows, const char *name, const char *text,
                                  size_t len, const vo_source_options *o, vo_readings_set **out,
                                  vo_error *err) {
    vo_bytes *in = NULL;
    vo_readings_set *set = NULL;
    vo_status st = vo_readings_set_create(&set, err);
    if (st == VO_OK) st = vo_bytes_open(name, text, len, &in, err);
    if (st == VO_OK) st = rows(in, o, set, err);
    vo_bytes_close(in);
    if (st == VO_OK) {
        vo_readings_set_settle(set);
        *out = set;
    } else {
        vo_readings_set_free(set);
    }
    return st;
}

#endif
