/* split.h -- origins in order of time, cut into parts to train on, stop by and be judged on.
 *
 * An origin is a moment a forecast is made at; its label comes `gap` origins later. Between two
 * parts the last `gap` origins of the earlier one are left out, so that no label of one part
 * lies at or behind the first origin of the next: what is judged was not seen, not even as a
 * label.
 */
#ifndef VO_LEARN_SPLIT_H
#define VO_LEARN_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

typedef struct {
    size_t from, to; /* origins from..to-1 */
} vo_part;

typedef struct {
    vo_part train, valid, test;
} vo_split;

/* Shares, or days when `per_day` is given. */
typedef struct {
    double train, valid, test; /* fractions that add up to 1, or days */
    bool days;
} vo_split_rule;

vo_split_rule vo_split_rule_default(void); /* first 0.70, next 0.15, last 0.15 */
vo_split_rule vo_split_rule_days(void);    /* 7 days, then 1.5, then 1.5       */

/* Cuts origins whole.from..to-1; in days they are the last ones of the whole, `per_day` origins
 * making a day (not read otherwise). VO_EINVAL: shares that are not, or a part that would be
 * empty, with how many origins are needed. */
vo_status vo_split_make(vo_part whole, const vo_split_rule *rule, size_t per_day, size_t gap,
                        vo_split *out, vo_error *err);

/* Fold k of `folds` for cross-validation in order of time: the whole is folds + 1 blocks of one
 * length (the first takes what is left over); train on the blocks before block k + 1, or, when
 * sliding, on block k alone, and judge on block k + 1. VO_EINVAL as above. */
vo_status vo_split_fold(vo_part whole, size_t folds, size_t k, bool sliding, size_t gap,
                        vo_part *train, vo_part *valid, vo_error *err);

#endif
