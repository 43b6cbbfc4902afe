/* source_entsoe.h -- Europe's prices and loads as ENTSO-E's Transparency Platform publishes
 * them.
 *
 * XML of the web service: A44 (prices, Publication_MarketDocument of any version) and A65
 * (total load, GL_MarketDocument); an Acknowledgement_MarketDocument is an error in words. CSV:
 * the exports of the platform's pages, old and new.
 *
 * Curve type A01 has every position; a missing one stays missing. Of A03 a position that is
 * left out repeats the one before, to the end of the period (the note says how many).
 *
 * Market "ENTSOE"; node: the area's name as the pages write it ("DE-LU", "IT-North"), its EIC
 * where it is not known here, "CZ_SK" for the border from CZ to SK. Process: "DA", "ID" (A07)
 * or the contract's code; "DA-2" for a second auction of the day (classificationSequence, EXAA
 * in DE-LU), which is read only if asked for by only_process; "DA-PT15M" where the same series
 * has several resolutions. Loads: "ACTUAL" (A16) or "DA", "load_mw" in MW.
 */
#ifndef VO_DATA_SOURCE_ENTSOE_H
#define VO_DATA_SOURCE_ENTSOE_H

#include "data/source.h"

/* Does text that begins like this come from the Transparency Platform? */
bool vo_source_entsoe_is(const char *head, size_t len);

/* See source.h. VO_ENOTFOUND with the platform's words where it has no data. */
vo_status vo_source_entsoe_parse(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                                 vo_error *err);

/* ---- bidding zones ------------------------------------------------------------------- */

typedef struct {
    const char *eic;  /* "10Y1001A1001A82H" */
    const char *name; /* "DE-LU"            */
    const char *zone; /* "Europe/Berlin"    */
} vo_entsoe_area;

/* By EIC or by name (without case; '_' and blank = '-'); NULL if it is not known. */
const vo_entsoe_area *vo_entsoe_area_find(const char *eic_or_name);

/* ---- between the parsers of the two formats -------------------------------------------- */

typedef struct {
    const char *kind, *process, *node, *zone, *currency;
    int64_t length_s;  /* of an interval */
    unsigned sequence; /* of the auction; 0, 1: the first or only one */
} vo_entsoe_series;

typedef struct {
    const char *name; /* of the file */
    const vo_source_options *o;
    vo_readings_set *set;
    size_t rows, repeated,
        missing; /* rows added; of them repeated (A03); without a row (A01) */
    size_t unwanted, other_auctions, other_lengths;
    char other_auction[32]; /* process of the first one left out */
    char first[64];         /* node of the first one that was not asked for */
    char more[200];         /* anything else for the note */
} vo_entsoe_sink;

/* The readings of a series; *out = NULL if it was not asked for. */
vo_status vo_entsoe_find(vo_entsoe_sink *k, const vo_entsoe_series *s, uint32_t line,
                         vo_readings **out, vo_error *err);

/* Adds to the note, once. */
void vo_entsoe_note(vo_entsoe_sink *k, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

vo_status vo_source_entsoe_xml(vo_bytes *in, vo_entsoe_sink *sink, vo_error *err);
vo_status vo_source_entsoe_csv(vo_bytes *in, vo_entsoe_sink *sink, vo_error *err);
bool vo_source_entsoe_csv_is(const char *head, size_t len);

#endif
