/* export_parquet.c -- see export_parquet.h. DuckDB writes beside the file; a rename puts it in
 * place. */
#include "data/export_parquet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/lake_duckdb.h"
#include "port/file.h"
#include "port/folder.h"

#define MICRO INT64_C(1000000)
#define MAX_PATH 4096

static vo_status write_beside(vo_duck *duck, const vo_series *s, const char *path,
                              vo_error *err) {
    vo_duck_column column[VO_SERIES_MAX_COLUMNS + 5];
    int64_t *micro = malloc(s->n * sizeof *micro);
    if (!micro) return vo_fail(err, VO_ENOMEM, "no memory to write %zu rows", s->n);
    for (size_t t = 0; t < s->n; t++) micro[t] = s->start[t].s * MICRO;
    column[0] = (vo_duck_column){.name = "start", .kind = VO_DUCK_TIME, .integer = micro};
    column[1] = (vo_duck_column){.name = "dt_h", .kind = VO_DUCK_DOUBLE, .number = s->dt_h};
    for (size_t c = 0; c < s->n_columns; c++)
        column[c + 2] = (vo_duck_column){
            .name = s->column[c].name, .kind = VO_DUCK_DOUBLE, .number = s->column[c].value};
    const char *const name[] = {"zone", "currency", "unit"};
    const char *const text[] = {s->zone, s->currency, s->unit};
    for (size_t k = 0; k < 3; k++)
        column[s->n_columns + 2 + k] =
            (vo_duck_column){.name = name[k], .kind = VO_DUCK_TEXT, .text = text[k]};
    const vo_status st =
        vo_duck_write(duck, path, s->n, column, s->n_columns + 5, "zone", s->zone, true, err);
    free(micro);
    return st;
}

vo_status vo_export_parquet(const vo_series *s, const char *path, vo_error *err) {
    char temporary[MAX_PATH + 32];
    vo_duck *duck = NULL;
    if (strcmp(path, "-") == 0 || strlen(path) >= MAX_PATH)
        return vo_fail(err, VO_EINVAL,
                       "Parquet goes into a file: name one, such as prices.parquet");
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    vo_status st = vo_duck_open(&duck, err);
    if (st == VO_OK) st = write_beside(duck, s, temporary, err);
    if (st == VO_OK) st = vo_file_move(temporary, path, err);
    if (st != VO_OK) vo_file_remove(temporary, NULL);
    vo_duck_close(duck);
    return st;
}
