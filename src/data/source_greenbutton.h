/* source_greenbutton.h -- Green Button data (NAESB REQ.21, ESPI): what a meter counted, as XML.
 *
 * An Atom feed of UsagePoint, MeterReading, ReadingType, LocalTimeParameters and IntervalBlock
 * entries in any order, tied by links: a block's "up" is its MeterReading, which is "related"
 * to its ReadingType and below its UsagePoint. A bare resource without a feed will do. The file
 * is read twice, as a ReadingType may come after what it explains.
 *
 * Power     an interval's energy as mean power in kW: value * 10^powerOfTenMultiplier * 3.6 / s
 *           of Wh (uom 72), likewise of J (31); W (38) is power already. Without a ReadingType
 *           values are taken as Wh, and set->note says so; a mapping's first column, if it
 *           reads "value", gives a factor for them (0.001 if they are mWh).
 * Columns   flowDirection 1 (delivered) "import_kw", 19 (received) "export_kw", 4 "net_kw", 0
 *           or none "load_kw"; "cost" in the currency if readings have one.
 * Nodes     one per UsagePoint, named by its title (by its address, "5-1", if the title is not
 *           its own): the directions lie side by side, joined by interval. Readings of one
 *           direction that overlap become nodes NAME-2, ...; repeated ones of one MeterReading
 *           stay rows.
 * Days      readings of different lengths (days of 23, 24 and 25 hours; hours, then quarters)
 *           become rows of their greatest common length, with the reading's mean power in each:
 *           the energy stays and the grid is even. More than VO_GREENBUTTON_PIECES rows for one
 *           reading are not made; they then need vo_clean's `uneven`.
 * Zone      the option, else tzOffset as a fixed offset, else UTC; starts are UTC already.
 * Left out  other units (therm, m3, VArh, ...), registers (accumulationBehaviour 1, 2, 3, 9: a
 *           dial, not an interval), minima and maxima, other flow directions, tiers and times
 *           of use: set->note counts them. Nothing but these is refused by name.
 * Kind "load", unit "kW"; market "GREEN-BUTTON", process "METER", unless the options say else.
 */
#ifndef VO_DATA_SOURCE_GREENBUTTON_H
#define VO_DATA_SOURCE_GREENBUTTON_H

#include "data/source.h"

#define VO_GREENBUTTON_PIECES 744 /* hours of a month */

/* Does text that begins like this come from Green Button? */
bool vo_source_greenbutton_is(const char *head, size_t len);

/* See source.h. VO_ENOTFOUND: no interval readings. VO_EUNSUPPORTED: none that is power. */
vo_status vo_source_greenbutton_parse(vo_bytes *in, const vo_source_options *o,
                                      vo_readings_set *set, vo_error *err);

/* ---- source_greenbutton_xml.c: XML as entries and readings ------------------------ */

#define VO_GB_LINKS 16
#define VO_GB_HREF 512
#define VO_GB_NONE INT64_MIN /* a number that was not there */

typedef enum {
    VO_GB_OTHER,
    VO_GB_USAGE,
    VO_GB_METER,
    VO_GB_TYPE,
    VO_GB_CLOCK,
    VO_GB_BLOCK
} vo_gb_kind;

typedef enum {
    VO_GB_ACCUMULATION,
    VO_GB_COMMODITY,
    VO_GB_CURRENCY,
    VO_GB_QUALIFIER,
    VO_GB_QUALITY,
    VO_GB_FLOW,
    VO_GB_LENGTH,
    VO_GB_MULTIPLIER,
    VO_GB_UOM,
    VO_GB_TZ_OFFSET,
    VO_GB_DST_OFFSET,
    VO_GB_FIELDS
} vo_gb_field;

typedef struct { /* of an entry, or of a resource without one, at its end */
    vo_gb_kind kind;
    uint32_t line;
    size_t n_blocks; /* IntervalBlocks in it */
    size_t n_related;
    int64_t field[VO_GB_FIELDS];
    char title[VO_NODE_NAME], feed_title[VO_NODE_NAME];
    char self[VO_GB_HREF], up[VO_GB_HREF], related[VO_GB_LINKS][VO_GB_HREF];
} vo_gb_entry;

