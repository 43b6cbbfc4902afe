/* source_csv.h -- generic CSV with a header: a time column, a price column, other numbers. */
#ifndef VO_DATA_SOURCE_CSV_H
#define VO_DATA_SOURCE_CSV_H

#include "data/source.h"

/* Any text but XML and JSON. */
bool vo_source_csv_is(const char *head, size_t len);

/* One stream, without looking for other formats. */
vo_status vo_source_csv_parse(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                              vo_error *err);

/* The file's name without folders and without extensions, at most 127 bytes. */
void vo_source_label(const char *path, char label[128]);

/* Fills what the file does not say (zone, currency, kind, unit, label, interval) from the
 * options and marks stamps that name the end of an interval. Needs no row in memory. */
void vo_source_finish(const char *name, const vo_source_options *o, vo_readings_set *set);

#endif
