/* tariff_source.h -- tariffs in and out of a folder of YAML files.
 *
 * Understood: rate schedules, programmes, suppliers' cards, net surplus rates, taxes, export
 * adders and holidays in TOML; tables of export values and their list, and rates of OpenEI's
 * Utility Rate Database in JSON; each may be compressed. Every one becomes a YAML file
 *     FOLDER/<utility>_<schedule>_<effective>.yaml
 * of a `kind`: rate schedules ("tariff") in our own vocabulary (tariff_document.h); all with
 * the publication whole in `source`, so that it comes out again equal in every value.
 */
#ifndef VO_DATA_TARIFF_SOURCE_H
#define VO_DATA_TARIFF_SOURCE_H

#include "base/json.h"
#include "grid/tariff.h"
#include "grid/tariff_export.h"

#define VO_TARIFF_PATH 1024
#define VO_TARIFF_TITLE 192

/* Is it a tariff, by the first VO_BYTES_HEAD bytes (decompressed)? */
bool vo_tariff_is(const char *head, size_t n);

typedef struct {
    size_t files;               /* more than 1: a reply of the database with several rates */
    size_t written;             /* of them; 0: all were there, equal                       */
    char path[VO_TARIFF_PATH];  /* of the last                                             */
    char kind[32];              /* "tariff", "programme", "supplier", "export_values", ... */
    char name[VO_TARIFF_TITLE]; /* "pacific_gas_and_electric E-TOU-C 2026-03-01"           */
    char note[256];             /* what a person should know; "" if nothing                */
} vo_tariff_imported;

/* `zone`: IANA zone where the file does not name one; NULL: by the utility, else UTC with a
 * note. Nothing is written unless all of it is right. VO_EINVAL names file and field, or says
 * that the file in the folder was edited since its import; VO_EUNSUPPORTED, VO_ENOTFOUND. */
vo_status vo_tariff_import(const char *path, const char *folder, const char *zone,
                           vo_tariff_imported *out, vo_error *err);

/* A file of kind "tariff", checked, with the table that its export.values names (a file of kind
 * "export_values", looked up beside it). *out is the caller's: vo_tariff_free. */
vo_status vo_tariff_load(const char *path, vo_tariff **out, vo_error *err);

/* What was imported as JSON text: `source` as it was published; the file itself if it has no
 * `source`. VO_EINVAL if the file was edited since. *json is malloc'ed: free(). */
vo_status vo_tariff_export(const char *path, char **json, vo_error *err);

/* The file in `folder` of the schedule ("E-TOU-C", without case) in force on a local day (days
 * since 1970-01-01): the latest begun. VO_ENOTFOUND names the schedules there are. */
vo_status vo_tariff_find(const char *folder, const char *schedule, int32_t day,
                         char path[VO_TARIFF_PATH], vo_error *err);

/* All versions of a schedule in `folder`, by the day they begin. *out is the caller's:
 * vo_tariff_free_all. VO_ENOTFOUND as above. */
vo_status vo_tariff_load_all(const char *folder, const char *schedule, vo_tariff ***out,
                             size_t *n, vo_error *err);
void vo_tariff_free_all(vo_tariff **t, size_t n); /* accepts NULL */

/* A file of kind "export_values". *out is the caller's: vo_export_table_free. */
vo_status vo_tariff_load_export_values(const char *path, vo_export_table **out, vo_error *err);

#define VO_TARIFF_PROGRAMME_NAMES 32

typedef struct { /* for vo_tariff_with_programme */
    char name[VO_TARIFF_NAME];
    double discount;
    double kwh_per_day; /* more baseline quantity; 0 if none */
    size_t n_exempt, n_schedules;
    char exempt[VO_TARIFF_PROGRAMME_NAMES][VO_TARIFF_NAME];
    char schedule[VO_TARIFF_PROGRAMME_NAMES][VO_TARIFF_NAME]; /* eligible */
} vo_tariff_programme;

/* A file of kind "programme"; the same of what was published. */
vo_status vo_tariff_load_programme(const char *path, vo_tariff_programme *out, vo_error *err);
vo_status vo_tariff_programme_from_published(const vo_json *p, vo_tariff_programme *out,
                                             vo_error *err);

/* What a supplier (a file of kind "supplier") charges for generation on the rates of `t`, for
 * vo_tariff_with_supplier: per_kwh[t->n_rates], with the option's adder (NULL: none) and
 * credits that still run on `day`. VO_ENOTFOUND: schedule, season, period or option not on the
 * card. */
vo_status vo_tariff_load_supplier(const char *path, const vo_tariff *t, const char *option,
                                  int32_t day, double *per_kwh, vo_error *err);
vo_status vo_tariff_supplier_from_published(const vo_json *p, const vo_tariff *t,
                                            const char *option, int32_t day, double *per_kwh,
                                            vo_error *err);

/* One published number of any imported file: "rate", "rates/2026-01", "residential/2026". */
vo_status vo_tariff_published_number(const char *path, const char *where, double *out,
                                     vo_error *err);
vo_status vo_tariff_number_from_published(const vo_json *p, const char *where, double *out,
                                          vo_error *err);

#endif
