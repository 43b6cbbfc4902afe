/* forecaster_load_gbt.h -- what one model of loads for many homes needs beside the seam. */
#ifndef VO_LEARN_FORECASTER_LOAD_GBT_H
#define VO_LEARN_FORECASTER_LOAD_GBT_H

#include "learn/forecaster.h"
#include "learn/load_model.h"

/* f must be a forecaster load_gbt. It uses the model from now on, borrowed, and does not refit
 * itself; the caller does. VO_EINVAL if the model is of another kind or step. */
vo_status vo_forecaster_load_gbt_use(vo_forecaster *f, const vo_load_model *m, vo_error *err);

/* What it uses, its own or borrowed; NULL: nothing yet. */
const vo_load_model *vo_forecaster_load_gbt_model(const vo_forecaster *f);

#endif
