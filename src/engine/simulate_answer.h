/* simulate_answer.h -- the document of a simulation that is over. */
#ifndef VO_ENGINE_SIMULATE_ANSWER_H
#define VO_ENGINE_SIMULATE_ANSWER_H

#include "engine/simulate_book.h"
#include "engine/simulate_runs.h"

vo_status vo_simulate_answer(vo_simulate_case *c, const vo_simulate_runs *r,
                             const vo_simulate_book *b, vo_json_out *w, vo_error *err);

#endif
