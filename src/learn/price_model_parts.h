/* price_model_parts.h -- what the files price_model*.c share. */
#ifndef VO_LEARN_PRICE_MODEL_PARTS_H
#define VO_LEARN_PRICE_MODEL_PARTS_H

#include "learn/price_model.h"

#define VO_PRICE_NO_FEATURE SIZE_MAX

typedef struct {
    double center, scale; /* of asinh: median and 1.4826 MAD of the labels trained on      */
    double reference;     /* stands in for the reference price of a change, if missing     */
    vo_gbt *point;
    vo_gbt *quantile[VO_PRICE_LEVELS];
    double shift[VO_PRICE_LEVELS]; /* conformal, in widths                                  */
    double *permutation;           /* [features]                                            */
    vo_price_score score;
} vo_price_horizon;

struct vo_price_model {
    const vo_alloc *alloc;
    vo_price_settings settings;
    double step_h;
    size_t n_features;
    char (*name)[VO_PRICE_FEATURE_NAME]; /* [n_features]                                    */
    size_t at_price, at_day; /* the features that changes refer to; VO_PRICE_NO_FEATURE     */
    vo_price_horizon h[VO_PRICE_HORIZONS];
};

/* An empty model for these features; NULL: no memory. */
vo_price_model *vo_price_model_new(const vo_alloc *a, const vo_price_settings *s,
                                   size_t n_features);
void vo_price_model_place(vo_price_model *m); /* at_price, at_day, from the names */

/* Price to what boosting fits, for a row, and back; NAN stays NAN. */
double vo_price_to_target(const vo_price_model *m, const vo_price_horizon *h, double price,
                          const float *row);
double vo_price_from_target(const vo_price_model *m, const vo_price_horizon *h, double value,
                            const float *row);

/* The raw quantiles [n_levels], before calibration; returns the width that shifts are in. */
double vo_price_raw_quantiles(const vo_price_model *m, const vo_price_horizon *h,
                              const float *row, double *out);

#endif
