/* price_model_parts.h -- what the files price_model*.c share. */
#ifndef VO_LEARN_PRICE_MODEL_PARTS_H
#define VO_LEARN_PRICE_MODEL_PARTS_H

#include "learn/price_model.h"

#define VO_PRICE_NO_FEATURE SIZE_MAX

typedef struct {
    double scale;     /* 1.4826 MAD of the distances from the local mean, of asinh         */
    double reference; /* median price: stands in for a local mean or last price if missing */
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
    size_t at_price, at_day, at_mean;    /* features prices refer to; VO_PRICE_NO_FEATURE     */
    uint8_t *is_price;                   /* [n_features] 1: shown as distance from the mean   */
    vo_price_horizon h[VO_PRICE_HORIZONS];
};

/* An empty model for these features; NULL: no memory. */
vo_price_model *vo_price_model_new(const vo_alloc *a, const vo_price_settings *s,
                                   size_t n_features);
void vo_price_model_place(vo_price_model *m); /* at_price, ..., is_price from the names */

/* A row as the trees see it; from and to may be the same. */
void vo_price_show_row(const vo_price_model *m, const vo_price_horizon *h, const float *from,
                       float *to);

/* Price to what boosting fits, for a shown row, and back; NAN stays NAN. */
double vo_price_to_target(const vo_price_model *m, const vo_price_horizon *h, double price,
                          const float *shown);
double vo_price_from_target(const vo_price_model *m, const vo_price_horizon *h, double value,
                            const float *shown);

/* The raw quantiles [n_levels], before calibration; returns the width that shifts are in. */
double vo_price_raw_quantiles(const vo_price_model *m, const vo_price_horizon *h,
                              const float *shown, double *out);

/* vo_price_model_quantiles for a shown row. */
void vo_price_quantiles(const vo_price_model *m, const vo_price_horizon *h, const float *shown,
                        double *out);

#endif
