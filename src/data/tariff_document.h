/* tariff_document.h -- tariffs as documents: from what utilities publish to our own vocabulary,
 * and from that to values. For tariff_source.c, which knows files.
 *
 * Our vocabulary (a YAML file of kind "tariff"; docs/models/tariff.md lists it): utility,
 * schedule, currency, zone, effective, until, seasons, rates, hours, tiers_per, baseline,
 * fixed, minimum, demand_rates, demand_hours, flat_demand_rates, flat_demand, other_supply,
 * export, holidays, and `source`, the publication whole. Unknown members are refused by name.
 */
#ifndef VO_DATA_TARIFF_DOCUMENT_H
#define VO_DATA_TARIFF_DOCUMENT_H

#include "base/json.h"
#include "grid/tariff.h"
#include "grid/tariff_export.h"

/* The value of a document of kind "tariff", checked. `name` (the file) begins every error.
 * *out is the caller's: vo_tariff_free. */
vo_status vo_tariff_from_document(const vo_json *root, const char *name, vo_tariff **out,
                                  vo_error *err);

/* The members of our vocabulary but `kind` and `source`, from a rate schedule as in TOML files
 * of Californian tariffs. `zone` NULL: by the utility. VO_EINVAL names the field. */
vo_status vo_tariff_write_schedule(const vo_json *published, const char *zone, vo_json_out *w,
                                   vo_error *err);

/* The same from one rate of the Utility Rate Database (OpenEI, version 3 and later). `stem`
 * names a rate without a name. note[256] (or NULL): what stays in `source` only. */
vo_status vo_tariff_write_urdb(const vo_json *published, const char *zone, const char *stem,
                               vo_json_out *w, char *note, vo_error *err);

/* The value of a published table of export values, checked. *out is the caller's:
 * vo_export_table_free. VO_EINVAL names the field. */
vo_status vo_tariff_export_from_published(const vo_json *published, vo_export_table **out,
                                          vo_error *err);

/* "06-01", "2026-03-01": false if it is no such date. */
bool vo_tariff_month_day(const char *text, int32_t *month, int32_t *day);
bool vo_tariff_date(const char *text, int32_t *days);

/* A whole number of 0..most, and nothing else (v may be NULL). */
bool vo_tariff_whole(const vo_json *v, int most, int *out);

/* A member of an object that must be a number, or text: VO_EINVAL names `path`.key. */
vo_status vo_tariff_get_number(const vo_json *o, const char *path, const char *key, double *out,
                               vo_error *err);
vo_status vo_tariff_get_text(const vo_json *o, const char *path, const char *key,
                             const char **out, vo_error *err);

#endif
