/* fields.h -- members of a JSON object, read by a table of fields.
 *
 * The table is the one place that says which fields an object may have, what each must be and
 * what it means: it drives the reading, the refusal of unknown names (with the nearest known
 * one) and the documentation. Paths in messages are those of the request: "batteries[1].soc".
 */
#ifndef VO_ENGINE_FIELDS_H
#define VO_ENGINE_FIELDS_H

#include "base/json.h"

typedef enum {
    VO_FIELD_NUMBER,  /* lo <= x <= hi, not NaN                        */
    VO_FIELD_ABOVE,   /* lo < x <= hi                                  */
    VO_FIELD_PART,    /* a fraction lo <= x <= hi, hi <= 1             */
    VO_FIELD_RATIO,   /* a fraction lo < x <= hi, hi <= 1              */
    VO_FIELD_INTEGER, /* a whole number, lo <= x <= hi                 */
    VO_FIELD_BOOL,
    VO_FIELD_TEXT, /* not empty                                     */
    VO_FIELD_ANY   /* read by its own code                          */
} vo_field_kind;

typedef struct {
    const char *name;
    vo_field_kind kind;
    double lo, hi;    /* numbers only                                  */
    const char *unit; /* "MW", or "" */
    const char *help; /* one line */
} vo_field;

/* What a request says of one field. json is NULL if the field is absent (or null). */
typedef struct {
    const vo_json *json;
    double number;    /* of numbers, or 0/1 of a bool */
    const char *text; /* of texts, borrowed from the document */
} vo_field_value;

/* Reads `object` (at `path`, "" for the request itself) into value[n], one per field. */
vo_status vo_fields_read(const vo_json *object, const char *path, const vo_field *field,
                         size_t n, vo_field_value *value, vo_error *err);

/* One value against one field, with its path already spelled out. */
vo_status vo_fields_check(const vo_json *v, const char *path, const vo_field *field,
                          vo_field_value *out, vo_error *err);

/* Which of names[n] a text is; 0, the default, if it is absent. VO_EINVAL listing them. */
vo_status vo_fields_choice(const vo_field_value *v, const char *path, const char *const *names,
                           size_t n, size_t *out, vo_error *err);

/* Numbers given as one number, an array of them, or a text, "0.05, 0.5, 0.95": each within
 * lo..hi and above the one before it. Into out[most], *n of them; *n = 0 if v is NULL. VO_EINVAL
 * naming the element. */
vo_status vo_fields_numbers(const vo_json *v, const char *path, double lo, double hi,
                            double *out, size_t most, size_t *n, vo_error *err);

/* "a number", "an array", ...: what a value is, for messages. */
const char *vo_fields_kind(const vo_json *v);

#endif