typedef struct {  /* an IntervalReading, at its end */
    size_t block; /* number of its IntervalBlock in the file, from 0 */
    uint32_t line;
    int64_t start_s, duration_s, quality; /* VO_GB_NONE if not there */
    double value, cost;                   /* NAN if not there */
    bool details;                         /* it has a tier or a time of use */
} vo_gb_reading;

typedef struct {
    vo_status (*entry)(void *ctx, const vo_gb_entry *e, vo_error *err);
    vo_status (*reading)(void *ctx, const vo_gb_reading *r, vo_error *err);
} vo_gb_events;

/* Reads `in` from where it stands to its end. VO_EINVAL naming file, line and element. */
vo_status vo_gb_stream(vo_bytes *in, const vo_gb_events *events, void *ctx, vo_error *err);

/* ---- source_greenbutton_feed.c: who is whose -------------------------------------- */

typedef enum { VO_GB_LOAD, VO_GB_IMPORT, VO_GB_EXPORT, VO_GB_NET, VO_GB_COLUMNS } vo_gb_column;

typedef struct {      /* a MeterReading */
    uint32_t key, up; /* atoms of its own link and of the one above; 0: none */
    uint32_t related[VO_GB_LINKS];
    size_t n_related;
    size_t readings;           /* how many it has                                      */
    int64_t first_s, end_s;    /* the time they span                                   */
    int64_t step_s, longest_s; /* greatest common and longest duration              */
    bool has_cost, lacks_duration;
    /* once resolved: */
    size_t usage, type;   /* indices; SIZE_MAX: none */
    const char *left_out; /* why; NULL: it is a column */
    int64_t left_out_code;
    vo_gb_column column;
    size_t node; /* SIZE_MAX until it has one */
} vo_gb_meter;

typedef struct {
    uint32_t key;
    int64_t field[VO_GB_FIELDS];
} vo_gb_type; /* a ReadingType, or LocalTimeParameters */

typedef struct {
    uint32_t key, related[VO_GB_LINKS];
    size_t n_related;
    char name[VO_NODE_NAME];
} vo_gb_usage; /* a UsagePoint */

typedef struct vo_gb_atoms vo_gb_atoms;

typedef struct {
    const char *file;
    vo_gb_atoms *atoms;
    vo_gb_meter *meter;
    vo_gb_usage *usage;
    vo_gb_type *type, *clock;
    uint32_t *block; /* [n_blocks] index of its meter */
    size_t n_meters, n_usages, n_types, n_clocks, n_blocks;
    size_t meters_room, usages_room, types_room, clocks_room, blocks_room;
    vo_gb_meter pending; /* what the readings of the entry at hand add up to */
    size_t last_meter;   /* the last MeterReading entry; SIZE_MAX: none */
    size_t conflicts;    /* ReadingTypes that contradict one of the same link */
} vo_gb_feed;

vo_status vo_gb_feed_init(vo_gb_feed *f, const char *file, vo_error *err);
void vo_gb_feed_fini(vo_gb_feed *f);

/* The two events of a first reading. */
vo_status vo_gb_feed_entry(vo_gb_feed *f, const vo_gb_entry *e, vo_error *err);
void vo_gb_feed_reading(vo_gb_feed *f, const vo_gb_reading *r);

/* Greatest common divisor of two lengths; of 0 and b: b. */
int64_t vo_gb_common(int64_t a, int64_t b);

/* Ties meters to types and usage points and says what each is. */
vo_status vo_gb_feed_resolve(vo_gb_feed *f, vo_error *err);

/* The LocalTimeParameters of a usage point; NULL if it has none. */
const vo_gb_type *vo_gb_feed_clock(const vo_gb_feed *f, size_t usage);

#endif
